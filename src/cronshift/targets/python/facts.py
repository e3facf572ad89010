"""The facts of a Python app: its packages are named, it parses, its environment is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.python_modules import syntax_fault
from cronshift.model import Location
from cronshift.project.requirements import RUNTIME, has_runtime, manifest_of, takes_lines
from cronshift.readiness.guards import answering
from cronshift.readiness.kinds import PACKAGES, PARSES, PRODUCTION
from cronshift.targets.python.serving import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject


def facts(subject: Subject) -> Iterator[Fact]:
    """Yield the facts about the app's requirements, its files as Python, and its environments."""
    text = "The functions skip scheduled ticks where VERCEL_ENV says that it is not production."
    yield subject.good(PRODUCTION, text, "cronshift.runtime")
    manifest = manifest_of(subject.tree)
    if manifest is None:
        text = "No requirements.txt and no pyproject.toml tells what is installed beside the app."
        remedy = f"Write {RUNTIME} into requirements.txt"
        yield subject.unknown(PACKAGES, text, "requirements.txt", remedy)
    elif has_runtime(subject.tree.read(manifest), manifest):
        yield subject.good(PACKAGES, f"{manifest} names the runtime.", Location(manifest, 1))
    else:
        text = f"{manifest} does not name {RUNTIME}, which what is generated imports."
        remedy = "cronshift migrate"
        if not takes_lines(subject.tree.read(manifest)):
            remedy = f"Save {manifest} as UTF-8, then: cronshift migrate"
        yield subject.bad(PACKAGES, text, Location(manifest, 1), remedy)
    yield from _parses(subject)
    yield from served(subject)


def _parses(subject: Subject) -> Iterator[Fact]:
    handlers = [handler for job in subject.jobs if (handler := answering(subject, job))]
    for file in dict.fromkeys(handler.file for handler in handlers if handler.language == "python"):
        place = syntax_fault(subject.tree, file)
        if place is not None:
            text = f"{file} is no Python that can be read: line {place.line}."
            yield subject.bad(PARSES, text, place, f"Correct {file}")
        else:
            yield subject.good(PARSES, f"{file} parses.", Location(file, 1))

"""A Python app's own packages: what is generated imports ``inngest`` and ``cronshift``, and it parses."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.model import PYTHON_KINDS, Location
from cronshift.plan.placement import NEXTJS
from cronshift.project.requirements import NEEDED, manifest_of, names_in
from cronshift.readiness.fact import Kind
from cronshift.readiness.guards import answering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject

PACKAGES = Kind(
    "R501",
    "packages",
    "The app's requirements name inngest and cronshift: the guard's line without them takes it down.",
    "packages-missing",
)
PARSES = Kind(
    "R502",
    "app-parses",
    "The app that the functions call, and that holds the guard, is Python that can be imported.",
    "app-does-not-parse",
)


def packages(subject: Subject) -> Iterator[Fact]:
    """Yield what the app's requirements say, and whether its files are Python."""
    if subject.plan.target == NEXTJS:
        return
    manifest = manifest_of(subject.tree)
    if manifest is None:
        text = "No requirements.txt and no pyproject.toml tells what is installed beside the app."
        remedy = f"Write {' and '.join(NEEDED)} into requirements.txt"
        yield subject.unknown(PACKAGES, text, "requirements.txt", remedy)
    else:
        missing = [
            name for name in NEEDED if name not in names_in(subject.tree.read(manifest), manifest)
        ]
        if missing:
            text = f"{manifest} does not name {' and '.join(missing)}, which what is generated imports."
            yield subject.bad(PACKAGES, text, Location(manifest, 1), "cronshift migrate adds them")
        else:
            yield subject.good(
                PACKAGES, f"{manifest} names {' and '.join(NEEDED)}.", Location(manifest, 1)
            )
    yield from _parses(subject)


def _parses(subject: Subject) -> Iterator[Fact]:
    handlers = [handler for job in subject.jobs if (handler := answering(subject, job))]
    for file in dict.fromkeys(one.file for one in handlers if one.kind in PYTHON_KINDS):
        try:
            ast.parse(subject.tree.read(file))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", None) or 1
            text = (
                f"{file} is no Python that can be read: {error.__class__.__name__} at line {line}."
            )
            yield subject.bad(PARSES, text, Location(file, line), f"Correct {file}")
        else:
            yield subject.good(PARSES, f"{file} parses.", Location(file, 1))

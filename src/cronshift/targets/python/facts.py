"""The facts of a Python app: its packages are named, it parses, its environment is asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.python_modules import syntax_fault
from cronshift.model import Location
from cronshift.project.requirements import RUNTIME, has_runtime, manifest_of, takes_lines
from cronshift.readiness.guards import answering
from cronshift.readiness.kinds import PACKAGES, PARSES, PRODUCTION, SDK_FITS
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.python.serving import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject

_OLDEST = 11  # of Python 3: requires-python of the runtime; the SDK takes 3.10
_ASKING = {
    ".python-version": lazy_pattern(r"^\s*3\.(?P<minor>\d+)", re.MULTILINE),
    "Pipfile": lazy_pattern(
        r"""^python(?:_full)?_version\s*=\s*["']3\.(?P<minor>\d+)""", re.MULTILINE
    ),
    "pyproject.toml": lazy_pattern(
        r"""^requires-python\s*=\s*["'](?:==|~=)\s*3\.(?P<minor>\d+)\.""", re.MULTILINE
    ),
    "runtime.txt": lazy_pattern(r"^\s*python-?3\.(?P<minor>\d+)", re.MULTILINE),
}
"""The files by which an app asks for one version of Python."""


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
    yield from _fits(subject)
    yield from _parses(subject)
    yield from served(subject)


def _fits(subject: Subject) -> Iterator[Fact]:
    """Yield the files that ask for a Python which is older than the runtime takes."""
    for file, pattern in _ASKING.items():
        asked = pattern.search(subject.tree.read(file))
        if asked is not None and int(asked["minor"]) < _OLDEST:
            text = f"{RUNTIME} needs Python 3.{_OLDEST}, and {file} asks for 3.{asked['minor']}."
            place = subject.tree.place_of(file, asked[0])
            yield subject.bad(
                SDK_FITS, text, place, f"Ask for Python 3.{_OLDEST} or newer in {file}"
            )


def _parses(subject: Subject) -> Iterator[Fact]:
    handlers = [handler for job in subject.jobs if (handler := answering(subject, job))]
    for file in dict.fromkeys(handler.file for handler in handlers if handler.language == "python"):
        place = syntax_fault(subject.tree, file)
        if place is not None:
            text = f"{file} is no Python that can be read: line {place.line}."
            yield subject.bad(PARSES, text, place, f"Correct {file}")
        else:
            yield subject.good(PARSES, f"{file} parses.", Location(file, 1))

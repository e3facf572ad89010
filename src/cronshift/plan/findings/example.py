"""The examples beside the rules: a project that has the finding, and one that has not.

One file a rule, ``examples/CS201.txt``: below ``=== bad`` and ``=== good`` stand the project's
files, each below ``--- path``; ``(context)`` marks those that a reader need not see.
"""

from __future__ import annotations

import re

from msgspec import Struct

from cronshift.runtime.lazy_pattern import lazy_pattern

_KIND = lazy_pattern(r"^=== (bad|good)\n", re.MULTILINE)
_FILE = lazy_pattern(r"^--- (\S+)( +\(context\))?\n", re.MULTILINE)


class ExampleFile(Struct, frozen=True):
    """One file of an example; ``shown`` where it makes the point."""

    path: str
    text: str
    shown: bool


class Example(Struct, frozen=True):
    """A rule's two projects."""

    bad: tuple[ExampleFile, ...]
    good: tuple[ExampleFile, ...]


def example_of(code: str) -> Example | None:
    """Return a rule's example; those of ``validate`` have none."""
    from importlib.resources import files

    file = files("cronshift.plan.findings").joinpath("examples", f"{code}.txt")
    if not file.is_file():
        return None
    _, *parts = _KIND.split(file.read_text(encoding="utf-8"))
    projects = {kind: _files(text) for kind, text in zip(parts[::2], parts[1::2], strict=True)}
    return Example(projects["bad"], projects["good"])


def _files(text: str) -> tuple[ExampleFile, ...]:
    _, *parts = _FILE.split(text)
    return tuple(
        ExampleFile(path, body, not context)
        for path, context, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    )

"""Failures that the code itself calls no failure of the job: ``// non-fatal``, ``# best effort``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.tree import SourceTree

_MINOR = lazy_pattern(
    r"\b(?:non|not)[-\s]?(?:fatal|critical|blocking|essential)\b|\bbest[-\s]?effort\b|"
    r"\bfire[-\s]and[-\s]forget\b",
    re.IGNORECASE,
)
_COMMENT = ("//", "/*", "*", "#")
_LONGEST = 40
"""Lines of a clause or a comment that are read."""


def is_minor(tree: SourceTree, caught: CodePlace, calls: Iterable[CodePlace]) -> bool:
    """Return whether the code says of a failure that it does not matter.

    Args:
        tree: the project's files.
        caught: what catches the failure; all that stands there is read, with what it logs.
        calls: those that lead there; a comment above one or at the end of its line counts.
    """
    remarks = list(_whole(tree.read(caught.file).splitlines(), caught.line - 1))
    for place in calls:
        lines = tree.read(place.file).splitlines()
        remarks += [*lines[place.line - 1 : place.line], *_comment_above(lines, place.line - 1)]
    return any(map(_MINOR.search, remarks))


def _whole(lines: Sequence[str], at: int) -> Iterator[str]:
    """Yield the lines of a statement or a clause, and of the comment above it."""
    if at >= len(lines):
        return
    indent = _indent(lines[at])
    yield lines[at]
    for line in lines[at + 1 : at + _LONGEST]:
        if line.strip() and _indent(line) <= indent:
            break
        yield line
    yield from _comment_above(lines, _begin(lines, at, indent))


def _begin(lines: Sequence[str], at: int, indent: int) -> int:
    """Return the line at which a statement begins: that of the ``try`` of a clause."""
    if not re.match(r"[\s}]*(?:catch|except)\b", lines[at]):
        return at
    tries = (number for number in range(at, -1, -1) if _indent(lines[number]) == indent)
    return next((number for number in tries if lines[number].lstrip().startswith("try")), at)


def _comment_above(lines: Sequence[str], at: int) -> Iterator[str]:
    for line in reversed(lines[max(0, at - _LONGEST) : at]):
        if not line.lstrip().startswith(_COMMENT):
            return
        yield line


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())

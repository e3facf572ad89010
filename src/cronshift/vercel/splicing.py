"""Edits of a text as the spans that give way to others; not a character beside them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Splice(NamedTuple):
    """The characters from ``start`` to ``end`` give way to ``text``."""

    start: int
    end: int
    text: str


def spliced(text: str, splices: Iterable[tuple[int, int, str]]) -> str:
    """Return a text with spans replaced, which do not overlap; texts for one place in order."""
    parts: list[str] = []
    at = 0
    for start, end, new in sorted(splices):
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])

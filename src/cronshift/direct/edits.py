"""Edits of one text, collected while it is judged; what is removed takes the edits in it along."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cronshift.vercel.splicing import Splice, spliced

_REST = re.compile(r"[ \t;]*(?:(?://|#)[^\r\n]*)?\r?\n?")
"""What may stand behind a statement on its line and goes with it."""


@dataclass
class Edits:
    """The spans of a text that give way to others."""

    text: str
    _splices: list[Splice] = field(default_factory=list)

    def replace(self, start: int, end: int, text: str) -> None:
        """Put ``text`` where the characters from ``start`` to ``end`` stand."""
        self._splices.append(Splice(start, end, text))

    def remove_lines(self, start: int, end: int) -> None:
        """Remove a span, with its whole lines and the blank ones behind where it has them alone."""
        line = self.text.rfind("\n", 0, start) + 1
        stop = self.text.find("\n", end)
        stop = len(self.text) if stop < 0 else stop + 1
        is_last = _REST.fullmatch(self.text, end, stop) is not None
        alone = not self.text[line:start].strip() and is_last
        if not alone:
            self.replace(start, end, "")
            return
        before = self.text[:line].rstrip(" \t")
        is_apart = before.endswith(("\n\n", "\r\n\r\n", "{\n", "{\r\n", ":\n")) or not before.strip()
        while is_apart and stop < len(self.text):
            after = self.text.find("\n", stop)
            if after < 0 or self.text[stop:after].strip():
                break
            stop = after + 1
        self.replace(line, stop, "")

    def covers(self, start: int, end: int) -> bool:
        """Return whether a span has given way already."""
        return any(
            splice.start <= start and end <= splice.end and splice.end > splice.start
            for splice in self._splices
        )

    def result(self) -> str:
        """Return the text with all edits; those inside a longer one go with it."""
        outer = [
            splice
            for splice in dict.fromkeys(self._splices)
            if not any(
                other != splice
                and other.start <= splice.start
                and splice.end <= other.end
                and (other.end - other.start > splice.end - splice.start)
                for other in self._splices
            )
        ]
        return spliced(self.text, outer)

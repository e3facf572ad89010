"""Edits of one text, collected while it is judged; what is removed takes the edits in it along."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.vercel.splicing import Splice, spliced

_REST = lazy_pattern(r"[ \t;]*(?:(?://|#)[^\r\n]*)?\r?\n?")
"""What may stand behind a statement on its line and goes with it."""
_BLANK_LINES = lazy_pattern(r"(?:[ \t]*\r?\n)*")
_BLANK_LINES_ABOVE = lazy_pattern(r"[^\s{:(][ \t]*\r?\n((?:[ \t]*\r?\n)+)\Z")
"""Those between other code and a statement: of the two gaps around it, the wider is left."""
_OPENING = lazy_pattern(r"(?:\A|[{:(]\r?\n|\n\r?\n)\Z")


@dataclass
class Edits:
    """The spans of a text that give way to others."""

    text: str
    _splices: list[Splice] = field(default_factory=list)
    _lines: list[tuple[int, int]] = field(default_factory=list)

    def replace(self, start: int, end: int, text: str) -> None:
        """Put ``text`` where the characters from ``start`` to ``end`` stand."""
        self._splices.append(Splice(start, end, text))

    def remove_lines(self, start: int, end: int) -> None:
        """Remove a span, with its whole lines where it has them alone."""
        line = self.text.rfind("\n", 0, start) + 1
        stop = self.text.find("\n", end)
        stop = len(self.text) if stop < 0 else stop + 1
        is_last = _REST.fullmatch(self.text, end, stop) is not None
        if is_last and not self.text[line:start].strip():
            self._lines.append((line, stop))
        else:
            self.replace(start, end, "")

    def covers(self, start: int, end: int) -> bool:
        """Return whether a span has given way already."""
        spans = [*((splice.start, splice.end) for splice in self._splices), *self._lines]
        return any(first <= start and end <= last and last > first for first, last in spans)

    def writes(self, name: str) -> bool:
        """Return whether a name stands in what is put into the text."""
        word = re.compile(rf"(?<![\w$.]){re.escape(name)}(?![\w$])")
        return any(word.search(splice.text) for splice in self._splices)

    def result(self, start: int = 0, end: int | None = None) -> str:
        """Return the text, or a part of it, with all edits; those inside a longer one go with it."""
        last = len(self.text) if end is None else end
        splices = [*dict.fromkeys(self._splices), *self._removals()]
        outer = [splice for splice in splices if not _is_inside(splice, splices)]
        return spliced(
            self.text[start:last],
            [
                (max(first, start) - start, min(stop, last) - start, text)
                for first, stop, text in outer
                if start <= first < last or first == last == len(self.text)
            ],
        )

    def _removals(self) -> list[Splice]:
        """Return the lines to remove, with the blank ones behind that would stand for nothing."""
        removals: list[Splice] = []
        for start, end in sorted(self._lines):
            begin, last = start, end
            if removals and not self.text[removals[-1].end : start].strip():
                begin, last = removals[-1].start, max(end, removals[-1].end)
                removals.pop()
            blank = _BLANK_LINES.match(self.text, last)
            above = _BLANK_LINES_ABOVE.search(self.text, 0, begin)
            if blank is not None and above is not None and above[1]:
                is_wider = blank[0].count("\n") > above[1].count("\n")
                begin, last = (above.start(1), last) if is_wider else (begin, blank.end())
            elif blank is not None and (
                _OPENING.search(self.text, 0, begin) or blank.end() == len(self.text)
            ):
                last = blank.end()
            removals.append(Splice(begin, last, ""))
        return removals


def _is_inside(splice: Splice, splices: list[Splice]) -> bool:
    return any(
        other.start <= splice.start
        and splice.end <= other.end
        and other.end - other.start > splice.end - splice.start
        for other in splices
    )

"""The line of each key in a TOML text: no reader of TOML that we know tells it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Path = tuple[str | int, ...]

_BLANK = lazy_pattern(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = lazy_pattern(r"""[ \t]*(?:([A-Za-z0-9_-]+)|"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)')[ \t]*(\.)?""")
_TEXT = lazy_pattern(
    r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*"{3,5}|'
    r"'''[\s\S]*?'{3,5}|"
    r'"(?:[^"\\\n]|\\.)*"|'
    r"'[^'\n]*'"
)
_SCALAR = lazy_pattern(r"[^\s,\]}#]+(?:[ ]\d\d:[^\s,\]}#]*)?")
_HEADER = lazy_pattern(r"\[\[?")


def key_lines(text: str) -> dict[Path, int]:
    """Return the line of every table, key and element of an array, by its path.

    Args:
        text: TOML that a reader has accepted.
    """
    places: dict[Path, int] = {}
    for path, at in _Places(text).all():
        for end in range(1, len(path) + 1):  # tables that only the path of another one names
            places.setdefault(path[:end], at)
    return {path: text.count("\n", 0, at) + 1 for path, at in places.items()}


def nearest_line(lines: dict[Path, int], path: Sequence[str | int]) -> int:
    """Return the line of a path, or of the innermost table around it that has one."""
    whole = tuple(path)
    return next((lines[whole[:end]] for end in range(len(whole), 0, -1) if whole[:end] in lines), 1)


class _Places:
    """Reads a text once, from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lengths: dict[Path, int] = {}  # of arrays of tables

    def all(self) -> Iterator[tuple[Path, int]]:
        table: Path = ()
        while self._skip_blank():
            start = self._at
            header = _HEADER.match(self._text, self._at)
            if header is None:
                yield from self._pair(table)
                continue
            self._at = header.end()
            table = self._table(self._key(), is_element=header[0] == "[[")
            self._at = self._text.index(header[0].replace("[", "]"), self._at) + len(header[0])
            yield table, start

    def _table(self, names: list[str], *, is_element: bool) -> Path:
        path: Path = ()
        for number, name in enumerate(names, 1):
            path = (*path, name)
            if is_element and number == len(names):
                self._lengths[path] = self._lengths.get(path, 0) + 1
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        return path

    def _pair(self, table: Path) -> Iterator[tuple[Path, int]]:
        start = self._at
        path = (*table, *self._key())
        yield path, start
        self._at = self._text.index("=", self._at) + 1
        yield from self._value(path)

    def _value(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._skip_blank()
        match self._text[self._at]:
            case "[":
                yield from self._items(path, "]")
            case "{":
                yield from self._items(path, "}")
            case sign:
                pattern = _TEXT if sign in "\"'" else _SCALAR
                scalar = pattern.match(self._text, self._at)
                self._at = scalar.end() if scalar else len(self._text)

    def _items(self, path: Path, end: str) -> Iterator[tuple[Path, int]]:
        self._at += 1
        index = 0
        while self._skip_blank() and self._text[self._at] != end:
            if self._text[self._at] == ",":
                self._at += 1
            elif end == "}":
                yield from self._pair(path)
            else:
                yield (*path, index), self._at
                yield from self._value((*path, index))
                index += 1
        self._at += 1

    def _key(self) -> list[str]:
        names: list[str] = []
        while match := _KEY.match(self._text, self._at):
            bare, quoted, literal, dot = match.groups()
            names.append(bare or literal or _unquoted(quoted or ""))
            self._at = match.end()
            if dot is None:
                break
        return names

    def _skip_blank(self) -> bool:
        """Go to the next token, and return whether there is one."""
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at
        return self._at < len(self._text)


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text  # an escape that JSON has not: its line is that of the table around

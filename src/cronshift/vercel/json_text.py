"""JSON as Vercel reads it: strict, with an exact place for every error and every value."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import Struct

from cronshift.errors import ConfigError
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = lazy_pattern(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
_SPACE = lazy_pattern(r"[ \t\r\n]*")
_DEEPEST_REPEATED = 2
_STRICT = "Vercel reads strict JSON"
_REMEDIES = (
    ("/", "a comment", f"{_STRICT}: remove the comment."),
    ("'", "a single-quoted string", f'{_STRICT}: use double quotes (").'),
    ("#", "a comment", f"{_STRICT}: remove the comment."),
)


class JsonSpan(Struct, frozen=True):
    """A value's place in a text: ``text[start:end]``; ``key`` is where its key begins, if any."""

    start: int
    end: int
    name: str | int
    key: int


def decode(data: bytes, file: str) -> str:
    """Return the text of a file.

    Raises:
        ConfigError: for a byte order mark, another encoding, or bytes that are no text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError(
            f"{file} is UTF-16; Vercel reads UTF-8.",
            reason="wrong-encoding",
            hint="Save the file as UTF-8 without a byte order mark.",
            where=f"{file}:1:1",
        )
    if data.startswith(b"\xef\xbb\xbf"):
        raise ConfigError(
            f"{file} begins with a byte order mark.",
            reason="byte-order-mark",
            hint="Save the file as UTF-8 without a byte order mark.",
            where=f"{file}:1:1",
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file} is not UTF-8: byte {error.start} is 0x{data[error.start]:02x}.",
            reason="wrong-encoding",
            hint="Save the file as UTF-8.",
            where=f"{file}:{data[: error.start].count(10) + 1}",
        ) from error


def parse_object(text: str, file: str) -> dict[str, Any]:
    """Return the object that ``text`` spells.

    Raises:
        ConfigError: naming line, column and remedy of the first thing that is not strict JSON.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        _explain(text, error.pos, error.msg, file)
    except (ValueError, RecursionError) as error:
        what = "is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigError(f"{file} {what}.", reason="invalid-json", where=file) from error
    if not isinstance(document, dict):
        raise ConfigError(
            f"{file} holds {_article(document)}, not an object.",
            reason="not-an-object",
            hint='The file begins with { and holds "crons": [...].',
            where=f"{file}:1:1",
        )
    return document


def position(text: str, offset: int) -> tuple[int, int]:
    """Return line and column of ``offset``, both from 1."""
    return Lines(text).position(offset)


class Lines:
    """The lines of a text, for many positions in it."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of ``offset``, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def children(text: str, start: int) -> Iterator[JsonSpan]:
    """Yield the places of the values in the object or array that begins at ``start``.

    ``text`` must be valid JSON. Takes time in proportion to the length of that value.
    """
    in_object = text[start] == "{"
    at = _skip_space(text, start + 1)
    index = 0
    while text[at] not in "}]":
        key = at
        name: str | int = index
        if in_object:
            match = _TOKEN.match(text, at)
            name = json.loads(match[0]) if match else ""
            at = _skip_space(text, match.end() if match else at)  # the colon
            at = _skip_space(text, at + 1)
        end = value_end(text, at)
        yield JsonSpan(at, end, name, key)
        index += 1
        at = _skip_space(text, end)
        if text[at] == ",":
            at = _skip_space(text, at + 1)


def find(text: str, *path: str | int) -> JsonSpan | None:
    """Return the place of the value at ``path``; the last one where a key stands twice."""
    span: JsonSpan | None = JsonSpan(_skip_space(text, 0), len(text), 0, 0)
    for name in path:
        if span is None or text[span.start] not in "{[":
            return None
        span = next(
            (child for child in reversed(list(children(text, span.start))) if child.name == name),
            None,
        )
    return span


def repeated(text: str) -> Iterator[tuple[tuple[str | int, ...], JsonSpan]]:
    """Yield the path and the lost place of every value whose key stands again in its object.

    ``text`` must be valid JSON, of which only the last of equal keys is ever read. It is looked at as deep as
    an entry of ``crons`` lies: each level reads the text once more.
    """
    any_repeated = False

    def noticed(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal any_repeated
        any_repeated |= len(pairs) > len({name for name, _ in pairs})
        return {}

    json.loads(text, object_pairs_hook=noticed)
    if any_repeated:
        yield from _repeated_below(text, _skip_space(text, 0), ())


def _repeated_below(
    text: str, start: int, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], JsonSpan]]:
    spans = list(children(text, start))
    last = {span.name: span for span in spans}
    for span in spans:
        if last[span.name] is not span:
            yield (*path, span.name), span
        elif text[span.start] in "{[" and len(path) < _DEEPEST_REPEATED:
            yield from _repeated_below(text, span.start, (*path, span.name))


def value_end(text: str, start: int) -> int:
    """Return the end of the value that begins at ``start``."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if token[0] in "{[":
            depth += 1
        elif token[0] in "}]":
            depth -= 1
        if depth == 0:
            return token.end()
    return len(text)


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, which is not JSON")


def _explain(text: str, offset: int, message: str, file: str) -> NoReturn:
    """Raise the error for the text at ``offset``, in the words of its remedy."""
    at = _skip_space(text, offset)
    fault, remedy = f"{message[0].lower()}{message[1:]}", None
    before = text[:at].rstrip(" \t\r\n")
    here = text[at : at + 1]
    for start, name, advice in _REMEDIES:
        if here == start:
            fault, remedy = name, advice
    if not text.strip():
        fault, remedy = "nothing in it", 'Write {"crons": []} to begin with.'
    elif here == "" and fault.startswith(("expecting", "unterminated")):
        fault = "an end too early"
    elif here and here in "}]" and before.endswith(","):
        at = len(before) - 1
        fault, remedy = "a trailing comma", f"{_STRICT}: remove the comma."
    elif (
        here == ","
        and _skip_space(text, at + 1) < len(text)
        and text[_skip_space(text, at + 1)] in "}]"
    ):
        fault, remedy = "a trailing comma", f"{_STRICT}: remove the comma."
    line, column = position(text, at)
    raise ConfigError(
        f"{file} is not JSON: {fault} at line {line}, column {column}.",
        reason="invalid-json",
        hint=remedy,
        where=f"{file}:{line}:{column}",
    )


def _article(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")

"""The tokens that two answers to one tick are compared by: one for each value, and nothing to read in it.

The same in TypeScript, to the letter: ``comparing.ts``.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from math import copysign, inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PREFIX = "answer "
"""Before the path of a value, in what a record has ``seen``."""

_MOST = 60  # values of an answer that have a token of their own
_LONGEST = 80  # characters of a path
_DIGITS = ":digits"
_NUMBER = re.compile(r"[0-9]+")


def answer_tokens(text: str, ignore: Iterable[str] = ()) -> dict[str, str]:
    """Return a token for each value of an answer, by its path; of what is no JSON, one for the text.

    Args:
        text: the whole body.
        ignore: paths whose values are left out, with all below; ``*`` is any name. Behind one that
            ends with ``:digits`` only the digits are.
    """
    patterns = [_Pattern(pattern) for pattern in ignore]
    values = _values(_parsed(text), (), patterns)
    tokens = sorted((_path(path), _token(value)) for path, value in values)
    named, rest = tokens[:_MOST], tokens[_MOST:]
    if rest:
        named.append(("…", _hash("".join(token for _, token in rest))))
    return {PREFIX + path: token for path, token in named}


class _Pattern:
    def __init__(self, text: str) -> None:
        self.cleans = text.endswith(_DIGITS)
        self._names = text.removesuffix(_DIGITS).split(".")

    def covers(self, path: Sequence[str]) -> bool:
        names = self._names
        begins = all(name in {"*", part} for name, part in zip(names, path, strict=False))
        return begins and (len(path) == len(names) or (len(path) > len(names) and not self.cleans))


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict | list) else text


def _values(
    value: Any, path: tuple[str, ...], patterns: Sequence[_Pattern]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    covering = [pattern for pattern in patterns if pattern.covers(path)]
    if any(not pattern.cleans for pattern in covering):
        return
    if isinstance(value, dict | list) and value:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in pairs:
            yield from _values(inner, (*path, str(name)), patterns)
    else:
        yield path, _cleaned(value) if covering else value


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _NUMBER.sub("0", value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return 0 if is_number else value


def _path(path: Sequence[str]) -> str:
    text = ".".join(path)[:_LONGEST]
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _token(value: Any) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return _hash(json.dumps(value))
    if isinstance(value, str):
        return _hash("s" + value)
    try:
        number = float(value) + 0.0  # -0 is 0
    except OverflowError:
        number = copysign(inf, value)
    return _hash("n" + struct.pack(">d", number).hex())


def _hash(text: str) -> str:
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return hashlib.sha256(whole.encode()).hexdigest()[:8]


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")

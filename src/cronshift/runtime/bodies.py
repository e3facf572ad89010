"""The body of a handler's answer: the part that is kept, its content, and its measure."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from contextvars import ContextVar
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from cronshift.runtime import wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BODY_LIMIT = wire.KEPT_BYTES
_MOST_NUMBERS = 32
_LONGEST_PATH = 64
_DEEPEST = 4


class Body:
    """The answer's body as it comes in: counted to the end, kept up to the limit."""

    def __init__(self) -> None:
        self.kept = bytearray()
        self.size = 0

    def add(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.kept += chunk[: BODY_LIMIT - len(self.kept)]
        self.size += len(chunk)

    @property
    def cut(self) -> bool:
        """True when the body is longer than the part that is kept."""
        return self.size > len(self.kept)


class Reaction(NamedTuple):
    """The answer to a call: a status, headers with lower-case names, a body that may still grow."""

    status: int
    headers: Mapping[str, str]
    body: Body


class Measure(NamedTuple):
    """The measure of a body: enough to compare two, and nothing to read in it.

    Attributes:
        digest: the first 16 hex digits of its SHA-256; ``None`` where not all of it was kept.
        numbers: those in JSON, by their path.
    """

    size: int
    digest: str | None
    numbers: Mapping[str, float]


REACTION: ContextVar[Reaction | None] = ContextVar("REACTION", default=None)
"""The response that was judged last: it tells more than what came of it."""


def content(body: Body, headers: Mapping[str, str]) -> Any:
    """Return the content of a body: JSON where the headers say so and it is, else text."""
    text = body.kept.decode(errors="replace")
    if "json" in headers.get("content-type", "") and not body.cut:
        try:
            return json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            return text
    return text


def measure(reaction: Reaction) -> Measure:
    """Return the measure of a response's body."""
    body = reaction.body
    digest = None if body.cut else hashlib.sha256(body.kept).hexdigest()[:16]
    numbers = islice(_numbers(content(body, reaction.headers), ()), _MOST_NUMBERS)
    return Measure(body.size, digest, dict(numbers))


def _numbers(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """Yield the numbers of objects within objects; those of lists have no name that lasts."""
    if isinstance(value, dict) and len(path) < _DEEPEST:
        for name, inner in value.items():
            yield from _numbers(inner, (*path, name))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            if isfinite(value):
                yield ".".join(path)[:_LONGEST_PATH], float(value)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")

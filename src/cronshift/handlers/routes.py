"""Routes: the file that answers each path, by the precedence that file routers share."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote

from msgspec import Struct

from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cronshift.model import Handler

_MOST_REST = 3  # segments of a pattern that match any number of segments
_WORDS = lazy_pattern(r"[A-Za-z0-9]+")
_LOOKED_AT = 30
_ALIKE = 0.5


class Rank(IntEnum):
    """The rank of a segment; the lower one wins where two patterns part."""

    STATIC = 0
    MIXED = 1
    ONE = 2
    MAYBE = 3
    REST = 4
    MAYBE_REST = 5


class Segment(Struct, frozen=True):
    """One segment of a route: its rank, and its text (or regular expression, where mixed)."""

    rank: Rank
    text: str = ""


class Route(Struct, frozen=True):
    """A path, or a pattern of paths, and the handler that answers it.

    Attributes:
        methods: those it answers where the route itself says so; else the file tells.
    """

    segments: tuple[Segment, ...]
    handler: Handler
    methods: frozenset[str] | None = None

    @property
    def path(self) -> str:
        """The route as a person writes it."""
        return "/" + "/".join(
            _SHOWN[segment.rank].format(segment.text or "x")
            if segment.rank in _SHOWN
            else segment.text or "x"
            for segment in self.segments
        )

    @property
    def is_pattern(self) -> bool:
        """True where it takes in more than one path."""
        return any(segment.rank is not Rank.STATIC for segment in self.segments)

    def parameters(self, path: str) -> dict[str, str | tuple[str, ...]]:
        """Return the values of its names in a path that it answers; none where there are several ways."""
        parts = [unquote(part) for part in path.split("/") if part]
        values: dict[str, str | tuple[str, ...]] = {}
        for number, segment in enumerate(self.segments):
            is_last = number == len(self.segments) - 1
            if segment.rank > Rank.ONE and not is_last:
                return {}
            if segment.rank >= Rank.REST and parts[number:]:
                values[segment.text] = tuple(parts[number:])
            elif segment.rank in {Rank.ONE, Rank.MAYBE} and number < len(parts):
                values[segment.text] = parts[number]
        return values


_SHOWN = {Rank.ONE: "[{}]", Rank.MAYBE: "[[{}]]", Rank.REST: "[...{}]"}
_EXPRESSIONS = {
    Rank.STATIC: "/{}",
    Rank.MIXED: "/{}",
    Rank.ONE: "/[^/]+",
    Rank.MAYBE: "(?:/[^/]+)?",
    Rank.REST: "/.+",
    Rank.MAYBE_REST: "(?:/.*)?",
}


class RouteTable:
    """The routes of one router; a path is answered by the most special one.

    Args:
        routes: in any order; of two equal ones the first wins.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)

    @cached_property
    def _static(self) -> dict[str, Route]:
        by_path: dict[str, Route] = {}
        for route in self.routes:
            if not route.is_pattern:
                by_path.setdefault(route.path, route)
        return by_path

    @cached_property
    def _dynamic(self) -> list[tuple[re.Pattern[str], Route]]:
        patterns = []
        for route in self.routes:
            if not route.is_pattern:
                continue
            rest = sum(segment.rank >= Rank.REST for segment in route.segments)
            if rest <= _MOST_REST:
                text = "".join(
                    _EXPRESSIONS[segment.rank].format(
                        segment.text if segment.rank is Rank.MIXED else re.escape(segment.text)
                    )
                    for segment in route.segments
                )
                patterns.append((re.compile(text), route))
        return sorted(patterns, key=lambda pair: [segment.rank for segment in pair[1].segments])

    def answering(self, path: str) -> Route | None:
        """Return the route that answers a path without its query, if one does."""
        bare = "/" + "/".join(unquote(part) for part in path.split("/") if part)
        static = self._static.get(bare)
        if static is not None:
            return static
        whole = bare if bare != "/" else ""
        return next((route for regex, route in self._dynamic if regex.fullmatch(whole)), None)


def nearest(path: str, candidates: Sequence[str], most: int = 2) -> tuple[str, ...]:
    """Return the routes that look most like a path that none answers."""
    words = set(_WORDS.findall(path.lower()))
    last = path.rstrip("/").rpartition("/")[2].lower()

    def shared(candidate: str) -> tuple[int, int]:
        parts = set(_WORDS.findall(candidate.lower()))
        return (candidate.lower().rpartition("/")[2] == last, len(words & parts) * 2 - len(parts))

    likely = sorted(set(candidates), key=lambda route: (*shared(route), route), reverse=True)
    alike = [
        (shared(route)[0], SequenceMatcher(None, path.lower(), route.lower()).ratio(), route)
        for route in likely[:_LOOKED_AT]
    ]
    close = sorted((row for row in alike if row[0] or row[1] >= _ALIKE), reverse=True)
    return tuple(route for _, _, route in close[:most])

"""A route that an app declares in code, and how the frameworks write a pattern of paths."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.routes import Rank, RouteTable, Segment
from cronshift.handlers.routes import Route as TableRoute
from cronshift.model import Handler, HandlerKind, Location, PassedRouter
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_ROUTES = 20_000
DEEPEST = 12  # routers inside routers
_REST = lazy_pattern(r"\{\w+:path\}|<path:\w+>|\*\w*|:\w+[*+]|\{\*\w+\}")
_ONE = lazy_pattern(r"\{[^{}]*\}|<[^<>]*>|:\w+(\{[^{}]*\}|\([^()]*\))?\??")


class CodeRoute(Struct, frozen=True):
    """One route.

    Attributes:
        path: whole, prefixes included, as it is written.
        methods: those it answers; ``None`` for all.
        export: the function or class that does the work, where it has a name.
        way: the routers that a request to it goes through, where they are read.
    """

    path: str
    methods: frozenset[str] | None
    place: Location
    export: str = ""
    way: tuple[PassedRouter, ...] = ()


class UnreadRegistration(Struct, frozen=True):
    """A registration that could not be followed: it may answer any path below ``prefix``."""

    prefix: str
    place: Location


class Declared(Struct, frozen=True):
    """The routes that an app declares in code, as far as it is understood."""

    routes: tuple[CodeRoute, ...] = ()
    unread: tuple[UnreadRegistration, ...] = ()

    @classmethod
    def of(cls, declared: Iterable[CodeRoute | UnreadRegistration]) -> Declared:
        """Return the declared routes and the unread registrations, at most so many."""
        some = tuple(islice(declared, MOST_ROUTES))
        return cls(
            tuple(item for item in some if isinstance(item, CodeRoute)),
            tuple(item for item in some if isinstance(item, UnreadRegistration)),
        )

    def open_at(self, path: str) -> UnreadRegistration | None:
        """Return a registration that may answer ``path`` although no route that is known does."""
        asked = [part for part in path.split("/") if part]
        for mark in self.unread:
            before = segments_of(mark.prefix)
            fits = len(before) <= len(asked) and all(
                segment.rank is not Rank.STATIC or segment.text == part
                for segment, part in zip(before, asked, strict=False)
            )
            if fits:
                return mark
        return None


class CodeMatch(Struct, frozen=True):
    """The route that answers a path; ``slash`` says that it differs by the slash at its end."""

    route: CodeRoute
    slash: bool


class Trail(Struct, frozen=True):
    """The way to a router inside routers: the prefix of its paths, and the routers on the way."""

    prefix: str = ""
    seen: frozenset[tuple[str, str]] = frozenset()
    way: tuple[PassedRouter, ...] = ()

    def at(self, path: str) -> Trail:
        """Return the trail below a path."""
        return replace(self, prefix=joined(self.prefix, path)) if path else self

    def mounted(self, place: Location, owner: str) -> Trail:
        """Return the trail behind a place where a router passes on, or answers."""
        return replace(self, way=(*self.way, PassedRouter(place, self.prefix, owner)))

    def through(self, file: str, name: str) -> Trail | None:
        """Return the trail behind a router; ``None`` when it turns in circles, or goes too deep."""
        step = (file, name)
        if step in self.seen or len(self.seen) >= DEEPEST:
            return None
        return replace(self, seen=self.seen | {step})


def segments_of(path: str) -> tuple[Segment, ...]:
    """Return the segments of a path as FastAPI, Flask, Django, Hono or Express write it."""
    segments = []
    for part in path.split("/"):
        if not part:
            continue
        if _REST.fullmatch(part):
            segments.append(Segment(Rank.MAYBE_REST, part))
        elif _ONE.fullmatch(part):
            segments.append(Segment(Rank.ONE, part))
        elif _ONE.search(part) or "*" in part:
            texts = (re.escape(text) for text in re.split(r"\{[^{}]*\}|<[^<>]*>|:\w+|\*", part))
            segments.append(Segment(Rank.MIXED, "[^/]*".join(texts)))
        else:
            segments.append(Segment(Rank.STATIC, part))
    return tuple(segments)


class CodeTable:
    """The routes that an app declares in code, looked up by path.

    What answers OPTIONS alone says which other sites may call, and is no route of a path.
    """

    def __init__(self, routes: Sequence[CodeRoute]) -> None:
        answered = [route for route in routes if route.methods != frozenset({"OPTIONS"})]
        by_methods = [
            [route for route in answered if answers_get(route.methods) is wanted]
            for wanted in (True, False)
        ]
        self._tables = [
            (
                chosen,
                RouteTable(
                    TableRoute(segments_of(route.path), Handler(str(at), HandlerKind.ASGI, "", ""))
                    for at, route in enumerate(chosen)
                ),
            )
            for chosen in by_methods
        ]

    def answering(self, path: str) -> CodeMatch | None:
        """Return the route that answers GET of a path, else one that answers another method."""
        for chosen, table in self._tables:
            chosen_route = table.answering(path)
            if chosen_route is not None:
                route = chosen[int(chosen_route.handler.file)]
                return CodeMatch(route, _ends(route.path) != _ends(path))
        return None


def _ends(path: str) -> bool:
    return path != "/" and path.endswith("/")


def answers_get(methods: frozenset[str] | None) -> bool:
    """Return whether GET is among the methods; ``None`` are all."""
    return methods is None or "GET" in methods


def joined(prefix: str, path: str) -> str:
    """Return a prefix and a path with one slash between them."""
    if not path or path == "/":
        return (prefix or "/") + ("/" if path and prefix and not prefix.endswith("/") else "")
    return f"{prefix.rstrip('/')}/{path.lstrip('/')}"

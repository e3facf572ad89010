"""The routes of Remix and React Router: what ``routes.ts`` lists, and the flat files.

Rules: reactrouter.com, "Routing" and "File Route Conventions". With a ``routes.ts`` the files are routes only
where it says so, by ``flatRoutes``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cronshift.handlers.folder import SOURCES, Folder, handler_in, is_group
from cronshift.handlers.javascript import arguments, callee, exports
from cronshift.handlers.routes import Rank, Route, Segment
from cronshift.handlers.values import MOST, Expression, follow, items, members, value
from cronshift.model import HandlerKind, Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

_CONFIGS = ("app/routes.ts", "app/routes.js")
_DEEPEST = 12  # routes inside routes
_NESTING = {"remix-flat-routes", "@remix-run/v1-route-convention", "remix-custom-routes"}
"""The packages by which a file in a folder is a route again."""
_WAITED = {"await_expression": 1, "parenthesized_expression": 1}


def remix(app: Folder) -> Iterator[Route]:
    """Yield the routes of an app."""
    config = next(filter(app.has, _CONFIGS), None)
    if config is None:
        yield from _flat_files(app)
        return
    yield from (route for route in _Listing(app, config).routes() if isinstance(route, Route))


@lru_cache(maxsize=64)
def unread_list(app: Folder) -> Location | None:
    """Return the place where ``routes.ts`` takes routes from what is not read, if it does."""
    config = next(filter(app.has, _CONFIGS), None)
    listed = _Listing(app, config).routes() if config is not None else iter(())
    return next((route for route in listed if isinstance(route, Location)), None)


class _Listing:
    """The list of routes that a ``routes.ts`` exports."""

    def __init__(self, app: Folder, config: str) -> None:
        self._app, self._config = app, config
        self._tree: SourceTree = app.tree
        self._steps = iter(range(MOST))

    def routes(self) -> Iterator[Route | Location]:
        """Yield the routes, and the places of what is not read."""
        file = self._app.outer(self._config)
        root = self._tree.parsed(file)
        exported = exports(root).get("default") if root is not None else None
        if exported is None or exported.node is None:
            yield Location(file, 1)
            return
        yield from self._listed(Expression(file, exported.node), "", _DEEPEST)

    def _listed(self, expression: Expression, above: str, depth: int) -> Iterator[Route | Location]:
        meant = follow(self._tree, expression)
        if depth == 0 or next(self._steps, None) is None:
            yield meant.location
        elif meant.kind == "spread_element":
            yield from self._listed(meant.at(meant.node.child(1) or meant.node), above, depth - 1)
        elif meant.kind in _WAITED:
            inner = meant.node.child(_WAITED[meant.kind])
            yield from self._listed(meant.at(inner or meant.node), above, depth - 1)
        elif meant.kind == "array":
            for item in items(self._tree, meant, steps=self._steps):
                yield from self._listed(item, above, depth - 1)
        elif meant.kind == "object":
            written = dict(members(self._tree, meant))
            yield from self._route(meant, [written.get(name) for name in ("path", "file", "children")], above, depth)  # fmt: skip
        elif meant.kind == "call_expression":
            yield from self._called(meant, above, depth)
        else:
            yield meant.location

    def _called(self, call: Expression, above: str, depth: int) -> Iterator[Route | Location]:
        passed = [call.at(node) for node in arguments(call.node)]
        last = follow(self._tree, passed[-1]) if passed else None
        children = passed[-1] if last is not None and last.kind == "array" else None
        match callee(call.node).rpartition(".")[2]:
            case "route" if len(passed) > 1:
                yield from self._route(call, [passed[0], passed[1], children], above, depth)
            case "index" if passed:
                yield from self._route(call, [None, passed[0], None], above, depth)
            case "layout" if passed:
                yield from self._listed(children, above, depth - 1) if children else ()
            case "prefix" if len(passed) > 1:
                begun = value(self._tree, passed[0])
                is_text = isinstance(begun, str)
                yield from self._listed(passed[1], f"{above}/{begun}", depth - 1) if is_text else (call.location,)  # fmt: skip
            case "flatRoutes":
                yield from _flat_files(self._app)
            case _:
                yield call.location

    def _route(
        self, at: Expression, parts: list[Expression | None], above: str, depth: int
    ) -> Iterator[Route | Location]:
        path, file, children = parts
        written = value(self._tree, path) if path is not None else ""
        named = value(self._tree, file) if file is not None else ""
        if not isinstance(written, str) or not isinstance(named, str):
            yield at.location
            return
        whole = f"{above}/{written}"
        if named:
            folder = PurePosixPath(self._config).parent
            yield Route(_segments(whole), handler_in(str(folder / named), HandlerKind.REMIX, "loader"))  # fmt: skip
        if children is not None:
            yield from self._listed(children, whole, depth - 1)


def _segments(path: str) -> tuple[Segment, ...]:
    """Return the segments of a path as ``routes.ts`` writes it: ``:id``, ``:id?``, ``*``."""
    return tuple(map(_segment, filter(None, path.split("/"))))


def _segment(part: str) -> Segment:
    if part == "*":
        return Segment(Rank.MAYBE_REST, "*")
    if part.startswith(":"):
        name = part[1:].removesuffix("?")
        return Segment(Rank.MAYBE if part.endswith("?") else Rank.ONE, name)
    return Segment(Rank.STATIC, part)


def _is_flat(app: Folder) -> bool:
    """Return whether a file in a folder is a route only as ``folder/route.ts``: since Remix 2, but for conventions of packages."""
    if not _NESTING.isdisjoint(app.dependencies):
        return False
    version = re.match(r"\D*(\d+)", app.dependencies.get("@remix-run/dev", ""))
    is_second = version is not None and int(version[1]) > 1
    return is_second or "@react-router/dev" in app.dependencies


def _flat_files(app: Folder) -> Iterator[Route]:
    """Yield the flat files of ``app/routes/``: dots are slashes."""
    is_flat = _is_flat(app)
    for file in app.under("app/routes"):
        place = PurePosixPath(file)
        if place.suffix not in SOURCES:
            continue
        parts = list(place.relative_to("app/routes").parts)
        stem = place.stem
        is_route = len(parts) == 1 or (len(parts) == 2 and stem in {"route", "index"})  # noqa: PLR2004 - a folder and its file
        if is_flat and not is_route:
            continue
        if len(parts) > 1 and stem in {"route", "index"} and (stem == "route" or len(parts) == 2):  # noqa: PLR2004 - a folder and its file
            parts.pop()
        else:
            parts[-1] = stem
        segments = [segment for part in parts for segment in flat_segments(part)]
        yield Route(tuple(segments), handler_in(file, HandlerKind.REMIX, "loader"))


def flat_segments(part: str) -> Iterator[Segment]:
    """Yield the segments of a flat name: ``api.cron.$id``, ``_layout.x``, ``sitemap[.]xml``."""
    for piece in re.split(r"\.(?![^\[]*\])", part):
        name = re.sub(r"\[([^\]]*)\]", r"\1", piece)
        if piece in {"_index", "index"} or (piece.startswith("_") and not piece.startswith("__")):
            continue
        if piece == "$":
            yield Segment(Rank.MAYBE_REST, "*")
        elif piece.startswith("$"):
            yield Segment(Rank.ONE, piece[1:])
        elif is_group(piece):
            inner = piece[1:-1]
            yield (
                Segment(Rank.MAYBE, inner) if inner.startswith("$") else Segment(Rank.STATIC, inner)
            )
        else:
            yield Segment(Rank.STATIC, name.removesuffix("_"))

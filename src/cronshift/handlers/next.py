"""Next.js: the app and the pages router.

Rules: nextjs.org docs (route groups, private folders, parallel routes, ``src`` folder, ``basePath``,
``trailingSlash``, ``pageExtensions``), and the facts on Vercel cron, section 4.
"""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cronshift.handlers.next_config import NextConfig, config_in
from cronshift.handlers.routes import Rank, Route, RouteTable, Segment
from cronshift.model import Handler, HandlerKind
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

CONFIGS = tuple(f"next.config.{suffix}" for suffix in ("js", "mjs", "ts", "mts", "cjs"))
_DYNAMIC = lazy_pattern(r"\[(\[)?(\.\.\.)?([^\[\]]+)\]\]?")
_PLAIN = lazy_pattern(r"[A-Za-z0-9._~-]+")
_INTERCEPTING = lazy_pattern(r"\(\.{1,3}\)")


class NextRouter:
    """The routes of a Next.js app.

    Args:
        tree: the project's files.
        named: whether vercel.json says that this is Next.
        by_files: whether files alone may tell that it is; not where another framework is used.
        folder: of the app; ``""`` is the project's root.
    """

    def __init__(
        self, tree: SourceTree, *, named: bool = False, by_files: bool = True, folder: str = ""
    ) -> None:
        self._tree = tree
        self._app = folder
        self._base = f"{folder}/" if folder else ""
        self._by_files = by_files
        self._named = named

    @cached_property
    def present(self) -> bool:
        """True for a Next.js app, by its dependency, its configuration or its files."""
        if "next" in self._tree.packages(self._app):
            return True
        if self._named and (self.config.file or self.app_folder or self.pages_folder):
            return True
        if not self._by_files:  # a next.config left behind makes an Astro project no Next app
            return False
        if self.config.file:
            return True
        folders = (self.app_folder, self.pages_folder)
        return any(folder is not None and self._looks_like_next(folder) for folder in folders)

    def _looks_like_next(self, folder: str) -> bool:
        """Return whether a folder holds routes that only Next names so."""
        marks = (f"{folder}/api/", "/route.ts", "/route.js", "/route.tsx")
        return any(
            file.startswith(marks[0]) if folder.endswith("pages") else file.endswith(marks[1:])
            for file in self._tree.under(folder)
        )

    @cached_property
    def app_folder(self) -> str | None:
        """The folder of the app router; ``src/app`` counts only without ``app`` and ``pages``."""
        return self._folder("app")

    @cached_property
    def pages_folder(self) -> str | None:
        """The folder of the pages router."""
        return self._folder("pages")

    def _folder(self, name: str) -> str | None:
        def has(place: str) -> bool:
            return self._tree.has_folder(f"{self._base}{place}")

        if has(name):
            return f"{self._base}{name}"
        in_source = not (has("app") or has("pages")) and has(f"src/{name}")
        return f"{self._base}src/{name}" if in_source else None

    @cached_property
    def config(self) -> NextConfig:
        """The settings of next.config."""
        names = (f"{self._base}{name}" for name in CONFIGS)
        file = next((name for name in names if name in self._tree.files), None)
        return config_in(self._tree, file) if file else NextConfig(None)

    @cached_property
    def suffix(self) -> str:
        """The suffix of the app's routes: TypeScript's, or JavaScript's where that is its own."""
        files = self._tree.files
        is_typed = "tsconfig.json" in files or "typescript" in self._tree.dependencies
        written = ("js", "jsx") if not is_typed and self._has_javascript else ("ts", "tsx")
        return self.config.suffix(*written)

    @property
    def _has_javascript(self) -> bool:
        """True when the app's routes are in JavaScript, and none in TypeScript."""
        routes = [route.handler.file for route in (*self._app_routes(), *self._pages_routes())]
        return bool(routes) and not any(file.endswith((".ts", ".tsx")) for file in routes)

    @cached_property
    def table(self) -> RouteTable:
        """Every route, without the base path."""
        return RouteTable([*self._app_routes(), *self._pages_routes(), *self._public()])

    @property
    def middleware(self) -> str | None:
        """The file of the middleware (``proxy`` since Next 16), if there is one: beside the routers' folders."""
        routers = self.pages_folder or self.app_folder or f"{self._base}app"
        place = routers[: routers.rfind("/") + 1]
        names = [
            f"{place}{name}.{suffix}"
            for name in ("middleware", "proxy")
            for suffix in self.config.extensions
        ]
        return next((name for name in names if name in self._tree.files), None)

    def _app_routes(self) -> Iterator[Route]:
        folder = self.app_folder
        endings = {
            f"{name}.{suffix}" for name in ("route", "page") for suffix in self.config.extensions
        }
        for file in self._tree.under(folder) if folder else ():
            *parts, name = file.removeprefix(f"{folder}/").split("/")
            segments = app_segments(tuple(parts)) if name in endings else None
            if segments is not None:
                page = name.startswith("page.")
                kind = HandlerKind.NEXT_PAGE if page else HandlerKind.NEXT_ROUTE
                yield Route(segments, _handler(file, kind, "default" if page else "GET"))

    def _pages_routes(self) -> Iterator[Route]:
        folder = self.pages_folder
        suffixes = sorted(
            (f".{extension}" for extension in self.config.extensions), key=len, reverse=True
        )
        for file in self._tree.under(folder) if folder else ():
            relative = file.removeprefix(f"{folder}/")
            suffix = next((ending for ending in suffixes if relative.endswith(ending)), None)
            stem = relative.removesuffix(suffix or "")
            name = stem.rpartition("/")[2]
            if (
                suffix is None
                or relative.endswith(".d.ts")
                or name
                in {
                    "_app",
                    "_document",
                    "_error",
                    "_middleware",
                }
            ):
                continue
            parts = stem.split("/")
            if parts[-1] == "index":
                parts.pop()
            segments = tuple(segment_of(part) for part in parts)
            is_api = parts[:1] == ["api"]
            kind = HandlerKind.NEXT_PAGES if is_api else HandlerKind.NEXT_PAGE
            yield Route(segments, _handler(file, kind, "default"))

    def _public(self) -> Iterator[Route]:
        for file in self._tree.under(f"{self._base}public"):
            parts = file.removeprefix(f"{self._base}public/").split("/")
            segments = tuple(Segment(Rank.STATIC, part) for part in parts)
            yield Route(segments, Handler(file, HandlerKind.STATIC, "", "static"))


def app_segments(parts: tuple[str, ...]) -> tuple[Segment, ...] | None:
    """Return the segments of a folder of the app router; ``None`` when it is not routable."""
    segments = []
    for part in parts:
        if part.startswith("_") or (part[0] == "(" and _INTERCEPTING.match(part)):
            return None
        if part[0] == "@" or (part[0] == "(" and part.endswith(")")):
            continue
        segments.append(segment_of(part.replace("%5F", "_").replace("%5f", "_")))
    return tuple(segments)


def route_params(folder: str, file: str, path: str) -> dict[str, str | list[str]] | None:
    """Return the parameters of a dynamic route for a path; empty for a static one.

    ``None`` where the path does not spell the route (it is rewritten), or spells it with characters
    that one version of Next decodes and another does not.

    Args:
        folder: of the router.
        file: the route's, below it.
        path: without base path and query.
    """
    relative = PurePosixPath(file).relative_to(folder)
    in_app = PurePosixPath(folder).name == "app"
    parts = relative.parts[:-1] if in_app else relative.with_suffix("").parts
    if not in_app and parts[-1:] == ("index",):
        parts = parts[:-1]
    segments = app_segments(parts) if in_app else tuple(segment_of(part) for part in parts)
    asked = [part for part in path.split("/") if part]
    params: dict[str, str | list[str]] = {}
    for number, segment in enumerate(segments or ()):
        if segment.rank in {Rank.REST, Rank.MAYBE_REST}:
            if rest := asked[number:]:
                params[segment.text] = rest
            asked = asked[:number]
            break
        if number >= len(asked) or (segment.rank is Rank.STATIC and segment.text != asked[number]):
            return None
        if segment.rank is Rank.ONE:
            params[segment.text] = asked[number]
    named = [
        part for value in params.values() for part in ([value] if isinstance(value, str) else value)
    ]
    fits = segments is not None and len(asked) <= len(segments)
    return params if fits and all(_PLAIN.fullmatch(part) for part in named) else None


@cache
def segment_of(part: str) -> Segment:
    """Return the segment that a name in brackets, or a plain one, stands for."""
    match = _DYNAMIC.fullmatch(part)
    if match is None:
        return Segment(Rank.STATIC, part)
    optional, rest, name = match[1], match[2], match[3]
    if rest:
        return Segment(Rank.MAYBE_REST if optional else Rank.REST, name)
    return Segment(Rank.ONE, name)


def _handler(file: str, kind: HandlerKind, export: str) -> Handler:
    is_typed = file.endswith((".ts", ".tsx"))
    return Handler(file, kind, export, "typescript" if is_typed else "javascript")

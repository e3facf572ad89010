"""The other file routers: SvelteKit, Nuxt and Nitro, Astro, Remix and React Router, SolidStart.

Each is a folder, the files in it that answer requests, and how a name becomes a segment.
"""

from __future__ import annotations

import re
from itertools import product
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.javascript import METHODS, arguments
from cronshift.handlers.literals import literal, pairs
from cronshift.handlers.routes import Rank, Route, Segment
from cronshift.handlers.site_config import base_path
from cronshift.model import Handler, HandlerKind
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_SOURCES = (".ts", ".js", ".mts", ".mjs", ".tsx", ".jsx")
_NITRO_METHOD = lazy_pattern(r"\.(get|post|put|patch|delete|head|options|connect|trace)$")
_SOURCE_FOLDER = lazy_pattern(r"\bsrcDir:\s*[\"'`]([^\"'`$]*)[\"'`]")
_MORE_FOLDERS = lazy_pattern(r"\bscanDirs:\s*\[([^\]]*)\]")
_LOWER_GET = lazy_pattern(r"^export\s+(?:async\s+)?(?:const|let|function)\s+get\b", re.MULTILINE)
_UPPER_ONLY = 4  # the version of Astro
_BRACKETS = lazy_pattern(r"\[(\[)?(\.\.\.)?([^\[\]]*)\]\]?")


class Folder(Struct, frozen=True):
    """The files of an app, by their paths within its folder; ``""`` is the project's root."""

    tree: SourceTree
    folder: str = ""

    @property
    def dependencies(self) -> dict[str, str]:
        """The packages that the app's package.json names."""
        return self.tree.packages(self.folder)

    def outer(self, file: str) -> str:
        """Return a path within the folder as the project's."""
        return f"{self.folder}/{file}" if self.folder else file

    def under(self, folder: str) -> Iterator[str]:
        """Yield the files below a folder of the app."""
        start = len(self.outer("")) if self.folder else 0
        yield from (file[start:] for file in self.tree.under(self.outer(folder)))

    def has(self, file: str) -> bool:
        """Return whether the app has a file."""
        return self.outer(file) in self.tree.files

    def read(self, file: str) -> str:
        """Return the text of a file of the app."""
        return self.tree.read(self.outer(file))

    def parsed(self, file: str) -> SgNode | None:
        """Return the syntax tree of a file of the app."""
        return self.tree.parsed(self.outer(file)) if self.has(file) else None


class FileRouter(Struct, frozen=True):
    """The convention of one file router.

    Attributes:
        packages: a dependency on one of them says that the project uses it.
        named: yields its routes, their files by their paths within the app.
        kind: of its handlers.
        ignores_node: whether Vercel builds no ``api/*.ts`` beside it.
    """

    name: str
    packages: tuple[str, ...]
    named: Callable[[Folder], Iterator[Route]]
    kind: HandlerKind
    ignores_node: bool = False

    def present(self, app: Folder) -> bool:
        """Return whether an app depends on it."""
        return any(package in app.dependencies for package in self.packages)

    def routes(self, app: Folder) -> Iterator[Route]:
        """Yield the routes of an app."""
        base = base_path(app.tree, app.folder, self.name).split("/")[1:]
        first = tuple(Segment(Rank.STATIC, part) for part in base)
        for route in self.named(app):
            handler = replace(route.handler, file=app.outer(route.handler.file))
            yield replace(route, segments=(*first, *route.segments), handler=handler)


def _bracketed(part: str, *, rest: Rank = Rank.MAYBE_REST) -> Segment:
    """Return the segment of ``[x]``, ``[[x]]``, ``[...x]`` and of texts with such in them."""
    match = _BRACKETS.fullmatch(part)
    if match is not None:
        name = match[3].partition("=")[0]
        if match[2]:
            return Segment(rest, name)
        return Segment(Rank.MAYBE if match[1] else Rank.ONE, name)
    if "[" in part:
        pieces = _BRACKETS.split(part)
        texts = [re.escape(piece) for piece in pieces[::4]]
        return Segment(Rank.MIXED, "[^/]+".join(texts))
    return Segment(Rank.STATIC, part)


def _is_group(part: str) -> bool:
    return part.startswith("(") and part.endswith(")")


def _route(
    file: str, parts: list[str], kind: HandlerKind, export: str, rest: Rank = Rank.MAYBE_REST
) -> Route:
    segments = tuple(_bracketed(part, rest=rest) for part in parts if part and not _is_group(part))
    return Route(segments, _handler(file, kind, export))


def _handler(file: str, kind: HandlerKind, export: str) -> Handler:
    typed = PurePosixPath(file).suffix in {".ts", ".mts", ".tsx"}
    return Handler(file, kind, export, "typescript" if typed else "javascript")


def sveltekit(app: Folder) -> Iterator[Route]:
    """Yield ``src/routes/**/+server.ts`` (svelte.dev/docs/kit/advanced-routing)."""
    for file in app.under("src/routes"):
        place = PurePosixPath(file)
        if place.name in {"+server.ts", "+server.js"}:
            yield _route(file, list(place.parts[2:-1]), HandlerKind.SVELTEKIT, "GET")


def nitro_settings(app: Folder, name: str) -> str:
    """Return the text of ``nuxt.config`` or ``nitro.config``; an empty one where there is none."""
    files = (f"{name}.config{suffix}" for suffix in _SOURCES)
    return next((app.read(file) for file in files if app.has(file)), "")


def nitro_sources(app: Folder) -> tuple[str, ...]:
    """Return the folders below which an app's routes are, the first the one to add to.

    Nuxt's is ``server``; Nitro's are those that its configuration names (nitro.build/config), or both usual
    ones where that names none in so many words.
    """
    if "nuxt" in app.dependencies:
        return ("server",)
    text = nitro_settings(app, "nitro")
    source, more = _SOURCE_FOLDER.search(text), _MORE_FOLDERS.search(text)
    others = re.findall(r"[\"'`]([^\"'`]*)[\"'`]", more[1]) if more else []
    if source is not None or others:
        named = [source[1] if source else "", *others]
        return tuple(dict.fromkeys(str(PurePosixPath(name)).strip("/.") for name in named))
    return ("server", "") if next(app.under("server"), None) else ("", "server")


def nitro(app: Folder) -> Iterator[Route]:
    """Yield ``api/**`` and ``routes/**`` of every source; a method in the name is the only one."""
    for source, prefix in product(nitro_sources(app), (["api"], [])):
        folder = f"{source}/{'api' if prefix else 'routes'}".lstrip("/")
        for file in app.under(folder):
            place = PurePosixPath(file)
            if place.suffix not in _SOURCES or place.name.endswith(".d.ts"):
                continue
            stem = re.sub(r"\.(dev|prod|prerender)$", "", place.stem)
            method = _NITRO_METHOD.search(stem)
            stem = stem[: method.start()] if method else stem
            parts = [*prefix, *place.relative_to(folder).parts[:-1], stem]
            if parts[-1] == "index":
                parts.pop()
            route = _route(file, parts, HandlerKind.NITRO, "default")
            methods = frozenset({method[1].upper()}) if method else None
            yield Route(route.segments, route.handler, methods)


def astro(app: Folder) -> Iterator[Route]:
    """Yield ``src/pages/**``: endpoints by their extension, pages by theirs.

    Up to Astro 3 a method may be written in lower case (docs.astro.build/en/guides/upgrade-to/v3).
    """
    major = re.search(r"\d+", app.dependencies.get("astro", ""))
    takes_lower = major is not None and int(major[0]) < _UPPER_ONLY
    for file in app.under("src/pages"):
        place = PurePosixPath(file)
        parts = list(place.relative_to("src/pages").parts)
        if any(part.startswith("_") for part in parts):
            continue
        if place.suffix in {".ts", ".js", ".mts", ".mjs"}:
            is_lower = takes_lower and _LOWER_GET.search(app.read(file)) is not None
            kind, export = HandlerKind.ASTRO, "get" if is_lower else "GET"
        elif place.suffix in {".astro", ".md", ".mdx", ".html"}:
            kind, export = HandlerKind.NEXT_PAGE, "default"
        else:
            continue
        parts[-1] = place.stem
        if parts[-1] == "index":
            parts.pop()
        yield _route(file, parts, kind, export)


def remix(app: Folder) -> Iterator[Route]:
    """Yield ``app/routes.ts`` and the flat files of ``app/routes/`` (dots are slashes)."""
    for config in ("app/routes.ts", "app/routes.js"):
        root = app.parsed(config)
        if root is not None:
            yield from _configured(root, config)
    for file in app.under("app/routes"):
        place = PurePosixPath(file)
        if place.suffix not in _SOURCES:
            continue
        parts = list(place.relative_to("app/routes").parts)
        stem = place.stem
        if len(parts) > 1 and stem in {"route", "index"} and (stem == "route" or len(parts) == 2):  # noqa: PLR2004 - a folder and its file
            parts.pop()
        else:
            parts[-1] = stem
        segments = [segment for part in parts for segment in _flat(part)]
        yield Route(tuple(segments), _handler(file, HandlerKind.REMIX, "loader"))


def _flat(part: str) -> Iterator[Segment]:
    """Yield the segments of a flat name: ``api.cron.$id``, ``_layout.x``, ``sitemap[.]xml``."""
    for piece in re.split(r"\.(?![^\[]*\])", part):
        name = re.sub(r"\[([^\]]*)\]", r"\1", piece)
        if piece in {"_index", "index"} or (piece.startswith("_") and not piece.startswith("__")):
            continue
        if piece == "$":
            yield Segment(Rank.MAYBE_REST, "*")
        elif piece.startswith("$"):
            yield Segment(Rank.ONE, piece[1:])
        elif _is_group(piece):
            inner = piece[1:-1]
            yield (
                Segment(Rank.MAYBE, inner) if inner.startswith("$") else Segment(Rank.STATIC, inner)
            )
        else:
            yield Segment(Rank.STATIC, name.removesuffix("_"))


def _configured(root: SgNode, config: str) -> Iterator[Route]:
    """Yield the routes that ``route(path, file)`` declares, prefixes of calls around them first."""
    folder = PurePosixPath(config).parent
    for call in root.find_all(pattern="route($$$ARGS)"):
        passed = arguments(call)
        path, file = (literal(node) for node in passed[:2]) if len(passed) > 1 else (None, None)
        if not isinstance(path, str) or not isinstance(file, str):
            continue
        around = [
            literal(arguments(outer)[0])
            for outer in call.ancestors()
            if outer.kind() == "call_expression"
            and (name := outer.field("function")) is not None
            and name.text() in {"prefix", "route"}
            and arguments(outer)
        ]
        whole = [*(text for text in reversed(around) if isinstance(text, str)), path]
        parts = [part for text in whole for part in text.split("/") if part]
        segments = tuple(
            Segment(Rank.MAYBE_REST, "*")
            if part == "*"
            else Segment(Rank.ONE, part[1:])
            if part.startswith(":")
            else Segment(Rank.STATIC, part)
            for part in parts
        )
        yield Route(segments, _handler(str(folder / file), HandlerKind.REMIX, "loader"))


def solidstart(app: Folder) -> Iterator[Route]:
    """Yield ``src/routes/**``: a file that exports a method is an API route."""
    for file in app.under("src/routes"):
        place = PurePosixPath(file)
        if place.suffix not in _SOURCES:
            continue
        parts = [*place.relative_to("src/routes").parts[:-1], place.stem]
        if parts[-1] == "index":
            parts.pop()
        yield _route(file, parts, HandlerKind.SOLIDSTART, "GET")


def tanstack(app: Folder) -> Iterator[Route]:
    """Yield ``src/routes/**``: flat names whose dots are slashes, methods in what the file makes."""
    for file in app.under("src/routes"):
        place = PurePosixPath(file)
        if place.suffix not in _SOURCES or place.name.startswith("-"):
            continue
        parts = [*place.relative_to("src/routes").parts[:-1], place.stem]
        segments = tuple(segment for part in parts for segment in _flat(part) if part != "route")
        methods = _methods_made(app.parsed(file))
        kind = HandlerKind.TANSTACK if methods else HandlerKind.NEXT_PAGE
        yield Route(segments, _handler(file, kind, "GET"), methods or None)


def _methods_made(root: SgNode | None) -> frozenset[str]:
    """Return the methods among the handlers of ``createFileRoute(…)`` and its older forms."""
    names: set[str] = set()
    for object_ in root.find_all(kind="object") if root is not None else ():
        names |= {name for name, _ in pairs(object_)} & {*METHODS, "ANY"}
    return frozenset(METHODS if "ANY" in names else names)


ROUTERS = (
    FileRouter("sveltekit", ("@sveltejs/kit",), sveltekit, HandlerKind.SVELTEKIT),
    FileRouter("astro", ("astro",), astro, HandlerKind.ASTRO),
    FileRouter(
        "remix",
        (
            "@remix-run/node",
            "@remix-run/react",
            "@remix-run/dev",
            "@react-router/dev",
            "@react-router/node",
        ),
        remix,
        HandlerKind.REMIX,
        ignores_node=True,
    ),
    FileRouter(
        "tanstack",
        ("@tanstack/react-start", "@tanstack/solid-start", "@tanstack/start"),
        tanstack,
        HandlerKind.TANSTACK,
        ignores_node=True,
    ),
    FileRouter(
        "solidstart",
        ("@solidjs/start", "solid-start"),
        solidstart,
        HandlerKind.SOLIDSTART,
        ignores_node=True,
    ),
    FileRouter("nuxt", ("nuxt", "nitropack", "nitro"), nitro, HandlerKind.NITRO),
)
"""Nitro is the last: it is also what builds an app of another one."""
BY_FILES = {
    "sveltekit": ("src/routes", ("+server.ts", "+server.js", "+page.svelte")),
}
"""What tells a router from files alone, where package.json says nothing."""

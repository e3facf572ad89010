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

from cronshift.handlers.folder import Folder, handler_in, is_group
from cronshift.handlers.javascript import METHODS
from cronshift.handlers.literals import pairs
from cronshift.handlers.remix_routes import flat_segments, remix
from cronshift.handlers.routes import Rank, Route, Segment
from cronshift.handlers.site_config import base_path
from cronshift.model import HandlerKind
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ast_grep_py import SgNode


_SOURCES = (".ts", ".js", ".mts", ".mjs", ".tsx", ".jsx")
_NITRO_METHOD = lazy_pattern(r"\.(get|post|put|patch|delete|head|options|connect|trace)$")
_SOURCE_FOLDER = lazy_pattern(r"\bsrcDir:\s*[\"'`]([^\"'`$]*)[\"'`]")
_EXTENDED = lazy_pattern(r"\bextends:\s*(\[[^\]]*\]|[\"'`][^\"'`]*[\"'`])")
_QUOTED = lazy_pattern(r"[\"'`]([^\"'`]+)[\"'`]")
_MORE_FOLDERS = lazy_pattern(r"\bscanDirs:\s*\[([^\]]*)\]")
_LOWER_GET = lazy_pattern(r"^export\s+(?:async\s+)?(?:const|let|function)\s+get\b", re.MULTILINE)
_UPPER_ONLY = 4  # the version of Astro
_BRACKETS = lazy_pattern(r"\[(\[)?(\.\.\.)?([^\[\]]*)\]\]?")


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


def _route(
    file: str, parts: list[str], kind: HandlerKind, export: str, rest: Rank = Rank.MAYBE_REST
) -> Route:
    segments = tuple(_bracketed(part, rest=rest) for part in parts if part and not is_group(part))
    return Route(segments, handler_in(file, kind, export))


def sveltekit(app: Folder) -> Iterator[Route]:
    """Yield ``src/routes/**/+server.ts``, and pages where none stands beside them (svelte.dev/docs/kit/routing)."""
    answering = {"+server.ts": 0, "+server.js": 0, "+page.svelte": 1, "+page.svx": 1, "+page.md": 1}
    places = (PurePosixPath(file) for file in app.under("src/routes"))
    files = [place for place in places if re.sub(r"@[^.]*", "", place.name) in answering]
    for place in sorted(files, key=lambda place: answering.get(place.name, 1)):
        is_page = place.name not in {"+server.ts", "+server.js"}
        kind = HandlerKind.NEXT_PAGE if is_page else HandlerKind.SVELTEKIT
        yield _route(str(place), list(place.parts[2:-1]), kind, "default" if is_page else "GET")


def nitro_settings(app: Folder, name: str) -> str:
    """Return the text of ``nuxt.config`` or ``nitro.config``; an empty one where there is none."""
    files = (f"{name}.config{suffix}" for suffix in _SOURCES)
    return next((app.read(file) for file in files if app.has(file)), "")


def nuxt_sources(app: Folder) -> tuple[str, ...]:
    """Return the folders ``server`` of a Nuxt app: its own, and those of the layers that it has here."""
    text = nitro_settings(app, "nuxt")
    source = _SOURCE_FOLDER.search(text)
    extended = (match[1] for match in _EXTENDED.finditer(text))
    layers = [name for listed in extended for name in _QUOTED.findall(listed)]
    nested = {file.split("/")[1] for file in app.under("layers") if file.count("/") > 1}
    here = [str(PurePosixPath(name)) for name in layers if name.startswith(".")]
    folders = [
        "",
        source[1] if source else "",
        *here,
        *(f"layers/{name}" for name in sorted(nested)),
    ]
    named = (str(PurePosixPath(folder) / "server").removeprefix("./") for folder in folders)
    return tuple(dict.fromkeys(named))


def foreign_layer(app: Folder) -> str | None:
    """Return a layer of a Nuxt app that lies elsewhere: a package, a repository, a folder above."""
    text = nitro_settings(app, "nuxt")
    names = (name for match in _EXTENDED.finditer(text) for name in _QUOTED.findall(match[1]))
    return next((name for name in names if not name.startswith("./")), None)


def nitro_sources(app: Folder) -> tuple[str, ...]:
    """Return the folders below which an app's routes are, the first the one to add to.

    Nuxt's is ``server``; Nitro's are those that its configuration names (nitro.build/config), or both usual
    ones where that names none in so many words.
    """
    if "nuxt" in app.dependencies:
        return nuxt_sources(app)
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
        segments = tuple(
            segment for part in parts for segment in flat_segments(part) if part != "route"
        )
        methods = _methods_made(app.parsed(file))
        kind = HandlerKind.TANSTACK if methods else HandlerKind.NEXT_PAGE
        yield Route(segments, handler_in(file, kind, "GET"), methods or None)


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

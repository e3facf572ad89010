"""Vercel's own functions: a file below ``api/`` answers the path it is called by.

Rules: vercel/vercel ``packages/fs-detectors/src/detect-builders.ts`` (``getApiMatches``) and, for
``builds``, the legacy configuration: only what it names is built.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cronshift.handlers.routes import Rank, Route, RouteTable, Segment
from cronshift.model import Handler, HandlerKind
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.python import PythonHandlers
    from cronshift.handlers.tree import SourceTree

_NODE = {".js", ".mjs", ".ts", ".tsx"}
_OTHERS = {".go": "go", ".rb": "ruby", ".rs": "rust"}
_PHP = lazy_pattern(r"(?:@[\w-]+/)?(?:now|vercel)-php\b")
_MOST_STARS = 3  # in one segment; as many ** in all
_INSIDE_A_NAME = {"*": "[^/]*", "?": "[^/]"}
_OTHERS_THAN = lazy_pattern(r"\[[!^]([\w.]+)\]")
_GO_EXPORT = lazy_pattern(r"^func\s+([A-Z]\w*)\s*\(", re.MULTILINE)


class FunctionFiles:
    """The functions of a project, by path.

    Args:
        tree: the project's files.
        document: vercel.json.
        python: knows what a Python file exports.
        ignored: languages that a framework preset builds itself, or not at all.
        app: the folder of the app, which may have functions beside those of the root.
    """

    def __init__(
        self,
        tree: SourceTree,
        document: Any,
        python: PythonHandlers,
        ignored: frozenset[str] = frozenset(),
        app: str = "",
    ) -> None:
        self._base = f"{app}/" if app else ""
        self._tree = tree
        self._python = python
        self._ignored = ignored
        builds = document.get("builds") if isinstance(document, dict) else None
        functions = document.get("functions") if isinstance(document, dict) else None
        self._php = [
            glob(pattern)
            for pattern, options in (functions if isinstance(functions, dict) else {}).items()
            if isinstance(options, dict) and _PHP.match(str(options.get("runtime")))
        ]
        self._builds = builds if isinstance(builds, list) else None

    @cached_property
    def table(self) -> RouteTable:
        """Every function: by its path, and by its path with the extension."""
        return RouteTable(self._routes())

    def has(self, path: str) -> bool:
        """Return whether a file is the function of that very path, which comes before any pattern."""
        route = self.table.answering(path)
        return route is not None and not route.is_pattern

    def by_brackets(self, path: str) -> str | None:
        """Return the file of the function that answers a path only by its brackets."""
        route = self.table.answering(path)
        return route.handler.file if route is not None and route.is_pattern else None

    def too_narrow(self, path: str) -> str:
        """Return, in words, which file is named like a catch-all of a path, as no function can be."""
        parts = [part for part in path.split("/") if part]
        for route in self.table.routes:
            *heads, last = route.segments or (Segment(Rank.STATIC),)
            pairs = zip(heads, parts, strict=False)
            is_above = all(
                head.rank is not Rank.STATIC or head.text == part for head, part in pairs
            )
            if last.text.lstrip("[").startswith("...") and len(heads) <= len(parts) and is_above:
                return f"{route.handler.file} takes one segment, as each function does"
        return ""

    def at(self, path: str) -> Handler | None:
        """Return the function that answers a path, its export looked up."""
        route = self.table.answering(path)
        return self.described(route.handler) if route else None

    def file(self, file: str) -> Handler | None:
        """Return the function in a file that a route names, if it is one of them."""
        names = {route.handler.file: route.handler for route in self.table.routes}
        function = names.get(file.strip("/"))
        return self.described(function) if function else None

    def described(self, handler: Handler) -> Handler:
        """Return a function with the exports of its file."""
        if handler.language == "python":
            return self._python.in_file(handler.file) or handler
        if handler.language == "go":
            match = _GO_EXPORT.search(self._tree.read(handler.file))
            return replace(handler, export=match[1] if match else "Handler")
        return handler

    def _routes(self) -> Iterator[Route]:
        for file in self._files():
            place = PurePosixPath(file)
            language = "php" if self._is_php(file) else _language(place.suffix)
            if language is None or language in self._ignored:
                continue
            export = "default" if place.suffix in _NODE else "handler"
            kind = HandlerKind.NODE_FUNCTION if place.suffix in _NODE else HandlerKind.FUNCTION
            handler = Handler(file, kind, export, language)
            called = PurePosixPath(file.removeprefix(self._base))
            parts = [_segment(part) for part in (*called.parts[:-1], called.stem)]
            literal = tuple(Segment(Rank.STATIC, part) for part in called.parts)
            if self._builds is None:
                if place.stem == "index":
                    yield Route(tuple(parts[:-1]), handler)
                yield Route(tuple(parts), handler)
            yield Route(literal, handler)

    def _files(self) -> Iterator[str]:
        if self._builds is not None:
            for build in self._builds:
                source = build.get("src") if isinstance(build, dict) else None
                if isinstance(source, str) and len(source) < 500:  # noqa: PLR2004 - no path is longer
                    wanted = glob(source.lstrip("/"))
                    yield from (
                        file
                        for file in sorted(self._tree.files)
                        if wanted.fullmatch(file) and not file.endswith("__init__.py")
                    )
            return
        beside = self._tree.under(f"{self._base}api") if self._base else ()
        for file in (*self._tree.under("api"), *beside):
            parts = file.split("/")
            hidden = any(part.startswith((".", "_")) for part in parts)
            if not hidden and not file.endswith((".d.ts", "_test.go")) and self._answers(file):
                yield file

    def _is_php(self, file: str) -> bool:
        """Return whether a runtime of the community makes a function of a file in PHP."""
        if not file.endswith(".php"):
            return False
        return self._builds is not None or any(names.fullmatch(file) for names in self._php)

    def _answers(self, file: str) -> bool:
        """Return whether a Python file has a handler for the runtime; others always answer."""
        return not file.endswith(".py") or self._python.is_function(file)


def _language(suffix: str) -> str | None:
    if suffix in _NODE:
        return "typescript" if suffix.startswith(".ts") else "javascript"
    return "python" if suffix == ".py" else _OTHERS.get(suffix)


def _segment(name: str) -> Segment:
    """Return the segment that a part of a function's name stands for.

    Brackets take one, ``[...x]`` and ``[[...x]]`` too: ``getSegmentName`` of the file above.
    """
    is_one = name.startswith("[") and name.endswith("]")
    return Segment(Rank.ONE, name[1:-1]) if is_one else Segment(Rank.STATIC, name)


def _stars(segment: str) -> int:
    return segment.replace("**", "").count("*")


def glob(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a glob of vercel.json: ``*``, ``**``, ``?``, ``[!_]`` and ``{a,b}``.

    One with so many stars that matching could take forever matches nothing.
    """
    if pattern.count("**") > _MOST_STARS or max(map(_stars, pattern.split("/"))) > _MOST_STARS:
        return re.compile("(?!)")
    out, at, depth = [], 0, 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**/", at):
            out.append("(?:[^/]+/)*")
            at += 2
        elif pattern.startswith("**", at):
            out.append(".*")
            at += 1
        elif char in _INSIDE_A_NAME:
            out.append(_INSIDE_A_NAME[char])
        elif others := _OTHERS_THAN.match(pattern, at):
            out.append(f"[^/{re.escape(others[1])}]")
            at = others.end() - 1
        elif char == "{":
            out.append("(?:")
            depth += 1
        elif char == "}" and depth:
            out.append(")")
            depth -= 1
        elif char == "," and depth:
            out.append("|")
        else:
            out.append(re.escape(char))
        at += 1
    return re.compile("".join(out) + ")" * depth)

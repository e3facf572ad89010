"""The files of a project, listed once and read at most once; nothing outside it, nothing executed."""

from __future__ import annotations

import ast
import json
import os
import re
from bisect import bisect_left
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from cronshift.handlers.listing import BUILT, files_below
from cronshift.model import Location
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.regular_files import read_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ast_grep_py import SgNode

LONGEST = 2_000_000  # bytes of a source; no handler is that long
_LANGUAGES = {
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".py": "python",
    ".go": "go",
}
_SUFFIXES = ("", ".ts", ".tsx", ".js", ".jsx", ".mts", ".mjs", ".cts", ".cjs")
_WRITTEN_AS = {".js": (".ts", ".tsx"), ".mjs": (".mts",), ".cjs": (".cts",), ".jsx": (".tsx",)}
IMPORT = lazy_pattern(r"""\b(?:from|import|require)\s*\(?\s*["']([^"'\n]+)["']""")
"""What imports a module, in a text that is not parsed; the group is its specifier."""

_COMMENT = lazy_pattern(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_MOST_EXTENDED = 4  # tsconfig.json of tsconfig.json
_TRAILING_COMMA = lazy_pattern(r",(\s*[}\]])")


class SourceTree:
    """A project's files as POSIX paths relative to its root.

    Args:
        root: the project's folder.
        edited: files as they will be, by path; ``None`` for one that will be gone.
    """

    def __init__(self, root: Path, edited: Mapping[str, bytes | None] | None = None) -> None:
        self.root = root
        self._top = str(root)
        self._edited = edited or {}
        self._texts: dict[str, str | None] = {}
        self._parsed: dict[str, SgNode | None] = {}
        self._python: dict[str, ast.Module] = {}
        self._calls: dict[str, dict[int, list[SgNode]]] = {}
        self._packages: dict[str, dict[str, str]] = {}
        self._aliases_of: dict[str, dict[str, list[str]]] = {}
        self._imported: dict[tuple[str, str], str | None] = {}

    @cached_property
    def files(self) -> frozenset[str]:
        """Every file that may be source; links are not followed."""
        there = {file for file, data in self._edited.items() if data is not None}
        return frozenset(files_below(self._top)) - self._edited.keys() | there

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.files)

    def under(self, folder: str) -> Iterator[str]:
        """Yield the files below a folder, in order; ``""`` is the root."""
        prefix = f"{folder}/" if folder else ""
        for file in self._sorted[bisect_left(self._sorted, prefix) :]:
            if not file.startswith(prefix):
                return
            yield file

    def has_folder(self, folder: str) -> bool:
        """Return whether there is a file below ``folder``."""
        return next(self.under(folder), None) is not None

    def with_text(self, file: str, text: str) -> SourceTree:
        """Return the same files, one of them with another text."""
        tree = SourceTree(self.root, {**self._edited, file: text.encode()})
        tree.files = self.files
        tree._texts = {**self._texts, file: text}
        tree._parsed = {name: root for name, root in self._parsed.items() if name != file}
        return tree

    def read(self, file: str) -> str:
        """Return a file's text; nothing for one that is missing, too long or not text."""
        if file not in self._texts:
            self._texts[file] = self._read(file)
        return self._texts[file] or ""

    def place_of(self, file: str, text: str) -> Location:
        """Return the first place of a text in a file; the file's beginning where it has none."""
        before, match, _ = self.read(file).partition(text)
        if not match:
            return Location(file, 1)
        return Location(file, before.count("\n") + 1, len(before) - before.rfind("\n"))

    def parsed(self, file: str) -> SgNode | None:
        """Return the root of a file's syntax tree, ``None`` for a language that is not known."""
        if file not in self._parsed:
            self._parsed[file] = parse(self.read(file), language(file))
        return self._parsed[file]

    def python(self, file: str) -> ast.Module:
        """Return the syntax tree of a Python file; an empty one where it is not Python."""
        if file not in self._python:
            self._python[file] = parse_python(self.read(file))
        return self._python[file]

    def is_unparsed(self, file: str) -> bool:
        """Return whether a file is no Python, or newer Python than this one reads."""
        return self.python(file) is _UNPARSED

    def data(self, file: str) -> dict[str, Any]:
        """Return the object in a JSON file, comments and trailing commas allowed; else none."""
        text = self.read(file).removeprefix("\ufeff")
        if not text:
            return {}
        try:
            return _object(json.loads(text))
        except (ValueError, RecursionError):
            bare = _TRAILING_COMMA.sub(r"\1", _COMMENT.sub(lambda match: match[1] or "", text))
        try:
            return _object(json.loads(bare))
        except (ValueError, RecursionError):
            return {}

    @property
    def dependencies(self) -> dict[str, str]:
        """The packages that package.json names, with their ranges."""
        return self.packages("")

    def method_calls(self, file: str, line: int) -> list[SgNode]:
        """Return the calls of methods in a script whose names stand in a line."""
        if file not in self._calls:
            calls = self._calls[file] = dict[int, list["SgNode"]]()
            root = self.parsed(file)
            for call in root.find_all(kind="call_expression") if root is not None else ():
                called = call.field("function")
                verb = called.field("property") if called is not None else None
                if verb is not None:
                    calls.setdefault(verb.range().start.line + 1, []).append(call)
        return self._calls[file].get(line, [])

    def packages(self, folder: str) -> dict[str, str]:
        """Return the packages that a folder's package.json names, with their ranges."""
        if folder not in self._packages:
            self._packages[folder] = self._named(f"{folder}/package.json".lstrip("/"))
        return self._packages[folder]

    def _named(self, file: str) -> dict[str, str]:
        package = self.data(file)
        versions: dict[str, str] = {}
        for kind in ("devDependencies", "dependencies"):
            versions |= {
                name: version
                for name, version in _object(package.get(kind)).items()
                if isinstance(version, str)
            }
        return versions

    def imported(self, file: str, specifier: str) -> str | None:
        """Return the project's file that an import in ``file`` names, if it is one."""
        key = (file, specifier)
        if key not in self._imported:
            self._imported[key] = self._named_by(file, specifier)
        return self._imported[key]

    def _named_by(self, file: str, specifier: str) -> str | None:
        if specifier.startswith("."):
            base = _normal(f"{file.rpartition('/')[0]}/{specifier}")
            built, _, source = (base or "").partition("/")
            return self._module(base) or (self._module(source) if built in BUILT else None)
        for prefix, targets in self._aliases(file).items():
            if prefix.endswith("*") and specifier.startswith(prefix[:-1]):
                rest = specifier[len(prefix) - 1 :]
                for target in targets:
                    if module := self._module(_normal(target.replace("*", rest, 1))):
                        return module
            elif prefix == specifier:
                for target in targets:
                    if module := self._module(_normal(target)):
                        return module
        return self._of_workspace(specifier)

    def followed(self, file: str, specifier: str) -> str | None:
        """Return the file that an import in ``file`` names, if it may be followed."""
        return self.imported(file, specifier)

    def _aliases(self, file: str) -> dict[str, list[str]]:
        """Return the path aliases that hold in a file: of the nearest tsconfig.json that has some."""
        folder = file.rpartition("/")[0]
        if folder not in self._aliases_of:
            self._aliases_of[folder] = self._aliases_in(folder)
        return self._aliases_of[folder]

    def _aliases_in(self, folder: str) -> dict[str, list[str]]:
        place = f"{folder}/" if folder else ""
        aliases: dict[str, list[str]] = {}
        for name in ("tsconfig.json", "jsconfig.json"):
            aliases |= self._configured(f"{place}{name}", _MOST_EXTENDED)
        is_app = folder == "" or f"{place}package.json" in self.files
        if not aliases and not is_app:
            return self._aliases(folder)
        aliases.setdefault("@/*", [f"{place}src/*", f"{place}*"])
        aliases.setdefault("~/*", [f"{place}src/*", f"{place}app/*", f"{place}*"])
        aliases.setdefault("$lib/*", [f"{place}src/lib/*"])
        return aliases

    def _configured(self, file: str, depth: int) -> dict[str, list[str]]:
        """Return the aliases of a tsconfig.json, else of the one that it extends."""
        document = self.data(file)
        options = _object(document.get("compilerOptions"))
        base = options.get("baseUrl")
        folder = file.rpartition("/")[0]
        start = f"{folder}/{base if isinstance(base, str) else '.'}"
        paths = _object(options.get("paths"))
        if not paths and not isinstance(base, str):
            above = document.get("extends")
            above = above[-1] if isinstance(above, list) and above else above
            if depth and isinstance(above, str) and above.startswith("."):
                name = _normal(f"{folder}/{above}") or ""
                return self._configured(
                    name if name.endswith(".json") else f"{name}.json", depth - 1
                )
            return {}
        aliases = {
            alias: [f"{start}/{target}" for target in targets if isinstance(target, str)]
            for alias, targets in paths.items()
            if isinstance(targets, list)
        }
        return {**aliases, **({"*": [f"{start}/*"]} if isinstance(base, str) else {})}

    def _of_workspace(self, specifier: str) -> str | None:
        """Return the file of a package of the same repository."""
        parts = specifier.split("/")
        size = 2 if specifier.startswith("@") else 1
        folder = self._workspace.get("/".join(parts[:size]))
        if folder is None:
            return None
        rest = "/".join(parts[size:])
        package = self.data(f"{folder}/package.json")
        named = _object(package.get("exports")).get(f"./{rest}" if rest else ".")
        named = next((leaf for leaf in _leaves(named)), None) or (
            package.get("main") if not rest else None
        )
        tried = [named] if isinstance(named, str) else []
        tried += [rest, f"src/{rest}"] if rest else ["src/index", "index"]
        places = (_normal(f"{folder}/{stem}") for stem in tried)
        return next((module for place in places if (module := self._module(place))), None)

    @cached_property
    def _workspace(self) -> dict[str, str]:
        """The folders of the packages of this repository, by their names."""
        folders: dict[str, str] = {}
        for file in self._sorted:
            if file.endswith("/package.json"):
                name = self.data(file).get("name")
                if isinstance(name, str):
                    folders.setdefault(name, file.rpartition("/")[0])
        return folders

    def _module(self, base: str | None) -> str | None:
        if base is None:
            return None
        stem, suffix = os.path.splitext(base)  # noqa: PTH122 - text, not a file
        candidates = [base + suffix for suffix in _SUFFIXES]
        candidates += [stem + other for other in _WRITTEN_AS.get(suffix, ())]
        candidates += [f"{base}/index{suffix}" for suffix in _SUFFIXES[1:]]
        return next((name for name in candidates if name in self.files), None)

    def _read(self, file: str) -> str | None:
        if file not in self.files:
            return None
        if (data := self._edited.get(file)) is not None:
            return _decoded(data)
        try:
            data = read_at(None, f"{self._top}/{file}", LONGEST)
        except OSError:
            return None
        return _decoded(data)


def language(file: str) -> str | None:
    """Return the language that a file's name tells, as the parser calls it."""
    return _LANGUAGES.get(os.path.splitext(file)[1])  # noqa: PTH122 - a thousand times


def parse(text: str, name: str | None) -> SgNode | None:
    """Return the root of a text's syntax tree; broken text has one too."""
    if name is None:
        return None
    from ast_grep_py import SgRoot

    return SgRoot(text, name).root()


_UNPARSED = ast.Module([], [])


def parse_python(text: str) -> ast.Module:
    """Return a text's syntax tree; an empty one where it is not Python."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _UNPARSED


def is_broken(root: SgNode) -> bool:
    """Return whether a syntax tree has parts that the parser could not read."""
    return root.find(kind="ERROR") is not None


def span_of(node: SgNode) -> tuple[int, int]:
    """Return the beginning and the end of a node, in characters of its text."""
    place = node.range()
    return place.start.index, place.end.index


def _decoded(data: bytes) -> str:
    """Return the text of a file, without the byte order mark that editors put before some."""
    return data.decode(errors="replace").removeprefix("\ufeff")


@cache
def _normal(path: str) -> str | None:
    """Return a relative path without ``.`` and ``..``; ``None`` where it leaves the project."""
    parts: list[str] = []
    for part in path.split("/"):
        if part in {"", "."}:
            continue
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return None
    return "/".join(parts)


def _leaves(value: Any) -> Iterator[str]:
    """Yield the files that an entry of ``exports`` names, whatever the condition."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else ():
        yield from _leaves(inner)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def is_in_comment(root: SgNode | None, offset: int) -> bool:
    """Return whether a character of a parsed source, counted from 0, stands in a comment."""
    if root is None:
        return False
    return any(
        span.start.index <= offset < span.end.index
        for node in root.find_all(kind="comment")
        for span in [node.range()]
    )

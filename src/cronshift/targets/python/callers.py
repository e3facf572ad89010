"""Other places in a project that name the path of a Python route: those that call it, and those that only speak of it."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.targets.direct.other_callers import in_words
from cronshift.targets.seal import is_untouched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

_CALLING = (".bash", ".html", ".http", ".js", ".json", ".jsx", ".mjs", ".rest", ".sh", ".toml", ".ts", ".tsx", ".vue",
            ".yaml", ".yml")  # fmt: skip
_CALLING_NAMES = frozenset({"Makefile", "justfile", "Procfile", "crontab"})
_NEVER_CALLING = frozenset(
    {"cronshift.toml", "cronshift.ownership.json", "package-lock.json", "vercel.json", "now.json"}
)
_DESCRIBING = re.compile(r'"openapi":|^openapi:', re.MULTILINE)
"""What a description of an API says of itself."""
_NAMING = frozenset({"add_api_route", "add_url_rule", "endswith", "startswith"})
_ANSWERS = frozenset(
    {"dict", "jsonify", "JsonResponse", "JSONResponse", "ORJSONResponse", "Response"}
)


class PathUses(Struct, frozen=True):
    """The places that name a path, as ``file:line``: those that may call it, and those that only tell of it."""

    calls: tuple[str, ...]
    mentions: tuple[str, ...]

    @property
    def callers(self) -> str | None:
        """The places that call it, in words; ``None`` where none does."""
        return in_words([f"called by {place}" for place in self.calls])


def uses_of(tree: SourceTree, out: str, path: str) -> PathUses:
    """Return the places that name a route's path.

    Args:
        tree: the project's files.
        out: the folder of what is generated.
        path: of the entry, without its query.
    """
    spoken = re.compile(rf"{re.escape(path)}(?![\w/-])")
    lines = [
        (f"{file}:{line}", is_call)
        for file in sorted(tree.files)
        if not file.startswith(f"{out}/") and spoken.search(text := tree.read(file))
        for line, is_call in _lines(file, text, spoken)
    ]
    calls = tuple(place for place, is_call in lines if is_call)
    return PathUses(calls, tuple(place for place, is_call in lines if not is_call))


def _lines(file: str, text: str, spoken: re.Pattern[str]) -> Iterator[tuple[int, bool]]:
    """Yield the lines of a file that name a path, and whether they call it; none of those that declare the route."""
    name = PurePosixPath(file).name
    if name in _NEVER_CALLING or is_untouched(text):
        return
    if file.endswith(".py"):
        yield from _in_python(text, spoken)
    elif file.endswith(_CALLING) or name in _CALLING_NAMES:
        is_call = _DESCRIBING.search(text) is None
        for match in spoken.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, is_call


def _in_python(text: str, spoken: re.Pattern[str]) -> Iterator[tuple[int, bool]]:
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    declaring, telling = set[ast.AST](), set[ast.AST]()
    for node in ast.walk(module):
        for part in (*getattr(node, "decorator_list", ()), *_declared(node)):
            declaring |= set(ast.walk(part))
        for part in _described(node):
            telling |= set(_values(part))
    for node in ast.walk(module):
        match node:
            case ast.Constant(value=str(words)) if node not in declaring and spoken.search(words):
                yield node.lineno, node not in telling


def _declared(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that declare a route, compare a path with one, or say something to whoever reads them."""
    match node:
        case ast.Expr(value=ast.Constant()):
            yield node
        case ast.Call(func=ast.Name(id="path" | "re_path" | "print" | "Route")):
            yield node
        case ast.Call(func=ast.Attribute(value=ast.Name(id="logger" | "logging" | "log"))):
            yield node
        case ast.Call(func=ast.Attribute(attr=name), args=[first, *_]) if name in _NAMING:
            yield first
        case ast.Compare(left=left, comparators=others):
            yield from (part for each in (left, *others) for part in _values(each))


def _described(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the values that a function answers with: a path in one is told, and called by nobody here."""
    match node:
        case ast.Return(value=ast.Call(func=made, args=arguments, keywords=words)):
            if ast.unparse(made).rpartition(".")[2] in _ANSWERS:
                yield from (*arguments, *(word.value for word in words))
        case ast.Return(value=ast.Dict() as value):
            yield value


def _values(node: ast.expr) -> Iterator[ast.AST]:
    """Yield the texts that a value spells out, however deep."""
    match node:
        case ast.Constant():
            yield node
        case (
            ast.Dict(values=parts)
            | ast.List(elts=parts)
            | ast.Tuple(elts=parts)
            | ast.Set(elts=parts)
        ):
            for part in parts:
                yield from _values(part)

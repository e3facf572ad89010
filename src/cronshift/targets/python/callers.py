"""Other callers of a Python route: the places in a project that name its path."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

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
_SHOWN = 3


def callers_of(tree: SourceTree, out: str, path: str) -> str | None:
    """Return the places that name a route's path, in words; ``None`` where no other does.

    Args:
        tree: the project's files.
        out: the folder of what is generated.
        path: of the entry, without its query.
    """
    spoken = re.compile(rf"{re.escape(path)}(?![\w/-])")
    places = [
        f"called by {file}:{line}"
        for file in sorted(tree.files)
        if not file.startswith(f"{out}/") and spoken.search(text := tree.read(file))
        for line in _lines(file, text, spoken)
    ]
    return f"it is {' and '.join(places[:_SHOWN])}" if places else None


def _lines(file: str, text: str, spoken: re.Pattern[str]) -> Iterator[int]:
    """Yield the lines of a file that call a path; of Python, those of its texts that declare no route."""
    name = PurePosixPath(file).name
    if name in _NEVER_CALLING or is_untouched(text):
        return
    if file.endswith(".py"):
        yield from _in_python(text, spoken)
    elif file.endswith(_CALLING) or name in _CALLING_NAMES:
        yield from (text.count("\n", 0, match.start()) + 1 for match in spoken.finditer(text))


def _in_python(text: str, spoken: re.Pattern[str]) -> Iterator[int]:
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    declaring = {
        each
        for node in ast.walk(module)
        for part in (*getattr(node, "decorator_list", ()), *_speaking(node))
        for each in ast.walk(part)
    }
    for node in ast.walk(module):
        match node:
            case ast.Constant(value=str(words)) if node not in declaring and spoken.search(words):
                yield node.lineno


def _speaking(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node that only says something, or declares a route of Django: no call of a path."""
    match node:
        case ast.Expr(value=ast.Constant()):
            yield node
        case ast.Call(func=ast.Name(id="path" | "re_path" | "print")):
            yield node
        case ast.Call(func=ast.Attribute(value=ast.Name(id="logger" | "logging" | "log"))):
            yield node

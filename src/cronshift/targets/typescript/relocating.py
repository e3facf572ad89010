"""The move of a module: its relative imports, rewritten so that they lead where they led before."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from cronshift.handlers.tree import language, parse, span_of
from cronshift.vercel.splicing import spliced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ast_grep_py import Rule, SgNode

_DEEP = "/deep" * 32  # a place for the project, so that imports may lead out of it
_STATEMENTS = ("import_statement", "export_statement")
_TYPED_STATEMENTS = ("import_require_clause",)
"""Those that JavaScript's parser has no name for, and refuses to look for."""
_TIED = re.compile(r"\b__dirname\b|\b__filename\b|\bimport\.meta\b")


def relocated(source: str, old: str, new: str) -> str | None:
    """Return a module's text for another place; only the specifiers of relative imports differ.

    ``None`` where the code asks where it stands, so that moving it would change what it does.

    Args:
        source: TypeScript or JavaScript.
        old: the path it has, relative to the project's root.
        new: the path it gets.
    """
    name = language(old)
    root = parse(source, name)
    if root is None or _TIED.search(source):
        return None
    here, there = (posixpath.join(_DEEP, posixpath.dirname(path)) for path in (old, new))
    statements = [*_STATEMENTS, *(_TYPED_STATEMENTS if name in {"typescript", "tsx"} else ())]
    splices = []
    for start, end, specifier in _specifiers(root, statements):
        target = posixpath.normpath(posixpath.join(here, specifier))
        moved = posixpath.relpath(target, there)
        moved = moved if moved.startswith(".") else f"./{moved}"
        if specifier.endswith("/") and specifier.strip("./"):
            moved += "/"
        splices.append((start, end, moved))
    return spliced(source, splices)


def _specifiers(root: SgNode, statements: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the relative specifiers, with where they begin and end between their quotes."""
    within: list[Rule] = [{"inside": {"kind": kind, "stopBy": "neighbor"}} for kind in statements]
    for node in root.find_all({"rule": {"kind": "string", "any": [
        *within,
        {"inside": {"kind": "arguments", "stopBy": "neighbor", "inside": {
            "kind": "call_expression", "stopBy": "neighbor",
            "has": {"field": "function", "regex": r"^(import|require|require\.resolve)$"}}}},
    ]}}):  # fmt: skip
        text = node.text()[1:-1]
        if text.startswith("."):
            start, end = span_of(node)
            yield start + 1, end - 1, text

"""Imports in the order that biome, ``import/order`` and ``simple-import-sort`` have in common.

Packages, then the app's aliases, then relative paths, the farthest folder first, each by its path.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cronshift.handlers.literals import text_of
from cronshift.handlers.tree import parse, span_of
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.vercel.splicing import spliced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

_ALIAS = lazy_pattern(r"[~#]|@/")


def sorted_imports(text: str) -> str:
    """Return TypeScript or JavaScript with the imports in order that stand on lines below each other."""
    root = parse(text, "typescript")
    if root is None:
        raise ValueError("TypeScript is a language that is known")
    splices = []
    for block in _blocks(root, text):
        in_order = sorted(block, key=_place)
        splices += [
            (*span_of(node), other.text()) for node, other in zip(block, in_order, strict=True)
        ]
    return spliced(text, splices)


def _blocks(root: SgNode, text: str) -> Iterator[list[SgNode]]:
    """Yield the imports with nothing but the end of a line between them."""
    block: list[SgNode] = []
    for node, following in pairwise([*root.children(), None]):
        if node is not None and node.kind() == "import_statement" and node.field("source"):
            block.append(node)
            end = span_of(node)[1]
            if following is not None and text[end : span_of(following)[0]] == "\n":
                continue
        if block:
            yield block
        block = []


def _place(node: SgNode) -> tuple[int, int, str]:
    source = node.field("source")
    path = text_of(source) if source is not None else ""
    if path.startswith("."):
        return 2, -path.count("../"), path
    return (1 if _ALIAS.match(path) else 0), -path.startswith("node:"), path

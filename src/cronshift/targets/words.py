"""A TypeScript file without its formatting: two with the same words say the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.tree import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

_CLOSING = {")", "]", "}", ">"}
_ESCAPED_QUOTE = re.compile(r"\\([\"'])")


def words(text: str) -> list[str]:
    """Return the words of TypeScript, in order.

    Gone are line breaks and indentation, semicolons, the kind of quotes, commas before a closing
    bracket, a union's leading bar, and the parentheses of an arrow function's only parameter. What
    stands in strings, templates, regular expressions and comments is kept.
    """
    root = parse(text, "typescript")
    spelled = list(_words(root)) if root is not None else []
    following = [*spelled[1:], ""]
    return [
        word
        for word, after in zip(spelled, following, strict=True)
        if word != ";" and not (word == "," and after in _CLOSING)
    ]


def _words(node: SgNode) -> Iterator[str]:
    kind, text, parts = node.kind(), node.text(), node.children()
    if kind == "string" and node.is_named():  # the type `string` is of this kind too
        yield '"' + _ESCAPED_QUOTE.sub(r"\1", text[1:-1])
    elif kind == "comment":
        yield "\n".join(line.strip() for line in text.splitlines())
    elif kind == "regex" or not parts:
        yield text
    else:
        for part in _needed(node, parts):
            yield from _words(part)


def _needed(node: SgNode, parts: list[SgNode]) -> list[SgNode]:
    """Return a node's parts without those that formatters leave out or put in."""
    if node.kind() == "union_type" and parts[0].kind() == "|":
        return parts[1:]
    holder = node.parent()
    if node.kind() == "formal_parameters" and holder is not None:
        named = [part for part in parts if part.is_named()]
        is_name = len(named) == 1 and [child.kind() for child in named[0].children()] == [
            "identifier"
        ]
        return named if is_name and holder.kind() == "arrow_function" else parts
    return parts

"""Values that JavaScript and TypeScript spell out, read without running them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

UNKNOWN = object()
"""A value that only running the code would tell."""

_DEEPEST = 100  # values within values


def pairs(node: SgNode) -> Iterator[tuple[str, SgNode]]:
    """Yield the keys and values of an object that are written plainly."""
    for child in node.children():
        if child.kind() == "pair":
            key, value = child.field("key"), child.field("value")
            if key is not None and value is not None:
                yield text_of(key), value
        elif child.kind() == "method_definition":
            key = child.field("name")
            if key is not None:
                yield text_of(key), child
        elif child.kind() == "shorthand_property_identifier":
            yield child.text(), child


def text_of(node: SgNode) -> str:
    """Return a string's content, or a name as it stands."""
    text = node.text()
    return text[1:-1] if node.kind() in {"string", "template_string"} and len(text) > 1 else text


def literal(node: SgNode | None, depth: int = _DEEPEST) -> Any:
    """Return the value a literal spells; :data:`UNKNOWN` for a computed one."""
    if node is None or depth == 0:
        return UNKNOWN
    kind, text = node.kind(), node.text()
    if kind == "string" or (kind == "template_string" and "${" not in text):
        return text[1:-1].replace("\\\\", "\\")
    if kind == "number":
        return _number(text)
    if kind in {"true", "false"}:
        return kind == "true"
    if kind in {"null", "undefined"}:
        return None
    if kind == "array":
        return [
            literal(child, depth - 1)
            for child in node.children()
            if child.is_named() and child.kind() != "comment"
        ]
    if kind == "object":
        return {key: literal(value, depth - 1) for key, value in pairs(node)}
    if kind in {"as_expression", "satisfies_expression"}:
        return literal(node.child(0), depth - 1)
    if kind == "binary_expression":
        return _product(node, depth - 1)
    return UNKNOWN


def _number(text: str) -> Any:
    try:
        return float(text.replace("_", "")) if "." in text else int(text.replace("_", ""), 0)
    except ValueError:
        return UNKNOWN


def _product(node: SgNode, depth: int) -> Any:
    """Return ``60 * 5``, the one calculation that people write for durations."""
    left, right = (literal(node.field(side), depth) for side in ("left", "right"))
    operator = node.field("operator")
    if (
        operator is None
        or operator.text() != "*"
        or not all(isinstance(v, int) for v in (left, right))
    ):
        return UNKNOWN
    return left * right

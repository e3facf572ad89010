"""Conditions of a configuration, and the parts of it that hold in production on Vercel."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from cronshift.handlers.literals import literal
from cronshift.handlers.values import Expression, follow
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_VARIABLES = {"NODE_ENV": "production", "VERCEL_ENV": "production", "VERCEL": "1"}
_VARIABLE = lazy_pattern(r"process\.env\.(\w+)|process\.env\[[\"'](\w+)[\"']\]")
_EQUAL, _UNEQUAL = {"===", "=="}, {"!==", "!="}
_DEEPEST = 10  # conditions within conditions
_MOST = 50  # conditions that one part stands behind


def in_production(
    tree: SourceTree, file: str, condition: SgNode | None, depth: int = _DEEPEST
) -> bool | None:
    """Return the outcome of a condition in production; ``None`` where only running it tells."""
    if condition is None or depth == 0:
        return None
    node = follow(tree, Expression(file, condition)).node
    if node.kind() == "unary_expression" and node.text().startswith("!"):
        inner = in_production(tree, file, node.field("argument"), depth - 1)
        return None if inner is None else not inner
    if node.kind() == "binary_expression":
        return _of_both(tree, file, node, depth - 1)
    text = _variable(node)
    return bool(text) if text is not None else None


def is_taken(
    tree: SourceTree, file: str, node: SgNode, within: SgNode | None = None
) -> bool | None:
    """Return whether production comes to a part of a configuration; ``None`` where that hangs on more.

    The conditions are those in ``within``, or in the whole file where that is left out.
    """
    whole: bool | None = True
    conditions = list(islice(_conditions(node, within), _MOST + 1))
    if len(conditions) > _MOST:
        return None
    for condition, wanted in conditions:
        outcome = in_production(tree, file, condition)
        if outcome is not None and outcome is not wanted:
            return False
        whole = whole if outcome is not None else None
    return whole


def _conditions(node: SgNode, within: SgNode | None) -> Iterator[tuple[SgNode | None, bool]]:
    """Yield the conditions that a node stands behind, and the outcome that leads to it."""
    child = node
    for parent in node.ancestors():
        if parent.kind() in {"ternary_expression", "if_statement"}:
            if not _is(parent.field("condition"), child):
                yield parent.field("condition"), _is(parent.field("consequence"), child)
        elif parent.kind() == "binary_expression" and _is(parent.field("right"), child):
            operator = parent.field("operator")
            if operator is not None and operator.text() in {"&&", "||"}:
                yield parent.field("left"), operator.text() == "&&"
        elif parent.kind() == "statement_block":
            for before in child.prev_all():
                if before.kind() == "if_statement" and before.find(kind="return_statement"):
                    yield before.field("condition"), False
        if within is not None and _is(within, parent):
            return
        child = parent


def _is(node: SgNode | None, other: SgNode) -> bool:
    if node is None:
        return False
    ranges = [(part.range().start.index, part.range().end.index) for part in (node, other)]
    return ranges[0] == ranges[1] and node.kind() == other.kind()


def _of_both(tree: SourceTree, file: str, node: SgNode, depth: int) -> bool | None:
    operator = node.field("operator")
    sign = operator.text() if operator is not None else ""
    sides = [node.field("left"), node.field("right")]
    if sign in {"&&", "||"}:
        outcomes = [in_production(tree, file, side, depth) for side in sides]
        decides = sign == "||"
        if decides in outcomes:
            return decides
        return None if None in outcomes else not decides
    if sign not in _EQUAL | _UNEQUAL:
        return None
    texts = [_variable(side) or literal(side) for side in sides if side is not None]
    if not all(isinstance(text, str) for text in texts):
        return None
    return (texts[0] == texts[1]) is (sign in _EQUAL)


def _variable(node: SgNode) -> str | None:
    """Return the value of a variable that Vercel sets in production."""
    match = _VARIABLE.fullmatch(node.text())
    return _VARIABLES.get(match[1] or match[2]) if match is not None else None

"""Branches that ask for the method, which a call by Vercel's cron settles: it is GET."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import arguments
from cronshift.handlers.literals import literal, text_of
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.built_answer import lead_of
from cronshift.targets.direct.javascript.chains import operator_of
from cronshift.targets.direct.javascript.endings import ends
from cronshift.targets.direct.javascript.handler import (
    RouteFunction,
    bound_in,
    names_in,
    statements_of,
)

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_CALLED = "GET"
_SAME, _OTHER = {"===", "=="}, {"!==", "!="}
_MISSING = {"??", "||"}
_HOISTED = {"function_declaration", "variable_declaration"}
"""What holds before it stands."""
_AROUND = {"as_expression": 0, "non_null_expression": 0, "parenthesized_expression": 1}
"""What may stand around a value, and which child that is."""


def with_method_settled(text: str, function: RouteFunction, request: str) -> str | None:
    """Return a module's text without the branches that another method takes; ``None`` without any.

    Args:
        text: of the module.
        function: of its route.
        request: what it calls its request.
    """
    edits, is_changed = Edits(text), False
    for node in function.own_nodes():
        if node.kind() != "if_statement" or edits.covers(*span_of(node)):
            continue
        truth = _truth(node.field("condition"), f"{request}.method")
        if truth is not None and _take_branch(function, node, edits, truth=truth):
            is_changed = True
    return edits.result() if is_changed else None


def _take_branch(function: RouteFunction, statement: SgNode, edits: Edits, *, truth: bool) -> bool:
    """Have a branch stand for the statement that always takes it; return whether its names allow that."""
    clause = statement.field("alternative")
    other = next((node for node in clause.children() if node.is_named()), None) if clause else None
    taken = statement.field("consequence") if truth else other
    if taken is None:
        edits.remove_lines(*span_of(statement))
        return True
    inner = statements_of(taken)
    block = statement.parent()
    if not inner or block is None or block.kind() != "statement_block":
        return False
    outside = [node for node in names_in(function.body) if not _is_within(node, taken)]
    if bound_in(taken) & {node.text() for node in outside}:
        return False
    start, end = span_of(statement)
    edits.replace(start, end, _out_of_block(inner, edits.text, lead_of(statement)))
    if ends(inner):
        for behind in statements_of(block):
            if span_of(behind)[0] > start and behind.kind() not in _HOISTED:
                edits.remove_lines(*span_of(behind))
    return True


def _out_of_block(statements: list[SgNode], text: str, lead: str) -> str:
    """Return statements as they stand outside of their block; the lines of a long text stay as they are."""
    written = text[span_of(statements[0])[0] : span_of(statements[-1])[1]]
    texts = [text for each in statements for text in each.find_all(kind="template_string")]
    if any("\n" in each.text() for each in texts):
        return written
    return written.replace(f"\n{lead_of(statements[0])}", f"\n{lead}")


def _is_within(node: SgNode, outer: SgNode) -> bool:
    return span_of(outer)[0] <= span_of(node)[0] and span_of(node)[1] <= span_of(outer)[1]


def _plain(node: SgNode | None) -> SgNode | None:
    while node is not None and node.kind() in _AROUND:
        node = node.child(_AROUND[node.kind()])
    return node


def _truth(condition: SgNode | None, method: str) -> bool | None:
    """Return whether a condition on the method holds; ``None`` where it asks for more."""
    node = _plain(condition)
    if node is None:
        return None
    if node.kind() == "unary_expression" and node.text().startswith("!"):
        inner = _truth(node.field("argument"), method)
        return None if inner is None else not inner
    if node.kind() == "call_expression":
        return _listed(node, method)
    operator = operator_of(node)
    left, right = node.field("left"), node.field("right")
    if operator in {"&&", "||"}:
        first = _truth(left, method)
        is_settled = first is not None and first is (operator == "||")
        return first if is_settled or first is None else _truth(right, method)
    if operator in _SAME | _OTHER:
        sides = [
            side for side in (left, right) if side is not None and not _is_method(side, method)
        ]
        value = _plain(sides[0]) if len(sides) == 1 else None
        if value is None or value.kind() != "string":
            return None
        return (text_of(value) == _CALLED) is (operator in _SAME)
    return None


def _listed(call: SgNode, method: str) -> bool | None:
    """Return whether ``["GET", "POST"].includes(request.method)``."""
    called, passed = call.field("function"), arguments(call)
    listed, member = (called.field("object"), called.field("property")) if called else (None, None)
    values = literal(_plain(listed)) if listed is not None else None
    is_asked = member is not None and member.text() == "includes" and len(passed) == 1
    if not is_asked or not isinstance(values, list) or not _is_method(passed[0], method):
        return None
    return _CALLED in values


def _is_method(node: SgNode, method: str) -> bool:
    """Return whether an expression is the request's method, or nothing where there were none."""
    plain = _plain(node)
    if plain is None:
        return False
    if operator_of(plain) in _MISSING and (left := plain.field("left")) is not None:
        return _is_method(left, method)
    text = "".join(plain.text().split()).replace("?.", ".")
    return text in {method, f"{method}.toUpperCase()"}

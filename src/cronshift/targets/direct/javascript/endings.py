"""Ends of a function: whether statements surely end it, and what stands behind one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import span_of
from cronshift.targets.direct.javascript.handler import RouteFunction, every, statements_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ast_grep_py import SgNode

_WAYS = {"switch_case", "switch_default"}
_LOOPS = {
    "do_statement",
    "for_in_statement",
    "for_statement",
    "switch_statement",
    "while_statement",
}


def following_of(statement: SgNode) -> SgNode | None:
    """Return the statement right behind another, in its block."""
    parent = statement.parent()
    siblings = (
        statements_of(parent) if parent is not None and parent.kind() == "statement_block" else []
    )
    spans = [span_of(each) for each in siblings]
    at = spans.index(span_of(statement)) + 1 if span_of(statement) in spans else len(siblings)
    return siblings[at] if at < len(siblings) else None


def is_last(function: RouteFunction, statement: SgNode) -> bool:
    """Return whether nothing is done behind a statement that has none behind it in its block."""
    node = statement
    for ancestor in statement.ancestors():
        if span_of(ancestor) == span_of(function.body):
            return True
        kind = ancestor.kind()
        if kind in _LOOPS:
            return False
        if kind in {"if_statement", "try_statement"} and following_of(ancestor) is not None:
            return False
        if kind == "try_statement" and ancestor.field("finalizer") is not None:
            return False
        node = ancestor
    return node is statement


def ends(statements: Sequence[SgNode]) -> bool:
    """Return whether statements surely end with a result or an error."""
    if not statements:
        return False
    last = statements[-1]
    kind = last.kind()
    if kind in {"return_statement", "throw_statement"}:
        return True
    if kind == "statement_block":
        return ends(statements_of(last))
    if kind == "if_statement":
        alternative, consequence = last.field("alternative"), last.field("consequence")
        other = (
            next((node for node in alternative.children() if node.is_named()), None)
            if alternative
            else None
        )
        if other is None or consequence is None:
            return False
        return ends(statements_of(consequence)) and ends(statements_of(other))
    if kind == "switch_statement":
        return _switch_ends(last)
    if kind == "try_statement":
        body, handler = last.field("body"), last.field("handler")
        caught = handler.field("body") if handler is not None else None
        whole = body is not None and ends(statements_of(body))
        return whole and (handler is None or (caught is not None and ends(statements_of(caught))))
    return kind == "while_statement" and "(true)" in last.text()[:14] and "break" not in last.text()


def _switch_ends(statement: SgNode) -> bool:
    """Return whether every way through a ``switch`` ends, with one for what none of its cases names: each leads to the last."""
    body = statement.field("body")
    ways = [each for each in body.children() if each.kind() in _WAYS] if body is not None else []
    leaves = any(node.kind() == "break_statement" for each in ways for node in every(each))
    if leaves or not any(each.kind() == "switch_default" for each in ways):
        return False
    value = ways[-1].field("value")
    parts = [each for each in ways[-1].children() if each.is_named() and each != value]
    return ends([each for each in parts if each.kind() != "comment"])

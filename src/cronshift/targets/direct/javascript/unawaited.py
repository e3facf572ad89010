"""Promises that an answer is made of: JSON makes nothing of one, where a function that returns it would wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS, arguments, line_of, locally
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.answers import is_made_of_json, short
from cronshift.targets.direct.javascript.subjects import PURE_FUNCTIONS, PURE_METHODS

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.targets.direct.javascript.handler import RouteFunction
    from cronshift.targets.direct.javascript.subjects import ScriptScope

_AROUND = {
    "parenthesized_expression": 1,
    "as_expression": 0,
    "satisfies_expression": 0,
    "non_null_expression": 0,
}
_PLAIN_HOLDERS = {"Array", "JSON", "Math", "Number", "Object", "String", "structuredClone"}
_PLAIN_METHODS = PURE_METHODS | {
    "flat",
    "reduce",
    "reverse",
    "sort",
    "toISOString",
    "toJSON",
    "toFixed",
    "entries",
}


def refuse_unawaited(function: RouteFunction, scope: ScriptScope) -> None:
    """Refuse an answer whose whole body may be a promise: its result would be another.

    Raises:
        NotCertainError: with the call that nobody waits for.
    """
    for node in function.own_nodes():
        body = next(iter(arguments(node)), None) if is_made_of_json(node) else None
        while body is not None and body.kind() in _AROUND:
            body = body.child(_AROUND[body.kind()])
        if body is not None and body.kind() == "call_expression" and _may_wait(body, scope):
            raise NotCertainError(
                line_of(body), f"answers with {short(body)}, which it may not wait for"
            )


def _may_wait(call: SgNode, scope: ScriptScope) -> bool:
    """Return whether a call may give a promise."""
    called = call.field("function")
    if called is None:
        return True
    if called.kind() == "member_expression":
        holder, member = called.field("object"), called.field("property")
        is_plain = holder is not None and holder.text() in _PLAIN_HOLDERS
        return not is_plain and (member is None or member.text() not in _PLAIN_METHODS)
    if called.text() in _PLAIN_HOLDERS or PURE_FUNCTIONS.fullmatch(called.text()):
        return False
    definition = locally(scope.tree, scope.file, called.text())
    node = definition.node if definition is not None and not definition.wrappers else None
    if node is None or node.kind() not in FUNCTIONS:
        return True
    typed = node.field("return_type")
    return node.text().startswith("async") or (typed is not None and "Promise" in typed.text())

"""The needs of a handler that only its framework meets: members of the event beside those of a call.

A handler takes one event; what a call of Vercel's cron has of it can be given to it by anybody. One that
takes more, passes the event on whole, or is not written as a function, needs the framework around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS, define, line_of
from cronshift.model import HandlerKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

_OF_A_CALL = {
    HandlerKind.SVELTEKIT: frozenset(
        {"request", "url", "params", "fetch", "isDataRequest", "isSubRequest"}
    ),
    HandlerKind.ASTRO: frozenset({"request", "url", "params", "redirect"}),
    HandlerKind.REMIX: frozenset({"request", "params"}),
    HandlerKind.SOLIDSTART: frozenset({"request", "params"}),
}


def needs_framework(tree: SourceTree, handler: Handler) -> str | None:
    """Return the place at which a handler needs more than a call gives it, if it does: ``file:line``."""
    members = _OF_A_CALL.get(handler.kind)
    if members is None:
        return None
    definition = define(tree, handler.file, handler.export)
    if definition is None or definition.node.kind() not in FUNCTIONS or definition.wrappers:
        return f"{handler.file}:{handler.line}"
    need = next(_needs(definition.node, members), None)
    return f"{definition.file}:{line_of(need)}" if need is not None else None


def _needs(function: SgNode, members: frozenset[str]) -> Iterator[SgNode]:
    """Yield the nodes by which a function takes more of its event than ``members``."""
    parameter = _first_parameter(function)
    if parameter is None:
        return
    if parameter.kind() == "object_pattern":
        yield from _taken(parameter, members)
        return
    body = function.field("body")
    if parameter.kind() != "identifier" or body is None:
        yield parameter
        return
    for node in body.find_all(kind="identifier", pattern=parameter.text()):
        holder = node.parent()
        if holder is None or holder.kind() not in {"member_expression", "variable_declarator"}:
            yield node
        elif holder.kind() == "member_expression":
            name = holder.field("property")
            if holder.field("object") == node and (name is None or name.text() not in members):
                yield node
        else:
            pattern = holder.field("name")
            if pattern is None or pattern.kind() != "object_pattern":
                yield node
            else:
                yield from _taken(pattern, members)


def _first_parameter(function: SgNode) -> SgNode | None:
    single = function.field("parameter")  # of an arrow function without parentheses
    if single is not None:
        return single
    parameters = function.field("parameters")
    named = [node for node in parameters.children() if node.is_named()] if parameters else []
    first = next((node for node in named if node.kind() != "comment"), None)
    if first is None:
        return None
    return first.field("pattern") or first


def _taken(pattern: SgNode, members: frozenset[str]) -> Iterator[SgNode]:
    """Yield the parts of a pattern that take something else than ``members``."""
    for part in pattern.children():
        if not part.is_named() or part.kind() == "comment":
            continue
        name = part.field("key") or part.field("left") or part
        if part.kind() == "rest_pattern" or name.text() not in members:
            yield part

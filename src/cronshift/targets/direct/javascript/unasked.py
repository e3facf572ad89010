"""Declarations that only the checks of the caller asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import span_of
from cronshift.targets.direct.comments import OF_CHECKS
from cronshift.targets.direct.javascript.about import declared, names_of
from cronshift.targets.direct.javascript.handing import nodes_of_work
from cronshift.targets.direct.javascript.handler import names_in, with_comment
from cronshift.targets.direct.javascript.subjects import DECLARATIONS, REQUEST, is_told

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.targets.direct.edits import Edits
    from cronshift.targets.direct.javascript.handler import RouteFunction
    from cronshift.targets.direct.javascript.subjects import ScriptScope


def remove_unasked(
    edits: Edits, function: RouteFunction, scope: ScriptScope, used: frozenset[str]
) -> None:
    """Remove the declarations that only the checks used, the last first: they read credentials."""
    nodes = [
        node
        for node in nodes_of_work(function)
        if node.kind() in DECLARATIONS and not edits.covers(*span_of(node))
    ]
    scope = scope.within(names_of(nodes, scope))
    for node in reversed(nodes):
        bound = declared(node, scope)
        is_pure = bool(bound) and all(is_told(subjects) for subjects in bound.values())
        if not is_pure or REQUEST in frozenset().union(*bound.values()):
            continue
        if all(name in used and not _uses(function, edits, name, node) for name in bound):
            edits.remove_lines(*with_comment(node, OF_CHECKS))


def _uses(function: RouteFunction, edits: Edits, name: str, declaration: SgNode) -> bool:
    start, end = span_of(declaration)
    return edits.writes(name) or any(
        node.text() == name
        and not (start <= span_of(node)[0] and span_of(node)[1] <= end)
        and not is_gone(node, edits)
        for node in names_in(function.body)
    )


def is_gone(node: SgNode, edits: Edits) -> bool:
    """Return whether a node has given way already, by itself or with what it stands in."""
    return edits.covers(*span_of(node)) or any(
        edits.covers(*span_of(ancestor)) for ancestor in node.ancestors()
    )

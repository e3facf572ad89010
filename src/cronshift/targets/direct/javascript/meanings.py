"""Names that mean something else in a module than what work would take them for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS, imports, line_of
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.handler import bound_in, every, names_declared

if TYPE_CHECKING:
    from collections.abc import Callable

    from ast_grep_py import SgNode

    from cronshift.targets.direct.javascript.handler import RouteFunction

_ANSWERS = {"NextResponse", "Response"}
_MADE = {"member_expression", "new_expression"}
_CALLED_WITH = {"arguments", "eval"}
"""The names by which a function reaches what it was called with, without naming it."""

_BINDING = {
    "assignment_expression": ("left",),
    "catch_clause": ("parameter",),
    "for_in_statement": ("left",),
    "function": ("parameters", "parameter"),
    "variable_declarator": ("name",),
}
"""The fields of nodes that give names a meaning."""
_PLACES = {"member_expression", "subscript_expression"}


def refuse_other_meanings(function: RouteFunction, *, of_answers: bool) -> None:
    """Refuse a function whose answers are made by something of its project's, or that reaches for all it is given.

    Args:
        function: the route's.
        of_answers: whether its module makes answers itself.

    Raises:
        NotCertainError: with the name.
    """
    theirs = {
        name for name, (source, _) in imports(function.root).items()
        if not source.startswith("next/")
    } | names_declared(function.root) | bound_in(function.node)  # fmt: skip
    for node in every(function.body):
        if node.kind() != "identifier":
            continue
        if node.text() in _CALLED_WITH - theirs:
            raise NotCertainError(line_of(node), f"needs its request (`{node.text()}`)")
        parent = node.parent()
        is_made = parent is not None and parent.kind() in _MADE
        if of_answers and is_made and node.text() in _ANSWERS & theirs:
            raise NotCertainError(line_of(node), f"answers by {node.text()}, which is not read")


def refuse_rebound(function: RouteFunction, name: str, is_gone: Callable[[SgNode], bool]) -> None:
    """Refuse what gives a name of the request, or of a part of it, another meaning.

    Args:
        function: the route's.
        name: in it.
        is_gone: whether a node has given way already.

    Raises:
        NotCertainError: with the name.
    """
    for node in every(function.body):
        fields = _BINDING.get("function" if node.kind() in FUNCTIONS else node.kind(), ())
        bound = [part for field in fields if (part := node.field(field)) is not None]
        named = (each for part in bound if part.kind() not in _PLACES for each in every(part))
        is_taken = node.kind() == "variable_declarator" and is_gone(node)
        if not is_taken and any(each.text() == name for each in named):
            raise NotCertainError(line_of(node), f"declares {name} once more")

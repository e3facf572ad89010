"""Leftovers of HTTP in a function that is none of a route any more, which refuse its conversion."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.called import locals_of
from cronshift.targets.direct.python.source import Function, PythonSource, function_of, names_used

if TYPE_CHECKING:
    from collections.abc import Collection

_LEFT = lazy_pattern(r"\w*Response|jsonify|make_response|abort|redirect|session|url_for|flash")
"""Names of answers, and of what a request gives."""


def refuse_remains(function: Function, text: str, names: Collection[str | None]) -> None:
    """Refuse a function that, as it is written now, speaks of what only a request gives.

    Raises:
        NotCertainError: with the line where it stood.
    """
    for node in ast.walk(function_of(ast.parse(text), function.name)):
        if isinstance(node, ast.Name) and (node.id in names or _is_left(node, function)):
            lines = [
                each.lineno
                for each in ast.walk(function)
                if isinstance(each, ast.Name) and each.id == node.id
            ]
            raise NotCertainError(max(lines, default=function.lineno), f"still speaks of {node.id}")


def refuse_lost(function: Function, text: str, name: str, parameters: Collection[str] = ()) -> None:
    """Refuse a function that, as it is written now, needs a name which only what went away has bound.

    Args:
        function: as it was.
        text: the module as it is written now.
        name: of the function there.
        parameters: the names that it has in another way.

    Raises:
        NotCertainError: with the line where the name was bound.
    """
    work = function_of(ast.parse(text), name)
    lost = locals_of(function) - locals_of(work) - set(parameters)
    for node in ast.walk(function):
        match node:
            case ast.Name(id=bound, ctx=ast.Store()) if bound in lost & set(names_used(work)):
                raise NotCertainError(node.lineno, f"needs {bound}, which only the check binds")


def refuse_leftovers(source: PythonSource, function: Function) -> None:
    """Refuse a function that still speaks of answers, or of what only a request gives.

    Raises:
        NotCertainError: with its line.
    """
    for node in (each for statement in function.body for each in ast.walk(statement)):
        if isinstance(node, ast.Name) and _is_left(node, function) and not source.is_gone(node):
            raise NotCertainError(node.lineno, f"still speaks of {node.id}")


def _is_left(node: ast.Name, function: Function) -> bool:
    """Return whether a name is a framework's, and none that the function gives itself."""
    return _LEFT.fullmatch(node.id) is not None and node.id not in locals_of(function)

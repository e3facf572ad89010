"""Errors that a function raises in the place of its answers: whether it catches them itself, and what comes of that."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.targets.direct.python.source import Function, every_block, own_nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ends = Callable[[list[ast.stmt]], bool]

_CATCHING = {"", "BaseException", "Exception", "RuntimeError"}
"""Types that catch what is raised here: a fault or a final error; the empty one is that of a bare ``except``."""
_OF_ANSWERS = {"detail", "headers", "status_code"}


def is_answer_caught(function: Function, statement: ast.stmt, ends: Ends) -> bool:
    """Return whether an error that was an answer would be caught, and end in another way than it did.

    Args:
        function: the handler.
        statement: which answered.
        ends: whether a clause does nothing but to say the error, and ends like the answer.
    """
    clauses = (
        clause for clause in clauses_around(function, statement) if _types(clause) & _CATCHING
    )
    return not all(ends(clause.body) for clause in clauses)


def is_any_caught(function: Function, node: ast.AST) -> bool:
    """Return whether a function ends in a way of its own behind whatever is raised where a node stands."""
    return any(
        _types(clause) & {"", "BaseException", "Exception"}
        and not any(isinstance(each, ast.Raise) and each.exc is None for each in ast.walk(clause))
        for clause in clauses_around(function, node)
    )


def is_raise_caught(function: Function, statement: ast.stmt) -> bool:
    """Return whether an error that was one of HTTP's would be caught in another way than it was."""
    return any(
        "RuntimeError" in _types(clause)
        or any(
            isinstance(node, ast.Attribute) and node.attr in _OF_ANSWERS
            for node in ast.walk(clause)
        )
        for clause in clauses_around(function, statement)
    )


def because(function: Function, statement: ast.stmt) -> str:
    """Return the end of a statement that raises in a clause which names the error behind it."""
    clauses = (node for node in own_nodes(function) if isinstance(node, ast.ExceptHandler))
    inner = [each for each in clauses if any(statement in ast.walk(part) for part in each.body)]
    name = inner[-1].name if inner else None
    return f" from {name}" if name is not None else ""


def clauses_around(function: Function, statement: ast.AST) -> Iterator[ast.ExceptHandler]:
    """Yield the clauses that may catch what a statement raises."""
    for block in every_block(function):
        for outer in block:
            if isinstance(outer, ast.Try) and any(
                statement in ast.walk(each) for each in outer.body
            ):
                yield from outer.handlers


def _types(clause: ast.ExceptHandler) -> set[str]:
    """Return the last names of the types that a clause catches; a name of no class may be any."""
    kinds = clause.type.elts if isinstance(clause.type, ast.Tuple) else [clause.type]
    names = {ast.unparse(kind).rpartition(".")[2] if kind is not None else "" for kind in kinds}
    return {name if name[:1].isupper() and not name.isupper() else "" for name in names}

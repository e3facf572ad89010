"""The check of the caller in a Python handler."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.targets.direct.python.about import (
    ANY_VARIABLE,
    CREDENTIAL,
    ELSEWHERE,
    NOTHING,
    REQUEST,
    SETTINGS,
    PythonScope,
    Subjects,
    about,
    assigned,
    compared_in,
    is_logging,
    is_told,
    names_of,
    secrets,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cronshift.targets.direct.python.source import Function, PythonSource

    Refuses = Callable[[ast.If], bool]


def remove_checks(
    source: PythonSource, function: Function, scope: PythonScope, refuses: Refuses
) -> PythonScope:
    """Remove the statements that only ask who calls; return the scope behind them.

    Args:
        source: the module.
        function: the handler.
        scope: its arguments.
        refuses: whether what a statement does ends with an answer that is an error.
    """
    blocks = list(_blocks(function))
    scope, checks = checks_of(function, scope, refuses)
    for block in blocks:
        for statement in block:
            if statement in checks:
                source.remove(statement, block)
    for block in blocks:
        for statement in reversed(block):
            _remove_unasked(source, function, statement, scope)
    return scope


def checks_of(
    function: Function, scope: PythonScope, refuses: Refuses
) -> tuple[PythonScope, list[ast.stmt]]:
    """Return the scope of a handler's statements, and those of them that only ask who calls."""
    statements = [statement for block in _blocks(function) for statement in block]
    scope = scope.within(names_of(statements, scope))
    compared = compared_in(function, scope) - ELSEWHERE - {ANY_VARIABLE}
    return scope, [each for each in statements if _asks_who_calls(each, scope, compared, refuses)]


def _blocks(function: Function) -> Iterator[list[ast.stmt]]:
    yield function.body
    for statement in function.body:
        if isinstance(statement, ast.Try):
            yield statement.body


def _asks_who_calls(
    statement: ast.stmt, scope: PythonScope, compared: Subjects, refuses: Refuses
) -> bool:
    match statement:
        case ast.Expr(value=ast.Call() | ast.Await() as call):
            subjects = about(call, scope)
            is_check = is_told(subjects) and CREDENTIAL in subjects
            if is_logging(statement):
                return _tells_of_caller(call, scope)
            return is_check and _switches(call, scope) <= compared
        case ast.If(test=test, body=body, orelse=[]):
            subjects = about(test, scope)
            if not is_told(subjects) or subjects & {REQUEST, SETTINGS}:
                return False
            if refuses(statement):
                if CREDENTIAL in subjects:
                    return _switches(test, scope) <= compared
                return bool(secrets(subjects)) and subjects <= compared
            scope = scope.within(names_of(body, scope))
            asking = [each for each in body if _asks_who_calls(each, scope, compared, refuses)]
            return bool(asking) and all(
                each in asking or is_logging(each) or assigned(each, scope) for each in body
            )
    return False


def _tells_of_caller(call: ast.Call | ast.Await, scope: PythonScope) -> bool:
    """Return whether a line of the log says no more than what a caller has sent."""
    passed = (
        [*call.args, *(word.value for word in call.keywords)] if isinstance(call, ast.Call) else []
    )
    subjects = NOTHING.union(*(about(value, scope) for value in passed))
    return is_told(subjects) and CREDENTIAL in subjects and not secrets(subjects)


def _switches(test: ast.expr, scope: PythonScope) -> Subjects:
    """Return the variables by which a condition turns even a known caller away."""
    if isinstance(test, ast.BoolOp):
        asking = [each for each in test.values if CREDENTIAL in about(each, scope)]
        if isinstance(test.op, ast.Or):
            return NOTHING.union(*(_switches(each, scope) for each in test.values))
        if asking:
            return frozenset.intersection(*(_switches(each, scope) for each in asking))
    variables = secrets(about(test, scope)) - ELSEWHERE - {ANY_VARIABLE}
    return frozenset(each for each in variables if not each.startswith("env:HTTP_"))


def _remove_unasked(
    source: PythonSource, function: Function, statement: ast.stmt, scope: PythonScope
) -> None:
    """Remove an assignment that only the checks used."""
    names = assigned(statement, scope)
    if not names or source.is_gone(statement) or not all(map(is_told, names.values())):
        return
    if REQUEST in frozenset[str]().union(*names.values()):
        return
    reads = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names
    ]
    if reads and all(source.is_gone(node) for node in reads):
        source.remove_with_comment(statement)

"""Calls around a route's function, which let callers by and do no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS, arguments, line_of, locally
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.about import about, declared, is_logging
from cronshift.targets.direct.javascript.checks import checks_of
from cronshift.targets.direct.javascript.handler import (
    RouteFunction,
    is_inside,
    statements_of,
)
from cronshift.targets.direct.javascript.subjects import (
    DECLARATIONS,
    REQUEST,
    ScriptScope,
    is_told,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ast_grep_py import SgNode


def refuse_wrapper(function: RouteFunction, scope: ScriptScope) -> None:
    """Refuse a call around the function that does more than to ask who calls.

    Raises:
        NotCertainError: with what it is.
    """
    if function.wrapper is None:
        return
    called = function.wrapper.field("function")
    name = called.text() if called is not None else ""
    definition = locally(scope.tree, scope.file, name)
    why = f"is wrapped by {name}, which does more than to check the caller"
    if definition is None or definition.wrappers or definition.node.kind() not in FUNCTIONS:
        raise NotCertainError(line_of(function.wrapper), f"is wrapped by {name}, which is not read")
    root, inner = scope.tree.parsed(definition.file), _returned(definition.node)
    taken = _parameters(definition.node)
    passed = arguments(function.wrapper)
    if root is None or inner is None or len(taken) < len(passed):
        raise NotCertainError(line_of(function.wrapper), why)
    request = next(iter(_parameters(inner)), None)
    body = inner.field("body")
    subjects = {name: about(each, scope) for name, each in zip(taken, passed, strict=False)}
    work = next(
        name for name, each in zip(taken, passed, strict=False) if is_wrapped(each, function)
    )
    names = {**subjects, **({request: frozenset({REQUEST})} if request else {})}
    there = ScriptScope(scope.tree, definition.file, root, names)
    if body is None or not _only_lets_by(inner, body, work, there):
        raise NotCertainError(line_of(function.wrapper), why)


def is_wrapped(argument: SgNode, function: RouteFunction) -> bool:
    """Return whether an argument of the call around a function is that function, by itself or by its name."""
    is_name = argument.kind() == "identifier" and argument.text() == function.name
    return is_name or is_inside(function.node, argument)


def _only_lets_by(inner: SgNode, body: SgNode, work: str, scope: ScriptScope) -> bool:
    if body.kind() != "statement_block":
        return _hands_on(body, work)
    function = RouteFunction(scope.root, "", inner, body, None, ())
    checks = checks_of(function, scope)
    *others, last = function.statements or [body]
    is_return = last.kind() == "return_statement"
    value = next((node for node in last.children() if node.is_named()), None) if is_return else None
    scope = scope.within(checks.names)
    return _hands_on(value, work) and all(
        statement in checks.statements
        or is_logging(statement)
        or (
            statement.kind() in DECLARATIONS
            and all(is_told(subjects) for subjects in declared(statement, scope).values())
        )
        for statement in others
    )


def _hands_on(value: SgNode | None, work: str) -> bool:
    if value is not None and value.kind() == "await_expression":
        value = value.child(1)
    called = (
        value.field("function") if value is not None and value.kind() == "call_expression" else None
    )
    if value is None or called is None or called.text() != work:
        return False
    return all(argument.kind() in {"identifier", "spread_element"} for argument in arguments(value))


def _returned(node: SgNode) -> SgNode | None:
    """Return the function that a function returns."""
    body = node.field("body")
    if body is None or body.kind() in FUNCTIONS:
        return body
    for statement in statements_of(body):
        if statement.kind() == "return_statement":
            inner = [child for child in statement.children() if child.is_named()]
            return (
                inner[0] if len(statements_of(body)) == 1 and inner[0].kind() in FUNCTIONS else None
            )
    return None


def _parameters(node: SgNode) -> list[str]:
    single = node.field("parameter")
    if single is not None:
        return [single.text()]
    parameters = node.field("parameters")
    children: Iterable[SgNode] = parameters.children() if parameters is not None else ()
    return [
        (child.field("pattern") or child).text().removeprefix("...")
        for child in children
        if child.is_named()
    ]

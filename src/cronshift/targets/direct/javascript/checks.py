"""The check of the caller, which work without HTTP has no use for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import arguments, locally
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.about import (
    about,
    is_logging,
    makes_error,
    names_of,
)
from cronshift.targets.direct.javascript.answers import answer_of, error_status
from cronshift.targets.direct.javascript.chains import operator_of
from cronshift.targets.direct.javascript.handing import handed_block
from cronshift.targets.direct.javascript.handler import RouteFunction, statements_of
from cronshift.targets.direct.javascript.subjects import (
    ANSWER,
    ANY_VARIABLE,
    CREDENTIAL,
    DECLARATIONS,
    ELSEWHERE,
    METHOD,
    NOTHING,
    ONLY_UNTOLD,
    QUERY,
    REQUEST,
    ScriptScope,
    Subjects,
    compared_in,
    is_told,
    secrets,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

_FIRST_ERROR = 400


class Checks(Struct, frozen=True):
    """The statements that only ask who calls, and what the names of a function are about."""

    statements: tuple[SgNode, ...]
    names: dict[str, Subjects]


def checks_of(function: RouteFunction, scope: ScriptScope) -> Checks:
    """Return the statements of a route's function that only ask who calls."""
    statements = [each for block in _blocks(function) for each in statements_of(block)]
    names = names_of(statements, scope)
    scope = scope.within(names)
    compared = frozenset(_compared(statements, scope)) - ELSEWHERE - {ANY_VARIABLE}
    checks = tuple(each for each in statements if _asks_who_calls(each, scope, compared))
    return Checks(checks, names)


def _compared(statements: list[SgNode], scope: ScriptScope) -> Iterator[str]:
    """Yield the variables that credentials are compared with."""
    for statement in statements:
        if statement.kind() == "expression_statement":
            yield from compared_in(about(statement.child(0), scope))
        if statement.kind() != "if_statement":
            continue
        subjects, branch = (
            about(statement.field("condition"), scope),
            statement.field("consequence"),
        )
        if is_told(subjects) and CREDENTIAL in subjects:
            yield from compared_in(subjects)
        if branch is not None:
            inner = statements_of(branch)
            yield from _compared(inner, scope.within(names_of(inner, scope)))


def _blocks(function: RouteFunction) -> Iterator[SgNode]:
    """Yield the blocks in which a check may stand: the body, that of the work it hands to another, and the ``try``s in them."""
    handed = handed_block(function)
    for block in (function.body, handed) if function.statements else ():
        if block is None:
            continue
        yield block
        for statement in statements_of(block):
            body = statement.field("body") if statement.kind() == "try_statement" else None
            if body is not None:
                yield body


def _asks_who_calls(statement: SgNode, scope: ScriptScope, compared: Subjects) -> bool:
    if statement.kind() == "expression_statement":
        called = statement.child(0)
        if called is not None and is_logging(statement):
            logged = frozenset().union(*(about(each, scope) for each in arguments(called)))
            return is_told(logged) and CREDENTIAL in logged and not logged & {QUERY, METHOD}
        subjects = about(called, scope)
        is_call = called is not None and called.kind() in {"call_expression", "await_expression"}
        is_check = is_call and is_told(subjects) and CREDENTIAL in subjects
        return is_check and _settings(called, scope) <= compared
    if statement.kind() != "if_statement":
        return False
    return _only_turns_away(statement, scope, compared)


def _only_turns_away(
    statement: SgNode, scope: ScriptScope, compared: Subjects, above: Subjects = NOTHING
) -> bool:
    """Return whether all branches of an ``if`` only turn callers away, by what it and those above ask."""
    asked, branch = about(statement.field("condition"), scope), statement.field("consequence")
    subjects = asked | above
    if branch is None or not is_told(subjects) or REQUEST in subjects:
        return False
    clause = statement.field("alternative")
    other = next((node for node in clause.children() if node.is_named()), None) if clause else None
    below = NOTHING if CREDENTIAL in subjects else subjects
    if other is not None and not (
        other.kind() == "if_statement" and _only_turns_away(other, scope, compared, below)
    ):
        return False
    inner = statements_of(branch)
    scope = scope.within(names_of(inner, scope))
    if turns_away(inner, scope):
        variables = secrets(subjects) - ELSEWHERE
        is_of_secret = bool(variables) and variables <= compared
        if CREDENTIAL in subjects:
            return _settings(statement.field("condition"), scope) <= compared
        return is_of_secret and not subjects & {QUERY, METHOD}
    asking = [each for each in inner if _asks_who_calls(each, scope, compared)]
    return bool(asking) and all(
        each in asking or each.kind() in DECLARATIONS or is_logging(each) for each in inner
    )


def _settings(node: SgNode | None, scope: ScriptScope) -> Subjects:
    """Return the variables by which a condition turns even a known caller away: switches of the job."""
    if node is None:
        return NOTHING
    if node.kind() == "parenthesized_expression":
        return _settings(node.child(1), scope)
    operator, sides = operator_of(node), (node.field("left"), node.field("right"))
    if operator == "||":
        return frozenset().union(*(_settings(side, scope) for side in sides))
    if operator == "&&":
        asking = [side for side in sides if CREDENTIAL in about(side, scope)]
        if asking:
            return frozenset.intersection(*(_settings(side, scope) for side in asking))
    subjects = about(node, scope)
    return secrets(subjects) - ELSEWHERE - {ANY_VARIABLE} if subjects else ONLY_UNTOLD


def turns_away(statements: list[SgNode], scope: ScriptScope) -> bool:
    """Return whether statements end with an answer that turns a caller away."""
    if not statements:
        return False
    *others, last = statements
    if last.kind() == "throw_statement":
        return True
    value = next((node for node in last.children() if node.is_named()), None)
    if last.kind() != "return_statement" or value is None:
        sent = others[-1] if others and last.kind() == "return_statement" else None
        return sent is not None and error_status(sent.child(0)) is not None
    return error_status(value) is not None or _is_refusal(value, scope)


def _is_refusal(value: SgNode, scope: ScriptScope) -> bool:
    """Return whether a value is an answer that is made for the caller, or by a function for errors."""
    try:
        spelled = answer_of(value)
    except NotCertainError:
        spelled = None
    if spelled is not None:
        return False
    subjects = about(value, scope)
    if is_told(subjects) and {ANSWER, CREDENTIAL} <= subjects:
        return True
    called = value.field("function") if value.kind() == "call_expression" else None
    definition = locally(scope.tree, scope.file, called.text()) if called is not None else None
    return definition is not None and makes_error(definition.node, arguments(value))

"""The check of the caller, which work without HTTP has no use for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import FUNCTIONS, arguments, line_of, locally
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.about import (
    about,
    declared,
    is_logging,
    makes_error,
    names_of,
)
from cronshift.targets.direct.javascript.answers import answer_of, error_status
from cronshift.targets.direct.javascript.chains import operator_of
from cronshift.targets.direct.javascript.handler import RouteFunction, statements_of
from cronshift.targets.direct.javascript.subjects import (
    ANSWER,
    ANY_VARIABLE,
    CREDENTIAL,
    DECLARATIONS,
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
    from collections.abc import Iterable, Iterator

    from ast_grep_py import SgNode

_ELSEWHERE = {"env:NODE_ENV", "env:VERCEL", "env:VERCEL_ENV"}
"""What tells where the code runs, and is no secret."""
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
    compared = frozenset(_compared(statements, scope)) - _ELSEWHERE - {ANY_VARIABLE}
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
    """Yield the blocks in which a check may stand: the body, and the ``try`` blocks right in it."""
    if not function.statements:
        return
    yield function.body
    for statement in function.statements:
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
        variables = secrets(subjects) - _ELSEWHERE
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
    return secrets(subjects) - _ELSEWHERE - {ANY_VARIABLE} if subjects else ONLY_UNTOLD


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
    if definition is None or definition.node.kind() not in FUNCTIONS:
        raise NotCertainError(line_of(function.wrapper), f"is wrapped by {name}, which is not read")
    root, inner = scope.tree.parsed(definition.file), _returned(definition.node)
    taken = _parameters(definition.node)
    if root is None or inner is None or len(taken) != 1:
        raise NotCertainError(line_of(function.wrapper), why)
    request = next(iter(_parameters(inner)), None)
    body = inner.field("body")
    names = {request: frozenset({REQUEST})} if request else {}
    there = ScriptScope(scope.tree, definition.file, root, names)
    if body is None or not _only_lets_by(inner, body, taken[0], there):
        raise NotCertainError(line_of(function.wrapper), why)


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

"""Subjects of expressions: the caller, the query, the environment, or something that only running tells.

An expression that is about the caller alone does nothing else: it reads headers and variables,
compares, and calls functions of the project that do no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS, arguments, imports, locally
from cronshift.handlers.literals import literal, pairs, text_of
from cronshift.targets.direct.javascript.answers import FIRST_ERROR, answer_at
from cronshift.targets.direct.javascript.followed_checks import followed_check
from cronshift.targets.direct.javascript.handler import every, statements_of
from cronshift.targets.direct.javascript.subjects import (
    ANSWER,
    ANSWER_CLASSES,
    ANY_VARIABLE,
    ASKING,
    CONSTANT,
    CONVERTING,
    CREDENTIAL,
    DECLARATIONS,
    DEEPEST,
    ENVIRONMENTS,
    ERROR_CLASSES,
    HEADER_FUNCTIONS,
    IGNORED,
    LITERALS,
    LOGGING,
    METHOD,
    NOTHING,
    ONLY_UNTOLD,
    OPEN,
    PURE_CLASSES,
    PURE_FUNCTIONS,
    PURE_METHODS,
    QUERY,
    READING,
    REQUEST,
    UNTOLD,
    WITHIN,
    ScriptScope,
    Subjects,
    secrets,
    with_compared,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ast_grep_py import SgNode


_BINDING = {"identifier", "shorthand_property_identifier_pattern"}
_COMPARING = {"===", "!==", "==", "!="}


def is_logging(statement: SgNode) -> bool:
    """Return whether a statement only writes a line to the log."""
    call = statement.child(0)
    called = (
        call.field("function") if call is not None and call.kind() == "call_expression" else None
    )
    return called is not None and LOGGING.fullmatch(called.text()) is not None


def about(node: SgNode | None, scope: ScriptScope) -> Subjects:
    """Return the subjects of an expression."""
    if node is None or not node.is_named():
        return NOTHING
    kind = node.kind()
    if kind in LITERALS or kind in IGNORED:
        return NOTHING
    if kind in _OF_KIND:
        return _OF_KIND[kind](node, scope)
    if kind in FUNCTIONS:
        return _of_inner(node, scope)
    return _of_parts(node, scope) if kind in OPEN else ONLY_UNTOLD


def _of_parts(node: SgNode, scope: ScriptScope) -> Subjects:
    return _joined(about(child, scope) for child in node.children())


def _of_cast(node: SgNode, scope: ScriptScope) -> Subjects:
    return about(node.child(0), scope)


def _of_operation(node: SgNode, scope: ScriptScope) -> Subjects:
    """Return the subjects of an operation on one value: of its type alone there are none."""
    return NOTHING if node.text().startswith("typeof ") else _of_parts(node, scope)


def _of_binary(node: SgNode, scope: ScriptScope) -> Subjects:
    operator, subjects = node.field("operator"), _of_parts(node, scope)
    is_comparison = operator is not None and operator.text() in _COMPARING
    return with_compared(subjects) if is_comparison else subjects


def _of_index(node: SgNode, scope: ScriptScope) -> Subjects:
    inner = node.field("object")
    if inner is None or _plain(inner) not in ENVIRONMENTS:
        return _of_parts(node, scope)
    index = _text(node.field("index"), scope)
    return frozenset({ANY_VARIABLE if index is None else f"env:{index}"})


def _plain(node: SgNode) -> str:
    """Return an expression's text without the types that it is said to have."""
    while node.kind() in {"as_expression", "parenthesized_expression"}:
        node = node.child(node.kind() == "parenthesized_expression") or node
    return node.text()


def _text(node: SgNode | None, scope: ScriptScope) -> str | None:
    """Return the text that an expression is for certain."""
    if node is None or node.kind() == "identifier":
        return scope.texts.get(node.text()) if node is not None else None
    return text_of(node) if node.kind() == "string" else None


def _joined(parts: Iterable[Subjects]) -> Subjects:
    return frozenset().union(*parts)


def _of_identifier(node: SgNode, scope: ScriptScope) -> Subjects:
    return _of_name(node.text(), scope)


def _of_name(name: str, scope: ScriptScope, member: str | None = None) -> Subjects:
    """Return the subjects of a name, or of a member of the object that it is."""
    if name in scope.names:
        return scope.names[name]
    if name == "undefined" or name in CONVERTING:
        return NOTHING
    definition = locally(scope.tree, scope.file, name)
    if definition is None or scope.depth >= DEEPEST or definition.node.kind() in FUNCTIONS:
        return ONLY_UNTOLD
    root = scope.tree.parsed(definition.file)
    if root is None or definition.node.kind() == "identifier" or _may_change(definition.node):
        return ONLY_UNTOLD
    there = ScriptScope(scope.tree, definition.file, root, {}, scope.depth + 1)
    parts = dict(pairs(definition.node)) if definition.node.kind() == "object" else {}
    return about(parts.get(member, definition.node) if member else definition.node, there)


def _may_change(node: SgNode) -> bool:
    """Return whether a value belongs to a name that is not constant."""
    declarations = (above for above in node.ancestors() if above.kind() in DECLARATIONS)
    return any(not declaration.text().startswith("const") for declaration in declarations)


def _of_member(node: SgNode, scope: ScriptScope) -> Subjects:
    inner, member = node.field("object"), node.field("property")
    if inner is None or member is None:
        return ONLY_UNTOLD
    if node.text() in ENVIRONMENTS:
        return frozenset({ANY_VARIABLE})
    if inner.text() in ENVIRONMENTS:
        return frozenset({f"env:{member.text()}"})
    subjects = (
        about(inner, scope) if inner.kind() != "identifier" or inner.text() in scope.names else None
    )
    if subjects is None:
        is_imported = inner.text() in imports(scope.root)
        if is_imported and CONSTANT.fullmatch(member.text()):
            return frozenset({f"env:{member.text()}"})
        subjects = _of_name(inner.text(), scope, member.text())
    return _of_part(subjects, member.text())


def _of_part(subjects: Subjects, member: str) -> Subjects:
    """Return the subjects of a member: of something about several variables, it is about one of them."""
    if REQUEST in subjects:
        return _of_request(member)
    variables = secrets(subjects)
    return subjects - variables | {ANY_VARIABLE} if len(variables) > 1 else subjects


def _of_request(member: str) -> Subjects:
    if member in {"headers", "cookies", "ip"}:
        return frozenset({CREDENTIAL})
    if member in {"nextUrl", "url", "query"}:
        return frozenset({QUERY})
    if member in WITHIN:
        return frozenset({REQUEST})
    return frozenset({METHOD}) if member == "method" else ONLY_UNTOLD


def _of_call(node: SgNode, scope: ScriptScope) -> Subjects:
    called = node.field("function")
    if called is None:
        return ONLY_UNTOLD
    passed = _joined(about(argument, scope) for argument in arguments(node))
    name = called.text()
    if ANY_VARIABLE in passed and READING.fullmatch(name):
        return passed
    if PURE_FUNCTIONS.fullmatch(name):
        return with_compared(passed) if REQUEST not in passed else ONLY_UNTOLD
    if name in HEADER_FUNCTIONS and REQUEST in passed:
        return frozenset({CREDENTIAL})
    if name == "useRuntimeConfig":
        return frozenset({ANY_VARIABLE})
    if name in {"NextResponse.json", "Response.json", "createError"}:
        return passed | {ANSWER}
    if called.kind() == "member_expression":
        return _of_method(called, passed, scope)
    if imports(scope.root).get(name) == ("next/headers", "headers"):
        return frozenset({CREDENTIAL})
    subjects = _of_function(name, arguments(node), scope)
    if UNTOLD in subjects and not scope.depth:
        return followed_check(name, arguments(node), scope) or subjects
    return subjects


def _of_method(called: SgNode, passed: Subjects, scope: ScriptScope) -> Subjects:
    inner, member = called.field("object"), called.field("property")
    asked = member.text() if member is not None else ""
    if inner is None or asked not in PURE_METHODS | ASKING.keys():
        return ONLY_UNTOLD
    subjects = about(inner, scope)
    if REQUEST in subjects and asked in ASKING:
        return ASKING[asked]
    subjects |= passed
    return ONLY_UNTOLD if REQUEST in subjects else with_compared(subjects)


def _of_inner(function: SgNode, scope: ScriptScope) -> Subjects:
    """Return the subjects of a function that is handed on, which is called with nothing more than what it is for."""
    body = function.field("body")
    taken = function.field("parameters") or function.field("parameter")
    parts = list(every(taken)) if taken is not None else []
    inner = scope.within({node.text(): NOTHING for node in parts if node.kind() in _BINDING})
    has_default = any(node.field("value") is not None for node in parts)
    if body is None or has_default or function.kind().startswith("generator"):
        return ONLY_UNTOLD
    is_block = body.kind() == "statement_block"
    return _of_statements(statements_of(body), inner) if is_block else about(body, inner)


def _of_new(node: SgNode, scope: ScriptScope) -> Subjects:
    constructor = node.field("constructor")
    name = constructor.text() if constructor is not None else ""
    passed = _joined(about(argument, scope) for argument in arguments(node))
    if name in ANSWER_CLASSES or ERROR_CLASSES.fullmatch(name):
        return passed | {ANSWER}
    return passed if name in PURE_CLASSES and REQUEST not in passed else ONLY_UNTOLD


def _of_function(name: str, passed: list[SgNode], scope: ScriptScope) -> Subjects:
    """Return the subjects of a call of the project's function, if all that it does is to ask and compare."""
    if name in scope.names:
        subjects = _joined([scope.names[name], *(about(argument, scope) for argument in passed)])
        return ONLY_UNTOLD if REQUEST in subjects else subjects
    definition = locally(scope.tree, scope.file, name) if scope.depth < DEEPEST else None
    if definition is None or definition.node.kind() not in FUNCTIONS or definition.wrappers:
        return ONLY_UNTOLD
    root, body = scope.tree.parsed(definition.file), definition.node.field("body")
    if root is None or body is None:
        return ONLY_UNTOLD
    if makes_error(definition.node, passed):
        return _joined(about(argument, scope) for argument in passed) | {ANSWER}
    names: dict[str, Subjects] = {}
    texts: dict[str, str] = {}
    parameters = definition.node.field("parameters")
    taken = (
        [node for node in parameters.children() if node.is_named()]
        if parameters is not None
        else []
    )
    for number, parameter in enumerate(taken):
        pattern = parameter.field("pattern") or parameter
        if pattern.kind() != "identifier":
            return ONLY_UNTOLD
        value = passed[number] if number < len(passed) else parameter.field("value")
        names[pattern.text()], text = about(value, scope), _text(value, scope)
        if text is not None:
            texts[pattern.text()] = text
    inner = ScriptScope(scope.tree, definition.file, root, names, scope.depth + 1, texts)
    if body.kind() != "statement_block":
        return about(body, inner)
    return _of_statements(statements_of(body), inner)


def makes_error(function: SgNode, passed: list[SgNode]) -> bool:
    """Return whether a function that makes answers is called for one with an error's status."""
    codes = [literal(argument) for argument in passed]
    is_error = any(isinstance(code, int) and code >= FIRST_ERROR for code in codes)
    return is_error and any(map(answer_at, every(function)))


def _of_statements(statements: Iterable[SgNode], scope: ScriptScope) -> Subjects:
    """Return the subjects of statements that only declare, ask, log, return and throw.

    Only what is returned may be the request itself; to ask whether there is one, or to give it another name, is nothing.
    """
    whole: Subjects = NOTHING
    for statement in statements:
        kind, asked = statement.kind(), NOTHING
        if kind in DECLARATIONS:
            names = declared(statement, scope)
            scope, asked = scope.within(names), _joined(names.values())
        elif kind == "if_statement":
            asked = about(statement.field("condition"), scope)
            whole |= _of_blocks([statement.field("consequence"), *_else(statement)], scope)
        elif kind in {"return_statement", "throw_statement"}:
            whole |= _of_parts(statement, scope)
        elif kind == "try_statement":
            clauses = [statement, statement.field("handler"), statement.field("finalizer")]
            whole |= _of_blocks([each.field("body") for each in clauses if each is not None], scope)
        elif kind == "for_in_statement":
            left, asked = statement.field("left"), about(statement.field("right"), scope)
            inner = scope.within({left.text(): asked}) if left is not None else scope
            whole |= _of_blocks([statement.field("body")], inner)
        elif (assigned := _assigned(statement, scope)) is not None:
            scope, asked = scope.within(assigned), _joined(assigned.values())
        elif not (kind == "expression_statement" and is_logging(statement)):
            return ONLY_UNTOLD
        whole |= asked - {REQUEST}
    return whole


def _of_blocks(blocks: Iterable[SgNode | None], scope: ScriptScope) -> Subjects:
    return _joined(
        _of_statements(statements_of(block), scope) for block in blocks if block is not None
    )


def _assigned(statement: SgNode, scope: ScriptScope) -> dict[str, Subjects] | None:
    """Return the name that a statement sets to something more, and all that it is about by then."""
    node = statement.child(0) if statement.kind() == "expression_statement" else None
    left = node.field("left") if node is not None else None
    if node is None or left is None or node.kind() != "assignment_expression":
        return None
    if left.kind() != "identifier" or left.text() not in scope.names:
        return None
    return {left.text(): scope.names[left.text()] | about(node.field("right"), scope)}


def _else(statement: SgNode) -> list[SgNode]:
    clause = statement.field("alternative")
    return [node for node in clause.children() if node.is_named()] if clause is not None else []


def names_of(statements: Iterable[SgNode], scope: ScriptScope) -> dict[str, Subjects]:
    """Return the names that the declarations among statements declare, and what each is about."""
    names: dict[str, Subjects] = {}
    for statement in statements:
        if statement.kind() in DECLARATIONS:
            names |= declared(statement, scope.within(names))
    return names


def declared(statement: SgNode, scope: ScriptScope) -> dict[str, Subjects]:
    """Return the names that a declaration declares, and what each is about."""
    names: dict[str, Subjects] = {}
    for declarator in statement.children():
        name = declarator.field("name") if declarator.kind() == "variable_declarator" else None
        if name is None:
            continue
        subjects = about(declarator.field("value"), scope)
        if name.kind() == "identifier":
            names[name.text()] = subjects
            continue
        if name.kind() == "array_pattern":
            inner = subjects if REQUEST in subjects else _of_part(subjects, "")
            names |= {part.text(): inner for part in name.children() if part.is_named()}
            continue
        for part in name.children():
            if part.kind() == "shorthand_property_identifier_pattern":
                bound, member = part.text(), part.text()
            elif part.kind() == "pair_pattern" and (key := part.field("key")) is not None:
                value = part.field("value")
                bound, member = value.text() if value is not None else "", text_of(key)
            else:
                continue
            names[bound] = _of_part(subjects, member)
    return names


_OF_KIND: Mapping[str, Callable[[SgNode, ScriptScope], Subjects]] = {
    "as_expression": _of_cast,
    "binary_expression": _of_binary,
    "call_expression": _of_call,
    "identifier": _of_identifier,
    "member_expression": _of_member,
    "new_expression": _of_new,
    "shorthand_property_identifier": _of_identifier,
    "subscript_expression": _of_index,
    "unary_expression": _of_operation,
}

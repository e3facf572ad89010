"""Subjects of expressions: the caller, the query, the environment, or something that only running tells.

An expression that is about the caller alone does nothing else: it reads headers and variables,
compares, and calls functions of the project that do no more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.javascript import FUNCTIONS, arguments, imports, locally
from cronshift.handlers.literals import pairs, text_of
from cronshift.targets.direct.javascript.handler import statements_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

Subjects = frozenset[str]
"""What an expression is about: the constants here, or ``env:NAME`` for a variable."""

REQUEST = "request"
_ENVIRONMENTS = frozenset({"process.env", "import.meta.env"})
CREDENTIAL = "credential"
QUERY = "query"
METHOD = "method"
ANSWER = "answer"
UNTOLD = "untold"
NOTHING: Subjects = frozenset()
_UNTOLD: Subjects = frozenset({UNTOLD})
ANY_VARIABLE = "env:*"
"""A variable whose name only running tells; one like it may be another."""
_DEEPEST = 5  # functions inside functions

DECLARATIONS = frozenset({"lexical_declaration", "variable_declaration"})
_LITERALS = {"string", "number", "true", "false", "null", "undefined", "regex", "string_fragment"}
_OPEN = {
    "arguments", "array", "await_expression", "binary_expression", "non_null_expression",
    "object", "optional_chain", "pair", "parenthesized_expression", "satisfies_expression",
    "subscript_expression", "template_string", "template_substitution", "ternary_expression",
    "unary_expression",
}  # fmt: skip
_METHODS = frozenset(
    [
        "at",
        "charCodeAt",
        "compare",
        "concat",
        "digest",
        "encode",
        "endsWith",
        "equals",
        "exec",
        "get",
        "has",
        "includes",
        "indexOf",
        "join",
        "length",
        "localeCompare",
        "match",
        "normalize",
        "padEnd",
        "replace",
        "replaceAll",
        "slice",
        "some",
        "split",
        "startsWith",
        "subarray",
        "substring",
        "test",
        "toLowerCase",
        "toString",
        "toUpperCase",
        "trim",
        "update",
    ]
)
_FUNCTIONS = re.compile(
    r"(?:(?:node)?[cC]rypto\.)?(?:timingSafeEqual|createHash|createHmac)|Buffer\.(?:from|alloc|byteLength)"
    r"|String|Boolean|Number|encodeURIComponent|decodeURIComponent"
)
_CONSTRUCTED = {"Set", "TextEncoder", "URL", "Uint8Array"}
_ANSWERS = {"Response", "NextResponse", "HTTPException", "HttpException"}
_HEADERS = frozenset({"getHeader", "getRequestHeader", "getHeaders", "getRequestHeaders"})
"""The functions of h3 that give an event's headers."""
_WITHIN = frozenset({"req", "node", "request", "raw"})
"""The members of an event or a context that are a request."""
_ERRORS = re.compile(r"\w*(?:Error|Exception)")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*")
_LOGGING = re.compile(r"(?:console|logger|log)(?:\.\w+)?")
_ASKING = {
    "header": frozenset({CREDENTIAL}),
    "get": frozenset({CREDENTIAL}),
    "query": frozenset({QUERY}),
}
"""The methods by which contexts are asked for a header or the query."""
_IGNORED = {"this", "property_identifier", "type_annotation", "type_arguments"}


class ScriptScope(Struct, frozen=True):
    """The names of a function, in a file.

    Attributes:
        names: what each is about.
        texts: what those stand for that are texts.
    """

    tree: SourceTree
    file: str
    root: SgNode
    names: Mapping[str, Subjects]
    depth: int = 0
    texts: Mapping[str, str] = {}

    def within(self, names: Mapping[str, Subjects]) -> ScriptScope:
        """Return a scope with more names."""
        texts = {name: text for name, text in self.texts.items() if name not in names}
        return replace(self, names={**self.names, **names}, texts=texts)


def is_told(subjects: Subjects) -> bool:
    """Return whether nothing of it is only told by running it."""
    return UNTOLD not in subjects


def secrets(subjects: Subjects) -> Subjects:
    """Return the variables in it."""
    return frozenset(subject for subject in subjects if subject.startswith("env:"))


def is_logging(statement: SgNode) -> bool:
    """Return whether a statement only writes a line to the log."""
    call = statement.child(0)
    called = (
        call.field("function") if call is not None and call.kind() == "call_expression" else None
    )
    return called is not None and _LOGGING.fullmatch(called.text()) is not None


def about(node: SgNode | None, scope: ScriptScope) -> Subjects:
    """Return the subjects of an expression."""
    if node is None:
        return NOTHING
    kind = node.kind()
    if kind in _LITERALS or not node.is_named() or kind in _IGNORED:
        return NOTHING
    if kind in {"identifier", "shorthand_property_identifier"}:
        return _of_name(node.text(), scope)
    if kind == "member_expression":
        return _of_member(node, scope)
    if kind == "call_expression":
        return _of_call(node, scope)
    if kind == "new_expression":
        return _of_new(node, scope)
    if kind == "as_expression":
        return about(node.child(0), scope)
    inner = node.field("object") if kind == "subscript_expression" else None
    if inner is not None and _plain(inner) in _ENVIRONMENTS:
        index = _text(node.field("index"), scope)
        return frozenset({ANY_VARIABLE if index is None else f"env:{index}"})
    if kind in _OPEN:
        return _joined(about(child, scope) for child in node.children())
    return _UNTOLD


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


def _of_name(name: str, scope: ScriptScope, member: str | None = None) -> Subjects:
    """Return the subjects of a name, or of a member of the object that it is."""
    if name in scope.names:
        return scope.names[name]
    if name == "undefined":
        return NOTHING
    definition = locally(scope.tree, scope.file, name)
    if definition is None or scope.depth >= _DEEPEST or definition.node.kind() in FUNCTIONS:
        return _UNTOLD
    root = scope.tree.parsed(definition.file)
    if root is None or definition.node.kind() == "identifier" or _may_change(definition.node):
        return _UNTOLD
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
        return _UNTOLD
    if inner.text() in _ENVIRONMENTS:
        return frozenset({f"env:{member.text()}"})
    subjects = (
        about(inner, scope) if inner.kind() != "identifier" or inner.text() in scope.names else None
    )
    if subjects is None:
        is_imported = inner.text() in imports(scope.root)
        if is_imported and _CONSTANT.fullmatch(member.text()):
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
    if member in {"headers", "cookies"}:
        return frozenset({CREDENTIAL})
    if member in {"nextUrl", "url", "query"}:
        return frozenset({QUERY})
    if member in _WITHIN:
        return frozenset({REQUEST})
    return frozenset({METHOD}) if member == "method" else _UNTOLD


def _of_call(node: SgNode, scope: ScriptScope) -> Subjects:
    called = node.field("function")
    if called is None:
        return _UNTOLD
    passed = _joined(about(argument, scope) for argument in arguments(node))
    name = called.text()
    if _FUNCTIONS.fullmatch(name):
        return passed - {REQUEST} if REQUEST not in passed else _UNTOLD
    if name in _HEADERS and REQUEST in passed:
        return frozenset({CREDENTIAL})
    if name == "useRuntimeConfig":
        return frozenset({ANY_VARIABLE})
    if name in {"NextResponse.json", "Response.json", "createError"}:
        return passed | {ANSWER}
    if called.kind() == "member_expression":
        inner, member = called.field("object"), called.field("property")
        if inner is not None and member is not None and member.text() in _METHODS | _ASKING.keys():
            subjects = about(inner, scope)
            if REQUEST in subjects and member.text() in _ASKING:
                return _ASKING[member.text()]
            subjects |= passed
            return _UNTOLD if REQUEST in subjects else subjects
        return _UNTOLD
    if imports(scope.root).get(name) == ("next/headers", "headers"):
        return frozenset({CREDENTIAL})
    return _of_function(name, arguments(node), scope)


def _of_new(node: SgNode, scope: ScriptScope) -> Subjects:
    constructor = node.field("constructor")
    name = constructor.text() if constructor is not None else ""
    passed = _joined(about(argument, scope) for argument in arguments(node))
    if name in _ANSWERS or _ERRORS.fullmatch(name):
        return passed | {ANSWER}
    return passed if name in _CONSTRUCTED and REQUEST not in passed else _UNTOLD


def _of_function(name: str, passed: list[SgNode], scope: ScriptScope) -> Subjects:
    """Return the subjects of a call of the project's function, if all that it does is to ask and compare."""
    definition = locally(scope.tree, scope.file, name) if scope.depth < _DEEPEST else None
    if definition is None or definition.node.kind() not in FUNCTIONS or definition.wrappers:
        return _UNTOLD
    root, body = scope.tree.parsed(definition.file), definition.node.field("body")
    if root is None or body is None:
        return _UNTOLD
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
            return _UNTOLD
        value = passed[number] if number < len(passed) else parameter.field("value")
        names[pattern.text()], text = about(value, scope), _text(value, scope)
        if text is not None:
            texts[pattern.text()] = text
    inner = ScriptScope(scope.tree, definition.file, root, names, scope.depth + 1, texts)
    if body.kind() != "statement_block":
        return about(body, inner)
    return _of_statements(statements_of(body), inner)


def _of_statements(statements: Iterable[SgNode], scope: ScriptScope) -> Subjects:
    """Return the subjects of statements that only declare, ask, log, return and throw."""
    whole: Subjects = NOTHING
    for statement in statements:
        kind = statement.kind()
        if kind in DECLARATIONS:
            names = declared(statement, scope)
            scope = scope.within(names)
            whole |= _joined(names.values())
        elif kind == "if_statement":
            whole |= about(statement.field("condition"), scope)
            branches = [statement.field("consequence"), *_else(statement)]
            whole |= _joined(
                _of_statements(statements_of(b), scope) for b in branches if b is not None
            )
        elif kind in {"return_statement", "throw_statement"}:
            whole |= _joined(about(child, scope) for child in statement.children())
        elif kind == "try_statement":
            whole |= _of_try(statement, scope)
        elif not (kind == "expression_statement" and is_logging(statement)):
            return _UNTOLD
    return whole


def _else(statement: SgNode) -> list[SgNode]:
    clause = statement.field("alternative")
    return [node for node in clause.children() if node.is_named()] if clause is not None else []


def _of_try(statement: SgNode, scope: ScriptScope) -> Subjects:
    clauses = [statement, statement.field("handler"), statement.field("finalizer")]
    blocks = [clause.field("body") for clause in clauses if clause is not None]
    return _joined(
        _of_statements(statements_of(block), scope) for block in blocks if block is not None
    )


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

"""The routes and routers that one JavaScript module registers, by the variable they hang on.

Nodes are kept as they are written; what they mean is worked out by
:mod:`~cronshift.handlers.node_routes`, which knows the other modules too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import FUNCTIONS, arguments, line_of
from cronshift.handlers.literals import literal, pairs, text_of
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "all"}
_MOUNTING = {"route", "use", "mount", "register", "group"}
_MOUNTED = {"identifier", "call_expression", "member_expression"} | FUNCTIONS
FRAMEWORKS = (
    "hono", "express", "fastify", "koa", "@koa/router", "koa-router", "elysia", "h3",
    "@nestjs/core", "@nestjs/common",
)  # fmt: skip
_NAMES = "|".join(map(re.escape, FRAMEWORKS))
_IMPORTS = lazy_pattern(
    r"^(?!\s*(?:import\s+type\b|//|\*)).*(?:\bfrom|\brequire\(|\bimport\(?)\s*"
    rf"[\"'](?:{_NAMES})[\"'/]",
    re.MULTILINE,
)
"""An import that is more than one of types."""
_CHAINS = {"call_expression", "member_expression", "await_expression", "parenthesized_expression"}


def is_app(tree: SourceTree, file: str) -> bool:
    """Return whether a file imports a framework that declares routes in code."""
    return _IMPORTS.search(tree.read(file)) is not None


class NodeRegistration(Struct, frozen=True):
    """A route, or a router that is mounted.

    Attributes:
        owner: the variable that it hangs on.
        path: its path or its prefix; ``None`` where there is none.
        target: what is mounted; ``None`` for a route.
        methods: a route's; ``None`` for all.
    """

    owner: str
    line: int
    path: SgNode | None
    target: SgNode | None = None
    methods: frozenset[str] | None = None


@dataclass(slots=True)
class NodeModule:
    """The registrations of one JavaScript file.

    Attributes:
        bases: the prefixes of routers, by their variable.
        derived: the router that another one is of, ``const api = app.basePath("/api")``.
        passings: calls that are given a variable, with its position among the arguments.
        unread: lines that register something on a variable in a way that is not followed.
    """

    bases: dict[str, SgNode] = field(default_factory=dict)
    derived: dict[str, str] = field(default_factory=dict)
    registrations: list[NodeRegistration] = field(default_factory=list)
    passings: list[tuple[str, SgNode, int]] = field(default_factory=list)
    unread: list[tuple[str, int]] = field(default_factory=list)

    @property
    def owners(self) -> dict[str, None]:
        """The variables that routes hang on, in order."""
        registered = (registration.owner for registration in self.registrations)
        return dict.fromkeys([*self.bases, *registered, *(name for name, _ in self.unread)])


def read_node_module(root: SgNode | None) -> NodeModule:
    """Return the registrations in a module, whatever function or branch they stand in."""
    module = NodeModule()
    for node in root.find_all(kind="new_expression") if root is not None else ():
        _prefixed(module, node)
    for call in root.find_all(kind="call_expression") if root is not None else ():
        _call(module, call)
    return module


def _prefixed(module: NodeModule, node: SgNode) -> None:
    """Take in ``const router = new Router({ prefix: "/x" })``."""
    passed, declarator = arguments(node), node.parent()
    name = declarator.field("name") if declarator is not None else None
    if name is not None and passed and passed[0].kind() == "object":
        prefix = dict(pairs(passed[0])).get("prefix")
        if prefix is not None:
            module.bases[name.text()] = prefix


def _call(module: NodeModule, call: SgNode) -> None:
    called = call.field("function")
    if called is None:
        return
    for number, argument in enumerate(arguments(call)):
        if argument.kind() == "identifier":
            module.passings.append((argument.text(), call, number))
    target = called.field("object")
    if called.kind() == "subscript_expression" and target is not None:
        module.unread.append((target.text(), line_of(call)))
    named = called.field("property") if called.kind() == "member_expression" else None
    if named is None or target is None:
        return
    owner, passed = _owner(call, target), arguments(call)
    if owner is not None and passed:
        path = routed_path(call) if named.text() in VERBS else None
        _register(module, owner, named, [path, *passed] if path is not None else passed)


def routed_path(call: SgNode) -> SgNode | None:
    """Return the path that a call hangs on in a chain, ``router.route("/x").get(handler)`` of Express."""
    called = call.field("function")
    before = called.field("object") if called is not None else None
    while before is not None and before.kind() == "call_expression":
        called, passed = before.field("function"), arguments(before)
        verb = called.field("property") if called is not None else None
        if verb is not None and verb.text() == "route" and len(passed) == 1:
            return passed[0] if passed[0].kind() != "object" else None
        before = called.field("object") if called is not None else None
    return None


def _register(module: NodeModule, owner: str, named: SgNode, passed: list[SgNode]) -> None:
    """Take in ``owner.get("/x", handler)``, ``owner.use("/x", router)`` and their like."""
    verb, line, first = named.text(), line_of(named), literal(passed[0])
    if verb == "basePath":
        _based(module, owner, named, passed[0])
    elif verb in VERBS and len(passed) > 1:
        methods = None if verb == "all" else frozenset({verb.upper()})
        module.registrations.append(NodeRegistration(owner, line, passed[0], None, methods))
    elif verb == "on" and len(passed) > 2:  # noqa: PLR2004 - methods, path, handler
        names = first if isinstance(first, list) else [first]
        methods = frozenset(name.upper() for name in names if isinstance(name, str))
        module.registrations.append(NodeRegistration(owner, line, passed[1], None, methods))
    elif verb == "route" and passed[0].kind() == "object":
        _fastify(module, owner, passed[0], line)
    elif verb in _MOUNTING:
        _mount(module, owner, passed, line)


def _based(module: NodeModule, owner: str, named: SgNode, base: SgNode) -> None:
    """Take in ``new Hono().basePath("/x")``, and ``const api = app.basePath("/x")``."""
    called = named.parent()
    call = called.parent() if called is not None else None
    declarator = call.parent() if call is not None else None
    name = declarator.field("name") if declarator is not None else None
    variable = name.text() if name is not None else owner
    module.bases[variable] = base
    if variable != owner:
        module.derived[variable] = owner


def _fastify(module: NodeModule, owner: str, options: SgNode, line: int) -> None:
    """Take in ``fastify.route({ method, url, handler })``."""
    values = dict(pairs(options))
    methods = literal(values.get("method"))
    listed = methods if isinstance(methods, list) else [methods]
    names = frozenset(name.upper() for name in listed if isinstance(name, str))
    url = values.get("url") or values.get("path")
    if url is not None:
        module.registrations.append(NodeRegistration(owner, line, url, None, names or None))


def _mount(module: NodeModule, owner: str, passed: list[SgNode], line: int) -> None:
    """Take in ``app.use("/x", router)``, ``app.register(plugin, { prefix: "/x" })``."""
    first, *others = passed
    has_path = first.kind() in {"string", "template_string"} or (
        bool(others)
        and first.kind() in {"identifier", "member_expression"}
        and others[-1].kind() != "object"
    )
    path = first if has_path else None
    for node in passed:
        prefix = dict(pairs(node)).get("prefix") if node.kind() == "object" else None
        path = prefix if prefix is not None else path
    for node in others if has_path else passed:
        if node.kind() in _MOUNTED:
            module.registrations.append(NodeRegistration(owner, line, path, node))


def _owner(call: SgNode, target: SgNode) -> str | None:
    """Return the variable that a chain of calls belongs to: its root, or its assignment's."""
    root: SgNode | None = target
    while root is not None and root.kind() == "call_expression":
        called = root.field("function")
        is_member = called is not None and called.kind() == "member_expression"
        root = called.field("object") if called is not None and is_member else None
    if root is not None and root.kind() == "identifier":
        return root.text()
    for outer in call.ancestors():
        kind = outer.kind()
        if kind == "variable_declarator":
            name = outer.field("name")
            return name.text() if name else None
        if kind == "export_statement":
            return "default"
        if kind not in _CHAINS:
            return None
    return None


def parameters_of(node: SgNode) -> list[str]:
    """Return the names of a function's parameters; ``""`` for one that is taken apart."""
    parameters = node.field("parameters") or node.field("parameter")
    if parameters is None:
        return []
    if parameters.kind() == "identifier":
        return [parameters.text()]
    names = []
    for child in parameters.children():
        if child.is_named() and child.kind() != "comment":
            name = child.field("pattern") or child.field("left") or child
            names.append(name.text() if name.kind() == "identifier" else "")
    return names


def decorator_of(node: SgNode) -> tuple[str, str | None]:
    """Return the name of a decorator and its path, ``None`` for one that is computed."""
    call = node.child(1)
    if call is None or call.kind() != "call_expression":
        return "", ""
    called, passed = call.field("function"), arguments(call)
    path = literal(passed[0]) if passed else ""
    return called.text() if called else "", path if isinstance(path, str) else None


def returned_function_of(function: SgNode) -> SgNode | None:
    """Return the function that a function returns, as makers of middleware do."""
    body = function.field("body")
    if body is None or body.kind() in FUNCTIONS:
        return body
    for statement in body.children():
        value = statement.child(1) if statement.kind() == "return_statement" else None
        if value is not None and value.kind() in FUNCTIONS:
            return value
    return None


def returned_of(function: SgNode) -> str | None:
    """Return the variable that a function returns."""
    body = function.field("body")
    for statement in body.find_all(kind="return_statement") if body is not None else ():
        value = statement.child(1)
        if value is not None and value.kind() == "identifier":
            return text_of(value)
    return None

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
_NAMED = lazy_pattern(rf"[\"'](?:{_NAMES})[\"'/]")
_IMPORTS = lazy_pattern(
    r"^(?!\s*(?:import\s+type\b|//|\*)).*(?:\bfrom|\brequire\(|\bimport\(?)\s*"
    rf"[\"'](?:{_NAMES})[\"'/]",
    re.MULTILINE,
)
"""An import that is more than one of types."""
_WRITTEN = {"string", "template_string"}
_WRAPPED = {"await_expression", "parenthesized_expression", "as_expression", "non_null_expression"}
_MAKES = lazy_pattern(r"(?:new\s+)?(?:\w+\.)?(?:Elysia|Hono|OpenAPIHono|Router|Fastify|fastify)\b")
"""A call or ``new`` that makes a router."""
_CHAINS = {"call_expression", "member_expression", "await_expression", "parenthesized_expression"}


def is_app(tree: SourceTree, file: str) -> bool:
    """Return whether a file imports a framework that declares routes in code."""
    text = tree.read(file)
    return _NAMED.search(text) is not None and _IMPORTS.search(text) is not None


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
    passed = arguments(node)
    options = dict(pairs(passed[0])) if passed and passed[0].kind() == "object" else {}
    name = _assigned(node, node) if "prefix" in options else None
    if name is not None:
        module.bases[name] = options["prefix"]


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
    if verb in {"basePath", "prefix"} and len(passed) == 1:
        _based(module, owner, named, passed[0])
    elif verb in VERBS and len(passed) > 1:
        methods = None if verb == "all" else frozenset({verb.upper()})
        is_named = len(passed) > 2 and {node.kind() for node in passed[:2]} <= _WRITTEN  # noqa: PLR2004
        for path in _paths(passed[1] if is_named else passed[0]):  # Koa's r.get("name", "/x", run)
            module.registrations.append(NodeRegistration(owner, line, path, None, methods))
    elif verb == "openapi" and len(passed) > 1:
        _described(module, owner, passed[0], line)
    elif verb == "on" and len(passed) > 2:  # noqa: PLR2004 - methods, path, handler
        names = first if isinstance(first, list) else [first]
        methods = frozenset(name.upper() for name in names if isinstance(name, str))
        module.registrations.append(NodeRegistration(owner, line, passed[1], None, methods))
    elif verb == "route" and passed[0].kind() == "object":
        _fastify(module, owner, passed[0], line)
    elif verb in _MOUNTING:
        _mount(module, owner, passed, line)


def _based(module: NodeModule, owner: str, named: SgNode, base: SgNode) -> None:
    """Take in ``app.basePath("/x")``, which returns another app, and Koa's ``router.prefix("/x")``."""
    target = named.parent()
    call = target.parent() if target is not None else None
    outer = call.parent() if call is not None else None
    on = target.field("object") if target is not None else None
    is_own = named.text() == "prefix" or on is None or on.kind() != "identifier"
    name = outer.field("name") if outer is not None and not is_own else None
    if is_own and owner not in module.bases:
        module.bases[owner] = base
    elif name is not None:
        module.bases[name.text()] = base
        module.derived[name.text()] = owner
    elif call is not None and _has_one_chain(call, owner) and owner not in module.bases:
        module.bases[owner] = base
    else:
        module.unread.append((owner, line_of(named)))


def _has_one_chain(call: SgNode, owner: str) -> bool:
    """Return whether all that is registered on an app is registered in the chain of a call."""
    members = call.get_root().root().find_all(kind="member_expression")
    direct = [node for node in members if (on := node.field("object")) and on.text() == owner]
    verbs = {named.text() for node in direct if (named := node.field("property"))}
    return not verbs & {"route", "use", "on", "all", *VERBS}


def _described(module: NodeModule, owner: str, route: SgNode, line: int) -> None:
    """Take in ``app.openapi(createRoute({ method, path }), handler)`` of Hono."""
    if route.kind() == "identifier":
        declared = route.get_root().root().find_all(kind="variable_declarator")
        made = [node.field("value") for node in declared if _is_named(node, route.text())]
        value = made[0] if len(made) == 1 else None
    else:
        value = route
    passed = arguments(value) if value is not None and value.kind() == "call_expression" else []
    values = dict(pairs(passed[0])) if passed and passed[0].kind() == "object" else {}
    path, method = values.get("path"), literal(values.get("method"))
    if path is None or not isinstance(method, str):
        module.unread.append((owner, line))
    else:
        methods = frozenset({method.upper()})
        module.registrations.append(NodeRegistration(owner, line, path, None, methods))


def _is_named(declarator: SgNode, name: str) -> bool:
    named = declarator.field("name")
    return named is not None and named.text() == name


def _paths(node: SgNode) -> list[SgNode]:
    """Return the paths of a registration, which may be several: ``["/x", "/y"]``."""
    return _elements(node) if node.kind() == "array" else [node]


def _elements(node: SgNode) -> list[SgNode]:
    return [child for child in node.children() if child.is_named() and child.kind() != "comment"]


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
    are_paths = first.kind() == "array" and {node.kind() for node in _elements(first)} <= _WRITTEN
    has_path = (
        first.kind() in _WRITTEN
        or are_paths
        or (
            bool(others)
            and first.kind() in {"identifier", "member_expression"}
            and others[-1].kind() != "object"
        )
    )
    paths: list[SgNode | None] = [*_paths(first)] if has_path else [None]
    for node in passed:
        prefix = dict(pairs(node)).get("prefix") if node.kind() == "object" else None
        paths = [prefix] if prefix is not None else paths
    for outer in others if has_path else passed:
        for node in _mounted(outer):
            if node.kind() in _MOUNTED:
                module.registrations.extend(
                    NodeRegistration(owner, line, path, node) for path in paths
                )
            elif node.kind() in {"spread_element", "subscript_expression"}:
                module.unread.append((owner, line))


def _mounted(node: SgNode) -> list[SgNode]:
    """Return the nodes that an argument mounts: itself, elements of a list, either side of a choice."""
    kind, inner = node.kind(), [child for child in node.children() if child.is_named()]
    if kind == "array" or kind in _WRAPPED:
        parts = _elements(node) if kind == "array" else inner[:1]
    elif kind == "spread_element" and inner and inner[0].kind() == "array":
        parts = inner
    elif kind == "ternary_expression":
        parts = inner[1:]
    elif kind == "binary_expression":
        parts = inner[-1:]
    else:
        return [node]
    return [each for part in parts for each in _mounted(part)]


def _owner(call: SgNode, target: SgNode) -> str | None:
    """Return the variable that a chain of calls belongs to: its root, or its assignment's."""
    root: SgNode | None = target
    while root is not None and root.kind() == "call_expression":
        called = root.field("function")
        is_member = called is not None and called.kind() == "member_expression"
        root = called.field("object") if called is not None and is_member else None
    if root is not None and root.kind() == "identifier":
        return root.text()
    made = target
    while (before := _before(made)) is not None:
        made = before
    return _assigned(call, made)


def _assigned(node: SgNode, made: SgNode) -> str | None:
    """Return the variable that a chain is put into, or the function that returns it."""
    for outer in node.ancestors():
        kind = outer.kind()
        if kind in {"return_statement", "arrow_function"} and _MAKES.match(made.text()):
            return _returning(outer)
        if kind == "variable_declarator":
            name = outer.field("name")
            return name.text() if name else None
        if kind == "export_statement":
            return "default"
        if kind not in _CHAINS:
            return None
    return None


def _before(node: SgNode) -> SgNode | None:
    """Return the node that a call or a member hangs on, in a chain."""
    if node.kind() == "call_expression":
        called = node.field("function")
        return called if called is not None and called.kind() == "member_expression" else None
    return node.field("object") if node.kind() == "member_expression" else None


def _returning(node: SgNode) -> str | None:
    """Return the name of the function that an expression is returned by."""
    for outer in (node, *node.ancestors()):
        if outer.kind() in FUNCTIONS:
            return name_of(outer)
    return None


def name_of(function: SgNode) -> str | None:
    """Return the name that a function is known by in its module, ``"default"`` for the exported one."""
    name, outer = function.field("name"), function.parent()
    if name is None and outer is not None and outer.kind() == "variable_declarator":
        name = outer.field("name")
    if name is None and outer is not None and outer.kind() == "export_statement":
        return "default"
    return name.text() if name is not None else None


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


def module_of(node: SgNode) -> SgNode:
    """Return a module in place of its default export: ``m`` of ``m.default || m``, and of ``m.default``."""
    member = node.field("property") if node.kind() == "member_expression" else None
    inner = node.field("object") if member is not None and member.text() == "default" else None
    operator = node.field("operator")
    if operator is not None and operator.text() in {"||", "??"}:
        inner = node.field("right")
    return module_of(inner) if inner is not None else node

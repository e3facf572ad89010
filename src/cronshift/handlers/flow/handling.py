"""The call of a handler by its framework, and the middleware that its app runs first."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.flow import code
from cronshift.handlers.flow.answers import replying, started
from cronshift.handlers.flow.django import view_method
from cronshift.handlers.flow.following import goes_on
from cronshift.handlers.flow.javascript_code import JavaScript
from cronshift.handlers.flow.nest import method_at, nest_arguments
from cronshift.handlers.flow.nest_services import controller_of
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.python_code import Python
from cronshift.handlers.flow.python_requests import ENVIRON, server_of
from cronshift.handlers.flow.requests import (
    CONTEXT,
    EVENT,
    REQUEST,
    route_parameters,
)
from cronshift.handlers.flow.tanstack import tanstack_method
from cronshift.handlers.flow.values import (
    Arguments,
    ClassValue,
    Closure,
    Native,
    NativeObject,
    ObjectValue,
    PlainValue,
    Unknown,
    Value,
)
from cronshift.handlers.javascript import arguments as arguments_of
from cronshift.handlers.javascript import callee, imports
from cronshift.handlers.python_modules import class_named
from cronshift.handlers.rest_routers import Action, actions_of
from cronshift.model import HandlerKind
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from ast_grep_py import SgNode

    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.program import Program
    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler, Location

_EVENTS = {
    HandlerKind.SVELTEKIT,
    HandlerKind.ASTRO,
    HandlerKind.REMIX,
    HandlerKind.SOLIDSTART,
    HandlerKind.NITRO,
    HandlerKind.TANSTACK,
}
_FASTAPI = lazy_pattern(r"^(?:from|import) fastapi\b", re.MULTILINE)
_REPLYING = {HandlerKind.NEXT_PAGES, HandlerKind.NODE_FUNCTION, HandlerKind.NODE_APP}
_CONTEXTS = ("hono", "koa", "elysia")
_HARMLESS_USE = lazy_pattern(
    r"cors|json|urlencoded|helmet|logger|morgan|compress|static|parser|raw|text|secureHeaders|"
    r"prettyJSON|requestId|timing|poweredBy|etag|limit|swagger|docs|cookie",
    re.IGNORECASE,
)


def handler_start(
    program: Program, handler: Handler, export: str | None = None
) -> Callable[[Machine], Value | None]:
    """Return a function that calls a handler as its framework does."""

    def start(machine: Machine) -> Value | None:
        called = function_of(program, machine, handler, export or handler.export)
        if not isinstance(called, Closure | Native):
            return None
        elsewhere = code.CodePlace(handler.file, handler.line, 1)
        machine.ledger.began = called.function.place if isinstance(called, Closure) else elsewhere
        arguments = _arguments(machine, handler, called)
        machine.serializing = _serializes(program.tree, handler)
        return machine.call(called, arguments)

    return start


def _serializes(tree: SourceTree, handler: Handler) -> bool:
    """Return whether the framework makes JSON of a returned tuple too, where Flask takes it for a status."""
    file = handler.route.file if handler.route is not None else handler.file
    return handler.kind is HandlerKind.ASGI and _FASTAPI.search(tree.read(file)) is not None


def function_of(program: Program, machine: Machine, handler: Handler, export: str) -> Value | None:
    """Return the function that answers."""
    if handler.route is not None:
        return _declared(program, machine, handler.route)
    if handler.kind is HandlerKind.HTTP_HANDLER:
        return _method(machine, handler)
    if handler.kind is HandlerKind.ASGI:
        return None  # it hands its scope to an app whose routes are not told
    if handler.kind is HandlerKind.TANSTACK:
        return tanstack_method(machine, handler.file, export)
    value = machine.exported(handler.file, export)
    if isinstance(value, ClassValue | ObjectValue):
        inner = machine.member(value, "fetch")
        return inner if isinstance(inner, Closure) else None
    return value


def _method(machine: Machine, handler: Handler) -> Value | None:
    """Return ``do_GET`` of Python's handler class, on an instance of it."""
    kind = machine.named_in(handler.file, handler.export)
    if not isinstance(kind, ClassValue):
        return None
    made = server_of(machine)
    made.of = kind
    reply = replying()
    for name in ("send_response", "send_error", "wfile"):
        reply_member = reply.member(machine, name)
        if reply_member is not None:
            made.cell[name] = reply_member
    for name in ("send_header", "end_headers", "log_message"):
        made.cell[name] = Native(name, lambda _m, _a: PlainValue(None))
    made.cell["wfile"] = NativeObject("wfile", lambda _m, name: Native(name, _written))
    method = machine.member(made, f"do_{machine.world.method}")
    return method if isinstance(method, Closure) else None


def _written(machine: Machine, arguments: Arguments) -> Value:
    """Read ``self.wfile.write(body)``."""
    begun = machine.path.answered
    if begun is not None and begun.body is None:
        machine.path.answered = replace(begun, body=arguments.at(0))
    return PlainValue(None)


def _arguments(machine: Machine, handler: Handler, called: Closure | Native) -> Arguments:
    """Return the arguments that a framework calls a handler with."""
    tree = machine.program.tree
    line = handler.route.line if handler.route is not None else handler.line
    place = code.CodePlace(handler.file, line, 1, handler.export)
    name = called.function.name if isinstance(called, Closure) else handler.export
    if handler.kind is HandlerKind.WSGI and handler.route is None:
        return Arguments((ENVIRON, Native("start_response", started)), {}, place, name)
    if is_python(handler.file):
        injected = handler.kind is not HandlerKind.HTTP_HANDLER
        return Arguments((), {}, place, name, injected=injected)
    if handler.route is not None:
        passed = nest_arguments(machine, handler.route) or app_arguments(tree, handler.route.file)
        return Arguments(passed, {}, place, name)
    first = EVENT if handler.kind in _EVENTS else REQUEST
    parameters = route_parameters(machine)
    second: Value = Unknown(name="context")
    if parameters is not None:
        second = ObjectValue({"params": parameters}, open=True)
    if handler.kind in _REPLYING and handler.export == "default":
        second = replying()
    return Arguments((first, second), {}, place, name)


def app_arguments(tree: SourceTree, file: str) -> tuple[Value, ...]:
    """Return the arguments that a Node app calls its handlers with, by the framework it imports."""
    root = tree.parsed(file)
    packages = {source for source, _ in imports(root).values()} if root is not None else set()
    if any(package.startswith(_CONTEXTS) for package in packages):
        return (CONTEXT, goes_on())
    if any(tree.dependencies.get(package) for package in _CONTEXTS) and not any(
        package.startswith(("express", "fastify")) for package in packages
    ):
        return (CONTEXT, goes_on())
    return (REQUEST, replying(), goes_on())


def _declared(program: Program, machine: Machine, place: Location) -> Value | None:
    """Return the function that a route in code is given."""
    if is_python(place.file):
        return _decorated(machine, program, place)
    call = route_call(program.tree, place, machine.world.method)
    passed = arguments_of(call) if call is not None else []
    if not passed:
        return _nest_method(program, machine, place)
    lower = JavaScript(place.file)
    last = passed[-1]
    if last.kind() == "object":  # Fastify's route({ handler })
        options = machine.value(lower.expression(last), machine.module(place.file))
        return options.cell.get("handler") if isinstance(options, ObjectValue) else None
    return machine.value(lower.expression(last), machine.module(place.file))


def route_call(tree: SourceTree, place: Location, method: str) -> SgNode | None:
    """Return the call that declares a route: of several in a line, that of a method."""
    calls = [call for call in tree.method_calls(place.file, place.line) if arguments_of(call)]
    named = (call for call in calls if callee(call).endswith(f".{method.lower()}"))
    return next(named, None) or next(iter(calls), None)


def _nest_method(program: Program, machine: Machine, place: Location) -> Value | None:
    """Return the method of a Nest controller below a decorator."""
    root = program.tree.parsed(place.file)
    node = method_at(root, place.line) if root is not None else None
    if node is None:
        return None
    controller = controller_of(machine, place.file, node)
    return Closure(JavaScript(place.file).function(node), machine.module(place.file), controller)


def _chosen(machine: Machine, passed: list[ast.expr]) -> Action | None:
    """Return the method that ``as_view({"get": "run"})`` chooses for a request."""
    match passed:
        case [ast.Dict(keys=keys, values=values)]:
            methods = dict(zip(map(ast.unparse, filter(None, keys)), values, strict=False))
            name = methods.get(repr(machine.world.method.lower()))
            if isinstance(name, ast.Constant):
                return Action(str(name.value), "", frozenset({machine.world.method}))
    return None


def _routed(machine: Machine, kind: ClassValue) -> Action | None:
    """Return the action of a class that a router of REST framework chooses for a request."""
    tree, file = machine.program.tree, kind.scope.file
    made = class_named(tree, file, kind.code.name)
    if made is None:
        return None
    return actions_of(tree, *made).at(machine.world.path, machine.world.method)


def _decorated(machine: Machine, program: Program, place: Location) -> Value | None:
    """Return the Python function below a route's decorator, or that a route names."""
    module = program.tree.python(place.file)
    lower = Python(place.file)
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
            part.lineno == place.line for part in (*node.decorator_list, node)
        ):
            made = code.Define(node.name, lower.function(node))
            scope = machine.module(place.file)
            machine.block((made,), scope)
            return scope.names[node.name]
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and node.lineno == place.line and len(node.args) > 1:
            view, scope = node.args[1], machine.module(place.file)
            chosen: list[ast.expr] = []
            if isinstance(view, ast.Call) and ast.unparse(view.func).endswith(".as_view"):
                chosen = view.args
                view = view.func.value if isinstance(view.func, ast.Attribute) else view.func
            function = machine.value(lower.expression(view), scope)
            if isinstance(function, ClassValue):
                is_routed = ast.unparse(node.func).endswith(".register")
                action = _routed(machine, function) if is_routed else _chosen(machine, chosen)
                return view_method(machine, function, lower.place(node), action)
            if isinstance(function, Closure | Native):
                return function
    return None

"""How each framework calls a handler, and what it calls in front of it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cronshift.handlers.flow import code
from cronshift.handlers.flow.answers import replying, started
from cronshift.handlers.flow.following import goes_on
from cronshift.handlers.flow.javascript_code import JavaScript
from cronshift.handlers.flow.program import is_python, parsed
from cronshift.handlers.flow.python_code import Python
from cronshift.handlers.flow.requests import CONTEXT, ENVIRON, EVENT, REQUEST, server_of
from cronshift.handlers.flow.values import (
    Arguments,
    ClassValue,
    Closure,
    Native,
    NativeObject,
    ObjectValue,
    Outside,
    Plain,
    Unknown,
    Value,
)
from cronshift.handlers.javascript import arguments as arguments_of
from cronshift.handlers.javascript import imports, line_of
from cronshift.handlers.literals import literal
from cronshift.model import HandlerKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
}
_REPLYING = {HandlerKind.NEXT_PAGES, HandlerKind.NODE_FUNCTION, HandlerKind.NODE_APP}
_CONTEXTS = ("hono", "koa", "elysia")
_HARMLESS_USE = re.compile(
    r"cors|json|urlencoded|helmet|logger|morgan|compress|static|parser|raw|text|secureHeaders|"
    r"prettyJSON|requestId|timing|poweredBy|etag|limit|swagger|docs|cookie",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Gate:
    """Something that runs before a handler.

    Attributes:
        start: calls it.
        by_next: whether it lets a request by only where it calls its ``next``.
        sure: whether it surely runs before the path.
    """

    start: Callable[[Machine], Value | None]
    by_next: bool
    file: str
    line: int
    sure: bool = True


def handler_start(
    program: Program, handler: Handler, export: str | None = None
) -> Callable[[Machine], Value | None]:
    """Return what calls a handler as its framework does."""

    def start(machine: Machine) -> Value | None:
        called = function_of(program, machine, handler, export or handler.export)
        if not isinstance(called, Closure | Native):
            return None
        elsewhere = code.Place(handler.file, handler.line, 1)
        machine.ledger.began = called.function.place if isinstance(called, Closure) else elsewhere
        arguments = _arguments(program.tree, handler, called)
        return machine.call(called, arguments)

    return start


def function_of(program: Program, machine: Machine, handler: Handler, export: str) -> Value | None:
    """Return the function that answers."""
    if handler.route is not None:
        return _declared(program, machine, handler.route)
    if handler.kind is HandlerKind.HTTP_HANDLER:
        return _method(machine, handler)
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
        made.cell[name] = Native(name, lambda _m, _a: Plain(None))
    made.cell["wfile"] = NativeObject("wfile", lambda _m, n: Native(n, lambda _m, _a: Plain(None)))
    method = machine.member(made, f"do_{machine.world.method}")
    return method if isinstance(method, Closure) else None


def _arguments(tree: SourceTree, handler: Handler, called: Closure | Native) -> Arguments:
    """Return what a framework calls a handler with."""
    line = handler.route.line if handler.route is not None else handler.line
    place = code.Place(handler.file, line, 1, handler.export)
    name = called.function.name if isinstance(called, Closure) else handler.export
    if handler.kind is HandlerKind.WSGI and handler.route is None:
        return Arguments((ENVIRON, Native("start_response", started)), {}, place, name)
    if is_python(handler.file):
        injected = handler.kind is not HandlerKind.HTTP_HANDLER
        return Arguments((), {}, place, name, injected=injected)
    if handler.route is not None:
        return Arguments(_of_app(tree, handler.route.file), {}, place, name)
    first = EVENT if handler.kind in _EVENTS else REQUEST
    second: Value = Unknown(name="context")
    if handler.kind in _REPLYING and handler.export == "default":
        second = replying()
    return Arguments((first, second), {}, place, name)


def _of_app(tree: SourceTree, file: str) -> tuple[Value, ...]:
    """Return what a Node app calls its handlers with, by the framework that its file imports."""
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
    call = _route_call(program.tree, place)
    passed = arguments_of(call) if call is not None else []
    if not passed:
        return _nest_method(program, machine, place)
    lower = JavaScript(place.file)
    last = passed[-1]
    if last.kind() == "object":  # Fastify's route({ handler })
        options = machine.value(lower.expression(last), machine.module(place.file))
        return options.cell.get("handler") if isinstance(options, ObjectValue) else None
    return machine.value(lower.expression(last), machine.module(place.file))


def _route_call(tree: SourceTree, place: Location) -> SgNode | None:
    root = tree.parsed(place.file)
    for call in root.find_all(kind="call_expression") if root is not None else ():
        called = call.field("function")
        verb = called.field("property") if called is not None else None
        if verb is not None and line_of(verb) == place.line and arguments_of(call):
            return call
    return None


def _nest_method(program: Program, machine: Machine, place: Location) -> Value | None:
    """Return the method of a Nest controller below a decorator."""
    root = program.tree.parsed(place.file)
    for node in root.find_all(kind="method_definition") if root is not None else ():
        before = [sibling for sibling in node.prev_all() if sibling.kind() == "decorator"]
        lines = {
            line_of(sibling)
            for sibling in (*before, *node.children())
            if sibling.kind() == "decorator"
        }
        if place.line in lines:
            machine.path.doubts |= {"guards of Nest are not followed"}
            return Closure(
                JavaScript(place.file).function(node), machine.module(place.file), Unknown()
            )
    return None


def _decorated(machine: Machine, program: Program, place: Location) -> Value | None:
    """Return the Python function below a route's decorator, or that a route names."""
    module = parsed(program.tree.read(place.file))
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
            function = machine.value(lower.expression(node.args[1]), machine.module(place.file))
            if isinstance(function, Closure | Native):
                return function
    return None


# in front


def gates(program: Program, handler: Handler, path: str) -> Iterator[Gate]:
    """Yield what a handler's own app runs before it: ``use``, hooks, dependencies."""
    if handler.route is None:
        return
    files = dict.fromkeys((handler.file, handler.route.file))
    if is_python(handler.route.file):
        for file in files:
            yield from _python_gates(program, file, handler.route)
        return
    call = _route_call(program.tree, handler.route)
    if call is not None:
        for node in arguments_of(call)[1:-1]:
            yield _gate(program.tree, handler.route.file, node)
    for file in files:
        yield from _used(program.tree, file, path, handler.route)


def _used(tree: SourceTree, file: str, path: str, route: Location) -> Iterator[Gate]:
    """Yield what ``app.use(…)`` and ``addHook`` put before a path."""
    root = tree.parsed(file)
    for call in root.find_all(kind="call_expression") if root is not None else ():
        called = call.field("function")
        verb = called.field("property") if called is not None else None
        name = verb.text() if verb is not None else ""
        if name not in {"use", "addHook", "onRequest", "beforeHandle", "onBeforeHandle"}:
            continue
        if file == route.file and line_of(call) > route.line:
            continue
        passed = arguments_of(call)
        first = literal(passed[0]) if passed else None
        if name == "addHook" or not isinstance(first, str):
            rest = passed[1:] if name == "addHook" else passed
        else:
            prefix = first.replace("*", "").rstrip("/")
            rest = passed[1:] if prefix in path else []
        for node in rest:
            if node.kind() in {
                "arrow_function",
                "function_expression",
                "identifier",
                "call_expression",
                "member_expression",
            }:
                yield _gate(tree, file, node)


def _gate(tree: SourceTree, file: str, node: SgNode) -> Gate:
    lower = JavaScript(file)

    def start(machine: Machine) -> Value | None:
        called = machine.value(lower.expression(node), machine.module(file))
        place = lower.place(node)
        if isinstance(called, Closure):
            return machine.call(called, Arguments(_of_app(tree, file), {}, place, "middleware"))
        if isinstance(called, Native):
            return machine.call(called, Arguments(_of_app(tree, file), {}, place, "middleware"))
        name = called.name if isinstance(called, Outside | Unknown) else node.text()
        if _is_router(name) or _HARMLESS_USE.search(node.text()):
            return goes_on().call(machine, Arguments((), {}, place))
        if re.search(
            r"auth|verif|guard|secret|protect|token|jwt|session", node.text(), re.IGNORECASE
        ):
            machine.path.doubts |= {f"{node.text()[:40]} is not followed"}
        return goes_on().call(machine, Arguments((), {}, place))

    return Gate(start, by_next=True, file=file, line=line_of(node))


def _is_router(name: str) -> bool:
    return re.search(r"rout|api$|app$", name, re.IGNORECASE) is not None


def _python_gates(program: Program, file: str, route: Location) -> Iterator[Gate]:
    """Yield ``before_request`` functions and the dependencies of route, router and app."""
    module, lower = parsed(program.tree.read(file)), Python(file)
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                if ast.unparse(called).endswith(("before_request", "before_app_request")):
                    yield _function_gate(lower, file, node)
                elif ast.unparse(decorator).endswith((".middleware('http')", "middleware")):
                    yield _middleware_gate(lower, file, node)
        elif isinstance(node, ast.Call):
            whole = _is_of_route(node, route, file)
            for keyword in node.keywords if whole else ():
                if keyword.arg == "dependencies" and isinstance(
                    keyword.value, ast.List | ast.Tuple
                ):
                    for item in keyword.value.elts:
                        yield _dependency_gate(lower, file, item)


def _is_of_route(node: ast.Call, route: Location, file: str) -> bool:
    """Return whether a call's dependencies hold for a route: its own, or its router's and app's."""
    name = ast.unparse(node.func).rpartition(".")[2]
    if name in {"APIRouter", "FastAPI", "include_router", "Blueprint"}:
        return True
    return file == route.file and node.lineno == route.line


def _function_gate(lower: Python, file: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Gate:
    def start(machine: Machine) -> Value | None:
        called = Closure(lower.function(node), machine.module(file))
        return machine.call(called, Arguments((), {}, lower.place(node), node.name, injected=True))

    return Gate(start, by_next=False, file=file, line=node.lineno)


def _middleware_gate(
    lower: Python, file: str, node: ast.FunctionDef | ast.AsyncFunctionDef
) -> Gate:
    def start(machine: Machine) -> Value | None:
        called = Closure(lower.function(node), machine.module(file))
        arguments = Arguments((REQUEST, goes_on()), {}, lower.place(node), node.name)
        return machine.call(called, arguments)

    return Gate(start, by_next=True, file=file, line=node.lineno)


def _dependency_gate(lower: Python, file: str, item: ast.expr) -> Gate:
    def start(machine: Machine) -> Value | None:
        parameter = code.Parameter(code.NamePattern("dependency"), lower.expression(item))
        from cronshift.handlers.flow.injection import injected_value

        injected_value(machine, parameter, machine.module(file), by_framework=True)
        return Plain(None)

    return Gate(start, by_next=False, file=file, line=item.lineno)

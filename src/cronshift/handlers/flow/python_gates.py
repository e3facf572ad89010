"""Gates of Python apps: dependencies, ``before_request``, middleware."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from cronshift.handlers.flow import code
from cronshift.handlers.flow.answers import number
from cronshift.handlers.flow.following import goes_on
from cronshift.handlers.flow.gates import Gate, Way
from cronshift.handlers.flow.injection import injected_value
from cronshift.handlers.flow.python_code import Python
from cronshift.handlers.flow.requests import REQUEST
from cronshift.handlers.flow.values import (
    Arguments,
    ClassValue,
    Closure,
    Native,
    ObjectValue,
    PlainValue,
    Response,
    Unknown,
    Value,
)
from cronshift.handlers.python_guard import GUARD_MODULE
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.program import Program
    from cronshift.model import Location

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_gates(program: Program, file: str, route: Location) -> Iterator[Gate]:
    """Yield ``before_request`` functions and the dependencies of route, router and app."""
    module, lower = program.tree.python(file), Python(file)
    others = _other_routers(module, route) if file == route.file else ()
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _decorated(lower, file, node)
        elif isinstance(node, ast.Call) and node not in others:
            yield from _dependencies(program, lower, node, file, route)
            if ast.unparse(node.func).endswith(".add_middleware") and node.args:
                yield from _added(program, lower, file, node.args[0])


def _other_routers(module: ast.Module, route: Location) -> list[ast.expr]:
    """Return the expressions that make the routers of a module which a route does not hang on."""
    owners = {
        ast.unparse(decorator.func.value)
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for decorator in node.decorator_list
        if decorator.lineno == route.line
        and isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
    }
    return [
        node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        and owners
        and not owners & set(map(ast.unparse, node.targets))
        and ast.unparse(node.value).startswith("APIRouter(")
    ]


def _decorated(lower: Python, file: str, node: Function) -> Iterator[Gate]:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(called).endswith(("before_request", "before_app_request")):
            yield _function_gate(lower, file, node)
        elif ast.unparse(decorator).endswith((".middleware('http')", "middleware")):
            yield _middleware_gate(lower, file, node)


def _dependencies(
    program: Program, lower: Python, node: ast.Call, file: str, route: Location
) -> Iterator[Gate]:
    for keyword in node.keywords:
        listed = keyword.value
        if keyword.arg == "dependencies" and isinstance(listed, ast.List | ast.Tuple):
            sure = _is_of_route(program, node, route, file)
            for item in listed.elts if sure is not None else ():
                yield _dependency_gate(lower, file, item, sure=bool(sure))


def _is_of_route(program: Program, node: ast.Call, route: Location, file: str) -> bool | None:
    """Return whether a call's dependencies hold for a route; ``None`` where they surely do not."""
    name = ast.unparse(node.func).rpartition(".")[2]
    if name in {"APIRouter", "FastAPI"}:
        return name == "FastAPI" or file == route.file
    if name != "include_router":
        return True if file == route.file and node.lineno == route.line else None
    target = _included(program, node, file)
    if route.file in {target, file}:
        return True
    is_apart = target is not None and not _leads_to(program, target, route.file)
    return None if is_apart else False


def _included(program: Program, node: ast.Call, file: str) -> str | None:
    """Return the project's file in which a router is made that ``include_router`` is given."""
    root: ast.AST | None = node.args[0] if node.args else None
    while isinstance(root, ast.Attribute):
        root = root.value
    imported = program.module(file).imported.get(root.id) if isinstance(root, ast.Name) else None
    return program.imported_file(file, imported) if imported is not None else None


def _leads_to(program: Program, file: str, target: str) -> bool:
    """Return whether a module imports another, through others too."""
    seen, left = {file}, [file]
    while left:
        here = left.pop()
        imported = program.module(here).imported.values()
        files = {other for name in imported if (other := program.imported_file(here, name))}
        left += sorted(files - seen)
        seen |= files
    return target in seen


def _function_gate(lower: Python, file: str, node: Function) -> Gate:
    def start(machine: Machine) -> Value | None:
        called = Closure(lower.function(node), machine.module(file))
        return machine.call(called, Arguments((), {}, lower.place(node), node.name, injected=True))

    return Gate(start, Way.RETURN, file, node.lineno)


def _middleware_gate(lower: Python, file: str, node: Function) -> Gate:
    def start(machine: Machine) -> Value | None:
        called = Closure(lower.function(node), machine.module(file))
        passed = Arguments((REQUEST, goes_on()), {}, lower.place(node), node.name)
        return machine.call(called, passed)

    return Gate(start, Way.NEXT, file, node.lineno)


_HARMLESS = lazy_pattern(
    r"CORS|GZip|Brotli|TrustedHost|HTTPSRedirect|Session|Log|Tim(?:e|ing)|Metric|Prometheus|RequestI[dD]|"
    r"Correlation|Sentry|Trac|Telemetry|Header|Limit|Throttl|Proxy|Static|Cache|Error|Exception"
)
"""Middleware that lets everybody by, by the name of its class."""
_CHECKING = lazy_pattern(
    r"auth|token|jwt|key|secret|permission|guard|protect|allow|ip", re.IGNORECASE
)


def _added(program: Program, lower: Python, file: str, named: ast.expr) -> Iterator[Gate]:
    """Yield the gate of a middleware class, where it is the project's or may check a caller."""
    name, module = ast.unparse(named), program.module(file)
    imported = module.imported.get(name.partition(".")[0])
    if imported is not None and imported.source.rpartition(".")[2] == GUARD_MODULE:
        return  # it asks whose the tick is, and turns nobody away who is not to be
    is_own = name in module.definitions or (
        imported is not None and program.imported_file(file, imported) is not None
    )
    if is_own or (_CHECKING.search(name) and not _HARMLESS.search(name)):
        yield _added_gate(lower, file, named)


def _added_gate(lower: Python, file: str, named: ast.expr) -> Gate:
    """Return the gate of ``app.add_middleware(Checked)``: the class's ``dispatch``."""
    name, place = ast.unparse(named).rpartition(".")[2], lower.place(named)

    def start(machine: Machine) -> Value | None:
        kind = machine.value(lower.expression(named), machine.module(file))
        if isinstance(kind, ClassValue):
            made = machine.call(kind, Arguments((goes_on(),), {}, place, name))
            dispatch = machine.method(made, kind, "dispatch")
            plain = machine.method(made, kind, "__call__")  # of ASGI itself
            passed = (REQUEST, goes_on()) if isinstance(dispatch, Closure) else _asgi(machine)
            called = dispatch if isinstance(dispatch, Closure) else plain
            if isinstance(called, Closure):
                arguments = Arguments(passed, {}, place, called.function.name)
                return machine.awaited(machine.call(called, arguments))
        machine.path.doubts |= {f"stands in front with {name}"}
        return machine.call(goes_on(), Arguments((), {}, place, "call_next"))

    return Gate(start, Way.NEXT, file, named.lineno)


def _asgi(machine: Machine) -> tuple[Value, ...]:
    """Return the scope of a request, and what receives and sends its messages."""
    world = machine.world
    members = {"type": "http", "method": world.method, "path": world.path}
    scope = ObjectValue({name: PlainValue(text) for name, text in members.items()}, open=True)
    return (scope, Unknown(name="receive"), Native("send", _sent))


def _sent(machine: Machine, arguments: Arguments) -> Value:
    """Read ``await send({"type": "http.response.start", "status": 401})``."""
    message = arguments.at(0)
    status = message.cell.get("status") if isinstance(message, ObjectValue) else None
    if status is not None and machine.path.answered is None:
        machine.path.answered = Response(number(status), None, arguments.place)
    return PlainValue(None)


def _dependency_gate(lower: Python, file: str, item: ast.expr, *, sure: bool) -> Gate:
    def start(machine: Machine) -> Value | None:
        parameter = code.Parameter(code.NamePattern("dependency"), lower.expression(item))
        injected_value(machine, parameter, machine.module(file), by_framework=True)
        return PlainValue(None)

    return Gate(start, Way.RETURN, file, item.lineno, sure=sure)

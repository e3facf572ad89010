"""What a Python app runs before a route: dependencies, ``before_request``, middleware."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.handlers.flow import code
from cronshift.handlers.flow.following import goes_on
from cronshift.handlers.flow.gates import Gate, Way
from cronshift.handlers.flow.injection import injected_value
from cronshift.handlers.flow.python_code import Python
from cronshift.handlers.flow.requests import REQUEST
from cronshift.handlers.flow.values import Arguments, Closure, Plain, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.program import Program
    from cronshift.model import Location

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_gates(program: Program, file: str, route: Location) -> Iterator[Gate]:
    """Yield ``before_request`` functions and the dependencies of route, router and app."""
    module, lower = program.tree.python(file), Python(file)
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _decorated(lower, file, node)
        elif isinstance(node, ast.Call):
            yield from _dependencies(program, lower, node, file, route)


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
    if name == "FastAPI":
        return True
    if name == "include_router":
        return _includes(program, node, file, route)
    if name in {"APIRouter", "Blueprint"}:
        return True
    return True if file == route.file and node.lineno == route.line else None


def _includes(program: Program, node: ast.Call, file: str, route: Location) -> bool:
    """Return whether what ``include_router`` is given is made in the route's file."""
    if not node.args or file == route.file:
        return bool(node.args)
    root = node.args[0]
    while isinstance(root, ast.Attribute):
        root = root.value
    imported = program.module(file).imported.get(root.id) if isinstance(root, ast.Name) else None
    if imported is None:
        return False
    dot = "" if imported.source.endswith(".") else "."
    sources = (f"{imported.source}{dot}{imported.name}", imported.source)
    return route.file in {program.file_of(file, source) for source in sources}


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


def _dependency_gate(lower: Python, file: str, item: ast.expr, *, sure: bool) -> Gate:
    def start(machine: Machine) -> Value | None:
        parameter = code.Parameter(code.NamePattern("dependency"), lower.expression(item))
        injected_value(machine, parameter, machine.module(file), by_framework=True)
        return Plain(None)

    return Gate(start, Way.RETURN, file, item.lineno, sure=sure)

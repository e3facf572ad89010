"""Things that an app does around every request: those that change nothing of what its work means may go."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.about import is_logging
from cronshift.targets.direct.python.source import Function, is_docstring, own_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.targets.direct.python.source import PythonSource

_HARMLESS = {
    "CORSMiddleware", "GZipMiddleware", "HTTPSRedirectMiddleware", "ProxyHeadersMiddleware", "SessionMiddleware",
    "TrustedHostMiddleware",
}  # fmt: skip
_AROUND = {
    "after_request", "before_request", "dependency_overrides", "errorhandler", "exception_handler", "middleware", "on_event",
    "register_error_handler", "teardown_appcontext", "teardown_request", "wsgi_app",
}  # fmt: skip
"""What an app does around every request, or at its start."""
_OF_ERRORS = {"errorhandler", "exception_handler"}
_OF_REQUESTS = {"RequestValidationError", "HTTPException", "StarletteHTTPException"}
"""Errors that only an answer to a request raises: none is left in work without one."""
_MADE = {"FastAPI", "APIRouter", "include_router"}
_FIRST_ERROR, _FIRST_FAULT = 400, 500


def refuse_surroundings(source: PythonSource) -> None:
    """Refuse an app that prepares something at its start, or around every request.

    Raises:
        NotCertainError: with its line.
    """
    harmless = set(_harmless(source.module.body))
    for node in ast.walk(source.module):
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=[ast.Name(id=added), *_]) if (
                name == "add_middleware"
            ):
                if added not in _HARMLESS:
                    raise NotCertainError(node.lineno, f"runs {added} around every request")
            case ast.Call(func=ast.Attribute(attr=name)) | ast.Attribute(attr=name) if (
                name in _AROUND and node not in harmless
            ):
                raise NotCertainError(
                    node.lineno, f"does something of its own around requests ({name})"
                )
            case ast.Call(func=called) if ast.unparse(called).rpartition(".")[2] in _MADE:
                if any(keyword.arg == "dependencies" for keyword in node.keywords):
                    why = f"asks more of every request ({ast.unparse(called)})"
                    raise NotCertainError(node.lineno, why)
            case ast.keyword(arg="lifespan" | "on_startup" | "on_shutdown" as name):
                raise NotCertainError(
                    node.value.lineno, f"prepares something at its start ({name})"
                )


def _harmless(statements: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the parts of decorators whose functions only answer errors, or write down what was answered."""
    for function in statements:
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in function.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = called.attr if isinstance(called, ast.Attribute) else ""
            errors = decorator.args if isinstance(decorator, ast.Call) else []
            if (
                name in _OF_ERRORS and all(_answers_error(function, error) for error in errors)
            ) or (name in {"middleware", "after_request"} and _only_writes(function)):
                yield from ast.walk(decorator)


def _answers_error(function: Function, error: ast.expr) -> bool:
    """Return whether a handler of errors answers with what such an error is for Inngest too.

    One of a request's own errors says its status again; any other is a fault, which is tried again.
    """
    name = ast.unparse(error).rpartition(".")[2]
    statuses = [_status(node.value) for node in own_nodes(function) if isinstance(node, ast.Return)]
    if name in _OF_REQUESTS or name.isdecimal():
        return all(status is not None and status >= _FIRST_ERROR for status in statuses)
    return bool(statuses) and all(
        status is not None and status >= _FIRST_FAULT for status in statuses
    )


def _status(value: ast.expr | None) -> int | None:
    """Return the status that an answer spells out; for the error's own, the first of all errors."""
    match value:
        case ast.Tuple(elts=[_, ast.Constant(value=int(status)), *_]):
            return status
        case ast.Tuple(elts=[_, ast.Attribute(attr="code" | "status_code"), *_]):
            return _FIRST_ERROR
        case ast.Call(keywords=keywords):
            for keyword in keywords:
                match keyword:
                    case ast.keyword(
                        arg="status_code" | "status", value=ast.Constant(value=int(status))
                    ):
                        return status
                    case ast.keyword(
                        arg="status_code" | "status",
                        value=ast.Attribute(attr="status_code" | "code"),
                    ):
                        return _FIRST_ERROR
    return None


def _only_writes(function: Function) -> bool:
    """Return whether a function hands every answer on, with headers and lines for the log at most."""
    taken = [argument.arg for argument in function.args.args]
    if not taken:
        return False
    answers = set() if len(taken) > 1 else {taken[0]}
    for statement in function.body:
        match statement:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Await(value=ast.Call(func=ast.Name(id=called), args=[ast.Name()])),
            ) if called == taken[-1]:
                answers.add(name)
            case ast.Assign(targets=[ast.Name()], value=value) if _is_reading(value):
                pass
            case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(attr="headers"))]):
                pass
            case ast.Return(value=ast.Name(id=name)) if name in answers:
                pass
            case _ if is_docstring(statement) or is_logging(statement):
                pass
            case _:
                return False
    return bool(answers)


def _is_reading(value: ast.expr) -> bool:
    """Return whether a value is only a time, an id, or a part of the request."""
    calls = [ast.unparse(node.func) for node in ast.walk(value) if isinstance(node, ast.Call)]
    reading = {
        "time.time",
        "time.perf_counter",
        "time.monotonic",
        "round",
        "str",
        "uuid.uuid4",
        "uuid4",
    }
    return all(
        called in reading or called.endswith(".headers.get") for called in calls
    ) and not any(isinstance(node, ast.Await) for node in ast.walk(value))

"""The routes that an app of FastAPI or Flask declares in the open."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.answers import status_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.targets.direct.python.source import Function, PythonSource

_ROUTING = {"get", "route", "api_route"}
_HARMLESS = {"CORSMiddleware", "GZipMiddleware", "TrustedHostMiddleware", "HTTPSRedirectMiddleware"}
_AROUND = {
    "after_request", "before_request", "errorhandler", "exception_handler", "middleware", "on_event",
    "register_error_handler", "teardown_appcontext", "teardown_request", "wsgi_app",
}  # fmt: skip
"""What an app does around every request, or at its start."""
_MADE = {"FastAPI", "APIRouter", "include_router"}
_OPTIONS = {
    "methods", "tags", "summary", "description", "dependencies", "status_code", "include_in_schema",
}  # fmt: skip
"""What a route may be declared with: nothing of it changes what its function returns."""
_FIRST_REDIRECT = 300
_FASTAPI = re.compile(r"^\s*(?:from|import) fastapi\b", re.MULTILINE)


class AppRoute(Struct, frozen=True):
    """A function that an app calls for a path."""

    function: Function
    decorator: ast.Call
    is_fastapi: bool


def route_of(source: PythonSource, path: str) -> AppRoute:
    """Return the function that a module declares for a path.

    Raises:
        NotCertainError: where none is declared in the open, or in a way that means more.
    """
    is_fastapi = _FASTAPI.search(source.text) is not None
    declared_here = list(_declared(source, path, is_fastapi=is_fastapi))
    exact = [route for route, declared in declared_here if declared == path.rstrip("/")]
    routes = exact or [route for route, _ in declared_here]
    if len(routes) != 1:
        what = "no route" if not routes else "more than one route"
        raise NotCertainError(1, f"declares {what} for {path} in the open")
    (route,) = routes
    if len(route.function.decorator_list) != 1:
        raise NotCertainError(route.function.lineno, "has other decorators beside its route")
    _refuse_options(route.decorator)
    _refuse_calls(source, route.function)
    return route


def _declared(
    source: PythonSource, path: str, *, is_fastapi: bool
) -> Iterator[tuple[AppRoute, str]]:
    """Yield the functions whose path another one may end with, each with its own."""
    for node in source.module.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            match decorator:
                case ast.Call(
                    func=ast.Attribute(attr=method), args=[ast.Constant(value=str(declared)), *_]
                ) if method in _ROUTING and declared.strip("/"):
                    if path.rstrip("/").endswith(declared.rstrip("/")):
                        yield AppRoute(node, decorator, is_fastapi), declared.rstrip("/")


def refuse_surroundings(source: PythonSource) -> None:
    """Refuse an app that prepares something at its start, or around every request."""
    for node in ast.walk(source.module):
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=[ast.Name(id=added), *_]) if (
                name == "add_middleware"
            ):
                if added not in _HARMLESS:
                    raise NotCertainError(node.lineno, f"runs {added} around every request")
            case ast.Call(func=ast.Attribute(attr=name)) | ast.Attribute(attr=name) if (
                name in _AROUND
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


def _refuse_options(decorator: ast.Call) -> None:
    for keyword in decorator.keywords:
        if keyword.arg not in _OPTIONS:
            raise NotCertainError(decorator.lineno, f"is declared with {keyword.arg}")
        if keyword.arg == "status_code" and status_of(keyword.value) >= _FIRST_REDIRECT:
            raise NotCertainError(decorator.lineno, "always answers with an error")


def _refuse_calls(source: PythonSource, function: Function) -> None:
    for node in ast.walk(source.module):
        if (
            isinstance(node, ast.Name)
            and node.id == function.name
            and isinstance(node.ctx, ast.Load)
        ):
            raise NotCertainError(node.lineno, f"calls {function.name} once more")

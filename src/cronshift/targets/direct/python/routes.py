"""The routes that an app of FastAPI or Flask declares in the open."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.answers import status_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.targets.direct.python.called import ModuleScope
    from cronshift.targets.direct.python.source import Function, PythonSource

_ROUTING = {"get", "route", "api_route"}
_OTHER_METHODS = {"post", "put", "patch", "delete", "head", "options"}
_OPTIONS = {
    "methods", "tags", "summary", "description", "dependencies", "status_code", "include_in_schema", "deprecated",
    "operation_id", "responses", "response_description", "endpoint", "view_func",
}  # fmt: skip
"""What a route may be declared with: nothing of it changes what its function returns."""
_JSON = {"JSONResponse", "ORJSONResponse", "UJSONResponse"}
_FIRST_REDIRECT = 300
PLAIN_TYPES = re.compile(r"(?:dict|list|str|int|float|bool|None|[\[\], |])+")
"""Annotations of what JSON has."""
_MODELS = {"BaseModel", "SQLModel"}
_FASTAPI = re.compile(r"^\s*(?:from|import) fastapi\b", re.MULTILINE)


class AppRoute(Struct, frozen=True):
    """A function that an app calls for a path.

    Attributes:
        decorator: what declares it, or the call that registers it.
        statement: that registers it, where no decorator does.
        aliases: other paths that it answers.
    """

    function: Function
    decorator: ast.Call
    is_fastapi: bool
    statement: ast.stmt | None = None
    aliases: tuple[str, ...] = ()


def route_of(source: PythonSource, path: str) -> AppRoute:
    """Return the function that a module declares for a path.

    Raises:
        NotCertainError: where none is declared in the open, or in a way that means more.
    """
    is_fastapi = _FASTAPI.search(source.text) is not None
    declared_here = list(_declared(source, path, is_fastapi=is_fastapi))
    exact = [route for route, declared in declared_here if declared == path.rstrip("/")]
    routes = exact or [route for route, _ in declared_here]
    if len({route.function.lineno for route in routes}) != 1:
        what = "no route" if not routes else "more than one route"
        raise NotCertainError(1, f"declares {what} for {path} in the open")
    route = routes[0]
    declared = (_other_path(route, each) for each in route.function.decorator_list)
    start = path.rstrip("/").removesuffix(_path_of(route.decorator).rstrip("/"))
    aliases = tuple(f"{start}{each}" for each in declared if each is not None)
    if route.statement is not None:
        _refuse_options(route.decorator)
    _refuse_calls(source, route)
    return replace(route, aliases=aliases)


def _declared(
    source: PythonSource, path: str, *, is_fastapi: bool
) -> Iterator[tuple[AppRoute, str]]:
    """Yield the functions whose path another one may end with, each with its own."""
    for statement, call, declared, view in registered(source.module):
        function = source.functions.get(view.id) if isinstance(view, ast.Name) else None
        if function is not None and path.rstrip("/").endswith(declared.rstrip("/")):
            yield AppRoute(function, call, is_fastapi, statement), declared.rstrip("/")
    for node in source.functions.values():
        for decorator in node.decorator_list:
            match decorator:
                case ast.Call(
                    func=ast.Attribute(attr=method), args=[ast.Constant(value=str(declared)), *_]
                ) if method in _ROUTING and declared.strip("/"):
                    if path.rstrip("/").endswith(declared.rstrip("/")):
                        yield AppRoute(node, decorator, is_fastapi), declared.rstrip("/")


def registered(module: ast.Module) -> Iterator[tuple[ast.stmt, ast.Call, str, ast.expr]]:
    """Yield the calls that register a route: each with its statement, its path, and what answers it."""
    for statement in module.body:
        match statement:
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(attr="add_url_rule" | "add_api_route" as name),
                    args=[ast.Constant(value=str(path)), *rest],
                ) as call
            ):
                named = {word.arg: word.value for word in call.keywords}
                place = 0 if name == "add_api_route" else 1
                view = named.get("view_func") or named.get("endpoint")
                view = rest[place] if len(rest) > place else view
                if view is not None:
                    yield statement, call, path, view


def _other_path(route: AppRoute, decorator: ast.expr) -> str | None:
    """Return the path of a decorator that declares another one; refuse what is no route.

    Raises:
        NotCertainError: with the line of the function.
    """
    match decorator:
        case ast.Call(
            func=ast.Attribute(attr=method), args=[ast.Constant(value=str(declared)), *_]
        ) if method in _ROUTING | _OTHER_METHODS:
            _refuse_options(decorator)
            return declared if declared != _path_of(route.decorator) else None
    raise NotCertainError(route.function.lineno, "has other decorators beside its route")


def _path_of(declaring: ast.Call) -> str:
    first = declaring.args[0]
    return str(first.value) if isinstance(first, ast.Constant) else ""


def _refuse_options(decorator: ast.Call) -> None:
    for keyword in decorator.keywords:
        match keyword:
            case ast.keyword(arg="response_model"):
                continue  # read with what is returned
            case ast.keyword(arg="response_class", value=maker) if _last(maker) in _JSON:
                continue
        if keyword.arg not in _OPTIONS:
            raise NotCertainError(decorator.lineno, f"is declared with {keyword.arg}")
        if keyword.arg == "status_code" and status_of(keyword.value) >= _FIRST_REDIRECT:
            raise NotCertainError(decorator.lineno, "always answers with an error")


def _refuse_calls(source: PythonSource, route: AppRoute) -> None:
    registering = set(ast.walk(route.statement)) if route.statement is not None else set()
    for node in ast.walk(source.module):
        if (
            isinstance(node, ast.Name)
            and node.id == route.function.name
            and isinstance(node.ctx, ast.Load)
            and node not in registering
        ):
            raise NotCertainError(node.lineno, f"calls {route.function.name} once more")


def _last(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def model_of(route: AppRoute, place: ModuleScope) -> str | None:
    """Return the class of pydantic's that FastAPI makes of what a route returns.

    Raises:
        NotCertainError: for a model of the answer that is no such class.
    """
    declared = [each for each in route.decorator.keywords if each.arg == "response_model"]
    model = declared[0].value if declared else route.function.returns
    if model is None or not route.is_fastapi:
        return None
    name = ast.unparse(model)
    if _is_model(name, place):
        return name
    if declared and not PLAIN_TYPES.fullmatch(name):
        raise NotCertainError(route.decorator.lineno, "is declared with response_model")
    parts = (each.id for each in ast.walk(model) if isinstance(each, ast.Name))
    if any(_is_model(part, place) for part in parts):
        raise NotCertainError(route.function.lineno, f"is declared to return {name}")
    return None


def _is_model(name: str, place: ModuleScope) -> bool:
    model = place.class_of(name)
    if model is None:
        return name.rpartition(".")[2] in _MODELS
    node, around = model
    return any(_is_model(ast.unparse(base), around) for base in node.bases)

"""Routes of FastAPI and Flask: a function of the app that is called by the app alone."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from cronshift.targets.direct.conversion import Converted, Entry, NotCertainError
from cronshift.targets.direct.python.about import (
    CREDENTIAL,
    SETTINGS,
    PythonScope,
    is_logging,
)
from cronshift.targets.direct.python.answering import refuses, write_answers
from cronshift.targets.direct.python.answers import NON_RETRIABLE, is_plain
from cronshift.targets.direct.python.called import ModuleScope
from cronshift.targets.direct.python.checks import remove_checks
from cronshift.targets.direct.python.class_views import (
    ViewFunctions,
    as_functions,
)
from cronshift.targets.direct.python.contexts import in_contexts
from cronshift.targets.direct.python.dependencies import Dependencies, refuse_dependencies
from cronshift.targets.direct.python.imports import with_import
from cronshift.targets.direct.python.leftovers import (
    refuse_leftovers,
    refuse_lost,
    refuse_remains,
)
from cronshift.targets.direct.python.outside import refuse_streams, refuse_users
from cronshift.targets.direct.python.parameters import (
    Parameters,
    declare_function,
    parameters_of,
)
from cronshift.targets.direct.python.reached import refuse_answers_elsewhere, refuse_raised
from cronshift.targets.direct.python.reads import write_reads
from cronshift.targets.direct.python.routes import (
    PLAIN_TYPES,
    AppRoute,
    model_of,
    registered,
    route_of,
)
from cronshift.targets.direct.python.sending import (
    SENDS_NOT,
    Sending,
    route_and_work,
    with_route,
)
from cronshift.targets.direct.python.source import (
    Function,
    PythonSource,
    function_of,
    names_used,
    own_nodes,
)
from cronshift.targets.direct.python.unused import without_unused

if TYPE_CHECKING:
    from cronshift.handlers.tree import SourceTree

_READING = {"get", "getattr", "getenv", "int", "lower", "str", "strip"}
_CARRYING = {"jsonify", "JSONResponse", "JsonResponse", "Response"}


def convert_route(
    tree: SourceTree,
    source: PythonSource,
    entry: Entry,
    app: str | None = None,
    sending: Sending | None = None,
) -> Converted:
    """Return the module whose route for an entry is a function, called by nobody but a job.

    Args:
        tree: the project's files.
        source: the module that declares the route.
        entry: the cron entry.
        app: the app, as ``file:name``, where it is known by that.
        sending: the event that the route sends from then on, where it stays.

    Raises:
        NotCertainError: where the meaning is not kept for certain.
    """
    path = urlsplit(entry.path).path
    functions = _of_class(tree, source, path)
    if functions is None:
        return _of_function(tree, source, path, entry, app, sending)
    if sending is not None:
        raise NotCertainError(functions.lines[0], SENDS_NOT)
    module = ast.parse(functions.text)
    place = ModuleScope(tree, source.file, module)
    there = PythonSource(source.file, functions.text, module, place)
    try:
        converted = _of_function(tree, there, path, entry, app)
    except NotCertainError as error:
        raise NotCertainError(functions.lines[error.line - 1], error.why) from error
    used = set(names_used(source.module))
    return replace(converted, text=without_unused(tree, source.file, converted.text, used))


def _of_function(  # noqa: PLR0913, PLR0917 - what a route is known by
    tree: SourceTree,
    source: PythonSource,
    path: str,
    entry: Entry,
    app: str | None,
    sending: Sending | None = None,
) -> Converted:
    route = route_of(source, path)
    refuse_users(tree, source.file, route.function, route.decorator)
    place = ModuleScope(tree, source.file, source.module)
    parameters = parameters_of(route, entry, place)
    return work_of(tree, source, route, parameters, entry, app, sending=sending)


def _of_class(tree: SourceTree, source: PythonSource, path: str) -> ViewFunctions | None:
    """Return the module whose class of Flask's that answers a path is a function; ``None`` where none does."""
    classes = {node.name: node for node in source.module.body if isinstance(node, ast.ClassDef)}
    for _, call, declared, view in registered(source.module):
        match view:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="as_view")):
                if name in classes and path.rstrip("/").endswith(declared.rstrip("/")):
                    named = [each for each in names_used(source.module) if each == name]
                    if len(named) > 1:
                        raise NotCertainError(view.lineno, f"uses {name} once more")
                    refuse_users(tree, source.file, classes[name], call)
                    return as_functions(source, classes[name], view=view, request="")
    return None


def work_of(  # noqa: PLR0913, PLR0917 - what a route is known by
    tree: SourceTree,
    source: PythonSource,
    route: AppRoute,
    parameters: Parameters,
    entry: Entry,
    app: str | None = None,
    telling: str | None = None,
    sending: Sending | None = None,
) -> Converted:
    """Return the module in which a route's function is called by nobody but a job.

    Args:
        tree: the project's files.
        source: the module.
        route: the function, and what declares it.
        parameters: of the function.
        entry: the cron entry.
        app: of Flask, as ``file:name``.
        telling: what around the function ends in another way behind an error.
        sending: the event that the route sends from then on, where it stays.

    Raises:
        NotCertainError: where the meaning is not kept for certain.
    """
    if sending is not None:
        return _beside_route(tree, source, route, parameters, entry, app, telling, sending)
    used = set(names_used(source.module))
    function, place = route.function, ModuleScope(tree, source.file, source.module)
    refuse_streams(function, place)
    refuse_dependencies(route, place)
    dependencies = Dependencies(function, parameters.dependencies, place)
    parameters = _with_checks(parameters, dependencies)
    scope = _scope(place, parameters)
    remove_checks(source, function, scope, lambda asked: refuses(source, asked.body))
    model = model_of(route, place)
    encoder = "fastapi" if model is not None else _encoder(source, route, app)
    value = _value(function, entry, is_read=write_reads(source, function, parameters, entry))
    write_answers(source, function, parameters.response, model)
    refuse_leftovers(source, function)
    refuse_raised(source, function)
    telling = telling or next(
        (each.name for each in dependencies.values if each.tells_errors), None
    )
    _refuse_telling(source, function, telling)
    declare_function(source, function, parameters, value)
    if route.statement is not None:
        source.edits.remove_lines(*source.span(route.statement))
    text = source.edits.result()
    refuse_remains(function, text, parameters.gone)
    refuse_answers_elsewhere(place, function, text)
    refuse_lost(function, text, function.name, {*parameters.gone, *parameters.dependencies})
    needs = f"raise {NON_RETRIABLE}(" in text and NON_RETRIABLE not in used
    text = with_import(text, NON_RETRIABLE) if needs else text
    if dependencies.values:
        is_encoded = encoder == "fastapi"
        text = in_contexts(text, function.name, dependencies.values, is_encoded=is_encoded)
        encoder = None
    text = without_unused(tree, source.file, text, used)
    if route.statement is not None:
        text = f"{text.rstrip()}\n"
    return Converted(
        text,
        function.name,
        parameter=entry.parameter,
        arguments=tuple(f"{name}={value}" for name, value in parameters.constants.items()),
        run=parameters.run is not None,
        encoder=encoder,
        is_async=isinstance(function, ast.AsyncFunctionDef),
        aliases=route.aliases,
    )


def _with_checks(parameters: Parameters, dependencies: Dependencies) -> Parameters:
    """Return parameters of which those that only a check gives are known."""
    checks = {name: frozenset({CREDENTIAL}) for name in dependencies.checks}
    return replace(parameters, names={**parameters.names, **checks})


def _scope(place: ModuleScope, parameters: Parameters) -> PythonScope:
    settings = {name: frozenset({SETTINGS}) for name in parameters.dependencies}
    return PythonScope(place, {**settings, **parameters.names})


def _beside_route(  # noqa: PLR0913, PLR0917 - what a route is known by
    tree: SourceTree,
    source: PythonSource,
    route: AppRoute,
    parameters: Parameters,
    entry: Entry,
    app: str | None,
    telling: str | None,
    sending: Sending,
) -> Converted:
    """Return the module in which a route sends an event, beside the function that does its work."""
    file, place = source.file, ModuleScope(tree, source.file, source.module)
    plain = PythonSource(file, source.text, source.module, place)
    work_of(
        tree, plain, route, parameters, entry, app, telling
    )  # refuses by the lines of the module
    asked = _with_checks(parameters, Dependencies(route.function, parameters.dependencies, place))
    text = with_route(source, route.function, _scope(place, asked), parameters, sending)
    module = ast.parse(text)
    there = PythonSource(file, text, module, ModuleScope(tree, file, module))
    function = function_of(module, route.function.name)
    again = replace(route, function=function, statement=None)
    return route_and_work(
        work_of(tree.with_text(file, text), there, again, parameters, entry, app, telling)
    )


def _value(function: Function, entry: Entry, *, is_read: bool) -> str | None:
    """Return the value of a fan-out that a function does not declare yet.

    Raises:
        NotCertainError: where it does not ask for it, or calls something else so.
    """
    if entry.parameter is None:
        return None
    declared = {each.arg for each in [*function.args.args, *function.args.kwonlyargs]}
    if entry.parameter in declared:
        return None
    bound = [
        node
        for node in own_nodes(function)
        if isinstance(node, ast.Name) and node.id == entry.parameter
    ]
    if not is_read or sum(isinstance(node.ctx, ast.Store) for node in bound) > 1:
        raise NotCertainError(
            function.lineno, f"is given {entry.parameter} in a way that is not read"
        )
    return entry.parameter


def _refuse_telling(source: PythonSource, function: Function, telling: str | None) -> None:
    """Refuse an answer that became an error within what ends in another way behind an error."""
    for node in own_nodes(function) if telling is not None else ():
        is_error = isinstance(node, ast.Return) and source.text_of(node).startswith("raise")
        if isinstance(node, ast.Return) and is_error and _works_before(source, function, node):
            why = f"answers with an error, behind which {telling} is ended as behind a success"
            raise NotCertainError(node.lineno, why)


def _works_before(source: PythonSource, function: Function, statement: ast.stmt) -> bool:
    """Return whether anything is called above a statement but what reads the request or writes to the log."""
    return any(
        isinstance(node, ast.Call)
        and node.lineno < statement.lineno
        and not source.is_gone(node)
        and not is_logging(ast.Expr(node))
        and ast.unparse(node.func).rpartition(".")[2] not in _READING
        for node in own_nodes(function)
    )


def _encoder(source: PythonSource, route: AppRoute, app: str | None) -> str | None:
    """Return the encoder of the result; work of Flask is done in its app's context."""
    if route.is_fastapi:
        return None if _is_plain(route) else "fastapi"
    if ast.unparse(route.decorator.func) in {"path", "re_path", "url"}:
        if _is_plain(route):
            return None
        return "rest_framework" if "rest_framework" in source.text else "django"
    name = ast.unparse(route.decorator.func).rpartition(".")[0]
    for node in source.module.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Call(func=maker)) if (
                bound == name
            ):
                if ast.unparse(maker).rpartition(".")[2] == "Flask":
                    return name
    if app is None:
        raise NotCertainError(route.decorator.lineno, f"answers with what {name} makes of it")
    return app.rpartition(":")[2] if app.rpartition(":")[0] == source.file else app


def _is_plain(route: AppRoute) -> bool:
    """Return whether what the function returns is surely what JSON has."""
    returns = route.function.returns
    if returns is not None and PLAIN_TYPES.fullmatch(ast.unparse(returns)):
        return True
    values = [node.value for node in own_nodes(route.function) if isinstance(node, ast.Return)]
    return all(is_plain(_body(value)) for value in values if value is not None)


def _body(value: ast.expr) -> ast.expr:
    """Return the body of a returned value: of a pair with a status the first."""
    match value:
        case ast.Tuple(elts=[body, *_]):
            return _body(body)
        case ast.Call(func=called, args=[body, *_]) if ast.unparse(called) in _CARRYING:
            return body
    return value

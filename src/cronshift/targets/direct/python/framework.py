"""Routes of FastAPI and Flask: a function of the app that is called by the app alone."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cronshift.runtime.wire import SCHEDULE_HEADER
from cronshift.targets.direct.conversion import Converted, Entry, NotCertainError
from cronshift.targets.direct.python.about import PythonScope, default_of
from cronshift.targets.direct.python.answers import (
    NON_RETRIABLE,
    PythonAnswer,
    error_source,
    is_caught,
    is_plain,
    spelled,
    status_of,
    words_of,
    write,
)
from cronshift.targets.direct.python.called import ModuleScope
from cronshift.targets.direct.python.checks import remove_checks
from cronshift.targets.direct.python.imports import with_import
from cronshift.targets.direct.python.parameters import (
    Parameters,
    parameters_of,
    refuse_dependencies,
)
from cronshift.targets.direct.python.routes import AppRoute, route_of
from cronshift.targets.direct.python.source import (
    Function,
    PythonSource,
    every_block,
    names_used,
    own_nodes,
    quoted,
)
from cronshift.targets.direct.python.surroundings import refuse_surroundings
from cronshift.targets.direct.python.unused import without_unused

if TYPE_CHECKING:
    from collections.abc import Collection

    from cronshift.handlers.tree import SourceTree

_PLAIN_TYPES = re.compile(r"(?:dict|list|str|int|float|bool|None|[\[\], |])+")
_SCHEDULE = SCHEDULE_HEADER.lower().replace("-", "_")
_LAST = {"query_params": True, "GET": True, "args": False}
"""Whether the last value of a name counts, as in Starlette, or the first, as in Flask."""
_FIRST_ERROR = 400
_MAKING = re.compile(r"\b\w*Response\(|\b(?:jsonify|make_response|redirect|abort)\(")
_LEFT = re.compile(r"\w*Response|jsonify|make_response|abort|redirect|session|url_for|flash")
"""Names of answers, and of what a request gives."""
_CARRYING = {"jsonify", "JSONResponse", "JsonResponse", "Response"}


def convert_route(
    tree: SourceTree, source: PythonSource, entry: Entry, app: str | None = None
) -> Converted:
    """Return the module whose route for an entry is a function, called by nobody but a job.

    Args:
        tree: the project's files.
        source: the module that declares the route.
        entry: the cron entry.
        app: the app, as ``file:name``, where it is known by that.

    Raises:
        NotCertainError: where the meaning is not kept for certain.
    """
    route = route_of(source, urlsplit(entry.path).path)
    refuse_surroundings(source)
    return work_of(tree, source, route, parameters_of(route, entry), entry, app)


def work_of(  # noqa: PLR0913, PLR0917 - what a route is known by
    tree: SourceTree,
    source: PythonSource,
    route: AppRoute,
    parameters: Parameters,
    entry: Entry,
    app: str | None = None,
) -> Converted:
    """Return the module in which a route's function is called by nobody but a job.

    Raises:
        NotCertainError: where the meaning is not kept for certain.
    """
    used = set(names_used(source.module))
    scope = PythonScope(ModuleScope(tree, source.file, source.module), parameters.names)
    refuse_dependencies(route, scope)
    remove_checks(source, route.function, scope, lambda block: _refuses(source, block))
    encoder = _encoder(source, route, app)
    _write_reads(source, route, parameters, entry)
    _write_answers(source, route, parameters)
    _refuse_leftovers(source, route)
    _refuse_answers_elsewhere(tree, source, route)
    _declare(source, route, parameters)
    text = source.edits.result()
    refuse_remains(
        route.function, text, {*parameters.names, parameters.request, parameters.response}
    )
    needs = f"raise {NON_RETRIABLE}(" in text and NON_RETRIABLE not in used
    text = without_unused(tree, source.file, text, used | _imported(source.module))
    text = with_import(text, NON_RETRIABLE) if needs else text
    taken = [*parameters.constants.items()]
    return Converted(
        text,
        route.function.name,
        parameter=entry.parameter,
        arguments=tuple(f"{name}={value}" for name, value in taken),
        run=parameters.run is not None,
        encoder=encoder,
        is_async=isinstance(route.function, ast.AsyncFunctionDef),
    )


def refuse_remains(function: Function, text: str, names: Collection[str | None]) -> None:
    """Refuse a function that, as it is written now, speaks of what only a request gives.

    Raises:
        NotCertainError: with the line where it stood.
    """
    written = next(
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function.name
    )
    for node in ast.walk(written):
        if isinstance(node, ast.Name) and (node.id in names or _LEFT.fullmatch(node.id)):
            lines = [
                each.lineno
                for each in ast.walk(function)
                if isinstance(each, ast.Name) and each.id == node.id
            ]
            raise NotCertainError(max(lines, default=function.lineno), f"still speaks of {node.id}")


def _imported(module: ast.Module) -> set[str]:
    return {
        alias.asname or alias.name.partition(".")[0]
        for node in module.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


def _refuse_leftovers(source: PythonSource, route: AppRoute) -> None:
    """Refuse a function that still speaks of answers, or of what only a request gives."""
    left = [*route.function.body]
    for node in (each for statement in left for each in ast.walk(statement)):
        if isinstance(node, ast.Name) and _LEFT.fullmatch(node.id) and not source.is_gone(node):
            raise NotCertainError(node.lineno, f"still speaks of {node.id}")


def _refuse_answers_elsewhere(tree: SourceTree, source: PythonSource, route: AppRoute) -> None:
    """Refuse work with a module of the project that makes answers: it may return one."""
    used = {
        node.id: node
        for statement in route.function.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and not source.is_gone(node)
    }
    folder = source.file.rpartition("/")[0]
    for statement in source.module.body:
        if not isinstance(statement, ast.ImportFrom) or not statement.module:
            continue
        path = statement.module.replace(".", "/")
        places = [
            f"{above}{path}{end}" for above in ("", f"{folder}/") for end in (".py", "/__init__.py")
        ]
        for alias in statement.names:
            node = used.get(alias.asname or alias.name)
            makes = any(_MAKING.search(tree.read(place)) for place in places if place in tree.files)
            if node is not None and makes:
                why = f"works with {node.id} of {statement.module}, which may make an answer"
                raise NotCertainError(node.lineno, why)


def _encoder(source: PythonSource, route: AppRoute, app: str | None) -> str | None:
    """Return the encoder of the result; work of Flask is done in its app's context."""
    if route.is_fastapi:
        return None if _is_plain(route) else "fastapi"
    if ast.unparse(route.decorator.func) in {"path", "re_path", "url"}:
        if _is_plain(route):
            return None
        if "rest_framework" in source.text:
            raise NotCertainError(
                route.function.lineno, "answers with what REST framework makes of it"
            )
        return "django"
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


def _refuses(source: PythonSource, block: list[ast.stmt]) -> bool:
    match block[-1]:
        case ast.Raise():
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="abort"))):
            return True
        case ast.Return(value=value):
            try:
                answer = spelled(source, value)
            except NotCertainError:
                return False
            return answer is not None and answer.status >= _FIRST_ERROR
    return False


def _write_answers(source: PythonSource, route: AppRoute, parameters: Parameters) -> None:
    """Have the function return results and raise errors instead of answering."""
    for block in every_block(route.function):
        _refuse_catching(block)
        failing = _status_set(source, block, parameters.response)
        for statement in block:
            if source.is_gone(statement):
                continue
            match statement:
                case ast.Return(value=value):
                    _write_return(source, route.function, statement, value, failing)
                case ast.Raise(exc=ast.Call(func=called) as error):
                    if ast.unparse(called).endswith("HTTPException"):
                        _write_raise(source, route.function, statement, error)
                case ast.Expr(value=ast.Call(func=ast.Name(id="abort")) as error):
                    _write_raise(source, route.function, statement, error)


def _status_set(source: PythonSource, block: list[ast.stmt], response: str | None) -> int | None:
    """Remove what a block sets of FastAPI's own response; return the status, for what it returns.

    Raises:
        NotCertainError: where that is not the end of it.
    """
    failing: int | None = None
    for statement in block:
        match statement:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id=name), attr="status_code")], value=status
            ) if name == response:
                failing = status_of(status)
                source.remove(statement, block)
            case ast.Assign(
                targets=[
                    ast.Subscript(value=ast.Attribute(value=ast.Name(id=name), attr="headers"))
                ]
            ) if name == response:
                source.remove(statement, block)
            case ast.If() | ast.For() | ast.While() | ast.With() | ast.Try() if failing is not None:
                raise NotCertainError(statement.lineno, "goes on after it has set its status")
    if failing is not None and not isinstance(block[-1], ast.Return):
        raise NotCertainError(block[-1].lineno, "goes on after it has set its status")
    return failing


def _refuse_catching(block: list[ast.stmt]) -> None:
    for statement in block:
        for handler in getattr(statement, "handlers", []):
            if handler.type is not None and "HTTPException" in ast.unparse(handler.type):
                raise NotCertainError(handler.lineno, "catches its own answers")


def _write_return(
    source: PythonSource,
    function: Function,
    statement: ast.Return,
    value: ast.expr | None,
    failing: int | None,
) -> None:
    answer = spelled(source, value)
    if failing is not None and value is not None:
        body = answer or PythonAnswer(failing, source.text_of(value), words_of(source, value))
        answer = PythonAnswer(failing, body.body, body.words)
    if answer is not None:
        write(source, function, statement, answer)


def _write_raise(
    source: PythonSource, function: Function, statement: ast.stmt, error: ast.Call
) -> None:
    named = {keyword.arg: keyword.value for keyword in error.keywords}
    status = error.args[0] if error.args else named.get("status_code")
    if status is None:
        raise NotCertainError(statement.lineno, "answers with a status that is not spelled out")
    words = (
        error.args[1] if len(error.args) > 1 else named.get("detail") or named.get("description")
    )
    code = status_of(status)
    if "headers" in named:
        raise NotCertainError(statement.lineno, "answers with headers that may mean something")
    if is_caught(function, statement):
        raise NotCertainError(statement.lineno, "answers with an error where errors are caught")
    words_there = f'"answered {code}"' if words is None else words_of(source, words)
    cause = ""
    if isinstance(statement, ast.Raise) and statement.cause is not None:
        cause = f" from {source.text_of(statement.cause)}"
    source.replace(statement, f"raise {error_source(PythonAnswer(code, None, words_there))}{cause}")


def _write_reads(
    source: PythonSource, route: AppRoute, parameters: Parameters, entry: Entry
) -> None:
    """Put what the entry says where the request is read; refuse every other use of it."""
    walked = list(ast.walk(route.function))
    parents = {child: node for node in walked for child in ast.iter_child_nodes(node)}
    for node in own_nodes(route.function):
        if isinstance(node, ast.Call) and not source.is_gone(node):
            value = _asked(source, node, parameters, entry)
            if value is not None:
                _write_value(source, node, value, parents.get(node))
    for node in walked:
        if not isinstance(node, ast.Name) or source.is_gone(node):
            continue
        if node.id == parameters.run:
            source.replace(node, "run_id")
        elif node.id == _SCHEDULE and node.id in parameters.names:
            source.replace(node, quoted(entry.schedule))
        elif node.id in parameters.names:
            what = "its request" if node.id == parameters.request else node.id
            raise NotCertainError(node.lineno, f"needs {what} for more than a check")


def _asked(
    source: PythonSource, call: ast.Call, parameters: Parameters, entry: Entry
) -> str | None:
    """Return the value of a call that reads the query or the schedule, as source."""
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(value=ast.Name(id=name), attr=part), attr="get"),
            args=[ast.Constant(value=str(key)), *rest],
            keywords=[],
        ) if name == parameters.request:
            if part == "headers" and key.lower() == SCHEDULE_HEADER.lower():
                return quoted(entry.schedule)
            if part not in _LAST or key == entry.parameter:
                return None
            values = [value for each, value in entry.query if each == key]
            if values:
                return quoted(values[-1 if _LAST[part] else 0])
            return source.text_of(rest[0]) if rest else "None"
    return None


def _write_value(source: PythonSource, call: ast.Call, value: str, parent: ast.AST | None) -> None:
    """Write a value in a call's place; ``or`` behind one that is missing is what counts."""
    match parent:
        case ast.BoolOp(op=ast.Or(), values=[first, second]) if first is call and value == "None":
            source.replace(parent, source.text_of(second))
        case _:
            source.replace(call, value)


def _declare(source: PythonSource, route: AppRoute, parameters: Parameters) -> None:
    """Take the decorator away, and what only a request gives."""
    function = route.function
    start, _ = source.span(function)
    line = source.text.rfind("\n", 0, start) + 1
    decorators = function.decorator_list
    head = source.text.find("def ", source.span(decorators[-1])[1] if decorators else start)
    if decorators:
        source.edits.replace(line, source.text.rfind("\n", 0, head) + 1, "")
    arguments = function.args
    taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    written = [
        declared
        for argument in taken
        if (declared := _parameter(source, function, argument, parameters)) is not None
    ]
    defaults = [*arguments.defaults, *(node for node in arguments.kw_defaults if node is not None)]
    opening = source.text.index("(", head)
    ends = [*(source.span(argument)[1] for argument in taken)]
    farthest = max([opening, *ends, *(source.span(default)[1] for default in defaults)])
    closing = source.text.index(")", farthest) + 1
    if len(written) != len(taken) or parameters.run:
        source.edits.replace(opening, closing, f"({', '.join(written)})")
    returns = function.returns
    if returns is not None and ast.unparse(returns).endswith("Response"):
        source.edits.replace(closing, source.span(returns)[1], "")


def _parameter(
    source: PythonSource, function: Function, argument: ast.arg, parameters: Parameters
) -> str | None:
    """Return the declaration of a parameter from then on; ``None`` where it goes."""
    if argument.arg == parameters.run:
        return "run_id: str"
    if argument.arg in {*parameters.names, parameters.request, parameters.response}:
        return None
    default = default_of(argument, function)
    declared = source.text_of(argument)
    if default is None:
        return declared
    return f"{declared}{' = ' if argument.annotation else '='}{source.text_of(default)}"


def _is_plain(route: AppRoute) -> bool:
    """Return whether what the function returns is surely what JSON has."""
    returns = route.function.returns
    if returns is not None and _PLAIN_TYPES.fullmatch(ast.unparse(returns)):
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

"""Routes of FastAPI and Flask: a function of the app that is called by the app alone."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from cronshift.direct.conversion import Converted, Entry, NotCertainError
from cronshift.direct.python.about import (
    CREDENTIAL,
    REQUEST,
    Scope,
    Subjects,
    default_of,
    is_told,
    of_function,
)
from cronshift.direct.python.answers import (
    NON_RETRIABLE,
    Answer,
    error_source,
    is_caught,
    is_plain,
    spelled,
    status_of,
    words_of,
    write,
)
from cronshift.direct.python.checks import remove_checks
from cronshift.direct.python.source import (
    Function,
    PythonSource,
    every_block,
    names_used,
    own_nodes,
    quoted,
)
from cronshift.direct.python.unused import with_import, without_unused

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROUTING = {"get", "post", "route", "api_route", "head"}
_HEADER = re.compile(r"\bHeader\b")
_SCALARS = {"str", "int", "float", "bool"}
_PLAIN_TYPES = re.compile(r"(?:dict|list|str|int|float|bool|None|[\[\], |])+")
_RUN, _SCHEDULE = "x_cronshift_run", "x_vercel_cron_schedule"
_FIRST_ERROR = 400
_HARMLESS = {"CORSMiddleware", "GZipMiddleware", "TrustedHostMiddleware", "HTTPSRedirectMiddleware"}
_AROUND = {
    "after_request", "before_request", "errorhandler", "exception_handler", "middleware", "on_event",
    "register_error_handler", "teardown_appcontext", "teardown_request", "wsgi_app",
}  # fmt: skip
"""What an app does around every request, or at its start."""


class Route(Struct, frozen=True):
    """A function that an app calls for a path."""

    function: Function
    decorator: ast.Call
    is_fastapi: bool


class Parameters(Struct, frozen=True):
    """What a route's function is given.

    Attributes:
        names: what each is about, of those that go.
        constants: those that the entry's query says, as source.
        response: the name of FastAPI's own response.
    """

    names: dict[str, Subjects]
    constants: dict[str, str]
    request: str | None
    response: str | None
    run: str | None


def convert_route(source: PythonSource, path: str, entry: Entry) -> Converted:
    """Return the module whose route for ``path`` is a function, called by nobody but a job.

    Raises:
        NotCertainError: where the meaning is not kept for certain.
    """
    route = _route(source, path)
    _refuse_surroundings(source)
    used = set(names_used(source.module))
    parameters = _parameters(route, entry)
    scope = Scope(source.module, parameters.names)
    _drop_dependencies(route, scope)
    remove_checks(source, route.function, scope, lambda block: _refuses(source, block))
    _write_answers(source, route, parameters)
    _write_reads(source, route, parameters, entry)
    _declare(source, route, parameters)
    text = source.edits.result()
    needs = f"raise {NON_RETRIABLE}(" in text and NON_RETRIABLE not in used
    text = without_unused(source.file, text, used | _imported(source.module))
    text = with_import(text, NON_RETRIABLE) if needs else text
    taken = [*parameters.constants.items()]
    return Converted(
        text,
        route.function.name,
        parameter=entry.parameter,
        arguments=tuple(f"{name}={value}" for name, value in taken),
        run=parameters.run is not None,
        encoder=_encoder(route),
        is_async=isinstance(route.function, ast.AsyncFunctionDef),
    )


def _imported(module: ast.Module) -> set[str]:
    return {
        alias.asname or alias.name.partition(".")[0]
        for node in module.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


def _encoder(route: Route) -> str | None:
    """Return what makes the result JSON; work of Flask is done in its app's context, whatever that is."""
    if route.is_fastapi:
        return None if _is_plain(route) else "fastapi"
    name = ast.unparse(route.decorator.func).rpartition(".")[0]
    if name != "app":
        raise NotCertainError(route.decorator.lineno, f"answers with what {name} makes of it")
    return name


def _route(source: PythonSource, path: str) -> Route:
    is_fastapi = re.search(r"^\s*(?:from|import) fastapi\b", source.text, re.MULTILINE) is not None
    for node in source.module.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            match decorator:
                case ast.Call(
                    func=ast.Attribute(attr=method), args=[ast.Constant(value=str(own)), *_]
                ) if (
                    method in _ROUTING
                    and path.rstrip("/").endswith(own.rstrip("/"))
                    and own.strip("/")
                ):
                    if len(node.decorator_list) != 1:
                        raise NotCertainError(node.lineno, "has other decorators beside its route")
                    _refuse_options(decorator)
                    _refuse_calls(source, node)
                    return Route(node, decorator, is_fastapi)
    raise NotCertainError(1, f"declares no route for {path} in the open")


def _refuse_surroundings(source: PythonSource) -> None:
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
            case ast.keyword(arg="lifespan" | "on_startup" | "on_shutdown" as name):
                raise NotCertainError(
                    node.value.lineno, f"prepares something at its start ({name})"
                )


def _refuse_options(decorator: ast.Call) -> None:
    allowed = {
        "methods",
        "tags",
        "summary",
        "description",
        "dependencies",
        "status_code",
        "include_in_schema",
    }
    for keyword in decorator.keywords:
        if keyword.arg not in allowed:
            raise NotCertainError(decorator.lineno, f"is declared with {keyword.arg}")
        if keyword.arg == "status_code" and status_of(keyword.value) >= 300:  # noqa: PLR2004
            raise NotCertainError(decorator.lineno, "always answers with an error")


def _refuse_calls(source: PythonSource, function: Function) -> None:
    for node in ast.walk(source.module):
        if (
            isinstance(node, ast.Name)
            and node.id == function.name
            and isinstance(node.ctx, ast.Load)
        ):
            raise NotCertainError(node.lineno, f"calls {function.name} once more")


def _parameters(route: Route, entry: Entry) -> Parameters:
    names: dict[str, Subjects] = {}
    constants: dict[str, str] = {}
    special: dict[str, str] = {}
    arguments = route.function.args
    if arguments.vararg or arguments.kwarg:
        raise NotCertainError(route.function.lineno, "takes whatever it is given")
    if not route.is_fastapi:
        taken = [*arguments.args, *arguments.kwonlyargs]
        if taken:
            raise NotCertainError(route.function.lineno, "needs the parameters of its path")
        return Parameters({"request": frozenset({REQUEST})}, {}, "request", None, None)
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        name = argument.arg
        annotation = ast.unparse(argument.annotation) if argument.annotation else ""
        default = default_of(argument, route.function)
        written = f"{annotation} {ast.unparse(default) if default else ''}"
        if _HEADER.search(written):
            names[name] = frozenset({CREDENTIAL})
        elif annotation == "Request":
            names[name] = frozenset({REQUEST})
            special["request"] = name
        elif annotation == "Response":
            special["response"] = name
        elif "Depends" in written or "Security" in written:
            _depended(route, argument, default, names)
        else:
            _constant(route, argument, annotation, default, entry, constants)
    run = _RUN if _RUN in names else None
    if run:
        del names[_RUN]
    return Parameters(names, constants, special.get("request"), special.get("response"), run)


def _depended(
    route: Route, argument: ast.arg, default: ast.expr | None, names: dict[str, Subjects]
) -> None:
    call = default if isinstance(default, ast.Call) else None
    annotation = argument.annotation
    if (
        call is None
        and isinstance(annotation, ast.Subscript)
        and isinstance(annotation.slice, ast.Tuple)
    ):
        call = next(
            (part for part in annotation.slice.elts[1:] if isinstance(part, ast.Call)), None
        )
    if call is None or not call.args:
        raise NotCertainError(route.function.lineno, f"is given {argument.arg} by the app")
    names[argument.arg] = frozenset({f"dependency:{ast.unparse(call.args[0])}", CREDENTIAL})


def _drop_dependencies(route: Route, scope: Scope) -> None:
    """Refuse a dependency that does more than to ask who calls."""
    listed = [
        element
        for keyword in route.decorator.keywords
        if keyword.arg == "dependencies" and isinstance(keyword.value, ast.List)
        for element in keyword.value.elts
    ]
    given = [
        subject.removeprefix("dependency:")
        for subjects in scope.names.values()
        for subject in subjects
        if subject.startswith("dependency:")
    ]
    for element in listed:
        if not isinstance(element, ast.Call) or len(element.args) != 1:
            raise NotCertainError(element.lineno, "depends on what is not read")
        given.append(ast.unparse(element.args[0]))
    for name in given:
        function = scope.definition(name)
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            raise NotCertainError(route.function.lineno, f"depends on {name}, which is not read")
        taken = [frozenset({CREDENTIAL})] * len(function.args.args)
        if any(
            "Request" == ast.unparse(one.annotation) for one in function.args.args if one.annotation
        ):
            taken = [frozenset({REQUEST})]
        if not is_told(of_function(function, taken, scope)):
            raise NotCertainError(
                route.function.lineno, f"depends on {name}, which does more than to check"
            )


def _constant(  # noqa: PLR0917 - what is known of a parameter
    route: Route, argument: ast.arg, annotation: str, default: ast.expr | None, entry: Entry,
    constants: dict[str, str],
) -> None:  # fmt: skip
    """Take a parameter of the query: the entry's value, else what it is where there is none."""
    types = {part.strip() for part in re.split(r"\||\bOptional\[|\]", annotation) if part.strip()}
    if not types <= _SCALARS | {"None"}:
        raise NotCertainError(argument.lineno, f"is given {argument.arg}, which is no plain value")
    values = [value for name, value in entry.query if name == argument.arg]
    if argument.arg == entry.parameter:
        if types - {"None"} - {"str"}:
            raise NotCertainError(argument.lineno, f"is given {argument.arg}, which is no text")
        return
    if not values:
        if default is None:
            raise NotCertainError(
                argument.lineno, f"needs {argument.arg}, which the entry does not say"
            )
        if isinstance(default, ast.Call):
            raise NotCertainError(
                argument.lineno, f"says {argument.arg} by {ast.unparse(default.func)}"
            )
        return
    if isinstance(default, ast.Call):
        raise NotCertainError(
            argument.lineno, f"says {argument.arg} by {ast.unparse(default.func)}"
        )
    constants[argument.arg] = _literal(route, argument, types - {"None"}, values[-1])


def _literal(route: Route, argument: ast.arg, types: set[str], value: str) -> str:
    if types <= {"str"}:
        return quoted(value)
    if types == {"int"} and re.fullmatch(r"-?\d+", value):
        return str(int(value))
    if types == {"bool"} and value.lower() in {"true", "false", "1", "0"}:
        return str(value.lower() in {"true", "1"})
    raise NotCertainError(argument.lineno, f"is given {argument.arg}, whose value is not plain")


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


def _write_answers(source: PythonSource, route: Route, parameters: Parameters) -> None:
    function = route.function
    for block in every_block(function):
        failing: int | None = None
        for statement in block:
            if source.is_gone(statement):
                continue
            match statement:
                case ast.Return(value=value):
                    _write_return(source, function, statement, value, failing)
                case ast.Raise(exc=ast.Call(func=called) as error) if ast.unparse(called).endswith(
                    "HTTPException"
                ):
                    _write_raise(source, function, statement, error)
                case ast.Expr(value=ast.Call(func=ast.Name(id="abort")) as error):
                    _write_raise(source, function, statement, error)
                case ast.Assign(
                    targets=[ast.Attribute(value=ast.Name(id=name), attr="status_code")],
                    value=status,
                ) if name == parameters.response:
                    failing = status_of(status)
                    source.remove(statement, block)
                case ast.Assign(
                    targets=[
                        ast.Subscript(value=ast.Attribute(value=ast.Name(id=name), attr="headers"))
                    ]
                ) if name == parameters.response:
                    source.remove(statement, block)
                case ast.If() | ast.For() | ast.While() | ast.With() | ast.Try() if (
                    failing is not None
                ):
                    raise NotCertainError(statement.lineno, "goes on after it has set its status")
        if failing is not None and not isinstance(block[-1], ast.Return):
            raise NotCertainError(block[-1].lineno, "goes on after it has set its status")
    for block in every_block(function):
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
        body = answer or Answer(failing, source.said(value), words_of(source, value))
        answer = Answer(failing, body.body, body.words)
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
    said = f'"answered {code}"' if words is None else words_of(source, words)
    cause = ""
    if isinstance(statement, ast.Raise) and statement.cause is not None:
        cause = f" from {source.said(statement.cause)}"
    source.replace(statement, f"raise {error_source(Answer(code, None, said))}{cause}")


def _write_reads(source: PythonSource, route: Route, parameters: Parameters, entry: Entry) -> None:
    """Put what the entry says where the request is read; refuse every other use of it."""
    walked = list(ast.walk(route.function))
    parents = {child: node for node in walked for child in ast.iter_child_nodes(node)}
    for node in own_nodes(route.function):
        if isinstance(node, ast.Call) and not source.is_gone(node):
            _read(source, node, parameters, entry, parents)
    for node in ast.walk(route.function):
        if not isinstance(node, ast.Name) or source.is_gone(node):
            continue
        if node.id == parameters.run:
            source.replace(node, "run_id")
        elif node.id == _SCHEDULE and node.id in parameters.names:
            source.replace(node, quoted(entry.schedule))
        elif node.id in parameters.names or node.id == parameters.response:
            what = "its request" if node.id == parameters.request else node.id
            raise NotCertainError(node.lineno, f"needs {what} for more than a check")


def _write_value(
    source: PythonSource, call: ast.Call, value: str, parents: Mapping[ast.AST, ast.AST]
) -> None:
    """Write a value of the query; ``or`` behind one that is missing is what counts."""
    parent = parents.get(call)
    match parent:
        case ast.BoolOp(op=ast.Or(), values=[first, second]) if first is call and value == "None":
            source.replace(parent, source.said(second))
        case _:
            source.replace(call, value)


def _read(  # noqa: PLR0917 - what is known of a call
    source: PythonSource, call: ast.Call, parameters: Parameters, entry: Entry,
    parents: Mapping[ast.AST, ast.AST],
) -> None:  # fmt: skip
    match call:
        case ast.Call(
            func=ast.Attribute(
                value=ast.Attribute(value=ast.Name(id=name), attr="query_params" | "args"),
                attr="get",
            ),
            args=[ast.Constant(value=str(key)), *rest],
        ) if name == parameters.request and not call.keywords and key != entry.parameter:
            values = [value for own, value in entry.query if own == key]
            default = source.said(rest[0]) if rest else "None"
            last = values[-1 if route_is_fastapi(call) else 0] if values else None
            _write_value(source, call, quoted(last) if last is not None else default, parents)
        case ast.Call(
            func=ast.Attribute(
                value=ast.Attribute(value=ast.Name(id=name), attr="headers"), attr="get"
            ),
            args=[ast.Constant(value=str(key)), *_],
        ) if name == parameters.request and key.lower() == "x-vercel-cron-schedule":
            source.replace(call, quoted(entry.schedule))


def route_is_fastapi(call: ast.Call) -> bool:
    """Return whether a query is read as Starlette reads it, where the last of a name counts."""
    return "query_params" in ast.unparse(call.func)


def _declare(source: PythonSource, route: Route, parameters: Parameters) -> None:
    """Take the decorator away, and what only a request gives."""
    function = route.function
    start, _ = source.span(function)
    line = source.text.rfind("\n", 0, start) + 1
    head = source.text.find("def ", source.span(route.decorator)[1])
    head = source.text.rfind("\n", 0, head) + 1
    source.edits.replace(line, head, "")
    arguments = function.args
    everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    gone = {*parameters.names, parameters.request, parameters.response}
    left = []
    for argument in everything:
        if argument.arg in gone:
            continue
        if argument.arg == parameters.run:
            left.append("run_id: str")
            continue
        default = default_of(argument, function)
        said = source.said(argument)
        spaces = " = " if argument.annotation else "="
        left.append(said if default is None else f"{said}{spaces}{source.said(default)}")
    if everything and len(left) != len(everything) or parameters.run:
        opening = source.text.index("(", head)
        last = max(source.span(node)[1] for node in [*everything, *arguments.defaults])
        closing = source.text.index(")", last)
        source.edits.replace(opening, closing + 1, f"({', '.join(left)})")


def _is_plain(route: Route) -> bool:
    """Return whether what the function returns is surely what JSON has."""
    returns = route.function.returns
    if returns is not None and _PLAIN_TYPES.fullmatch(ast.unparse(returns)):
        return True
    values = [node.value for node in own_nodes(route.function) if isinstance(node, ast.Return)]
    bodies = []
    for value in values:
        match value:
            case ast.Tuple(elts=[body, *_]) | ast.Call(args=[body, *_]) as outer if not (
                isinstance(outer, ast.Call)
                and ast.unparse(outer.func) not in {"jsonify", "JSONResponse"}
            ):
                bodies.append(body)
            case ast.expr():
                bodies.append(value)
    return all(map(is_plain, bodies))


def path_of(entry: Entry) -> str:
    """Return the path of an entry, without its query."""
    return urlsplit(entry.path).path

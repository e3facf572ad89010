"""Routes that others call too, as routes that have the job done by an event: they keep whom they turn away."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.targets.direct.conversion import Converted, NotCertainError
from cronshift.targets.direct.python.about import CREDENTIAL, is_logging, is_told
from cronshift.targets.direct.python.answering import refuses
from cronshift.targets.direct.python.checks import checks_of
from cronshift.targets.direct.python.imports import with_import, with_modules
from cronshift.targets.direct.python.parameters import closing_of, declared_as
from cronshift.targets.direct.python.source import (
    Function,
    PythonSource,
    is_docstring,
    names_used,
    quoted,
)

if TYPE_CHECKING:
    from cronshift.targets.direct.python.about import PythonScope
    from cronshift.targets.direct.python.parameters import Parameters

SENDS_NOT = "is a class, which sends no event in its place"
_CLIENT = "inngest_client"
_ROUTE, _DECLARED = "__route", "__declared__"
"""What the route's function and its decorators are called as long as the work has its name."""
_SHAPING = frozenset({"response_model", "status_code", "response_class"})
"""What a route of FastAPI's says of an answer that it gives no more."""


class Sending(Struct, frozen=True):
    """The event that does a job's work, and the module whose ``client`` sends it."""

    event: str
    client: str


def with_route(
    source: PythonSource,
    function: Function,
    scope: PythonScope,
    parameters: Parameters,
    sending: Sending,
) -> str:
    """Return a module with a route that sends an event above the one whose function becomes work.

    Args:
        source: the module.
        function: the route's.
        scope: its arguments.
        parameters: those that a request gives.
        sending: the event.

    Raises:
        NotCertainError: where what it does depends on who calls it.
    """
    if parameters.constants or _plain(function, parameters):
        name = next(iter([*parameters.constants, *_plain(function, parameters)]))
        raise NotCertainError(function.lineno, f"may be given another {name} by its other callers")
    refuse_taken(source, function, sending)
    answer, imported = _answer(source, function)
    is_async = isinstance(function, ast.AsyncFunctionDef)
    lines = [sent_by(sending, is_async=is_async), answer]
    scope, checks = checks_of(function, scope, lambda asked: refuses(source, asked.body))
    names = {parameters.request or "request", "request"}
    end = kept_until(source, function, scope, checks, names)
    indent = source.text_up_to(function.body[0])
    if indent.strip():
        raise NotCertainError(function.lineno, "does its work in the middle of a line")
    start, _ = source.span(function)
    unneeded = _unneeded(source, function, parameters, scope, end)
    head = _head(source, function, end, unneeded)
    body = "".join(f"{indent}{line}\n" for line in lines)
    text = f"{source.text[:start]}{head}{body}\n\n{source.text[start:]}"
    for name, module in imported:
        text = with_import(text, name, module)
    return importing(text, sending)


def sent_by(sending: Sending, *, is_async: bool = False) -> str:
    """Return the statement that sends the event."""
    send = f"await {_CLIENT}.send" if is_async else f"{_CLIENT}.send_sync"
    return f"{send}(inngest.Event(name={quoted(sending.event)}))"


def refuse_taken(source: PythonSource, function: Function, sending: Sending) -> None:
    """Refuse a module that calls something else by a name that sending needs.

    Raises:
        NotCertainError: with that name.
    """
    for name in (_CLIENT, "inngest"):
        if name in names_used(source.module) and not _is_ours(source, name, sending):
            raise NotCertainError(function.lineno, f"has a name `{name}` already")


def importing(text: str, sending: Sending) -> str:
    """Return a module that imports what sends an event."""
    text = with_modules(text, set())
    if _CLIENT in {alias.asname for alias in _aliases(ast.parse(text))}:
        return text
    return with_import(text, f"client as {_CLIENT}", sending.client)


def _aliases(module: ast.Module) -> list[ast.alias]:
    imports = [node for node in module.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return [alias for node in imports for alias in node.names]


def _is_ours(source: PythonSource, name: str, sending: Sending) -> bool:
    """Return whether a name is the SDK's, or the client that an other route of the module sends with."""
    for node in source.module.body:
        match node:
            case ast.Import(names=aliases) if name == "inngest":
                if any(alias.name == name and alias.asname is None for alias in aliases):
                    return True
            case ast.ImportFrom(module=module, names=aliases) if module == sending.client:
                if any(alias.asname == name for alias in aliases):
                    return True
    return False


def _plain(function: Function, parameters: Parameters) -> list[str]:
    """Return the parameters that a caller may give another value: those of a query."""
    arguments = function.args
    taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    others = {*parameters.gone, *parameters.dependencies, parameters.run}
    return [each.arg for each in taken if each.arg not in others]


def _answer(source: PythonSource, function: Function) -> tuple[str, list[tuple[str, str]]]:
    """Return the statement by which a route answers, and what it imports for that."""
    if not function.args.args and not source.is_fastapi:  # Flask's
        return 'return {"queued": True}, 202', []
    bound = {alias.asname or alias.name for alias in _aliases(source.module)}
    if source.is_fastapi:
        made = "JSONResponse", "fastapi.responses"
        status = "status_code"
    elif "rest_framework" in source.text and "Response" in bound:
        made, status = ("Response", "rest_framework.response"), "status"
    else:
        made, status = ("JsonResponse", "django.http"), "status"
    answer = f'return {made[0]}({{"queued": True}}, {status}=202)'
    return answer, [made] if made[0] not in bound else []


def kept_until(
    source: PythonSource,
    function: Function,
    scope: PythonScope,
    checks: list[ast.stmt],
    names: set[str],
) -> int:
    """Return the position behind the last statement of a handler that a route which sends an event keeps.

    Raises:
        NotCertainError: where it works before it checks, or asks what its caller says for more than that.
    """
    inside = [each for each in checks if each not in function.body]
    if inside:
        raise NotCertainError(inside[0].lineno, "checks the caller inside a try")
    kept = [each for each in function.body if each in checks or _tells_methods_apart(each)]
    last = max([function.body.index(each) for each in kept], default=-1)
    for statement in function.body[: last + 1]:
        if statement not in kept and not _is_silent(statement, scope):
            raise NotCertainError(statement.lineno, "does work before it checks the caller")
    for statement in function.body[last + 1 :]:
        for node in ast.walk(statement):
            if _asks(node, names):
                why = "may be told something else by its other callers"
                raise NotCertainError(statement.lineno, why)
    if last < 0 and is_docstring(function.body[0]):
        last = 0
    if last < 0:
        return source.text.rindex("\n", 0, source.span(function.body[0])[0]) + 1
    return source.text.index("\n", source.span(function.body[last])[1]) + 1


def _asks(node: ast.AST, names: set[str]) -> bool:
    """Return whether a node asks a request for what its caller says."""
    match node:
        case ast.Attribute(value=ast.Name(id="self"), attr="path" | "rfile" | "headers"):
            return True
        case ast.Name(id=name):
            return name in names
    return False


def _tells_methods_apart(statement: ast.stmt) -> bool:
    """Return whether a statement only turns a method away."""
    match statement:
        case ast.If(test=test, body=[ast.Return() | ast.Raise()], orelse=[]):
            asked = {
                ast.unparse(node) for node in ast.walk(test) if isinstance(node, ast.Attribute)
            }
            return asked in ({"request.method"}, {"self.command"})
    return False


def _is_silent(statement: ast.stmt, scope: PythonScope) -> bool:
    """Return whether a statement does nothing but to make ready for a check."""
    if is_docstring(statement) or is_logging(statement):
        return True
    match statement:
        case ast.Import() | ast.ImportFrom():
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return is_told(scope.names.get(name, frozenset({"untold"})))
    return False


def _unneeded(
    source: PythonSource,
    function: Function,
    parameters: Parameters,
    scope: PythonScope,
    end: int,
) -> set[str]:
    """Return the parameters that only the work needs: values of dependencies."""
    read = {
        node.id
        for statement in function.body
        if source.span(statement)[1] <= end
        for node in ast.walk(statement)
        if isinstance(node, ast.Name)
    }
    values = {name for name in parameters.dependencies if CREDENTIAL not in scope.names[name]}
    return values - read


def _head(source: PythonSource, function: Function, end: int, unneeded: set[str]) -> str:
    """Return a route up to the end of what it checks, its names such as stand for it as long as both are there."""
    start, _ = source.span(function)
    again = PythonSource(source.file, source.text, source.module)
    for decorator in function.decorator_list:
        again.replace(decorator, f"{_DECLARED}({_declaring(source, decorator)})")
    above = source.span(function.decorator_list[-1])[1] if function.decorator_list else start
    opening = source.text.index("(", source.text.index("def ", above))
    again.edits.replace(opening - len(function.name), opening, f"{function.name}{_ROUTE}")
    arguments = function.args
    taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    if unneeded:
        kept = [declared_as(source, function, each) for each in taken if each.arg not in unneeded]
        again.edits.replace(opening, closing_of(source, function, opening), f"({', '.join(kept)})")
    if function.returns is not None:
        closing = source.text.rindex(")", 0, source.span(function.returns)[0]) + 1
        again.edits.replace(closing, source.span(function.returns)[1], "")
    return again.edits.result(start, end)


def _declaring(source: PythonSource, decorator: ast.expr) -> str:
    """Return a decorator without what it says of an answer."""
    if not isinstance(decorator, ast.Call) or not source.is_fastapi:
        return source.text_of(decorator)
    kept = [each for each in decorator.keywords if each.arg not in _SHAPING]
    if len(kept) == len(decorator.keywords):
        return source.text_of(decorator)
    arguments = [*map(source.text_of, decorator.args), *map(source.text_of, kept)]
    return f"{source.text_of(decorator.func)}({', '.join(arguments)})"


def route_and_work(converted: Converted) -> Converted:
    """Return the module of ``with_route`` after its function became work: the route has its name again.

    Raises:
        NotCertainError: where the work has no name of its own.
    """
    name = converted.function
    work = f"{name}_work"
    if re.search(rf"\b{work}\b", converted.text):
        raise NotCertainError(1, f"has a name `{work}` already")
    source = PythonSource("", converted.text, ast.parse(converted.text))
    for function in source.functions.values():
        new = {name: work, f"{name}{_ROUTE}": name}.get(function.name)
        if new is None:
            continue
        above = source.span(function)[0]
        for decorator in function.decorator_list:
            above = source.span(decorator)[1]
            match decorator:
                case ast.Call(func=ast.Name(id=declared), args=[inner]) if declared == _DECLARED:
                    source.replace(decorator, source.text_of(inner))
        opening = source.text.index("(", source.text.index("def ", above))
        source.edits.replace(opening - len(function.name), opening, new)
    return replace(converted, text=source.edits.result(), function=work, aliases=())

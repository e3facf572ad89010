"""Middleware of a project's own: whether a job means the same where it runs around Inngest's calls alone."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.about import is_logging
from cronshift.targets.direct.python.source import Function, every_block, is_docstring, own_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.handlers.tree import SourceTree

OF_REQUESTS = {
    "RequestValidationError",
    "HTTPException",
    "RateLimitExceeded",
    "StarletteHTTPException",
}
"""Errors that only an answer to a request raises: none is left in work without one."""
_FIRST_REDIRECT, _FIRST_ERROR, _FIRST_FAULT = 300, 400, 500
_REFUSALS = {
    "HttpResponseBadRequest", "HttpResponseForbidden", "HttpResponsePermanentRedirect", "HttpResponseRedirect",
    "RedirectResponse", "abort", "redirect",
}  # fmt: skip
_STORING = {"commit", "flush", "rollback"}
_ACTIVATING = re.compile(r"activate|deactivate|override|set_current_\w+")


def status_of_answer(value: ast.expr | None) -> int | None:
    """Return the status that an answer spells out; for the error's own, the first of all errors."""
    match value:
        case ast.Tuple(elts=[_, status, *_]):
            return _status(status)
        case ast.Call(func=called, keywords=keywords):
            if ast.unparse(called).rpartition(".")[2] in _REFUSALS:
                return _FIRST_REDIRECT
            for word in keywords:
                if word.arg in {"status_code", "status"}:
                    return _status(word.value)
    return None


def _status(node: ast.expr) -> int | None:
    match node:
        case ast.Constant(value=int(status)):
            return status
        case ast.Attribute(attr="status_code" | "code"):
            return _FIRST_ERROR
        case ast.Attribute(attr=name) if re.match(r"HTTP_\d{3}_", name):
            return int(name[5:8])
    return None


def answers_error(answers: Iterable[ast.expr | None], error: str) -> bool:
    """Return whether every answer to an error is what such an error is for Inngest too.

    One of a request's own errors says its status again; any other is a fault, which is tried again.
    """
    name = error.rpartition(".")[2]
    is_requests = name in OF_REQUESTS or name.isdecimal()
    first = _FIRST_ERROR if is_requests else _FIRST_FAULT
    statuses = [status_of_answer(answer) for answer in answers]
    return (bool(statuses) or is_requests) and all(
        status is not None and status >= first for status in statuses
    )


def refuse_changes(
    function: Function, next_called: str, path: str, handed: Iterable[str] = ()
) -> None:
    """Refuse middleware that changes more than who may call: it runs around Inngest's calls as it did around the job's.

    Args:
        function: which is given the request, or the scope.
        next_called: what it calls for the answer of the rest.
        path: of the entry.
        handed: the names of answers that it is handed.

    Raises:
        NotCertainError: with the line of what differs for the job.
    """
    answers = set(handed) | {
        target.id
        for node in own_nodes(function)
        if isinstance(node, ast.Assign)
        if _hands_on(node.value, next_called) or _refuses(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for block in every_block(function):
        for statement in block:
            _refuse_statement(statement, next_called, path)
    for node in own_nodes(function):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in _STORING:
                raise NotCertainError(node.lineno, f"calls {name} around every request")
            case ast.Call(func=called) if _ACTIVATING.fullmatch(
                ast.unparse(called).rpartition(".")[2]
            ):
                raise NotCertainError(
                    node.lineno, f"calls {ast.unparse(called)} around every request"
                )
    conditional = {
        id(statement): branch.test
        for branch in own_nodes(function)
        if isinstance(branch, ast.If)
        for statement in branch.body
    }
    for node in own_nodes(function):
        if isinstance(node, ast.Return) and not _is_answer(node.value, answers, next_called):
            test = conditional.get(id(node))
            if test is None or not (_asks_method(test) or _names_other(test, path)):
                raise NotCertainError(node.lineno, "answers in the place of its routes")


def _refuse_statement(statement: ast.stmt, next_called: str, path: str) -> None:
    match statement:
        case ast.With(items=items) | ast.AsyncWith(items=items) if _hands_on(
            statement, next_called
        ):
            context = ast.unparse(items[0].context_expr)
            raise NotCertainError(statement.lineno, f"answers every request inside of {context}")
        case ast.Try(handlers=handlers) if _hands_on(statement, next_called):
            for handler in handlers:
                _refuse_handler(handler)
        case ast.If(test=test, body=body) if _names(test, path):
            for each in body:
                is_passing = is_logging(each) or isinstance(
                    each, ast.Return | ast.Raise | ast.Assign | ast.If
                )
                if not is_passing:
                    raise NotCertainError(each.lineno, "does more for the path of the job")


def _refuse_handler(handler: ast.ExceptHandler) -> None:
    """Refuse a clause behind an error of the routes that does more than to say it, or says something else."""
    error = ast.unparse(handler.type) if handler.type is not None else ""
    for statement in handler.body:
        match statement:
            case ast.Raise() | ast.Assign() | ast.Pass():
                pass
            case ast.Return(value=value) if answers_error([value], error):
                pass
            case _ if is_logging(statement):
                pass
            case _:
                why = f"has a way of its own with {error or 'errors'} of its routes"
                raise NotCertainError(statement.lineno, why)


def _hands_on(node: ast.AST, next_called: str) -> bool:
    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call))
    return any(ast.unparse(call.func) == next_called for call in calls)


def _is_answer(value: ast.expr | None, answers: set[str], next_called: str) -> bool:
    """Return whether what is returned is the answer of the rest, or refuses whoever calls."""
    match value:
        case None:
            return True
        case ast.Name(id=name):
            return name in answers
    return _hands_on(value, next_called) or _refuses(value)


def _refuses(value: ast.expr) -> bool:
    """Return whether an answer leads elsewhere, or is an error."""
    return (status_of_answer(value) or 0) >= _FIRST_REDIRECT


def _paths(test: ast.expr) -> Iterator[str]:
    for node in ast.walk(test):
        match node:
            case ast.Constant(value=str(text)) if text.startswith("/") and text != "/":
                yield text


def _names(test: ast.expr, path: str) -> bool:
    """Return whether a condition names the path, or what it begins with."""
    return any(path.startswith(each) for each in _paths(test))


def _names_other(test: ast.expr, path: str) -> bool:
    """Return whether a condition holds only for other paths."""
    is_negative = any(isinstance(node, ast.Not | ast.NotEq | ast.NotIn) for node in ast.walk(test))
    return any(_paths(test)) and not is_negative and not _names(test, path)


def _asks_method(test: ast.expr) -> bool:
    """Return whether a condition asks for a method other than that of a cron's call."""
    texts = {node.value for node in ast.walk(test) if isinstance(node, ast.Constant)}
    return ".method" in ast.unparse(test) and "GET" not in texts


def refuse_preparing(tree: SourceTree, function: Function) -> None:
    """Refuse what Flask calls before every request, where it does more than to ask who calls.

    Raises:
        NotCertainError: with the line of what the work may need.
    """
    for block in every_block(function):
        for statement in block:
            match statement:
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="g"), attr=name)]):
                    if _is_read(tree, name):
                        raise NotCertainError(
                            statement.lineno, f"puts g.{name} where the work may read it"
                        )
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="session"))]):
                    pass
                case (
                    ast.Assign(targets=[ast.Name()])
                    | ast.If()
                    | ast.Pass()
                    | ast.Return(value=None)
                ):
                    pass
                case ast.Return(value=value) if (status_of_answer(value) or 0) >= _FIRST_REDIRECT:
                    pass
                case ast.Expr(value=ast.Call(func=ast.Name(id="abort"))):
                    pass
                case _ if is_docstring(statement) or is_logging(statement):
                    pass
                case _:
                    raise NotCertainError(
                        statement.lineno, "prepares something before every request"
                    )


def _is_read(tree: SourceTree, name: str) -> bool:
    """Return whether the project reads a name of Flask's ``g``."""
    return any(
        node.attr == name and isinstance(node.ctx, ast.Load) and ast.unparse(node.value) == "g"
        for file in tree.files
        if file.endswith(".py") and f"g.{name}" in tree.read(file)
        for node in ast.walk(tree.python(file))
        if isinstance(node, ast.Attribute)
    )


def only_writes(function: Function, next_called: str) -> bool:
    """Return whether a function hands every answer on, with headers and lines for the log at most."""
    answers = {function.args.args[0].arg} if len(function.args.args) == 1 else set[str]()
    for statement in function.body:
        match statement:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Await(value=ast.Call(func=called))
            ) if ast.unparse(called) == next_called:
                answers.add(name)
            case ast.Assign(targets=[ast.Name()], value=value) if _is_reading(value):
                pass
            case ast.Assign(targets=[ast.Attribute(value=ast.Attribute(attr="state"))]):
                pass  # of the request, which no work is given
            case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(attr="headers"))]):
                pass
            case ast.Return(value=ast.Name(id=name)) if name in answers:
                pass
            case ast.Import() | ast.ImportFrom():
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

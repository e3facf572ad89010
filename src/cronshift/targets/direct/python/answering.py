"""Answers of a route's function give way, each where it stands: results are returned, errors are raised."""

from __future__ import annotations

import ast

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.about import is_logging
from cronshift.targets.direct.python.answers import (
    PythonAnswer,
    error_source,
    spelled,
    status_of,
    words_of,
    write,
)
from cronshift.targets.direct.python.catching import because, is_raise_caught
from cronshift.targets.direct.python.source import Function, PythonSource, every_block

_FIRST_ERROR = 400


def refuses(source: PythonSource, block: list[ast.stmt]) -> bool:
    """Return whether a block ends with an answer that is an error."""
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


def write_answers(
    source: PythonSource, function: Function, response: str | None, model: str | None = None
) -> None:
    """Have the function return results and raise errors instead of answering.

    Args:
        source: the module.
        function: of the route.
        response: the name of FastAPI's own response.
        model: the class that FastAPI makes of what is returned.

    Raises:
        NotCertainError: where the meaning is not kept for certain.
    """
    for block in every_block(function):
        _refuse_catching(block)
        failing = _status_set(source, block, response)
        for statement in block:
            if source.is_gone(statement):
                continue
            match statement:
                case ast.Return():
                    _write_return(source, function, statement, failing, model)
                case ast.Raise(exc=ast.Call(func=called) as error):
                    if ast.unparse(called).endswith("HTTPException"):
                        _write_raise(source, function, statement, error)
                case ast.Expr(
                    value=ast.Call(func=ast.Name(id="abort") | ast.Attribute(attr="abort")) as error
                ) if _is_of_flask(error.func):
                    _write_raise(source, function, statement, error)


def _is_of_flask(called: ast.expr) -> bool:
    return ast.unparse(called) in {"abort", "flask.abort"}


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
    failing: int | None,
    model: str | None,
) -> None:
    value = statement.value
    answer = spelled(source, value)
    if failing is not None and value is not None:
        body = answer or PythonAnswer(failing, source.text_of(value), words_of(source, value))
        answer = PythonAnswer(failing, body.body, body.words)
    if answer is not None:
        write(source, function, statement, answer, lambda block: _status_of_block(source, block))
    elif model is not None and value is not None and not makes(value, model):
        start, end = source.span(value)
        source.edits.replace(start, start, f"{model}.model_validate(")
        source.edits.replace(
            end, end, ")" if isinstance(value, ast.Dict) else ", from_attributes=True)"
        )


def makes(value: ast.expr, model: str) -> bool:
    """Return whether an expression makes an instance of a class."""
    return isinstance(value, ast.Call) and ast.unparse(value.func) == model


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
    if is_raise_caught(function, statement):
        raise NotCertainError(statement.lineno, "answers with an error where errors are caught")
    words_there = f'"answered {code}"' if words is None else words_of(source, words)
    cause = because(function, statement)
    if isinstance(statement, ast.Raise) and statement.cause is not None:
        cause = f" from {source.text_of(statement.cause)}"
    source.replace(statement, f"raise {error_source(PythonAnswer(code, None, words_there))}{cause}")


def _status_of_block(source: PythonSource, block: list[ast.stmt]) -> int:
    """Return the status that a block answers with which only logs beside it; 0 for any other."""
    *others, last = block
    if not all(map(is_logging, others)):
        return 0
    try:
        match last:
            case ast.Return(value=value):
                answer = spelled(source, value)
                return answer.status if answer is not None and answer.success is None else 0
            case ast.Raise(exc=ast.Call(func=called, args=arguments, keywords=words)):
                named = [word.value for word in words if word.arg == "status_code"]
                is_of_http = ast.unparse(called).endswith("HTTPException")
                return status_of([*arguments, *named][0]) if is_of_http else 0
    except NotCertainError:
        return 0
    return 0

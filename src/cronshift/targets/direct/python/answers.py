"""Answers of Python handlers become results, and error answers become errors."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.runtime.wire import RETRIED_STATUSES
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.catching import because, is_answer_caught
from cronshift.targets.direct.python.closing import refuse_within
from cronshift.targets.direct.python.layout import moved_left
from cronshift.targets.direct.python.replies import inlined

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.targets.direct.python.source import Function, PythonSource

NON_RETRIABLE = "NonRetriableError"
_FIRST_ERROR, _FIRST_REDIRECT, _FIRST_FAULT = 400, 300, 500
_JSON = {"JSONResponse", "JsonResponse", "jsonify", "ORJSONResponse"}
_TEXT = {"HTMLResponse", "HttpResponse", "PlainTextResponse", "Response"}
_ERRORS = {"HttpResponseBadRequest": 400, "HttpResponseForbidden": 403, "HttpResponseNotFound": 404,
           "HttpResponseNotAllowed": 405, "HttpResponseServerError": 500}  # fmt: skip
_BODIES = ("content", "response", "detail", "description")


class PythonAnswer(Struct, frozen=True):
    """An answer that code spells out; ``body`` is source, ``None`` for none.

    Attributes:
        words: what an error says; source of a text.
        success: the condition under which it is none, as source, of an error that is only one else.
    """

    status: int
    body: str | None
    words: str
    is_plain: bool = False
    success: str | None = None


def final(status: int) -> bool:
    """Return whether an error is not tried again: 4xx is final, but for what passes."""
    return status < _FIRST_FAULT and status not in RETRIED_STATUSES


def error_source(answer: PythonAnswer) -> str:
    """Return the expression of the error that an answer is."""
    name = NON_RETRIABLE if final(answer.status) else "RuntimeError"
    return f"{name}({answer.words})"


def write(
    source: PythonSource,
    function: Function,
    statement: ast.stmt,
    answer: PythonAnswer,
    status_of_block: Callable[[list[ast.stmt]], int],
) -> None:
    """Have a statement return an answer's body, or raise it.

    Args:
        source: the module.
        function: the handler.
        statement: which answers.
        answer: what it says.
        status_of_block: the status that a block answers with which does nothing else but to log; 0 for any other.

    Raises:
        NotCertainError: for what leads elsewhere, or an error that the function itself would catch.
    """
    result = f"return {answer.body}" if answer.body is not None else "return None"
    if answer.status < _FIRST_REDIRECT:
        source.replace(statement, result)
        return
    if answer.status < _FIRST_ERROR:
        raise NotCertainError(statement.lineno, f"answers {answer.status}, which leads elsewhere")

    def ends_alike(block: list[ast.stmt]) -> bool:
        status = status_of_block(block)
        return status >= _FIRST_ERROR and final(status) is final(answer.status)

    if is_answer_caught(function, statement, ends_alike):
        raise NotCertainError(statement.lineno, "answers with an error where errors are caught")
    refuse_within(source, function, statement)
    error = f"raise {error_source(answer)}{because(function, statement)}"
    if answer.success is None:
        source.replace(statement, error)
        return
    indent = " " * statement.col_offset
    source.replace(
        statement, f"if {negated(answer.success)}:\n{indent}    {error}\n{indent}{result}"
    )


def negated(condition: str) -> str:
    """Return the source of a condition's opposite."""
    match ast.parse(condition, mode="eval").body:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            return f"{ast.unparse(left)} != {ast.unparse(right)}"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ast.unparse(operand)
        case ast.BoolOp() | ast.IfExp() | ast.Compare() | ast.NamedExpr() | ast.Lambda():
            return f"not ({condition})"
    return f"not {condition}"


def spelled(source: PythonSource, value: ast.expr | None) -> PythonAnswer | None:
    """Return the answer that a returned value is.

    ``None`` for a value that is none: it is the body, and its status is a success.

    Raises:
        NotCertainError: for an answer whose status or body is not spelled out.
    """
    if isinstance(value, ast.Call):
        reply = inlined(source, value)
        if reply is not None and (answer := spelled(*reply)) is not None:
            return answer
    match value:
        case ast.Tuple(elts=[body, status, *rest]) if not source.is_fastapi:
            if any("retry-after" in ast.unparse(each).lower() for each in rest):
                raise NotCertainError(value.lineno, "says when to try again")
            inner = spelled(source, body)
            answer = inner or PythonAnswer(
                200, source.text_of(body), words_of(source, body), is_plain(body)
            )
            code, success = stated(source, status)
            return PythonAnswer(code, answer.body, answer.words, answer.is_plain, success)
        case ast.Call(func=called) if (
            name := ast.unparse(called).rpartition(".")[2]
        ) in _JSON | _TEXT | _ERRORS.keys():
            return _constructed(source, value, name)
        case ast.Call(func=called) if ast.unparse(called).rpartition(".")[2].endswith("Response"):
            raise NotCertainError(
                value.lineno, f"answers with {ast.unparse(called)}, which is not read"
            )
        case ast.Call(func=called) if ast.unparse(called) in {
            "redirect",
            "make_response",
            "send_file",
        }:
            raise NotCertainError(
                value.lineno, f"answers with {ast.unparse(called)}, which is not read"
            )
    return None


def _constructed(source: PythonSource, call: ast.Call, name: str) -> PythonAnswer:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    status = next(
        (named.pop(key) for key in ("status_code", "status") if key in named and name != "jsonify"),
        None,
    )
    code, success = (_ERRORS.get(name, 200), None) if status is None else stated(source, status)
    if "background" in named:
        raise NotCertainError(call.lineno, "has work done behind its answer")
    headers = named.pop("headers", None)
    if headers is not None and "retry-after" in ast.unparse(headers).lower():
        raise NotCertainError(call.lineno, "says when to try again")
    if name == "jsonify" and named and not call.args:
        members = ", ".join(f'"{key}": {source.text_of(value)}' for key, value in named.items())
        plain = all(map(is_plain, named.values()))
        is_told = set(named) <= {"error", "detail", "message"} and len(named) == 1
        words = words_of(source, *named.values()) if is_told else f"str({{{members}}})"
        return PythonAnswer(code, f"{{{members}}}", words, plain, success)
    body = (
        call.args[0] if call.args else next((named[key] for key in _BODIES if key in named), None)
    )
    if len(call.args) > 1:
        raise NotCertainError(call.lineno, "answers with what is not spelled out")
    if body is None or (isinstance(body, ast.Constant) and body.value is None):
        return PythonAnswer(code, None, f'"answered {code}"', is_plain=True, success=success)
    is_data = name == "Response" and "rest_framework" in source.text
    if name in _TEXT and not is_data and not isinstance(body, ast.Constant | ast.JoinedStr):
        raise NotCertainError(
            call.lineno, f"answers with {ast.unparse(body)}, which may be a stream"
        )
    text = source.text_of(body)
    indent = source.text_up_to(body)
    if not indent.strip():  # it stood below its call
        line = source.text_up_to(call)
        text = moved_left(text, len(indent) - (len(line) - len(line.lstrip())))
    return PythonAnswer(code, text, words_of(source, body), is_plain(body), success)


def stated(source: PythonSource, node: ast.expr) -> tuple[int, str | None]:
    """Return the status that an answer states; of one of two, the error, and when it is none.

    Raises:
        NotCertainError: for any other.
    """
    match node:
        case ast.IfExp(test=test, body=first, orelse=second):
            left, right = status_of(first), status_of(second)
            if left < _FIRST_REDIRECT <= _FIRST_ERROR <= right:
                return right, source.text_of(test)
            if right < _FIRST_REDIRECT <= _FIRST_ERROR <= left:
                return left, negated(source.text_of(test))
    return status_of(node), None


def status_of(node: ast.expr) -> int:
    """Return a status that is spelled out.

    Raises:
        NotCertainError: for one that is not.
    """
    match node:
        case ast.Constant(value=int(status)):
            return status
        case ast.Attribute(attr=name) if (
            name.startswith("HTTP_") and name.split("_")[1].isdecimal()
        ):
            return int(name.split("_")[1])
    raise NotCertainError(node.lineno, "answers with a status that is not spelled out")


def words_of(source: PythonSource, body: ast.expr) -> str:
    """Return the source of what an error says: the words of a body, or all of it."""
    match body:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return source.text_of(body)
        case ast.Dict(keys=[ast.Constant(value="error" | "detail" | "message")], values=[words]):
            return words_of(source, words)
        case ast.Call(func=ast.Name(id="str")):
            return source.text_of(body)
    return f"str({source.text_of(body)})"


def is_plain(node: ast.expr) -> bool:
    """Return whether a value is surely one that JSON has, as it stands."""
    match node:
        case ast.Constant(value=value):
            return not isinstance(value, bytes | complex) and value is not Ellipsis
        case ast.JoinedStr() | ast.Compare():
            return True
        case ast.Dict(keys=keys, values=values):
            return all(key is not None and is_plain(key) for key in keys) and all(
                map(is_plain, values)
            )
        case ast.List(elts=elements):
            return all(map(is_plain, elements))
        case ast.Call(func=ast.Name(id="len" | "str" | "int" | "bool")):
            return True
    return False

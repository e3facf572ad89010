"""Methods and functions that send the whole of an answer of http.server: its status, and a body."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.answers import PythonAnswer, words_of
from cronshift.targets.direct.python.replies import argument_sources, is_made_of, substituted
from cronshift.targets.direct.python.source import Function, PythonSource, is_docstring

if TYPE_CHECKING:
    from collections.abc import Mapping


class Sender(Struct, frozen=True):
    """A function that sends an answer: the expressions of its status and of its body, before JSON."""

    function: Function
    status: ast.expr
    body: ast.expr | None


def sender_of(function: Function) -> Sender | None:
    """Return the answer that a function sends, if that is all it does; it is given the handler first."""
    taken = [*function.args.posonlyargs, *function.args.args]
    if not taken or isinstance(function, ast.AsyncFunctionDef) or function.decorator_list:
        return None
    handler, names = taken[0].arg, dict[str, str]()
    status: ast.expr | None = None
    body: ast.expr | None = None
    for statement in function.body:
        match statement:
            case _ if is_docstring(statement):
                continue
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in names:
                names[name] = ast.unparse(substituted(value, names))
                continue
            case ast.Expr(value=ast.Call(func=called, args=arguments)):
                method = ast.unparse(called).removeprefix(f"{handler}.")
            case _:
                return None
        if method == "send_response" and arguments and status is None:
            status = arguments[0]
        elif method == "wfile.write" and len(arguments) == 1 and body is None:
            body = _bare(substituted(arguments[0], names))
            if body is None:
                return None
        elif method not in {"send_header", "end_headers"}:
            return None
    return Sender(function, status, body) if status is not None else None


def _bare(body: ast.expr) -> ast.expr | None:
    """Return the value that a body is made from: of JSON, or a text."""
    match body:
        case ast.Call(func=ast.Attribute(value=inner, attr="encode")):
            body = inner
    match body:
        case ast.Call(func=called, args=[value]) if ast.unparse(called) in {"json.dumps", "dumps"}:
            return value
        case ast.Constant(value=str()) | ast.JoinedStr():
            return body
    return None


def sent_by(
    source: PythonSource, methods: Mapping[str, Function], statement: ast.stmt
) -> PythonAnswer | None:
    """Return the answer that a statement has sent by a method, or by a function of the project.

    Raises:
        NotCertainError: for a status that is not spelled out.
    """
    match statement:
        case ast.Expr(value=ast.Call() as call) | ast.Return(value=ast.Call() as call):
            function = _called(source, methods, call)
        case _:
            return None
    sender = sender_of(function) if function is not None else None
    if sender is None:
        return None
    is_method = ast.unparse(call.func).startswith("self.")
    passed = call.args if is_method else call.args[1:]
    values = dict(argument_sources(source, sender.function, passed, call.keywords, skipped=1))
    match substituted(sender.status, values):
        case ast.Constant(value=int(status)):
            pass
        case _:
            raise NotCertainError(call.lineno, "answers with a status that is not spelled out")
    if sender.body is None:
        return PythonAnswer(status, None, f'"answered {status}"')
    if not is_made_of(sender.function, sender.body, values, skipped=1):
        raise NotCertainError(
            call.lineno, f"answers with {ast.unparse(call.func)}, which is not read"
        )
    text = ast.unparse(substituted(sender.body, values))
    if isinstance(sender.body, ast.Name):
        text = values[sender.body.id]
    inner = PythonSource(source.file, text, ast.parse(text))
    (expression,) = inner.module.body
    value = expression.value if isinstance(expression, ast.Expr) else ast.Constant(None)
    return PythonAnswer(status, text, words_of(inner, value))


def _called(
    source: PythonSource, methods: Mapping[str, Function], call: ast.Call
) -> Function | None:
    name = ast.unparse(call.func)
    if name.startswith("self."):
        return methods.get(name.removeprefix("self."))
    is_handed = bool(call.args) and ast.unparse(call.args[0]) == "self"
    target = source.place.function(name) if source.place is not None and is_handed else None
    return target[0] if target is not None else None

"""Methods and functions that send the whole of an answer of http.server: its status, and a body."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.answers import PythonAnswer, words_of
from cronshift.targets.direct.python.replies import (
    argument_sources,
    is_made_of,
    substituted,
    written,
)
from cronshift.targets.direct.python.source import Function, PythonSource, is_docstring

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Called = Callable[[ast.Call], Function | None]


class Sender(Struct, frozen=True):
    """A function that sends an answer: the expressions of its status and of its body, before JSON."""

    function: Function
    status: ast.expr
    body: ast.expr | None


def sender_of(function: Function, called_by: Called) -> Sender | None:
    """Return the answer that a function sends, if that is all it does; it is given the handler first.

    Args:
        function: a method, or a function of the project.
        called_by: the function that a call of it is answered by.
    """
    taken = [*function.args.posonlyargs, *function.args.args]
    if not taken or isinstance(function, ast.AsyncFunctionDef) or function.decorator_list:
        return None
    handler, names = taken[0].arg, dict[str, str]()
    status: ast.expr | None = None
    body: ast.expr | None = None
    for statement in function.body:
        match statement:
            case _ if is_docstring(statement) or _only_heads(statement, handler, called_by):
                continue
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in names:
                names[name] = ast.unparse(substituted(value, names))
                continue
            case ast.Expr(value=ast.Call(func=called, args=arguments) as call):
                method = ast.unparse(called).removeprefix(f"{handler}.")
            case _:
                return None
        if method == "send_response" and arguments and status is None:
            status = arguments[0]
        elif method == "wfile.write" and len(arguments) == 1 and body is None:
            body = _bare(substituted(arguments[0], names))
            if body is None:
                return None
        elif status is None and (inner := _inner(call, handler, called_by)) is not None:
            status, body = inner
        else:
            return None
    return Sender(function, status, body) if status is not None else None


def _only_heads(statement: ast.stmt, handler: str, called_by: Called) -> bool:
    """Return whether a statement says but headers, by itself or by a function that does."""
    match statement:
        case ast.If(body=body, orelse=orelse) | ast.For(body=body, orelse=orelse):
            return all(_only_heads(each, handler, called_by) for each in [*body, *orelse])
        case ast.Expr(value=ast.Call(func=called) as call):
            if ast.unparse(called).removeprefix(f"{handler}.") in {"send_header", "end_headers"}:
                return True
            function = called_by(call)
            if function is None or not function.args.args:
                return False
            first = function.args.args[0].arg
            return all(
                is_docstring(each) or _only_heads(each, first, called_by) for each in function.body
            )
    return False


def _inner(
    call: ast.Call, handler: str, called_by: Called
) -> tuple[ast.expr, ast.expr | None] | None:
    """Return the status and body of another sender that does all of it, as the caller's expressions."""
    function = called_by(call)
    sender = sender_of(function, called_by) if function is not None else None
    if sender is None:
        return None
    is_method = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == handler
    text = ast.unparse(call)
    source = PythonSource("", text, ast.parse(text))
    again = next(node for node in ast.walk(source.module) if isinstance(node, ast.Call))
    passed = again.args if is_method else again.args[1:]
    values = dict(argument_sources(source, sender.function, passed, again.keywords, skipped=1))
    if sender.body is not None and not is_made_of(sender.function, sender.body, values, skipped=1):
        return None
    body = substituted(sender.body, values) if sender.body is not None else None
    return substituted(sender.status, values), body


def is_dumping(called: ast.expr) -> bool:
    """Return whether a function makes JSON of a value."""
    return ast.unparse(called) in {"json.dumps", "dumps"}


def decoded(body: ast.expr) -> ast.expr:
    """Return the text that bytes are encoded from; any other bytes themselves."""
    match body:
        case ast.Call(func=ast.Attribute(value=text, attr="encode")):
            return text
    return body


def loaded(dumped: ast.Call) -> ast.expr:
    """Return the value that JSON is made from, or the JSON read again where something else says how to write it."""
    if any(word.arg in {"default", "cls"} for word in dumped.keywords):
        return ast.parse(f"json.loads({ast.unparse(dumped)})", mode="eval").body
    return dumped.args[0]


def _bare(body: ast.expr) -> ast.expr | None:
    """Return the value that a body is made from: of JSON, or a text; ``None`` for any other."""
    text = decoded(body)
    match text:
        case ast.Call(func=called, args=[_]) if is_dumping(called):
            return loaded(text)
        case ast.Constant(value=str()) | ast.JoinedStr():
            return text
    return text if text is not body else None


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
    sender = sender_of(function[0], function[1]) if function is not None else None
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
    text = written(sender.body, values)
    if text.startswith("json.") and not imports_json(source):
        raise NotCertainError(call.lineno, "answers with JSON that this module does not make")
    inner = PythonSource(source.file, text, ast.parse(text))
    (expression,) = inner.module.body
    value = expression.value if isinstance(expression, ast.Expr) else ast.Constant(None)
    return PythonAnswer(status, text, words_of(inner, _dumped(value)))


def _dumped(value: ast.expr) -> ast.expr:
    """Return the expression that a value becomes JSON from, where it does so on the way."""
    match value:
        case ast.Call(func=loads, args=[ast.Call(func=dumps, args=[inner])]) if is_dumping(dumps):
            return inner if ast.unparse(loads) == "json.loads" else value
    return value


def _called(
    source: PythonSource, methods: Mapping[str, Function], call: ast.Call
) -> tuple[Function, Called] | None:
    """Return the method or function that a call is answered by, and how to find those that it calls."""

    def of_class(inner: ast.Call) -> Function | None:
        name = ast.unparse(inner.func)
        return methods.get(name.removeprefix("self.")) if name.startswith("self.") else None

    method = of_class(call)
    if method is not None:
        return method, of_class
    is_handed = bool(call.args) and ast.unparse(call.args[0]) == "self"
    target = source.place.function(ast.unparse(call.func)) if source.place and is_handed else None
    if target is None:
        return None
    function, place = target

    def of_module(inner: ast.Call) -> Function | None:
        defined = place.function(ast.unparse(inner.func))
        return defined[0] if defined is not None else None

    return function, of_module


def imports_json(source: PythonSource) -> bool:
    """Return whether a module imports json by its name."""
    imports = (node for node in source.module.body if isinstance(node, ast.Import))
    return any(
        alias.name == "json" and not alias.asname for node in imports for alias in node.names
    )

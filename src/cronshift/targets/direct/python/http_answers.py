"""Answers that a handler of http.server sends part by part: what they say is returned, or raised."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.about import SENDING, is_logging
from cronshift.targets.direct.python.answers import PythonAnswer, stated, words_of, write
from cronshift.targets.direct.python.called import root_of
from cronshift.targets.direct.python.senders import decoded, is_dumping, sent_by
from cronshift.targets.direct.python.source import every_block, literal, own_nodes, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cronshift.targets.direct.python.source import Function, PythonSource

_FIRST_ERROR = 400


def refuses(source: PythonSource, methods: Mapping[str, Function], asked: ast.If) -> bool:
    """Return whether a question ends with an error: sent there, or by the method that was asked."""
    match asked.body:
        case [ast.Return(value=None)]:
            called = (
                ast.unparse(node.func)
                for node in ast.walk(asked.test)
                if isinstance(node, ast.Call)
            )
            asking = [
                methods[name.removeprefix("self.")]
                for name in called
                if name.removeprefix("self.") in methods
            ]
            blocks = [block for function in asking for block in every_block(function)]
            return any(_answers_error(source, methods, block) for block in blocks)
    return _answers_error(source, methods, asked.body)


def _answers_error(
    source: PythonSource, methods: Mapping[str, Function], block: list[ast.stmt]
) -> bool:
    for statement in block:
        try:
            answer = sent_by(source, methods, statement)
        except NotCertainError:
            return False
        if answer is not None:
            return answer.status >= _FIRST_ERROR
    return _status(block) >= _FIRST_ERROR


def keep_values(source: PythonSource, function: Function) -> None:
    """Leave the values as they are that a function made JSON of only to send them."""
    nodes = list(own_nodes(function))
    sending = {
        name
        for statement in nodes
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        if "self" in {root_of(each) for each in (statement.value.func, *statement.value.args)}
        for name in ast.walk(statement)
    }
    made = [
        (ast.unparse(statement.targets[0]), statement.value)
        for statement in nodes
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
        if is_dumping(statement.value.func) and len(statement.value.args) == 1
        if not any(word.arg in {"default", "cls"} for word in statement.value.keywords)
    ]
    for name, dumped in made if "application/json" in source.text else ():
        uses = [node for node in nodes if isinstance(node, ast.Name) and node.id == name]
        stores = [node for node in uses if isinstance(node.ctx, ast.Store)]
        is_sent = all(node in sending or node in stores for node in uses)
        if is_sent and len(stores) == [each for each, _ in made].count(name):
            source.replace(dumped, source.text_of(dumped.args[0]))


def write_sent(source: PythonSource, function: Function, methods: Mapping[str, Function]) -> None:
    """Have every block that answers return what it says, or raise it.

    Raises:
        NotCertainError: where the meaning is not kept for certain.
    """
    for block in every_block(function):
        for statement in block:
            answer = sent_by(source, methods, statement) if not source.is_gone(statement) else None
            if answer is None:
                continue
            ending = (
                [] if isinstance(statement, ast.Return) else _behind(function, block, [statement])
            )
            for each in ending:
                source.edits.remove_lines(*source.span(each))
            write(
                source,
                function,
                statement,
                answer,
                lambda each: _only_status(source, methods, each),
            )
        _write_block(source, function, methods, block)


def _call(statement: ast.stmt) -> tuple[str, ast.Call] | None:
    """Return the method of ``self`` that a statement calls, and the call."""
    match statement:
        case ast.Expr(value=ast.Call(func=func) as call):
            name = ast.unparse(func)
            return (name.removeprefix("self."), call) if name.startswith("self.") else None
    return None


def _status(block: list[ast.stmt]) -> int:
    """Return the status that a block answers with; 0 where it does not."""
    for statement in block:
        called = _call(statement)
        if called is not None and called[0] in {"send_response", "send_error"} and called[1].args:
            match called[1].args[0]:
                case ast.Constant(value=int(status)):
                    return status
    return 0


def _write_block(
    source: PythonSource, function: Function, methods: Mapping[str, Function], block: list[ast.stmt]
) -> None:
    """Have a block that answers return its body behind the last statement of the answer."""
    sending = [
        statement
        for statement in block
        if not source.is_gone(statement)
        and (called := _call(statement)) is not None
        and called[0] not in methods
    ]
    if not sending:
        return
    (status, success), body = _stated(source, sending), _sent_body(sending)
    ending = _behind(function, block, sending)
    body = _encoded(source, function, block, body)
    value = _body_source(source, body, is_json=_is_json(sending)) if body is not None else None
    words = f'"answered {status}"' if body is None else _words(source, body)
    for statement in [*sending[:-1], *ending]:
        source.edits.remove_lines(*source.span(statement))
    answer = PythonAnswer(status, value, words, success=success)
    write(source, function, sending[-1], answer, lambda each: _only_status(source, methods, each))


def _stated(source: PythonSource, sending: list[ast.stmt]) -> tuple[int, str | None]:
    """Return the status that a block answers with, and when it is a success, of one of two."""
    for statement in sending:
        name, call = _call(statement) or ("", None)
        if name in {"send_response", "send_error"} and call is not None and call.args:
            return stated(source, call.args[0])
    raise NotCertainError(sending[0].lineno, "answers with a status that is not spelled out")


def _only_status(
    source: PythonSource, methods: Mapping[str, Function], block: list[ast.stmt]
) -> int:
    """Return the status that a block answers with which only logs beside it; 0 for any other."""
    sent = 0
    for statement in block:
        called = _call(statement)
        is_part = called is not None and called[0] in SENDING
        is_end = isinstance(statement, ast.Return) and statement.value is None
        try:
            answer = sent_by(source, methods, statement)
        except NotCertainError:
            return 0
        if answer is not None and not sent:
            sent = answer.status
        elif not (is_part or is_end or is_logging(statement) or isinstance(statement, ast.Assign)):
            return 0
    return sent or _status(block)


def _is_json(sending: list[ast.stmt]) -> bool:
    """Return whether an answer says that it is JSON."""
    heads = (
        called[1] for each in sending if (called := _call(each)) and called[0] == "send_header"
    )
    return any("json" in ast.unparse(head).lower() for head in heads)


def _encoded(
    source: PythonSource, function: Function, block: list[ast.stmt], body: ast.expr | None
) -> ast.expr | None:
    """Return the expression that a body was made of in the same block, and remove its name with it."""
    name = decoded(body) if body is not None else None
    if not isinstance(name, ast.Name):
        return body
    uses = [
        node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name.id
    ]
    for statement in block:
        match statement:
            case ast.Assign(targets=[ast.Name(id=bound)], value=value) if bound == name.id:
                others = [node for node in uses if node not in {statement.targets[0], name}]
                if all(source.is_gone(node) or _is_apart(node, function, block) for node in others):
                    source.edits.remove_lines(*source.span(statement))
                    return (
                        value if name is body else ast.Call(ast.Attribute(value, "encode"), [], [])
                    )
    return body


def _is_apart(node: ast.Name, function: Function, block: list[ast.stmt]) -> bool:
    """Return whether a name is told of in a header only, or belongs to the answer of another block that binds it."""
    for each in every_block(function):
        inside = next((statement for statement in each if node in _own_names(statement)), None)
        if inside is None:
            continue
        called = _call(inside)
        if each is block:
            return called is not None and called[0] == "send_header"
        return any(
            isinstance(statement, ast.Assign) and node.id in map(ast.unparse, statement.targets)
            for statement in each
        )
    return False


def _own_names(statement: ast.stmt) -> set[ast.AST]:
    """Return the names of a statement that stand in no block of its own."""
    return set(ast.walk(statement)) if isinstance(statement, ast.Expr | ast.Assign) else set()


def _sent_body(sending: list[ast.stmt]) -> ast.expr | None:
    """Return the body that an answer's statements write, all of which are known."""
    body: ast.expr | None = None
    for statement in sending:
        name, call = _call(statement) or ("", None)
        if name == "wfile.write" and call is not None and len(call.args) == 1 and body is None:
            body = call.args[0]
        elif name not in SENDING or name == "wfile.write":
            raise NotCertainError(statement.lineno, f"calls self.{name}, which is not read")
    return body


def _behind(function: Function, block: list[ast.stmt], sending: list[ast.stmt]) -> list[ast.stmt]:
    """Return the bare ``return`` behind an answer, where there is one.

    Raises:
        NotCertainError: for work between its parts or behind it.
    """
    first, last = block.index(sending[0]), block.index(sending[-1])
    for statement in block[first : last + 1]:
        if statement not in sending and not isinstance(statement, ast.Assign):
            raise NotCertainError(
                statement.lineno, "does other work between the parts of its answer"
            )
    following = block[last + 1 :]
    if following and isinstance(following[0], ast.Return):
        return following[:1]
    if following or not _is_tail(function, block):
        raise NotCertainError(block[last].lineno, "goes on after its answer")
    return []


def _is_tail(function: Function, block: list[ast.stmt]) -> bool:
    """Return whether nothing is done behind a block."""
    return any(block is tail for tail in _tails(function.body))


def _tails(block: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    yield block
    match block[-1]:
        case ast.If(body=body, orelse=orelse):
            yield from _tails(body)
            if orelse:
                yield from _tails(orelse)
        case ast.Try(body=body, handlers=handlers, orelse=[], finalbody=[]):
            yield from _tails(body)
            for handler in handlers:
                yield from _tails(handler.body)
        case ast.With(body=body):
            yield from _tails(body)


def _body_source(source: PythonSource, body: ast.expr, *, is_json: bool) -> str:
    """Return the source of the value that became JSON, else of the text that an answer says."""
    text = decoded(body)
    match text:
        case ast.Call(func=func, args=[value], keywords=words) if is_dumping(func):
            if any(word.arg in {"default", "cls"} for word in words):
                return f"json.loads({source.text_of(text)})"
            return source.text_of(value)
        case ast.Constant(value=bytes(data)):
            return _constant(data.decode(), is_json=is_json)
        case ast.Constant(value=str(data)):
            return _constant(data, is_json=is_json)
        case _ if text is not body:
            return source.text_of(text)
    inner = source.text_of(body)
    is_whole = isinstance(body, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
    return f'{inner if is_whole else f"({inner})"}.decode(errors="replace")'


def _constant(text: str, *, is_json: bool) -> str:
    """Return the literal of a text, or of the JSON in it."""
    try:
        return literal(json.loads(text)) if is_json else quoted(text)
    except ValueError:
        return quoted(text)


def _words(source: PythonSource, body: ast.expr) -> str:
    match decoded(body):
        case ast.Call(func=func, args=[value]) if is_dumping(func):
            return words_of(source, value)
        case ast.Constant() | ast.JoinedStr() | ast.Call(func=ast.Name(id="str")):
            return _body_source(source, body, is_json=False)
    return f"str({_body_source(source, body, is_json=False)})"

"""A ``handler`` class of http.server: what ``do_GET`` does becomes a function."""

from __future__ import annotations

import ast
import textwrap
from typing import TYPE_CHECKING

from cronshift.targets.direct.conversion import Converted, Entry, NotCertainError
from cronshift.targets.direct.python.about import REQUEST, PythonScope
from cronshift.targets.direct.python.answers import NON_RETRIABLE, PythonAnswer, words_of, write
from cronshift.targets.direct.python.called import ModuleScope
from cronshift.targets.direct.python.checks import remove_checks
from cronshift.targets.direct.python.imports import with_import
from cronshift.targets.direct.python.search_path import remove_search_path
from cronshift.targets.direct.python.senders import sent_by
from cronshift.targets.direct.python.source import (
    PythonSource,
    every_block,
    names_used,
    only_calls,
    quoted,
)
from cronshift.targets.direct.python.unused import without_unused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.python.source import Function

_SENDING = {"send_response", "send_header", "end_headers", "send_error"}
_ANSWERED = {"do_GET", "do_POST"}
_FIRST_ERROR = 400


def convert_class(tree: SourceTree, source: PythonSource, name: str, entry: Entry) -> Converted:
    """Return the module whose class ``name`` is a function.

    Raises:
        NotCertainError: where the meaning is not kept for certain.
    """
    node = next(
        (
            each
            for each in source.module.body
            if isinstance(each, ast.ClassDef) and each.name == name
        ),
        None,
    )
    if node is None:
        raise NotCertainError(1, f"{name} is no class of this module")
    remove_search_path(source)
    _refuse_tied(source)
    function = _do_get(node)
    if entry.parameter is not None:
        raise NotCertainError(function.lineno, f"is given {entry.parameter} by its path")
    methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
    used = set(names_used(source.module))
    place, names = ModuleScope(tree, source.file, source.module), {"self": frozenset({REQUEST})}
    scope = PythonScope(place, names, methods=methods)
    remove_checks(source, function, scope, lambda block: _refuses(source, methods, block))
    _write_path(source, function, entry)
    for block in every_block(function):
        _write_sent(source, function, methods, block)
        _write_block(source, function, block)
    _refuse_self(function, source)
    text = _as_function(source, node, function)
    written = next(
        each
        for each in ast.parse(text).body
        if isinstance(each, ast.FunctionDef) and each.name == "work"
    )
    if "self" in names_used(written):
        raise NotCertainError(function.lineno, "needs its request")
    needs = f"raise {NON_RETRIABLE}(" in text
    text = without_unused(tree, source.file, text, used)
    text = with_import(text, NON_RETRIABLE) if needs else text
    return Converted(
        text,
        "work",
        is_async=False,
    )


def _refuse_tied(source: PythonSource) -> None:
    for node in ast.walk(source.module):
        if isinstance(node, ast.Name) and source.is_gone(node):
            continue
        if isinstance(node, ast.Name) and node.id in {"__file__", "work"}:
            why = "asks where it stands" if node.id == "__file__" else "has a name `work` already"
            raise NotCertainError(node.lineno, why)
        if isinstance(node, ast.ImportFrom) and node.level:
            raise NotCertainError(node.lineno, "imports what stands beside it")


def _do_get(node: ast.ClassDef) -> Function:
    methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
    function = methods.get("do_GET")
    if function is None:
        raise NotCertainError(node.lineno, "has no do_GET")
    for statement in node.body:
        name = getattr(statement, "name", None)
        if name is not None and name.startswith("do_") and name not in _ANSWERED:
            raise NotCertainError(statement.lineno, f"answers {name.removeprefix('do_')} too")
    post = methods.get("do_POST")
    if post is None or only_calls(post, "do_GET"):
        return function
    if only_calls(function, "do_POST"):
        return post
    raise NotCertainError(post.lineno, "answers POST too, with other work")


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


def _refuses(source: PythonSource, methods: Mapping[str, Function], block: list[ast.stmt]) -> bool:
    """Return whether a block answers with an error, by itself or by a function that sends answers."""
    for statement in block:
        try:
            answer = sent_by(source, methods, statement)
        except NotCertainError:
            return False
        if answer is not None:
            return answer.status >= _FIRST_ERROR
    return _status(block) >= _FIRST_ERROR


def _write_sent(
    source: PythonSource, function: Function, methods: Mapping[str, Function], block: list[ast.stmt]
) -> None:
    """Have a block return what a function sends for it, or raise it."""
    for statement in block:
        answer = sent_by(source, methods, statement) if not source.is_gone(statement) else None
        if answer is None:
            continue
        ending = [] if isinstance(statement, ast.Return) else _behind(function, block, [statement])
        for each in ending:
            source.edits.remove_lines(*source.span(each))
        write(source, function, statement, answer)


def _write_block(source: PythonSource, function: Function, block: list[ast.stmt]) -> None:
    """Have a block that answers return its body behind the last statement of the answer."""
    sending = [
        statement
        for statement in block
        if not source.is_gone(statement) and _call(statement) is not None
    ]
    if not sending:
        return
    status, body = _status(block), _sent_body(sending)
    if not status:
        raise NotCertainError(sending[0].lineno, "answers with a status that is not spelled out")
    ending = _behind(function, block, sending)
    body = _encoded(source, function, block, body)
    value = _body_source(source, body) if body is not None else None
    words = f'"answered {status}"' if body is None else _words(source, body)
    for statement in [*sending[:-1], *ending]:
        source.edits.remove_lines(*source.span(statement))
    write(source, function, sending[-1], PythonAnswer(status, value, words))


def _encoded(
    source: PythonSource, function: Function, block: list[ast.stmt], body: ast.expr | None
) -> ast.expr | None:
    """Return the JSON that a body was made of in the same block, and remove its name with it."""
    name = _bare(body) if body is not None else None
    if not isinstance(name, ast.Name):
        return body
    uses = [
        node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name.id
    ]
    for statement in block:
        match statement:
            case ast.Assign(targets=[ast.Name(id=bound)], value=value) if bound == name.id:
                sizes = [node for node in uses if node not in {statement.targets[0], name}]
                if all(source.is_gone(node) or _is_sent(block, node) for node in sizes):
                    source.edits.remove_lines(*source.span(statement))
                    return value
    return body


def _is_sent(block: list[ast.stmt], node: ast.Name) -> bool:
    """Return whether a name is only told of in a header: its length."""
    return any(
        node in set(ast.walk(statement))
        for statement in block
        if (called := _call(statement)) is not None and called[0] == "send_header"
    )


def _sent_body(sending: list[ast.stmt]) -> ast.expr | None:
    """Return the body that an answer's statements write, all of which are known."""
    body: ast.expr | None = None
    for statement in sending:
        name, call = _call(statement) or ("", None)
        if name == "wfile.write" and call is not None and len(call.args) == 1 and body is None:
            body = call.args[0]
        elif name not in _SENDING:
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


def _bare(body: ast.expr) -> ast.expr:
    """Return the expression that a body is encoded from."""
    match body:
        case ast.Call(func=ast.Attribute(value=inner, attr="encode")):
            return inner
    return body


def _body_source(source: PythonSource, body: ast.expr) -> str:
    match _bare(body):
        case ast.Call(func=func, args=[value]) if ast.unparse(func) in {"json.dumps", "dumps"}:
            return source.text_of(value)
        case ast.Constant(value=bytes(data)):
            return quoted(data.decode())
        case ast.Constant(value=str()) | ast.JoinedStr() as text:
            return source.text_of(text)
    raise NotCertainError(body.lineno, f"answers with {ast.unparse(body)}, which may be anything")


def _words(source: PythonSource, body: ast.expr) -> str:
    match _bare(body):
        case ast.Call(func=func, args=[value]) if ast.unparse(func) in {"json.dumps", "dumps"}:
            return words_of(source, value)
    return _body_source(source, body)


def _write_path(source: PythonSource, function: Function, entry: Entry) -> None:
    """Put the entry's path where the request's is read."""
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Attribute)
            and ast.unparse(node) == "self.path"
            and not source.is_gone(node)
        ):
            source.replace(node, quoted(entry.path))


def _refuse_self(function: Function, source: PythonSource) -> None:
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id == "self" and not source.is_gone(node):
            raise NotCertainError(node.lineno, "needs its request")


def _as_function(source: PythonSource, node: ast.ClassDef, function: Function) -> str:
    """Return the module with the class as a function that stands by itself."""
    if any(isinstance(each, ast.Constant) and isinstance(each.value, str) and "\n" in each.value
           for each in ast.walk(function) if each is not _docstring(function)):  # fmt: skip
        raise NotCertainError(
            function.lineno, "holds a text of several lines, which would be indented anew"
        )
    start, end = source.span(node)
    first = source.text.rfind("\n", 0, source.span(function.body[0])[0]) + 1
    last = source.text.find("\n", source.span(function)[1]) + 1 or len(source.text)
    body = textwrap.dedent(source.edits.result(first, last)).strip("\n")
    inner = textwrap.indent(body or "pass", "    ")
    before, behind = source.edits.result(0, start), source.edits.result(end)
    return f"{before}def work():\n{inner}{behind}"


def _docstring(function: Function) -> ast.expr | None:
    first = function.body[0]
    return (
        first.value
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        else None
    )

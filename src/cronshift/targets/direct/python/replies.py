"""Answers that a function of the project makes: the one expression that it returns, with what it is given."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.targets.direct.python.layout import with_double_quotes
from cronshift.targets.direct.python.source import Function, PythonSource, is_docstring

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_KNOWN_NAMES = {"str", "len", "int", "bool", "dict", "list", "json", "True", "False", "None"}
_ANSWERS = {"jsonify", "JSONResponse", "Response", "JsonResponse", "HttpResponse", "PlainTextResponse", "ORJSONResponse",
            "status", "make_response"}  # fmt: skip


def inlined(source: PythonSource, call: ast.Call) -> tuple[PythonSource, ast.expr] | None:
    """Return the expression that a call of the project's own function comes to, in a source of its own.

    ``None`` where the function does more than to return it, or to set headers.
    """
    place = source.place
    target = place.function(ast.unparse(call.func)) if place is not None else None
    if target is None or target[0].decorator_list:
        return None
    function, around = target
    returned = _returned(function)
    values = dict(argument_sources(source, function, call.args, call.keywords))
    if returned is None or not is_made_of(function, returned, values):
        return None
    text = written(returned, values)
    module = ast.parse(text)
    match module.body:
        case [ast.Expr(value=value)]:
            return PythonSource(source.file, text, module, around), value
    return None


def _returned(function: Function) -> ast.expr | None:
    """Return the expression that a function returns, where that is all it does but for headers."""
    returned: ast.expr | None = None
    names: dict[str, str] = {}
    for statement in function.body:
        match statement:
            case _ if is_docstring(statement):
                pass
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Attribute(value=ast.Name(), attr="headers"))]
            ):
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in names:
                names[name] = ast.unparse(substituted(value, names))
            case ast.Return(value=ast.expr() as value) if returned is None:
                returned = substituted(value, names)
            case _:
                return None
    return returned


def substituted(node: ast.expr, values: Mapping[str, str]) -> ast.expr:
    """Return a copy of an expression with the source of values in the places of their names."""
    copy = ast.parse(ast.unparse(node), mode="eval").body
    made: ast.expr = _Substituting(values).visit(copy)
    return made


def written(node: ast.expr, values: Mapping[str, str]) -> str:
    """Return an expression with the source of values in the places of their names, laid out as that is."""
    whole = substituted(node, values)
    text = with_double_quotes(ast.unparse(node))
    source = PythonSource("", text, ast.parse(text))
    for name in ast.walk(source.module):
        if isinstance(name, ast.Name) and name.id in values:
            source.replace(name, values[name.id])
    try:
        is_same = ast.dump(ast.parse(source.edits.result(), mode="eval").body) == ast.dump(whole)
    except SyntaxError:
        is_same = False
    return source.edits.result() if is_same else ast.unparse(whole)


def argument_sources(
    source: PythonSource,
    function: Function,
    passed: Sequence[ast.expr],
    keywords: Sequence[ast.keyword],
    skipped: int = 0,
) -> Iterator[tuple[str, str]]:
    """Yield the source of what each parameter is given, but for the first that are skipped."""
    arguments = function.args
    taken = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args]]
    defaults = dict(zip(reversed(taken), reversed(arguments.defaults), strict=False))
    defaults |= {
        argument.arg: default
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is not None
    }
    for name, default in defaults.items():
        yield name, ast.unparse(default)
    for name, value in zip(taken[skipped:], passed, strict=False):
        yield name, source.text_of(value)
    for keyword in keywords:
        if keyword.arg is not None:
            yield keyword.arg, source.text_of(keyword.value)


def is_made_of(
    function: Function, returned: ast.expr, values: Mapping[str, str], skipped: int = 0
) -> bool:
    """Return whether an expression is made of a function's parameters, each used once, and of nothing else."""
    arguments = function.args
    if arguments.vararg or arguments.kwarg:
        return False
    used = [node.id for node in ast.walk(returned) if isinstance(node, ast.Name)]
    taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs][skipped:]
    parameters = {argument.arg for argument in taken}
    if not parameters <= values.keys() or not set(used) <= parameters | _KNOWN_NAMES | _ANSWERS:
        return False
    return all(used.count(name) == 1 or _is_simple(values[name]) for name in parameters)


def _is_simple(text: str) -> bool:
    return isinstance(ast.parse(text, mode="eval").body, ast.Constant | ast.Name)


class _Substituting(ast.NodeTransformer):
    """Puts the source of values in the places of their names."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.AST:
        text = self._values.get(node.id)
        return node if text is None else ast.parse(text, mode="eval").body

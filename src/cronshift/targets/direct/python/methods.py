"""Methods of a class that become functions of its module: what calls them calls those."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.layout import dedented

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from cronshift.targets.direct.python.source import Function, PythonSource

HTTP_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
"""Methods of a view that a framework calls, by what is asked."""


def methods_of(node: ast.ClassDef) -> dict[str, Function]:
    """Return the methods of a class, by name."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {each.name: each for each in node.body if isinstance(each, kinds)}


def members_of_self(function: ast.stmt) -> Iterator[ast.Attribute]:
    """Yield the members of its object that a method names."""
    for node in ast.walk(function):
        match node:
            case ast.Attribute(value=ast.Name(id="self")):
                yield node


def bound_names(module: ast.Module, node: ast.ClassDef) -> set[str]:
    """Return the names that a module reads or binds anywhere, but for the methods of a class."""
    return {*dir(builtins), *_bound(module, {id(each) for each in node.body})}


def _bound(module: ast.Module, methods: Collection[int]) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name):
                yield name
            case ast.alias(name=name, asname=alias):
                yield alias or name.partition(".")[0]
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if id(node) not in methods:
                    yield name
            case ast.ClassDef(name=name):
                yield name


def function_text(
    source: PythonSource, function: Function, names: Mapping[str, str], request: str | None = None
) -> str:
    """Return a method as a function of the module; ``request`` is the parameter of one that does the work.

    Raises:
        NotCertainError: for one that needs its object for more than to call a method.
    """
    arguments = [*function.args.posonlyargs, *function.args.args]
    is_static = [ast.unparse(each) for each in function.decorator_list] == ["staticmethod"]
    if is_static:
        function.decorator_list.clear()
    is_odd = not is_static and (not arguments or arguments[0].arg != "self")
    if is_odd or (request is None and function.decorator_list):
        raise NotCertainError(function.lineno, "is no method of a view's own")
    _write_calls(source, function, names, is_work=request is not None)
    start, end = source.span(function)
    _, above = source.span(function.decorator_list[-1]) if function.decorator_list else (0, start)
    opening = source.text.index("(", source.text.index("def ", above))
    source.edits.replace(opening - len(function.name), opening, names[function.name])
    if not is_static:
        closing = source.text.index(")", source.span(arguments[0])[1])
        after = source.span(arguments[1])[0] if len(arguments) > 1 else closing
        parameter = request or "" if len(arguments) == 1 else ""
        source.edits.replace(source.span(arguments[0])[0], after, parameter)
    line = source.text.rfind("\n", 0, start) + 1
    return dedented(source.edits.result(commented(source.text, line), end), function.col_offset)


def commented(text: str, line: int) -> int:
    """Return the beginning of the comment right above a line; of the line, where there is none."""
    above = text.rfind("\n", 0, max(line - 1, 0)) + 1
    if line and text[above:line].lstrip().startswith("#"):
        return commented(text, above)
    return line


def _write_calls(
    source: PythonSource, function: Function, names: Mapping[str, str], *, is_work: bool
) -> None:
    """Have a method call functions in place of methods, and refuse what else it asks its object for."""
    for node in members_of_self(function):
        if source.is_gone(node):
            continue
        if node.attr in names.keys() - HTTP_METHODS:
            source.replace(node, names[node.attr])
        elif node.attr == "request" and is_work:
            source.replace(node, "request")
        else:
            raise NotCertainError(node.lineno, f"needs self.{node.attr}")
    members = {node.value for node in ast.walk(function) if isinstance(node, ast.Attribute)}
    for name in ast.walk(function):
        match name:
            case ast.Name(id="self" | "super") if name not in members and not source.is_gone(name):
                raise NotCertainError(name.lineno, "needs its view")

"""Leftovers of HTTP in a function that is none of a route any more, which refuse its conversion."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.handlers.python_modules import module_file
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.called import locals_of
from cronshift.targets.direct.python.source import Function, PythonSource, function_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from cronshift.handlers.tree import SourceTree

_MAKING = lazy_pattern(r"\w*Response|jsonify|make_response|redirect|abort")
"""What a framework gives to make answers of."""
_LEFT = lazy_pattern(r"\w*Response|jsonify|make_response|abort|redirect|session|url_for|flash")
"""Names of answers, and of what a request gives."""


def refuse_remains(function: Function, text: str, names: Collection[str | None]) -> None:
    """Refuse a function that, as it is written now, speaks of what only a request gives.

    Raises:
        NotCertainError: with the line where it stood.
    """
    for node in ast.walk(function_of(ast.parse(text), function.name)):
        if isinstance(node, ast.Name) and (node.id in names or _is_left(node, function)):
            lines = [
                each.lineno
                for each in ast.walk(function)
                if isinstance(each, ast.Name) and each.id == node.id
            ]
            raise NotCertainError(max(lines, default=function.lineno), f"still speaks of {node.id}")


def refuse_leftovers(source: PythonSource, function: Function) -> None:
    """Refuse a function that still speaks of answers, or of what only a request gives.

    Raises:
        NotCertainError: with its line.
    """
    for node in (each for statement in function.body for each in ast.walk(statement)):
        if isinstance(node, ast.Name) and _is_left(node, function) and not source.is_gone(node):
            raise NotCertainError(node.lineno, f"still speaks of {node.id}")


def _is_left(node: ast.Name, function: Function) -> bool:
    """Return whether a name is a framework's, and none that the function gives itself."""
    return _LEFT.fullmatch(node.id) is not None and node.id not in locals_of(function)


def refuse_answers_elsewhere(tree: SourceTree, source: PythonSource, function: Function) -> None:
    """Refuse work with a module of the project that makes answers: it may return one.

    Raises:
        NotCertainError: with the line where it is used.
    """
    used = {
        node.id: node
        for statement in function.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and not source.is_gone(node)
    }
    folder = source.file.rpartition("/")[0]
    for statement in source.module.body:
        if not isinstance(statement, ast.ImportFrom) or not statement.module:
            continue
        path = statement.module.replace(".", "/")
        places = [
            f"{above}{path}{end}" for above in ("", f"{folder}/") for end in (".py", "/__init__.py")
        ]
        for alias in statement.names:
            node = used.get(alias.asname or alias.name)
            makes = (_makes_answers(tree, place) for place in places if place in tree.files)
            if node is not None and any(makes):
                why = f"works with {node.id} of {statement.module}, which may make an answer"
                raise NotCertainError(node.lineno, why)


def _makes_answers(tree: SourceTree, file: str) -> bool:
    """Return whether a module names what a framework makes answers of; a class of the project's own is none."""
    for node in ast.walk(tree.python(file)):
        match node:
            case ast.ImportFrom(names=names) if any(_MAKING.fullmatch(each.name) for each in names):
                module = f"{'.' * node.level}{node.module or ''}"
                there = module_file(tree, file, module)
                if there is None or (there != file and _makes_answers(tree, there)):
                    return True
            case ast.Call(func=ast.Attribute(value=ast.Name(), attr=name)):
                if _MAKING.fullmatch(name):
                    return True
    return False

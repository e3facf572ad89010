"""Taking the guard out of Python files again: whole statements only, nothing else is touched."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def without_guard(source: str, module: str) -> str | None:
    """Return a file's text without the guard, ``None`` where that takes more than removing lines.

    What is removed: its import, ``app.add_middleware(guard.asgi)``, ``app = guard.asgi(app)`` and
    the like, and the decorator ``@guard.handler``.

    Args:
        source: Python.
        module: the guard's module, without its folders.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    names = {alias.asname or alias.name for node in _imports(tree, module) for alias in node.names}
    if not names:
        return source
    gone = {line for node in ast.walk(tree) for line in _lines(node, names, module)}
    lines = source.splitlines(keepends=True)
    text = "".join(line for number, line in enumerate(lines, 1) if number not in gone)
    return text if not _speaks_of(text, names) else None


def _imports(tree: ast.AST, module: str) -> Iterator[ast.ImportFrom]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] == module:
            yield node


def _lines(node: ast.AST, names: set[str], module: str) -> Iterator[int]:
    """Yield the lines of a statement that is only there for the guard."""
    match node:
        case ast.ImportFrom(module=str() as name) if name.rpartition(".")[2] == module:
            yield from _span(node)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="add_middleware"), args=[first])) if (
            _is_guard(first, names)
        ):
            yield from _span(node)
        case ast.Assign(targets=[target], value=ast.Call(func=function, args=[argument])) if (
            _is_guard(function, names) and ast.unparse(target) == ast.unparse(argument)
        ):
            yield from _span(node)
        case ast.ClassDef(decorator_list=decorators):
            for decorator in decorators:
                if _is_guard(decorator, names):
                    yield from _span(decorator)


def _is_guard(node: ast.expr, names: set[str]) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in names
    )


def _span(node: ast.stmt | ast.expr) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _speaks_of(text: str, names: set[str]) -> bool:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return True
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(tree))

"""Lines that put the project's folder on Python's search path, where a package of the project needs none."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cronshift.targets.direct.python.source import PythonSource

_SAME = {"os.path.abspath", "os.path.realpath", "Path", "pathlib.Path", "str", "os.fspath"}


def remove_search_path(source: PythonSource) -> None:
    """Remove what a module does to find the modules of its project's own folder, if it does."""
    root = source.file.count("/") + 1
    names: dict[str, int] = {}
    for statement in source.module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                level = _level(value, names)
                if level == root:
                    names[name] = level
            case ast.Expr() if _adds(statement, names, root):
                source.edits.remove_lines(*source.span(statement))
            case ast.If(test=ast.Compare(left=left), body=body, orelse=[]) if all(
                _adds(each, names, root) for each in body
            ):
                if _level(left, names) == root:
                    source.edits.remove_lines(*source.span(statement))
    for statement in source.module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]) if name in names:
                if not any(_is_read(node, name, source) for node in ast.walk(source.module)):
                    source.edits.remove_lines(*source.span(statement))


def _is_read(node: ast.AST, name: str, source: PythonSource) -> bool:
    is_load = isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    return is_load and isinstance(node, ast.Name) and not source.is_gone(node)


def _adds(statement: ast.stmt, names: dict[str, int], root: int) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=called, args=[*_, path])):
            is_path = ast.unparse(called) in {"sys.path.insert", "sys.path.append"}
            return is_path and _level(path, names) == root
    return False


def _level(path: ast.expr, names: dict[str, int]) -> int | None:
    """Return the number of folders that a path lies above the module's file; ``None`` for any other."""
    match path:
        case ast.Name(id="__file__"):
            return 0
        case ast.Name(id=name):
            return names.get(name)
        case ast.Call(func=called, args=[inner]) if ast.unparse(called) in _SAME:
            return _level(inner, names)
        case ast.Call(func=called, args=[inner]) if ast.unparse(called) == "os.path.dirname":
            return _above(_level(inner, names))
        case ast.Call(func=called, args=[inner, ast.Constant(value="..")]) if (
            ast.unparse(called) == "os.path.join"
        ):
            return _above(_level(inner, names))
        case ast.Call(func=ast.Attribute(value=inner, attr="resolve" | "absolute"), args=[]):
            return _level(inner, names)
        case ast.Attribute(value=inner, attr="parent"):
            return _above(_level(inner, names))
        case ast.Subscript(
            value=ast.Attribute(value=inner, attr="parents"), slice=ast.Constant(value=int(number))
        ):
            level = _level(inner, names)
            return None if level is None else level + number + 1
    return None


def _above(level: int | None) -> int | None:
    return None if level is None else level + 1

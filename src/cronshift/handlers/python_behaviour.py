"""The streams and side effects in a Python handler's file; its calls are followed in ``flow``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.handlers.behaviour import Behaviour, SourceSpot
from cronshift.model import HandlerKind
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

Function = ast.FunctionDef | ast.AsyncFunctionDef
_STREAMING = {"StreamingResponse", "StreamingHttpResponse"}
_RUNNING = lazy_pattern(r"asyncio\.run\(|.*\.run_until_complete\(")


def behaviour_of(tree: SourceTree, handler: Handler) -> Behaviour:
    """Return the behaviour that a handler's file shows without being followed."""
    file = handler.route.file if handler.route else handler.file
    module = tree.python(file)
    if handler.kind is HandlerKind.HTTP_HANDLER:
        return Behaviour(refuses_get=_without_get(module, file, handler.export))
    function = _function(module, handler)
    return Behaviour(
        streams=_streams(file, function) if function is not None else None,
        side_effects=tuple(_side_effects(module, file)) if function is not None else (),
    )


def _without_get(module: ast.Module, file: str, name: str) -> SourceSpot | None:
    """Return a class that answers no GET; ``what`` is the method it answers."""
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            methods = [statement.name for statement in node.body if isinstance(statement, Function)]
            others = [method for method in methods if method.startswith("do_")]
            if others and "do_GET" not in others:
                return SourceSpot(file, node.lineno, others[0].removeprefix("do_"))
    return None


def _function(module: ast.Module, handler: Handler) -> Function | None:
    """Return the function at a route's decorator, or the exported one."""
    for node in ast.walk(module):
        if not isinstance(node, Function):
            continue
        if handler.route is None:
            if node.name == handler.export:
                return node
        elif any(part.lineno == handler.route.line for part in (*node.decorator_list, node)):
            return node
    return None


def _streams(file: str, function: Function) -> SourceSpot | None:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in _STREAMING:
                return SourceSpot(file, node.lineno, name)
    return None


def _side_effects(module: ast.Module, file: str) -> Iterator[SourceSpot]:
    """Yield coroutines that are run when the module is loaded."""
    for node in module.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            text = ast.unparse(node.value)
            if _RUNNING.match(text):
                yield SourceSpot(file, node.lineno, text[:60])

"""Definitions that nothing in a Python module uses any more, because of what a conversion took away."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING

from cronshift.targets.direct.python.about import NOTHING, PythonScope, about, is_told
from cronshift.targets.direct.python.called import ModuleScope
from cronshift.targets.direct.python.source import PythonSource, names_used

if TYPE_CHECKING:
    from collections.abc import Collection

    from cronshift.handlers.tree import SourceTree

_MOST = 12  # rounds
_CHECKS = {"BasePermission", "BaseAuthentication"}
"""Classes of REST framework's that say who may call."""
_WORD = re.compile(r"[A-Za-z_]\w*")


def without_unused(tree: SourceTree, file: str, text: str, before: Collection[str]) -> str:
    """Return a module without the imports, constants and functions that a conversion left unused.

    Args:
        tree: the project's files: what another one names stays.
        file: the module's path.
        text: what it holds.
        before: the names that were used before; what was not has nothing to do with it.
    """
    others = "\n".join(
        tree.read(each) for each in tree.files if each.endswith(".py") and each != file
    )
    elsewhere = set(_WORD.findall(others))
    for _ in range(_MOST):
        source = PythonSource(file, text, ast.parse(text))
        counts = Counter(names_used(source.module))
        exported = {
            node.value for node in ast.walk(source.module) if isinstance(node, ast.Constant)
        }
        unread = {name for name in before if not counts[name]}
        dead = {name for name in unread if name not in exported}
        for statement in source.module.body:
            is_import = isinstance(statement, ast.Import | ast.ImportFrom)
            _remove(
                tree,
                source,
                statement,
                unread - _listed(source.module) if is_import else dead - elsewhere,
            )
        after = source.edits.result()
        if after == text:
            return text
        text = after
    return text


def _listed(module: ast.Module) -> set[str]:
    """Return the names that a module lists as its own: those of ``__all__``."""
    return {
        node.value
        for statement in module.body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__"
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _remove(
    tree: SourceTree, source: PythonSource, statement: ast.stmt, dead: Collection[str]
) -> None:
    match statement:
        case (
            ast.FunctionDef(name=name, decorator_list=[])
            | ast.AsyncFunctionDef(name=name, decorator_list=[])
        ):
            if name in dead:
                source.edits.remove_lines(*source.span(statement))
        case ast.ClassDef(name=name, bases=[base], decorator_list=[]):
            if name in dead and ast.unparse(base).rpartition(".")[2] in _CHECKS:
                source.edits.remove_lines(*source.span(statement))
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            scope = PythonScope(ModuleScope(tree, source.file, source.module), {})
            if name in dead and (is_told(about(value, scope)) or about(value, scope) == NOTHING):
                source.edits.remove_lines(*source.span(statement))
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            _trim(source, statement, aliases, dead)


def _trim(
    source: PythonSource,
    statement: ast.Import | ast.ImportFrom,
    aliases: list[ast.alias],
    dead: Collection[str],
) -> None:
    kept = [
        alias for alias in aliases if (alias.asname or alias.name.partition(".")[0]) not in dead
    ]
    if len(kept) == len(aliases) or getattr(statement, "module", "") == "__future__":
        return
    if not kept:
        source.edits.remove_lines(*source.span(statement))
        return
    names = ", ".join(ast.unparse(alias) for alias in kept)
    if isinstance(statement, ast.ImportFrom):
        source.replace(
            statement, f"from {'.' * statement.level}{statement.module or ''} import {names}"
        )
    else:
        source.replace(statement, f"import {names}")

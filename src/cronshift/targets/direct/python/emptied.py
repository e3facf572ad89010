"""Routers and blueprints whose last route became work: they go, with the lines that put them into the app."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.python_modules import imported_names, module_file
from cronshift.targets.direct.python.source import PythonSource, names_used
from cronshift.targets.direct.python.unused import without_unused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.handlers.tree import SourceTree

_ROUTERS = {"APIRouter", "Blueprint"}
_TAKING = {"include_router", "register_blueprint"}
_SERVING = {"static_folder", "template_folder", "on_startup", "on_shutdown", "lifespan", "routes"}
"""Arguments by which a router does more than to hold routes."""


class Taking(Struct, frozen=True):
    """A statement that puts a router into an app, in a file that calls the router by a name."""

    file: str
    name: str
    statement: ast.Expr | None


class _OtherUseError(Exception):
    """A router is used for something else too."""


def without_emptied(before: SourceTree, after: SourceTree, files: Iterable[str]) -> dict[str, str]:
    """Return the files that change where routers without routes go, with what they hold then.

    Args:
        before: the project's files, when the routers had routes.
        after: the same without those.
        files: the modules that lost some.
    """
    tree, changed = after, dict[str, str]()
    for file in files:
        for name in list(_emptied(before, tree, file)):
            try:
                takings = list(_takings(tree, file, name))
            except _OtherUseError:
                continue
            if not any(taking.statement for taking in takings):
                continue  # it is taken in a way that is not read
            for path, text in _without(tree, file, name, takings).items():
                changed[path] = text
                tree = tree.with_text(path, text)
    return changed


def _emptied(before: SourceTree, after: SourceTree, file: str) -> Iterator[str]:
    """Yield the routers of a module that had routes, and have none any more."""
    had, module = names_used(before.python(file)), after.python(file)
    statements = _registering(module)
    for name, call in _made(module):
        is_bare = not any(word.arg is None or word.arg in _SERVING for word in call.keywords)
        uses = list(_uses(module, name, None))
        if is_bare and had.count(name) > len(uses) and all(use in statements for use in uses):
            yield name


def _made(module: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=maker) as call):
                if ast.unparse(maker).rpartition(".")[2] in _ROUTERS:
                    yield name, call


def _takings(tree: SourceTree, file: str, name: str) -> Iterator[Taking]:
    """Yield the uses of a module's router elsewhere: each puts it into an app, or hands it on to one that does.

    Raises:
        _OtherUseError: for any other use.
    """
    if name in _listed(tree.python(file)):
        raise _OtherUseError
    registering = _registering(tree.python(file))
    for use in _uses(tree.python(file), name, None):
        if use not in registering:
            raise _OtherUseError
        yield Taking(file, name, registering[use])
    for other in sorted(each for each in tree.files if each.endswith(".py") and each != file):
        if file.rpartition("/")[2].removesuffix(".py") not in tree.read(other) and not (
            file.endswith("/__init__.py") and name in tree.read(other)
        ):
            continue
        module = tree.python(other)
        for bound, is_module in _bound(tree, other, file, name):
            if not is_module:
                yield Taking(other, bound, None)
                yield from _takings(tree, other, bound)
                continue
            statements = _registering(module)
            for use in _uses(module, bound, name):
                if use not in statements:
                    raise _OtherUseError
                yield Taking(other, bound.partition(".")[0], statements[use])


def _bound(tree: SourceTree, other: str, file: str, name: str) -> Iterator[tuple[str, bool]]:
    """Yield the names by which a file calls another one's router, or that module."""
    for node in ast.walk(tree.python(other)):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for bound, module, inner in _names(node):
            is_there = module_file(tree, other, module) == file
            if is_there and inner == "*":
                raise _OtherUseError
            if is_there and inner == name:
                yield bound, False
                continue
            end = "" if inner is None else f"{'' if module.endswith('.') else '.'}{inner}"
            if module_file(tree, other, f"{module}{end}") == file:
                yield bound, True


def _names(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str, str | None]]:
    """Yield the names that an import binds, dotted ones as they are used: each with its module and its name there."""
    for bound, (module, inner) in imported_names(node).items():
        yield bound, module, inner
    for alias in node.names if isinstance(node, ast.Import) else ():
        if "." in alias.name and alias.asname is None:
            yield alias.name, alias.name, None


def _uses(module: ast.Module, bound: str, member: str | None) -> Iterator[ast.expr]:
    """Yield the expressions that name a router: its name, or that member of its module."""
    for node in ast.walk(module):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if member is None and name == bound:
                yield node
            case ast.Attribute(attr=name) if name == member and ast.unparse(node.value) == bound:
                yield node


def _registering(module: ast.Module) -> dict[ast.expr, ast.Expr]:
    """Return the statements that put a router into an app, by the expression that names it."""
    statements: dict[ast.expr, ast.Expr] = {}
    for node in ast.walk(module):
        for block in (getattr(node, part, []) for part in ("body", "orelse", "finalbody")):
            for statement in block if isinstance(block, list) and len(block) > 1 else ():
                match statement:
                    case ast.Expr(
                        value=ast.Call(func=ast.Attribute(attr=method), args=[router, *_])
                    ) if method in _TAKING:
                        statements[router] = statement
    return statements


def _without(tree: SourceTree, file: str, name: str, takings: Iterable[Taking]) -> dict[str, str]:
    """Return the files that change where a router goes, with what they hold then."""
    sources: dict[str, PythonSource] = {}
    names: dict[str, set[str]] = {}
    for taking in (Taking(file, name, None), *takings):
        source = sources.setdefault(
            taking.file, PythonSource(taking.file, tree.read(taking.file), tree.python(taking.file))
        )
        names.setdefault(taking.file, set(names_used(source.module))).add(taking.name)
        if taking.statement is not None:
            source.edits.remove_lines(*source.span(taking.statement))
    source = sources[file]
    for statement in source.module.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            source.edits.remove_lines(*source.span(statement))
    return {
        path: without_unused(tree, path, source.edits.result(), names[path])
        for path, source in sources.items()
    }


def _listed(module: ast.Module) -> set[object]:
    """Return the names that a module lists as its own."""
    return {
        node.value
        for statement in module.body
        if isinstance(statement, ast.Assign | ast.AugAssign) and "__all__" in ast.unparse(statement)
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant)
    }

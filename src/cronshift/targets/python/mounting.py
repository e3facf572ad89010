"""The mount of the functions inside the app: its framework, the file, and the lines that do it.

As Inngest's documentation shows for FastAPI, Flask and Django (inngest.com/docs, "Serving Inngest
Functions", Python).
"""

from __future__ import annotations

import ast
import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.python_modules import (
    imported_names,
    module_file,
    returned_by,
    statements,
)
from cronshift.model import HandlerKind
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

MOUNT_MODULE = "mount"
_APPS = {HandlerKind.ASGI, HandlerKind.WSGI}
_DEEPEST = 8  # modules behind each other
_SETTINGS = lazy_pattern(r"""DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']""")
_URLS = lazy_pattern(r"""^ROOT_URLCONF\s*=\s*["']([\w.]+)["']""", re.MULTILINE)


class Framework(StrEnum):
    """The framework that serves functions inside an app."""

    FASTAPI = "fastapi"
    FLASK = "flask"
    DJANGO = "django"


_BY_MAKER = {
    "FastAPI": Framework.FASTAPI,
    "Flask": Framework.FLASK,
    "get_wsgi_application": Framework.DJANGO,
    "get_asgi_application": Framework.DJANGO,
}


class Mount(Struct, frozen=True):
    """The place where an app mounts the functions.

    Attributes:
        file: which makes the app; of Django, the one with its URLs.
        name: what the app is called there; of Django ``urlpatterns``.
        line: of the statement behind which it is mounted.
    """

    framework: Framework
    file: str
    name: str
    line: int

    @property
    def imported(self) -> str:
        """The name to import from the generated module."""
        return "endpoint" if self.framework is Framework.DJANGO else "mount"

    @property
    def statement(self) -> str:
        """The line that mounts the functions."""
        if self.framework is Framework.DJANGO:
            return f"{self.name}.append(endpoint)"
        return f"mount({self.name})"


class Mounted(Struct, frozen=True):
    """The app takes the functions in at this line; ``is_sure`` where that is always carried out."""

    line: int
    is_sure: bool


def mount_of(tree: SourceTree, handlers: Iterable[Handler]) -> Mount | None:
    """Return the place where the first app that answers an entry can mount the functions."""
    for handler in handlers:
        if handler.kind in _APPS and handler.language == "python":
            mount = _made(tree, handler.file, handler.export, _DEEPEST)
            if mount is not None:
                return mount
    return None


def mounted(tree: SourceTree, mount: Mount, package: str) -> Mounted | None:
    """Return the place where a file mounts the functions of a package, if it does."""
    names: set[str] = set()
    for node, is_sure in _statements(tree, mount.file):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {
                name
                for name, source in imported_names(node).items()
                if source == (f"{package}.{MOUNT_MODULE}", mount.imported)
            }
        elif any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(node)):
            return Mounted(node.lineno, is_sure and isinstance(node, ast.Expr | ast.Assign))
    return None


def mounting_app(tree: SourceTree, package: str) -> tuple[str, str] | None:
    """Return the module and the name of an app that takes the functions of a package in, however it is reached."""
    for file in sorted(file for file in tree.files if file.endswith(".py")):
        if f"{package}.{MOUNT_MODULE} import" not in tree.read(file):
            continue
        for node, _ in _statements(tree, file):
            match node:
                case ast.Expr(value=ast.Call(func=ast.Name(id="mount"), args=[ast.Name(id=name)])):
                    return file, name
    return None


def with_mount(source: str, mount: Mount, package: str) -> str:
    """Return the app's file with the lines that mount the functions."""
    lines = source.splitlines(keepends=True)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += end
    lines.insert(mount.line, f"{mount.statement}{end}")
    imports = [
        node.end_lineno or 0
        for node in ast.parse(source).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    at = max((line for line in imports if line < mount.line), default=0)
    lines.insert(at, f"from {package}.{MOUNT_MODULE} import {mount.imported}{end}")
    return "".join(lines)


def _made(tree: SourceTree, file: str, name: str, depth: int) -> Mount | None:
    """Return the place where an app is made that a file calls by a name, through imports."""
    for node, is_sure in _statements(tree, file) if depth else ():
        if isinstance(node, ast.Import | ast.ImportFrom):
            module, taken = imported_names(node).get(name, ("", None))
            target = module_file(tree, file, module) if taken else None
            if target is not None and taken is not None:
                return _made(tree, target, taken, depth - 1)
        elif is_sure and isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if not any(isinstance(target, ast.Name) and target.id == name for target in targets):
                continue
            maker = ast.unparse(node.value.func) if isinstance(node.value, ast.Call) else ""
            framework = _BY_MAKER.get(maker.rpartition(".")[2])
            if framework is Framework.DJANGO:
                return _urls(tree, file)
            if framework is not None:
                return Mount(framework, file, name, node.end_lineno or node.lineno)
            if isinstance(node.value, ast.Name) and node.value.id != name:
                return _made(tree, file, node.value.id, depth - 1)
            made_by = _factory(tree, file, maker, depth - 1) if maker else None
            if made_by is not None:
                return Mount(made_by, file, name, node.end_lineno or node.lineno)
    return None


def _factory(tree: SourceTree, file: str, maker: str, depth: int) -> Framework | None:
    """Return the framework of the app that a function of the project makes and returns."""
    for node, _ in _statements(tree, file) if depth > 0 else ():
        if isinstance(node, ast.FunctionDef) and node.name == maker:
            names = {ast.unparse(value) for value in returned_by(node)}
            return next(
                filter(None, (_maker_of(each, names) for each, _ in statements(node.body))), None
            )
        if isinstance(node, ast.Import | ast.ImportFrom):
            module, taken = imported_names(node).get(maker, ("", None))
            target = module_file(tree, file, module) if taken else None
            if target is not None and taken is not None:
                return _factory(tree, target, taken, depth - 1)
    return None


def _maker_of(node: ast.stmt, names: set[str]) -> Framework | None:
    """Return the framework whose app a statement makes under one of the names."""
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=maker))
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=maker))
        ) if name in names:
            framework = _BY_MAKER.get(ast.unparse(maker).rpartition(".")[2])
            return framework if framework is not Framework.DJANGO else None
    return None


def _urls(tree: SourceTree, file: str) -> Mount | None:
    """Return the end of the URLs of a Django project, as its settings name them."""
    settings = _SETTINGS.search(tree.read(file))
    settings_file = module_file(tree, file, settings[1]) if settings else None
    urls = _URLS.search(tree.read(settings_file)) if settings_file else None
    target = module_file(tree, settings_file, urls[1]) if urls and settings_file else None
    if target is None:
        return None
    listed = [
        node.end_lineno or node.lineno
        for node, _ in _statements(tree, target)
        if isinstance(node, ast.Assign | ast.AugAssign) and "urlpatterns" in ast.unparse(node)
    ]
    return Mount(Framework.DJANGO, target, "urlpatterns", max(listed)) if listed else None


def _statements(tree: SourceTree, file: str) -> Iterator[tuple[ast.stmt, bool]]:
    try:
        yield from statements(ast.parse(tree.read(file)).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return

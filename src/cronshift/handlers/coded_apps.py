"""Apps that see the whole path and declare their routes in code, in Python or JavaScript."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.code_routes import CodeTable, Declared, answers_get
from cronshift.handlers.django_routes import django_routes
from cronshift.handlers.node_routes import NodeRoutes
from cronshift.handlers.python_routes import PythonRoutes
from cronshift.handlers.routes import nearest
from cronshift.handlers.verdict import Resolution, Verdict
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler


_PYTHON_FRAMEWORK = lazy_pattern(
    r"^\s*(?:from|import)\s+(?:fastapi|starlette|flask|django|quart|litestar|sanic|bottle|falcon|"
    r"aiohttp|tornado|robyn|blacksheep|\.|[a-z_.]*app\b)",
    re.MULTILINE,
)
"""An import of a framework that routes, or of an app that is made elsewhere."""


class CodedApps:
    """The apps of a project; the routes of each are read once.

    Args:
        tree: the project's files.
        folder: of the app; ``""`` is the project's root.
    """

    def __init__(self, tree: SourceTree, folder: str) -> None:
        self._tree = tree
        self._python = PythonRoutes(tree)
        self._node = NodeRoutes(tree, folder)
        self._known: dict[tuple[str, str], Declared] = {}
        self._tables: dict[tuple[str, str], CodeTable] = {}

    def entry(self) -> str | None:
        """Return the file of the one Node app that answers every path, if there is one."""
        return self._node.entry()

    def imports_framework(self, file: str) -> bool:
        """Return whether a JavaScript file imports a framework that declares routes in code."""
        return self._node.imports_framework(file)

    def declares(self, handler: Handler) -> bool:
        """Return whether a file registers routes, read or not."""
        declared = self._declared(handler.file, handler.export)
        return bool(declared.routes or declared.unread)

    def answer(self, handler: Handler, path: str) -> Resolution:
        """Return the verdict of an app's own table; unknown where the table does not tell."""
        declared = self._declared(handler.file, handler.export)
        if not declared.routes and not declared.unread and self._is_bare(handler.file):
            return Resolution(Verdict.ANSWERED, handler)
        match = self._table(handler.file, handler.export).answering(path)
        unread = declared.open_at(path)
        if match is None and (unread is not None or not declared.routes):
            at = f" ({unread.place})" if unread is not None else ""
            why = f"its routes are declared in code that does not tell them{at}"
            return Resolution(Verdict.UNKNOWN, handler, why=why)
        if match is None:
            return Resolution(
                Verdict.DEAD,
                None,
                nearest=nearest(path, [route.path for route in declared.routes]),
                why=handler.file,
            )
        route = match.route
        if unread is not None and not answers_get(route.methods):
            why = f"another route may answer GET ({unread.place})"
            return Resolution(Verdict.UNKNOWN, handler, why=why)
        handler = replace(handler, route=route.place, way=route.way)
        if not answers_get(route.methods):
            return Resolution(
                Verdict.WRONG_METHOD, handler, methods=tuple(sorted(route.methods or ()))
            )
        if match.slash and handler.language == "python":
            target = path.rstrip("/") if path.endswith("/") else f"{path}/"
            return Resolution(
                Verdict.REDIRECTED, handler, target=target, why=f"the slash in {route.path}"
            )
        return Resolution(Verdict.ANSWERED, handler)

    def _is_bare(self, file: str) -> bool:
        """Return whether a Python file answers every path by itself, without a framework's routes."""
        return file.endswith(".py") and not _PYTHON_FRAMEWORK.search(self._tree.read(file))

    def _table(self, file: str, export: str) -> CodeTable:
        if (file, export) not in self._tables:
            self._tables[file, export] = CodeTable(self._declared(file, export).routes)
        return self._tables[file, export]

    def _declared(self, file: str, export: str) -> Declared:
        if (file, export) not in self._known:
            if file.endswith(".py"):
                declared = self._python.of(file, export)
                is_django = not declared.routes and "django" in self._tree.read(file)
                self._known[file, export] = django_routes(self._tree) if is_django else declared
            else:
                self._known[file, export] = self._node.of(file)
        return self._known[file, export]

"""Python handlers: files under ``api/``, and the one app of a framework preset.

Rules: Vercel's Python runtime and entry-point search (facts: vercel/vercel
``packages/fs-detectors``, ``packages/python/src/entrypoint.ts``).
"""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cached_property
from pathlib import Path, PurePosixPath

from cronshift.errors import ConfigError
from cronshift.model import Handler, HandlerKind
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.regular_files import is_regular, read_regular, read_text

_EXPORTS = ("app", "application", "handler")
ENTRIES = tuple(
    f"{folder}{name}.py"
    for folder in ("", "src/", "app/", "api/")
    for name in ("app", "index", "server", "main", "wsgi", "asgi")
)
"""The files that the Python runtime looks for an app in, in its order."""
_FRAMEWORK = lazy_pattern(
    r"^[\s\"']*(fastapi|flask|django|starlette|quart|litestar)\b", re.IGNORECASE | re.MULTILINE
)
_ASGI = {"FastAPI", "Starlette", "Quart", "Litestar", "Sanic", "get_asgi_application"}
_WSGI = {"Flask", "Bottle", "get_wsgi_application", "make_wsgi_app"}
_SETTINGS = lazy_pattern(r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([\w.]+)[\"']")
_DEEPEST = 5  # modules that pass an app on
_LONGEST_SOURCE = 2_000_000  # bytes; no handler is that long


class PythonHandlers:
    """The Python handlers of one project; every file is read once.

    Args:
        root: the project's folder.
        app: the folder of the app below it; ``""`` is the root.
    """

    def __init__(self, root: Path, app: str = "") -> None:
        self._root = root
        self._base = f"{app}/" if app else ""
        self._trees: dict[Path, ast.Module] = {}

    def named(self, reference: str, kind: HandlerKind | None) -> Handler:
        """Return the handler that the user named ``module:attribute`` or ``file.py:attribute``.

        Raises:
            ConfigError: if there is no such file in the project, or its kind cannot be told.
        """
        place, _, export = reference.rpartition(":")
        stem = place.removesuffix(".py") if "/" in place else place.replace(".", "/")
        file = self._inside(f"{stem}.py") or self._inside(f"{stem}/__init__.py")
        if file is None:
            raise ConfigError(
                f"The handler {reference!r} names no file of this project.",
                reason="no-such-handler",
                hint="Write module:attribute or path/to/file.py:attribute, from the project's root.",
                where=reference,
            )
        export_seen = self._export(file, export)
        if kind is None and export_seen is None:
            raise ConfigError(
                f"What kind of handler {reference!r} is cannot be read from its source.",
                reason="unknown-handler-kind",
                hint='Set handler_kind = "asgi", "wsgi", "http-handler" or "callable" beside it.',
                where=reference,
            )
        line, seen = export_seen or (1, HandlerKind.CALLABLE)
        return Handler(self._relative(file), kind or seen, export, "python", line)

    def is_function(self, file: str) -> bool:
        """Return whether Vercel makes a function of a file below ``api/``; an empty one may be."""
        place = self._inside(file)
        tree = self._tree(place) if place is not None else ast.Module([], [])
        return not tree.body or any(map(_names_an_entry, tree.body))

    def in_file(self, file: str) -> Handler | None:
        """Return the handler that a file exports for the runtime, if that can be read."""
        return self._handler(file)

    @cached_property
    def framework_entry(self) -> Handler | None:
        """The app of a detected FastAPI, Flask, Django … project."""
        manifests = ("pyproject.toml", "requirements.txt", "Pipfile")
        files = [file for name in manifests if (file := self._inside(f"{self._base}{name}"))]
        if not any(_FRAMEWORK.search(read_text(file)) for file in files):
            return None
        named = self._entry_in_pyproject()
        if named:
            place, _, export = named.rpartition(":")
            return self.named(f"{self._base}{place.replace('.', '/')}.py:{export}", None)
        django = self._django_entry()
        if django is not None:
            return django
        places = (f"{self._base}{name}" for name in ENTRIES)
        return next((entry for place in places if (entry := self._handler(place))), None)

    def _django_entry(self) -> Handler | None:
        """Return the application that Django's settings name, as manage.py finds them."""
        manage = self._inside(f"{self._base}manage.py")
        match = _SETTINGS.search(read_text(manage)) if manage else None
        settings = self._module(match[1]) if match else None
        for node in self._tree(settings).body if settings else ():
            match node:
                case ast.Assign(
                    targets=[ast.Name(id="WSGI_APPLICATION" | "ASGI_APPLICATION" as kind)],
                    value=ast.Constant(value=str(reference)),
                ):
                    module, _, export = reference.rpartition(".")
                    file = self._module(module)
                    interface = HandlerKind.WSGI if kind.startswith("WSGI") else HandlerKind.ASGI
                    if file is not None:
                        line, _ = self._export(file, export) or (1, interface)
                        return Handler(self._relative(file), interface, export, "python", line)
        return None

    def _entry_in_pyproject(self) -> str | None:
        file = self._inside(f"{self._base}pyproject.toml")
        try:
            document = tomllib.loads(read_text(file)) if file else {}
        except (tomllib.TOMLDecodeError, RecursionError, OSError):
            return None
        entry = document.get("tool", {}).get("vercel", {}).get("entrypoint")
        return entry if isinstance(entry, str) and ":" in entry else None

    def _module(self, name: str) -> Path | None:
        return self._inside(f"{self._base}{name.replace('.', '/')}.py")

    def _handler(self, place: str) -> Handler | None:
        file = self._inside(place)
        for export in _EXPORTS if file else ():
            line_and_kind = self._export(file, export) if file else None
            if file and line_and_kind:
                return Handler(
                    self._relative(file), line_and_kind[1], export, "python", line_and_kind[0]
                )
        return None

    def _export(
        self, file: Path, name: str, depth: int = _DEEPEST
    ) -> tuple[int, HandlerKind] | None:
        """Return line and kind of the top-level ``name`` in ``file``, where both can be read."""
        for node in reversed(self._tree(file).body):
            kind = _kind(node, name)
            if kind is None and depth:
                kind = self._taken_over(file, node, name, depth)
            if kind:
                return node.lineno, kind
        return None

    def _taken_over(self, file: Path, node: ast.stmt, name: str, depth: int) -> HandlerKind | None:
        """Return the kind of a handler that a statement imports, or takes from another name."""
        match node:
            case ast.ClassDef(name=bound, bases=[ast.Name(id=base), *_]) if bound == name:
                behind = self._export(file, base, depth - 1)
                return behind[1] if behind is not None else None
            case ast.ImportFrom(names=names):
                taken = [alias.name for alias in names if (alias.asname or alias.name) == name]
                target = self._imported(file, node) if taken else None
            case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Name(id=other)) if (
                bound == name
            ):
                taken, target = [other], file
            case ast.Assign(
                targets=[ast.Name(id=bound)], value=ast.Call(func=ast.Name(id=maker))
            ) if bound == name:
                return self._made_by(file, maker, depth)
            case _:
                return None
        seen = self._export(target, taken[0], depth - 1) if target is not None else None
        return seen[1] if seen is not None else None

    def _made_by(self, file: Path, maker: str, depth: int) -> HandlerKind | None:
        """Return the kind of the app that a function makes, ``app = create_app()``."""
        for node in self._tree(file).body:
            if isinstance(node, ast.FunctionDef) and node.name == maker:
                returned = {ast.unparse(part.value) for part in ast.walk(node) if isinstance(part, ast.Return) and part.value}  # fmt: skip
                made = (
                    _kind_of_call(part.value.func)
                    for part in ast.walk(node)
                    if isinstance(part, ast.Assign)
                    and isinstance(part.value, ast.Call)
                    and ast.unparse(part.targets[0]) in returned
                )
                return next(filter(None, made), None)
            if isinstance(node, ast.ImportFrom) and depth:
                names = {alias.asname or alias.name: alias.name for alias in node.names}
                target = self._imported(file, node) if maker in names else None
                if target is not None:
                    return self._made_by(target, names[maker], depth - 1)
        return None

    def _imported(self, file: Path, node: ast.ImportFrom) -> Path | None:
        """Return the project's file that an import names: from the root, or from beside the file."""
        path = (node.module or "").replace(".", "/")
        folder = PurePosixPath(self._relative(file)).parent
        above = [folder, *folder.parents]
        starts = (
            above[node.level - 1 : node.level]
            if node.level
            else [PurePosixPath(start) for start in (self._base, folder, "src", "")]
        )
        for start in starts:
            for place in (f"{path}.py", f"{path}/__init__.py"):
                target = self._inside(str(PurePosixPath(start) / place))
                if target is not None and target != file:
                    return target
        return None

    def _tree(self, file: Path) -> ast.Module:
        if file not in self._trees:
            self._trees[file] = _parse(file)
        return self._trees[file]

    def _inside(self, relative: str) -> Path | None:
        """Return the file ``relative`` names, when it is a file and inside the project."""
        if "\0" in relative or ".." in PurePosixPath(relative).parts:
            return None
        file = self._root / relative
        try:
            inside = is_regular(file) and file.resolve().is_relative_to(self._root.resolve())
        except OSError:
            return None
        return file if inside else None

    def _relative(self, file: Path) -> str:
        return file.relative_to(self._root).as_posix()


def _names_an_entry(node: ast.stmt) -> bool:
    """Return whether a statement names what Vercel's Python runtime calls."""
    match node:
        case ast.ClassDef(name=name):
            return name.lower() == "handler"
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name in _EXPORTS
        case ast.ImportFrom(names=aliases):
            return any((alias.asname or alias.name) in _EXPORTS for alias in aliases)
        case ast.Assign(targets=targets):
            return any(isinstance(target, ast.Name) and target.id in _EXPORTS for target in targets)
        case ast.AnnAssign(target=ast.Name(id=name)):
            return name in _EXPORTS
    return False


def _kind(node: ast.stmt, name: str) -> HandlerKind | None:
    match node:
        case ast.ClassDef(name=bound, bases=bases) if bound == name:
            is_handler = any(ast.unparse(base).endswith("BaseHTTPRequestHandler") for base in bases)
            return HandlerKind.HTTP_HANDLER if is_handler else None
        case ast.AsyncFunctionDef(name=bound, args=args) if bound == name:
            return HandlerKind.ASGI if len(args.args) == 3 else HandlerKind.CALLABLE  # noqa: PLR2004 - scope, receive, send
        case ast.FunctionDef(name=bound, args=args) if bound == name:
            return HandlerKind.WSGI if len(args.args) == 2 else HandlerKind.CALLABLE  # noqa: PLR2004 - environ, start_response
        case ast.Assign(targets=targets, value=ast.Call(func=function)) if any(
            isinstance(target, ast.Name) and target.id == name for target in targets
        ):
            return _kind_of_call(function)
        case ast.AnnAssign(target=ast.Name(id=bound), value=ast.Call(func=function)) if (
            bound == name
        ):
            return _kind_of_call(function)
    return None


def _kind_of_call(function: ast.expr) -> HandlerKind | None:
    called = ast.unparse(function).rpartition(".")[2]
    if called in _ASGI:
        return HandlerKind.ASGI
    return HandlerKind.WSGI if called in _WSGI else None


def _parse(file: Path) -> ast.Module:
    """Return the file's syntax tree; an empty one where it is not Python."""
    try:
        return ast.parse(read_regular(file, _LONGEST_SOURCE))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])

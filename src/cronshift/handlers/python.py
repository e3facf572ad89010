"""Python handlers: files under ``api/``, and the one app of a framework preset.

Rules: Vercel's Python runtime and entry-point search (facts: vercel/vercel
``packages/fs-detectors``, ``packages/python/src/entrypoint.ts``).
"""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path, PurePosixPath

from cronshift.errors import ConfigError
from cronshift.model import Handler, HandlerKind

_EXPORTS = ("app", "application", "handler")
_ENTRY_FOLDERS = ("", "src", "app", "api")
_ENTRY_NAMES = ("app", "index", "server", "main", "wsgi", "asgi")
_FRAMEWORK = re.compile(r"^[\s\"']*(fastapi|flask|django|starlette|quart|litestar)\b", re.I | re.M)
_ASGI = {"FastAPI", "Starlette", "Quart", "Litestar", "Sanic", "get_asgi_application"}
_WSGI = {"Flask", "Bottle", "get_wsgi_application", "make_wsgi_app"}
_LONGEST_SOURCE = 2_000_000  # bytes; no handler is that long


def resolve_python(root: Path, path: str) -> Handler | None:
    """Return the Python handler that answers ``path`` in the project at ``root``, if one does.

    A framework's app answers every path; whether it has that route is for the app to say.
    """
    framework = _framework_entry(root)
    return framework or _function_file(root, path)


def named_handler(root: Path, reference: str, kind: HandlerKind | None) -> Handler:
    """Return the handler that the user named as ``module:attribute`` or ``file.py:attribute``.

    Raises:
        ConfigError: if there is no such file in the project, or its kind cannot be told.
    """
    place, _, export = reference.rpartition(":")
    relative = place if place.endswith(".py") else place.replace(".", "/") + ".py"
    file = _inside(root, relative) or _inside(root, relative.removesuffix(".py") + "/__init__.py")
    if file is None:
        raise ConfigError(
            f"The handler {reference!r} names no file of this project.",
            reason="no-such-handler",
            hint="Write module:attribute or path/to/file.py:attribute, from the project's root.",
            where=reference,
        )
    found = _export(file, export)
    if kind is None and found is None:
        raise ConfigError(
            f"What kind of handler {reference!r} is cannot be read from its source.",
            reason="unknown-handler-kind",
            hint='Set handler_kind = "asgi", "wsgi", "http-handler" or "callable" beside it.',
            where=reference,
        )
    line, seen = found or (1, HandlerKind.CALLABLE)
    return Handler(_relative(root, file), kind or seen, export, "python", line)


def _function_file(root: Path, path: str) -> Handler | None:
    """Return the handler in ``api/**``, one file a path."""
    bare = path.partition("?")[0].strip("/").removesuffix(".py")
    if PurePosixPath(bare).parts[:1] != ("api",):
        return None
    for candidate in (f"{bare}.py", f"{bare}/index.py"):
        hidden = any(part.startswith((".", "_")) for part in PurePosixPath(candidate).parts)
        file = None if hidden else _inside(root, candidate)
        if file is not None:
            return _handler(root, file)
    return None


@cache
def _framework_entry(root: Path) -> Handler | None:
    """Return the app of a detected FastAPI, Flask, Django … project."""
    manifests = (root / "pyproject.toml", root / "requirements.txt", root / "Pipfile")
    texts = [file.read_text(errors="replace") for file in manifests if file.is_file()]
    if not any(_FRAMEWORK.search(text) for text in texts):
        return None
    named = _entry_in_pyproject(root / "pyproject.toml")
    if named:
        return named_handler(root, named, None)
    for folder in _ENTRY_FOLDERS:
        for name in _ENTRY_NAMES:
            file = _inside(root, f"{folder}/{name}.py".lstrip("/"))
            handler = _handler(root, file) if file else None
            if handler:
                return handler
    return None


def _entry_in_pyproject(file: Path) -> str | None:
    try:
        document = tomllib.loads(file.read_text()) if file.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return None
    entry = document.get("tool", {}).get("vercel", {}).get("entrypoint")
    return entry if isinstance(entry, str) and ":" in entry else None


def _handler(root: Path, file: Path) -> Handler | None:
    for export in _EXPORTS:
        found = _export(file, export)
        if found:
            return Handler(_relative(root, file), found[1], export, "python", found[0])
    return None


def _export(file: Path, name: str) -> tuple[int, HandlerKind] | None:
    """Return line and kind of the top-level ``name`` in ``file``, where both can be read."""
    for node in reversed(_parse(file).body):
        kind = _kind(node, name)
        if kind:
            return node.lineno, kind
    return None


def _kind(node: ast.stmt, name: str) -> HandlerKind | None:
    match node:
        case ast.ClassDef(name=found, bases=bases) if found == name:
            is_handler = any(ast.unparse(base).endswith("BaseHTTPRequestHandler") for base in bases)
            return HandlerKind.HTTP_HANDLER if is_handler else None
        case ast.AsyncFunctionDef(name=found, args=args) if found == name:
            return HandlerKind.ASGI if len(args.args) == 3 else HandlerKind.CALLABLE  # noqa: PLR2004 - scope, receive, send
        case ast.FunctionDef(name=found, args=args) if found == name:
            return HandlerKind.WSGI if len(args.args) == 2 else HandlerKind.CALLABLE  # noqa: PLR2004 - environ, start_response
        case ast.Assign(targets=targets, value=ast.Call(func=function)) if any(
            isinstance(target, ast.Name) and target.id == name for target in targets
        ):
            return _kind_of_call(function)
        case ast.AnnAssign(target=ast.Name(id=found), value=ast.Call(func=function)) if (
            found == name
        ):
            return _kind_of_call(function)
    return None


def _kind_of_call(function: ast.expr) -> HandlerKind | None:
    called = ast.unparse(function).rpartition(".")[2]
    if called in _ASGI:
        return HandlerKind.ASGI
    return HandlerKind.WSGI if called in _WSGI else None


@cache
def _parse(file: Path) -> ast.Module:
    """Return the file's syntax tree; an empty one where it is not Python."""
    if file.stat().st_size > _LONGEST_SOURCE:
        return ast.Module([], [])
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _inside(root: Path, relative: str) -> Path | None:
    """Return the file ``relative`` names, when it is a file and inside ``root``."""
    if "\0" in relative or ".." in PurePosixPath(relative).parts:
        return None
    file = root / relative
    try:
        inside = file.is_file() and file.resolve().is_relative_to(root.resolve())
    except OSError:
        return None
    return file if inside else None


def _relative(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix()

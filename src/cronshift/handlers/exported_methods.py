"""The verdict on a file that answers a path, by what it exports for the methods of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.javascript import METHODS, exports
from cronshift.handlers.verdict import Resolution, Verdict
from cronshift.model import Handler, HandlerKind

if TYPE_CHECKING:
    from collections.abc import Container

    from cronshift.handlers.tree import SourceTree
_UNREAD = {HandlerKind.ASGI, HandlerKind.FUNCTION}
"""The kinds whose code is followed from a route alone."""


def by_exports(tree: SourceTree, handler: Handler) -> Resolution:
    """Return whether a GET is answered by a file, and by which export."""
    root = tree.parsed(handler.file)
    is_read = handler.language in {"typescript", "javascript"}
    if root is None or not is_read or not tree.read(handler.file).strip():
        return Resolution(Verdict.ANSWERED, handler)
    if handler.kind is HandlerKind.TANSTACK:  # its methods are no exports
        return Resolution(Verdict.ANSWERED, handler)
    exported = exports(root)
    if handler.kind is HandlerKind.NODE_FUNCTION:
        if "default" not in exported and any(method in exported for method in (*METHODS, "fetch")):
            export = "GET" if "GET" in exported else "fetch" if "fetch" in exported else ""
            handler = replace(handler, export=export or handler.export)
            if not export:
                return Resolution(Verdict.WRONG_METHOD, handler, methods=_methods(exported))
    elif handler.export not in exported and "*" not in exported:
        others = {"default"} if handler.kind is HandlerKind.NEXT_ROUTE else {"ALL"}
        if handler.kind is HandlerKind.ASTRO and others & set(exported):
            handler = replace(handler, export="ALL")
        elif handler.kind is not HandlerKind.NEXT_PAGE:
            methods = ("POST",) if "action" in exported else _methods(exported)
            return Resolution(Verdict.WRONG_METHOD, handler, methods=methods)
    export_seen = exported.get(handler.export)
    line = export_seen.line if export_seen is not None else handler.line
    return Resolution(Verdict.ANSWERED, replace(handler, line=line))


def as_far_as_read(resolution: Resolution) -> Resolution:
    """Return a resolution; unknown where a Python file exports what is not read, such as an app in a wrapper."""
    handler = resolution.handler
    if handler is None or handler.route is not None or resolution.verdict is not Verdict.ANSWERED:
        return resolution
    if handler.language != "python" or handler.kind not in _UNREAD:
        return resolution
    return replace(resolution, verdict=Verdict.UNKNOWN, why="what it exports is not read")


def _methods(exported: Container[str]) -> tuple[str, ...]:
    return tuple(method for method in METHODS if method in exported)

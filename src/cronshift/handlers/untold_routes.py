"""Answers to a path that no file here shows: rules that code computes, routes that lie elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.filed import foreign_layer
from cronshift.handlers.middleware import matcher_of
from cronshift.handlers.remix_routes import unread_list
from cronshift.handlers.site_config import computing_base

if TYPE_CHECKING:
    from cronshift.handlers.filed import FileRouter
    from cronshift.handlers.folder import Folder
    from cronshift.handlers.next import NextRouter
    from cronshift.handlers.tree import SourceTree

_BASE = "computes what every path begins with"


def untold_because(
    next_router: NextRouter, router: FileRouter | None, app: Folder, path: str
) -> str | None:
    """Return the reason for which a path that no file answers may be answered all the same."""
    if next_router.present:
        return _in_next(next_router, app.tree, path)
    return _in_files(router, app) if router is not None else None


def _in_next(router: NextRouter, tree: SourceTree, path: str) -> str | None:
    config = router.config
    if config.computes_base_path:
        return f"{config.file} {_BASE}"
    if config.may_rewrite(path):
        return f"{config.file} may lead it anywhere"
    file = router.middleware
    text = tree.read(file) if file is not None else ""
    root = tree.parsed(file) if file is not None and ".rewrite(" in text else None
    matcher = matcher_of(root) if root is not None else None
    may_lead = matcher is not None and matcher.line_before(path) is not None
    return f"{file} may lead it anywhere" if may_lead else None


def _in_files(router: FileRouter, app: Folder) -> str | None:
    file = computing_base(app.tree, app.folder, router.name)
    if file is not None:
        return f"{file} {_BASE}"
    if router.name == "remix" and (place := unread_list(app)) is not None:
        return f"{place} takes routes from what is not read"
    if router.name == "nuxt" and (layer := foreign_layer(app)) is not None:
        return f"the layer {layer} may have routes"
    return None

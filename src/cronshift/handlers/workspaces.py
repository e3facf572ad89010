"""Monorepos: the apps below a folder, one of which may be the project that Vercel builds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.app_folder import apps, named_app, schedules
from cronshift.handlers.verdict import Verdict

if TYPE_CHECKING:
    from cronshift.handlers.resolving import Resolver


def below(resolver: Resolver, path: str) -> tuple[str, ...]:
    """Return the files of apps in folders below that answer a path, ``apps/web/app/…/route.ts``."""
    folders = []
    for folder in apps(resolver.tree):
        if folder == resolver.app:
            continue
        inner = resolver.at(folder).resolve(path)
        if inner.verdict in {Verdict.ANSWERED, Verdict.WRONG_METHOD} and inner.handler is not None:
            folders.append(inner.handler.file)
    return tuple(folders)


def app_that_answers(resolver: Resolver) -> str:
    """Return the folder that is the app's: the one named, or the one below that answers most entries."""
    tree = resolver.tree
    named = named_app(tree, resolver.document)
    if named and (_answered(resolver, named) or not _answered(resolver, "")):
        return named
    if not resolver.paths or resolver.at("").knows_routes or _answered(resolver, ""):
        return ""
    answered = {
        folder: _answered(resolver, folder) for folder in apps(tree) if not schedules(tree, folder)
    }
    most = max(answered.values(), default=0)
    fitting = [folder for folder, count in answered.items() if count and count == most]
    return fitting[0] if len(fitting) == 1 else ""


def _answered(resolver: Resolver, folder: str) -> int:
    """Return the number of entries that are answered when a folder is taken for the app's."""
    return sum(resolver.at(folder).resolve(path).handler is not None for path in resolver.paths)

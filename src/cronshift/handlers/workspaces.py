"""Monorepos: the apps below a folder, one of which may be the project that Vercel builds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.app_folder import apps
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

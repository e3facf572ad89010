"""Monorepos: the apps below a folder, one of which may be the project that Vercel builds."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from cronshift.handlers.functions import glob
from cronshift.handlers.resolving import Resolver
from cronshift.handlers.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

_MOST_APPS = 50
_LONGEST = 200  # characters of a pattern
_USUAL = ("apps/*", "packages/*", "web", "frontend", "backend", "client", "server", "site", "app")


def below(resolver: Resolver, path: str) -> tuple[str, ...]:
    """Return the files of apps in folders below that answer a path, ``apps/web/app/…/route.ts``."""
    found = []
    for folder in apps(resolver.tree, resolver.document):
        inner = Resolver(resolver.tree.root / folder, resolver.document).resolve(path)
        if inner.verdict in {Verdict.ANSWERED, Verdict.WRONG_METHOD} and inner.handler is not None:
            found.append(f"{folder}/{inner.handler.file}")
    return tuple(found)


def apps(tree: SourceTree, document: dict[str, Any]) -> list[str]:
    """Return the folders below that hold an app of their own."""
    patterns = [glob(pattern.strip("/")) for pattern in _patterns(tree)]
    named = document.get("outputDirectory")
    built = PurePosixPath(named).parts[0] if isinstance(named, str) and "/" in named else None
    folders = {
        file.rpartition("/")[0]
        for file in tree.files
        if file.endswith(("/package.json", "/pyproject.toml", "/requirements.txt"))
    }
    chosen = [
        folder
        for folder in sorted(folders)
        if folder == built or any(pattern.fullmatch(folder) for pattern in patterns)
    ]
    return chosen[:_MOST_APPS]


def _patterns(tree: SourceTree) -> Iterator[str]:
    """Yield the globs of the workspaces, and the usual places."""
    yield from _USUAL
    listed = tree.data("package.json").get("workspaces")
    packages = listed.get("packages") if isinstance(listed, dict) else listed
    text = tree.read("pnpm-workspace.yaml")
    if text:
        packages = [*_strings(packages), *_pnpm(text)]
    yield from _strings(packages)


def _pnpm(text: str) -> list[str]:
    import yaml

    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return []
    return _strings(document.get("packages")) if isinstance(document, dict) else []


def _strings(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else []
    usable = [one for one in listed if isinstance(one, str) and not one.startswith("!")]
    return [one for one in usable if len(one) <= _LONGEST]

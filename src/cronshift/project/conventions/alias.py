"""The alias of tsconfig.json that an app's files import each other by."""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING, Any

from cronshift.handlers.tree import IMPORT
from cronshift.project.conventions.code import Alias
from cronshift.project.conventions.sources import sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

_CONFIGS = ("tsconfig.json", "jsconfig.json")
_DEEPEST = 5  # configurations that extend each other
_OF_SVELTEKIT = ".svelte-kit/tsconfig.json"
"""A configuration that is made, so that it is in no repository: ``$lib`` is its (SvelteKit, ``$lib``)."""


def alias_of(tree: SourceTree) -> Alias | None:
    """Return the alias that the app's files use at least as often as ``../``, the widest of them.

    ``None`` where there is none, or where the files prefer relative imports.
    """
    aliases = list(_declared(tree))
    if not aliases:
        return None
    uses: Counter[Alias] = Counter()
    parents = 0
    for file in sample(tree):
        for specifier in IMPORT.findall(tree.read(file)):
            parents += specifier.startswith("../")
            uses.update(alias for alias in aliases if specifier.startswith(alias.prefix))
    if not uses or uses.total() < parents:
        return None
    return min(uses, key=lambda alias: (len(alias.folder), -uses[alias], alias.prefix))


def _declared(tree: SourceTree) -> Iterator[Alias]:
    """Yield the aliases that stand for a folder of the project."""
    file = next((name for name in _CONFIGS if name in tree.files), None)
    for _ in range(_DEEPEST):
        document = tree.data(file) if file else {}
        folder, options = posixpath.dirname(file or ""), document.get("compilerOptions")
        paths = options.get("paths") if isinstance(options, dict) else None
        if isinstance(options, dict) and isinstance(paths, dict):
            base = options.get("baseUrl")
            yield from _of_paths(paths, f"{folder}/{base if isinstance(base, str) else '.'}")
            return  # paths replace those of what is extended
        extended = document.get("extends")
        if not isinstance(extended, str) or not extended.startswith("."):
            return
        named = posixpath.normpath(posixpath.join(folder, extended))
        if named == posixpath.join(folder, _OF_SVELTEKIT):
            yield Alias("$lib/", posixpath.join(folder, "src/lib"))
        file = next((name for name in (named, f"{named}.json") if name in tree.files), None)


def _of_paths(paths: dict[str, Any], base: str) -> Iterator[Alias]:
    for name, targets in paths.items():
        target = targets[0] if isinstance(targets, list) and targets else None
        if not (isinstance(target, str) and name.endswith("/*") and target.endswith("*")):
            continue
        folder = posixpath.normpath(posixpath.join(".", base.lstrip("/"), target[:-1]))
        if not folder.startswith(".."):
            yield Alias(name[:-1], "" if folder == "." else folder)

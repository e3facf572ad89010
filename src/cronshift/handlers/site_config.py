"""The configuration of a framework other than Next.js, as far as it is written out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cronshift.handlers.literals import UNKNOWN, literal, pairs

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_SUFFIXES = ("ts", "mts", "js", "mjs", "cjs")
_BASES = {
    "sveltekit": ("svelte", ("kit", "paths", "base")),
    "astro": ("astro", ("base",)),
    "nuxt": ("nuxt", ("app", "baseURL")),
    "remix": ("react-router", ("basename",)),
    "solidstart": ("app", ("server", "baseURL")),
}
"""The configuration of each file router, and the keys of what every path begins with."""
CONDITIONS = {
    "arrow_function", "binary_expression", "function_declaration", "if_statement", "spread_element",
    "ternary_expression",
}  # fmt: skip
"""The kinds of nodes in which a setting may hold or not."""


def base_path(tree: SourceTree, folder: str, router: str) -> str:
    """Return the beginning of every path of an app, such as ``/docs``; an empty text for none."""
    _, value = _base(tree, folder, router)
    base = value.strip("/") if isinstance(value, str) else ""
    return f"/{base}" if base and "://" not in base else ""


def computing_base(tree: SourceTree, folder: str, router: str) -> str | None:
    """Return the configuration that computes what every path of an app begins with, if one does."""
    file, value = _base(tree, folder, router)
    return file if value is UNKNOWN else None


def _base(tree: SourceTree, folder: str, router: str) -> tuple[str | None, Any]:
    """Return an app's configuration and what it says every path begins with; ``None`` for nothing."""
    name, keys = _BASES.get(router, ("", ()))
    file = config_of(tree, f"{folder}/x".lstrip("/"), name) if keys else None
    value: Any = config_object(tree.parsed(file)) if file else None
    if file and value is None:
        is_said = re.search(rf"\b{keys[-1]}\b\s*[:,}}]", tree.read(file))
        return file, UNKNOWN if is_said else None
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else value if value is UNKNOWN else None
    return file, value


def config_of(tree: SourceTree, file: str, name: str) -> str | None:
    """Return the nearest ``<name>.config`` at or above a file."""
    folder = file
    while folder:
        folder = folder.rpartition("/")[0]
        stem = f"{folder}/{name}.config" if folder else f"{name}.config"
        named = (f"{stem}.{suffix}" for suffix in _SUFFIXES)
        if config := next((file for file in named if file in tree.files), None):
            return config
    return None


def config_object(root: SgNode | None) -> dict[str, Any] | None:
    """Return the one object that a configuration exports; ``None`` where it is not written out."""
    exported = root.find(kind="export_statement") if root is not None else None
    if root is None or exported is None:
        return None
    named = exported.field("value")
    if named is not None and named.kind() == "identifier":
        declared = root.find_all(kind="variable_declarator")
        exported = next((each for each in declared if _name_of(each) == named.text()), exported)
    options = exported.find(kind="object")
    if options is None or any(node.kind() in CONDITIONS for node in options.ancestors()):
        return None
    if any(child.kind() == "spread_element" for child in options.children()):
        return None
    return {key: literal(value) for key, value in pairs(options)}


def _name_of(declared: SgNode) -> str | None:
    name = declared.field("name")
    return name.text() if name is not None else None

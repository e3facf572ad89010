"""Rules of an app's ESLint: names that it calls undefined (``no-undef``), and the options of any rule.

Of the names only what is certain counts: a configuration that is data, or a literal of JavaScript, and that
builds on nothing but what is known to declare none; so is a flat one (ESLint 9), which is read in ``flat_lint``.
Environments and rules: eslint.org/docs/v8.x/use/configure/language-options.
"""

from __future__ import annotations

import posixpath
from itertools import chain
from typing import TYPE_CHECKING, Any

from cronshift.handlers.literals import UNKNOWN, literal, pairs
from cronshift.project.conventions.configurations import for_typescript, table, upward
from cronshift.project.conventions.flat_lint import NODE, WEB, undeclared_by
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cronshift.handlers.tree import SourceTree

_FLAT = tuple(f"eslint.config.{suffix}" for suffix in ("js", "mjs", "cjs", "ts", "mts", "cts"))
_LEGACY = (".eslintrc.js", ".eslintrc.cjs", ".eslintrc.json", ".eslintrc")
_CODE = (".js", ".cjs", ".mjs", ".ts", ".mts", ".cts")
_CHECKING = {"eslint:recommended", "eslint:all"}
_SILENT = lazy_pattern(
    r"eslint:(?:recommended|all)|prettier"
    r"|plugin:(?:@next/next|react|react-hooks|jsx-a11y|import|prettier)/[\w/-]+"
)
"""Shared configurations that declare no names, and leave ``no-undef`` as it is."""


def undeclared_in(tree: SourceTree, folder: str = "") -> frozenset[str]:
    """Return the names of Node and of the web that the ESLint of a folder does not know."""
    parts: list[Mapping[str, Any]] = []
    is_typed = any(f"{place}tsconfig.json" in tree.files for place in upward(folder))
    for place in upward(folder):
        file = _file(tree, place)
        root = tree.parsed(file) if file and posixpath.basename(file) in _FLAT else None
        if root is not None:
            return undeclared_by(
                root, f"{folder}/a.{'ts' if is_typed else 'js'}".lstrip("/").removeprefix(place)
            )
        document = _configuration(tree, place)
        if document is None:
            continue
        if not isinstance(document, dict):
            return frozenset()
        parts = [document, *for_typescript(document, "files", place, folder), *parts]
        if document.get("root") is True:
            break
    return _undeclared(parts)


def rule_options(tree: SourceTree, folder: str, rule: str) -> dict[str, Any]:
    """Return the options that the nearest configuration of ESLint gives a rule, as far as they are data."""
    for place in upward(folder):
        file = _file(tree, place)
        root = tree.parsed(file) if file is not None and file.endswith(_CODE) else None
        if root is not None:
            members = chain.from_iterable(pairs(node) for node in root.find_all(kind="object"))
            value = literal(dict(members).get(rule))
        else:
            document = _configuration(tree, place)
            data = document if isinstance(document, dict) else {}
            parts = [data, *for_typescript(data, "files", place, folder)]
            value = _laid_over(parts, "rules").get(rule)
        options = next((each for each in _named(value)[1:] if isinstance(each, dict)), None)
        if options is not None:
            return options
    return {}


def _file(tree: SourceTree, place: str) -> str | None:
    return next((place + name for name in (*_FLAT, *_LEGACY) if place + name in tree.files), None)


def _configuration(tree: SourceTree, place: str) -> Any:
    """Return the configuration of ESLint in a folder; ``None`` without one, unknown where code makes it."""
    file = _file(tree, place)
    if file is None:
        return tree.data(f"{place}package.json").get("eslintConfig")
    if not file.endswith(_CODE):
        return tree.data(file) or UNKNOWN
    root = tree.parsed(file)
    assigned = root.find(kind="assignment_expression") if root is not None else None
    left = assigned.field("left") if assigned is not None else None
    if assigned is None or left is None or left.text() != "module.exports":
        return UNKNOWN
    return literal(assigned.field("right")) if "..." not in assigned.text() else UNKNOWN


def _undeclared(parts: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Return the names that are undeclared by configurations, each laid over those before it."""
    extended = list(chain.from_iterable(_named(part.get("extends")) for part in parts))
    if not all(isinstance(name, str) and _SILENT.fullmatch(name) for name in extended):
        return frozenset()
    environments, names = _laid_over(parts, "env"), _laid_over(parts, "globals")
    usual = "error" if _CHECKING & set(extended) else "off"
    rule = _laid_over(parts, "rules").get("no-undef", usual)
    if _named(rule)[:1] in (["off"], [0]):
        return frozenset()
    declared = {name for name, value in names.items() if value != "off"}
    declared |= NODE | WEB if environments.get("node") is True else set()
    declared |= WEB if environments.get("browser") is True else set()
    return (NODE | WEB) - declared


def _named(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _laid_over(parts: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in parts:
        merged |= table(part, name)
    return merged

"""Causes of errors: a caught one stays with the error that it becomes, where the app's compiler knows of that (ES2022)."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS
from cronshift.handlers.tree import language
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.javascript.handler import every

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_KNOWING = lazy_pattern(r"(?i)(?:esnext|es20(?:2[2-9]|[3-9]\d))(?:\.error|\.full)?")
_BINDING = {
    "assignment_expression": "left",
    "for_in_statement": "left",
    "variable_declarator": "name",
}
_DEEPEST = 5  # configurations that extend each other


def knows_causes(tree: SourceTree, file: str) -> bool:
    """Return whether a module may give an error its cause: JavaScript, or what its compiler's library says."""
    if language(file) == "javascript":
        return True
    for options in _options(tree, file):
        libraries = options.get("lib")
        if isinstance(libraries, list):
            return any(_KNOWING.fullmatch(str(each)) for each in libraries)
        if isinstance(target := options.get("target"), str):
            return _KNOWING.fullmatch(target) is not None
    return False


def _options(tree: SourceTree, file: str) -> Iterator[dict[str, object]]:
    """Yield the compiler's options for a module: its nearest configuration's, and those that this extends."""
    folder = posixpath.dirname(file)
    while folder and f"{folder}/tsconfig.json" not in tree.files:
        folder = posixpath.dirname(folder)
    named: str | None = posixpath.join(folder, "tsconfig.json")
    chain: list[dict[str, object]] = []
    for _ in range(_DEEPEST):
        document = tree.data(named) if named in tree.files else {}
        options = document.get("compilerOptions")
        chain.append(options if isinstance(options, dict) else {})
        extended = document.get("extends")
        if named is None or not isinstance(extended, str) or not extended.startswith("."):
            break
        there = posixpath.normpath(posixpath.join(posixpath.dirname(named), extended))
        named = next((each for each in (there, f"{there}.json") if each in tree.files), None)
    # A library of one that is extended goes before a target of one that extends it.
    yield from [each for each in chain if "lib" in each]
    yield from chain


def cause_of(statement: SgNode) -> str | None:
    """Return the name of the error that a statement is done for: the one that is caught around it."""
    for above in statement.ancestors():
        if above.kind() in FUNCTIONS:
            return None
        if above.kind() == "catch_clause":
            name, body = above.field("parameter"), above.field("body")
            if name is None or body is None or name.kind() != "identifier":
                return None
            changed = {
                bound.text()
                for node in every(body)
                if (field := _BINDING.get(str(node.kind()))) is not None
                and (bound := node.field(field)) is not None
            }
            return name.text() if name.text() not in changed else None
    return None

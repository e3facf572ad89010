"""The need of a handler for Next's own request, by a module of which some functions have it and others not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.reached import MOST_REACHED, Reached
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

_HEADERS = lazy_pattern(r"\bimport\s{0,9}\{([^}]{0,500})\}\s*from\s*[\"']next/headers[\"']")
_WHOLE = lazy_pattern(r"\*\s*(?:as\s+[\w$]+\s*)?from\s*[\"']([^\"'\n]+)[\"']")
_LATER = {"function_declaration", "generator_function_declaration", "arrow_function", "function_expression"}  # fmt: skip
_NOTHING = {"import_statement", "comment", "type_alias_declaration", "interface_declaration"}


def needs_request(tree: SourceTree, handler: Handler, importers: Iterable[str], file: str) -> bool:
    """Return whether a handler may ask for the request by what it reaches in a module; so it may where that is not known.

    Args:
        tree: the project's files.
        handler: the handler.
        importers: the modules that it imports, directly or not.
        file: one of them, which imports ``next/headers``.
    """
    text, root = tree.read(file), tree.parsed(file)
    clauses = _HEADERS.findall(text)
    if root is None or text.count("next/headers") != len(clauses) or "getRequestEvent" in text:
        return True
    names = [part.rpartition(" as ")[2].strip() for part in ",".join(clauses).split(",")]
    words = re.compile(rf"(?<![\w$])(?:{'|'.join(map(re.escape, filter(None, names)))})(?![\w$])")
    if any(_runs_at_once(node) and words.search(node.text()) for node in root.children()):
        return True
    if any(
        tree.imported(each, name) == file
        for each in importers
        for name in _WHOLE.findall(tree.read(each))
    ):
        return True
    reached = list(Reached(tree).statements(handler))
    return len(reached) >= MOST_REACHED or any(
        there == file and words.search(node.text()) for there, node in reached
    )


def _runs_at_once(statement: SgNode) -> bool:
    """Return whether a statement at the top of a module does more than declare functions and types."""
    declared = statement.field("declaration") or statement.field("value") or statement
    if declared.kind() in _LATER | _NOTHING:
        return False
    values = [
        child.field("value") for child in declared.children() if child.field("name") is not None
    ]
    return not values or any(value is None or value.kind() not in _LATER for value in values)

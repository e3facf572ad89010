"""The manner of one file of the app's own, in which a statement of ours is written into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import span_of
from cronshift.targets.direct.javascript.module_kinds import requirement

if TYPE_CHECKING:
    from ast_grep_py import SgNode


def last_import(root: SgNode) -> SgNode | None:
    """Return the last import statement of a file."""
    statements = [node for node in root.children() if node.kind() == "import_statement"]
    return statements[-1] if statements else None


def last_requirement(root: SgNode, use: SgNode | None = None) -> SgNode | None:
    """Return the last statement of a file in CommonJS that requires a module, before a use of what it gives."""
    statements = [node for node in root.children() if requirement(node) is not None]
    if use is not None:
        statements = [node for node in statements if span_of(node)[1] <= span_of(use)[0]]
    return statements[-1] if statements else None


def in_manner(statement: str, root: SgNode) -> str:
    """Return a statement with the quotes and the ending that the file's last import has."""
    last = last_import(root) or last_requirement(root)
    source = last.find(kind="string") if last is not None else None
    quoted = statement.replace('"', source.text()[0]) if source is not None else statement
    return quoted.removesuffix(";") + ending_of(root)


def ending_of(root: SgNode) -> str:
    """Return the ending of the file's statements: a semicolon, or nothing."""
    last = last_import(root) or last_requirement(root)
    return ";" if last is not None and last.text().endswith(";") else ""


def newline_of(text: str) -> str:
    """Return the file's line end."""
    return "\r\n" if "\r\n" in text else "\n"

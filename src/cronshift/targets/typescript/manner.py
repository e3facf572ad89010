"""The manner of one file of the app's own, in which a statement of ours is written into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.targets.direct.javascript.module_kinds import requirement

if TYPE_CHECKING:
    from ast_grep_py import SgNode


def last_import(root: SgNode, *, requires: bool = False) -> SgNode | None:
    """Return the last import statement of a file; of one that ``requires``, the last that does so."""
    statements = [
        node
        for node in root.children()
        if node.kind() == "import_statement" or (requires and requirement(node) is not None)
    ]
    return statements[-1] if statements else None


def in_manner(statement: str, root: SgNode) -> str:
    """Return a statement with the quotes and the ending that the file's last import has."""
    last = last_import(root, requires=True)
    source = last.find(kind="string") if last is not None else None
    quoted = statement.replace('"', source.text()[0]) if source is not None else statement
    return quoted.removesuffix(";") + ending_of(root)


def ending_of(root: SgNode) -> str:
    """Return the ending of the file's statements: a semicolon, or nothing."""
    last = last_import(root, requires=True)
    return ";" if last is not None and last.text().endswith(";") else ""


def newline_of(text: str) -> str:
    """Return the file's line end."""
    return "\r\n" if "\r\n" in text else "\n"

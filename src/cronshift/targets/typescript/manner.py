"""The manner of one file of the app's own, in which a statement of ours is written into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ast_grep_py import SgNode


def last_import(root: SgNode) -> SgNode | None:
    """Return the last import statement of a file."""
    statements = [node for node in root.children() if node.kind() == "import_statement"]
    return statements[-1] if statements else None


def in_manner(statement: str, root: SgNode) -> str:
    """Return a statement with the quotes and the ending that the file's last import has."""
    last = last_import(root)
    source = last.field("source") if last is not None else None
    quoted = statement.replace('"', source.text()[0]) if source is not None else statement
    return quoted.removesuffix(";") + ending_of(root)


def ending_of(root: SgNode) -> str:
    """Return the ending of the file's statements: a semicolon, or nothing."""
    last = last_import(root)
    return ";" if last is not None and last.text().endswith(";") else ""


def newline_of(text: str) -> str:
    """Return the file's line end."""
    return "\r\n" if "\r\n" in text else "\n"

"""The style of a JavaScript app, as its own files show it, and the Inngest parts it has already.

Read from the sources and the configurations of formatters and ESLint; nothing is executed. Files that cronshift
generated do not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.project.conventions.alias import alias_of
from cronshift.project.conventions.code import AppCode
from cronshift.project.conventions.inngest import client_of, serve_file_of
from cronshift.project.conventions.lint import undeclared_in
from cronshift.project.conventions.style import style_of

if TYPE_CHECKING:
    from cronshift.handlers.tree import SourceTree


def code_of(tree: SourceTree, folder: str = "") -> AppCode:
    """Return the style of an app in a folder, and its own Inngest client and serve route."""
    serve_file = serve_file_of(tree)
    style = replace(style_of(tree, folder), undeclared=undeclared_in(tree, folder))
    return AppCode(style, alias_of(tree), client_of(tree, serve_file), serve_file)


__all__ = ["code_of"]

"""The files of one app, and the handlers that its file router finds in them."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.model import Handler, HandlerKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

SOURCES = (".ts", ".js", ".mts", ".mjs", ".tsx", ".jsx")


class Folder(Struct, frozen=True):
    """The files of an app, by their paths within its folder; ``""`` is the project's root."""

    tree: SourceTree
    folder: str = ""

    @property
    def dependencies(self) -> dict[str, str]:
        """The packages that the app's package.json names."""
        return self.tree.packages(self.folder)

    def outer(self, file: str) -> str:
        """Return a path within the folder as the project's."""
        return f"{self.folder}/{file}" if self.folder else file

    def under(self, folder: str) -> Iterator[str]:
        """Yield the files below a folder of the app."""
        start = len(self.outer("")) if self.folder else 0
        yield from (file[start:] for file in self.tree.under(self.outer(folder)))

    def has(self, file: str) -> bool:
        """Return whether the app has a file."""
        return self.outer(file) in self.tree.files

    def read(self, file: str) -> str:
        """Return the text of a file of the app."""
        return self.tree.read(self.outer(file))

    def parsed(self, file: str) -> SgNode | None:
        """Return the syntax tree of a file of the app."""
        return self.tree.parsed(self.outer(file)) if self.has(file) else None


def handler_in(file: str, kind: HandlerKind, export: str) -> Handler:
    """Return the handler in a file, in the language of its name."""
    typed = PurePosixPath(file).suffix in {".ts", ".mts", ".tsx"}
    return Handler(file, kind, export, "typescript" if typed else "javascript")


def is_group(part: str) -> bool:
    """Return whether a folder only groups routes, ``(app)``."""
    return part.startswith("(") and part.endswith(")")

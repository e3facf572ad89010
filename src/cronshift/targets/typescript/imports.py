"""The import path from one file of the app to another."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cronshift.project.conventions.code import Alias


def import_path(target: str, file: str, alias: Alias | None = None) -> str:
    """Return the import path of ``target`` in ``file``; both are relative to the project's root.

    What is beside or below the file is imported by ``./``, whatever the alias; what the alias does
    not reach, by ``../``.
    """
    path = posixpath.relpath(target, posixpath.dirname(file) or ".")
    if not path.startswith("../"):
        return f"./{path}"
    if alias is None:
        return path
    if not alias.folder:
        return alias.prefix + target
    inside = target.removeprefix(f"{alias.folder}/")
    return path if inside == target else alias.prefix + inside

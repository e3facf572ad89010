"""Which file of a project a Python module is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cronshift.handlers.tree import SourceTree


def module_file(tree: SourceTree, file: str, module: str) -> str | None:
    """Return the project's file of a module that ``file`` names; dots in front go up from it."""
    bare = module.lstrip(".")
    up = len(module) - len(bare)
    path = bare.replace(".", "/")
    folder = PurePosixPath(file).parent
    bases = [folder, *folder.parents]
    starts = (
        [bases[up - 1]] if 0 < up <= len(bases) else [PurePosixPath(), *bases, PurePosixPath("src")]
    )
    for start in starts:
        for name in (f"{path}.py", f"{path}/__init__.py") if path else ("__init__.py",):
            found = str(start / name)
            if found in tree.files:
                return found
    return None

"""The files below a folder that may be source, by their names."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_FILES = 200_000
_NEVER = {
    "node_modules",
    ".git",
    ".venv",
    "venv",
    ".next",
    ".nuxt",
    ".output",
    ".svelte-kit",
    ".turbo",
    ".vercel",
    ".cronshift",
    "__pycache__",
    "site-packages",
}
BUILT = {"dist", "build", "out", "coverage"}  # at the root only: a route may be called so


def files_below(top: str) -> Iterator[str]:
    """Yield the files of a folder as POSIX paths; links to folders are not followed."""
    count, waiting = 0, [""]
    while waiting:
        place = waiting.pop()
        files, folders = _listed(f"{top}/{place}")
        skipped = _NEVER if place else _NEVER | BUILT
        inner = sorted((name for name in folders if name not in skipped), reverse=True)
        waiting += [f"{place}{name}/" for name in inner]
        for name in (name for name in files if _is_text(place + name)):
            count += 1
            if count > MOST_FILES:
                return
            yield place + name


def _listed(folder: str) -> tuple[list[str], list[str]]:
    """Return the files and the folders in one, without links to folders; none where it cannot be read."""
    files: list[str] = []
    folders: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif not (entry.is_symlink() and os.path.isdir(entry.path)):  # noqa: PTH112 - a thousand times
                files.append(entry.name)
    return files, folders


def _is_text(name: str) -> bool:
    """Return whether a name is Unicode: others can be neither routes nor told."""
    return name.isascii() or not any("\udc80" <= char <= "\udcff" for char in name)

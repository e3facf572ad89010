"""Files that are replaced whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

from cronshift.errors import RefusedError

NEW_FILE_MODE = 0o644


def staged_path(path: Path, token: str) -> Path:
    """Return where the next content of ``path`` waits: beside it, so that a rename is atomic."""
    return path.with_name(f".{path.name}.cronshift-{token}")


def stage(path: Path, token: str, data: bytes, mode: int | None) -> None:
    """Put the next content of ``path`` on disk, durably, beside it."""
    waiting = staged_path(path, token)
    waiting.unlink(missing_ok=True)
    descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, NEW_FILE_MODE)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        if mode is not None:
            os.fchmod(descriptor, mode)
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def replace_durably(path: Path, data: bytes, mode: int | None = None) -> None:
    """Replace ``path`` by ``data`` at once; on disk when this returns."""
    stage(path, "next", data, mode)
    os.replace(staged_path(path, "next"), path)  # noqa: PTH105 - os.replace is what tests kill at
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def inside(root: Path, path: str) -> Path:
    """Return the file that ``path`` names in the project.

    Raises:
        RefusedError: if it is outside, or reached or replaced through a symbolic link.
    """
    relative = PurePosixPath(path)
    parts = relative.parts
    if relative.is_absolute() or ".." in parts or not parts or "\0" in path:
        raise _outside(path)
    current = root
    for part in parts:
        current = current / part
        if current.is_symlink():
            raise RefusedError(
                f"{path} is, or is behind, a symbolic link; cronshift writes real files only.",
                reason="symbolic-link",
                where=path,
            )
    return current


def content(path: Path) -> bytes | None:
    """Return the bytes of a file, ``None`` when it is not there."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def mode_of(path: Path) -> int | None:
    """Return the permission bits of a file, ``None`` when it is not there."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _outside(path: str) -> RefusedError:
    return RefusedError(
        f"{path} is outside the project; nothing is written there.",
        reason="outside-project",
        where=path,
    )

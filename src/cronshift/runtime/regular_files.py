"""Regular files, read whole up to a limit: the one way in which cronshift opens a file.

A FIFO would wait for ever, a device may never end, and a file may be larger than memory: each is
an ``OSError`` here, so that whoever reads tells it as any file that cannot be read.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 16 * 1024 * 1024
"""Bytes; no source, configuration or record that a person keeps is larger."""


def read_regular(path: Path, limit: int = LARGEST) -> bytes:
    """Return the bytes of a regular file; a link to one counts as one.

    Raises:
        OSError: if it is no regular file, larger than ``limit``, or cannot be read.
    """
    _refuse_irregular(path.stat(), path)  # before it is opened: opening alone can hang or act
    return read_descriptor(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), path, limit)


def read_text(path: Path, limit: int = LARGEST) -> str:
    """Return a regular file's text; bytes that are no UTF-8 are replaced.

    Raises:
        OSError: as :func:`read_regular`.
    """
    return read_regular(path, limit).decode(errors="replace")


def is_regular(path: Path) -> bool:
    """Return whether ``path`` is a regular file, or a link to one, of a size that is read."""
    try:
        state = path.stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(state.st_mode) and state.st_size <= LARGEST


def read_at(folder: int | None, name: str, limit: int = LARGEST) -> bytes:
    """Return the bytes of a regular file in an open folder, if there is one; no link is followed.

    Raises:
        OSError: if it is a link, no regular file, larger than ``limit``, or cannot be read.
    """
    _refuse_irregular(os.stat(name, dir_fd=folder, follow_symlinks=False), name)
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return read_descriptor(os.open(name, flags, dir_fd=folder), name, limit)


def read_descriptor(descriptor: int, name: Path | str, limit: int) -> bytes:
    """Return the bytes behind a descriptor, and close it.

    Raises:
        OSError: as :func:`read_regular`.
    """
    try:
        state = os.fstat(descriptor)
        _refuse_irregular(state, name)
        wanted = min(state.st_size or limit, limit) + 1  # some kernels' files tell no size
        data = os.read(descriptor, wanted)
        while len(data) < wanted and (more := os.read(descriptor, wanted - len(data))):
            data += more
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit:,} bytes", str(name))
    return data


def _refuse_irregular(state: os.stat_result, name: Path | str) -> None:
    mode = state.st_mode
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(name))
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, "it is a symbolic link", str(name))
    raise OSError(errno.EINVAL, "it is no regular file", str(name))

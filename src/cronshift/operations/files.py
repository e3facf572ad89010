"""The project's files: the paths that may be named, and folders opened without following links."""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cronshift.errors import RefusedError
from cronshift.runtime.regular_files import read_at, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NEW_FILE_MODE = 0o644
_OFF_LIMITS = {".git", "git~1", ".cronshift"}


def parts_of(path: str) -> tuple[str, ...]:
    """Return the components of a path in the project.

    Raises:
        RefusedError: if it leads outside, or into what is git's or cronshift's own.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "/".join(parts) != path or {"..", "."} & {*parts}:
        raise _outside(path)
    if "\0" in path or any(_plain_name(part) in _OFF_LIMITS for part in parts):
        raise _outside(path)
    return parts


def inside(root: Path, path: str) -> Path:
    """Return the file that ``path`` names in the project.

    Raises:
        RefusedError: if it is outside, or reached or replaced through a symbolic link.
    """
    current = root
    for part in parts_of(path):
        current = current / part
        if current.is_symlink():
            raise behind_link(path)
    return current


@contextmanager
def open_folder(root: Path, parts: Sequence[str], *, make: bool = False) -> Iterator[int]:
    """Open a folder of the project for as long as the block runs; no link is followed on the way.

    Args:
        root: the project's folder.
        parts: the names that lead there.
        make: make what is missing.

    Raises:
        FileNotFoundError: if it is not there.
        NotADirectoryError: if a part of it is no folder.
        RefusedError: if a part of it is a link.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    descriptor = os.open(root, flags)
    try:
        for count, part in enumerate(parts, 1):
            if make:
                _make(descriptor, part)
            try:
                below = os.open(part, flags | os.O_NOFOLLOW, dir_fd=descriptor)
            except OSError as error:
                if error.errno in {errno.ELOOP, errno.ENOTDIR} and _is_link(descriptor, part):
                    raise behind_link("/".join(parts[:count])) from None
                raise
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def open_parent(root: Path, path: str) -> Iterator[tuple[int, str]]:
    """Open the folder of a file of the project, beside the file's name in it.

    Raises:
        FileNotFoundError: if the folder is not there.
        RefusedError: if the path leads outside, or through a link.
    """
    *above, name = parts_of(path)
    with open_folder(root, above) as folder:
        yield folder, name


def read_project_file(root: Path, path: str) -> bytes | None:
    """Return the bytes of a file of the project, ``None`` when it is not there.

    Raises:
        RefusedError: if it is no regular file, or behind a link.
        OSError: if it cannot be read.
    """
    try:
        with open_parent(root, path) as (folder, name):
            return content_at(folder, name, path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def content_at(folder: int, name: str, path: str) -> bytes | None:
    """Return the bytes of a file in an open folder, ``None`` when it is not there.

    Raises:
        RefusedError: if it is no regular file; told as ``path``.
        OSError: if it cannot be read.
    """
    try:
        return read_at(folder, name)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENAMETOOLONG}:
            return None
        raise _irregular(error, path) from None


def content(path: Path) -> bytes | None:
    """Return the bytes of a file, ``None`` when it is not there.

    Raises:
        RefusedError: if it is no regular file.
        OSError: if it cannot be read.
    """
    try:
        return read_regular(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _irregular(error, path.name) from None


def write_named(root: Path, file: Path, data: bytes) -> None:
    """Write a file that the user has named, as of a report; what is there is replaced.

    Raises:
        RefusedError: for a place in the project that is behind a link, or is git's or cronshift's own.
        OSError: for what is no regular file, or cannot be written.
    """
    place, above = Path(os.path.abspath(file)), Path(os.path.abspath(root))
    if place.is_relative_to(above):
        inside(above, place.relative_to(above).as_posix())
    flags = (
        os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
    )  # a FIFO would wait for a reader
    with open(os.open(place, flags, 0o666), "wb") as target:
        if not stat.S_ISREG(os.fstat(target.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(file))
        target.truncate()
        target.write(data)


def mode_of(path: Path) -> int | None:
    """Return the permission bits of a file, ``None`` when it is not there."""
    try:
        return stat.S_IMODE(path.stat().st_mode) & 0o777
    except (FileNotFoundError, NotADirectoryError):
        return None


def behind_link(path: str) -> RefusedError:
    """Return the refusal of a path that a symbolic link stands in."""
    return RefusedError(
        f"{path} is, or is behind, a symbolic link; cronshift writes real files only.",
        reason="symbolic-link",
        hint="Put a real file or folder there.",
        where=path,
    )


def _make(folder: int, name: str) -> None:
    try:
        os.mkdir(name, dir_fd=folder)
    except FileExistsError:
        return


def _is_link(folder: int, name: str) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _irregular(error: OSError, path: str) -> Exception:
    if error.errno == errno.ELOOP:
        return behind_link(path)
    if error.errno in {errno.EINVAL, errno.EISDIR, errno.EFBIG}:
        return RefusedError(
            f"{path} cannot be read: {error.strerror}.",
            reason="not-a-file",
            hint="Put a regular file there, or remove it.",
            where=path,
        )
    return error


def _plain_name(part: str) -> str:
    """Return a name as the most lenient file system reads it: no case, nothing invisible at all."""
    visible = "".join(char for char in part if unicodedata.category(char) != "Cf")
    return visible.partition(":")[0].rstrip(". ").casefold()


def _outside(path: str) -> RefusedError:
    return RefusedError(
        f"{path} is outside the project, or git's or cronshift's own; nothing is written there.",
        reason="outside-project",
        where=path,
    )

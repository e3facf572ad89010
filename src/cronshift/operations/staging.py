"""New contents that wait beside their places, and how they take them without losing anything.

What stands at the place is taken away and new content put there in one step (an exchange), or new
content goes where nothing stands (a link that fails where something does); only then is it looked
at what was taken away. A save by an editor between planning and that step is thereby seen and put
back. Two things are not seen: a program that goes on writing into a file which it opened before
the step, after the step; and, on file systems that cannot exchange, a save between a last look and
the replacement.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from cronshift.errors import RefusedError
from cronshift.operations.exchange import exchange
from cronshift.operations.files import (
    NEW_FILE_MODE,
    content_at,
    open_folder,
    open_parent,
    read_project_file,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cronshift.operations.changes import FileImage


def stage(root: Path, image: FileImage, token: str) -> None:
    """Put the next content of a file on disk, durably, beside its place."""
    if image.after is not None:
        with open_parent(root, image.path) as (folder, name):
            write_new(folder, _staged(name, token), image.after, image.mode)


def settle(root: Path, image: FileImage, token: str) -> None:
    """Let a file take its staged content, or go, unless it already has.

    Raises:
        RefusedError: ``changed-file``, if something else than its before-image stood there; that
            stands there still.
        OSError: if the folder cannot be written.
    """
    try:
        with open_parent(root, image.path) as (folder, name):
            if content_at(folder, name, image.path) != image.after:
                _settle(folder, name, _staged(name, token), image)
            else:
                _remove(folder, _staged(name, token))
    except FileNotFoundError:
        if image.after is not None:
            raise


def clear(root: Path, image: FileImage, token: str) -> None:
    """Remove the files that a kill left beside a file; a save that was taken away goes back."""
    with (
        suppress(FileNotFoundError, NotADirectoryError),
        open_parent(root, image.path) as (folder, name),
    ):
        staged = _staged(name, token)
        waiting = content_at(folder, staged, f"the copy beside {image.path}")
        if waiting is None:
            return
        present = content_at(folder, name, image.path)
        contents = [data for data in (image.before, image.after) if data is not None]
        begun = any(data.startswith(waiting) and present != data for data in contents)
        if waiting in contents or begun:
            _remove(folder, staged)
        elif present is None:
            _put_back(folder, name, staged)
        elif present in contents and exchange(folder, staged, name):
            _remove(folder, staged)


def write_new(folder: int, name: str, data: bytes, mode: int | None = None) -> None:
    """Write a new file in an open folder, durably; one of that name is removed first."""
    _remove(folder, name)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, NEW_FILE_MODE, dir_fd=folder)
    with open(descriptor, "wb") as file:
        if mode is not None:
            os.fchmod(descriptor, mode)
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def replace_durably(folder: int, name: str, data: bytes, mode: int | None = None) -> None:
    """Replace a file in an open folder at once; on disk when this returns."""
    staged = _staged(name, "next")
    write_new(folder, staged, data, mode)
    os.replace(staged, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)


def make_folders(root: Path, folders: Sequence[str]) -> None:
    """Make the folders that are missing, outermost first."""
    for path in folders:
        with open_parent(root, path) as (folder, name), suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)


def remove_folders(root: Path, folders: Sequence[str]) -> None:
    """Remove the folders that hold nothing; somebody else's files stay."""
    for path in folders:
        with suppress(OSError), open_parent(root, path) as (folder, name):
            os.rmdir(name, dir_fd=folder)


def sync_folders(root: Path, paths: Sequence[str]) -> None:
    """Make the names in the folders of files durable."""
    for above in {tuple(path.split("/")[:-1]) for path in paths}:
        with suppress(FileNotFoundError), open_folder(root, above) as folder:
            os.fsync(folder)


def is_done(root: Path, image: FileImage) -> bool:
    """Return whether a file is as it is to be."""
    return read_project_file(root, image.path) == image.after


def _settle(folder: int, name: str, staged: str, image: FileImage) -> None:
    if image.after is None:
        os.rename(name, staged, src_dir_fd=folder, dst_dir_fd=folder)
    elif image.before is None:
        _put_where_nothing_is(folder, name, staged, image.path)
        return
    elif not exchange(folder, staged, name):
        if content_at(folder, name, image.path) != image.before:
            raise changed(image.path)
        os.replace(staged, name, src_dir_fd=folder, dst_dir_fd=folder)
        return
    if _content_or_none(folder, staged, image.path) == image.before:
        _remove(folder, staged)
        return
    if image.after is not None:
        exchange(folder, staged, name)
        _remove(folder, staged)
    else:
        _put_back(folder, name, staged)
    raise changed(image.path)


def _put_where_nothing_is(folder: int, name: str, staged: str, path: str) -> None:
    try:
        os.link(staged, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise changed(path) from None
    except PermissionError:  # a file system without hard links
        if content_at(folder, name, path) is not None:
            raise changed(path) from None
        os.replace(staged, name, src_dir_fd=folder, dst_dir_fd=folder)
        return
    _remove(folder, staged)


def _put_back(folder: int, name: str, staged: str) -> None:
    """Put a file that was taken away back at its place, or beside it where that is taken."""
    with suppress(FileExistsError):
        os.link(staged, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        _remove(folder, staged)


def _content_or_none(folder: int, name: str, path: str) -> bytes | None:
    try:
        return content_at(folder, name, path)
    except RefusedError:  # a link or a folder that somebody put there meanwhile
        return None


def changed(path: str) -> RefusedError:
    """Return the refusal of a file that differs from the one the operation was made from."""
    return RefusedError(
        f"{path} was changed since this was planned; nothing was touched.",
        reason="changed-file",
        hint="Look at the file, then plan again.",
        where=path,
    )


def _remove(folder: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _staged(name: str, token: str) -> str:
    """Return the name of a staged file: beside its place, so that taking that place is one step."""
    return f".{name}.cronshift-{token}"

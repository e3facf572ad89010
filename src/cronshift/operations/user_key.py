"""A key of this user on this machine, by which an operation that was begun here is known again.

It lies outside every project, in the user's state folder, so that nothing in a repository can hold
it. What it marks is bound to the project's folder: a record that is copied elsewhere is foreign.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cronshift.runtime.regular_files import read_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.operations.model import Operation

_NAME = "journal.key"
_LENGTH = 32


def hmac_of(root: Path, operation: Operation) -> str | None:
    """Return the mark of an operation of this user, as it is now, in this project.

    How far it is counts too; which one is under way is noted beside the key, for a record from
    before its end has a mark as well.

    Returns:
        ``None`` where there is no key.
    """
    key = _key()
    if key is None:
        return None
    text = json.dumps([str(root.resolve()), operation.to_json()], sort_keys=True)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def is_marked(root: Path, operation: Operation, mark: object) -> bool:
    """Return whether ``mark`` is this user's of this operation in this project."""
    expected = hmac_of(root, operation) if isinstance(mark, str) and mark.isascii() else None
    return expected is not None and hmac.compare_digest(expected, str(mark))


@contextmanager
def open_user_folder() -> Iterator[int]:
    """Open the user's folder, made when there is none.

    Raises:
        OSError: where there is none that can be written.
    """
    try:
        folder = _folder()
    except RuntimeError as error:
        raise FileNotFoundError("nothing says where this user's home is") from error
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read_private(folder: int, name: str, limit: int) -> bytes:
    """Return the bytes of a file in the user's folder.

    Raises:
        OSError: if it cannot be read, or somebody else might have written it, or read it.
    """
    data = read_at(folder, name, limit)
    state = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if state.st_uid != os.getuid() or stat.S_IMODE(state.st_mode) & 0o077:
        raise PermissionError(f"{name} is not this user's alone")
    return data


def _key() -> bytes | None:
    """Return the key, made when there is none; ``None`` where nobody but the user can be sure of it."""
    try:
        with open_user_folder() as folder:
            return _read(folder) or _made(folder)
    except OSError:
        return None


def _folder() -> Path:
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return base / "cronshift"


def _read(folder: int) -> bytes | None:
    try:
        key = read_private(folder, _NAME, _LENGTH)
    except FileNotFoundError:
        return None
    if len(key) != _LENGTH:
        raise PermissionError(f"{_NAME} is no key")
    return key


def _made(folder: int) -> bytes | None:
    """Make a key and return the one that stands there then: another process may have been first."""
    waiting = f".{_NAME}.{os.urandom(8).hex()}"
    descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(os.urandom(_LENGTH))
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(waiting, _NAME, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    finally:
        os.unlink(waiting, dir_fd=folder)
    return _read(folder)

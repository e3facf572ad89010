"""A key of this user on this machine, by which an operation that was begun here is known again.

It lies outside every project, in the user's state folder, so that nothing in a repository can hold
it. What it marks is bound to the project's folder: a record that is copied elsewhere is foreign.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cronshift.runtime.regular_files import read_at

if TYPE_CHECKING:
    from cronshift.operations.model import Operation

_NAME = "journal.key"
_LENGTH = 32


def hmac_of(root: Path, operation: Operation) -> str | None:
    """Return the mark of an operation of this user in this project; ``None`` where there is no key.

    How far the operation is does not count, so that one mark holds for all of its life.
    """
    key = _key()
    if key is None:
        return None
    document = operation.to_json()
    del document["state"]
    text = json.dumps([str(root.resolve()), document], sort_keys=True)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def is_marked(root: Path, operation: Operation, mark: object) -> bool:
    """Return whether ``mark`` is this user's of this operation in this project."""
    expected = hmac_of(root, operation) if isinstance(mark, str) and mark.isascii() else None
    return expected is not None and hmac.compare_digest(expected, str(mark))


def _key() -> bytes | None:
    """Return the key, made when there is none; ``None`` where nobody but the user can be sure of it."""
    try:
        folder = _folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, RuntimeError):
        return None
    try:
        return _read(descriptor) or _made(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _folder() -> Path:
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return base / "cronshift"


def _read(folder: int) -> bytes | None:
    try:
        key = read_at(folder, _NAME, _LENGTH)
    except FileNotFoundError:
        return None
    state = os.stat(_NAME, dir_fd=folder, follow_symlinks=False)
    is_private = state.st_uid == os.getuid() and not stat.S_IMODE(state.st_mode) & 0o077
    if not is_private or len(key) != _LENGTH:
        raise PermissionError(f"{_NAME} is not this user's alone")
    return key


def _made(folder: int) -> bytes | None:
    """Make a key and return the one that stands there then: another process may have been first."""
    waiting = f".{_NAME}.{secrets.token_hex(8)}"
    descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_LENGTH))
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(waiting, _NAME, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    finally:
        os.unlink(waiting, dir_fd=folder)
    return _read(folder)

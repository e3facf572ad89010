"""One operation at a time: a lock that the operating system releases when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cronshift.errors import RefusedError
from cronshift.operations.files import open_folder
from cronshift.runtime.regular_files import read_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATE_FOLDER = ".cronshift"
_LOCK, _OWNER = "lock", "lock.owner"


@contextmanager
def project_lock(root: Path) -> Iterator[None]:
    """Hold the project's lock.

    Raises:
        RefusedError: if another process holds it, naming that process and how long it has.
    """
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(open_folder(root, (STATE_FOLDER,), make=True))
        except OSError as error:
            raise _cannot_lock(error) from error
        _acquire(folder, stack)
        _say_who(folder)
        stack.callback(_remove, folder, _OWNER)
        yield


def actor() -> str:
    """Return the user who is doing this: ``user@host``."""
    import getpass
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _acquire(folder: int, stack: ExitStack) -> None:
    """Take the lock for as long as the stack lives."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        lock = os.open(_LOCK, flags, 0o644, dir_fd=folder)
    except OSError as error:
        raise _cannot_lock(error) from error
    stack.callback(os.close, lock)
    if not stat.S_ISREG(os.fstat(lock).st_mode):
        raise _cannot_lock(OSError(f"{STATE_FOLDER}/{_LOCK} is no regular file"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RefusedError(
            f"Another operation is running: {_describe(folder)}.",
            reason="locked",
            hint="Wait until it has ended, then try again.",
        ) from None


def _say_who(folder: int) -> None:
    """Write who holds the lock, and keep the lock out of git but not the journal."""
    who = {"actor": actor(), "pid": os.getpid(), "since": _now()}
    try:
        _remove(folder, _OWNER)
        _write_new(folder, _OWNER, json.dumps(who))
        with suppress(FileExistsError):
            _write_new(folder, ".gitignore", "lock*\nabandoned/\n")
    except OSError as error:
        raise _cannot_lock(error) from error


def _remove(folder: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _write_new(folder: int, name: str, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(name, flags, 0o644, dir_fd=folder), "w") as file:
        file.write(text)


def _describe(folder: int) -> str:
    try:
        owner = json.loads(read_at(folder, _OWNER, 10_000))
        age = datetime.now(UTC) - datetime.fromisoformat(owner["since"])
        return f"{owner['actor']}, process {owner['pid']}, for {age.total_seconds():.0f} s"
    except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return "by a process that has not said its name yet"


def _cannot_lock(error: OSError) -> RefusedError:
    return RefusedError(
        f"The project's lock cannot be taken: {error}.",
        reason="not-writable",
        hint=f"Make {STATE_FOLDER} in the project a folder of real, writable files.",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

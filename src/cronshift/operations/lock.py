"""One operation at a time: a lock that the operating system releases when its holder dies."""

from __future__ import annotations

import getpass
import json
import os
import socket
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cronshift.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATE_FOLDER = ".cronshift"


@contextmanager
def project_lock(root: Path) -> Iterator[None]:
    """Hold the project's lock.

    Raises:
        RefusedError: if another process holds it, naming that process and how long it has.
    """
    from filelock import (
        FileLock,
        Timeout,
    )  # brings asyncio, which a look at the journal never needs

    folder = root / STATE_FOLDER
    owner = folder / "lock.owner"
    try:
        folder.mkdir(exist_ok=True)
        _keep_out_of_git(folder)
        lock = FileLock(folder / "lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise RefusedError(
            f"Another operation is running: {_describe(owner)}.",
            reason="locked",
            hint="Wait until it has ended, then try again.",
        ) from None
    except OSError as error:
        raise RefusedError(
            f"The project's lock cannot be taken: {error}.",
            reason="not-writable",
            hint=f"Make {folder} writable.",
        ) from error
    try:
        owner.write_text(json.dumps({"actor": actor(), "pid": os.getpid(), "since": _now()}))
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def actor() -> str:
    """Return who is doing this: ``user@host``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _describe(owner: Path) -> str:
    try:
        told = json.loads(owner.read_text())
        age = datetime.now(UTC) - datetime.fromisoformat(told["since"])
        return f"{told['actor']}, process {told['pid']}, for {age.total_seconds():.0f} s"
    except (OSError, ValueError, KeyError, TypeError):
        return "by a process that has not said its name yet"


def _keep_out_of_git(folder: Path) -> None:
    """Let the journal be committed, but not the lock."""
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("lock*\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

"""The project's own Node.js and what it has installed; nothing is looked for elsewhere."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path
    from typing import IO, Any

_DYING_SECONDS = 2  # for what was killed to be gone, where somebody buries it
_POLL_SECONDS = 0.02
_LAST_LINES = 12
_STYLING = lazy_pattern(r"\x1b\[[0-9;?]*[A-Za-z]")


def node_program() -> str | None:
    """Return the path of ``node``; ``None`` where it is not installed."""
    return shutil.which("node")


def installed(root: Path, file: str) -> Path | None:
    """Return a file of an installed package: ``typescript/bin/tsc``.

    As Node does, ``node_modules`` is looked for in the project and the folders around it, up to
    its repository's root, where workspaces share one.
    """
    for folder in (root.resolve(), *root.resolve().parents):
        path = folder / "node_modules" / file
        if path.is_file():
            return path
        if (folder / ".git").exists():
            return None
    return None


def start(
    command: Sequence[str], root: Path, variables: Mapping[str, str], output: IO[Any]
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, all that it says written to ``output``.

    Raises:
        OSError: if it cannot be started.
    """
    return subprocess.Popen(  # noqa: S603 - the project's own program, asked for by its user
        command,
        cwd=root,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def last_lines(output: IO[bytes], count: int = _LAST_LINES) -> list[str]:
    """Return the last lines of a program's output, without its styles."""
    output.seek(0)
    written = _STYLING.sub("", output.read().decode(errors="replace"))
    return [line.rstrip() for line in written.splitlines() if line.strip()][-count:]


def stop(process: subprocess.Popen[bytes], grace: timedelta) -> None:
    """End a program that :func:`start` started and all it started: asked first, then at once."""
    try:
        if _signal_group(process, signal.SIGTERM):
            process.wait(grace.total_seconds())
    except subprocess.TimeoutExpired:
        pass
    finally:  # what it leaves behind too, and when Ctrl-C cuts the waiting short
        killed = time.monotonic()
        while _signal_group(process, signal.SIGKILL) and time.monotonic() < killed + _DYING_SECONDS:
            process.poll()
            time.sleep(_POLL_SECONDS)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> bool:
    """Return whether anything of the group was there to hear it."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # macOS says the latter of an ended one
        return False
    return True

"""The app's own build, run on request: the beginning of a deployment."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from datetime import timedelta
from typing import TYPE_CHECKING

from cronshift.plan.findings import registration as rules
from cronshift.project import node
from cronshift.project.locks import package_manager
from cronshift.runtime.regular_files import read_text
from cronshift.runtime.schedule.durations import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cronshift.model import Finding

_GRACE = timedelta(seconds=5)


def check_build(root: Path, timeout: timedelta, tell: Callable[[str], None]) -> Iterator[Finding]:
    """Run the ``build`` script of the app's package.json; yield the faults that stop it.

    It does what a deployment does: it writes into the project what the app's build writes.

    Args:
        root: the app's folder.
        timeout: how long it may take.
        tell: called with the command before it is run.
    """
    if not _has_script(root):
        yield rules.NOT_BUILT.finding("package.json has no `build` script, so nothing was built.")
        return
    manager = package_manager(root)
    program = shutil.which(manager)
    if program is None:
        yield rules.NOT_BUILT.finding(f"{manager}, which builds the app, was not found.")
        return
    command = f"{manager} run build"
    tell(f"Running {command} (at most {format_duration(timeout)}) …")
    with tempfile.TemporaryFile() as output:
        try:
            process = node.start([program, "run", "build"], root, {}, output)
        except OSError as error:
            yield rules.NOT_BUILT.finding(f"{manager} cannot be started: {error.strerror}.")
            return
        try:
            code = process.wait(timeout.total_seconds())
        except subprocess.TimeoutExpired:
            text = f"{command} took longer than {format_duration(timeout)} and was stopped."
            yield rules.NOT_BUILT.finding(text)
            return
        finally:
            node.stop(process, _GRACE)
        if code != 0:
            lines = "".join(f"\n  {line}" for line in node.last_lines(output))
            yield rules.BUILD_FAILS.finding(f"{command} ends with exit code {code}.{lines}")


def _has_script(root: Path) -> bool:
    try:
        document = json.loads(read_text(root / "package.json"))
    except (OSError, ValueError, RecursionError):
        return False
    scripts = document.get("scripts") if isinstance(document, dict) else None
    return isinstance(scripts, dict) and isinstance(scripts.get("build"), str)

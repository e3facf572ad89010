"""Additions to a Python app's own files: its packages, and the line that serves the functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import SourceTree
from cronshift.project.requirements import manifest_of, with_runtime
from cronshift.runtime.regular_files import is_regular, read_regular
from cronshift.targets.changes import FileAction, FileChange
from cronshift.targets.python.mounting import mounted, with_mount
from cronshift.targets.python.names import package_of
from cronshift.targets.python.serving import served_by

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cronshift.model import Plan


def extend_python(root: Path, plan: Plan) -> tuple[FileChange, ...]:
    """Return the change that installs the packages of the guard and the functions.

    Only where the app is Python itself and has a manifest: a new requirements.txt could make Vercel
    take functions of their own for one app.
    """
    if not any(job.handler and job.handler.language == "python" for job in plan.runnable):
        return ()
    tree = SourceTree(root)
    name = manifest_of(tree)
    manifest = _change(root, name, lambda text: with_runtime(text, name)) if name else None
    return tuple(change for change in (manifest, _mounting(root, tree, plan)) if change is not None)


def _mounting(root: Path, tree: SourceTree, plan: Plan) -> FileChange | None:
    """Return the change by which the app takes the functions in, where it is to serve them."""
    mount, package = served_by(plan).mount, package_of(plan.out)
    if mount is None or mounted(tree, mount, package) is not None:
        return None
    return _change(root, mount.file, lambda text: with_mount(text, mount, package))


def _change(root: Path, name: str, extended: Callable[[str], str]) -> FileChange | None:
    file = root / name
    if file.is_symlink() or not is_regular(file):
        return None
    data = read_regular(file)
    before = data.decode(errors="surrogateescape")
    after = extended(before)
    return FileChange(name, FileAction.UPDATE, before, after, data) if after != before else None

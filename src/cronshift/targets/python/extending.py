"""What a migration adds to a Python app's own files: the packages that it is installed with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import SourceTree
from cronshift.project.requirements import manifest_of, with_runtime
from cronshift.runtime.regular_files import is_regular, read_regular
from cronshift.targets.changes import FileAction, FileChange

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.model import Plan


def extend_python(root: Path, plan: Plan) -> tuple[FileChange, ...]:
    """Return the change by which the app is installed with what the guard and the functions import.

    Only where the app is Python itself and has a manifest: a new requirements.txt could make Vercel
    take functions of their own for one app.
    """
    if not any(job.handler and job.handler.language == "python" for job in plan.runnable):
        return ()
    name = manifest_of(SourceTree(root))
    if name is None:
        return ()
    file = root / name
    if file.is_symlink() or not is_regular(file):
        return ()
    data = read_regular(file)
    before = data.decode(errors="surrogateescape")
    after = with_runtime(before, name)
    return (FileChange(name, FileAction.UPDATE, before, after, data),) if after != before else ()

"""Undo migrate: every file that it wrote is again as it was before the first one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import RefusedError
from cronshift.moving.epochs import is_paused
from cronshift.operations import (
    ChangeKind,
    Edit,
    Intent,
    Operation,
    Seen,
    State,
    build_operation,
    past_operations,
)
from cronshift.operations.files import content, inside
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.added import without_added
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime.ownership import percent_at

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

COMMAND = "rollback --migration"
_OTHERS = {Intent.INIT, Intent.SCAFFOLD, Intent.LINK, Intent.SETUP}
"""What is done for its own sake: it is not undone on the way."""


class Unmigration(Struct, frozen=True):
    """The plan of undoing ``migrate``.

    Attributes:
        files: those that are as they were, or gone, afterwards.
    """

    operation: Operation
    files: tuple[str, ...]


@dataclass(slots=True)
class _Written:
    """One file, as the journal knows it: before the first migrate, and after the newest operation.

    ``current`` is what is there now: ``after``, but for what an install made of a manifest.
    """

    before: bytes | None
    after: bytes | None
    by: Operation
    current: bytes | None = None


def prepare_unmigration(root: Path, now: datetime) -> Unmigration:
    """Return the operation that takes back all that ``migrate`` wrote.

    A manifest that an install has changed since keeps that change, and loses what migrate added.

    Raises:
        RefusedError: ``not-ready`` while a tick is Inngest's or will be, ``changed-file`` for files
            that were changed since.
    """
    _refuse_moving(root, now)
    written = _written(past_operations(root))
    changed = [path for path, file in written.items() if not _can_go_back(root, path, file)]
    if changed:
        raise RefusedError(
            f"Changed since migrate wrote {'it' if len(changed) == 1 else 'them'}: {', '.join(changed)}.",
            reason="changed-file",
            hint="Take those changes back first, or undo these files by hand:"
            f" cronshift operations show {written[changed[0]].by.id} has the diffs.",
            where=changed[0],
        )
    edits = [_edit(path, file) for path, file in written.items() if file.before != file.current]
    operation = build_operation(
        root,
        COMMAND,
        edits,
        now,
        intent=Intent.ROLLBACK,
        allow_dirty=True,  # a way back must be open whatever is uncommitted
    )
    return Unmigration(operation, tuple(edit.path for edit in edits))


def _refuse_moving(root: Path, now: datetime) -> None:
    """Refuse while Inngest has ticks, or Vercel calls a guard: they need the files."""
    jobs = [
        job
        for job, epochs in read_ownership(root).jobs.items()
        if percent_at(epochs, now)
        or is_paused(epochs, now)
        or any(epoch.effective_at > now for epoch in epochs)
    ]
    if jobs:
        raise RefusedError(
            f"{', '.join(jobs)}: ticks are Inngest's, or an epoch is still to come.",
            reason="not-ready",
            hint="cronshift rollback --all gives them back first; once both sides hold that file,"
            f" cronshift {COMMAND}",
        )
    called = [job.id for job in make_plan(load_project(root)).jobs if job.entry.called is not None]
    if called:
        raise RefusedError(
            f"{', '.join(called)}: Vercel still calls the guard's route, which migrate wrote.",
            reason="not-ready",
            hint="cronshift rollback --all points to the app's own routes, once no call can be for a"
            f" tick of Inngest's; then cronshift {COMMAND}",
        )


def _can_go_back(root: Path, path: str, file: _Written) -> bool:
    """Read a file as it is now, and return whether its state without migrate's part is known."""
    file.current = content(inside(root, path))
    if file.current == file.after:
        return True
    if file.before is None or file.after is None or file.current is None:
        return False
    name = PurePosixPath(path).name
    less = without_added(name, file.before, file.after, file.current)
    if less is None:
        return False
    file.before = less
    return True


def _written(past: Iterable[Operation]) -> dict[str, _Written]:
    """Return the files that migrate wrote since it was last undone, each with its two ends."""
    files: dict[str, _Written] = {}
    for operation in past:
        if operation.state is not State.APPLIED:
            continue
        if operation.command == COMMAND:
            files.clear()
            continue
        for image in operation.images:
            if image.path in files:
                file = files[image.path]
                if operation.intent in _OTHERS:
                    raise RefusedError(
                        f"{operation.command} ({operation.id}) changed {image.path} behind migrate.",
                        reason="changed-file",
                        hint=f"cronshift operations show {operation.id} has the diff; undo it by hand.",
                        where=image.path,
                    )
                file.after, file.by = image.after, operation
            elif operation.intent is Intent.MIGRATE:
                files[image.path] = _Written(image.before, image.after, operation)
    return files


def _edit(path: str, file: _Written) -> Edit:
    kind = ChangeKind.DELETE if file.before is None else ChangeKind.WRITE
    summary = f"{path}: {'gone' if file.before is None else 'as before migrate'}"
    return Edit(path, file.before, kind, summary, based_on=Seen(file.current))

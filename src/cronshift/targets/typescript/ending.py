"""The end of Vercel's part in a Next.js app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import SourceTree
from cronshift.model import Job, Mode
from cronshift.moving.ending import each_once, staying
from cronshift.moving.entries import abandoned, regenerated, take_out
from cronshift.operations import ChangeKind, Edit
from cronshift.targets.target import Retirement
from cronshift.targets.typescript.retiring import retire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.plan.snapshot import Snapshot


def end(before: Snapshot, jobs: Sequence[Job]) -> Retirement:
    """Return the end of Vercel's part of the jobs.

    The routes' modules move to where their functions are; the dispatcher's routes go.

    Raises:
        RefusedError: if an entry stands where it cannot be taken out as text.
    """
    project = before.project
    entries_gone = before.after(take_out(project, jobs)).project
    tree = SourceTree(project.root, entries_gone.edited)
    moves, stay = retire(tree, before.plan, jobs)
    kept = {job: move.kept for move in moves for job in move.jobs}
    planned = take_out(project, jobs, kept)
    planned += [
        Edit(
            move.new,
            move.text.encode(),
            ChangeKind.MOVE,
            f"{move.old} → {move.new}: no route any more",
            moved_from=move.old,
        )
        for move in moves
    ]
    written = regenerated(before, planned)
    gone, edited = abandoned(before, planned)
    stays = [
        *(f"{file} stays: {reason}." for file, reason in stay.items()),
        *staying(project, [job for job in jobs if job.mode is Mode.BRIDGE], ()),
        *(f"{path} is no longer needed, but was changed by hand." for path in edited),
    ]
    return Retirement([*planned, *each_once(written, gone)], stays)

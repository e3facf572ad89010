"""Roll back: the operation that gives ticks to Vercel again, at once, and restores its files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from cronshift.moving.restore import restored
from cronshift.operations import (
    ChangeKind,
    Edit,
    Intent,
    Operation,
    build_operation,
    new_operation_id,
    past_operations,
)
from cronshift.operations.files import content, inside
from cronshift.plan.job_ids import unknown_job
from cronshift.plan.snapshot import Snapshot
from cronshift.project.ownership_file import ownership_of
from cronshift.runtime.ownership import OWNERSHIP_NAME, Epoch, Ownership, dump_ownership, percent_at

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from cronshift.project import Project


@dataclass(frozen=True, slots=True)
class Rollback:
    """What ``rollback`` would do.

    Attributes:
        jobs: those that change owner.
        done: those whose ticks are all Vercel's already.
        restored: files that come back.
        advice: what to do next, in sentences.
    """

    jobs: tuple[str, ...]
    done: tuple[str, ...]
    restored: tuple[str, ...]
    operation: Operation
    advice: tuple[str, ...]


def prepare_rollback(project: Project, jobs: Collection[str], now: datetime) -> Rollback:
    """Return the operation that gives all ticks of the jobs back to Vercel.

    Nothing but the project's own files is needed: no network, no database.

    Args:
        project: the project.
        jobs: their ids; all that ever moved when empty.
        now: the present instant.

    Raises:
        CronshiftError: for a job that is neither planned nor in the ownership file.
        RefusedError: if a file that is to come back is not as it was left.
    """
    held = content(inside(project.root, OWNERSHIP_NAME))
    ownership, past = ownership_of(held), past_operations(project.root)
    before = Snapshot(project)
    plan = before.plan
    known = [*(job.id for job in plan.jobs), *(job for job in ownership.jobs if not plan.job(job))]
    unknown = [job for job in jobs if job not in known]
    if unknown:
        raise unknown_job(unknown[0], known)
    chosen = [job for job in known if job in jobs or not jobs]
    moved = {job for job, one in project.settings.jobs.items() if one.moved}
    moved |= {job.id for job in plan.jobs if job.entry.called is not None}
    back = [job for job in chosen if _is_away(ownership, job, now) or job in moved]
    operation_id = new_operation_id(now)
    after = _taken_back(ownership, back, now, operation_id)
    edits = restored(before, back, past)
    if after != ownership:
        said = f"{', '.join(back)}: 0 % from now on"
        text = dump_ownership(after).encode()
        edits.append(Edit(OWNERSHIP_NAME, text, ChangeKind.ADD_EPOCH, said, based_on=held))
    operation = build_operation(
        project.root,
        f"rollback {' '.join(back)}",
        edits,
        now,
        intent=Intent.ROLLBACK,
        jobs=tuple(back),
        operation_id=operation_id,
        allow_dirty=True,  # a way back must be open whatever is uncommitted
    )
    files = tuple(image.path for image in operation.images if image.path != OWNERSHIP_NAME)
    return Rollback(
        jobs=tuple(back),
        done=tuple(job for job in chosen if job not in back),
        restored=files,
        operation=operation,
        advice=_advice(back, files),
    )


def _is_away(ownership: Ownership, job: str, now: datetime) -> bool:
    """Return whether a tick of the job may be Inngest's, now or later."""
    epochs = ownership.jobs.get(job, ())
    return percent_at(epochs, now) > 0 or any(epoch.effective_at > now for epoch in epochs)


def _taken_back(
    ownership: Ownership, jobs: Sequence[str], now: datetime, operation: str
) -> Ownership:
    """Return the ownership without what is still to come, and with 0 % from now on."""
    start = now.replace(microsecond=0) + timedelta(seconds=bool(now.microsecond))
    after = dict(ownership.jobs)
    for job in jobs:
        begun = tuple(epoch for epoch in after.get(job, ()) if epoch.effective_at <= now)
        if percent_at(begun, now) > 0:
            at = max(start, begun[-1].effective_at + timedelta(seconds=1))
            begun = (*begun, Epoch(at, 0, operation))
        after[job] = begun
        if not begun:
            del after[job]
    return replace(ownership, jobs=after)


def _advice(jobs: Sequence[str], restored: Sequence[str]) -> tuple[str, ...]:
    if not jobs:
        return ()
    advice = ["Commit and deploy both sides: each goes by the file that it holds."]
    if restored:
        advice.append("Vercel calls again once the deployment with its entries is live.")
    return tuple(advice)

"""Roll back: the operation that gives ticks to Vercel again, and restores its files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cronshift.moving.epochs import DEPLOY, Lead, costs, shared_anew, summary
from cronshift.moving.restore import restored
from cronshift.operations import (
    ChangeKind,
    Edit,
    Intent,
    Operation,
    Seen,
    build_operation,
    new_operation_id,
    past_operations,
)
from cronshift.operations.files import content, inside
from cronshift.plan.job_ids import unknown_job
from cronshift.plan.snapshot import Snapshot
from cronshift.project.ownership_file import ownership_of
from cronshift.runtime.ownership import (
    OWNERSHIP_NAME,
    Ownership,
    dump_ownership,
    percent_at,
    tick_text,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta

    from cronshift.project import Project


@dataclass(frozen=True, slots=True)
class Rollback:
    """What ``rollback`` would do.

    Attributes:
        jobs: those that change owner.
        done: those whose ticks are all Vercel's already.
        restored: files that come back.
        advice: what to do next, in sentences.
        costs: which ticks both sides may run meanwhile, in sentences.
    """

    jobs: tuple[str, ...]
    done: tuple[str, ...]
    restored: tuple[str, ...]
    operation: Operation
    advice: tuple[str, ...]
    costs: tuple[str, ...] = ()


def prepare_rollback(
    project: Project,
    jobs: Collection[str],
    now: datetime,
    *,
    deploy: timedelta = DEPLOY,
    at_once: bool = False,
) -> Rollback:
    """Return the operation that gives all ticks of the jobs back to Vercel.

    Nothing but the project's own files is needed: no network, no database.

    Args:
        project: the project.
        jobs: their ids; all that ever moved when empty.
        now: the present instant.
        deploy: how long it takes until both sides hold the file.
        at_once: do not wait for that: until then both sides run the ticks that are Inngest's.

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
    lead = Lead(now, deploy, at_once=at_once)
    back = [job for job in chosen if _is_away(ownership, job, lead) or job in moved]
    operation_id = new_operation_id(now)
    after = _taken_back(ownership, back, operation_id, lead)
    edits = restored(before, back, past)
    if after != ownership:
        said = "; ".join(summary(job, after.jobs.get(job, ())) for job in back)
        text = dump_ownership(after).encode()
        edits.append(Edit(OWNERSHIP_NAME, text, ChangeKind.ADD_EPOCH, said, based_on=Seen(held)))
    operation = build_operation(
        project.root,
        f"rollback {' '.join(back)}",
        edits,
        now,
        intent=Intent.ROLLBACK,
        jobs=tuple(back),
        operation_id=operation_id,
        allow_dirty=True,  # a way back must be open whatever is uncommitted
        write_by=lead.write_by(lead.ready) if after != ownership else None,
    )
    files = tuple(image.path for image in operation.images if image.path != OWNERSHIP_NAME)
    return Rollback(
        jobs=tuple(back),
        done=tuple(job for job in chosen if job not in back),
        restored=files,
        operation=operation,
        advice=_advice(back, files, lead, changed=after != ownership),
        costs=tuple(costs([job for job in plan.jobs if job.id in back], after)),
    )


def _is_away(ownership: Ownership, job: str, lead: Lead) -> bool:
    """Return whether a tick of the job may be Inngest's once a change can begin, or later."""
    epochs = ownership.jobs.get(job, ())
    start = lead.now if lead.at_once else lead.ready
    return percent_at(epochs, start) > 0 or any(epoch.effective_at > start for epoch in epochs)


def _taken_back(ownership: Ownership, jobs: Sequence[str], operation: str, lead: Lead) -> Ownership:
    """Return the ownership without the epochs that nobody holds yet, and with 0 % behind the others."""
    after = dict(ownership.jobs)
    for job in jobs:
        after[job] = shared_anew(after.get(job, ()), 0, lead.ready, operation, lead)
        if not after[job]:
            del after[job]
    return replace(ownership, jobs=after)


def _advice(
    jobs: Sequence[str], restored: Sequence[str], lead: Lead, *, changed: bool
) -> tuple[str, ...]:
    if not jobs:
        return ()
    advice = [f"Commit and deploy both sides before {tick_text(lead.ready)}."] if changed else []
    if restored:
        advice.append("Vercel calls again once the deployment with its entries is live.")
    return tuple(advice)

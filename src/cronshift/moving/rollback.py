"""Roll back: the operation that gives ticks to Vercel again, and restores its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.model import Origin
from cronshift.moving.epochs import DEPLOY, Lead, costs, shared_anew, summary, vercels_from
from cronshift.moving.own_functions import still_firing, unanswered
from cronshift.moving.restore import restored
from cronshift.moving.undirecting import files_back, standing
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
from cronshift.project.rollouts_file import ROLLOUTS_NAME, ended_rollouts
from cronshift.readiness.fact import Knowledge
from cronshift.readiness.guards import guards
from cronshift.readiness.subject import Subject
from cronshift.runtime.ownership import (
    OWNERSHIP_NAME,
    Ownership,
    dump_ownership,
    epoch_at,
    tick_text,
)
from cronshift.runtime.ticks import lateness

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from cronshift.model import Plan
    from cronshift.moving.restore import Restoration
    from cronshift.project import Project


class Rollback(Struct, frozen=True):
    """The plan of a ``rollback``.

    Attributes:
        jobs: those that change owner.
        done: those whose ticks are all Vercel's already.
        restored: files that come back.
        advice: what to do next, in sentences.
        waits: which entries cannot be as they were yet, in sentences.
        costs: which ticks both sides may run meanwhile, in sentences.
    """

    jobs: tuple[str, ...]
    done: tuple[str, ...]
    restored: tuple[str, ...]
    operation: Operation
    advice: tuple[str, ...]
    waits: tuple[str, ...] = ()
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

    An entry comes back at its guard, where there is one, as long as a tick that Vercel calls may be
    Inngest's; asked for again behind that, it is pointed to the app's own route.

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
    on_disk = content(inside(project.root, OWNERSHIP_NAME))
    ownership, past = ownership_of(on_disk), past_operations(project.root)
    made = standing(project.root, jobs, past)
    if made is not None:
        return _files_back(project, made, now)
    before = Snapshot(project)
    plan = before.plan
    names = [*(job.id for job in plan.jobs), *(job for job in ownership.jobs if not plan.job(job))]
    unknown = [job for job in jobs if job not in names]
    if unknown:
        raise unknown_job(unknown[0], names)
    chosen = [job for job in names if job in jobs or not jobs]
    moved = {job for job, job_settings in project.settings.jobs.items() if job_settings.moved}
    moved |= {job.id for job in plan.jobs if job.entry.called is not None}
    lead = Lead(now, deploy, at_once=at_once)
    back = [job for job in chosen if _is_away(ownership, job, lead) or job in moved]
    operation_id = new_operation_id(now)
    after = _taken_back(ownership, back, operation_id, lead)
    asking = [job.id for job in plan.jobs if job.id in back and job.function is None]
    waiting = _waiting(plan, asking, after, now)
    returned = restored(before, back, past, waiting)
    unguarded = _unguarded(before, returned, waiting, now)
    edits = [*returned.edits, *ended_rollouts(project.root, chosen)]
    if after != ownership:
        sentence = "; ".join(summary(job, after.jobs.get(job, ())) for job in back)
        text = dump_ownership(after).encode()
        edits.append(
            Edit(OWNERSHIP_NAME, text, ChangeKind.ADD_EPOCH, sentence, based_on=Seen(on_disk))
        )
    operation = build_operation(
        project.root,
        f"rollback {' '.join(back or chosen)}",
        edits,
        now,
        intent=Intent.ROLLBACK,
        jobs=tuple(back or chosen),
        operation_id=operation_id,
        allow_dirty=True,  # a way back must be open whatever is uncommitted
        write_by=lead.write_by(lead.ready) if after != ownership else None,
    )
    plans = {OWNERSHIP_NAME, ROLLOUTS_NAME}
    files = tuple(image.path for image in operation.images if image.path not in plans)
    return Rollback(
        jobs=tuple(back),
        done=tuple(job for job in chosen if job not in back),
        restored=files,
        operation=operation,
        advice=(
            *_advice(back, files, lead, changed=after != ownership),
            *still_firing(plan, back),
            *unanswered(project, returned.plan, back),
        ),
        waits=tuple(_waits(returned.plan, waiting)),
        costs=tuple(
            costs([job for job in returned.plan.jobs if job.id in back], after, now, unguarded)
        ),
    )


def _files_back(project: Project, made: Operation, now: datetime) -> Rollback:
    """Return the operation by which cronshift has jobs again that had become the app's own."""
    names = " ".join(made.jobs)
    operation = build_operation(
        project.root,
        f"rollback {names}",
        files_back(made),
        now,
        intent=Intent.ROLLBACK,
        jobs=made.jobs,
        allow_dirty=True,
    )
    return Rollback(
        jobs=made.jobs,
        done=(),
        restored=tuple(image.path for image in operation.images),
        operation=operation,
        advice=(
            "Their files are as they were before finalize --direct; the ticks are still Inngest's.",
            f"Next: cronshift rollback {names}",
        ),
    )


def _waiting(
    plan: Plan, jobs: Collection[str], ownership: Ownership, now: datetime
) -> dict[str, datetime]:
    """Return until when Vercel may be asked for ticks that are not its own, by job.

    A call may come late, so that is later than the last change of owner.
    """
    waiting = {}
    for job in plan.jobs:
        start = vercels_from(ownership.jobs.get(job.id, ())) if job.id in jobs else None
        if start is not None and job.schedule is not None:
            until = start + lateness(job.schedule)
            if now < until:
                waiting[job.id] = until
    return waiting


def _unguarded(
    before: Snapshot, returned: Restoration, waiting: Collection[str], now: datetime
) -> frozenset[str]:
    """Return the jobs that Vercel calls at their routes, before which no guard is known to stand."""
    jobs = [
        job
        for job in returned.plan.jobs
        if job.id in waiting and job.entry.called is None and job.entry.origin is not Origin.MOVED
    ]
    project = before.after(returned.edits).project
    facts = guards(Subject(project, returned.plan, jobs, now)) if jobs else ()
    good = {job for fact in facts if fact.answer is Knowledge.GOOD for job in fact.jobs}
    return frozenset(job.id for job in jobs) - good


def _waits(plan: Plan, waiting: Mapping[str, datetime]) -> Iterator[str]:
    """Yield the entries still called through the guard, and the instant at which that ends."""
    called = [job.id for job in plan.jobs if job.id in waiting and job.entry.called is not None]
    if called:
        until = max(waiting[job] for job in called)
        yield (
            f"{', '.join(called)}: called through the guard until {tick_text(until)}; from then on"
            f" cronshift rollback {' '.join(called)} points to the app's own routes."
        )


def _is_away(ownership: Ownership, job: str, lead: Lead) -> bool:
    """Return whether a tick of the job may be Inngest's once a change can begin, or later."""
    epochs = ownership.jobs.get(job, ())
    start = lead.now if lead.at_once else lead.ready
    last = epoch_at(epochs, start)
    is_shared = last is not None and (last.percent > 0 or last.owner is not None)
    return is_shared or any(epoch.effective_at > start for epoch in epochs)


def _taken_back(ownership: Ownership, jobs: Sequence[str], operation: str, lead: Lead) -> Ownership:
    """Return the ownership without the epochs that nobody holds yet, and with 0 % behind the others."""
    after = dict(ownership.jobs)
    for job in jobs:
        after[job] = shared_anew(after.get(job, ()), 0, lead.ready, operation, lead)
        if not after[job]:
            del after[job]
    return ownership.with_jobs(after)


def _advice(
    jobs: Sequence[str], restored: Sequence[str], lead: Lead, *, changed: bool
) -> tuple[str, ...]:
    if not jobs:
        return ()
    advice = [f"Commit and deploy both sides before {tick_text(lead.ready)}."] if changed else []
    if restored:
        advice.append("Vercel calls again once the deployment with its entries is live.")
    return tuple(advice)

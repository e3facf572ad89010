"""Pause: the operation from whose start on nobody runs a job's ticks, and the one that ends it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import RefusedError
from cronshift.model import Origin
from cronshift.moving.cutover import guard_routes
from cronshift.moving.epochs import DEPLOY, Lead, is_paused, paused, shared_anew, summary
from cronshift.moving.migration import pick_jobs
from cronshift.moving.own_functions import refuse_own
from cronshift.moving.pointing import dispatch
from cronshift.operations import (
    ChangeKind,
    Edit,
    Intent,
    Operation,
    Seen,
    build_operation,
    new_operation_id,
)
from cronshift.operations.files import content, inside
from cronshift.plan.snapshot import Snapshot
from cronshift.project.ownership_file import ownership_of
from cronshift.readiness.checking import Decisions, refuse_bad
from cronshift.readiness.guards import guards
from cronshift.readiness.subject import Subject
from cronshift.runtime.ownership import (
    OWNERSHIP_NAME,
    Ownership,
    dump_ownership,
    percent_at,
    tick_text,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from cronshift.model import Job
    from cronshift.project import Project
    from cronshift.readiness.fact import Fact

_NONE = Decisions()


class Pause(Struct, frozen=True):
    """The plan of a ``pause`` or a ``resume-job``.

    Attributes:
        jobs: those that change.
        done: those that are so already.
        start: from when on both sides do so.
        facts: whether Vercel's side asks the ownership file.
    """

    jobs: tuple[str, ...]
    done: tuple[str, ...]
    start: datetime
    operation: Operation
    facts: tuple[Fact, ...] = ()


def prepare_pause(  # noqa: PLR0913 - each is an option of the command
    project: Project,
    jobs: Collection[str],
    now: datetime,
    *,
    until: datetime | None = None,
    deploy: timedelta = DEPLOY,
    decisions: Decisions = _NONE,
) -> Pause:
    """Return the operation from whose start on no side runs a tick of the jobs.

    Args:
        project: the project.
        jobs: their ids; all when empty.
        now: the present instant.
        until: when the share that they have now comes back; left open where not given.
        deploy: how long it takes until both sides hold the file.
        decisions: which known bad facts stop nothing.

    Raises:
        RefusedError: if Vercel would call a job that asks nobody, an epoch is to come behind the pause's
            beginning, or the pause would be over before it can begin.
        CronshiftError: for a job that is unknown.
    """
    lead = Lead(now, deploy)
    if until is not None and until <= lead.ready:
        raise RefusedError(
            f"{tick_text(until)} is before both sides can hold the pause ({tick_text(lead.ready)}).",
            reason="too-early",
            hint="Choose a later --until, or a shorter --deploy-minutes.",
        )
    plan = Snapshot(project).plan
    ownership, text = _ownership(project)
    chosen = pick_jobs(plan, jobs)
    going = [job for job in chosen if not is_paused(ownership.jobs.get(job.id, ()), now)]
    refuse_own(going)
    facts = tuple(guards(Subject(project, plan, going, now)))
    refuse_bad(facts, decisions)
    operation_id = new_operation_id(now)
    for job in going:
        percent = percent_at(ownership.jobs.get(job.id, ()), lead.ready)
        start, *ending = paused(percent, lead.ready, until, operation_id)
        # What begins before the pause can is under way already, and nothing to wait for.
        ownership = ownership.with_epoch(job.id, start, start.effective_at - timedelta(seconds=1))
        for epoch in ending:
            ownership = ownership.with_epoch(job.id, epoch, start.effective_at)
    called = [job for job in going if job.entry.origin is not Origin.MOVED]
    edits = dispatch(project, routed) if (routed := guard_routes(plan, called)) else []
    command = f"pause {' '.join(job.id for job in going)}"
    command += f" --until {tick_text(until)}" if until else ""
    return Pause(
        jobs=tuple(job.id for job in going),
        done=tuple(job.id for job in chosen if job not in going),
        start=lead.ready,
        operation=_operation(
            project, command, going, ownership, text, edits, lead, operation_id, Intent.PAUSE
        ),
        facts=facts,
    )


def prepare_resumption(
    project: Project, jobs: Collection[str], now: datetime, *, deploy: timedelta = DEPLOY
) -> Pause:
    """Return the operation that gives paused jobs the share back that they had.

    Raises:
        CronshiftError: for a job that is unknown.
    """
    lead = Lead(now, deploy)
    plan = Snapshot(project).plan
    ownership, text = _ownership(project)
    chosen = pick_jobs(plan, jobs)
    going = [job for job in chosen if is_paused(ownership.jobs.get(job.id, ()), now)]
    operation_id, after = new_operation_id(now), dict(ownership.jobs)
    for job in going:
        percent = percent_at(after[job.id], lead.ready)
        after[job.id] = shared_anew(after[job.id], percent, lead.ready, operation_id, lead)
        if not after[job.id]:
            del after[job.id]
    return Pause(
        jobs=tuple(job.id for job in going),
        done=tuple(job.id for job in chosen if job not in going),
        start=lead.ready,
        operation=_operation(
            project,
            f"resume-job {' '.join(job.id for job in going)}",
            going,
            ownership.with_jobs(after),
            text,
            [],
            lead,
            operation_id,
            Intent.RESUME_JOB,
        ),
    )


def _ownership(project: Project) -> tuple[Ownership, bytes | None]:
    text = content(inside(project.root, OWNERSHIP_NAME))
    return ownership_of(text), text


def _operation(  # noqa: PLR0913, PLR0917 - what the two operations share
    project: Project,
    command: str,
    jobs: Collection[Job],
    ownership: Ownership,
    before: bytes | None,
    edits: Collection[Edit],
    lead: Lead,
    operation_id: str,
    intent: Intent,
) -> Operation:
    words = "; ".join(summary(job.id, ownership.jobs.get(job.id, ())) for job in jobs)
    edit = Edit(
        OWNERSHIP_NAME,
        dump_ownership(ownership).encode(),
        ChangeKind.ADD_EPOCH,
        words,
        based_on=Seen(before),
    )
    return build_operation(
        project.root,
        command,
        [edit, *edits] if jobs else [],
        lead.now,
        intent=intent,
        jobs=tuple(job.id for job in jobs),
        operation_id=operation_id,
        allow_dirty=True,  # a job can be stopped whatever is uncommitted
        write_by=lead.write_by(lead.ready) if jobs else None,
    )

"""The status of the move: each job's owner now, the next change, the next tick and its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.model import Origin
from cronshift.moving.flow_status import FlowStatus, flow_statuses
from cronshift.plan.planning import make_plan
from cronshift.project.ownership_file import percent_now, read_ownership
from cronshift.readiness.checking import facts_of
from cronshift.readiness.fact import Knowledge
from cronshift.runtime.ownership import Epoch, Owner, Ownership, epoch_at, tick_text
from cronshift.targets import GuardByHand, GuardRoute, target_named
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from cronshift.model import Job, Plan
    from cronshift.project import Project
    from cronshift.readiness.fact import Fact


class JobStatus(Struct, frozen=True):
    """One job's place in the move.

    Attributes:
        percent: of its ticks, Inngest's at present.
        upcoming: the epoch that is still to start.
        generated: whether its function is on disk.
        moved: whether Vercel no longer has its entry.
        paused: whether nobody runs its ticks at present.
    """

    job: str
    percent: int
    upcoming: Epoch | None
    next_tick: datetime | None
    next_owner: Owner | None
    generated: bool
    moved: bool
    paused: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the job's part of the status document."""
        upcoming = self.upcoming
        return {
            "id": self.job,
            "percent": self.percent,
            "next_change": {
                "at": tick_text(upcoming.effective_at),
                "percent": upcoming.percent,
                "paused": upcoming.owner is Owner.NOBODY,
            }
            if upcoming
            else None,
            "next_tick": tick_text(self.next_tick) if self.next_tick else None,
            "next_owner": self.next_owner.value if self.next_owner else None,
            "generated": self.generated,
            "moved": self.moved,
            "paused": self.paused,
        }


class MoveStatus(Struct, frozen=True):
    """The state of the whole move.

    Attributes:
        drift: what does not fit together, in sentences.
        facts: what the move depends on.
        flows: those of sessions, which have users in place of ticks.
    """

    jobs: tuple[JobStatus, ...]
    drift: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    flows: tuple[FlowStatus, ...] = ()

    @property
    def pressing(self) -> tuple[Fact, ...]:
        """The facts that are known bad, of jobs that are on their way."""
        going = {row.job for row in self.jobs if row.percent or row.upcoming}
        return tuple(
            fact
            for fact in self.facts
            if fact.answer is Knowledge.BAD and (going & set(fact.jobs) if fact.jobs else going)
        )


def read_status(project: Project, now: datetime, plan: Plan | None = None) -> MoveStatus:
    """Return the status of the project's jobs at ``now``; by ``plan``, where that is made already.

    Raises:
        ConfigError: if the project or its ownership file cannot be read.
    """
    plan = plan or make_plan(project)
    ownership = read_ownership(project.root)
    rows = tuple(_job(project, job, ownership, now) for job in plan.jobs)
    drift = (*_drift(rows, ownership), *_called_again(plan, rows), *_unasked(project, plan, rows))
    return MoveStatus(rows, drift, facts_of(project, plan, now), flow_statuses(ownership, now))


def _job(project: Project, job: Job, ownership: Ownership, now: datetime) -> JobStatus:
    epochs = ownership.jobs.get(job.id, ())
    epoch = epoch_at(epochs, now)
    tick = next(job.schedule.after(now), None) if job.schedule else None
    return JobStatus(
        job=job.id,
        percent=percent_now(ownership, job.id, now),
        upcoming=next((epoch for epoch in epochs if epoch.effective_at > now), None),
        next_tick=tick,
        next_owner=ownership.owner(job.id, tick) if tick else None,
        generated=job.module is not None and (project.root / job.module).is_file(),
        moved=job.entry.origin is Origin.MOVED,
        paused=epoch is not None and epoch.owner is Owner.NOBODY,
    )


def _drift(rows: tuple[JobStatus, ...], ownership: Ownership) -> list[str]:
    planned = {row.job for row in rows}
    gone = [
        f"{job} has epochs, but no entry calls it any more."
        for job in sorted(ownership.jobs)
        if job not in planned
    ]
    unguarded = [
        f"{row.job} is shared between both sides at {row.percent} %, but Vercel has no entry for it."
        for row in rows
        if row.moved and (row.upcoming or 0 < row.percent < 100)  # noqa: PLR2004 - percent
    ]
    silent = [
        f"{row.job} has no entry in the Vercel configuration, and its ticks are Vercel's:"
        " nobody runs them."
        for row in rows
        if row.moved and row.percent == 0
    ]
    return (
        gone
        + unguarded
        + silent
        + [
            f"{row.job} belongs to Inngest at {row.percent} %, but its function is not generated:"
            " those ticks are lost."
            for row in rows
            if not row.generated and (row.percent or row.upcoming)
        ]
    )


def guarded_path(root: Path, plan: Plan) -> str:
    """Return a path behind which a guard answers: an entry's, or one that entries will point to."""
    called = [job.entry.called for job in plan.jobs if job.entry.called]
    guards = ((job.entry.path, target_named(plan.target).guard(plan, job)) for job in plan.jobs)
    waiting = [
        f"{guard.base_path}{MOUNT}{path.removeprefix(guard.base_path)}"
        for path, guard in guards
        if isinstance(guard, GuardRoute) and (root / guard.file).is_file()
    ]
    return next(iter([*called, *waiting, *(job.entry.path for job in plan.jobs)]), "/")


def _called_again(plan: Plan, rows: Sequence[JobStatus]) -> Iterator[str]:
    """Yield the jobs that moved and whose entries somebody has put back by hand."""
    entries = {
        (job.entry.path, job.entry.schedule)
        for job in plan.jobs
        if job.entry.origin is not Origin.MOVED
    }
    for job, row in zip(plan.jobs, rows, strict=True):
        is_held = (job.entry.path, job.entry.schedule) in entries
        if row.moved and is_held and (row.percent or row.upcoming):
            yield (
                f"{job.id} is Inngest's at {row.percent} %, and the Vercel configuration has an entry"
                f" for {job.entry.path} again: both sides run those ticks."
            )


def _unasked(project: Project, plan: Plan, rows: Sequence[JobStatus]) -> Iterator[str]:
    """Yield the jobs whose entries and guards do not fit their shares, where guards are generated."""
    target = target_named(plan.target)
    for job, row in zip(plan.jobs, rows, strict=True):
        guard = target.guard(plan, job)
        if isinstance(guard, GuardByHand) and job.entry.workflow is None:
            continue
        if job.entry.called is not None:
            is_there = isinstance(guard, GuardRoute) and (project.root / guard.file).is_file()
            if not is_there:
                yield f"{job.entry.called} is called for {job.id}, and nothing answers there."
        elif not row.moved and (row.percent or row.upcoming):
            share = row.percent or (row.upcoming.percent if row.upcoming else 0)
            caller = job.entry.workflow or "Vercel"
            yield (
                f"{job.id} is Inngest's at {share} %, and {caller} calls {job.entry.path} without"
                " asking whose the tick is: both sides run those ticks."
            )

"""Jobs that a cutover refuses to move, each with the reason and the way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError, RefusedError
from cronshift.model import Mode, Origin
from cronshift.moving.epochs import is_paused
from cronshift.moving.migration import pick_jobs
from cronshift.plan.decided import is_left_out, stopping, way_in
from cronshift.plan.findings import ASKED_FIRST
from cronshift.runtime.ownership import tick_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from cronshift.model import Job, Plan
    from cronshift.project import Project
    from cronshift.runtime.ownership import Ownership

_WHOLE = 100  # percent


def movable(project: Project, plan: Plan, jobs: Collection[str]) -> list[Job]:
    """Return the jobs of those ids, or all that can move; each has a function that runs its ticks.

    Raises:
        CronshiftError: for a job that is asked for and cannot move, and where of all none can.
    """
    every = pick_jobs(plan, jobs)
    chosen = [job for job in every if jobs or not is_left_out(plan, job)]
    if every and not chosen:
        left = ", ".join(f"{job.id} ({_what_stops(plan, job)})" for job in every)
        raise CronshiftError(
            f"No job can move: {left}.", reason="blocked-job", hint="cronshift next"
        )
    for job in chosen:
        if job.module is None or not (project.root / job.module).is_file():
            raise _cannot_move(plan, job)
    return chosen


def stays(plan: Plan, jobs: Collection[str]) -> list[str]:
    """Return a sentence for each job that is passed over where all that can move do."""
    left = [] if jobs else [job for job in plan.jobs if is_left_out(plan, job)]
    return [
        f"{job.id} stays with Vercel, for {_what_stops(plan, job)}: {way_in(plan, job)}."
        for job in left
    ]


def _cannot_move(plan: Plan, job: Job) -> CronshiftError:
    if job.mode is Mode.BLOCKED:
        return CronshiftError(
            f"{job.id} cannot move, for {_what_stops(plan, job)}.",
            reason="blocked-job",
            hint=way_in(plan, job),
        )
    return CronshiftError(
        f"{job.id} has no function yet, so nobody would run its ticks.",
        reason="not-migrated",
        hint=way_in(plan, job),
    )


def _what_stops(plan: Plan, job: Job) -> str:
    """Return the codes of the findings that keep a job out."""
    return ", ".join(stopping(plan, job)) or "its schedule"


def refuse_doubtful(plan: Plan, growing: Sequence[Job]) -> None:
    """Refuse to give more ticks to a function whose every run would count as a success."""
    for job in growing:
        doubts = [
            finding
            for finding in plan.findings
            if finding.job == job.id and finding.code in ASKED_FIRST
        ]
        if doubts:
            raise CronshiftError(
                f"{job.id}: {doubts[0].message}",
                reason="doubtful-handler",
                hint="cronshift migrate --fix, or take it as it is:"
                f" cronshift migrate {job.id} --accept {doubts[0].code}",
                where=str(doubts[0].location or ""),
            )


def refuse_paused(ownership: Ownership, jobs: Sequence[Job], now: datetime) -> None:
    """Refuse to move jobs that nobody runs at the moment."""
    paused = [job.id for job in jobs if is_paused(ownership.jobs.get(job.id, ()), now)]
    if paused:
        raise RefusedError(
            f"{', '.join(paused)}: paused, so nobody runs a tick, whoever it belongs to.",
            reason="paused",
            hint=f"cronshift resume-job {' '.join(paused)}",
        )


def refuse_pending(ownership: Ownership, jobs: Sequence[Job], percent: int, now: datetime) -> None:
    """Refuse another epoch behind one that is still to come, naming its job and the others."""
    epochs = {job.id: ownership.jobs[job.id][-1] for job in jobs if job.id in ownership.jobs}
    pending = {job: epoch for job, epoch in epochs.items() if epoch.effective_at > now}
    if not pending:
        return
    pending_words = ", ".join(
        f"{job} ({epoch.percent} % from {tick_text(epoch.effective_at)})"
        for job, epoch in pending.items()
    )
    others = " ".join(job.id for job in jobs if job.id not in pending)
    go_on = f"The others can go on: cronshift cutover {others} --percent {percent}. " * bool(others)
    raise RefusedError(
        f"An epoch is still to come of {pending_words}.",
        reason="epoch-pending",
        hint=f"{go_on}Wait for it, or take it back: cronshift rollback {' '.join(pending)}",
    )


def refuse_rate_limited(jobs: Sequence[Job], percent: int) -> None:
    """Refuse a share of ticks where the runs that skip themselves use up the rate limit.

    The engine counts every run that begins, so ticks of Inngest's own would be dropped, and Vercel
    has let them go by.
    """
    limited = [job.id for job in jobs if job.options.rate_limit is not None]
    if limited and 0 < percent < _WHOLE:
        raise RefusedError(
            f"{', '.join(limited)}: the runs that skip Vercel's ticks use up the rate limit, and"
            " ticks of Inngest's are dropped on both sides.",
            reason="rate-limited-share",
            hint="Use --percent 100, or throttle instead of rate_limit.",
        )


def refuse_moved(jobs: Sequence[Job]) -> None:
    """Refuse to share out the ticks of a job that Vercel does not call at all any more."""
    moved = [job.id for job in jobs if job.entry.origin is Origin.MOVED]
    if moved:
        raise RefusedError(
            f"Vercel no longer has the entries of {', '.join(moved)}.",
            reason="entry-moved",
            hint=f"cronshift rollback {' '.join(moved)} puts them back.",
        )


def share_of(ownership: Ownership, job: str) -> int:
    """Return the percentage a job has, or will have once its last epoch starts."""
    epochs = ownership.jobs.get(job, ())
    return epochs[-1].percent if epochs else 0

"""Contract: the operation after which nothing of Vercel cron is left for a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cronshift.errors import RefusedError
from cronshift.model import Job, Origin
from cronshift.moving.migration import pick_jobs
from cronshift.operations import Intent, Operation, build_operation
from cronshift.plan.leftovers import Leftover, find_leftovers
from cronshift.plan.snapshot import Snapshot
from cronshift.project.ownership_file import read_ownership
from cronshift.readiness.checking import Decisions, check, refuse_bad
from cronshift.readiness.fact import Stage
from cronshift.readiness.subject import Subject
from cronshift.runtime.ownership import tick_text
from cronshift.targets import Retirement, target_named

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from cronshift.project import Project
    from cronshift.readiness.fact import Fact
    from cronshift.runtime.ownership import Ownership

    HasRun = Callable[[str, datetime], bool]

_EVERYTHING = 100
_NONE = Decisions()


@dataclass(frozen=True, slots=True)
class Finalization:
    """What ``finalize`` would do.

    Attributes:
        jobs: those that it ends Vercel's part of.
        done: those that have no such part any more.
        stays: what is left on purpose, and why, in sentences.
        leftovers: lines that may have lost their reason.
        entries_left: how many entries Vercel still has afterwards.
        facts: what it depends on, and what is known of that.
    """

    jobs: tuple[str, ...]
    done: tuple[str, ...]
    stays: tuple[str, ...]
    leftovers: tuple[Leftover, ...]
    entries_left: int
    operation: Operation
    facts: tuple[Fact, ...] = ()


def prepare_finalization(
    project: Project,
    jobs: Collection[str],
    now: datetime,
    has_run: HasRun,
    *,
    decisions: Decisions = _NONE,
) -> Finalization:
    """Return the operation that removes the jobs' entries, guards and dead routes.

    Args:
        project: the project.
        jobs: their ids; all when empty.
        now: the present instant.
        has_run: tells whether Inngest ran a job's tick.
        decisions: which known bad facts stop nothing.

    Raises:
        RefusedError: for jobs that are not wholly and visibly Inngest's yet, each with its reason.
        CronshiftError: for a job that is not in the plan.
    """
    before = Snapshot(project)
    plan = before.plan
    chosen = pick_jobs(plan, jobs)
    ready = [job for job in chosen if job.entry.origin is not Origin.MOVED]
    ownership = read_ownership(project.root)
    reasons = [
        f"{job.id} {why}" for job in ready if (why := _not_yet(ownership, job, now, has_run))
    ]
    if reasons:
        raise RefusedError(
            f"Not yet: {'; '.join(reasons)}.",
            reason="not-ready",
            hint="cronshift status shows where each job stands.",
        )
    facts = check(Subject(project, plan, ready, now, Stage.REMOVE)) if ready else ()
    refuse_bad(facts, decisions)
    retirement = target_named(plan.target).retire(before, ready) if ready else Retirement(())
    after = before.after(retirement.edits).project
    operation = build_operation(
        project.root,
        f"finalize {' '.join(job.id for job in ready)} {decisions.in_words(facts)}".strip(),
        retirement.edits,
        now,
        intent=Intent.FINALIZE,
        jobs=[job.id for job in ready],
    )
    gone = {image.path for image in operation.images if image.after is None}
    left = (
        find_leftovers(project.root, [job.entry.path for job in ready], plan.out) if ready else []
    )
    return Finalization(
        jobs=tuple(job.id for job in ready),
        done=tuple(job.id for job in chosen if job not in ready),
        stays=tuple(retirement.stays),
        leftovers=tuple(line for line in left if line.file not in gone),
        entries_left=sum(len(source.entries) for source in after.sources),
        operation=operation,
        facts=facts,
    )


def _not_yet(ownership: Ownership, job: Job, now: datetime, has_run: HasRun) -> str | None:
    """Return why a job cannot be finalized now, reading on from its name."""
    epochs = ownership.jobs.get(job.id, ())
    if not epochs or epochs[-1].percent != _EVERYTHING:
        return f"is at {epochs[-1].percent if epochs else 0} %"
    start = epochs[-1].effective_at
    if start > now:
        return f"changes owner only at {tick_text(start)}"
    tick = job.schedule.latest(now) if job.schedule else None
    if tick is None or tick < start:
        return "has had no tick since it became Inngest's"
    if not has_run(job.id, tick):
        return f"was due at {tick_text(tick)}, and nobody has seen that it ran"
    return None

"""Contract: the operation after which nothing of Vercel cron is left for a job."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import RefusedError
from cronshift.model import Job, Origin
from cronshift.moving.emptied_config import without_emptied
from cronshift.moving.epochs import is_paused
from cronshift.moving.migration import pick_jobs
from cronshift.operations import Intent, Operation, build_operation
from cronshift.plan.leftovers import Leftover, find_leftovers
from cronshift.plan.snapshot import Snapshot
from cronshift.project.ownership_file import read_ownership
from cronshift.project.rollouts_file import ended_rollouts
from cronshift.readiness.checking import Decisions, check, refuse_bad
from cronshift.readiness.fact import Stage
from cronshift.readiness.subject import Subject
from cronshift.runtime.ownership import tick_text
from cronshift.targets import CallerFate, Directing, Retirement, Wishes, target_named

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from cronshift.operations import Edit
    from cronshift.project import Project
    from cronshift.readiness.fact import Fact
    from cronshift.runtime.ownership import Ownership

    HasRun = Callable[[str, datetime], bool]

_EVERYTHING = 100
_NONE = Decisions()


class Directness(StrEnum):
    """The choice whether work is to be done without HTTP."""

    NO = "no"
    OFFERED = "offered"
    """It is only looked at for which jobs that is certain."""
    WHOLE = "whole"
    STEPS = "steps"
    """In the durable steps that the code shows."""


class Finalization(Struct, frozen=True):
    """The plan of a ``finalize``.

    Attributes:
        jobs: those that it ends Vercel's part of.
        done: those that have no such part any more.
        stays: what is left on purpose, and why, in sentences.
        leftovers: lines that may have lost their reason.
        entries_left: how many entries Vercel still has afterwards.
        facts: what it depends on, and what is known of that.
        direct: the jobs that become functions of the app's own.
        kept: why others do not, in sentences, by job.
    """

    jobs: tuple[str, ...]
    done: tuple[str, ...]
    stays: tuple[str, ...]
    leftovers: tuple[Leftover, ...]
    entries_left: int
    operation: Operation
    facts: tuple[Fact, ...] = ()
    direct: tuple[str, ...] = ()
    kept: Mapping[str, str] = {}


def prepare_finalization(  # noqa: PLR0913 - what a user may say of it
    project: Project,
    jobs: Collection[str],
    now: datetime,
    has_run: HasRun,
    *,
    decisions: Decisions = _NONE,
    direct: Directness = Directness.NO,
    callers: CallerFate = CallerFate.REFUSE,
) -> Finalization:
    """Return the operation that removes the jobs' entries, guards and dead routes.

    Args:
        project: the project.
        jobs: their ids; all when empty.
        now: the present instant.
        has_run: tells whether Inngest ran a job's tick.
        decisions: which known bad facts stop nothing.
        direct: whether the jobs' work is to be done without HTTP, where that is certain.
        callers: what becomes of routes that others call too.

    Raises:
        RefusedError: for jobs that are not wholly and visibly Inngest's yet, each with its reason.
        CronshiftError: for a job that is not in the plan.
    """
    before = Snapshot(project)
    plan = before.plan
    chosen = pick_jobs(plan, jobs)
    ready = [job for job in chosen if job.entry.origin is not Origin.MOVED]
    ownership = read_ownership(project.root)
    early = {job.id: why for job in ready if (why := _not_yet(ownership, job, now, has_run))}
    if early:
        raise RefusedError(
            f"Not yet: {'; '.join(f'{job} {why.text}' for job, why in early.items())}.",
            reason="not-ready",
            hint=_remedy(early, [job.id for job in ready]),
        )
    facts = check(Subject(project, plan, ready, now, Stage.REMOVE)) if ready else ()
    refuse_bad(facts, decisions)
    retirement = target_named(plan.target).retire(before, ready) if ready else Retirement(())
    directing = _directing(before, retirement.edits, chosen, direct, callers)
    is_direct = bool(directing.jobs) and direct is not Directness.OFFERED
    edits = without_emptied(before, directing.edits) if is_direct else retirement.edits
    after = before.after(edits).project
    named = chosen if is_direct else ready
    flag = " --direct" if is_direct else ""
    operation = build_operation(
        project.root,
        f"finalize{flag} {' '.join(job.id for job in named)} {decisions.in_words(facts)}".strip(),
        [*edits, *ended_rollouts(project.root, [job.id for job in named])],
        now,
        intent=Intent.DIRECT if flag else Intent.FINALIZE,
        jobs=[job.id for job in named],
    )
    paths = [job.entry.path for job in ready]
    left = find_leftovers(project.root, paths, plan.out, after.edited) if ready else []
    return Finalization(
        jobs=tuple(job.id for job in ready),
        done=tuple(job.id for job in chosen if job not in ready),
        stays=tuple(directing.notes if flag else retirement.stays),
        leftovers=tuple(left),
        entries_left=sum(len(source.entries) for source in after.sources),
        operation=operation,
        facts=facts,
        direct=tuple(directing.jobs),
        kept=directing.kept,
    )


def _directing(
    before: Snapshot,
    ending: Sequence[Edit],
    jobs: Sequence[Job],
    direct: Directness,
    callers: CallerFate,
) -> Directing:
    """Return the target's way to functions of the app's own, where that is asked for."""
    if direct is Directness.NO:
        return Directing()
    plan = before.after(ending).plan
    planned = [
        job for each in jobs if (job := plan.job(each.id)) is not None and job.function is None
    ]
    wishes = Wishes(steps=direct is Directness.STEPS, callers=callers)
    return target_named(plan.target).direct(before, ending, planned, wishes)


class _Cause(StrEnum):
    """The reasons that keep a job from being finalized, the first to be mended first."""

    SHARE = "share"
    PAUSED = "paused"
    START = "start"
    TICK = "tick"
    SEEN = "seen"


class _NotYet(Struct, frozen=True):
    """The reason that keeps a job from being finalized; ``text`` reads on from its name."""

    cause: _Cause
    text: str


def _not_yet(ownership: Ownership, job: Job, now: datetime, has_run: HasRun) -> _NotYet | None:
    """Return the reason that keeps a job from being finalized now."""
    epochs = ownership.jobs.get(job.id, ())
    if not epochs or epochs[-1].percent != _EVERYTHING:
        return _NotYet(_Cause.SHARE, f"is at {epochs[-1].percent if epochs else 0} %")
    if is_paused(epochs, now):
        return _NotYet(_Cause.PAUSED, "is paused")
    start = epochs[-1].effective_at
    if start > now:
        return _NotYet(_Cause.START, f"changes owner only at {tick_text(start)}")
    tick = job.schedule.latest(now) if job.schedule else None
    if tick is None or tick < start:
        first = next(job.schedule.after(now), None) if job.schedule else None
        due = f", and is next due at {tick_text(first)}" if first else ""
        return _NotYet(_Cause.TICK, f"has had no tick since it became Inngest's{due}")
    if not has_run(job.id, tick):
        text = f"was due at {tick_text(tick)}, and nobody has seen that it ran"
        return _NotYet(_Cause.SEEN, text)
    return None


def _remedy(early: Mapping[str, _NotYet], jobs: Sequence[str]) -> str:
    """Return the command that leads on: for jobs that can be finalized now, or the step before."""
    causes = {why.cause for why in early.values()}
    if causes == {_Cause.SEEN}:
        return (
            "Look in Inngest's dashboard whether that run ended well; then"
            f" cronshift finalize {' '.join(early)} --ticks-ran. With CRONSHIFT_CLAIMS_URL set, on both"
            " sides and here, cronshift looks it up itself."
        )
    ready = [job for job in jobs if job not in early]
    if ready:
        return f"The others can go now: cronshift finalize {' '.join(ready)}"
    job, why = next(iter(early.items()))
    if why.cause is _Cause.SHARE:
        return f"cronshift cutover {job} --percent 100 comes first."
    if why.cause is _Cause.PAUSED:
        return f"cronshift resume-job {job} comes first."
    return "Nothing but time is missing: say it again after that instant."

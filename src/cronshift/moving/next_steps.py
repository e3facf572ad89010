"""The next commands that lead on from where a project stands, from one place.

``cronshift next`` prints them, and every "Next:" of another command is the first of them behind it.
"""

from __future__ import annotations

import os
from datetime import timedelta
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.model import Mode, Origin
from cronshift.moving.epochs import is_paused
from cronshift.moving.next_step import NextStep
from cronshift.moving.trials import missing_install, trial
from cronshift.operations import read_journal
from cronshift.plan.decided import doubts, is_left_out, stopping
from cronshift.plan.findings import ASKED_FIRST
from cronshift.plan.planning import make_plan
from cronshift.project.inngest_sdk import SDK
from cronshift.project.locks import locks_in
from cronshift.project.ownership_file import read_ownership
from cronshift.project.rollouts_file import read_rollouts
from cronshift.readiness.checking import facts_of
from cronshift.readiness.fact import Knowledge
from cronshift.readiness.guards import by_hand
from cronshift.readiness.kinds import GUARD, SDK_FITS
from cronshift.readiness.subject import Subject
from cronshift.runtime.claiming import VARIABLE as CLAIMS
from cronshift.runtime.ownership import tick_text
from cronshift.runtime.recording import VARIABLE as LEDGER
from cronshift.targets import GuardRoute, NoGuard, target_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from cronshift.model import Job, Plan
    from cronshift.project import Project
    from cronshift.readiness.fact import Fact
    from cronshift.runtime.ownership import Ownership

STAGES = (10, 50, 100)
_WEEK = timedelta(days=7)


class JourneyStage(StrEnum):
    """The stages of a job's journey, the nearest to its end first."""

    WHOLE = "whole"
    SHARED = "shared"
    COMING = "coming"
    GENERATED = "generated"
    FRESH = "fresh"
    PAUSED = "paused"
    ENDED = "ended"
    STOPPED = "stopped"


def next_steps(project: Project, now: datetime, plan: Plan | None = None) -> tuple[NextStep, ...]:
    """Return the commands that lead on from where a project stands; none where all is done.

    Args:
        project: the project.
        now: the present instant.
        plan: the project's, where it is made already.
    """
    unfinished = read_journal(project.root).unfinished()
    if unfinished is not None:
        command = unfinished.operation.command
        return (NextStep("cronshift operations resume", f"{command} was interrupted"),)
    plan = plan or make_plan(project)
    ownership = read_ownership(project.root)
    places = [(_place(project, plan, ownership, job, now), job) for job in plan.jobs]
    for place, steps in _STEPS.items():
        jobs = [job for where, job in places if where is place]
        if jobs:
            of_jobs = steps(_Journey(project, plan, ownership, now), jobs)
            return (*of_jobs, *_of_flows(project))
    return tuple(_of_flows(project))


def steps_behind(steps: Sequence[NextStep], verb: str | None) -> tuple[NextStep, ...]:
    """Return the steps behind a command that was carried out just now; all, where one was needed first."""
    last = max((at for at, step in enumerate(steps, 1) if verb and step.verb == verb), default=0)
    return tuple(steps if any(step.is_needed for step in steps[:last]) else steps[last:])


_ADVANCE = NextStep("cronshift advance", "takes the step that the evidence allows")


def _of_flows(project: Project) -> Iterator[NextStep]:
    """Yield the step of each flow whose users go by stages."""
    for flow in read_rollouts(project.root).flows:
        why = "takes the step that its sessions allow"
        yield NextStep(f"cronshift advance --flow {flow}", why)


class _Journey(Struct, frozen=True):
    project: Project
    plan: Plan
    ownership: Ownership
    now: datetime


def _place(
    project: Project, plan: Plan, ownership: Ownership, job: Job, now: datetime
) -> JourneyStage:
    epochs = ownership.jobs.get(job.id, ())
    if is_paused(epochs, now):
        return JourneyStage.PAUSED
    is_there = job.module is not None and (project.root / job.module).is_file()
    if job.mode is Mode.BLOCKED:
        return JourneyStage.STOPPED
    if not is_there:
        return JourneyStage.STOPPED if is_left_out(plan, job) else JourneyStage.FRESH
    if epochs and epochs[-1].effective_at > now:
        return JourneyStage.COMING
    percent = epochs[-1].percent if epochs else 0
    if job.entry.origin is Origin.MOVED:
        return JourneyStage.ENDED
    if percent == STAGES[-1]:
        return JourneyStage.WHOLE
    return JourneyStage.SHARED if percent else JourneyStage.GENERATED


def _whole(journey: _Journey, jobs: Sequence[Job]) -> Iterator[NextStep]:
    """Yield the steps that end jobs which are wholly Inngest's."""
    job = jobs[0]
    start = journey.ownership.jobs[job.id][-1].effective_at
    latest = job.schedule.latest(journey.now) if job.schedule else None
    seen = "" if os.environ.get(CLAIMS) else " --ticks-ran"
    if latest is None or latest < start:
        first = next(job.schedule.after(journey.now), None) if job.schedule else None
        at = tick_text(first) if first else "its first tick"
        why = f"after {at}, its first tick at Inngest, once you have seen there that it ran"
    elif seen:
        why = f"once Inngest's dashboard shows that the tick of {tick_text(latest)} ran"
    else:
        why = "its entry and guard can go"
    yield NextStep("cronshift status", "whether both sides hold the file, with --live")
    yield NextStep(f"cronshift finalize {job.id}{seen}", why)


def _shared(journey: _Journey, jobs: Sequence[Job]) -> Iterator[NextStep]:
    """Yield the next larger share."""
    job = jobs[0]
    percent = journey.ownership.jobs[job.id][-1].percent
    yield NextStep("cronshift status", "whether both sides hold the file, with --live")
    if os.environ.get(LEDGER):
        yield NextStep(f"cronshift ticks list {job.id}", "whether a tick was missed or ran twice")
        yield NextStep(f"cronshift compare {job.id}", "whether it is as good there as at Vercel")
    if job.id in read_rollouts(journey.project.root).jobs:
        yield _ADVANCE
        return
    yield NextStep(
        f"cronshift cutover {job.id}{_larger(journey, job)}",
        f"once its runs at Inngest look right at {percent} %",
    )


def _larger(journey: _Journey, job: Job) -> str:
    """Return the option for a job's next larger share; none where the rest means no tick a week."""
    percent = journey.ownership.jobs[job.id][-1].percent
    larger = next(stage for stage in STAGES if stage > percent)
    return f" --percent {larger}" if _is_frequent(journey, job) else ""


def _is_frequent(journey: _Journey, job: Job) -> bool:
    """Return whether the smallest share of a job's ticks is one a week."""
    weekly = job.schedule.count(journey.now, journey.now + _WEEK) if job.schedule else 0
    return weekly * STAGES[0] >= STAGES[-1]


def _coming(journey: _Journey, jobs: Sequence[Job]) -> Iterator[NextStep]:
    """Yield the steps before and behind an epoch that is still to come."""
    job = min(jobs, key=lambda job: journey.ownership.jobs[job.id][-1].effective_at)
    epoch = journey.ownership.jobs[job.id][-1]
    at = tick_text(epoch.effective_at)
    yield NextStep(
        "cronshift status",
        f"commit and deploy both sides before {at}; with --live it asks both which file they hold",
    )
    if job.id in read_rollouts(journey.project.root).jobs:
        yield _ADVANCE
        return
    if 0 < epoch.percent < STAGES[-1]:
        yield NextStep(f"cronshift cutover {job.id}{_larger(journey, job)}", f"after {at}")
    elif epoch.percent:
        seen = "" if os.environ.get(CLAIMS) else " --ticks-ran"
        yield NextStep(f"cronshift finalize {job.id}{seen}", f"after {at}, once a tick ran")


def _generated(journey: _Journey, jobs: Sequence[Job]) -> Iterator[NextStep]:
    """Yield the steps that try generated functions, and the first share."""
    project, plan, job = journey.project, journey.plan, jobs[0]
    bad = [
        fact
        for fact in facts_of(project, plan, journey.now)
        if fact.answer is Knowledge.BAD and (not fact.jobs or job.id in fact.jobs)
    ]
    install = missing_install(project)
    raised = next((fact for fact in bad if fact.kind is SDK_FITS), None)
    if raised is not None:
        bad.remove(raised)
        yield _mending(raised)
    elif install is not None:
        why = f"package.json names {SDK}, and it is not installed or not locked"
        locks = locks_in(project.root / project.resolver().app)
        if len(locks) > 1:
            why += f"; of {' and '.join(locks)} this is what Vercel installs from"
        if install.startswith("npm "):
            why += f"; should npm answer ERESOLVE: {install} --force"
        yield NextStep(install, why, is_needed=True)
    yield from (_mending(fact) for fact in bad if fact.kind is not GUARD)
    for each in plan.runnable:
        if is_left_out(plan, each):
            code = doubts(plan, each)[0]
            why = f"{each.id} is left out for it, and missing to validate; mend it, or --accept it"
            yield NextStep(f"cronshift explain {code}", why)
            break
    fresh = [each.id for each in plan.runnable if _is_fresh(project, plan, each)]
    why = "whether the functions are what the plan says"
    why += f"; none is there for {', '.join(fresh)}: cronshift migrate" if fresh else ""
    yield NextStep("cronshift validate", why)
    yield from trial(project, plan, job)
    without = isinstance(target_named(plan.target).guard(plan, job), NoGuard)
    guards = [fact for fact in bad if fact.kind is GUARD]
    if guards and not without:
        yield NextStep("cronshift migrate --fix", guards[0].message)
    yield from _first_share(journey, job, is_guarded=not without)


def _mending(fact: Fact) -> NextStep:
    """Return the step that mends what is known bad: what its remedy says to do, a command alone where it is one."""
    command, _, rest = fact.remedy.partition(", ")
    if not command[:1].islower():
        return NextStep(fact.remedy, fact.message, is_needed=True)
    why = f"{fact.message} {rest[:1].upper()}{rest[1:]}." if rest else fact.message
    return NextStep(command, why, is_needed=True)


def _is_fresh(project: Project, plan: Plan, job: Job) -> bool:
    """Return whether a job waits for its function, and nothing keeps it out."""
    is_there = job.module is not None and (project.root / job.module).is_file()
    return not is_there and not is_left_out(plan, job)


def _first_share(journey: _Journey, job: Job, *, is_guarded: bool) -> Iterator[NextStep]:
    """Yield the step that gives a job its first share of ticks, or goes on with its rollout."""
    if os.environ.get(LEDGER):
        guard = target_named(journey.plan.target).guard(journey.plan, job)
        if isinstance(guard, GuardRoute) and job.entry.called is None:
            why = "its entry asks the guard, which tells of its ticks; none changes its owner"
            yield NextStep(f"cronshift cutover {job.id} --percent 0", why)
        yield NextStep(
            f"cronshift observe {job.id}", "whether both sides see its ticks, once deployed"
        )
    if job.id in read_rollouts(journey.project.root).jobs:
        yield _ADVANCE
        return
    stages = f" --stages {','.join(map(str, STAGES))}" if os.environ.get(LEDGER) else ""
    growing = stages or (f" --percent {STAGES[0]}" if _is_frequent(journey, job) else "")
    share = growing if is_guarded else " --no-guard"
    yield NextStep(f"cronshift cutover {job.id}{share}", "the job's ticks become Inngest's")


def _fresh(journey: _Journey, jobs: Sequence[Job]) -> Iterator[NextStep]:
    """Yield the steps that try a job before generation, where it can be, and the generation."""
    project, plan = journey.project, journey.plan
    subject = Subject(project, plan, jobs, journey.now)
    direct = [job for job in jobs if job.mode is Mode.DIRECT]
    command = target_named(plan.target).trial(plan)
    if direct and command == "cronshift run JOB" and not (project.root / plan.out).is_dir():
        yield from trial(project, plan, direct[0])
    fix = " --fix" if by_hand(subject) else ""
    yield NextStep(f"cronshift migrate{fix}", "generates the functions; no job changes owner")


def _stopped(journey: _Journey, jobs: Sequence[Job]) -> Iterator[NextStep]:
    """Yield the steps that show why jobs cannot move."""
    codes = [(job, stopping(journey.plan, job)) for job in jobs]
    doubted = [job for job, of_job in codes if of_job and ASKED_FIRST.issuperset(of_job)]
    if doubted:
        yield NextStep(
            "cronshift migrate --fix --dry-run",
            f"what is found of {doubted[0].id} keeps it out: mend it, or --accept it",
        )
    else:
        yield NextStep("cronshift audit", f"an error stops {', '.join(job.id for job in jobs)}")


def _paused(journey: _Journey, jobs: Sequence[Job]) -> Iterator[NextStep]:
    """Yield the step that ends a pause."""
    job = jobs[0]
    last = journey.ownership.jobs[job.id][-1]
    until = f" until {tick_text(last.effective_at)}" if last.effective_at > journey.now else ""
    yield NextStep(f"cronshift resume-job {job.id}", f"nobody runs its ticks{until}: it is paused")


_STEPS = {
    JourneyStage.WHOLE: _whole,
    JourneyStage.SHARED: _shared,
    JourneyStage.COMING: _coming,
    JourneyStage.GENERATED: _generated,
    JourneyStage.FRESH: _fresh,
    JourneyStage.PAUSED: _paused,
    JourneyStage.STOPPED: _stopped,
}


def in_one_line(steps: Sequence[NextStep], most: int = 2) -> str:
    """Return the first steps as ``Next: …``; empty where there are none."""
    first = ", then ".join(step.command for step in islice(steps, most))
    return f"Next: {first}" if first else ""

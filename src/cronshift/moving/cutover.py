"""Cut over: the operation that gives ticks to Inngest, or back, from a chosen instant on."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import CronshiftError, RefusedError
from cronshift.model import Job, Origin, Plan
from cronshift.moving.entries import abandoned, regenerated, take_out
from cronshift.moving.epochs import DEPLOY, Lead, costs, shared_anew, summary
from cronshift.moving.own_functions import refuse_own
from cronshift.moving.pointing import dispatch
from cronshift.moving.refusals import (
    movable,
    refuse_doubtful,
    refuse_moved,
    refuse_paused,
    refuse_pending,
    refuse_rate_limited,
    share_of,
    stays,
)
from cronshift.moving.restore import restored
from cronshift.moving.windows import (
    is_safe_deploy,
    lateness,
    middle,
    next_safe_deploy,
    widest_gap,
)
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
from cronshift.plan.snapshot import Snapshot
from cronshift.project.ownership_file import ownership_of
from cronshift.project.rollouts_file import ended_rollouts
from cronshift.readiness.checking import Decisions, check, refuse_bad
from cronshift.readiness.fact import Stage
from cronshift.readiness.subject import Subject
from cronshift.runtime.ownership import (
    OWNERSHIP_NAME,
    Epoch,
    Ownership,
    dump_ownership,
    tick_text,
)
from cronshift.runtime.ticks import HOUR
from cronshift.targets import GuardRoute, target_named

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cronshift.project import Project
    from cronshift.readiness.fact import Fact
    from cronshift.runtime.schedule import Schedule

STAGES = (10, 50, 100)
WEEK = timedelta(days=7)
_NONE = Decisions()
_WHOLE = 100  # percent


class Handover(StrEnum):
    """The way in which Vercel's side learns that a tick is not its own.

    ``guard``: the app asks the ownership file. ``deploy``: the entry is removed, so that Vercel
    does not call at all; for apps in which no guard can run.
    """

    GUARD = "guard"
    DEPLOY = "deploy"


class Cutover(Struct, frozen=True):
    """The plan of a ``cutover``.

    Attributes:
        epochs: the new epoch of each job that changes.
        done: jobs that already are where they shall go.
        watched: jobs that stay Vercel's, and are called through their guards from now on.
        advice: what a careful operator would want to know, in sentences.
        facts: what the move depends on, and what is known of it.
        costs: which ticks both sides may run meanwhile, in sentences.
    """

    plan: Plan
    handover: Handover
    epochs: dict[str, Epoch]
    done: tuple[str, ...]
    operation: Operation
    advice: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    costs: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()


def prepare_cutover(  # noqa: PLR0913 - each is an option of the command
    project: Project,
    jobs: Collection[str],
    now: datetime,
    *,
    percent: int = 100,
    at: datetime | None = None,
    deploy: timedelta = DEPLOY,
    handover: Handover = Handover.GUARD,
    decisions: Decisions = _NONE,
    at_once: bool = False,
) -> Cutover:
    """Return the operation that gives ``percent`` of the jobs' ticks to Inngest.

    At 0 an entry that has never asked its guard does from then on, so that Vercel's side bears witness.

    Args:
        project: the project.
        jobs: their ids; all that can move when empty.
        now: the present instant.
        percent: 0 to 100.
        at: when the epochs start; by default in the middle of each job's widest tick-free gap
            that begins once the deploy is over.
        deploy: how long it takes until both sides hold the file.
        handover: how Vercel's side learns of it.
        decisions: which known bad facts stop nothing.
        at_once: do not wait until both sides hold the file: until then both run the ticks that
            change owner.

    Raises:
        RefusedError: if the move depends on what is known bad, an epoch would start before both
            sides can hold the file, or no deploy is safe now.
        CronshiftError: for a job that is unknown, blocked, or not generated yet.
    """
    before = Snapshot(project)
    plan = before.plan
    chosen = movable(project, plan, jobs)
    on_disk = content(inside(project.root, OWNERSHIP_NAME))
    ownership = ownership_of(on_disk)
    moving = [job for job in chosen if share_of(ownership, job.id) != percent]
    growing = [job for job in moving if share_of(ownership, job.id) < percent]
    refuse_paused(ownership, chosen, now)
    refuse_pending(ownership, moving, percent, now)
    refuse_rate_limited(moving, percent)
    if 0 < percent < _WHOLE:
        refuse_own(moving)
    refuse_doubtful(plan, growing)
    stage = Stage.SHARE if handover is Handover.GUARD else Stage.REMOVE
    if stage is Stage.SHARE:
        refuse_moved(moving)
    unmoved = [job for job in chosen if job not in moving] if percent == 0 else []
    routed = guard_routes(plan, [*growing, *unmoved]) if stage is Stage.SHARE else []
    watched = [job for job, _ in routed if job in unmoved and job.entry.called is None]
    concerned = [*growing, *watched]
    facts = check(Subject(project, plan, concerned, now, stage, percent)) if concerned else ()
    refuse_bad(facts, decisions)
    operation_id = new_operation_id(now)
    lead = Lead(now, deploy, at_once=at_once)
    if handover is Handover.DEPLOY:
        start = _deploy_epoch(moving, lead, percent, at)
        starts = dict.fromkeys((job.id for job in moving), start)
    else:
        starts = _guarded_epochs(moving, lead, at)
    epochs = {job_id: Epoch(start, percent, operation_id) for job_id, start in starts.items()}
    for job_id, epoch in epochs.items():
        ownership = _with_change(ownership, job_id, epoch, lead)
    edits = [_epoch_edit(ownership, epochs, on_disk)] if epochs else []
    if epochs and handover is Handover.DEPLOY:
        edits += _entry_edits(before, moving, percent)
    elif routed:
        edits += dispatch(project, routed)
    shrinking = [job.id for job in moving if job not in growing]
    edits += ended_rollouts(project.root, shrinking)
    names = [*epochs, *(job.id for job in watched)]
    operation = build_operation(
        project.root,
        f"cutover {' '.join(names)} --percent {percent} {decisions.in_words(facts)}".strip(),
        edits,
        now,
        intent=Intent.CUTOVER,
        jobs=tuple(names),
        operation_id=operation_id,
        write_by=lead.write_by(min(starts.values())) if starts else None,
    )
    return Cutover(
        plan=plan,
        handover=handover,
        epochs=epochs,
        done=tuple(job.id for job in chosen if job.id not in names),
        operation=operation,
        advice=(*stays(plan, jobs), *_advice(moving, epochs, percent)),
        facts=facts,
        costs=tuple(costs(moving, ownership, now)),
        watched=tuple(job.id for job in watched),
    )


def _with_change(ownership: Ownership, job: str, epoch: Epoch, lead: Lead) -> Ownership:
    """Return the ownership with a job's new epoch, and both sides before it where that is wished."""
    grown = ownership.with_epoch(
        job, epoch, lead.now
    )  # refuses what does not come after the others
    if not lead.at_once:
        return grown
    epochs = ownership.jobs.get(job, ())
    anew = shared_anew(epochs, epoch.percent, epoch.effective_at, epoch.operation, lead)
    return ownership.with_jobs({**ownership.jobs, job: anew})


def guard_routes(plan: Plan, jobs: Sequence[Job]) -> list[tuple[Job, GuardRoute]]:
    """Return the guards that entries are to be pointed to."""
    target = target_named(plan.target)
    guards = [(job, target.guard(plan, job)) for job in jobs]
    return [(job, guard) for job, guard in guards if isinstance(guard, GuardRoute)]


def _guarded_epochs(jobs: Sequence[Job], lead: Lead, at: datetime | None) -> dict[str, datetime]:
    if at is not None and lead.now > lead.write_by(at):
        raise RefusedError(
            f"{tick_text(at)} is before both sides can hold the new file"
            f" ({lead.deploy // timedelta(minutes=1)} minutes from now).",
            reason="too-early",
            hint=f"Choose --at {tick_text(lead.ready)} or later, or a shorter --deploy-minutes;"
            " --now lets both sides run the ticks before it.",
        )
    starts: dict[Schedule, datetime] = {}
    for job in jobs:
        if job.schedule is not None and job.schedule not in starts:
            quiet = lead.ready if lead.at_once else middle(widest_gap([job.schedule], lead.ready))
            starts[job.schedule] = at or quiet
    return {job.id: starts[job.schedule] for job in jobs if job.schedule is not None}


def _deploy_epoch(jobs: Sequence[Job], lead: Lead, percent: int, at: datetime | None) -> datetime:
    """Return the epoch of a deploy without guards: no tick may fall into the deploy."""
    if percent not in {0, 100}:
        raise CronshiftError(
            "Without a guard in the app a job belongs to one side as a whole.",
            reason="no-percentages",
            hint="Use --percent 100, or put the guard into the app and leave out --no-guard.",
        )
    schedules = [job.schedule for job in jobs if job.schedule is not None]
    start, late = at or lead.ready, lateness(schedules)
    if any(job.entry.origin is Origin.WORKFLOW for job in jobs):
        late = HOUR  # GitHub begins late when it is busy
    if lead.at_once or not schedules:
        return start
    in_time = lead.now <= lead.write_by(start)
    if not (in_time and is_safe_deploy(schedules, lead.now, start - lead.now, late)):
        safe = next_safe_deploy(schedules, lead.now, lead.ready - lead.now, late)
        raise RefusedError(
            f"A tick may fall into a deploy that is over by {tick_text(start)}, and then nobody, or"
            " both, would run it.",
            reason="unsafe-window",
            hint=f"The next safe window begins at {tick_text(safe)}."
            if safe
            else "There is none in the next 31 days: move fewer jobs at once, or use a guard.",
        )
    return start


def _epoch_edit(ownership: Ownership, epochs: dict[str, Epoch], on_disk: bytes | None) -> Edit:
    sentence = "; ".join(summary(job, ownership.jobs[job]) for job in epochs)
    text = dump_ownership(ownership).encode()
    return Edit(OWNERSHIP_NAME, text, ChangeKind.ADD_EPOCH, sentence, based_on=Seen(on_disk))


def _entry_edits(before: Snapshot, jobs: Sequence[Job], percent: int) -> Sequence[Edit]:
    """Return the edits by which Vercel no longer calls the jobs, or calls them again."""
    if not percent:
        past = past_operations(before.project.root)
        return restored(before, [job.id for job in jobs], past).edits
    moved = take_out(before.project, jobs)
    return [*moved, *regenerated(before, moved), *abandoned(before, moved)[0]]


def _advice(jobs: Sequence[Job], epochs: dict[str, Epoch], percent: int) -> list[str]:
    """Return advice about the jobs: their ticks in each stage, and percentages that mean little."""
    advice = []
    for job in jobs:
        if job.entry.origin is Origin.WORKFLOW:
            advice.append(
                f"{job.id}: GitHub goes by the workflow on the default branch, so merge it there before"
                f" {tick_text(epochs[job.id].effective_at)}."
            )
        if job.schedule is None:
            continue
        start = epochs[job.id].effective_at
        weekly = job.schedule.count(start, start + WEEK)
        if job.options.throttle is not None and percent < _WHOLE:
            advice.append(
                f"{job.id} is throttled, and the runs that skip Vercel's ticks take their places too:"
                " its own come later."
            )
        if 0 < percent < 100 and weekly * percent < 100:  # noqa: PLR2004 - percent
            advice.append(
                f"{percent} % of {job.id}'s ticks is less than one tick a week, so the"
                " percentage means little. Move it as a whole."
            )
        elif percent < 100:  # noqa: PLR2004 - percent
            stages = ", ".join(f"{stage} % is {weekly * stage // 100}" for stage in STAGES)
            advice.append(f"{job.id} has {weekly} ticks a week: {stages}.")
    return advice

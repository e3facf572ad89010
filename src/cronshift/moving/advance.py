"""Advance: what the evidence says of each job, and the steps that follow for those that roll out."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cronshift.errors import CronshiftError, TooLateError
from cronshift.moving.cutover import Cutover, prepare_cutover
from cronshift.moving.epochs import DEPLOY, is_paused
from cronshift.moving.evidence.gathering import judge_all
from cronshift.moving.evidence.judging import STAGES, Course
from cronshift.moving.evidence.verdict import Decision, Judgement
from cronshift.moving.flows import (
    FlowChange,
    judged_flow,
    prepare_flow_cutover,
    prepare_flow_rollback,
)
from cronshift.moving.rollback import Rollback, prepare_rollback
from cronshift.observing.gathering import TickQuery
from cronshift.operations import finish, read_journal, refuse_late, refuse_unfinished, revert
from cronshift.plan.planning import make_plan
from cronshift.project.ownership_file import read_ownership
from cronshift.project.rollouts_file import Rollout, read_rollouts
from cronshift.readiness.checking import Decisions
from cronshift.runtime.ownership import epoch_at, tick_text
from cronshift.runtime.recording import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from cronshift.model import Job
    from cronshift.operations import Operation
    from cronshift.project import Project
    from cronshift.project.thresholds import Thresholds
    from cronshift.runtime.ledger import TickRecord
    from cronshift.runtime.ownership import Epoch, Ownership

    Records = Callable[[TickQuery], Sequence[TickRecord]]


_COMMAND = "advance: "
_NONE = Decisions()
_NO_TIME = timedelta()


class RolloutStep(Struct, frozen=True):
    """A step that follows from the evidence, for jobs that go the same way.

    Attributes:
        percent: of their ticks, Inngest's from then on; 0 is the way back.
        flow: whose users go, where it is a flow and no jobs.
        is_by_itself: whether it needs no word of the user's.
        decisions: what the user took upon himself when the rollout was planned.
    """

    jobs: tuple[str, ...]
    percent: int
    is_by_itself: bool
    decisions: Decisions
    flow: str = ""

    @property
    def sentence(self) -> str:
        """The step in a sentence."""
        what = f"{self.flow}: {self.percent} % of its users" if self.flow else ", ".join(self.jobs)
        return f"{what} to Inngest" if self.flow else f"{what}: {self.percent} % to Inngest"

    @property
    def command(self) -> str:
        """The command that takes the step."""
        of_flow = ["--flow", self.flow] if self.flow else self.jobs
        return " ".join(("cronshift advance", *of_flow, "--yes"))

    def to_json(self) -> dict[str, Any]:
        """Return the step's part of a document, where it waits."""
        of_flow = {"flow": self.flow} if self.flow else {}
        return {"jobs": list(self.jobs), "percent": self.percent, **of_flow}


def recorded(question: TickQuery) -> Sequence[TickRecord]:
    """Return the records that the ledger, Inngest and Vercel have, as far as they can be asked here.

    Raises:
        CronshiftError: if none of them tells anything.
    """
    from cronshift.observing.gathering import gather

    evidence = asyncio.run(gather(question, os.environ))
    problems = [source.problem for source in evidence.sources if source.problem]
    if len(problems) == len(evidence.sources):
        raise CronshiftError(
            f"There are no records of ticks to judge by. {' '.join(problems)}",
            reason="no-ledger",
            hint=f"Set {VARIABLE} to the database that both sides write to.",
        )
    return evidence.records


def judged(project: Project, now: datetime, records: Records = recorded) -> dict[str, Judgement]:
    """Return the verdict on each job that has a function, by its id.

    Args:
        project: the project.
        now: the present instant.
        records: reads what both sides saw.

    Raises:
        CronshiftError: if the project or the ledger cannot be read.
    """
    plan = make_plan(project)
    ownership, rollouts = read_ownership(project.root), read_rollouts(project.root).jobs
    settings = project.settings
    courses = [
        _course(job, ownership, rollouts.get(job.id), now, settings.thresholds(job.id))
        for job in plan.jobs
        if job.module is not None and (project.root / job.module).is_file()
    ]
    going = [course for course in courses if course is not None]
    names = {course.job for course in going}
    question = TickQuery(
        app=plan.app_id,
        jobs=tuple(job for job in plan.jobs if job.id in names),
        ownership=ownership,
        since=now - max((settings.thresholds(name).baseline for name in names), default=_NO_TIME),
        until=now,
    )
    seen = records(question) if going else ()
    return {judgement.job: judgement for judgement in judge_all(going, seen, settings.rollout, now)}


def _course(
    job: Job,
    ownership: Ownership,
    rollout: Rollout | None,
    now: datetime,
    thresholds: Thresholds,
) -> Course | None:
    """Return a job's place on its way; ``None`` for one without ticks."""
    if job.schedule is None or job.schedule.never:
        return None
    epochs = ownership.jobs.get(job.id, ())
    epoch = epoch_at(epochs, now)
    return Course(
        job=job.id,
        schedule=job.schedule,
        percent=epoch.percent if epoch else 0,
        since=epoch.effective_at if epoch else now,
        stages=rollout.stages if rollout else STAGES,
        is_paused=is_paused(epochs, now),
        attempts=job.options.retries + 1,
        thresholds=thresholds,
        obstacle=_obstacle(epochs, now),
    )


def _obstacle(epochs: Sequence[Epoch], now: datetime) -> str:
    """Return the reason for which no share of a job may grow now; empty where there is none."""
    if epochs and epochs[-1].effective_at > now:
        return f"Its next share begins at {tick_text(epochs[-1].effective_at)}."
    return ""


def prepare_step(
    project: Project,
    step: RolloutStep,
    now: datetime,
    *,
    deploy: timedelta = DEPLOY,
    decisions: Decisions = _NONE,
) -> Cutover | Rollback | FlowChange:
    """Return the operation that makes one step: a cutover, or the way back.

    Args:
        project: the project.
        step: what follows from the evidence.
        now: the present instant.
        deploy: how long it takes until both sides hold the file.
        decisions: what the user takes upon himself besides what was when the rollout was planned.

    Raises:
        RefusedError: as the commands whose step it is.
    """
    prepared: Cutover | Rollback | FlowChange
    if step.flow and step.percent:
        prepared = prepare_flow_cutover(
            project, step.flow, now, percent=step.percent, deploy=deploy
        )
    elif step.flow:
        prepared = prepare_flow_rollback(project, step.flow, now, deploy=deploy)
    elif step.percent:
        both = Decisions(
            step.decisions.despite | decisions.despite,
            step.decisions.assume | decisions.assume,
            decisions.because or step.decisions.because,
        )
        prepared = prepare_cutover(
            project, step.jobs, now, percent=step.percent, deploy=deploy, decisions=both
        )
    else:
        prepared = prepare_rollback(project, step.jobs, now, deploy=deploy)
    command = f"{_COMMAND}{prepared.operation.command}"
    return replace(prepared, operation=replace(prepared.operation, command=command))


def recover(root: Path, now: datetime) -> Operation | None:
    """Bring a step that was interrupted here to its end, or take it back where that is too late.

    Returns:
        The step; ``None`` where none was interrupted.

    Raises:
        RefusedError: if another operation is unfinished, or a file was changed meanwhile.
    """
    record = read_journal(root).unfinished()
    if record is None:
        return None
    if not (record.is_own and record.operation.command.startswith(_COMMAND)):
        refuse_unfinished(root)
    try:
        refuse_late(root, record.operation, now)
    except TooLateError:
        return revert(root, record.operation)
    return finish(root, record.operation)


def steps(judgements: Iterable[Judgement], rollouts: dict[str, Rollout]) -> tuple[RolloutStep, ...]:
    """Return the steps that follow for the jobs that roll out, those back before those forth."""
    together: dict[RolloutStep, list[str]] = {}
    for judgement in judgements:
        rollout = rollouts.get(judgement.job)
        percent = _wanted(judgement)
        if rollout is None or percent is None:
            continue
        is_by_itself = _is_by_itself(rollout, percent)
        decisions = Decisions(
            frozenset(rollout.despite), frozenset(rollout.assume), rollout.because
        )
        together.setdefault(RolloutStep((), percent, is_by_itself, decisions), []).append(
            judgement.job
        )
    return tuple(
        RolloutStep(tuple(jobs), step.percent, step.is_by_itself, step.decisions)
        for step, jobs in sorted(together.items(), key=lambda pair: pair[0].percent)
    )


def judged_flows(project: Project, now: datetime) -> dict[str, Judgement]:
    """Return the verdict on each flow that rolls out, by its name.

    Raises:
        CronshiftError: if the database of the sessions cannot be read.
    """
    flows = read_rollouts(project.root).flows
    return {flow: judged_flow(project, flow, now) for flow in flows}


def flow_steps(
    judgements: Iterable[Judgement], rollouts: dict[str, Rollout]
) -> tuple[RolloutStep, ...]:
    """Return the steps that follow for the flows that roll out, those back before those forth."""
    wanted = [(judgement.job, _wanted(judgement)) for judgement in judgements]
    steps_of_flows = [
        RolloutStep((), percent, _is_by_itself(rollouts[flow], percent), _NONE, flow)
        for flow, percent in wanted
        if percent is not None and flow in rollouts
    ]
    return tuple(sorted(steps_of_flows, key=lambda step: step.percent))


def _is_by_itself(rollout: Rollout, percent: int) -> bool:
    return rollout.auto is not None and percent <= rollout.auto


def _wanted(judgement: Judgement) -> int | None:
    """Return the percentage that a verdict leads to; ``None`` where nothing changes."""
    match judgement.decision:
        case Decision.PROMOTE:
            return judgement.following
        case Decision.ROLL_BACK:
            return 0
    return None

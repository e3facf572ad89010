"""Rollouts through the verdict code: two sides with chosen faults, a controller that looks at times."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from random import Random
from typing import TYPE_CHECKING

from cronshift.moving.evidence.gathering import judge_all
from cronshift.moving.evidence.judging import Course
from cronshift.moving.evidence.verdict import Decision
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.ownership import Epoch, Owner, Ownership

if TYPE_CHECKING:
    from cronshift.project.thresholds import Thresholds
    from cronshift.runtime.schedule import Schedule

BEGIN = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)
STAGES = (10, 50, 100)


def dice(seed: str) -> Random:
    """Return chance that falls alike at every run."""
    return Random(seed)  # noqa: S311 - no secret


@dataclass(frozen=True)
class Faults:
    """Of each side: which share of ticks it misses, and which of its runs fail."""

    misses: float = 0.0
    failures: float = 0.0
    failing_hour: int | None = None

    def fails(self, chance: Random, tick: datetime) -> bool:
        return tick.hour == self.failing_hour or chance.random() < self.failures


@dataclass
class World:
    """Jobs of one project, and what both sides record of their ticks."""

    chance: Random
    schedules: dict[str, Schedule]
    vercel: Faults = field(default_factory=Faults)
    inngest: Faults = field(default_factory=Faults)
    records: list[TickRecord] = field(default_factory=list)
    ownership: Ownership = field(default_factory=Ownership)

    def pass_by(self, since: datetime, until: datetime) -> None:
        for job, schedule in self.schedules.items():
            for tick in takewhile(lambda tick: tick <= until, schedule.after(since)):
                owner = self.ownership.owner(job, tick)
                self._see(job, tick, Side.VERCEL, owner, self.vercel)
                self._see(job, tick, Side.INNGEST, owner, self.inngest)

    def _see(self, job: str, tick: datetime, side: Side, owner: Owner, faults: Faults) -> None:
        if self.chance.random() < faults.misses:
            return
        acts = owner.value == side.value
        status = TickStatus.FAILED if acts and faults.fails(self.chance, tick) else None
        self.records.append(
            TickRecord(
                job=job,
                tick=tick,
                side=side,
                owner=owner,
                role=Role.ACTED if acts else Role.STOOD_BY,
                arrived=tick + timedelta(seconds=1),
                status=status or (TickStatus.COMPLETED if acts else TickStatus.SKIPPED),
                attempts=int(acts),
            )
        )

    def give(self, job: str, percent: int, start: datetime) -> None:
        self.ownership = self.ownership.with_epoch(job, Epoch(start, percent, "01"), start)

    def course(self, job: str) -> Course:
        epochs = self.ownership.jobs.get(job, ())
        percent, since = (epochs[-1].percent, epochs[-1].effective_at) if epochs else (0, BEGIN)
        return Course(job, self.schedules[job], percent, since, STAGES)


@dataclass(frozen=True)
class Journey:
    """How a job's rollout went: the last decision, the share at it, and the days it took."""

    decision: Decision
    percent: int
    days: int


def roll_out(
    world: World, thresholds: Thresholds, *, every: timedelta = DAY, most: int = 120
) -> dict[str, Journey]:
    """Let a controller look at times until every job has come to an end, or the days are over."""
    now, ended = BEGIN, dict[str, Journey]()
    for look in range(1, int(most * DAY / every) + 1):
        world.pass_by(now, now + every)
        now += every
        courses = [world.course(job) for job in world.schedules]
        for judgement in judge_all(courses, world.records, thresholds, now):
            job, decision = judgement.job, judgement.decision
            if job in ended:
                continue
            if decision is Decision.PROMOTE and judgement.following:
                world.give(job, judgement.following, now)
            elif decision in {Decision.PROMOTE, Decision.ROLL_BACK}:
                ended[job] = Journey(decision, judgement.percent, int(look * every / DAY))
        if len(ended) == len(world.schedules):
            break
    for job in world.schedules:
        ended.setdefault(job, Journey(Decision.INCONCLUSIVE, world.course(job).percent, most))
    return ended

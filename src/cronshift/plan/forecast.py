"""FORECAST: the jobs together on Inngest: executions, busiest minutes, plans. Pure.

An execution is one run or one step of a run (facts: Inngest, section 5). Every number is that of
counting the ticks of the period one by one.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.model import RowSource
from cronshift.plan.functions import function_ids, has_runs, is_rehearsed
from cronshift.runtime.regular_files import read_text
from cronshift.targets.registry import target_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cronshift.model import Job, Plan
    from cronshift.runtime.schedule import Schedule

PERIOD = timedelta(days=30)
YEAR = timedelta(days=365)
RETRY_RATE = 0.02
"""The share of runs that is assumed to fail once and be tried again; told apart from the rest."""

DEATH = 2
"""The executions that a run adds which fails for good or is cancelled: what hears of it, and its step."""

SOME_DAY = datetime(2025, 12, 31, 23, 59, tzinfo=UTC)
"""Where findings and sums count from, so that they do not change from day to day, and are one sum."""

STAGGER = timedelta(minutes=5)
"""Inngest's longest jitter: over so long the jobs of one minute can be spread."""

_MOST_SHOWN = 5


class Allowance(Struct, frozen=True):
    """The terms of one of Inngest's plans.

    Attributes:
        executions: a month.
        concurrency: steps that run at once.
        functions: of one app.
    """

    name: str
    executions: int
    concurrency: int
    functions: int


class BusyMinute(Struct, frozen=True):
    """A minute of the day (UTC), and the most jobs that come due in it on any day."""

    hour: int
    minute: int
    jobs: int

    def __str__(self) -> str:
        return f"{self.hour:02}:{self.minute:02}"


class Load(Struct, frozen=True):
    """The load of ticks that the jobs make within one period.

    Attributes:
        by_hour: ticks by hour of the day, UTC; 24 numbers.
        busiest: the fullest minutes, the worst first.
        peak: the most jobs due in one minute.
        staggered_peak: the same, if each job had a minute of its own among five.
    """

    by_hour: tuple[int, ...]
    busiest: tuple[BusyMinute, ...]
    peak: int
    staggered_peak: int


@cache
def allowances() -> tuple[Allowance, ...]:
    """Return Inngest's plans, the smallest first; the file tells the date and the source."""
    data = tomllib.loads(read_text(Path(__file__).with_name("plans.toml")))
    return tuple(Allowance(**plan) for plan in data["plans"])


def runs(job: Job, now: datetime, period: timedelta = PERIOD) -> int:
    """Return the number of a job's runs in the period from ``now``."""
    return job.schedule.count(now, now + period) if job.schedule else 0


def steps(job: Job) -> int:
    """Return the number of steps in a run of a job."""
    fan_out = job.options.fan_out
    loads = fan_out is not None and isinstance(fan_out.values, RowSource)
    calls = fan_out.count if fan_out and not has_runs(job.options) else 1
    # The first settles whether the tick is due.
    beside = bool(job.options.heartbeat_env) + is_rehearsed(job)
    return 1 + loads + calls + beside


def executions(job: Job, now: datetime, period: timedelta = PERIOD) -> int:
    """Return a job's executions in the period: each run, and each of its steps.

    A value that has a run of its own makes two more: its run, and the step that it has.
    """
    fan_out = job.options.fan_out
    alone = 2 * fan_out.count if fan_out and has_runs(job.options) else 0
    return runs(job, now, period) * (1 + steps(job) + alone)


def monthly(jobs: Iterable[Job]) -> int:
    """Return the executions of jobs together in 30 days, the same number on any day."""
    return sum(executions(job, SOME_DAY) for job in jobs)


def retries(jobs: Iterable[Job], now: datetime) -> int:
    """Return the number of retries to expect in 30 days, at the assumed rate."""
    return round(sum(runs(job, now) for job in jobs) * RETRY_RATE)


def functions(plan: Plan) -> int:
    """Return the number of functions that Inngest counts for a plan's jobs.

    Each has another one that hears of its failures, and where the target writes it one of the app's
    hears of cancelled runs.
    """
    ids = [name for job in plan.runnable for name in function_ids(job)]
    return 2 * len(ids) + hears_of_cancelled(plan)


def hears_of_cancelled(plan: Plan) -> bool:
    """Return whether one more function hears of cancelled runs."""
    return bool(plan.runnable) and target_named(plan.target).hears_of_cancelled(plan)


def failures(jobs: Iterable[Job], now: datetime) -> int:
    """Return the executions of the functions that hear of failures in 30 days, at the assumed rate.

    A run that fails for good, or is cancelled, costs as many more as that function and its step.
    """
    return DEATH * retries(jobs, now)


def load_of(jobs: Sequence[Job], now: datetime, period: timedelta = PERIOD) -> Load:
    """Return the load of the jobs in the period from ``now``; instants are whole minutes."""
    scheduled = [job.schedule for job in jobs if job.schedule is not None]
    alike = Counter(schedule.trigger for schedule in scheduled)
    schedules = {schedule.trigger: schedule for schedule in scheduled}
    spread = _spread(scheduled)
    due: Counter[datetime] = Counter()
    staggered: Counter[datetime] = Counter()
    for trigger, times in alike.items():
        for tick in _ticks(schedules[trigger], now, period):
            due[tick] += times
            for later, count in spread[trigger]:
                staggered[tick + later] += count
    hours, minutes = [0] * 24, Counter[tuple[int, int]]()
    for tick, times in due.items():
        hours[tick.hour] += times
        minutes[tick.hour, tick.minute] = max(minutes[tick.hour, tick.minute], times)
    fullest = sorted(minutes.items(), key=lambda item: (-item[1], item[0]))[:_MOST_SHOWN]
    busiest = tuple(BusyMinute(hour, minute, times) for (hour, minute), times in fullest)
    peak = max(due.values(), default=0)
    return Load(tuple(hours), busiest, peak, min(peak, max(staggered.values(), default=0)))


def due_in(jobs: Iterable[Job], minute: BusyMinute, now: datetime) -> list[Job]:
    """Return the jobs that come due in a minute of the day, on whatever days, in 30 days."""
    return [
        job
        for job in jobs
        if job.schedule is not None
        and any(
            tick.minute == minute.minute and tick.hour == minute.hour
            for tick in _ticks(job.schedule, now, PERIOD)
        )
    ]


def _spread(schedules: Iterable[Schedule]) -> Mapping[str, list[tuple[timedelta, int]]]:
    """Return the delays of each trigger's jobs, with how many have it: job number n comes n mod 5 minutes later."""
    alike: Counter[tuple[str, int]] = Counter()
    for number, schedule in enumerate(schedules):
        alike[schedule.trigger, number % (STAGGER // timedelta(minutes=1))] += 1
    spread: dict[str, list[tuple[timedelta, int]]] = defaultdict(list)
    for (trigger, place), count in alike.items():
        spread[trigger].append((timedelta(minutes=place), count))
    return spread


def _ticks(schedule: Schedule, now: datetime, period: timedelta) -> Iterator[datetime]:
    end = now + period
    return takewhile(lambda tick: tick <= end, schedule.after(now))

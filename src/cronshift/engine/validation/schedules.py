"""The triggers of a function: the meaning of each, and conflicts between them."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations, islice
from typing import TYPE_CHECKING

from cronshift.errors import ScheduleError
from cronshift.plan.findings import registration as rules
from cronshift.runtime.schedule import Schedule
from cronshift.runtime.schedule.engine_durations import read_duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cronshift.engine.validation.limits import Problem
    from cronshift.engine.validation.registration import FunctionConfig, Trigger

MAX_TRIGGERS = 10
MAX_EVENT_NAME = 255
_SHORTEST_JITTER, _LONGEST_JITTER = timedelta(seconds=1), timedelta(minutes=5)
_YEAR = timedelta(days=366)
_SEASONS = tuple(timedelta(days=days) for days in (0, 91, 182, 273))  # both sides of clock changes
_TICKS = 48
_SPARSER_TICKS = 2_000


def check_triggers(function: FunctionConfig, now: datetime) -> Iterator[Problem]:
    """Yield the problems of one function's triggers; ticks are looked at from ``now`` on."""
    triggers = function.triggers
    if not triggers or any(trigger == type(trigger)() for trigger in triggers):
        yield rules.NO_TRIGGER, f"is registered with {'an empty' if triggers else 'no'} trigger."
    if len(triggers) > MAX_TRIGGERS:
        yield rules.TOO_MANY_TRIGGERS, f"has {len(triggers)} triggers."
    for trigger in triggers:
        yield from _check(trigger)
    yield from _meetings(function, now)


def schedules(function: FunctionConfig) -> tuple[Schedule, ...]:
    """Return the function's schedules, without those that the engine refuses."""
    return tuple(
        schedule for trigger in function.crons if isinstance(schedule := _read(trigger), Schedule)
    )


def same_ticks(first: Schedule, other: Schedule, now: datetime) -> bool:
    """Return whether two schedules come due at the same instants, however they are written.

    In one zone that is decided by their fields. Across zones their ticks are compared in four
    seasons, so that clock changes show.
    """
    if first.zone == other.zone:
        return first.fields == other.fields
    return all(
        list(islice(first.after(now + season), _TICKS))
        == list(islice(other.after(now + season), _TICKS))
        for season in _SEASONS
    )


def meeting(first: Schedule, other: Schedule, now: datetime) -> datetime | None:
    """Return the first instant in the year after ``now`` at which both come due."""
    sparse, dense = sorted((first, other), key=lambda schedule: schedule.count(now, now + _YEAR))
    for tick in islice(sparse.after(now), _SPARSER_TICKS):
        if tick > now + _YEAR:
            return None
        if dense.latest(tick) == tick:
            return tick
    return None


def _check(trigger: Trigger) -> Iterator[Problem]:
    if trigger.cron is not None and trigger.event is not None:
        yield rules.INVALID_TRIGGER, "has a trigger that is both a schedule and an event."
    if trigger.cron is not None:
        schedule = _read(trigger)
        if isinstance(schedule, ScheduleError):
            yield rules.INVALID_TRIGGER, f"has the schedule {trigger.cron!r}: {schedule.message}"
        elif schedule.never:
            yield rules.TRIGGER_NEVER_FIRES, f"has the schedule {trigger.cron!r}."
        yield from _check_jitter(trigger.jitter or "")
    if trigger.event is not None and not 0 < len(trigger.event.encode()) <= MAX_EVENT_NAME:
        yield (
            rules.INVALID_TRIGGER,
            f"has a trigger for an event whose name has {len(trigger.event)} characters.",
        )


def _check_jitter(text: str) -> Iterator[Problem]:
    if not text.strip():
        return
    try:
        jitter = read_duration(text)
    except ValueError:
        yield rules.INVALID_JITTER, f"has the jitter {text!r}, which is no time."
        return
    if jitter and not _SHORTEST_JITTER <= jitter <= _LONGEST_JITTER:
        yield rules.INVALID_JITTER, f"has the jitter {text!r}."


def _meetings(function: FunctionConfig, now: datetime) -> Iterator[Problem]:
    for first, other in combinations(schedules(function), 2):
        tick = meeting(first, other, now)
        if tick is not None:
            yield (
                rules.SAME_INSTANT,
                f"has {first.text!r} and {other.text!r}, both due at {tick:%Y-%m-%d %H:%M} UTC.",
            )


def _read(trigger: Trigger) -> Schedule | ScheduleError:
    try:
        return Schedule.parse(trigger.cron or "")
    except ScheduleError as error:
        return error

"""EXPECTING: when a monitor expects each job, so that no alarm is false and none is missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from cronshift.errors import ConfigError
from cronshift.operations.services.monitoring import (
    DueByCron,
    DueByInterval,
    Monitor,
    MonitorService,
    slug_of,
)
from cronshift.runtime.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.model import Job

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_LATENESS = timedelta(minutes=5)  # of a run behind its tick, beside the job's own jitter
_LONGEST_RUN = timedelta(hours=1)  # where the job has no limit
_YEAR, _RARE = timedelta(days=400), timedelta(days=9 * 366)
_ENOUGH = 5  # ticks that show the gaps of a rare schedule
_LONGEST_CRON = 100  # characters that healthchecks takes


def is_due(job: Job) -> bool:
    """Return whether a job ever comes due."""
    return job.schedule is not None and not job.schedule.never


def monitor_of(
    app_id: str,
    job: Job,
    service: MonitorService,
    now: datetime,
    grace: timedelta | None = None,
) -> Monitor:
    """Return the monitor that expects a job exactly when it is due.

    Raises:
        ConfigError: if the job is never due.
    """
    if job.schedule is None or job.schedule.never:
        raise ConfigError(
            f"{job.id} is never due, so that no monitor can expect it.",
            reason="usage",
            hint="Name the jobs that a monitor is for.",
        )
    due: DueByCron | DueByInterval
    if service is not MonitorService.BETTER_STACK and is_read_alike(job.schedule, now):
        due = DueByCron(job.schedule.expression, job.schedule.zone)
    else:
        due = DueByInterval(_whole_minutes(gaps_of(job.schedule, now).longest))
    return Monitor(slug_of(app_id, job.id), due, _whole_minutes(grace or grace_of(job)))


def grace_of(job: Job) -> timedelta:
    """Return the time behind its tick at which a run of a job may still end."""
    options = job.options
    waits = (options.jitter or timedelta()) + (options.start_timeout or timedelta())
    return waits + (options.finish_timeout or _LONGEST_RUN) + _LATENESS


class Gaps(NamedTuple):
    """The times between two ticks of a schedule: the shortest, and the longest."""

    shortest: timedelta
    longest: timedelta


def gaps_of(schedule: Schedule, now: datetime) -> Gaps:
    """Return the gaps of a schedule in the next year or, where ticks are rare, in nine."""
    shortest, longest = _RARE, timedelta()
    for count, (tick, following) in enumerate(pairwise(schedule.after(now)), 1):
        gap = following - tick
        shortest, longest = min(shortest, gap), max(longest, gap)
        enough = following - now > _YEAR and count >= _ENOUGH
        if enough or following - now > _RARE:
            break
    return Gaps(shortest, longest or _RARE)


def notices_one(monitor: Monitor, gaps: Gaps) -> bool:
    """Return whether one missed tick, with none before it and behind it, raises an alarm."""
    is_even = gaps.shortest == gaps.longest
    in_time = timedelta(seconds=monitor.grace) < gaps.shortest
    return in_time and (is_even or isinstance(monitor.due, DueByCron))


def is_read_alike(schedule: Schedule, now: datetime) -> bool:
    """Return whether healthchecks and Sentry expect no tick that Inngest does not send.

    Both read a schedule by cronsim, which lets a tick that a clock change leaves out come an hour
    later; Inngest leaves it out, and an alarm would be false. What Inngest sends beyond does no harm.
    """
    from cronsim import CronSimError

    if len(schedule.expression) > _LONGEST_CRON:
        return False
    days = schedule.expression.split()[2:]
    zone = ZoneInfo(schedule.zone)
    daily = Schedule.parse(f"TZ={schedule.zone} 0 12 {' '.join(days)}")
    try:
        return (
            _expects_no_more(daily, now, now + _YEAR)
            and all(
                _expects_no_more(schedule, start, start + span)
                for start, span in ((now, 8 * _DAY), *_clock_changes(zone, now))
            )
            and not any(
                _looks_back(schedule.expression, start.astimezone(zone), span)
                for start, span in _clock_changes(zone, now)
            )
        )
    except CronSimError:
        return False


def _looks_back(expression: str, start: datetime, span: timedelta) -> bool:
    """Return whether cronsim, asked in an hour that comes twice, may answer with an instant that is over."""
    from cronsim import CronSim

    minutes = (start.astimezone(UTC) + timedelta(minutes=n) for n in range(int(span / _MINUTE)))
    repeated = (local for each in minutes if (local := each.astimezone(start.tzinfo)).fold)
    return any(
        next(CronSim(expression, local)).astimezone(UTC) <= local.astimezone(UTC)
        for local in repeated
    )


def _expects_no_more(schedule: Schedule, start: datetime, end: datetime) -> bool:
    """Return whether all ticks that cronsim finds in a span are Inngest's."""
    from cronsim import CronSim

    sent = schedule.after(start)
    newest: datetime | None = start
    for expected in CronSim(schedule.expression, start.astimezone(ZoneInfo(schedule.zone))):
        instant = expected.astimezone(UTC)
        if instant >= end:
            return True
        while newest is not None and newest < instant:
            newest = next(sent, None)
        if newest != instant:
            return False
    return True


def _clock_changes(zone: ZoneInfo, now: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """Yield the spans around the days of the next year on which a zone changes its clock."""
    days = [now + number * _DAY for number in range(_YEAR // _DAY)]
    for day, following in pairwise(days):
        if day.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            yield day - _DAY, 3 * _DAY


def _whole_minutes(span: timedelta) -> int:
    """Return a span in seconds, rounded up to minutes, in which every service counts."""
    return max(1, -(-span // _MINUTE)) * 60

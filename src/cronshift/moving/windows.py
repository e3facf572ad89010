"""Tick-free time: where an epoch may start, and when a deploy is safe. Pure."""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

from cronshift.runtime.ticks import HOUR, MINUTE
from cronshift.runtime.ticks import lateness as called_late

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.runtime.schedule import Schedule

HORIZON = timedelta(days=1)
FARTHEST = timedelta(days=31)


def merged_ticks(
    schedules: Sequence[Schedule], after: datetime, until: datetime
) -> Iterator[datetime]:
    """Yield the ticks of all ``schedules`` in ``(after, until]``, in order."""
    streams = [
        takewhile(lambda tick: tick <= until, schedule.after(after)) for schedule in schedules
    ]
    return heapq.merge(*streams)


def widest_gap(
    schedules: Sequence[Schedule], start: datetime, horizon: timedelta = HORIZON
) -> tuple[datetime, datetime]:
    """Return the longest time without a tick that begins in ``[start, start + horizon]``.

    Of equal ones the first. The gap may end after the horizon; both its ends may be ticks.
    """
    until = start + horizon
    ticks = [start, *merged_ticks(schedules, start, until)]
    following = [tick for schedule in schedules if (tick := next(schedule.after(until), None))]
    ticks.append(min(following, default=until))
    return max(pairwise(ticks), key=lambda gap: (gap[1] - gap[0], -gap[0].timestamp()))


def middle(gap: tuple[datetime, datetime]) -> datetime:
    """Return the whole minute in the middle of a gap, never its first instant."""
    start, end = gap
    centre = start + (end - start) / 2
    minute = centre.replace(second=0, microsecond=0)
    return minute if minute > start else minute + MINUTE


def lateness(schedules: Sequence[Schedule]) -> timedelta:
    """Return Vercel's lateness: a project with a job of more than once a day is not on Hobby."""
    return min((called_late(schedule) for schedule in schedules), default=HOUR)


def is_safe_deploy(
    schedules: Sequence[Schedule], start: datetime, deploy: timedelta, late: timedelta
) -> bool:
    """Say whether nothing can be due while a deploy that begins at ``start`` is under way.

    A tick up to ``late`` before it may not have been called yet.
    """
    return next(merged_ticks(schedules, start - late, start + deploy), None) is None


def next_safe_deploy(
    schedules: Sequence[Schedule], now: datetime, deploy: timedelta, late: timedelta
) -> datetime | None:
    """Return the first instant, not before ``now``, at which a deploy is safe.

    ``None`` when there is none in the next 31 days.
    """
    free_from = now
    for tick in merged_ticks(schedules, now - late, now + FARTHEST):
        if tick > free_from + deploy:
            return free_from
        free_from = max(now, tick + late)
    return free_from if free_from + deploy < now + FARTHEST else None

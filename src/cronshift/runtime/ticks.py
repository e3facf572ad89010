"""Which tick a call of Vercel's is for: it says the schedule, not the time. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cronshift.schedule import Schedule

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
SKEW = MINUTE
"""How far the clock here may be off Vercel's, where the schedule leaves room for it."""

_REFERENCE = datetime.fromisoformat("2026-01-05T00:00:00+00:00")
_DAYS = 7


@lru_cache(maxsize=1024)
def lateness(schedule: Schedule) -> timedelta:
    """Return how late Vercel may call.

    Hobby's precision is the hour and Hobby runs nothing more than once a day; other plans call
    within the minute (facts: Vercel 1, plan limits). A job of once a day may be on either.
    """
    daily = schedule.count(_REFERENCE, _REFERENCE + WEEK) <= _DAYS
    return HOUR if daily else MINUTE


def called_tick(schedule: Schedule, now: datetime) -> datetime | None:
    """Return the tick that a call arriving at ``now`` is for; ``None`` for a job without ticks.

    The newest tick is meant, but a clock that is slow may see the call before its tick. For ticks
    at least ``lateness + 2 * skew`` apart the answer is right for any skew up to a minute; closer
    ones leave less room, and every-minute ones none.
    """
    newest, following = schedule.around(now)
    if newest is None or following is None:
        return following if newest is None and _is_near(following, now) else newest
    late = lateness(schedule)
    skew = min(SKEW, max(timedelta(0), (following - newest - late) / 2))
    early = following - now <= skew and now > newest + late + skew - timedelta(microseconds=1)
    return following if early else newest


def _is_near(tick: datetime | None, now: datetime) -> bool:
    return tick is not None and tick - now <= SKEW

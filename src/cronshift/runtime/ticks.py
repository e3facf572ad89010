"""The tick of a call of Vercel's, which tells the schedule and not the time. Pure."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.runtime.schedule import Schedule

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
SKEW = MINUTE
"""How far the clock here may be off Vercel's, where the schedule leaves room for it."""

_REFERENCE = datetime.fromisoformat("2026-01-05T00:00:00+00:00")
_DAYS = 7
_DAY_SECONDS = 86_400
_NOTHING, _LEAST = timedelta(0), timedelta(microseconds=1)


@lru_cache(maxsize=1024)
def lateness(schedule: Schedule) -> timedelta:
    """Return the lateness that Vercel may call with.

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
    return CalledTicks(schedule).at(now)


class CalledTicks:
    """The ticks of one job, asked for again and again: the answers of :func:`called_tick`.

    A day's ticks are worked out at its second call and looked up from then on: most processes that
    Vercel starts see one.
    """

    __slots__ = ("_day", "_late", "_of_day", "_schedule")

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._late = lateness(schedule)
        self._day: float | None = None
        self._of_day: tuple[float, float, _Ticks] = (0, 0, _Ticks())

    def at(self, now: datetime) -> datetime | None:
        """Return the tick that a call arriving at ``now`` is for."""
        newest, following = self._around(now)
        if newest is None or following is None:
            return following if newest is None and _is_near(following, now) else newest
        if following - now > SKEW:
            return newest
        skew = min(SKEW, max(_NOTHING, (following - newest - self._late) / 2))
        early = following - now <= skew and now > newest + self._late + skew - _LEAST
        return following if early else newest

    def _around(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        seconds = now.timestamp()
        first, last, ticks = self._of_day
        if first <= seconds < last:
            return ticks.around(seconds)
        day = seconds // _DAY_SECONDS
        if self._day != day:
            self._day = day
            return self._schedule.around(now)
        self._of_day = first, last, ticks = self._ticks_around(now)
        return ticks.around(seconds)

    def _ticks_around(self, now: datetime) -> tuple[float, float, _Ticks]:
        """Return the ticks of a day in UTC with the one before it and the one behind."""
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        first = midnight.timestamp()
        newest = self._schedule.latest(midnight)
        ticks = [newest] if newest else []
        for tick in self._schedule.after(midnight):
            ticks.append(tick)
            if tick.timestamp() >= first + _DAY_SECONDS:
                break
        return first, first + _DAY_SECONDS, _Ticks(ticks)


class _Ticks:
    """Ticks in their order."""

    __slots__ = ("_seconds", "_ticks")

    def __init__(self, ticks: Sequence[datetime] = ()) -> None:
        self._ticks = ticks
        self._seconds = [tick.timestamp() for tick in ticks]

    def around(self, seconds: float) -> tuple[datetime | None, datetime | None]:
        """Return the newest tick not after an instant, and the next one."""
        passed = bisect_right(self._seconds, seconds)
        ticks = self._ticks
        return (
            ticks[passed - 1] if passed else None,
            ticks[passed] if passed < len(ticks) else None,
        )


def _is_near(tick: datetime | None, now: datetime) -> bool:
    return tick is not None and tick - now <= SKEW

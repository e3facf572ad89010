"""The engine's search for one next tick, on the wall clock of any zone.

robfig/cron v3 (``spec.go``, ``Next``) steps through local time field by field, and what it does
around a clock change follows from those steps: ticks in a gap are left out, ticks in an overlap
come twice, and where midnight itself is skipped a whole day may be. :class:`Walk` takes the same
steps. Days that are far from any clock change need none of this.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from cronshift.runtime.schedule.fields import LAST_YEAR, SEARCH_YEARS, Fields

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds
EPOCH_DAY = date(1970, 1, 1).toordinal()
_NOON = 12


class ZoneClock(NamedTuple):
    """A zone's wall clock. Instants are seconds since 1970; wall times the same, as if in UTC."""

    zone: ZoneInfo

    def offset(self, instant: int) -> int:
        """Return the seconds that the zone is ahead of UTC."""
        offset = datetime.fromtimestamp(instant, self.zone).utcoffset() or timedelta()
        return offset.days * DAY + offset.seconds

    def wall(self, instant: int) -> int:
        """Return the wall time of an instant."""
        return instant + self.offset(instant)

    def instant(self, wall: int) -> int:
        """Return the instant that Go's ``time.Date`` picks, in gaps and overlaps too."""
        return wall - self.offset(wall - self.offset(wall))


@lru_cache(maxsize=64)
def clock_of(zone: str) -> ZoneClock:
    """Return the clock of an IANA zone."""
    return ZoneClock(ZoneInfo(zone))


class _Level(NamedTuple):
    """One field of the search; ``floor`` and ``advance`` take (instant, its wall time)."""

    matches: Callable[[int], bool]
    floor: Callable[[int, int], int]
    advance: Callable[[int, int], int]
    wrapped: Callable[[int], bool]


class Walk:
    """The search for the ticks of five fields in one zone.

    From month to second it advances each field until it matches; a field that wraps around sends
    it back to the months. The first advance of all clears the smaller fields.
    """

    def __init__(self, fields: Fields, zone: str) -> None:
        self.fields = fields
        self.clock = clock_of(zone)
        self._never_changes = self.clock.zone.utcoffset(None) is not None
        self._levels = (self._month(), self._day(), self._hour(), self._minute(), self._second())

    def next(self, since: int) -> int | None:
        """Return the first tick after an instant; ``None`` when five years hold none."""
        at, cleared = since + 1, False
        wall = self.clock.wall(at)
        limit = min(_date(wall).year + SEARCH_YEARS, LAST_YEAR)
        while _date(wall).year <= limit:
            for level in self._levels:
                while not level.matches(wall):
                    if not cleared:
                        at, cleared = level.floor(at, wall), True
                        wall = self.clock.wall(at)
                    at = level.advance(at, wall)
                    wall = self.clock.wall(at)
                    if level.wrapped(wall):
                        break
                else:
                    continue
                break
            else:
                return at
        return None

    def steady(self, first: int, last: int) -> bool:
        """Return whether a walk between two dates (ordinals) stays clear of clock changes."""
        if self._never_changes:
            return True
        start, end = date.fromordinal(first), date.fromordinal(last)
        if not self.fields.months >> start.month & 1:
            first -= start.day - 1  # such a walk goes back to the first of the month to begin
        for year in range(start.year, end.year + 1):
            days = _changing_days(self.clock, year)
            if bisect_left(days, first) < bisect_right(days, last):
                return False
        return True

    def _month(self) -> _Level:
        return _Level(
            matches=lambda wall: bool(self.fields.months >> _date(wall).month & 1),
            floor=lambda _, wall: self.clock.instant((wall // DAY + 1 - _date(wall).day) * DAY),
            advance=lambda _, wall: self.clock.instant(_a_month_later(wall)),
            wrapped=lambda wall: _date(wall).month == 1,
        )

    def _day(self) -> _Level:
        def matches(wall: int) -> bool:
            day = _date(wall)
            return self.fields.on(day.day, day.toordinal() % 7)

        def advance(_: int, wall: int) -> int:
            at = self.clock.instant(wall + DAY)
            hour = self.clock.wall(at) // HOUR % 24  # not 0 around a change at midnight
            return at + (24 - hour if hour > _NOON else -hour) * HOUR

        return _Level(
            matches,
            floor=lambda _, wall: self.clock.instant(wall - wall % DAY),
            advance=advance,
            wrapped=lambda wall: _date(wall).day == 1,
        )

    def _hour(self) -> _Level:
        return _Level(
            matches=lambda wall: bool(self.fields.hours >> wall // HOUR % 24 & 1),
            floor=lambda _, wall: self.clock.instant(wall - wall % HOUR),
            advance=lambda at, _: at + HOUR,
            wrapped=lambda wall: wall // HOUR % 24 == 0,
        )

    def _minute(self) -> _Level:
        return _Level(
            matches=lambda wall: bool(self.fields.minutes >> wall // MINUTE % 60 & 1),
            floor=lambda at, _: at - at % MINUTE,
            advance=lambda at, _: at + MINUTE,
            wrapped=lambda wall: wall // MINUTE % 60 == 0,
        )

    def _second(self) -> _Level:
        def advance(at: int, wall: int) -> int:
            full = at + MINUTE - wall % MINUTE
            return at + 1 if self.clock.wall(full) % MINUTE else full  # seconds of offset changed

        return _Level(
            matches=lambda wall: wall % MINUTE == 0,
            floor=lambda at, _: at,
            advance=advance,
            wrapped=lambda wall: wall % MINUTE == 0,
        )


def _date(wall: int) -> date:
    return date.fromordinal(wall // DAY + EPOCH_DAY)


def _a_month_later(wall: int) -> int:
    """Return the same day and time of the next month; day 31 of a shorter one runs over."""
    day = _date(wall)
    first = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return (first.toordinal() - EPOCH_DAY + day.day - 1) * DAY + wall % DAY


@lru_cache(maxsize=1024)
def _changing_days(clock: ZoneClock, year: int) -> tuple[int, ...]:
    """Return the year's dates (ordinals) that lie within two days of a clock change.

    No zone has ever changed twice within a day, so its midnights tell all. Offsets with seconds,
    in use before 1972, count as changing, for the engine cuts minutes in UTC.
    """
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    offsets = [clock.offset((day - EPOCH_DAY) * DAY) for day in range(first - 2, last + 4)]
    near = {
        first - 2 + index + away
        for index, (before, after) in enumerate(pairwise(offsets))
        if before != after or before % MINUTE
        for away in range(-2, 3)
    }
    return tuple(sorted(day for day in near if first <= day <= last))

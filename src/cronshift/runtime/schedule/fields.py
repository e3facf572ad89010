"""The five fields of a schedule, as bit sets, and the dates and minutes that they match."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SEARCH_YEARS = 5  # the engine looks no further for one next tick
FIRST_YEAR, LAST_YEAR = 3, 9998  # inside datetime's range, so that no step can leave it
_DECEMBER = 12
_LONGEST = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Fields(NamedTuple):
    """The values each field matches: bit ``n`` is set when ``n`` matches.

    Months count from 1, weekdays from 0, Sunday. Two schedules of one zone whose fields are equal
    have the same ticks, however they are spelled.

    Attributes:
        either_day: a date matches when day of month *or* day of week does. Otherwise both must,
            and at least one of the two matches every day.
    """

    minutes: int
    hours: int
    days: int
    months: int
    weekdays: int
    either_day: bool

    @property
    def never(self) -> bool:
        """True when no date of any year, or no time of any day, matches."""
        lengths = [_LONGEST[month] for month in values(self.months)]
        by_month = any(self.days & (2 << length) - 1 for length in lengths)
        by_week = bool(self.weekdays and lengths)
        dated = (by_month or by_week) if self.either_day else (by_month and by_week)
        return not (self.minutes and self.hours and dated)

    def on(self, day: int, weekday: int) -> bool:
        """Return whether the day fields match a day of the month that is that day of the week."""
        by_month = bool(self.days >> day & 1)
        by_week = bool(self.weekdays >> weekday & 1)
        return (by_month or by_week) if self.either_day else (by_month and by_week)

    def dates(self, start: int) -> Iterator[int]:
        """Yield the dates that match, as ordinals from ``start`` on.

        Ends when five years pass without one, as the engine's search does.
        """
        begin = date.fromordinal(start)
        year, month, limit = begin.year, begin.month, begin.year + SEARCH_YEARS
        while year <= min(limit, LAST_YEAR):
            before = date(year, month, 1).toordinal() - 1
            year_on, month_on = (year + 1, 1) if month == _DECEMBER else (year, month + 1)
            if self.months >> month & 1:
                length = date(year_on, month_on, 1).toordinal() - 1 - before
                for day in _days_of_month(self, before % 7, length):
                    if before + day >= start:
                        yield before + day
                        limit = year + SEARCH_YEARS
            year, month = year_on, month_on


def values(bits: int) -> list[int]:
    """Return the numbers of the bits that are set, ascending."""
    return [value for value in range(bits.bit_length()) if bits >> value & 1]


def runs(numbers: list[int], shortest: int) -> list[str]:
    """Return ascending numbers as a cron list, with ranges where ``shortest`` or more follow."""
    parts: list[str] = []
    while numbers:
        length = next(
            (n for n, number in enumerate(numbers) if number != numbers[0] + n), len(numbers)
        )
        run, numbers = numbers[:length], numbers[length:]
        parts += [f"{run[0]}-{run[-1]}"] if length >= shortest else [str(value) for value in run]
    return parts


@lru_cache(maxsize=256)
def minutes_of_day(minutes: int, hours: int) -> tuple[int, ...]:
    """Return the minutes since midnight that two bit sets match, ascending."""
    return tuple(hour * 60 + minute for hour in values(hours) for minute in values(minutes))


@lru_cache(maxsize=4096)
def _days_of_month(fields: Fields, weekday_before: int, length: int) -> tuple[int, ...]:
    """Return the matching days of a month, given the weekday of the day before its first."""
    days = range(1, length + 1)
    return tuple(day for day in days if fields.on(day, (weekday_before + day) % 7))

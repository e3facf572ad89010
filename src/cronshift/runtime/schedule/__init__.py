"""Cron schedules with the meaning Inngest's engine gives them.

What the engine accepts, when it fires and what it does around clock changes is reproduced exactly
(robfig/cron v3 as inngest/inngest uses it), so that a tick computed here is one computed there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from cronshift.runtime.schedule.fields import FIRST_YEAR, LAST_YEAR, Fields, minutes_of_day
from cronshift.runtime.schedule.grammar import MAX_LENGTH, read_trigger, read_vercel
from cronshift.runtime.schedule.walking import DAY, EPOCH_DAY, HOUR, MINUTE, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["MAX_LENGTH", "Fields", "Schedule"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEAR = 63  # days in which most schedules have a tick; others are searched for


@dataclass(frozen=True, slots=True)
class Schedule:
    """The schedule of a job. Two schedules are equal when their expression and zone are.

    Attributes:
        expression: the five fields, one space between them, in the user's own spelling.
        zone: IANA name of the zone whose wall clock the fields are read on.
        text: what was parsed, unchanged.
        translated: :meth:`from_vercel` spelled the day of the week in another way, same ticks.
        fields: the values that match; equal fields in one zone mean equal ticks.
    """

    expression: str
    zone: str
    text: str = field(compare=False)
    translated: bool = field(compare=False)
    fields: Fields = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Read a trigger as the engine does when a function is registered.

        Five fields after an optional ``TZ=<zone> `` or ``CRON_TZ=<zone> ``. Without a zone, and
        with the names ``Local`` and ``""`` that the engine also accepts, it is UTC: the engine
        then takes its own zone, which Inngest documents to be UTC. Zone names are exact, case
        included.

        Raises:
            ScheduleError: the engine would reject the text, or crash on it.
        """
        zone, expression, fields = read_trigger(text)
        return cls(expression, zone, text, translated=False, fields=fields)

    @classmethod
    def from_vercel(cls, text: str) -> Schedule:
        """Read an entry's schedule as Vercel documents it, in UTC.

        Day 7, a Sunday that the engine rejects, is rewritten and ``translated`` set; everything
        else keeps its spelling.

        Raises:
            ScheduleError: the text means nothing to Vercel, or not surely one thing, or its
                ``trigger`` is too long for the engine.
        """
        expression, translated = read_vercel(text)
        zone, expression, fields = read_trigger(f"TZ=UTC {expression}")
        return cls(expression, zone, text, translated, fields)

    @property
    def trigger(self) -> str:
        """The trigger that is registered with Inngest: the expression after an explicit zone."""
        return f"TZ={self.zone} {self.expression}"

    @property
    def never(self) -> bool:
        """True when no date of any year matches, so that no tick ever comes."""
        return self.fields.never

    def after(self, instant: datetime) -> Iterator[datetime]:
        """Iterate over the ticks strictly after ``instant``, in UTC.

        Ends where the engine gives up: when the next tick would be more than five years away.

        Raises:
            ValueError: ``instant`` is naive.
        """
        return self._ticks(_seconds(instant))

    def latest(self, instant: datetime) -> datetime | None:
        """Return the newest tick that is not after ``instant``, in UTC; ``None`` when never.

        Raises:
            ValueError: ``instant`` is naive.
        """
        moment = _seconds(instant)
        for back in (HOUR, DAY, 8 * DAY, 64 * DAY, 512 * DAY, 4096 * DAY):
            newest = None
            for start, minutes in self._batches(moment - back):
                if start + minutes[0] * MINUTE > moment:
                    break
                passed = bisect_right(minutes, (moment - start) // MINUTE)
                newest = start + minutes[passed - 1] * MINUTE
            if newest is not None:
                return _EPOCH + timedelta(seconds=newest)
        return None

    def around(self, instant: datetime) -> tuple[datetime | None, datetime | None]:
        """Return the newest tick not after ``instant`` and the next one after it, in UTC.

        The same as :meth:`latest` and the first of :meth:`after`, in a few microseconds for a
        schedule in UTC: this is what a guard asks for at every call.

        Raises:
            ValueError: ``instant`` is naive.
        """
        if self.zone != "UTC" or self.never:
            return self.latest(instant), next(self.after(instant), None)
        day, second = divmod(_seconds(instant), DAY)
        minutes = minutes_of_day(self.fields.minutes, self.fields.hours)
        passed = bisect_right(minutes, second // MINUTE) if self._on(day) else None
        before = _moment(day, minutes[passed - 1]) if passed else None
        after = (
            _moment(day, minutes[passed]) if passed is not None and passed < len(minutes) else None
        )
        near = range(1, _NEAR)
        if before is None:
            before = next((_moment(day - n, minutes[-1]) for n in near if self._on(day - n)), None)
        if after is None:
            after = next((_moment(day + n, minutes[0]) for n in near if self._on(day + n)), None)
        return before or self.latest(instant), after or next(self.after(instant), None)

    def _on(self, day: int) -> bool:
        """Return whether the fields match a date in UTC, given in days since 1970."""
        if not _FIRST <= day * DAY < _LAST:
            return False
        when, fields = date.fromordinal(day + EPOCH_DAY), self.fields
        return bool(fields.months >> when.month & 1) and fields.on(when.day, (day + 4) % 7)

    def count(self, start: datetime, end: datetime) -> int:
        """Return the number of ticks :meth:`after` ``start``, up to and including ``end``.

        Takes time by the day, not by the tick.

        Raises:
            ValueError: ``start`` or ``end`` is naive.
        """
        last, total = _seconds(end), 0
        for first, minutes in self._batches(_seconds(start)):
            if first + minutes[-1] * MINUTE > last:
                return total + bisect_right(minutes, (last - first) // MINUTE)
            total += len(minutes)
        return total

    def describe(self) -> str:
        """Return the schedule in English, on a 24-hour clock, without a full stop.

        The zone follows in brackets where it is not UTC: ``At 03:30 (Europe/Paris)``.
        """
        from cronshift.runtime.schedule.wording import describe

        sentence = describe(self.fields)
        return sentence if self.zone == "UTC" else f"{sentence} ({self.zone})"

    def _ticks(self, since: int) -> Iterator[datetime]:
        steps = _steps_of_day()
        for start, minutes in self._batches(since):
            first = _EPOCH + timedelta(seconds=start)
            for minute in minutes:
                yield first + steps[minute]

    def _batches(self, since: int) -> Iterator[tuple[int, Sequence[int]]]:
        """Yield the ticks after ``since`` as (instant, minutes after it), at most a day at once.

        Days clear of clock changes are read from a table; every other tick is walked to.
        """
        since = max(since, _FIRST)
        walk = Walk(self.fields, self.zone)
        minutes = minutes_of_day(self.fields.minutes, self.fields.hours)
        while not self.never and since < _LAST:
            day, second = divmod(walk.clock.wall(since + 1), DAY)
            day, midnight = day + EPOCH_DAY, since + 1 - second
            for matching in self.fields.dates(day):
                if not walk.steady(day, matching):
                    break
                midnight += (matching - day) * DAY
                if matching > day:
                    day, second = matching, 0
                if rest := minutes[bisect_left(minutes, -(-second // MINUTE)) :]:
                    yield midnight, rest
                    since = midnight + rest[-1] * MINUTE
            tick = walk.next(since)
            if tick is None:
                return
            yield tick, (0,)
            since = tick


def _seconds(instant: datetime) -> int:
    """Return the whole seconds since 1970 that have passed at an instant."""
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no time zone")
    return (instant - _EPOCH) // timedelta(seconds=1)


_FIRST = _seconds(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC))
_LAST = _seconds(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC))


def _moment(day: int, minute: int) -> datetime:
    return _EPOCH + timedelta(days=day, minutes=minute)


@lru_cache(maxsize=1)
def _steps_of_day() -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=minute) for minute in range(24 * 60))

"""A schedule in words."""

from __future__ import annotations

from cronshift.runtime.schedule.fields import Fields, runs, values
from cronshift.runtime.schedule.grammar import DAY, HOUR, MINUTE, MONTH, WEEKDAY, FieldRange


def describe(fields: Fields) -> str:
    """Return five fields as an English sentence without a full stop, on a 24-hour clock.

    cron-descriptor reads steps, names and loose spellings unlike the engine, so it is given the
    values that match, spelled plainly.
    """
    from cron_descriptor import (
        ExpressionDescriptor,
        Options,
    )

    if fields.never:
        return "Never"
    minutes, hours = (
        _plain(fields.minutes, MINUTE, repeats=2),
        _plain(fields.hours, HOUR, repeats=3),
    )
    if minutes.isdigit() and "," in hours:  # "1-5,12" would lose the minute
        hours = ",".join(map(str, values(fields.hours)))
    days, months, weekdays = _days(fields)
    options = Options(locale_code="en_US", use_24hour_time_format=True)
    descriptor = ExpressionDescriptor(f"{minutes} {hours} {days} {months} {weekdays}", options)
    sentence: str = descriptor.get_description()
    if "*" in (days, weekdays):
        return sentence
    week: str = descriptor.get_day_of_week_description()
    return sentence.replace(week, f" or {week.removeprefix(', ').removeprefix('or ')}")


def _days(fields: Fields) -> tuple[str, str, str]:
    """Return day of month, month and day of week; both days only where either will do."""
    days, weekdays = _plain(fields.days, DAY), _plain(fields.weekdays, WEEKDAY)
    if fields.either_day and "*" in (days, weekdays):
        days = weekdays = "*"
    return days or "*", _plain(fields.months, MONTH), weekdays or "*"


def _plain(bits: int, spec: FieldRange, repeats: int | None = None) -> str:
    """Return a field as numbers, ranges or a star.

    With ``repeats``, a step that divides the whole evenly, at least that many times, stays one.
    """
    matching, size = values(bits), spec.high - spec.low + 1
    if len(matching) == size:
        return "*"
    if repeats and len(matching) >= repeats:
        every = size // len(matching)
        if matching == list(range(0, size, every)):
            return f"*/{every}"
    return ",".join(runs(matching, shortest=3))

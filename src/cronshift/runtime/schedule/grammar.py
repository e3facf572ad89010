"""Reading schedules: the grammar of Inngest's engine, and Vercel's stricter one.

The engine registers triggers with ``NewParser(Minute|Hour|Dom|Month|Dow)`` of robfig/cron v3
(inngest/inngest, ``pkg/inngest/trigger.go``). What it takes and refuses is reproduced exactly, its
loose corners included. Vercel's rules are those of vercel.com/docs/cron-jobs, "Cron expressions".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from cronshift.errors import Reason, ScheduleError
from cronshift.runtime.schedule.fields import Fields, runs, values

MAX_LENGTH = 255  # characters; "cron is too long. maximum length is 255 characters"
_MAX_INT = 2**63 - 1  # Go's int
# Go's unicode.IsSpace; Python's str.split() would also split on U+001C to U+001F.
_SPACES = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_NUMBER = re.compile(r"[+-]?[0-9]+")
_VERCEL_PART = re.compile(r"(?:\*|[0-9]+(?:-[0-9]+)?)(?:/[0-9]+)?")
_ZONE_PREFIXES = ("TZ=", "CRON_TZ=")
_DAY_SEVEN = re.compile(r"(?<![0-9/])0*7(?![0-9])")
_SUNDAY_AGAIN, _WHOLE_WEEK = 7, 0b1111111


class FieldRange(NamedTuple):
    """One of the five places of an expression, with the values it takes."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MINUTE = FieldRange("minute", 0, 59)
HOUR = FieldRange("hour", 0, 23)
DAY = FieldRange("day-of-month", 1, 31)
MONTH = FieldRange("month", 1, 12, _MONTHS)
WEEKDAY = FieldRange("day-of-week", 0, 6, _WEEKDAYS)
_FIELDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)
_VERCEL_WEEKDAY = FieldRange("day-of-week", 0, 7)


def read_trigger(text: str) -> tuple[str, str, Fields]:
    """Return (zone, expression, fields) of a trigger's text.

    Raises:
        ScheduleError: the engine would reject the text, or crash on it.
    """
    if len(text) > MAX_LENGTH:
        message = f"The schedule has {len(text)} characters; Inngest allows {MAX_LENGTH}."
        raise ScheduleError(message, field="expression", reason="too-long")
    zone, rest = _split_zone(text)
    texts = _split_fields(rest)
    if texts and texts[0].startswith("@"):
        message = f"Inngest takes no descriptors such as {texts[0]!r}; write five fields."
        raise ScheduleError(message, field="expression", reason="descriptor")
    if len(texts) != len(_FIELDS):
        raise _wrong_count(texts, Reason.WRONG_FIELD_COUNT)
    read = [_read_field(part, spec) for part, spec in zip(texts, _FIELDS, strict=True)]
    (minutes, _), (hours, _), (days, any_day), (months, _), (weekdays, any_weekday) = read
    fields = Fields(minutes, hours, days, months, weekdays, not (any_day or any_weekday))
    return zone, " ".join(texts), fields


def read_vercel(text: str) -> tuple[str, bool]:
    """Return (expression for the engine, whether it had to be written in another way).

    Sunday may be day 7 to Vercel, which the engine rejects; all else keeps its spelling. Numbers
    that both refuse, being out of range, are left for :func:`read_trigger` to refuse.

    Raises:
        ScheduleError: the text means nothing to Vercel, or not surely one thing.
    """
    texts = _split_fields(text)
    first = texts[0] if texts else ""
    if first.startswith(_ZONE_PREFIXES):
        message = f"Vercel runs schedules in UTC and takes no zone such as {first!r}."
        raise ScheduleError(message, field="zone", reason="zone-prefix")
    if first.startswith("@"):
        message = f"Vercel takes no descriptors such as {first!r}; write five fields."
        raise ScheduleError(message, field="expression", reason="descriptor")
    if len(texts) != len(_FIELDS):
        six = len(texts) == len(_FIELDS) + 1
        raise _wrong_count(texts, Reason.SIX_FIELDS if six else Reason.WRONG_FIELD_COUNT)
    for part, spec in zip(texts, _FIELDS, strict=True):
        _check_vercel(part, spec)
    *others, weekday = texts
    if texts[2] != "*" and weekday != "*":
        message = f"Day of month {texts[2]!r} and day of week {weekday!r}: one must be '*'."
        raise ScheduleError(message, field="day-of-week", reason="both-day-fields")
    translated = _vercel_weekdays(weekday)
    return " ".join((*others, translated)), translated != weekday


def _split_zone(text: str) -> tuple[str, str]:
    """Return (zone, the rest); the engine looks for one plain space after the name."""
    if not text.startswith(_ZONE_PREFIXES):
        return "UTC", text
    prefix, space, rest = text.partition(" ")
    if not space:
        message = f"{text!r} needs a space and five fields after the zone; it crashes Inngest."
        raise ScheduleError(message, field="zone", reason="wrong-field-count")
    name = prefix.partition("=")[2]
    if name in ("", "UTC", "Local"):
        return "UTC", rest
    if name not in _zone_names():
        raise ScheduleError(f"{name!r} is no IANA time zone.", field="zone", reason="unknown-zone")
    return name, rest


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    """Every IANA name, and nothing else that a zoneinfo folder may hold."""
    from importlib import resources  # 12 ms, and most schedules are in UTC

    return frozenset((resources.files("tzdata") / "zones").read_text("utf-8").split())


def _split_fields(text: str) -> list[str]:
    return [part for part in _SPACES.split(text) if part]


def _wrong_count(texts: list[str], reason: Reason) -> ScheduleError:
    message = f"Expected 5 fields, but got {len(texts)}: {' '.join(texts)!r}."
    return ScheduleError(message, field="expression", reason=reason)


def _read_field(text: str, spec: FieldRange) -> tuple[int, bool]:
    """Return the bits of a comma list, and whether one of its parts is a plain star."""
    bits, star = 0, False
    for part in filter(None, text.split(",")):
        more, plain_star = _read_part(part, spec)
        bits, star = bits | more, star or plain_star
    return bits, star


def _read_part(part: str, spec: FieldRange) -> tuple[int, bool]:
    span, *steps = part.split("/")
    start, *ends = span.split("-")
    star = start in ("*", "?")
    if star:  # what follows the hyphen in "*-5" is never looked at
        low, high = spec.low, spec.high
    elif len(ends) > 1:
        raise _invalid(spec, Reason.INVALID_RANGE, f"{part!r} has too many hyphens")
    else:
        low = _value(start, part, spec)
        high = _value(ends[0], part, spec) if ends else low
    if len(steps) > 1:
        raise _invalid(spec, Reason.INVALID_STEP, f"{part!r} has too many slashes")
    step = _step(steps[0], part, spec) if steps else 1
    if steps and not ends:
        high = spec.high  # "5/15" runs to the end of the field
    for value in (low, high):
        if not spec.low <= value <= spec.high:
            message = (
                f"{value} in {part!r} is outside the {spec.name} field's {spec.low}-{spec.high}."
            )
            raise ScheduleError(message, field=spec.name, reason="out-of-range")
    if low > high:
        raise _invalid(spec, Reason.INVALID_RANGE, f"{part!r} ends before it starts")
    return sum(1 << value for value in range(low, high + 1, step)), star and step == 1


def _value(text: str, part: str, spec: FieldRange) -> int:
    if text.lower() in spec.names:
        return spec.low + spec.names.index(text.lower())
    if not text:
        raise _invalid(spec, Reason.INVALID_VALUE, f"{part!r} lacks a number")
    if not _NUMBER.fullmatch(text):
        raise _invalid(
            spec, Reason.INVALID_VALUE, f"{text!r} is no number{' or name' * bool(spec.names)}"
        )
    return int(text)


def _step(text: str, part: str, spec: FieldRange) -> int:
    if not _NUMBER.fullmatch(text) or not 0 < int(text) <= _MAX_INT:
        raise _invalid(spec, Reason.INVALID_STEP, f"{part!r} has no positive number as its step")
    return int(text)


def _invalid(spec: FieldRange, reason: Reason, fault: str) -> ScheduleError:
    return ScheduleError(f"{fault} in the {spec.name} field.", field=spec.name, reason=reason)


def _check_vercel(text: str, spec: FieldRange) -> None:
    """Refuse an expression that the engine would understand and Vercel does not."""
    words = re.findall(r"[a-z]+", text.lower())
    if any(word[:3] in _MONTHS + _WEEKDAYS for word in words):
        message = f"Vercel takes no names such as {text!r} in the {spec.name}; write numbers."
        raise ScheduleError(message, field=spec.name, reason="names")
    if re.search(r"[?#@]", text) or {"l", "w", "lw", "wl"}.intersection(words):
        message = f"Vercel does not know {text!r} in the {spec.name}: only digits and '*,-/'."
        raise ScheduleError(message, field=spec.name, reason="unsupported-character")
    for part in text.split(","):
        if not _VERCEL_PART.fullmatch(part):
            if part:
                _read_part(part, spec)  # the engine's own complaint is the more precise
            raise _invalid(
                spec, Reason.INVALID_VALUE, f"{part or text!r} is no number that Vercel reads"
            )


def _vercel_weekdays(text: str) -> str:
    """Return a day of the week that the engine takes, where day 7 is Sunday."""
    bits = 0
    for part in text.split(","):
        bits |= _fold(part)
    if not _DAY_SEVEN.search(text):
        return text
    if bits == _WHOLE_WEEK:
        return "*"
    return ",".join((["0"] if bits & 1 else []) + runs(values(bits & ~1), shortest=2))


def _fold(part: str) -> int:
    """Return the bits 0-6 of a part that may say 7."""
    bits, _ = _read_part(part, _VERCEL_WEEKDAY)
    folded = bits & _WHOLE_WEEK | bits >> _SUNDAY_AGAIN
    start, slash, _ = part.partition("/")
    if (
        slash
        and start.isdigit()
        and (int(start) == _SUNDAY_AGAIN or folded != _read_part(part, WEEKDAY)[0])
    ):
        message = f"{part!r} means other days in a week of 0-6 than of 0-7; list the days."
        raise ScheduleError(message, field="day-of-week", reason="ambiguous-step")
    return folded

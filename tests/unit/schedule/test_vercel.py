from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cronshift.errors import ScheduleError
from cronshift.runtime.schedule import Schedule


@pytest.mark.parametrize(
    ("weekday", "translated"),
    [
        ("7", "0"),
        ("07", "0"),
        ("0,7", "0"),
        ("5-7", "0,5-6"),
        ("6-7", "0,6"),
        ("7-7", "0"),
        ("0-7", "*"),
        ("1-7", "*"),
        ("*,7", "*"),
        ("1-7/2", "0,1,3,5"),
        ("0-7/2", "0,2,4,6"),
        ("1,3-4,7", "0,1,3-4"),
        ("7-7/3", "0"),
    ],
)
def test_day_seven_becomes_sunday(weekday: str, translated: str) -> None:
    schedule = Schedule.from_vercel(f"0 6 * * {weekday}")
    assert schedule.expression == f"0 6 * * {translated}"
    assert schedule.translated
    assert schedule.trigger == f"TZ=UTC 0 6 * * {translated}"


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("0 */4 * * *", "0 */4 * * *"),
        ("  0 1,13  * *\t* ", "0 1,13 * * *"),
        ("*/1 0 * * *", "*/1 0 * * *"),
        ("*/5 10-23 * * 6", "*/5 10-23 * * 6"),
        ("0 8 1 1,4,7,10 *", "0 8 1 1,4,7,10 *"),
        ("05 0 */2 * *", "05 0 */2 * *"),
        ("0 0 * * 0,2,4", "0 0 * * 0,2,4"),
        ("0 0 * * */7", "0 0 * * */7"),
        ("0 0 * * 1-5/7", "0 0 * * 1-5/7"),
        ("7 7 7 7 *", "7 7 7 7 *"),
    ],
)
def test_everything_else_keeps_its_spelling(text: str, expression: str) -> None:
    schedule = Schedule.from_vercel(text)
    assert schedule.expression == expression
    assert schedule.zone == "UTC"
    assert schedule.text == text
    assert not schedule.translated


@pytest.mark.parametrize(
    ("text", "reason", "message"),
    [
        ("10 11 * * * *", "six-fields", "Expected 5 fields, but got 6: '10 11 * * * *'."),
        ("* * * *", "wrong-field-count", "Expected 5 fields, but got 4: '* * * *'."),
        ("0 0 0 * * * *", "wrong-field-count", "Expected 5 fields, but got 7: '0 0 0 * * * *'."),
        ("0 0 * * MON", "names", "Vercel takes no names such as 'MON' in the day-of-week; write numbers."),
        ("0 0 1 january *", "names", "Vercel takes no names such as 'january' in the month; write numbers."),
        ("0 0 1 * 1", "both-day-fields", "Day of month '1' and day of week '1': one must be '*'."),
        ("0 0 */1 * 1", "both-day-fields", "Day of month '*/1' and day of week '1': one must be '*'."),
        ("0 0 1 * 0-7", "both-day-fields", "Day of month '1' and day of week '0-7': one must be '*'."),
        ("0 0 ? * 1", "unsupported-character", "Vercel does not know '?' in the day-of-month: only digits and '*,-/'."),
        ("0 0 L * *", "unsupported-character", "Vercel does not know 'L' in the day-of-month: only digits and '*,-/'."),
        ("0 0 15W * *", "unsupported-character", "Vercel does not know '15W' in the day-of-month: only digits and '*,-/'."),
        ("0 0 * * 1#2", "unsupported-character", "Vercel does not know '1#2' in the day-of-week: only digits and '*,-/'."),
        ("@daily", "descriptor", "Vercel takes no descriptors such as '@daily'; write five fields."),
        ("TZ=UTC 0 0 * * *", "zone-prefix", "Vercel runs schedules in UTC and takes no zone such as 'TZ=UTC'."),
        ("CRON_TZ=UTC 0 0 * * *", "zone-prefix", "Vercel runs schedules in UTC and takes no zone such as 'CRON_TZ=UTC'."),
        ("1e1 * * * *", "invalid-value", "'1e1' is no number in the minute field."),
        ("0x5 * * * *", "invalid-value", "'0x5' is no number in the minute field."),
        ("+5 * * * *", "invalid-value", "'+5' is no number that Vercel reads in the minute field."),
        ("*-5 * * * *", "invalid-value", "'*-5' is no number that Vercel reads in the minute field."),
        ("1,,2 * * * *", "invalid-value", "'1,,2' is no number that Vercel reads in the minute field."),
        ("60 * * * *", "out-of-range", "60 in '60' is outside the minute field's 0-59."),
        ("0 0 * * 8", "out-of-range", "8 in '8' is outside the day-of-week field's 0-7."),
        ("0 10-5 * * *", "invalid-range", "'10-5' ends before it starts in the hour field."),
        ("0 0 * * 7/0", "invalid-step", "'7/0' has no positive number as its step in the day-of-week field."),
        ("5/ * * * *", "invalid-step", "'5/' has no positive number as its step in the minute field."),
        ("0 0 * * 1/2", "ambiguous-step", "'1/2' means other days in a week of 0-6 than of 0-7; list the days."),
        ("0 0 * * 2,7/2", "ambiguous-step", "'7/2' means other days in a week of 0-6 than of 0-7; list the days."),
    ],
)  # fmt: skip
def test_what_vercel_does_not_document_is_refused_with_its_reason(
    text: str, reason: str, message: str
) -> None:
    with pytest.raises(ScheduleError) as caught:
        Schedule.from_vercel(text)
    assert (caught.value.reason, caught.value.message) == (reason, message)


def test_a_schedule_whose_trigger_would_be_too_long_is_refused() -> None:
    fits = "0," * 119 + "0 * * * *"
    assert len(Schedule.from_vercel(fits).trigger) == 254
    with pytest.raises(ScheduleError, match="Inngest allows 255") as caught:
        Schedule.from_vercel("0," + fits)
    assert caught.value.reason == "too-long"


def part(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    step = st.one_of(st.just(""), st.integers(1, high + 3).map("/{}".format))
    ranges = st.tuples(number, number).map(sorted).map(lambda ends: f"{ends[0]}-{ends[1]}")
    return st.builds(str.__add__, st.one_of(st.just("*"), number.map(str), ranges), step)


def listed(low: int, high: int) -> st.SearchStrategy[str]:
    return st.lists(part(low, high), min_size=1, max_size=3).map(",".join)


def reference(text: str, low: int, high: int) -> set[int]:
    """What a documented field means, written as plainly as can be."""
    found: set[int] = set()
    for item in text.split(","):
        span, _, step = item.partition("/")
        first, hyphen, last = span.partition("-")
        if first == "*":
            start, end = low, high
        elif hyphen:
            start, end = int(first), int(last)
        else:
            start, end = int(first), high if step else int(first)
        found |= {value for value in range(start, end + 1) if (value - start) % int(step or 1) == 0}
    return found


@settings(deadline=None, max_examples=150)
@given(
    st.tuples(
        listed(0, 59),
        listed(0, 23),
        st.one_of(st.just("*"), listed(1, 31)),
        listed(1, 12),
        st.one_of(st.just("*"), listed(0, 7)),
    ),
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)),  # noqa: DTZ001 - made aware below
)
def test_a_vercel_schedule_means_the_minutes_it_says(
    fields: tuple[str, str, str, str, str], start: datetime
) -> None:
    assume("*" in (fields[2], fields[4]))
    try:
        schedule = Schedule.from_vercel(" ".join(fields))
    except ScheduleError as error:
        assert error.reason == "ambiguous-step"
        return
    bounds = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
    minutes, hours, days, months, weekdays = (
        reference(text, low, high) for text, (low, high) in zip(fields, bounds, strict=True)
    )
    begin = start.replace(second=0, microsecond=0, tzinfo=UTC)
    expected = [
        minute
        for minute in (begin + timedelta(minutes=n) for n in range(1, 8 * 24 * 60 + 1))
        if minute.minute in minutes
        and minute.hour in hours
        and minute.day in days
        and minute.month in months
        and weekdays & {minute.isoweekday(), minute.isoweekday() % 7}
    ]
    end = begin + timedelta(days=8)
    assert list(takewhile(lambda tick: tick <= end, schedule.after(begin))) == expected
    assert Schedule.parse(schedule.expression).fields == schedule.fields


@pytest.mark.parametrize("start", range(8))
@pytest.mark.parametrize("step", range(1, 9))
def test_an_open_weekday_step_is_refused_exactly_when_the_end_of_the_week_matters(
    start: int, step: int
) -> None:
    to_saturday = set(range(start, 7, step))
    to_sunday = {day % 7 for day in range(start, 8, step)}
    try:
        schedule = Schedule.from_vercel(f"0 0 * * {start}/{step}")
    except ScheduleError as error:
        assert error.reason == "ambiguous-step"
        assert to_saturday != to_sunday
    else:
        assert to_saturday == to_sunday
        assert schedule.fields.weekdays == sum(1 << day for day in to_sunday)

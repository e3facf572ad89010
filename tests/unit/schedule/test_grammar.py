from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronshift.errors import ScheduleError
from cronshift.runtime.schedule import MAX_LENGTH, Schedule


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("  0\t6 *  * * ", "0 6 * * *"),
        ("0\u00a06 *\u2003* *", "0 6 * * *"),
        ("? ? ? ? ?", "? ? ? ? ?"),
        ("+5 007 1,,2 JAN-mar Sun", "+5 007 1,,2 JAN-mar Sun"),
        ("*-5 * * * *", "*-5 * * * *"),
        ("*/90 * * * *", "*/90 * * * *"),
        ("5/15 */9223372036854775807 * * *", "5/15 */9223372036854775807 * * *"),
    ],
)
def test_loose_spellings_that_the_engine_takes_are_taken(text: str, expression: str) -> None:
    schedule = Schedule.parse(text)
    assert schedule.expression == expression
    assert schedule.text == text
    assert not schedule.translated


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("* * * * *", "UTC"),
        ("TZ= * * * * *", "UTC"),
        ("TZ=UTC * * * * *", "UTC"),
        ("TZ=Local * * * * *", "UTC"),
        ("CRON_TZ=Asia/Kathmandu   * * * * *", "Asia/Kathmandu"),
        ("TZ=Etc/GMT+5 * * * * *", "Etc/GMT+5"),
    ],
)
def test_the_zone_is_read_and_the_trigger_always_names_it(text: str, zone: str) -> None:
    schedule = Schedule.parse(text)
    assert schedule.zone == zone
    assert schedule.trigger == f"TZ={zone} * * * * *"
    assert Schedule.parse(schedule.trigger) == schedule


@pytest.mark.parametrize(
    "zone",
    [
        "utc", "Nowhere/City", "America", "america/new_york", "../../etc/passwd", "/etc/localtime",
        "posix/UTC", "zone.tab", "tzdata.zi", "America/New_York/", "UTC\t0", "UTC\x00", "Zürich",
    ],
)  # fmt: skip
def test_what_is_no_iana_name_is_no_zone(zone: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        Schedule.parse(f"TZ={zone} 0 6 * * *")
    assert (caught.value.field, caught.value.reason) == ("zone", "unknown-zone")


@pytest.mark.parametrize(
    ("text", "field", "reason", "message"),
    [
        ("", "expression", "wrong-field-count", "Expected 5 fields, but got 0: ''."),
        ("* * * *", "expression", "wrong-field-count", "Expected 5 fields, but got 4: '* * * *'."),
        ("0 0 6 * * *", "expression", "wrong-field-count", "Expected 5 fields, but got 6: '0 0 6 * * *'."),
        (" TZ=UTC * * * * *", "expression", "wrong-field-count", "Expected 5 fields, but got 6: 'TZ=UTC * * * * *'."),
        ("* * * * * # all", "expression", "wrong-field-count", "Expected 5 fields, but got 7: '* * * * * # all'."),
        ("TZ=UTC", "zone", "wrong-field-count", "'TZ=UTC' needs a space and five fields after the zone; it crashes Inngest."),
        ("TZ=utc * * * * *", "zone", "unknown-zone", "'utc' is no IANA time zone."),
        ("@daily", "expression", "descriptor", "Inngest takes no descriptors such as '@daily'; write five fields."),
        ("TZ=UTC @every 5m", "expression", "descriptor", "Inngest takes no descriptors such as '@every'; write five fields."),
        ("60 * * * *", "minute", "out-of-range", "60 in '60' is outside the minute field's 0-59."),
        ("* * 0-3 * *", "day-of-month", "out-of-range", "0 in '0-3' is outside the day-of-month field's 1-31."),
        ("0 0 * * 7", "day-of-week", "out-of-range", "7 in '7' is outside the day-of-week field's 0-6."),
        ("* 10-5 * * *", "hour", "invalid-range", "'10-5' ends before it starts in the hour field."),
        ("0 0 * * sat-sun", "day-of-week", "invalid-range", "'sat-sun' ends before it starts in the day-of-week field."),
        ("1-2-3 * * * *", "minute", "invalid-range", "'1-2-3' has too many hyphens in the minute field."),
        ("*/0 * * * *", "minute", "invalid-step", "'*/0' has no positive number as its step in the minute field."),
        ("1/ * * * *", "minute", "invalid-step", "'1/' has no positive number as its step in the minute field."),
        ("*/5/2 * * * *", "minute", "invalid-step", "'*/5/2' has too many slashes in the minute field."),
        ("*/9223372036854775808 * * * *", "minute", "invalid-step", "'*/9223372036854775808' has no positive number as its step in the minute field."),
        ("1- * * * *", "minute", "invalid-value", "'1-' lacks a number in the minute field."),
        ("1.5 * * * *", "minute", "invalid-value", "'1.5' is no number in the minute field."),
        ("٣ * * * *", "minute", "invalid-value", "'٣' is no number in the minute field."),
        ("0 0 * January *", "month", "invalid-value", "'January' is no number or name in the month field."),
        ("0 0 L * *", "day-of-month", "invalid-value", "'L' is no number in the day-of-month field."),
    ],
)  # fmt: skip
def test_a_refusal_names_the_field_the_reason_and_the_offending_part(
    text: str, field: str, reason: str, message: str
) -> None:
    with pytest.raises(ScheduleError) as caught:
        Schedule.parse(text)
    error = caught.value
    assert (error.field, error.reason, error.message) == (field, reason, message)


def test_the_longest_schedule_is_taken_and_one_more_character_is_not() -> None:
    longest = "1," * 123 + "0 * * * *"
    assert len(longest) == MAX_LENGTH
    assert Schedule.parse(longest).fields.minutes == 0b11
    with pytest.raises(ScheduleError, match="256 characters; Inngest allows 255") as caught:
        Schedule.parse(longest + " ")
    assert caught.value.reason == "too-long"


CRON_LIKE = st.text(alphabet="0123456789*/-,?+@#LW TZ=UTC\t\x1csunJAN.", max_size=40)
ZONED = st.builds("TZ={} {}".format, st.text(max_size=10), CRON_LIKE)
FIVE = st.lists(st.text(alphabet="0123456789*/-,?", min_size=1, max_size=6), min_size=5, max_size=5)


@settings(deadline=None, max_examples=500)
@given(st.one_of(st.text(), CRON_LIKE, ZONED, FIVE.map(" ".join)))
def test_any_text_is_a_schedule_or_a_schedule_error(text: str) -> None:
    for read in (Schedule.parse, Schedule.from_vercel):
        try:
            schedule = read(text)
        except ScheduleError as error:
            assert error.reason
            assert error.message.endswith(".")
        else:
            next(schedule.after(datetime(2026, 1, 1, tzinfo=UTC)), None)
            assert schedule.describe()

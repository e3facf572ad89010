from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cronshift.runtime.schedule import Schedule
from cronshift.runtime.schedule.walking import Walk

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = sorted((resources.files("tzdata") / "zones").read_text("utf-8").split())
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def field(low: int, high: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    spelled = st.one_of(
        number.map(str),
        number.map("+{}".format),
        *([number.map(lambda n: names[n - low]), number.map(lambda n: names[n - low].upper())] * bool(names)),
    )  # fmt: skip
    ranges = st.tuples(number, number).map(sorted).map(lambda ends: f"{ends[0]}-{ends[1]}")
    step = st.one_of(st.just(""), st.integers(1, high + 5).map("/{}".format))
    span = st.one_of(st.sampled_from("*?"), spelled, ranges)
    listed = st.lists(st.builds(str.__add__, span, step), min_size=1, max_size=3).map(",".join)
    return st.one_of(st.just("*"), number.map(str), listed)


EXPRESSIONS = st.tuples(
    field(0, 59), field(0, 23), field(1, 31), field(1, 12, MONTHS), field(0, 6, WEEKDAYS)
).map(" ".join)


def schedules(zones: list[str]) -> st.SearchStrategy[Schedule]:
    return st.builds("TZ={} {}".format, st.sampled_from(zones), EXPRESSIONS).map(Schedule.parse)


SCHEDULES = schedules(ZONES)
INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2080, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
# Where midnight is left out, or half an hour is, the engine may fire outside its own fields.
ORDERLY = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "America/Phoenix"]

laws = settings(deadline=None, max_examples=300)


@laws
@given(SCHEDULES, INSTANTS)
def test_ticks_rise_strictly_from_after_the_instant(schedule: Schedule, start: datetime) -> None:
    ticks = list(islice(schedule.after(start), 50))
    assert all(earlier < later for earlier, later in pairwise([start, *ticks]))


@laws
@given(schedules(ORDERLY), INSTANTS)
def test_each_tick_matches_the_fields_on_the_wall(schedule: Schedule, start: datetime) -> None:
    fields = schedule.fields
    for tick in islice(schedule.after(start), 50):
        wall = tick.astimezone(ZoneInfo(schedule.zone))
        assert fields.minutes >> wall.minute & 1
        assert fields.hours >> wall.hour & 1
        assert fields.months >> wall.month & 1
        assert fields.on(wall.day, wall.isoweekday() % 7)
        assert (wall.second, wall.microsecond) == (0, 0)


@laws
@given(SCHEDULES, st.datetimes(datetime(1900, 1, 1), datetime(2080, 1, 1)))  # noqa: DTZ001 - made aware below
def test_reading_from_tables_and_walking_give_the_same_ticks(
    schedule: Schedule, start: datetime
) -> None:
    start = start.replace(microsecond=0, tzinfo=UTC)
    walk = Walk(schedule.fields, schedule.zone)
    walked: list[datetime] = []
    found = None if schedule.never else walk.next((start - EPOCH) // timedelta(seconds=1))
    while found is not None and len(walked) < 40:
        walked.append(EPOCH + timedelta(seconds=found))
        found = walk.next(found)
    assert list(islice(schedule.after(start), 40)) == walked


@laws
@given(SCHEDULES, INSTANTS)
@example(Schedule.parse("0 0 29 2 *"), datetime(2103, 1, 1, tzinfo=UTC))
@example(Schedule.parse("TZ=America/New_York 30 1 * * *"), datetime(2026, 11, 1, 6, tzinfo=UTC))
@example(Schedule.parse("TZ=America/New_York 30 2 * * *"), datetime(2026, 3, 8, 12, tzinfo=UTC))
@example(Schedule.parse("TZ=America/Havana 0 0 * * *"), datetime(2026, 3, 8, 12, tzinfo=UTC))
def test_no_tick_lies_between_the_newest_one_and_the_instant(
    schedule: Schedule, instant: datetime
) -> None:
    newest = schedule.latest(instant)
    if newest is None:
        assert schedule.never
    else:
        assert newest <= instant
        following = next(schedule.after(newest), None)
        assert following is None or following > instant


@laws
@given(SCHEDULES, INSTANTS, st.timedeltas(timedelta(), timedelta(days=4)))
def test_counting_is_iterating(schedule: Schedule, start: datetime, span: timedelta) -> None:
    end = start + span
    ticks = takewhile(lambda tick: tick <= end, schedule.after(start))
    assert schedule.count(start, end) == sum(1 for _ in ticks)


@laws
@given(SCHEDULES)
def test_a_trigger_reads_back_as_its_schedule(schedule: Schedule) -> None:
    again = Schedule.parse(schedule.trigger)
    assert again == schedule
    assert hash(again) == hash(schedule)
    assert again.fields == schedule.fields


@laws
@given(SCHEDULES)
def test_every_schedule_can_be_told_in_words(schedule: Schedule) -> None:
    sentence = schedule.describe()
    assert sentence[0].isupper()
    assert "error" not in sentence


@given(
    st.sampled_from(
        [
            "*/10 * * * *", "0 */4 * * *", "0 6 * * *", "0 0 * * 0", "0 0 29 2 *", "0 0 31 12 *",
            "0 0 30 2 *", "5 4 1 * 1", "59 23 * * *", "0 0 1 1,7 *", "30 12 */2 * 3",
        ]
    ),
    st.sampled_from(["UTC", "Europe/Berlin", "Etc/GMT+5"]),
    st.integers(-(10**9), 4 * 10**9),
    st.integers(0, 999_999),
)  # fmt: skip
def test_around_is_the_newest_tick_and_the_next(
    expression: str, zone: str, seconds: int, micros: int
) -> None:
    schedule = Schedule.parse(f"TZ={zone} {expression}")
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micros)
    assert schedule.around(instant) == (
        schedule.latest(instant),
        next(schedule.after(instant), None),
    )

"""Which tick a call of Vercel's is for: the laws."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.runtime.schedule import Schedule
from cronshift.runtime.ticks import CalledTicks, called_tick, lateness

SPARSE = [
    "0 6 * * *",
    "0 */4 * * *",
    "*/10 * * * *",
    "0 0 * * 0",
    "30 3 1 * *",
    "5,35 8-18 * * 1-5",
]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
instants = st.integers(0, 730 * 24 * 3600).map(lambda seconds: BEGIN + timedelta(seconds=seconds))


def test_a_job_of_once_a_day_may_be_an_hour_late() -> None:
    assert lateness(Schedule.from_vercel("0 6 * * *")) == timedelta(hours=1)
    assert lateness(Schedule.from_vercel("0 6 * * 1")) == timedelta(hours=1)
    assert lateness(Schedule.from_vercel("0 6,18 * * *")) == timedelta(minutes=1)


@given(
    st.sampled_from(SPARSE),
    instants,
    st.floats(0, 0.999),
    st.floats(-60, 60),
)
def test_a_call_within_vercels_limits_is_for_its_tick_whatever_the_clock_says(
    expression: str, start: datetime, late: float, skew: float
) -> None:
    schedule = Schedule.from_vercel(expression)
    tick = next(schedule.after(start))
    arrives = tick + lateness(schedule) * late + timedelta(seconds=skew)
    assert called_tick(schedule, arrives) == tick


@given(instants, st.integers(1, 2), st.floats(0, 59.9))
def test_close_ticks_are_told_apart_by_an_exact_clock(
    start: datetime, minutes: int, late: float
) -> None:
    schedule = Schedule.from_vercel(f"*/{minutes} * * * *")
    tick = next(schedule.after(start))
    assert called_tick(schedule, tick + timedelta(seconds=late)) == tick


@pytest.mark.parametrize("seconds", [-29, 0, 59, 89])
def test_ticks_two_minutes_apart_leave_half_a_minute_for_the_clock(seconds: int) -> None:
    schedule = Schedule.from_vercel("*/2 * * * *")
    tick = datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert called_tick(schedule, tick + timedelta(seconds=seconds)) == tick


def test_a_job_that_never_fires_has_no_tick() -> None:
    assert called_tick(Schedule.from_vercel("0 0 30 2 *"), datetime(2026, 1, 1, tzinfo=UTC)) is None


@given(
    st.sampled_from(
        [*SPARSE, "* * * * *", "*/2 * * * *", "0 0 29 2 *", "0 0 1 1 *", "30 23 * * 6"]
    ),
    st.lists(
        st.one_of(instants, instants.map(lambda at: at.replace(hour=23, minute=59))), min_size=4
    ),
    st.lists(st.integers(0, 86_400), min_size=4),
)
def test_a_job_that_is_asked_again_gives_what_one_that_is_asked_once_does(
    expression: str, starts: list[datetime], steps: list[int]
) -> None:
    schedule = Schedule.from_vercel(expression)
    ticks = CalledTicks(schedule)
    for start in starts:
        for step in steps:
            now = start + timedelta(seconds=step)
            assert ticks.at(now) == called_tick(schedule, now)
            assert ticks.at(now) == called_tick(schedule, now)

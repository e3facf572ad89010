from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.moving.windows import (
    is_safe_deploy,
    lateness,
    merged_ticks,
    middle,
    next_safe_deploy,
    widest_gap,
)
from cronshift.runtime.schedule import Schedule

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)

expressions = st.sampled_from(
    [
        "0 6 * * *",
        "0 */4 * * *",
        "*/10 * * * *",
        "0 0 * * 0",
        "5,50 * * * *",
        "* 3 * * *",
        "7 7 7 7 *",
    ]
)
schedules = st.lists(expressions.map(Schedule.parse), min_size=1, max_size=4)
instants = st.integers(0, 600_000).map(lambda minutes: NOON + timedelta(minutes=minutes))
minutes = st.integers(1, 90).map(lambda count: timedelta(minutes=count))


def parsed(*texts: str) -> list[Schedule]:
    return [Schedule.parse(text) for text in texts]


@given(schedules, instants)
def test_a_widest_gap_holds_no_tick(some: list[Schedule], start: datetime) -> None:
    left, right = widest_gap(some, start)
    assert start <= left < right
    assert list(merged_ticks(some, left, right - timedelta(seconds=1))) == []


@given(schedules, instants)
def test_an_epoch_in_the_middle_of_a_gap_is_a_whole_minute_before_the_next_tick(
    some: list[Schedule], start: datetime
) -> None:
    gap = widest_gap(some, start)
    at = middle(gap)
    assert gap[0] < at <= gap[1]
    assert (at.second, at.microsecond) == (0, 0)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["0 */4 * * *"], (NOON + timedelta(minutes=15), NOON + timedelta(hours=4))),
        (["0 6 * * *"], (NOON + timedelta(hours=18), NOON + timedelta(hours=42))),
        (["0 */4 * * *", "0 14 * * *"], (NOON + timedelta(hours=4), NOON + timedelta(hours=8))),
    ],
)
def test_the_widest_gap_is_the_longest_one_that_begins_within_a_day(
    texts: list[str], expected: tuple[datetime, datetime]
) -> None:
    gap = widest_gap(parsed(*texts), NOON + QUARTER)
    assert gap[1] - gap[0] >= expected[1] - expected[0]


@given(schedules, instants, minutes, minutes)
def test_the_next_safe_deploy_is_safe_and_the_first_such_minute(
    some: list[Schedule], now: datetime, deploy: timedelta, late: timedelta
) -> None:
    start = next_safe_deploy(some, now, deploy, late)
    if start is None:
        assert not is_safe_deploy(some, now, deploy, late)
        return
    assert is_safe_deploy(some, start, deploy, late)
    earlier = now
    while earlier < min(start, now + timedelta(hours=6)):
        assert not is_safe_deploy(some, earlier, deploy, late)
        earlier += timedelta(minutes=1)


def test_a_job_of_every_ten_minutes_leaves_no_time_for_a_long_deploy() -> None:
    assert next_safe_deploy(parsed("*/10 * * * *"), NOON, QUARTER, timedelta(minutes=1)) is None


def test_only_a_project_of_daily_schedules_may_be_called_an_hour_late() -> None:
    assert lateness(parsed("0 6 * * *", "0 0 * * 0")) == timedelta(hours=1)
    assert lateness(parsed("0 6 * * *", "0 */4 * * *")) == timedelta(minutes=1)

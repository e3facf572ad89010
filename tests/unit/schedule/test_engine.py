from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from cronshift.errors import ScheduleError
from cronshift.runtime.schedule import Schedule
from cronshift.runtime.schedule.walking import Walk

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VECTORS = Path(__file__).parents[2] / "data" / "inngest-cron.jsonl"


def vectors() -> list[dict[str, Any]]:
    return [json.loads(line) for line in VECTORS.read_text("utf-8").splitlines()]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def next_ticks(trigger: str, start: str, number: int) -> list[str]:
    ticks = islice(Schedule.parse(trigger).after(at(start)), number)
    return [f"{tick:%Y-%m-%d %H:%M}" for tick in ticks]


def told(ticks: list[datetime]) -> list[str]:
    return [f"{tick:%Y-%m-%dT%H:%M:%SZ}" for tick in ticks] or ["never"]


def test_every_answer_of_the_engine_is_given() -> None:
    wrong = []
    for vector in vectors():
        try:
            schedule = Schedule.parse(vector["expr"])
        except ScheduleError:
            answer = None
        else:
            start = datetime.fromisoformat(vector["from"])
            answer = told(list(islice(schedule.after(start), len(vector.get("next", "")) or 1)))
        if answer != vector.get("next"):
            wrong.append((vector, answer))
    assert wrong == []


def test_walking_alone_gives_every_answer_of_the_engine() -> None:
    wrong = []
    for vector in vectors():
        if "error" in vector:
            continue
        schedule = Schedule.parse(vector["expr"])
        walk = Walk(schedule.fields, schedule.zone)
        found = walk.next(int(datetime.fromisoformat(vector["from"]).timestamp()))
        ticks: list[datetime] = []
        while found is not None and len(ticks) < len(vector["next"]):
            ticks.append(EPOCH + timedelta(seconds=found))
            found = walk.next(found)
        if told(ticks) != vector["next"]:
            wrong.append((vector, ticks))
    assert wrong == []


def test_the_vectors_are_all_there() -> None:
    assert len(vectors()) == 1572


def test_a_tick_in_the_hour_that_spring_leaves_out_is_left_out() -> None:
    ticks = next_ticks("TZ=America/New_York 30 2 * * *", "2026-03-07", 2)
    assert ticks == ["2026-03-07 07:30", "2026-03-09 06:30"]


def test_a_tick_in_the_hour_that_autumn_repeats_comes_twice() -> None:
    ticks = next_ticks("TZ=America/New_York 30 1 * * *", "2026-11-01", 3)
    assert ticks == ["2026-11-01 05:30", "2026-11-01 06:30", "2026-11-02 06:30"]


def test_a_day_whose_midnight_is_left_out_loses_its_midnight_tick() -> None:
    ticks = next_ticks("TZ=America/Havana 0 0 * * *", "2026-03-07 06:00", 2)
    assert ticks == ["2026-03-09 04:00", "2026-03-10 04:00"]


def test_a_date_before_whose_midnight_nothing_matches_is_passed_over_east_of_greenwich() -> None:
    # 2026-03-29 begins at 01:00 in Beirut: stepping there, the engine lands on the day before,
    # then on the day after.
    assert next_ticks("TZ=Asia/Beirut 0 12 29 3 *", "2026-01-01", 1) == ["2027-03-29 09:00"]
    assert next_ticks("TZ=Asia/Beirut 0 12 28,29 3 *", "2026-01-01", 2)[1] == "2026-03-29 09:00"


def test_a_change_of_half_an_hour_loses_the_full_hours_of_its_day() -> None:
    # The engine steps by the hour from 01:00 to 02:30, and then never stands on a full hour.
    ticks = next_ticks("TZ=Australia/Lord_Howe 0 9 * * *", "2026-10-02", 3)
    assert ticks == ["2026-10-02 22:30", "2026-10-04 22:00", "2026-10-05 22:00"]


def test_a_zone_that_skipped_a_date_skips_its_ticks() -> None:
    ticks = next_ticks("TZ=Pacific/Apia 0 12 * * *", "2011-12-29", 2)
    assert ticks == ["2011-12-29 22:00", "2011-12-30 22:00"]


def test_an_offset_with_seconds_moves_the_ticks_off_the_utc_minute() -> None:
    schedule = Schedule.parse("TZ=Africa/Monrovia 0 0 * * *")
    assert next(schedule.after(at("1960-01-01 06:00"))) == at("1960-01-02 00:44:30")


def test_the_search_ends_where_five_years_hold_no_tick() -> None:
    leap_day = Schedule.parse("0 0 29 2 *")
    assert next_ticks("0 0 29 2 *", "2088-01-01", 9) == ["2088-02-29 00:00", "2092-02-29 00:00", "2096-02-29 00:00"]  # fmt: skip
    assert not leap_day.never
    assert leap_day.latest(at("2103-06-01")) == at("2096-02-29")


@pytest.mark.parametrize(
    "expression",
    ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", ", * * * *", "* , * * *", "* * * , *", "* * , * *"],
)
def test_a_schedule_that_no_date_matches_says_so_and_has_no_ticks(expression: str) -> None:
    schedule = Schedule.parse(expression)
    assert schedule.never
    assert list(schedule.after(at("2026-01-01"))) == []
    assert schedule.latest(at("2026-01-01")) is None
    assert schedule.count(at("2026-01-01"), at("2036-01-01")) == 0


@pytest.mark.parametrize(
    "expression", ["0 0 29 2 *", "0 0 30 2 1", "0 0 31 1,2 *", "0 0 , * 1", "0 0 30 */2 *"]
)
def test_a_schedule_that_some_date_matches_is_not_never(expression: str) -> None:
    schedule = Schedule.parse(expression)
    assert not schedule.never
    assert next(schedule.after(at("2026-01-01")), None) is not None


def test_two_restricted_day_fields_match_either_way() -> None:
    ticks = next_ticks("0 0 13 * 5", "2026-02-01", 3)
    assert ticks == ["2026-02-06 00:00", "2026-02-13 00:00", "2026-02-20 00:00"]


def test_a_step_over_all_days_counts_as_restricted_and_step_one_as_a_star() -> None:
    assert Schedule.parse("0 0 */2 * 1").fields.either_day
    assert not Schedule.parse("0 0 */1 * 1").fields.either_day
    assert not Schedule.parse("0 0 *,5 * 1").fields.either_day
    assert Schedule.parse("0 0 1-31 * 1").fields.either_day


def test_ticks_are_utc_with_second_zero_and_strictly_later() -> None:
    start = datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=2)))
    first = next(Schedule.parse("TZ=Asia/Tokyo * * * * *").after(start))
    assert first == at("2026-01-01 10:01")
    assert first.tzinfo is UTC
    assert next(Schedule.parse("0 * * * *").after(at("2026-01-01 10:00"))) == at("2026-01-01 11:00")


def test_a_naive_instant_is_refused_before_anything_is_iterated() -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - what the test is about
    schedule = Schedule.parse("* * * * *")
    for call in (schedule.after, schedule.latest):
        with pytest.raises(ValueError, match="has no time zone"):
            call(naive)
    with pytest.raises(ValueError, match="has no time zone"):
        schedule.count(at("2026-01-01"), naive)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_the_ends_of_the_calendar_are_no_accident(zone: str) -> None:
    schedule = Schedule.parse(f"TZ={zone} 0 0 29 2 *")
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert next(schedule.after(first)).year == 4
    assert schedule.latest(first) is None
    assert list(schedule.after(last)) == []
    assert list(Schedule.parse(f"TZ={zone} 0 0 1 1 *").after(last - timedelta(days=500))) == []


def test_the_newest_tick_may_be_the_instant_itself() -> None:
    schedule = Schedule.parse("*/15 * * * *")
    assert schedule.latest(at("2026-01-01 10:15")) == at("2026-01-01 10:15")
    assert schedule.latest(at("2026-01-01 10:14:59")) == at("2026-01-01 10:00")


def test_ticks_are_counted_after_the_start_up_to_and_with_the_end() -> None:
    schedule = Schedule.parse("0 */4 * * *")
    assert schedule.count(at("2026-01-01"), at("2026-01-31")) == 180
    assert schedule.count(at("2026-01-01"), at("2026-01-01")) == 0
    assert schedule.count(at("2026-01-02"), at("2026-01-01")) == 0


def test_schedules_are_equal_when_expression_and_zone_are() -> None:
    schedule = Schedule.parse("TZ=UTC 0  0 * * *")
    assert schedule == Schedule.parse("0 0 * * *") == Schedule.from_vercel("0 0 * * *")
    assert len({schedule, Schedule.parse("CRON_TZ=UTC 0 0\t* * *")}) == 1
    assert schedule != Schedule.parse("TZ=Etc/UTC 0 0 * * *")
    assert schedule != Schedule.parse("0 0 * * ?")


def test_equal_fields_tell_equal_ticks_however_they_are_spelled() -> None:
    assert Schedule.parse("0,30 * * * mon").fields == Schedule.parse("*/30 * * * 1").fields


def test_a_schedule_is_immutable_and_survives_pickling() -> None:
    schedule = Schedule.parse("TZ=Europe/Paris 0 9 * * *")
    with pytest.raises(FrozenInstanceError):
        schedule.zone = "UTC"  # type: ignore[misc] # what the test is about
    assert pickle.loads(pickle.dumps(schedule)) == schedule  # noqa: S301 - our own bytes
    assert not hasattr(schedule, "__dict__")

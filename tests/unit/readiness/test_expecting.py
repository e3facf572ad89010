"""A simulated year of pings: no alarm that is false, and none that is missed, whatever the clocks do."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cronshift.model import CronEntry, Job, JobOptions, Location, Mode
from cronshift.operations.services.monitoring import (
    DueByCron,
    DueByInterval,
    Monitor,
    MonitorService,
    slug_of,
)
from cronshift.readiness.setup.expecting import (
    gaps_of,
    grace_of,
    is_read_alike,
    monitor_of,
    notices_one,
)
from cronshift.runtime.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = datetime(2026, 1, 10, 5, 7, 11, tzinfo=UTC)
YEAR = timedelta(days=366)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]
SCHEDULES = [
    "0 3 * * *",
    "30 2 * * *",
    "15 1 * * *",
    "0 0 * * *",
    "0 8,20 * * 1-5",
    "59 23 31 * *",
    "0 0 1,15 * 1",
    "30 */6 * * *",
    "45 1-3 * * 0",
    "0 12 1 */3 *",
]


def job(text: str, zone: str, options: JobOptions | None = None) -> Job:
    schedule = Schedule.parse(f"TZ={zone} {text}")
    entry = CronEntry("/api/x", text, Location("vercel.json", 1), "/crons/0")
    return Job("x", entry, schedule, Mode.BRIDGE, options=options or JobOptions())


def ticks(schedule: Schedule, start: datetime, span: timedelta) -> list[datetime]:
    return list(takewhile(lambda tick: tick < start + span, schedule.after(start)))


def due(monitor: Monitor, ping: datetime) -> datetime:
    """Return when the ping behind one is due, by the rules that healthchecks publishes."""
    match monitor.due:
        case DueByInterval(seconds):
            return ping + timedelta(seconds=seconds)
        case DueByCron(expression, zone):
            return next(CronSim(expression, ping.astimezone(ZoneInfo(zone)))).astimezone(UTC)


def alarms(monitor: Monitor, pings: Iterable[datetime], end: datetime) -> list[datetime]:
    """Return the instants at which a receiver raises an alarm, of a job that pings so."""
    grace = timedelta(seconds=monitor.grace)
    raised = []
    for ping, following in pairwise([*pings, end]):
        down = due(monitor, ping) + grace
        if down < following:
            raised.append(down)
    return raised


def check_year(watched: Job, service: MonitorService, start: datetime, lateness: list[int]) -> None:
    """Let a year pass for a job: all well, with a tick missed, and with one that stops."""
    schedule = watched.schedule
    assert schedule is not None
    monitor = monitor_of("app", watched, service, start)
    grace, gaps = timedelta(seconds=monitor.grace), gaps_of(schedule, start)
    due_at = ticks(schedule, start, YEAR)
    pings = [
        tick + timedelta(seconds=lateness[number % len(lateness)] % (monitor.grace + 1))
        for number, tick in enumerate(due_at)
    ]
    if len(pings) < 3:
        return
    assert alarms(monitor, sorted(pings), pings[-1]) == []  # none is false

    middle = len(due_at) // 2
    stopped = sorted(pings[:middle])
    latest = stopped[-1] + gaps.longest + grace + timedelta(minutes=1)
    assert any(raised <= latest for raised in alarms(monitor, stopped, latest)), "it stops unheard"

    if notices_one(monitor, gaps):
        on_time = [tick for number, tick in enumerate(due_at) if number != middle]
        raised = alarms(monitor, on_time, on_time[-1])
        assert len(raised) == 1, "a missed tick is not heard of"
        assert raised[0] <= due_at[middle] + grace + timedelta(minutes=1)


@pytest.mark.parametrize("service", MonitorService)
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("text", SCHEDULES)
def test_a_year_raises_no_false_alarm_and_misses_none(
    text: str, zone: str, service: MonitorService
) -> None:
    check_year(job(text, zone), service, NOW, [0, 4, 700, 61])


MINUTES = st.sampled_from(["0", "30", "*/20", "5,55", "59"])
HOURS = st.sampled_from(["*", "0", "1", "2", "3", "1-3", "*/5", "2,14", "23"])
DAYS = st.sampled_from(
    ["* * *", "* * 0", "* * 1-5", "1 * *", "31 * *", "*/2 * *", "13 * 5", "* 3,10 *"]
)


@settings(max_examples=30, deadline=None)
@given(
    minute=MINUTES,
    hour=HOURS,
    days=DAYS,
    zone=st.sampled_from([*ZONES, "Europe/London", "America/Santiago", "Africa/Cairo"]),
    service=st.sampled_from(list(MonitorService)),
    start=st.integers(0, 730),
    lateness=st.lists(st.integers(0, 1200), min_size=1, max_size=5),
)
def test_any_schedule_in_any_zone_raises_no_false_alarm_and_misses_none(
    minute: str,
    hour: str,
    days: str,
    zone: str,
    service: MonitorService,
    start: int,
    lateness: list[int],
) -> None:
    begun = NOW + timedelta(days=start)
    check_year(job(f"{minute} {hour} {days}", zone), service, begun, lateness)


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ("0 3 * * *", True),
        ("0 8,20 * * 1-5", True),
        ("TZ=Europe/Berlin 0 3 * * *", True),
        ("TZ=America/New_York 30 2 * * *", False),  # in spring it comes due for cronsim alone
        (
            "TZ=America/New_York 5 1 * * *",
            False,
        ),  # in autumn cronsim, asked at the second 1:00, looks back
        ("TZ=America/New_York 5,55 1 * * *", False),
        ("TZ=America/New_York 5 4 * * *", True),
        ("0 0 1 JAN,FEB *", True),
        (f"{','.join(map(str, range(0, 60, 2)))} {','.join(map(str, range(24)))} * * *", False),
    ],
)
def test_a_schedule_is_told_only_where_the_receiver_expects_no_tick_beyond_inngests(
    trigger: str, expected: bool
) -> None:
    assert is_read_alike(Schedule.parse(trigger), NOW) is expected


@pytest.mark.parametrize(
    ("trigger", "shortest", "longest"),
    [
        ("*/10 * * * *", timedelta(minutes=10), timedelta(minutes=10)),
        ("0 8,20 * * 1-5", timedelta(hours=12), timedelta(hours=60)),
        ("TZ=Europe/Berlin 0 12 * * *", timedelta(hours=23), timedelta(hours=25)),
        ("0 0 31 * *", timedelta(days=31), timedelta(days=61)),
        ("0 0 29 2 *", timedelta(days=1461), timedelta(days=1461)),
    ],
)
def test_the_longest_gap_is_that_of_the_whole_year(
    trigger: str, shortest: timedelta, longest: timedelta
) -> None:
    assert gaps_of(Schedule.parse(trigger), NOW) == (shortest, longest)


def test_better_stack_takes_the_longest_gap_in_seconds() -> None:
    watched = job("0 8,20 * * 1-5", "UTC")
    monitor = monitor_of("app", watched, MonitorService.BETTER_STACK, NOW)
    assert monitor == Monitor("app-x", DueByInterval(60 * 3600), 20 * 60)
    assert monitor_of("app", watched, MonitorService.SENTRY, NOW).due == DueByCron(
        "0 8,20 * * 1-5", "UTC"
    )


def test_the_grace_is_as_late_as_the_jobs_limits_let_a_run_end() -> None:
    options = JobOptions(
        finish_timeout=timedelta(hours=2),
        start_timeout=timedelta(minutes=10),
        jitter=timedelta(minutes=3),
    )
    late = job("0 3 * * *", "UTC", options)
    assert grace_of(late) == timedelta(hours=2, minutes=18)
    assert grace_of(replace(late, options=JobOptions(finish_timeout=None))) == timedelta(minutes=65)
    given_by_hand = timedelta(seconds=61)
    assert monitor_of("a", late, MonitorService.SENTRY, NOW, given_by_hand).grace == 120


@pytest.mark.parametrize(
    ("app", "name", "slug"),
    [("shop", "nightly", "shop-nightly"), ("Shop_2", "a--b", "shop_2-a--b")],
)
def test_a_slug_is_the_apps_and_the_jobs(app: str, name: str, slug: str) -> None:
    assert slug_of(app, name) == slug


def test_slugs_of_different_jobs_differ_and_every_service_takes_them() -> None:
    names = ["a b", "a.b", "a-b", "ä", "ö", "x" * 60, "x" * 61]
    slugs = [slug_of("shop", name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_-]{1,50}", slug) for slug in slugs)

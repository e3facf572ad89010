"""Every number of the forecast is that of counting ticks one by one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.model import CronEntry, FanOut, Job, JobOptions, Location, Mode, Plan
from cronshift.output.text import forecast_text
from cronshift.plan import forecast
from cronshift.runtime.schedule import Schedule
from cronshift.targets import generate
from cronshift.targets.typescript.app import TypescriptApp
from cronshift.targets.typescript.frameworks.sveltekit import SVELTEKIT

NOW = datetime(2026, 11, 24, 12, 7, tzinfo=UTC)
MINUTES = st.sampled_from(["0", "7", "*/15", "0,30", "10-12", "59"])
HOURS = st.sampled_from(["*", "3", "*/6", "23", "1,13"])
DAYS = st.sampled_from(["*", "1", "31", "*/10"])
WEEKDAYS = st.sampled_from(["*", "0", "1-5"])
SCHEDULES = st.tuples(MINUTES, HOURS, DAYS, st.just("*"), WEEKDAYS).map(" ".join)


def job(number: int, schedule: str, options: JobOptions | None = None) -> Job:
    entry = CronEntry(f"/api/{number}", schedule, Location("vercel.json", 1), f"crons[{number}]")
    chosen = options or JobOptions()
    return Job(
        str(number), entry, Schedule.parse(f"TZ=UTC {schedule}"), Mode.BRIDGE, options=chosen
    )


def planned(target: str, jobs: list[Job], data: object = None) -> Plan:
    return Plan(None, "vercel.json", target, "shop", "lib", tuple(jobs), (), data=data)


def ticks(one: Job) -> list[datetime]:
    assert one.schedule
    end = NOW + forecast.PERIOD
    return list(takewhile(lambda tick: tick <= end, one.schedule.after(NOW)))


@given(st.lists(SCHEDULES, min_size=1, max_size=7))
def test_loads_are_counted_exactly(schedules: list[str]) -> None:
    jobs = [job(number, text) for number, text in enumerate(schedules)]
    due = Counter(tick for one in jobs for tick in ticks(one))
    load = forecast.load_of(jobs, NOW)
    assert load.peak == max(due.values(), default=0)
    assert sum(load.by_hour) == due.total() == sum(forecast.runs(one, NOW) for one in jobs)
    for hour, runs in enumerate(load.by_hour):
        assert runs == sum(times for tick, times in due.items() if tick.hour == hour)
    for busy in load.busiest:
        same = [
            n for tick, n in due.items() if (tick.hour, tick.minute) == (busy.hour, busy.minute)
        ]
        assert busy.jobs == max(same)
        names = {one.id for one in forecast.due_in(jobs, busy, NOW)}
        assert names == {
            one.id
            for one in jobs
            if any((t.hour, t.minute) == (busy.hour, busy.minute) for t in ticks(one))
        }
    later = Counter(
        tick + timedelta(minutes=number % 5)
        for number, one in enumerate(jobs)
        for tick in ticks(one)
    )
    assert load.staggered_peak == min(load.peak, max(later.values(), default=0))


@given(SCHEDULES, st.integers(0, 4), st.booleans())
def test_executions_are_runs_and_their_steps(schedule: str, values: int, beats: bool) -> None:
    fan_out = FanOut("m", tuple(map(str, range(values)))) if values else None
    options = JobOptions(fan_out=fan_out, heartbeat_env="PING" if beats else None)
    one = job(0, schedule, options)
    steps = 1 + (values or 1) + beats  # the first settles whether the tick is due
    assert forecast.executions(one, NOW) == len(ticks(one)) * (1 + steps)


def test_the_documented_example_agrees() -> None:
    # facts, Inngest section 5: every minute, 30 days; the step that settles whether the tick is due, and the call
    assert forecast.executions(job(0, "* * * * *"), NOW) == 43_200 * 3
    free, pro, business = forecast.allowances()
    assert (free.name, free.executions, free.concurrency) == ("Free", 50_000, 5)
    assert (free.functions, pro.functions, business.functions) == (100, 500, 500)
    assert free.executions < pro.executions < business.executions


def test_each_job_has_a_second_function_and_a_dead_run_costs_two_executions() -> None:
    # facts, Inngest section 9: each function with an `on_failure` is two on the server
    jobs = [job(number, "* * * * *") for number in range(3)]
    assert forecast.functions(planned("python", jobs)) == 7
    assert forecast.functions(planned("python", [])) == 0
    assert forecast.failures(jobs[:1], NOW) == 2 * forecast.retries(jobs[:1], NOW) == 1_728


@pytest.mark.parametrize(
    ("app", "options", "more"),
    [
        (TypescriptApp(SVELTEKIT, "src/routes/api/inngest/+server.ts"), JobOptions(), 0),
        (
            TypescriptApp(SVELTEKIT, "src/routes/api/inngest/+server.ts"),
            JobOptions(heartbeat_env="PING"),
            1,
        ),
        (
            TypescriptApp(SVELTEKIT, "src/routes/api/inngest/+server.ts", has_ledger=True),
            JobOptions(),
            1,
        ),
        (
            TypescriptApp(SVELTEKIT, "src/routes/api/inngest/+server.ts", claims="lib/db.ts:pool"),
            JobOptions(),
            1,
        ),
    ],
)
def test_typescript_hears_of_cancelled_runs_only_where_somebody_is_told(
    app: TypescriptApp, options: JobOptions, more: int
) -> None:
    plan = planned("typescript", [job(0, "* * * * *", options)], app)
    names = [file.path.rpartition("/")[2] for file in generate(plan)]
    assert names.count("cancelled.ts") == more
    assert forecast.functions(plan) == 2 + more
    assert ("hears of cancelled" in forecast_text(plan, NOW).plain) is bool(more)


def test_spreading_five_jobs_over_five_minutes_leaves_one_at_a_time() -> None:
    load = forecast.load_of([job(number, "0 3 * * *") for number in range(5)], NOW)
    assert (load.peak, load.staggered_peak) == (5, 1)
    assert [(str(one), one.jobs) for one in load.busiest] == [("03:00", 5)]


@pytest.mark.parametrize("schedule", ["0 0 1 * *", "0 0 * * 4"])
def test_a_job_that_runs_in_a_month_is_counted(schedule: str) -> None:
    assert forecast.monthly([job(1, schedule)]) > 0

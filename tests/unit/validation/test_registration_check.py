from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from cronshift.engine.validation import FunctionConfig, Registration, check
from cronshift.engine.validation.registration import (
    FAILURE_EVENT,
    ConcurrencyLimit,
    Step,
    Trigger,
    Undeclared,
    Unregistrable,
)
from cronshift.model import (
    CronEntry,
    FanOut,
    FanOutMode,
    Handler,
    HandlerKind,
    Job,
    JobOptions,
    Location,
    Mode,
    Plan,
    Severity,
)
from cronshift.plan.findings import CATALOGUE
from cronshift.runtime.schedule import Schedule

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STEP = Step("step", "step", "https://example.com/api/inngest", 3)


def a_job(job_id: str, schedule: str = "0 6 * * *") -> Job:
    entry = CronEntry(f"/api/{job_id}", schedule, Location("vercel.json", 3), "crons[0]")
    return Job(job_id, entry, Schedule.from_vercel(schedule), Mode.BRIDGE)


def a_function(local_id: str, cron: str = "TZ=UTC 0 6 * * *") -> FunctionConfig:
    return FunctionConfig(
        f"app-{local_id}",
        local_id,
        (Trigger(cron=cron),),
        (STEP,),
        location=Location(f"inngest_app/jobs/{local_id}.py", 20),
    )


PLAN = Plan(None, "vercel.json", "python", "app", "inngest_app", (a_job("one"), a_job("two")), ())
FINE = Registration("app", "inngest-py:v0.5.19", (a_function("one"), a_function("two")), 2)


def found(registration: Registration, plan: Plan = PLAN) -> list[tuple[str, str | None]]:
    return [(finding.name, finding.job) for finding in check(plan, registration, now=NOW)]


def test_a_registration_as_planned_has_no_findings() -> None:
    assert found(FINE) == []


def test_a_job_without_a_function_is_found() -> None:
    assert found(Registration("app", None, (a_function("one"),))) == [("function-missing", "two")]


def test_a_blocked_job_needs_no_function() -> None:
    blocked = replace(PLAN.jobs[1], mode=Mode.BLOCKED, schedule=None)
    plan = replace(PLAN, jobs=(PLAN.jobs[0], blocked))
    assert found(Registration("app", None, (a_function("one"),)), plan) == []


def test_a_function_left_out_is_told_with_its_place() -> None:
    place = Location("inngest_app/jobs/two.py", 20)
    registration = Registration(
        "app", None, (a_function("one"),), undeclared=(Undeclared("app-two", place),)
    )
    (finding,) = check(PLAN, registration, now=NOW)
    assert (finding.name, finding.job, finding.location) == ("function-left-out", "two", place)


def test_a_function_of_no_job_is_a_note() -> None:
    registration = Registration("app", None, (*(FINE.functions or ()), a_function("mine")))
    (finding,) = check(PLAN, registration, now=NOW)
    assert (finding.name, finding.severity) == ("function-without-job", Severity.NOTE)


def test_the_handler_of_failures_belongs_to_its_function() -> None:
    failure = replace(a_function("one-failure"), triggers=(Trigger(event=FAILURE_EVENT),))
    assert found(Registration("app", None, (*(FINE.functions or ()), failure))) == []


def test_ids_in_use_twice_are_told_once_with_both_places() -> None:
    twin = replace(a_function("one"), location=Location("inngest_app/jobs/copy.py", 20))
    registration = Registration("app", None, (*(FINE.functions or ()), twin))
    (finding,) = check(PLAN, registration, now=NOW)
    assert finding.name == "duplicate-function-id"
    assert finding.message == (
        "2 functions have the id app-one: "
        "inngest_app/jobs/one.py:20 and inngest_app/jobs/copy.py:20."
    )


def test_options_that_the_sdk_cannot_express_are_told() -> None:
    broken = Unregistrable("app-two", "duration must be at least 1 second")
    registration = Registration("app", None, (a_function("one"),), unreadable=(broken,))
    assert found(registration) == [("unreadable-options", "two")]


def test_another_apps_functions_are_told_as_such() -> None:
    functions = tuple(replace(one, id=f"b-{one.name}") for one in FINE.functions or ())
    assert found(Registration("b", None, functions)) == [("other-app", None)]


@pytest.mark.parametrize("cron", ["TZ=UTC 0 06 * * *", "0 6 ? * *", "TZ=Etc/UTC 0 6 * * 0-6"])
def test_a_schedule_written_otherwise_has_not_drifted(cron: str) -> None:
    assert found(Registration("app", None, (a_function("one", cron), a_function("two")))) == []


@pytest.mark.parametrize("cron", ["TZ=UTC 5 6 * * *", "TZ=Europe/London 0 6 * * *"])
def test_a_schedule_that_drifted_is_found(cron: str) -> None:
    registration = Registration("app", None, (a_function("one", cron), a_function("two")))
    assert found(registration) == [("schedule-drifted", "one")]


def test_a_drift_says_what_fires_when() -> None:
    drifted = a_function("one", "TZ=UTC 5 6 * * *")
    (finding,) = check(PLAN, Registration("app", None, (drifted, a_function("two"))), now=NOW)
    assert finding.message == (
        "app-one fires by 'TZ=UTC 5 6 * * *', next 2026-11-25 06:05 UTC; "
        "the plan says 'TZ=UTC 0 6 * * *', next 2026-11-25 06:00 UTC."
    )


def test_a_second_schedule_is_a_drift() -> None:
    extra = replace(
        a_function("one"), triggers=(Trigger(cron="0 6 * * *"), Trigger(cron="1 6 * * *"))
    )
    registration = Registration("app", None, (extra, a_function("two")))
    assert found(registration) == [("schedule-drifted", "one")]


def test_a_schedule_that_means_nothing_is_told_once() -> None:
    registration = Registration("app", None, (a_function("one", "@daily"), a_function("two")))
    assert found(registration) == [("invalid-trigger", "one")]


@pytest.mark.parametrize("version", ["3.22.0", "3.30.10", "3.53.1"])
def test_sdks_that_inngest_refuses_are_found(version: str) -> None:
    assert found(replace(FINE, sdk=f"inngest-js:v{version}")) == [("refused-sdk", None)]


@pytest.mark.parametrize("sdk", ["inngest-js:v3.21.9", "inngest-js:v3.54.0", "js:v4.24.0", None])
def test_other_sdks_are_fine(sdk: str | None) -> None:
    assert found(replace(FINE, sdk=sdk)) == []


def test_an_endpoint_that_tells_a_number_only_is_checked_by_it() -> None:
    told = Registration(None, None, None, 2, unlisted="It is in dev mode.")
    assert found(told) == [("not-checked", None)]
    assert found(replace(told, count=1)) == [
        ("not-checked", None),
        ("function-count-differs", None),
    ]


def test_an_endpoint_asked_for_each_function_is_told_the_missing_ones() -> None:
    ids = frozenset(f"{PLAN.app_id}-{job.id}" for job in PLAN.runnable)
    told = Registration(None, None, None, 2, unlisted="It is in dev mode.", answering=ids)
    assert found(told) == [("not-checked", None)]
    first = PLAN.runnable[0].id
    assert found(replace(told, answering=ids - {f"{PLAN.app_id}-{first}"})) == [
        ("function-missing", first),
        ("not-checked", None),
    ]


def test_functions_of_the_apps_own_beside_the_jobs_are_no_error() -> None:
    told = Registration(
        None, None, None, 4, unlisted="It is in dev mode."
    )  # one tells the cancelled
    assert found(told) == [("not-checked", None), ("function-without-job", None)]
    assert found(replace(told, count=3)) == [("not-checked", None)]
    typescript = replace(
        told, sdk="inngest-js:v4.24.0", count=6
    )  # two jobs, with those for failures
    assert found(typescript) == [("not-checked", None), ("function-without-job", None)]


def test_cloud_mode_without_a_signing_key_is_found() -> None:
    told = replace(FINE, mode="cloud", has_signing_key=False)
    assert found(told) == [("no-signing-key", None)]
    assert found(replace(told, mode="dev")) == []


def test_every_rule_has_its_own_code_and_name() -> None:
    codes = [code for code in CATALOGUE if code.startswith("CS4")]
    assert codes == [f"CS{401 + n}" for n in range(len(codes))]
    assert len({rule.name for rule in CATALOGUE.values()}) == len(CATALOGUE)
    assert set(codes) < set(CATALOGUE)


# What of a function's times does not fit together


def with_options(options: JobOptions, seconds: int | None = None) -> Plan:
    """The plan whose first job has these options, and a handler that may run so long."""
    handler = Handler("api/one.py", HandlerKind.ASGI, "app", "python", max_duration=seconds)
    one = replace(PLAN.jobs[0], options=options, handler=handler)
    return replace(PLAN, jobs=(one, PLAN.jobs[1]))


def served(**fields: Any) -> Registration:
    one, two = FINE.functions or ()
    return replace(FINE, functions=(replace(one, **fields), two))


def test_a_run_that_is_cancelled_before_its_last_attempt_has_ended_is_an_error() -> None:
    """Five minutes four times, and the waits between them: the default of before was too short."""
    plan = with_options(JobOptions(), 300)
    assert found(served(finish_timeout="15m"), plan) == [("cancelled-too-soon", "one")]
    assert found(served(finish_timeout="25m"), plan) == []
    assert found(served(finish_timeout=None), plan) == []


def test_a_fan_out_in_sequence_needs_the_time_of_all_its_values() -> None:
    values = FanOut("m", ("a", "b", "c"))
    options = JobOptions(retries=0, fan_out=values)
    step = Step("step", "step", "https://example.com/api/inngest", 0)
    plan = with_options(options, 800)
    assert found(served(finish_timeout="15m", steps=(step,)), plan) == [
        ("cancelled-too-soon", "one")
    ]
    beside = with_options(replace(options, fan_out=replace(values, mode=FanOutMode.PARALLEL)), 800)
    assert found(served(finish_timeout="15m", steps=(step,)), beside) == []
    one_by_one = served(
        finish_timeout="15m", steps=(step,), concurrency=(ConcurrencyLimit(limit=1),)
    )
    assert found(one_by_one, beside) == [("cancelled-too-soon", "one")]


def test_a_tick_that_is_stale_before_its_jitter_is_over_is_an_error() -> None:
    plan = with_options(JobOptions(stale_after=timedelta(minutes=2)))
    jittered = served(triggers=(Trigger(cron="TZ=UTC 0 6 * * *", jitter="5m"),))
    assert found(jittered, plan) == [("stale-within-jitter", "one")]
    assert found(served(triggers=(Trigger(cron="TZ=UTC 0 6 * * *", jitter="2m"),)), plan) == []


@pytest.mark.parametrize(
    ("key", "constant"),
    [
        ("'daily'", True),
        ('"event.id"', True),
        ("1", True),
        ("event.name", True),
        ("event.data.cron", True),
        ("event.data.customer", True),  # a schedule's event has none
        ("event.id", False),
        ("event.ts", False),
        ("event.data.scheduledAt", False),
        ("event.data.cron + event.data.fireAt", False),
    ],
)
def test_an_idempotency_key_that_every_tick_has_is_an_error(key: str, constant: bool) -> None:
    codes = [name for name, _ in found(served(idempotency=key))]
    assert ("constant-idempotency" in codes) is constant


def test_the_function_that_tells_cancelled_runs_belongs_to_no_job_and_is_ours() -> None:
    cancelled = FunctionConfig(
        "app-cronshift-cancelled",
        "cronshift-cancelled",
        (Trigger(event="inngest/function.cancelled", expression="true"),),
        (STEP,),
    )
    assert found(replace(FINE, functions=(*(FINE.functions or ()), cancelled))) == []

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cronshift.errors import CronshiftError
from cronshift.model import (
    BridgeSettings,
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
    RateLimit,
    RowSource,
    Throttle,
)
from cronshift.runtime.schedule import Schedule
from cronshift.targets import generate
from cronshift.targets.seal import is_untouched

GENERATED = Path(__file__).parents[2] / "data" / "generated"

EVERYTHING = JobOptions(
    retries=0,
    start_timeout=timedelta(hours=2),
    finish_timeout=timedelta(minutes=15),
    concurrency=2,
    throttle=Throttle(10, timedelta(minutes=1), key="event.data.cron", burst=2),
    rate_limit=RateLimit(1, timedelta(hours=1)),
    idempotency="event.id",
    jitter=timedelta(seconds=90),
    fan_out=FanOut("model", ("gpt-5", "claude-opus", "gemini-pro"), FanOutMode.PARALLEL),
    heartbeat_env="HEARTBEAT_URL",
    stale_after=timedelta(minutes=9),
)


def a_job(job_id: str, schedule: str = "0 */4 * * *", **fields: Any) -> Job:
    entry = CronEntry(f"/api/cron/{job_id}", schedule, Location("vercel.json", 12), "crons[0]")
    return Job(job_id, entry, Schedule.from_vercel(schedule), **{"mode": Mode.BRIDGE, **fields})


def a_direct_job(job_id: str, file: str, kind: HandlerKind, export: str, **fields: Any) -> Job:
    handler = Handler(file, kind, export, "python")
    return a_job(job_id, mode=Mode.DIRECT, handler=handler, **fields)


def a_plan(*jobs: Job, **fields: Any) -> Plan:
    plan = Plan(None, "vercel.json", "python", "predictions", "inngest_app", jobs, ())
    return replace(plan, **fields)


PLANS = {
    "bridged": a_plan(
        a_job("prediction-check"),
        a_job("update-ai-models", "0 0 * * 7"),
        a_job("client"),
        bridge=BridgeSettings("https://example.com/app", "BASE", "SECRET", timedelta(minutes=5)),
    ),
    "direct": a_plan(
        a_direct_job("asgi", "api/index.py", HandlerKind.ASGI, "app"),
        a_direct_job("asgi-too", "api/index.py", HandlerKind.ASGI, "app"),
        a_direct_job("wsgi", "my-app/wsgi.py", HandlerKind.WSGI, "application"),
        a_direct_job("http", "api/cron/http.py", HandlerKind.HTTP_HANDLER, "handler"),
        a_direct_job("callable", "api/cron/[job].py", HandlerKind.CALLABLE, "main"),
    ),
    "everything": a_plan(
        a_job("bridged", options=EVERYTHING),
        a_direct_job("direct", "code/main.py", HandlerKind.CALLABLE, "run", options=EVERYTHING),
        a_job("nothing", options=JobOptions(finish_timeout=None, concurrency=None)),
        a_job("sequence", options=JobOptions(fan_out=FanOut("n", ("1", "2")))),
        out="src/inngest_app",
    ),
    "rows": a_plan(
        a_job(
            "steps", options=JobOptions(fan_out=FanOut("m", RowSource("lib.models:active", "id")))
        ),
        a_job(
            "runs",
            options=replace(
                EVERYTHING, fan_out=FanOut("m", RowSource("my-app/rows.py:due"), FanOutMode.RUNS)
            ),
        ),
    ),
    "empty": a_plan(),
}


def written(plan: Plan) -> dict[str, str]:
    return {file.path: file.text for file in generate(plan)}


@pytest.mark.parametrize("name", PLANS)
def test_the_generated_files_are_those_kept_for_comparison(name: str) -> None:
    folder = GENERATED / name
    if os.environ.get("CRONSHIFT_UPDATE_GENERATED"):
        for path, text in written(PLANS[name]).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
    kept = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*.py")}
    assert written(PLANS[name]) == {path: file.read_text() for path, file in kept.items()}


def test_the_same_plan_gives_the_same_bytes() -> None:
    assert generate(PLANS["everything"]) == generate(PLANS["everything"])


def test_every_file_is_sealed() -> None:
    assert all(is_untouched(text) for text in written(PLANS["everything"]).values())


def test_a_blocked_job_generates_nothing() -> None:
    blocked = replace(a_job("blocked"), mode=Mode.BLOCKED, schedule=None)
    assert written(a_plan(a_job("fine"), blocked)) == written(a_plan(a_job("fine")))


def test_functions_stand_in_the_order_of_the_plan_and_imports_in_isorts() -> None:
    package = written(a_plan(a_job("b10"), a_job("b9"), a_job("a"), a_job("b09")))
    text = package["inngest_app/__init__.py"]
    imported = [line.split()[-1] for line in text.splitlines() if line.startswith("from .jobs")]
    assert imported == ["a", "b09", "b9", "b10"]
    assert text.endswith("= [\n    b10,\n    b9,\n    a,\n    b09,\n    cronshift_cancelled,\n]\n")


@pytest.mark.parametrize(
    ("file", "reference"),
    [
        ("api/index.py", "api.index:run"),
        ("app/__init__.py", "app:run"),
        ("api/cron/update-models.py", "api/cron/update-models.py:run"),
        ("api/class.py", "api/class.py:run"),
        ("code/main.py", "code/main.py:run"),  # `code` is a module of the standard library
    ],
)
def test_a_handler_is_named_by_module_where_it_can_be_imported(file: str, reference: str) -> None:
    plan = a_plan(a_direct_job("job", file, HandlerKind.CALLABLE, "run"))
    assert f'runtime.CallableHandler("{reference}")' in written(plan)["inngest_app/jobs/job.py"]


def test_apps_of_the_same_name_are_numbered() -> None:
    plan = a_plan(
        a_direct_job("one", "a/b.py", HandlerKind.ASGI, "app"),
        a_direct_job("two", "a_b.py", HandlerKind.ASGI, "app"),
        a_direct_job("three", "a/b.py", HandlerKind.ASGI, "other"),
    )
    apps = written(plan)["inngest_app/apps.py"].splitlines()
    assert apps[-3:] == [
        'a_b = runtime.AsgiHandler("a.b:app")',
        'a_b_2 = runtime.AsgiHandler("a_b:app")',
        'a_b_3 = runtime.AsgiHandler("a.b:other")',
    ]


@pytest.mark.parametrize(
    "job_id", ["", "..", "../x", "a/b", "a b", "A", "a_b", "a-", "é", "a\n", 'a"', "{{a}}"]
)
def test_an_id_that_is_no_id_is_refused(job_id: str) -> None:
    with pytest.raises(CronshiftError) as caught:
        generate(a_plan(a_job(job_id)))
    assert caught.value.reason == "invalid-job-id"


@pytest.mark.parametrize(
    "out",
    ["", ".", "..", "../out", "/out", "a//b", "a/", "a-b", "a/class", "inngest", "src/json", "é"],
)
def test_a_folder_that_is_no_package_is_refused(out: str) -> None:
    with pytest.raises(CronshiftError) as caught:
        generate(a_plan(a_job("job"), out=out))
    assert caught.value.reason == "invalid-out"


def test_two_jobs_never_share_a_module() -> None:
    with pytest.raises(CronshiftError, match="would both be written to same"):
        generate(a_plan(a_job("same"), a_job("same")))


def test_a_direct_job_without_a_python_handler_is_refused() -> None:
    job = a_direct_job("job", "route.ts", HandlerKind.NEXT_ROUTE, "GET")
    with pytest.raises(CronshiftError) as caught:
        generate(a_plan(job))
    assert caught.value.reason == "no-handler"


def test_a_target_that_is_not_known_is_refused() -> None:
    with pytest.raises(CronshiftError, match="no target 'cobol'"):
        generate(a_plan(target="cobol"))


def test_the_modules_of_many_jobs_are_each_written_once() -> None:
    files = generate(a_plan(*(a_job(f"job-{number}") for number in range(1_000))))
    assert len({file.path for file in files}) == 1_005

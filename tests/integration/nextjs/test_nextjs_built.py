"""The example app for real: built by Next, started, its jobs run and its dispatcher called."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.executor.events import tick_event
from cronshift.engine.executor.job_run import Request, run_job
from cronshift.engine.server.endpoint import Endpoint
from cronshift.model import Mode
from cronshift.moving.live import ask_both
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime.ownership import Owner
from cronshift.runtime.schedule import Schedule
from cronshift.runtime.ticks import called_tick

from .conftest import SECRET, App

if TYPE_CHECKING:
    from cronshift.engine.executor.runs import Run

MODELS = "/api/cron/update-ai-models?source=open%2Frouter&source=own"
JOBS = {
    "daily-generate-batch-predictions": "predictions",
    "daily-update-polymarket-data": "markets",
    "prediction-check": "checks",
    "session-recovery": "sessions",
    "update-active-events": "events",
    "update-ai-models": "models",
}


def run(app: App, job: str, *, attempts: int | None = None) -> Run:
    plan = make_plan(load_project(app.root))
    asked = Request(job, endpoint=f"{app.url}/api/inngest", attempts=attempts)
    return asyncio.run(run_job(app.root, plan, asked)).run


def call(app: App, path: str, schedule: str, **headers: str) -> httpx.Response:
    sent = {
        "user-agent": "vercel-cron/1.0",
        "x-vercel-cron-schedule": schedule,
        "authorization": f"Bearer {SECRET}",
        **headers,
    }
    return httpx.get(app.url + path, headers=sent, timeout=30)


@pytest.mark.parametrize("job", JOBS)
def test_every_job_runs_in_the_built_app(built_app: App, job: str) -> None:
    done = run(built_app, job)
    assert done.status == "completed", done.error
    assert any(path.startswith(f"/{JOBS[job]}") for path in built_app.upstream.asked)


@pytest.mark.parametrize("job", JOBS)
def test_a_job_whose_work_fails_fails_and_is_tried_again(built_app: App, job: str) -> None:
    built_app.upstream.broken.add(JOBS[job])
    try:
        done = run(built_app, job, attempts=2)
    finally:
        built_app.upstream.broken.clear()
    assert done.status == "failed"
    called = [step for step in done.steps if step.id.startswith("call")]
    assert called
    assert {step.attempts for step in called} == {2}


def test_the_query_reaches_the_handler_byte_for_byte(built_app: App) -> None:
    output: Any = run(built_app, "update-ai-models").output
    body = output["body"]
    assert body["search"] == "?source=open%2Frouter&source=own"
    assert body["sources"] == ["open/router", "own"]
    direct = call(built_app, f"/api/cronshift{MODELS}", "0 0 * * 0").json()
    assert direct == body


def test_a_handler_of_the_pages_router_sees_its_own_request(built_app: App) -> None:
    output: Any = run(built_app, "update-active-events").output
    body = output["body"]
    assert body["url"] == "/api/cron/update-active-events"
    answer = call(built_app, "/api/cronshift/api/cron/update-active-events", "0 */2 * * *")
    assert answer.status_code == 200
    assert answer.json() == body


def test_a_route_that_reads_its_surroundings_is_asked_over_http(built_app: App) -> None:
    """By the function and by the dispatcher: in process it would see another request."""
    plan = make_plan(load_project(built_app.root))
    assert {job.id: job.mode for job in plan.jobs}["ambient"] is Mode.BRIDGE
    output: Any = run(built_app, "ambient").output
    assert output["body"] == {"schedule": "0 9 * * *"}
    answer = call(built_app, "/api/cronshift/api/cron/ambient?x=%2F", "0 9 * * *")
    assert (answer.status_code, answer.json()) == (200, {"schedule": "0 9 * * *"})


def test_a_tick_of_inngests_does_not_reach_the_route(built_app: App) -> None:
    built_app.upstream.asked.clear()
    answer = call(built_app, "/api/cronshift/api/cron/prediction-check", "0 */4 * * *")
    assert answer.status_code == 200
    assert answer.json() == {"skipped": "owner inngest"}
    assert answer.headers["x-cronshift-skipped"] == "owner inngest"
    assert not built_app.upstream.asked


def test_the_guard_on_the_edge_goes_by_the_same_law(built_app: App) -> None:
    """The dispatcher of an Edge route is an Edge route itself."""
    ownership = read_ownership(built_app.root)
    schedule = Schedule.from_vercel("*/10 * * * *")
    path = "/api/cronshift/api/cron/session-recovery"

    def expected() -> bool:
        tick = called_tick(schedule, datetime.now(UTC))
        assert tick is not None
        return ownership.owner("session-recovery", tick) is Owner.INNGEST

    before = expected()
    answer = call(built_app, path, "*/10 * * * *").json()
    if before == expected():  # else a tick came in between
        assert answer == (
            {"skipped": "owner inngest"}
            if before
            else {"recovered": {"of": "sessions"}, "edge": True}
        )


@pytest.mark.parametrize("job", ["session-recovery", "update-active-events", "prediction-check"])
def test_the_dispatcher_is_no_way_around_the_secret(built_app: App, job: str) -> None:
    path = f"/api/cronshift/api/cron/{job}"
    assert call(built_app, path, "* * * * *", authorization="Bearer no").status_code == 401
    nobody = {"user-agent": "curl", "authorization": f"Bearer {SECRET}"}
    assert httpx.get(built_app.url + path, headers=nobody).status_code == 401


@pytest.mark.parametrize("job", JOBS)
def test_both_sides_tell_which_ownership_file_they_hold(
    built_app: App, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRON_SECRET", SECRET)
    asking = ask_both(
        built_app.root,
        app_url=built_app.url,
        path=f"/api/cronshift/api/cron/{job}",
        endpoint=f"{built_app.url}/api/inngest",
        secret_env="CRON_SECRET",
    )
    vercel, inngest = asyncio.run(asking)
    assert (vercel.current, inngest.current) == (True, True), (vercel, inngest)
    options = {"x-cronshift-tell": "ownership", "authorization": "Bearer no"}
    told = httpx.options(f"{built_app.url}/api/cronshift/api/cron/{job}", headers=options)
    assert told.status_code == 204
    assert not told.content


PREDICTIONS = "daily-generate-batch-predictions"
PING = "/ping?key=hush"


def test_a_run_by_hand_pings_nobody_and_its_failure_is_told(built_app: App) -> None:
    upstream = built_app.upstream
    upstream.asked.clear()
    done = run(built_app, PREDICTIONS)
    assert [step.id for step in done.steps] == [
        "due",
        *(f"call model={model}" for model in ("gpt-5", "claude-4", "gemini/3")),
        "heartbeat",
    ]
    assert PING not in upstream.asked
    assert "hush" not in json.dumps(done.to_json())
    upstream.asked.clear()
    upstream.broken.add("predictions")
    try:
        done = run(built_app, PREDICTIONS, attempts=1)
    finally:
        upstream.broken.clear()
    assert done.error is not None
    assert done.error.message.startswith("3 of 3 failed. model=gpt-5: ")
    assert not any(path.startswith("/ping") for path in upstream.asked)
    assert done.failure_run is not None
    assert [step.id for step in done.failure_run.steps] == ["report"]


def scheduled(app: App, job: str, tick: datetime) -> Run:
    """Run a job as its schedule does, not as a person."""

    async def go() -> Run:
        plan = make_plan(load_project(app.root))
        event = tick_event("TZ=UTC 0 6 * * *", tick, tick)
        del event["data"]["cronshift"]
        async with Endpoint.http(f"{app.url}/api/inngest", None) as endpoint:
            return await execute(endpoint, RunTarget(f"{plan.app_id}-{job}", attempts=1), event)

    return asyncio.run(go())


def test_a_tick_of_vercels_is_left_to_it_and_pings_nobody(built_app: App) -> None:
    """Nothing but half of session-recovery and all of prediction-check is Inngest's."""
    tick = datetime(2026, 11, 25, 6, tzinfo=UTC)
    built_app.upstream.asked.clear()
    for job in (PREDICTIONS, "update-ai-models"):
        assert scheduled(built_app, job, tick).output == {"skipped": "owner vercel"}
    assert not built_app.upstream.asked
    output: Any = scheduled(built_app, "prediction-check", tick).output
    assert output["body"]["checked"] == {"of": "checks"}


def test_half_of_the_ticks_is_inngests_as_python_says(built_app: App) -> None:
    ownership = read_ownership(built_app.root)
    ticks = [
        datetime(2026, 11, 25, hour, 10 * ten, tzinfo=UTC) for hour in range(3) for ten in range(6)
    ]
    ran = [
        "skipped" not in str(scheduled(built_app, "session-recovery", tick).output)
        for tick in ticks
    ]
    owned = [ownership.owner("session-recovery", tick) is Owner.INNGEST for tick in ticks]
    assert ran == owned
    assert 0 < sum(owned) < len(ticks)

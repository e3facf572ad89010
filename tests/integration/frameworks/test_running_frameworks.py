"""The app of each framework for real: checked, built, started, its jobs run and its guard asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cronshift.engine.executor.job_run import Request, run_job
from cronshift.engine.validation.project import validate_endpoint
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

from .apps import SECRET, ran

if TYPE_CHECKING:
    from cronshift.engine.executor.runs import Run

    from .conftest import Running


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRON_SECRET", SECRET)


def run(app: Running, job: str) -> Run:
    plan = make_plan(load_project(app.root))
    asked = Request(job, endpoint=f"{app.url}/api/inngest")
    return asyncio.run(run_job(app.root, plan, asked)).run


def call(app: Running, path: str, schedule: str, **headers: str) -> httpx.Response:
    sent = {
        "user-agent": "vercel-cron/1.0",
        "x-vercel-cron-schedule": schedule,
        "authorization": f"Bearer {SECRET}",
        **headers,
    }
    return httpx.get(app.url + path, headers=sent, timeout=30)


def test_its_types_are_well(running: Running) -> None:
    for script in running.kit.checking:
        done = ran(running.kit, running.root, script)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_job_runs_in_process_with_the_request_that_vercel_makes(running: Running) -> None:
    done = run(running, "echo")
    assert done.status == "completed", done.error
    output: Any = done.output
    assert output["body"] == {
        "search": "?x=%2F&x=a+b",
        "all": ["/", "a b"],
        "schedule": "30 3 * * *",
        "agent": "vercel-cron/1.0",
    }


def test_a_parameter_of_the_path_reaches_the_handler(running: Running) -> None:
    output: Any = run(running, "nightly").output
    assert output["body"] == {"job": "nightly"}


def test_an_answer_to_wait_for_is_waited_for(running: Running) -> None:
    done = run(running, "flaky")
    assert done.status == "completed", done.error
    (step,) = [step for step in done.steps if step.id == "call"]
    assert step.attempts == 2
    assert round(done.waited.total_seconds()) == 7


def test_an_answer_that_stays_is_not_asked_again(running: Running) -> None:
    done = run(running, "gone")
    assert done.status == "failed"
    assert done.attempts == 1
    assert "GET /api/cron/gone answered 404" in str(done.error)


def test_a_handler_that_needs_the_framework_is_asked_over_http(running: Running) -> None:
    for job in running.kit.bridged:
        output: Any = run(running, job).output
        assert output["body"] == {"name": "of the hook"}
        schedule = "0 6 * * *"
        answer = call(running, f"/api/cronshift/api/cron/{job}", schedule)
        assert (answer.status_code, answer.json()) == (200, {"name": "of the hook"})


def test_the_guard_lets_by_what_is_vercels(running: Running) -> None:
    path = "/api/cronshift/api/cron/echo?x=%2F&x=a+b"
    answer = call(running, path, "30 3 * * *")
    assert answer.status_code == 200, answer.text
    assert answer.json()["search"] == "?x=%2F&x=a+b"
    assert answer.json()["schedule"] == "30 3 * * *"


def test_the_guard_keeps_back_what_is_inngests(running: Running) -> None:
    answer = call(running, "/api/cronshift/api/jobs/nightly", "0 9 * * *")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"skipped": "owner inngest"}
    assert answer.headers["x-cronshift-skipped"] == "owner inngest"


def test_the_guard_is_no_way_around_the_secret(running: Running) -> None:
    path = "/api/cronshift/api/cron/echo"
    assert call(running, path, "30 3 * * *", authorization="Bearer no").status_code == 401
    bearer = {"user-agent": "curl", "authorization": f"Bearer {SECRET}"}
    assert httpx.get(running.url + path, headers=bearer, timeout=30).status_code == 401


def test_the_endpoint_and_the_guard_tell_which_file_they_hold(running: Running) -> None:
    asked = {"x-cronshift-tell": "ownership", "authorization": f"Bearer {SECRET}"}
    paths = ("/api/inngest", "/api/cronshift/api/jobs/nightly")
    answers = [httpx.options(running.url + path, headers=asked, timeout=30) for path in paths]
    told = [answer.json()["ownership"] for answer in answers]
    assert told[0] == told[1] is not None


def test_the_endpoint_registers_what_was_planned(running: Running) -> None:
    plan = make_plan(load_project(running.root))
    registration, findings = asyncio.run(
        validate_endpoint(plan, f"{running.url}/api/inngest", None)
    )
    assert registration.count is not None
    assert [finding for finding in findings if finding.severity == "error"] == []

"""Generated functions, served by the SDK and run for real."""

from __future__ import annotations

import asyncio
import json
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cronshift.engine.executor.events import tick_event
from cronshift.engine.executor.job_run import Request, run_job
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cronshift.engine.executor.runs import Run

from .typescript_app import NOW, VECTORS, migrated, project, served


@pytest.fixture(scope="module")
def app(
    tmp_path_factory: pytest.TempPathFactory, node_packages: Path
) -> Iterator[tuple[Path, str]]:
    root = project(tmp_path_factory.mktemp("app"), node_packages)
    migrated(root)
    with served(root, node_packages, CRON_SECRET="s3cret") as url:
        yield root, url


def run(app: tuple[Path, str], job: str) -> Run:
    root, url = app
    plan = make_plan(load_project(root))
    at = datetime(2026, 11, 25, 3, 30, tzinfo=UTC) if job == "echo" else None
    return asyncio.run(run_job(root, plan, Request(job, at=at, endpoint=url))).run


def test_a_handler_gets_the_request_that_vercel_makes(app: tuple[Path, str]) -> None:
    done = run(app, "echo")
    assert done.status == "completed", done.error
    output: Any = done.output
    assert output["status"] == 200
    assert output["body"] == {
        "search": "?x=%2F&x=a+b",
        "all": ["/", "a b"],
        "schedule": "30 3 * * *",
        "tick": "2026-11-25T03:30:00Z",
        "agent": "vercel-cron/1.0",
    }


def test_a_busy_route_is_tried_again_when_it_says_so_and_each_value_alone(
    app: tuple[Path, str],
) -> None:
    done = run(app, "flaky")
    assert done.status == "completed", done.error
    assert done.output == {"succeeded": 2}
    attempts = {step.id: step.attempts for step in done.steps}
    assert attempts["call model=a"] == 2
    assert attempts["call model=b/c&d"] == 1


@pytest.mark.parametrize(("job", "step"), [("echo", "due"), ("flaky", "due")])
@pytest.mark.parametrize("attempt", [0, 1])
def test_whose_a_tick_is_is_asked_at_every_attempt(
    app: tuple[Path, str], job: str, step: str, attempt: int
) -> None:
    """A first attempt may have died before it came to ask: the second one must not run Vercel's tick."""
    event = tick_event("TZ=UTC 30 3 * * *", NOW, NOW)
    del event["data"]["cronshift"]
    around = {
        "ctx": {"attempt": attempt, "run_id": "01RUN", "stack": {"stack": [], "current": 0}},
        "event": event,
        "events": [event],
        "steps": {},
    }
    asked = {"fnId": f"shop-{job}", "stepId": "step"}
    (done,) = httpx.post(app[1], params=asked, json=around).json()
    assert done["displayName"] == step
    assert "owner vercel" in json.dumps(done["data"])


def test_an_answer_that_says_no_is_not_tried_again(app: tuple[Path, str]) -> None:
    done = run(app, "gone")
    assert done.status == "failed"
    assert "GET /api/cron/gone answered 404: nothing here" in str(done.error)
    assert [step.attempts for step in done.steps if step.id == "call"] == [1]


def test_a_redirect_that_is_thrown_is_an_answer_like_any_other(app: tuple[Path, str]) -> None:
    done = run(app, "away")
    assert done.status == "failed"
    assert "GET /api/cron/away answered 307, a redirect to /login" in str(done.error)
    assert [step.attempts for step in done.steps if step.id == "call"] == [1]


def test_a_dynamic_route_is_told_its_parameters(app: tuple[Path, str]) -> None:
    output: Any = run(app, "nightly").output
    assert output["body"] == {"job": "nightly"}


def test_a_handler_of_the_pages_router_may_write_and_end_later(app: tuple[Path, str]) -> None:
    output: Any = run(app, "old-a-b").output
    name, _, query = output["body"].partition(" ")
    assert (output["status"], name) == (201, "rest")
    assert json.loads(query) == {"x": ["1", "2"], "y": " ", "rest": ["a", "b"]}


def test_a_bridged_job_without_an_address_says_which_variable_it_needs(
    app: tuple[Path, str],
) -> None:
    done = run(app, "cookie")
    assert done.status == "failed"
    assert "CRONSHIFT_BASE_URL is not set" in str(done.error)


def test_both_languages_give_every_tick_the_same_owner(
    app: tuple[Path, str], node_packages: Path
) -> None:
    root, _ = app
    (root / "vectors.ts").write_text(
        'import { readFileSync } from "node:fs";\n'
        'import { bucket, ownerOf, tickText } from "./lib/inngest/cronshift/ownership";\n'
        "type Vector = { unit: string; key: string; bucket: number };\n"
        'const vectors: Vector[] = JSON.parse(readFileSync(process.argv[2]!, "utf8")).buckets;\n'
        "const epochs = [10, 0, 100].map((percent, day) => ({\n"
        "  effective_at: `2026-11-2${day + 4}T12:00:00Z`, percent, operation: '' }));\n"
        "const held = { jobs: { job: epochs }, flows: {} };\n"
        "const ticks = Array.from({ length: 500 }, (_, n) =>\n"
        "  new Date(Date.UTC(2026, 10, 24, 0, n * 10)));\n"
        "void (async () => {\n"
        "  const buckets = await Promise.all(vectors.map((one) => bucket(one.unit, one.key)));\n"
        "  const owners = await Promise.all(ticks.map((tick) => ownerOf(held.jobs, 'job', tickText(tick), tick)));\n"
        "  console.log(JSON.stringify([buckets, owners]));\n"
        "})();\n"
    )
    loader = (node_packages / "node_modules/tsx/dist/loader.mjs").as_uri()
    done = subprocess.run(
        ["node", "--import", loader, "vectors.ts", str(VECTORS)],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    from cronshift.runtime.ownership import Epoch, Ownership

    buckets, owners = json.loads(done.stdout)
    vectors = json.loads(VECTORS.read_text())["buckets"]
    assert buckets == [one["bucket"] for one in vectors]
    epochs = tuple(
        Epoch(datetime(2026, 11, 24 + day, 12, tzinfo=UTC), percent, "")
        for day, percent in enumerate((10, 0, 100))
    )
    ownership = Ownership(jobs={"job": epochs})
    ticks = [datetime(2026, 11, 24, tzinfo=UTC) + timedelta(minutes=10 * n) for n in range(500)]
    assert owners == [ownership.owner("job", tick).value for tick in ticks]

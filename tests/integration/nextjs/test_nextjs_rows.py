"""A fan-out over rows that a function of the app returns, in TypeScript: compiled, served, run."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.fan_out_apps import ROWS, nextjs_app, upstream

from cronshift.engine.executor.engine import Surroundings
from cronshift.engine.executor.events import Receiver
from cronshift.engine.executor.job_run import Outcome, Request, run_job
from cronshift.engine.validation.project import validate_package
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets.typescript.compiling import compile_types

from .typescript_app import TSCONFIG, link_packages, migrated, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.fan_out_apps import Upstream

pytestmark = pytest.mark.node


@pytest.fixture(scope="module", params=[4, 3])
def root(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, node_packages: Path
) -> Path:
    root = nextjs_app(tmp_path_factory.mktemp("rows"), TSCONFIG)
    if request.param == 3:
        manifest = root / "package.json"
        manifest.write_text(manifest.read_text().replace("4.24.0", "3.54.2"))
    link_packages(root, node_packages, request.param)
    migrated(root)
    return root


@pytest.fixture
def asked() -> Iterator[Upstream]:
    with upstream() as app:
        yield app


@pytest.fixture
def run(root: Path, asked: Upstream, node_packages: Path) -> Callable[[str], Outcome]:
    plan = make_plan(load_project(root))

    async def in_app(job: str) -> Outcome:
        receiver = Receiver()
        async with receiver.listening():
            own = {"UPSTREAM": asked.url, "CRON_SECRET": "s3cret", "INNGEST_DEV": receiver.url}
            with served(root, node_packages, **own) as url:
                around = Surroundings(receiver=receiver)
                return await run_job(root, plan, Request(job, endpoint=url), around)

    return lambda job: asyncio.run(asyncio.wait_for(in_app(job), 60))


def test_what_is_generated_compiles_and_registers(root: Path) -> None:
    assert compile_types(root, timedelta(minutes=2)) == ()
    registration, findings = validate_package(root, make_plan(load_project(root)), compiles=False)
    assert [finding for finding in findings if finding.severity == "error"] == []
    functions = {function.id: function for function in registration.functions or ()}
    places = {name: [limit.limit for limit in each.concurrency] for name, each in functions.items()}
    assert places == {
        "rows-sequence": [1],
        "rows-parallel": [10],
        "rows-runs": [1],
        "rows-runs--row": [10],
    }


@pytest.mark.parametrize("job", ["sequence", "parallel"])
def test_every_row_has_a_step_and_each_failure_is_told(
    run: Callable[[str], Outcome], asked: Upstream, job: str
) -> None:
    asked.failing["b c"] = 1
    outcome = run(job)
    steps = {step.id: step.attempts for step in outcome.run.steps}
    assert steps == {"due": 1, "items": 1, **{f"call model={row}": 1 for row in ROWS}} | {
        "call model=b c": 2
    }
    assert asked.calls == {"/rows": 1, "a": 1, "b c": 2, "gone": 1, "d": 1}
    assert outcome.run.error is not None
    message = outcome.run.error.message
    assert message.startswith("1 of 4 failed. model=gone: GET /api/")
    assert "answered 410: gone for good" in message


def test_rows_that_cannot_be_loaded_are_tried_again_and_what_is_no_list_is_not(
    run: Callable[[str], Outcome], asked: Upstream
) -> None:
    asked.rows = 503
    assert run("sequence").run.status == "failed"
    assert asked.calls["/rows"] == 3
    asked.calls.clear()
    asked.rows = [{"id": None}]
    failed = run("sequence")
    assert failed.run.error is not None
    assert "row 0 has no id" in failed.run.error.message
    assert asked.calls == {"/rows": 1}
    asked.rows = [{"id": str(number)} for number in range(991)]
    refused = run("parallel")
    assert refused.run.error is not None
    assert 'mode = "runs"' in refused.run.error.message
    assert [*asked.calls] == ["/rows"]


def test_every_row_has_a_run_of_its_own_that_is_told(
    run: Callable[[str], Outcome], asked: Upstream
) -> None:
    asked.failing["b c"] = 1
    outcome = run("runs")
    assert outcome.run.output == {"sent": 4}
    assert [step.id for step in outcome.run.steps] == ["due", "items", "send 0"]
    assert [row.event["data"]["value"] for row in outcome.rows] == ROWS
    assert [str(row.status) for row in outcome.rows] == ["completed"] * 2 + ["failed", "completed"]
    assert [row.steps[0].attempts for row in outcome.rows[:2]] == [1, 2]
    assert outcome.rows[2].failure_run is not None
    assert len({event["id"] for event in outcome.run.sent}) == 4
    assert asked.calls == {"/rows": 1, "a": 1, "b c": 2, "gone": 1, "d": 1}
    assert os.environ.get("UPSTREAM") is None


def test_many_rows_are_sent_a_few_hundred_at_a_time(
    run: Callable[[str], Outcome], asked: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(*_: object) -> tuple[()]:
        return ()

    monkeypatch.setattr("cronshift.engine.executor.job_run.run_rows", none)
    asked.rows = [{"id": str(number)} for number in range(1200)]
    outcome = run("runs")
    assert outcome.run.output == {"sent": 1200}
    assert [step.id for step in outcome.run.steps][2:] == ["send 0", "send 1", "send 2"]
    assert len({event["id"] for event in outcome.run.sent}) == 1200

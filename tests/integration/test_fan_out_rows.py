"""A fan-out over rows that a function of the app returns, in Python: run here, step by step."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.engine.executor.job_run import Outcome, Request, run_job
from cronshift.engine.validation.project import validate_package
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

from .fan_out_apps import MODES, ROWS, python_app, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .fan_out_apps import Upstream


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    with upstream() as app:
        monkeypatch.setenv("UPSTREAM", app.url)
        yield app


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    root = python_app(tmp_path)
    operations.apply(root, prepare_migration(load_project(root), (), datetime.now(UTC)).operation)
    before = {*sys.modules}
    yield root
    for name in {*sys.modules} - before:
        if name.split(".")[0] in {"lib", "work"}:
            del sys.modules[name]


def run(root: Path, job: str) -> Outcome:
    return asyncio.run(run_job(root, make_plan(load_project(root)), Request(job)))


@pytest.mark.parametrize("job", ["sequence", "parallel"])
def test_every_row_has_a_step_and_each_failure_is_told(
    root: Path, asked: Upstream, job: str
) -> None:
    asked.failing["b c"] = 1
    outcome = run(root, job)
    steps = {step.id: step.attempts for step in outcome.run.steps}
    assert steps == {"due": 1, "items": 1, **{f"call model={row}": 1 for row in ROWS}} | {
        "call model=b c": 2
    }
    assert asked.calls == {"/rows": 1, "a": 1, "b c": 2, "gone": 1, "d": 1}
    assert outcome.run.error is not None
    assert outcome.run.error.message == "1 of 4 failed. model=gone: answered 410"
    asked.rows = [{"id": "a"}, {"id": 7}, {"id": "a"}]
    assert run(root, job).run.output["body"] == {"succeeded": 2}
    asked.rows = []
    assert run(root, job).run.output["body"] == {"succeeded": 0}


def test_rows_that_cannot_be_loaded_are_tried_again_and_what_is_no_list_is_not(
    root: Path, asked: Upstream
) -> None:
    asked.rows = 503
    outcome = run(root, "sequence")
    assert outcome.run.status == "failed"
    assert asked.calls["/rows"] == 3
    for rows, why in (({"id": 1}, "gave no list"), ([{"id": None}], "row 0 has no id")):
        asked.calls.clear()
        asked.rows = rows
        failed = run(root, "sequence")
        assert failed.run.error is not None
        assert why in failed.run.error.message
        assert asked.calls == {"/rows": 1}


def test_more_rows_than_a_run_has_steps_are_refused_before_any_work(
    root: Path, asked: Upstream
) -> None:
    asked.rows = [{"id": str(number)} for number in range(991)]
    for job in ("sequence", "parallel"):
        outcome = run(root, job)
        assert outcome.run.error is not None
        assert 'mode = "runs"' in outcome.run.error.message
    assert [*asked.calls] == ["/rows"]


def test_every_row_has_a_run_of_its_own_that_is_told(root: Path, asked: Upstream) -> None:
    asked.failing["b c"] = 1
    outcome = run(root, "runs")
    assert outcome.run.status == "completed"
    assert outcome.run.output["body"] == {"sent": 4}
    assert [step.id for step in outcome.run.steps] == ["due", "items", "send 0"]
    assert [row.event["data"]["value"] for row in outcome.rows] == ROWS
    assert [str(row.status) for row in outcome.rows] == ["completed"] * 2 + ["failed", "completed"]
    assert [step.attempts for row in outcome.rows[:2] for step in row.steps] == [1, 2]
    gone = outcome.rows[2]
    assert gone.failure_run is not None
    assert [step.id for step in gone.failure_run.steps] == ["report"]
    assert not outcome.is_well
    assert len(outcome.to_json()["rows"]) == 4
    ids = [event["id"] for event in outcome.run.sent]
    assert len({*ids}) == 4
    assert all(event_id.startswith(outcome.run.run_id) for event_id in ids)


def test_what_is_generated_is_valid_and_a_row_without_its_function_is_not(root: Path) -> None:
    plan = make_plan(load_project(root))
    registration, findings = validate_package(root, plan, compiles=False)
    assert [finding for finding in findings if finding.severity == "error"] == []
    ids = [function.id for function in registration.functions or ()]
    assert "rows-runs--row" in ids
    package = root / "inngest_app/__init__.py"
    package.write_text(package.read_text().replace("    runs__row,\n", ""))
    for name in [name for name in sys.modules if name.startswith("inngest_app")]:
        del sys.modules[name]
    _, findings = validate_package(root, plan, compiles=False)
    assert "rows-runs--row is not in `functions`." in [finding.message for finding in findings]


@pytest.mark.parametrize(("mode", "places"), [*zip(MODES, (1, 10, 1), strict=True)])
def test_parallel_rows_have_places_beside_each_other(root: Path, mode: str, places: int) -> None:
    plan = make_plan(load_project(root))
    registration, _ = validate_package(root, plan, compiles=False)
    functions = {function.id: function for function in registration.functions or ()}
    assert [limit.limit for limit in functions[f"rows-{mode}"].concurrency] == [places]
    row = functions["rows-runs--row"]
    assert [limit.limit for limit in row.concurrency] == [10]


def test_the_forecast_counts_what_is_expected(tmp_path: Path) -> None:
    from cronshift.plan.forecast import executions

    root = python_app(tmp_path, expected="100")
    jobs = {job.id: job for job in make_plan(load_project(root)).jobs}
    now = datetime(2026, 11, 1, tzinfo=UTC)
    per_run = {name: executions(job, now) / 30 for name, job in jobs.items()}
    assert per_run == {"sequence": 103, "parallel": 103, "runs": 204}

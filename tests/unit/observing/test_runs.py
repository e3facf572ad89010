"""A run as Inngest's API and its trace tell it: cut from what a real server answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cronshift.observing.runs import newest_first, of_inngest, of_record, together
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus

TICK = datetime(2026, 11, 27, 12, tzinfo=UTC)
ERROR = {"name": "ValueError", "message": "no such table: rows", "stack": "Traceback …"}
STEP = "bc8d8647"


def a_run(status: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "01RUN",
        "app": {"id": "app"},
        "function": {"id": "job", "name": "job"},
        "queuedAt": "2026-11-27T12:00:00.034Z",
        "startedAt": "2026-11-27T12:00:00.120Z",
        "endedAt": "2026-11-27T12:00:01.155Z",
        "status": status,
        "output": "",
        **more,
    }


def a_root(output: object, *children: dict[str, Any]) -> dict[str, Any]:
    event = {"name": "inngest/scheduled.timer", "data": {"scheduledAt": "2026-11-27T12:00:00Z"}}
    return {"name": "Run", "input": {"data": [event]}, "output": output, "children": list(children)}


def a_span(name: str, status: str, second: int, **more: Any) -> dict[str, Any]:
    ended = {} if status == "RUNNING" else {"endedAt": f"2026-11-27T12:00:{second:02}.5Z"}
    queued = f"2026-11-27T12:00:{second:02}Z"
    return {"name": name, "status": status, "queuedAt": queued, "durationMs": "13", **ended, **more}


FAILED = a_root(
    ERROR,
    a_span("Finalization", "FAILED", 4, output=ERROR),
    a_span(
        "call",
        "RUNNING",
        0,
        stepId=STEP,
        children=[
            a_span("Attempt 0", "RUNNING", 0, output={"name": "E", "message": "the first"}),
            a_span("Attempt 1", "RUNNING", 2, output=ERROR),
        ],
    ),
    a_span("call", "FAILED", 0, stepId=STEP, output=ERROR),
    a_span("call", "FAILED", 2, stepId=STEP, output=ERROR),
    a_span("executor.nonstep", "FAILED", 4, output=ERROR),
)


def test_a_failed_run_has_its_tick_its_steps_their_attempts_and_its_error() -> None:
    run = of_inngest(a_run("FAILED"), FAILED)
    assert run is not None
    assert (run.tick, run.status, run.attempts) == (TICK, TickStatus.FAILED, 2)
    assert run.error == "ValueError: no such table: rows"
    assert run.is_dead
    assert run.took == timedelta(seconds=1.035)
    assert [(step.name, step.status, step.attempts) for step in run.steps] == [
        ("call", "failed", 2),
        ("Finalization", "failed", 1),
    ]
    assert run.steps[0].error == "ValueError: no such table: rows"


@pytest.mark.parametrize(
    ("run", "root", "status"),
    [
        ("QUEUED", "FAILED", TickStatus.FAILED),  # seen on a real server: the run lags behind
        ("COMPLETED", "RUNNING", TickStatus.COMPLETED),  # and here the trace
        ("RUNNING", "RUNNING", TickStatus.RUNNING),
        ("QUEUED", "UNKNOWN", TickStatus.RUNNING),
    ],
)
def test_an_end_that_either_of_run_and_trace_tells_counts(
    run: str, root: str, status: TickStatus
) -> None:
    told = of_inngest(a_run(run), {**a_root({}), "status": root})
    assert told is not None
    assert told.status is status


def test_the_trace_has_the_output_that_the_run_lacks() -> None:
    run = of_inngest(a_run("COMPLETED"), a_root({"status": 207}, a_span("call", "COMPLETED", 0)))
    assert run is not None
    assert (run.http_status, run.has_acted, run.error) == (207, True, "")
    skipped = of_inngest(a_run("COMPLETED"), a_root({"skipped": "owner vercel"}))
    assert skipped is not None
    assert (skipped.status, skipped.reason) == (TickStatus.SKIPPED, "owner vercel")
    assert not skipped.has_acted


def test_without_a_trace_the_attempts_are_not_known() -> None:
    run = of_inngest(a_run("FAILED", output={"error": ERROR}), {})
    assert run is not None
    assert (run.tick, run.attempts, run.steps) == (None, None, ())
    assert run.error == "ValueError: no such table: rows"


def test_a_run_that_some_event_began_has_no_tick() -> None:
    root = {
        "input": {"data": [{"name": "shop/paid", "data": {"scheduledAt": "2026-11-27T12:00:00Z"}}]}
    }
    run = of_inngest(a_run("COMPLETED"), root)
    assert run is not None
    assert (run.tick, run.event) == (None, "shop/paid")


@pytest.mark.parametrize("run", [{}, {"id": "1", "status": "NEW", "function": {"id": "job"}}])
def test_of_a_run_that_tells_too_little_nothing_is_said(run: dict[str, Any]) -> None:
    assert of_inngest(run, {}) is None


def test_an_error_is_told_without_the_credentials_in_its_addresses() -> None:
    error = {"name": "E", "message": "postgres://u:p4ss@h/d refused " + "x" * 900}
    run = of_inngest(a_run("FAILED"), a_root(error))
    assert run is not None
    assert "p4ss" not in run.error
    assert len(run.error) == 500


RECORD = TickRecord(
    job="job",
    tick=TICK,
    side=Side.INNGEST,
    owner="inngest",
    role=Role.ACTED,
    arrived=TICK,
    started=TICK,
    status=TickStatus.RUNNING,
    attempts=3,
    run_id="01RUN",
)


def test_the_ledger_tells_owner_and_attempts_and_inngest_the_end_and_the_error() -> None:
    run = together(of_record(RECORD), of_inngest(a_run("FAILED"), FAILED))
    assert run is not None
    assert (run.owner, run.attempts, run.status) == ("inngest", 3, TickStatus.FAILED)
    assert run.error == "ValueError: no such table: rows"
    assert len(run.steps) == 2
    assert together(None, None) is None


def test_attempts_that_nobody_has_counted_are_not_known() -> None:
    assert of_record(RECORD, is_counted=False).attempts is None


def test_the_newest_of_the_wanted_runs_are_listed() -> None:
    records = [
        replace(RECORD, run_id=str(number), arrived=TICK + timedelta(minutes=number), status=status)
        for number, status in enumerate([TickStatus.FAILED, TickStatus.COMPLETED] * 3)
    ]
    runs = [of_record(record) for record in records]
    failed = newest_first(runs, statuses=frozenset({TickStatus.FAILED}), most=2)
    assert [run.id for run in failed] == ["4", "2"]
    assert len(newest_first(runs, statuses=frozenset(), most=9)) == 6

"""The state machine alone: answers that no SDK gives, limits, and the order of things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.engine.executor.progress import Progress
from cronshift.engine.executor.protocol import WireError
from cronshift.engine.executor.runs import Run, Status
from cronshift.engine.server.endpoint import EndpointReply

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def a_run(attempts: int = 4) -> Progress:
    return Progress(Run("app-fn", "01RUN", {"name": "check/start"}), attempts, NOW)


def op(name: str, step: str, **fields: Any) -> dict[str, Any]:
    return {"id": step, "op": name, "displayName": step, "name": step, **fields}


def answer(progress: Progress, *ops: dict[str, Any], now: datetime = NOW) -> None:
    """Answer the request that was asked for first."""
    item = progress.due_by(now)[0]
    progress.body(item)
    progress.answered(item, EndpointReply(206, {}, list(ops)), 1, now)


def test_what_only_inngest_can_do_is_said_and_not_faked() -> None:
    progress = a_run()
    answer(progress, op("AIGateway", "ask"))
    assert progress.run.error == WireError(
        "Unsupported", "The step 'ask' asks for AIGateway, which only Inngest itself can do."
    )


def test_a_function_that_asks_for_nothing_new_does_not_run_for_ever() -> None:
    progress = a_run()
    answer(progress, op("StepRun", "one", data=1))
    answer(progress, op("StepRun", "one", data=1))
    assert progress.run.error is not None
    assert progress.run.error.name == "Stuck"


def test_an_empty_answer_is_no_progress() -> None:
    progress = a_run()
    answer(progress)
    assert progress.run.status is Status.FAILED


def test_a_run_may_have_a_thousand_steps() -> None:
    progress = a_run()
    for number in range(1_000):
        answer(progress, op("StepRun", f"step {number}", data=None))
    assert not progress.ended
    answer(progress, op("StepRun", "one more", data=None))
    assert progress.run.error is not None
    assert progress.run.error.name == "TooManySteps"


def test_the_state_of_a_run_is_limited() -> None:
    progress = a_run()
    for number in range(9):
        answer(progress, op("StepRun", f"step {number}", data="x" * 4_000_000))
        if progress.ended:
            break
    assert progress.run.error is not None
    assert (number, progress.run.error.name) == (8, "StateTooLarge")


def test_a_planned_step_that_is_told_twice_is_queued_once() -> None:
    progress = a_run()
    answer(progress, op("StepPlanned", "a"), op("StepPlanned", "b"))
    answer(progress, op("StepRun", "a", data=1))
    again = progress.due_by(NOW)
    assert [item.operation.id if item.operation else None for item in again] == ["b", None]
    item = again[1]
    progress.body(item)
    progress.answered(item, EndpointReply(206, {}, [op("StepPlanned", "b")]), 1, NOW)
    assert [item.operation and item.operation.id for item in progress.items] == ["b"]


def test_a_group_that_waits_for_all_asks_once() -> None:
    progress = a_run()
    options = {"parallelMode": "wait"}
    answer(progress, *(op("StepPlanned", step, opts=options) for step in "abc"))
    for step in "abc":
        answer(progress, op("StepRun", step, data=step))
    assert [item.operation for item in progress.items] == [None]


def test_steps_found_side_by_side_are_not_run_at_once_any_more() -> None:
    progress = a_run()
    assert progress.body(progress.items[0])["ctx"]["disable_immediate_execution"] is False
    answer(progress, op("StepPlanned", "a"), op("StepPlanned", "b"))
    assert progress.body(progress.items[0])["ctx"]["disable_immediate_execution"] is True


def test_run_complete_ends_a_run() -> None:
    progress = a_run()
    answer(progress, op("RunComplete", "end", data={"ok": True}))
    assert (progress.run.status, progress.run.output) == (Status.COMPLETED, {"ok": True})


def test_no_answer_is_tried_again_and_then_told() -> None:
    progress = a_run(attempts=2)
    progress.unanswered(progress.items[0], "connection refused", NOW)
    assert progress.due_next() == NOW + timedelta(seconds=15)
    progress.unanswered(progress.items[0], "connection refused", progress.due_next())
    assert progress.run.error == WireError("Unreachable", "connection refused")
    assert progress.run.attempts == 2


def test_a_sleep_that_says_no_time_fails_the_run() -> None:
    progress = a_run()
    answer(progress, {**op("Sleep", "nap"), "name": "soon"})
    assert progress.run.error is not None
    assert progress.run.error.name == "InvalidSleep"


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "2026-11-24T13:00:00.000Z", "opts": None},
        {"name": "1h"},
        {"name": "nap", "opts": {"duration": "1h"}},
        {"name": "nap", "opts": {"until": "2026-11-24T13:00:00Z"}},
    ],
)
def test_a_sleep_is_read_however_an_sdk_writes_it(fields: dict[str, Any]) -> None:
    progress = a_run()
    answer(progress, {**op("Sleep", "nap"), **fields})
    assert progress.due_next() == NOW + timedelta(hours=1)


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(1, 8))
def test_a_step_succeeds_if_and_only_if_one_of_its_attempts_does(
    outcomes: list[bool], attempts: int
) -> None:
    progress, now, tried = a_run(attempts), NOW, 0
    for good in [*outcomes, *[True] * attempts]:
        tried += 1
        ops = op("StepRun", "s", data=1) if good else op("StepError", "s", error={"message": "no"})
        answer(progress, ops, now=now)
        now = progress.due_next()
        if good or tried == attempts:
            break
    record = progress.run.steps[0]
    assert record.attempts == tried
    assert (record.status is Status.COMPLETED) == good
    assert len(record.failures) == tried - good
    memo = progress.body(progress.items[0])["steps"]["s"]
    assert memo == ({"data": 1} if good else {"error": {"name": "Error", "message": "no"}})

"""Runs of functions that the real Python SDK serves in process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.engine.executor.events import custom_event
from cronshift.engine.executor.runs import Run, Status

if TYPE_CHECKING:
    from tests.integration.executor.conftest import Python

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def told(run: Run) -> list[tuple[str, str, str, int]]:
    return [(step.id, step.op, str(step.status), step.attempts) for step in run.steps]


def test_a_function_without_steps_takes_one_request(python: Python) -> None:
    run = python.run("plain", data={"id": 7})
    assert run.status is Status.COMPLETED
    assert run.output == {"said": "check/start", "data": {"id": 7}}
    assert (run.attempts, run.steps, len(python.seen)) == (1, [], 1)


def test_a_step_runs_once_and_its_output_is_remembered(python: Python) -> None:
    run = python.run("steps")
    assert run.output == "abc"
    assert python.calls == {"a": 1, "ab": 1, "abc": 1}
    assert told(run) == [
        ("one", "StepRun", "completed", 1),
        ("two", "StepRun", "completed", 1),
        ("two", "StepRun", "completed", 1),
    ]
    assert [step.output for step in run.steps] == ["a", "ab", "abc"]


def test_parallel_steps_each_run_once_before_what_follows(python: Python) -> None:
    run = python.run("parallel")
    assert run.output == ["a", "b", "c", "d"]
    assert python.calls == {"a": 1, "b": 1, "c": 1, "d": 1}
    assert [step.id for step in run.steps] == ["say a", "say b", "say c", "last"]


def test_parallel_steps_run_one_at_a_time_under_a_concurrency_of_one(python: Python) -> None:
    assert python.run("parallel", concurrency=1).output == ["a", "b", "c", "d"]


def test_a_sleep_beside_a_step_is_waited_for(python: Python) -> None:
    run = python.run("mixed")
    assert run.output == [None, "worked"]
    assert run.waited > timedelta(minutes=59)


def test_sleeps_are_passed_over_and_told(python: Python) -> None:
    run = python.run("sleeps")
    assert run.output == "awake"
    assert [step.op for step in run.steps] == ["Sleep", "Sleep"]
    assert run.steps[0].waited == pytest.approx(timedelta(hours=2), abs=timedelta(seconds=5))
    assert run.ms < 60_000
    assert run.waited > timedelta(days=365)


def test_a_wait_ends_with_the_event_that_fits(python: Python) -> None:
    replies = [
        custom_event("check/other", {"id": 7}, NOW),
        custom_event("check/answer", {"id": 8}, NOW),
        custom_event("check/answer", {"id": 7, "yes": True}, NOW),
    ]
    run = python.run("waits", data={"id": 7}, replies=replies)
    assert run.output == {"id": 7, "yes": True}
    assert run.waited < timedelta(seconds=1)


def test_a_wait_that_nothing_answers_times_out(python: Python) -> None:
    run = python.run("waits", data={"id": 7})
    assert run.output is None
    assert run.steps[0].detail == "for check/answer; nothing came"
    assert run.waited > timedelta(minutes=59)


def test_events_are_sent_to_the_executor_and_nowhere_else(python: Python) -> None:
    run = python.run("sends")
    assert run.output == 2
    assert [event["data"] for event in run.sent] == [{"number": 1}, {"number": 2}]
    assert {event["name"] for event in run.sent} == {"check/sent"}


def test_an_event_that_the_function_sends_wakes_its_own_wait(python: Python) -> None:
    run = python.run("talks-to-itself")
    assert run.output is True
    assert run.waited < timedelta(minutes=1)


def test_an_invoked_function_runs_with_the_data_it_is_given(python: Python) -> None:
    run = python.run("invokes")
    assert run.output == {"said": "inngest/function.invoked", "data": {"by": "invokes"}}
    assert told(run) == [("call", "InvokeFunction", "completed", 1)]


def test_the_failure_of_an_invoked_function_is_the_steps(python: Python) -> None:
    run = python.run("invokes-broken")
    assert run.output == "caught: no use"
    assert told(run) == [("call", "InvokeFunction", "failed", 1)]


def test_a_step_that_fails_is_tried_again_alone_after_the_engines_waits(python: Python) -> None:
    run = python.run("flaky-step")
    assert run.output == 3
    assert python.calls == {"before": 1, "flaky": 3}
    assert told(run)[1] == ("flaky", "StepRun", "completed", 3)
    waits = [attempt.wait for attempt in run.steps[1].failures]
    assert waits == [timedelta(seconds=15), timedelta(seconds=30)]
    assert run.waited == pytest.approx(timedelta(seconds=45), abs=timedelta(seconds=5))


def test_a_function_that_fails_outside_of_steps_is_tried_again(python: Python) -> None:
    run = python.run("flaky")
    assert (run.output, run.attempts, python.seen) == (3, 3, [0, 1, 2])
    assert [failure.error.message for failure in run.failures] == [
        "flaky fails, number 1",
        "flaky fails, number 2",
    ]


def test_one_parallel_step_is_tried_again_without_the_others(python: Python) -> None:
    run = python.run("flaky-parallel")
    assert run.output == [2, 1]
    assert python.calls == {"flaky": 2, "fine": 1}


def test_a_step_that_uses_up_its_attempts_fails_the_run_and_its_handler_runs(
    python: Python,
) -> None:
    run = python.run("broken", attempts=3, has_failure_handler=True)
    assert run.status is Status.FAILED
    assert run.error is not None
    assert run.error.message == "broken fails, number 3"
    assert python.calls == {"broken": 3, "cleaned": 1}
    assert (run.steps[0].attempts, str(run.steps[0].status)) == (3, "failed")
    assert run.failure_run is not None
    assert run.failure_run.output == "cleaned"
    event = python.seen[0]
    assert event.name == "inngest/function.failed"
    assert event.data["function_id"] == "check-broken"
    assert event.data["run_id"] == run.run_id
    assert event.data["error"]["message"] == "broken fails, number 3"


@pytest.mark.parametrize("known", [True, None])
def test_a_failure_handler_is_found_even_when_nobody_told_of_it(
    python: Python, known: bool | None
) -> None:
    run = python.run("non-retriable", has_failure_handler=known)
    assert run.failure_run is not None
    assert python.calls["non-retriable"] == 1


def test_a_function_without_a_failure_handler_just_fails(python: Python) -> None:
    run = python.run("non-retriable-step", has_failure_handler=None)
    assert run.status is Status.FAILED
    assert run.failure_run is None


def test_the_failure_of_a_step_can_be_caught(python: Python) -> None:
    run = python.run("catches", attempts=2)
    assert run.output == "broken fails, number 2"
    assert [str(step.status) for step in run.steps] == ["failed", "completed"]


def test_what_is_not_to_be_retried_is_not(python: Python) -> None:
    run = python.run("non-retriable-step")
    assert run.status is Status.FAILED
    assert run.error is not None
    assert run.error.message == "no use in a step"
    assert (python.calls["refused"], run.attempts, run.waited) == (1, 1, timedelta(0))


def test_retry_after_is_honoured(python: Python) -> None:
    run = python.run("later")
    assert run.output == "done"
    assert run.waited == pytest.approx(timedelta(seconds=90), abs=timedelta(seconds=5))


def test_nested_steps_fail_at_once(python: Python) -> None:
    run = python.run("nested")
    assert run.status is Status.FAILED
    assert run.attempts == 1


def test_an_output_that_is_no_json_is_retried_as_the_engine_does(python: Python) -> None:
    run = python.run("no-json", attempts=2)
    assert run.status is Status.FAILED
    assert python.calls["no-json"] == 2


def test_a_step_may_not_return_more_than_the_engine_takes(python: Python) -> None:
    run = python.run("huge")
    assert run.error is not None
    assert run.error.name == "OutputTooLarge"


def test_a_run_that_outlasts_its_finish_timeout_is_cancelled_without_its_handler(
    python: Python,
) -> None:
    run = python.run("sleeps", finish_timeout=timedelta(minutes=15), has_failure_handler=True)
    assert run.status is Status.CANCELLED
    assert run.error is not None
    assert run.error.name == "Cancelled"
    assert run.failure_run is None


def test_an_unknown_function_is_told(python: Python) -> None:
    run = python.run("nobody", attempts=1)
    assert run.status is Status.FAILED
    assert run.error is not None
    assert "not found" in run.error.message


def test_who_looks_on_sees_the_steps_as_they_come(python: Python) -> None:
    seen: list[list[str]] = []
    python.run("steps", observe=lambda run: seen.append([str(step.status) for step in run.steps]))
    assert seen[0] == []
    assert seen[-1] == ["completed"] * 3


def test_a_run_as_json_says_what_happened(python: Python) -> None:
    document: dict[str, Any] = python.run("flaky-step").to_json()
    assert document["status"] == "completed"
    assert document["attempts"] == 3
    assert document["output"] == 3
    assert document["steps"][1] | {"ms": 0} == {
        "id": "flaky",
        "op": "StepRun",
        "status": "completed",
        "attempts": 3,
        "ms": 0,
        "output": 3,
    }

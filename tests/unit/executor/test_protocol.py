from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cronshift.engine.executor.events import custom_event, matches, read_event, tick_event
from cronshift.engine.executor.protocol import StepOperation, WireError, retry_after
from cronshift.errors import CronshiftError
from cronshift.runtime.schedule.backoff import backoff

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_waits_are_the_engines() -> None:
    seconds = [backoff(attempt).total_seconds() for attempt in range(1, 13)]
    assert seconds == [15, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200, 7200, 7200]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("0", 1),
        ("9999999", 86_400),
        ("2026-11-24T12:01:30.000Z", 90),
        ("2026-11-24T12:01:30.123456+00:00", 90.123456),
        ("Tue, 24 Nov 2026 12:01:30 GMT", 90),
        ("2020-01-01T00:00:00Z", 1),
        ("soonish", None),
        ("soon, or later", None),
        ("", None),
        (None, None),
    ],
)
def test_a_retry_after_is_read_as_the_engine_reads_it(
    text: str | None, seconds: float | None
) -> None:
    wait = retry_after(text, NOW)
    assert (wait.total_seconds() if wait else None) == seconds


def test_a_tick_is_the_event_that_inngest_sends() -> None:
    tick = datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert tick_event("TZ=UTC 0 */4 * * *", tick, NOW) == {
        "name": "inngest/scheduled.timer",
        "id": "2026-11-24T08:00:00Z",
        "ts": 1_795_521_600_000,
        "data": {
            "cron": "TZ=UTC 0 */4 * * *",
            "scheduledAt": "2026-11-24T08:00:00Z",
            "fireAt": "2026-11-24T08:00:00Z",
            "cronshift": "run",
        },
    }


OWN: dict[str, Any] = {"name": "a", "data": {"id": 7, "user": {"name": "ada"}, "paid": True}}


@pytest.mark.parametrize(
    ("expression", "data", "expected"),
    [
        (None, {}, True),
        ("", {}, True),
        ("async.data.id == event.data.id", {"id": 7}, True),
        ("async.data.id == event.data.id", {"id": "7"}, False),
        ("async.data.id==7", {"id": 7}, True),
        ("async.data.who == 'ada'", {"who": "ada"}, True),
        ('async.data.who == "bob"', {"who": "ada"}, False),
        ("event.data.user.name == async.data.who", {"who": "ada"}, True),
        (
            "async.data.paid == true && async.data.id == event.data.id",
            {"paid": True, "id": 7},
            True,
        ),
        ("async.data.paid == true && async.data.id == event.data.id", {"paid": 1, "id": 7}, False),
    ],
)
def test_an_equality_is_evaluated(
    expression: str | None, data: dict[str, Any], expected: bool
) -> None:
    assert matches(expression, {"name": "b", "data": data}, OWN) is expected


@pytest.mark.parametrize("expression", ["async.data.id > 7", "size(async.data.ids) == 1", "true"])
def test_any_other_expression_is_not_guessed(expression: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        matches(expression, OWN, OWN)


def test_an_event_is_read_from_json() -> None:
    event = read_event('{"name": "app/done", "data": {"id": 1}}', NOW)
    assert (event["name"], event["data"]) == ("app/done", {"id": 1})


@pytest.mark.parametrize(
    "text", ["", "[]", '{"data": {}}', '{"name": 1}', '{"name": "a", "data": 1}']
)
def test_what_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(CronshiftError, match="is no event"):
        read_event(text, NOW)


def test_an_event_of_more_than_3_mib_is_refused() -> None:
    with pytest.raises(CronshiftError, match="3 MiB"):
        custom_event("big", {"text": "x" * 3 * 1024 * 1024}, NOW)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": "E", "message": "m", "stack": "s"}, WireError("E", "m", "s")),
        ({"code": "function_not_found", "message": "m"}, WireError("function_not_found", "m")),
        ({"error": "m"}, WireError("Error", "m")),
        ("plain", WireError("Error", "plain")),
        ({}, WireError("Error", "no message")),
        ([1], WireError("Error", "[1]")),
    ],
)
def test_an_error_is_read_in_every_shape(given: Any, expected: WireError) -> None:
    assert WireError.from_wire(given) == expected


def test_an_operation_without_an_id_is_no_operation() -> None:
    with pytest.raises(KeyError):
        StepOperation.from_wire({"op": "StepRun"})

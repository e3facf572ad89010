from __future__ import annotations

from typing import Any

import pytest

from cronshift.engine.validation import FunctionConfig, Registration
from cronshift.engine.validation.registration import (
    Batch,
    Cancel,
    ConcurrencyLimit,
    Debounce,
    Rate,
    Step,
    Trigger,
)
from cronshift.errors import NotWellError

URL = "https://example.com/api/inngest?fnId=app-job&stepId=step"
PYTHON: dict[str, Any] = {
    "batchEvents": None,
    "cancel": None,
    "concurrency": [{"key": None, "limit": 1, "scope": None}],
    "debounce": None,
    "id": "app-job",
    "idempotency": None,
    "name": "job",
    "priority": None,
    "rateLimit": None,
    "steps": {
        "step": {
            "id": "step",
            "name": "step",
            "retries": {"attempts": 3},
            "runtime": {"type": "http", "url": URL},
        }
    },
    "throttle": {"key": None, "limit": 10, "period": "1m", "burst": 1},
    "timeouts": {"start": None, "finish": "15m"},
    "singleton": None,
    "triggers": [{"cron": "TZ=UTC 0 6 * * *", "jitter": None}],
}
TYPESCRIPT: dict[str, Any] = {
    "id": "app-job",
    "name": "Job",
    "triggers": [{"cron": "TZ=UTC 0 6 * * *"}, {"event": "a/b", "expression": "event.data.x"}],
    "steps": {
        "step": {
            "id": "step",
            "name": "step",
            "runtime": {"type": "http", "url": URL},
            "retries": {"attempts": 3},
        }
    },
    "concurrency": 5,
    "rateLimit": {"limit": 1, "period": "1h", "key": "event.data.id"},
    "debounce": {"period": "5s", "timeout": "1m"},
    "batchEvents": {"maxSize": 10, "timeout": "5s"},
    "cancel": [{"event": "x/y", "timeout": "1h", "if": "true"}],
    "timeouts": {"start": "1h"},
    "singleton": {"mode": "skip"},
    "priority": {"run": "100"},
    "idempotency": "event.id",
}


def test_the_shape_of_the_python_sdk_is_read() -> None:
    function = FunctionConfig.from_wire(PYTHON)
    assert function == FunctionConfig(
        id="app-job",
        name="job",
        triggers=(Trigger(cron="TZ=UTC 0 6 * * *"),),
        steps=(Step("step", "step", URL, 3),),
        finish_timeout="15m",
        concurrency=(ConcurrencyLimit(1),),
        throttle=Rate(10, "1m", burst=1),
    )
    assert function.retries == 3


def test_the_shape_of_the_typescript_sdk_is_read() -> None:
    assert FunctionConfig.from_wire(TYPESCRIPT) == FunctionConfig(
        id="app-job",
        name="Job",
        triggers=(
            Trigger(cron="TZ=UTC 0 6 * * *"),
            Trigger(event="a/b", expression="event.data.x"),
        ),
        steps=(Step("step", "step", URL, 3),),
        start_timeout="1h",
        concurrency=(ConcurrencyLimit(5),),
        rate_limit=Rate(1, "1h", "event.data.id"),
        debounce=Debounce("5s", "1m"),
        batch=Batch(10, "5s"),
        cancel=(Cancel("x/y", "1h"),),
        idempotency="event.id",
        priority="100",
        singleton="skip",
    )


@pytest.mark.parametrize(
    ("given", "limits"),
    [
        (None, ()),
        (7, (ConcurrencyLimit(7),)),
        ({"limit": 7, "key": "k"}, (ConcurrencyLimit(7, "k"),)),
        ([{"limit": 7, "scope": "env"}], (ConcurrencyLimit(7, None, "env"),)),
        ({"fn": [], "step": [{"limit": 7}]}, (ConcurrencyLimit(7),)),
    ],
)
def test_concurrency_is_a_number_an_object_or_a_list(
    given: Any, limits: tuple[ConcurrencyLimit, ...]
) -> None:
    assert FunctionConfig.from_wire({"id": "app-job", "concurrency": given}).concurrency == limits


def test_retries_of_the_function_stand_in_for_those_of_the_step() -> None:
    document = {"id": "app-job", "retries": 7, "steps": {"step": {"name": "step"}}}
    assert FunctionConfig.from_wire(document).retries == 7


def test_an_empty_trigger_is_kept_to_be_told() -> None:
    assert FunctionConfig.from_wire({"id": "app-job", "triggers": [{}]}).triggers == (Trigger(),)


def test_the_handler_of_failures_is_known_by_its_event() -> None:
    failure = {"id": "app-job-failure", "triggers": [{"event": "inngest/function.failed"}]}
    assert FunctionConfig.from_wire(failure).is_failure_handler
    assert not FunctionConfig.from_wire({**failure, "id": "app-mine"}).is_failure_handler


@pytest.mark.parametrize(
    "document",
    [
        [],
        None,
        "text",
        {},
        {"id": 1},
        {"id": "a", "triggers": ["cron"]},
        {"id": "a", "triggers": [{"cron": 5}]},
        {"id": "a", "triggers": 5},
        {"id": "a", "steps": ["step"]},
        {"id": "a", "steps": {"step": None}},
        {"id": "a", "concurrency": "five"},
        {"id": "a", "concurrency": [{"limit": "5"}]},
        {"id": "a", "throttle": {"limit": True, "period": "1s"}},
        {"id": "a", "throttle": {"limit": 1}},
        {"id": "a", "timeouts": {"finish": 900}},
        {"id": "a", "cancel": [{}]},
    ],
)
def test_another_shape_is_refused(document: Any) -> None:
    with pytest.raises(NotWellError) as caught:
        FunctionConfig.from_wire(document)
    assert caught.value.reason == "unreadable-registration"


def test_a_local_id_is_without_the_apps() -> None:
    assert Registration("app", None, ()).local_id("app-job-app-x") == "job-app-x"

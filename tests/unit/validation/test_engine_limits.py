from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from cronshift.engine.validation import FunctionConfig
from cronshift.engine.validation.limits import check_options
from cronshift.engine.validation.registration import (
    Batch,
    Cancel,
    ConcurrencyLimit,
    Debounce,
    Rate,
    Step,
    Trigger,
)
from cronshift.engine.validation.schedules import check_triggers, meeting, same_ticks
from cronshift.runtime.schedule import Schedule

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STEP = Step("step", "step", "https://example.com/api/inngest", 3)
FINE = FunctionConfig(
    id="app-job",
    name="job",
    triggers=(Trigger(cron="TZ=UTC 0 6 * * *", jitter="30s"),),
    steps=(STEP,),
    start_timeout="1h",
    finish_timeout="1w",
    concurrency=(ConcurrencyLimit(1), ConcurrencyLimit(5, "event.data.x", "env")),
    throttle=Rate(10, "30d", burst=0),
    cancel=(Cancel("x/y", "1h"),),
)
BATCHED = replace(FINE, triggers=(Trigger(event="a/b"),), cancel=(), batch=Batch(2, "1s"))


def found(function: FunctionConfig) -> list[str]:
    return [rule.name for rule, _ in (*check_triggers(function, NOW), *check_options(function))]


@pytest.mark.parametrize("function", [FINE, BATCHED])
def test_what_the_engine_takes_is_fine(function: FunctionConfig) -> None:
    assert found(function) == []


@pytest.mark.parametrize("retries", [None, 0, 20])
def test_retries_up_to_twenty_are_fine(retries: int | None) -> None:
    assert found(replace(FINE, steps=(replace(STEP, retries=retries),))) == []


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name": None}, "function-without-name"),
        ({"name": ""}, "function-without-name"),
        ({"steps": (replace(STEP, retries=21),)}, "retries-out-of-range"),
        ({"steps": (replace(STEP, retries=-1),)}, "retries-out-of-range"),
        ({"start_timeout": "soon"}, "invalid-timeout"),
        ({"finish_timeout": "0s"}, "invalid-timeout"),
        ({"finish_timeout": "-5m"}, "invalid-timeout"),
        ({"finish_timeout": "15"}, "invalid-timeout"),
        ({"concurrency": (ConcurrencyLimit(0),)}, "invalid-concurrency"),
        ({"concurrency": (ConcurrencyLimit(-1),)}, "invalid-concurrency"),
        ({"concurrency": (ConcurrencyLimit(1),) * 3}, "invalid-concurrency"),
        ({"concurrency": (ConcurrencyLimit(1, None, "env"),)}, "invalid-concurrency"),
        ({"concurrency": (ConcurrencyLimit(1, None, "account"),)}, "invalid-concurrency"),
        ({"throttle": Rate(0, "1m")}, "invalid-rate"),
        ({"throttle": Rate(1, "1m", burst=-1)}, "invalid-rate"),
        ({"throttle": Rate(1, "1ms")}, "invalid-rate"),
        ({"throttle": Rate(1, "a minute")}, "invalid-rate"),
        ({"rate_limit": Rate(0, "1m"), "triggers": (Trigger(event="a"),)}, "invalid-rate"),
        ({"rate_limit": Rate(1, "25h"), "triggers": (Trigger(event="a"),)}, "invalid-rate"),
        (
            {"rate_limit": Rate(1, "24h"), "idempotency": "x", "triggers": (Trigger(event="a"),)},
            "rate-limit-replaced",
        ),
        ({"debounce": Debounce("500ms"), "triggers": (Trigger(event="a"),)}, "invalid-debounce"),
        ({"debounce": Debounce("8d"), "triggers": (Trigger(event="a"),)}, "invalid-debounce"),
        ({"debounce": Debounce("1s", "x"), "triggers": (Trigger(event="a"),)}, "invalid-debounce"),
        ({"cancel": (Cancel("x/y"),) * 6}, "invalid-cancel"),
        ({"cancel": (Cancel("x/y", "later"),)}, "invalid-cancel"),
        ({"steps": ()}, "invalid-step"),
        ({"steps": (STEP, STEP)}, "invalid-step"),
        ({"steps": (replace(STEP, name=""),)}, "invalid-step"),
        ({"steps": (replace(STEP, url="ftp://example.com"),)}, "invalid-step"),
        ({"steps": (replace(STEP, url=None),)}, "invalid-step"),
        ({"steps": (replace(STEP, url="http://[::1"),)}, "invalid-step"),
        ({"rate_limit": Rate(1, "1h")}, "ticks-dropped"),
        ({"debounce": Debounce("1s")}, "ticks-dropped"),
        ({"singleton": "skip"}, "ticks-dropped"),
    ],
)
def test_what_it_refuses_or_does_not_do_is_found(fields: dict[str, Any], name: str) -> None:
    assert found(replace(FINE, **fields)) == [name]


@pytest.mark.parametrize(
    "fields",
    [
        {"batch": Batch(1, "5s")},
        {"batch": Batch(2, "500ms")},
        {"batch": Batch(2, "1d")},  # Go's own parser reads this one, and it knows no days
        {"batch": Batch(2)},
        {"singleton": "cancel"},
        {"debounce": Debounce("1s")},
        {"cancel": (Cancel("x/y"),)},
        {"priority": "100"},
    ],
)
def test_what_a_batch_does_not_take_is_found(fields: dict[str, Any]) -> None:
    assert found(replace(BATCHED, **fields)) == ["invalid-batch"]


@pytest.mark.parametrize(
    ("triggers", "names"),
    [
        ((), ["no-trigger"]),
        ((Trigger(),), ["no-trigger"]),
        ((Trigger(cron="TZ=UTC 0 6 * * *", event="a/b"),), ["invalid-trigger"]),
        ((Trigger(cron="@daily"),), ["invalid-trigger"]),
        ((Trigger(cron="TZ=UTC"),), ["invalid-trigger"]),
        ((Trigger(cron="TZ=Moon 0 6 * * *"),), ["invalid-trigger"]),
        ((Trigger(cron="0 0 * * 7"),), ["invalid-trigger"]),
        ((Trigger(cron="0 0 0 * * *"),), ["invalid-trigger"]),
        ((Trigger(cron=""),), ["invalid-trigger"]),
        ((Trigger(cron="*" + " " * 251 + "* * * *"),), ["invalid-trigger"]),
        ((Trigger(cron="0 0 30 2 *"),), ["trigger-never-fires"]),
        ((Trigger(event=""),), ["invalid-trigger"]),
        ((Trigger(event="x" * 256),), ["invalid-trigger"]),
        ((Trigger(cron="* * * * *", jitter="abc"),), ["invalid-jitter"]),
        ((Trigger(cron="* * * * *", jitter="500ms"),), ["invalid-jitter"]),
        ((Trigger(cron="* * * * *", jitter="6m"),), ["invalid-jitter"]),
        ((Trigger(cron="* * * * *", jitter="-1s"),), ["invalid-jitter"]),
        ((Trigger(cron="* * * * *", jitter=" "),), []),
        ((Trigger(cron="* * * * *", jitter="0s"),), []),
        ((Trigger(cron="* * * * *", jitter="5m"),), []),
        (tuple(Trigger(event=f"e/{number}") for number in range(10)), []),
        (tuple(Trigger(event=f"e/{number}") for number in range(11)), ["too-many-triggers"]),
        ((Trigger(cron="0 6 * * *"), Trigger(cron="0 6 * * 1")), ["triggers-on-one-instant"]),
        ((Trigger(cron="0 6 * * *"), Trigger(cron="0 6 * * *")), ["triggers-on-one-instant"]),
        ((Trigger(cron="0 6 * * *"), Trigger(cron="1 6 * * *")), []),
        ((Trigger(cron="0 6 * * *"), Trigger(event="a/b")), []),
    ],
)
def test_triggers_are_what_the_engine_makes_of_them(
    triggers: tuple[Trigger, ...], names: list[str]
) -> None:
    assert found(replace(FINE, triggers=triggers)) == names


def schedule(text: str) -> Schedule:
    return Schedule.parse(text)


@pytest.mark.parametrize(
    ("one", "other", "instant"),
    [
        ("0 0 1 1 *", "* * * * *", datetime(2027, 1, 1, tzinfo=UTC)),
        ("* * * * *", "*/5 * * * *", datetime(2026, 11, 24, 12, 5, tzinfo=UTC)),
        ("TZ=Europe/Paris 0 8 1 7 *", "0 6 * * *", datetime(2027, 7, 1, 6, tzinfo=UTC)),
        ("1-59/2 * * * *", "*/2 * * * *", None),
        ("0 0 30 2 *", "* * * * *", None),
        ("0 0 1 1 *", "0 0 2 1 *", None),
    ],
)
def test_the_first_meeting_of_two_schedules_is_found(
    one: str, other: str, instant: datetime | None
) -> None:
    assert meeting(schedule(one), schedule(other), NOW) == instant
    assert meeting(schedule(other), schedule(one), NOW) == instant


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("*/15 * * * *", "0,15,30,45 * * * *", True),
        ("0 0 * * 0-6", "0 0 * * *", True),
        ("0 6 * * *", "TZ=Etc/UTC 0 6 * * *", True),
        ("30 0 * * *", "TZ=Asia/Kolkata 0 6 * * *", True),
        ("0 6 * * *", "TZ=Europe/London 0 6 * * *", False),
        ("0 6 * * *", "0 6 1-28 * *", False),
        ("0 6 29 2 *", "0 6 28 2 *", False),
    ],
)
def test_schedules_are_the_same_when_their_ticks_are(one: str, other: str, same: bool) -> None:
    assert same_ticks(schedule(one), schedule(other), NOW) is same
    assert same_ticks(schedule(other), schedule(one), NOW + timedelta(days=100)) is same

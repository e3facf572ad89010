"""One function against the engine's limits: its triggers, times, rates and steps.

Limits and messages: inngest/inngest ``pkg/inngest/{function,trigger,concurrency,batch}.go`` and
``pkg/consts``.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cronshift.plan.findings import registration as rules
from cronshift.runtime.schedule.engine_durations import read_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.engine.validation.registration import ConcurrencyLimit, FunctionConfig, Rate
    from cronshift.plan.findings import Rule

Problem = tuple["Rule", str]

MAX_RETRIES = 20
MAX_CONCURRENCY_LIMITS = 2
MAX_CANCEL_EVENTS = 5
_SECOND = timedelta(seconds=1)
_LONGEST_RATE_LIMIT = timedelta(hours=24)
_LONGEST_DEBOUNCE = timedelta(days=7)
_SMALLEST_BATCH = 2
_STRING = re.compile(r"""'[^']*'|"[^"]*\"""")
_VARYING = {"event.id", "event.ts", "event.data", "event.data.scheduledAt", "event.data.fireAt"}
"""What differs from one tick's event to the next."""

_SCHEMES = {"http", "https", "ws", "wss"}


def check_options(function: FunctionConfig) -> Iterator[Problem]:
    """Yield the options that the engine would refuse, cut, or ignore; triggers apart."""
    if not function.name:
        yield rules.NO_NAME, "has no name."
    retries = function.retries
    if retries is not None and not 0 <= retries <= MAX_RETRIES:
        yield rules.RETRIES, f"asks for {retries} retries."
    yield from _timeouts(function)
    yield from _concurrency(function.concurrency)
    if function.throttle:
        yield from _rate(function.throttle, "throttle")
    if function.rate_limit:
        yield from _rate(function.rate_limit, "rate limit", _LONGEST_RATE_LIMIT)
        if function.idempotency:
            yield rules.REPLACED_RATE_LIMIT, "has a rate limit and an idempotency key."
    yield from _debounce(function)
    yield from _batch(function)
    yield from _cancel(function)
    yield from _steps(function)
    yield from _dropped(function)
    if function.idempotency and _is_constant(function, function.idempotency):
        yield (
            rules.CONSTANT_IDEMPOTENCY,
            f"has the idempotency key {function.idempotency}, the same for every tick.",
        )


def _timeouts(function: FunctionConfig) -> Iterator[Problem]:
    for name, text in (("start", function.start_timeout), ("finish", function.finish_timeout)):
        if text and (fault := _fault(text, timedelta.resolution)):
            yield rules.INVALID_TIMEOUT, f"has a {name} timeout that {fault}."


def _concurrency(limits: tuple[ConcurrencyLimit, ...]) -> Iterator[Problem]:
    if len(limits) > MAX_CONCURRENCY_LIMITS:
        yield rules.INVALID_CONCURRENCY, f"has {len(limits)} concurrency limits."
    for limit in limits:
        if limit.limit < 1:
            yield rules.INVALID_CONCURRENCY, f"has a concurrency limit of {limit.limit}."
        if limit.scope not in (None, "fn") and limit.key is None:
            yield rules.INVALID_CONCURRENCY, f"limits the {limit.scope} without a key."


def _rate(rate: Rate, name: str, longest: timedelta = timedelta.max) -> Iterator[Problem]:
    if rate.limit < 1:
        yield rules.INVALID_RATE, f"has a {name} of {rate.limit} runs."
    if rate.burst is not None and rate.burst < 0:
        yield rules.INVALID_RATE, f"has a {name} with a burst of {rate.burst}."
    if fault := _fault(rate.period, _SECOND, longest):
        yield rules.INVALID_RATE, f"has a {name} whose period {fault}."


def _debounce(function: FunctionConfig) -> Iterator[Problem]:
    debounce = function.debounce
    if debounce is None:
        return
    if fault := _fault(debounce.period, _SECOND, _LONGEST_DEBOUNCE):
        yield rules.INVALID_DEBOUNCE, f"has a debounce whose period {fault}."
    if debounce.timeout and (fault := _fault(debounce.timeout, timedelta.resolution)):
        yield rules.INVALID_DEBOUNCE, f"has a debounce whose timeout {fault}."


def _batch(function: FunctionConfig) -> Iterator[Problem]:
    batch = function.batch
    if batch is None:
        return
    if batch.max_size < _SMALLEST_BATCH:
        yield rules.INVALID_BATCH, f"has batches of {batch.max_size}."
    if fault := _fault(batch.timeout or "", _SECOND, days=False):
        yield rules.INVALID_BATCH, f"has a batch whose timeout {fault}."
    excluded = {
        "singleton": function.singleton,
        "debounce": function.debounce,
        "cancel": function.cancel,
        "priority": function.priority,
    }
    for name, value in excluded.items():
        if value:
            yield rules.INVALID_BATCH, f"has a batch and {name}."


def _cancel(function: FunctionConfig) -> Iterator[Problem]:
    if len(function.cancel) > MAX_CANCEL_EVENTS:
        yield rules.INVALID_CANCEL, f"has {len(function.cancel)} cancelling events."
    for cancel in function.cancel:
        if cancel.timeout and (fault := _fault(cancel.timeout, timedelta.resolution)):
            yield (
                rules.INVALID_CANCEL,
                f"is cancelled by {cancel.event!r} with a timeout that {fault}.",
            )


def _steps(function: FunctionConfig) -> Iterator[Problem]:
    if len(function.steps) != 1:
        yield rules.INVALID_STEP, f"has {len(function.steps)} steps."
    for step in function.steps:
        if not step.name:
            yield rules.INVALID_STEP, f"has the step {step.id!r} without a name."
        scheme = _scheme(step.url or "")
        if scheme not in _SCHEMES:
            yield rules.INVALID_STEP, f"is called at {step.url!r}, which is no web address."


def _dropped(function: FunctionConfig) -> Iterator[Problem]:
    if not function.crons:
        return
    dropping = {
        "a rate limit": function.rate_limit is not None,
        "a debounce": function.debounce is not None,
        "a batch": function.batch is not None,
        "a singleton that skips": function.singleton == "skip",
    }
    for name, there in dropping.items():
        if there:
            yield rules.DROPPED_TICKS, f"has a schedule and {name}."


def _is_constant(function: FunctionConfig, key: str) -> bool:
    """Return whether an expression gives every tick of a schedule the same key."""
    if not function.crons:
        return False
    named = set(re.findall(r"\bevent(?:\.\w+)*", _STRING.sub("", key)))
    return not any(name in _VARYING or "." not in name for name in named)


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def _fault(
    text: str, shortest: timedelta, longest: timedelta = timedelta.max, *, days: bool = True
) -> str | None:
    """Return the fault of a duration's text, reading on from its subject; ``None`` for none."""
    try:
        duration = read_duration(text, days=days)
    except ValueError:
        return f"is {text!r}, which is no time"
    if shortest <= duration <= longest:
        return None
    return f"is {text!r}, too {'short' if duration < shortest else 'long'}"

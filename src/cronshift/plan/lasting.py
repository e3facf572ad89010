"""The longest time that a run may take, and default options that fit it. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.model import FanOutMode, Overlap
from cronshift.plan.functions import has_runs
from cronshift.runtime.schedule.backoff import MOST_JITTER, backoff

if TYPE_CHECKING:
    from collections.abc import Collection

    from cronshift.model import Handler, JobOptions

_UNSAID = timedelta(seconds=300)  # what Vercel gives a function that says nothing
_ROUND = timedelta(minutes=5)
_SHORTEST = timedelta(minutes=15)


def longest(options: JobOptions, handler: Handler | None) -> timedelta:
    """Return the longest time of a run: every attempt takes all its time and fails but the last.

    A fan-out in sequence does that once for every value; one in parallel as often as its steps find
    no place beside each other.
    """
    seconds = handler.max_duration if handler else None
    attempt = timedelta(seconds=seconds) if seconds else _UNSAID
    waits = sum((backoff(number) + MOST_JITTER for number in _retries(options)), timedelta(0))
    return _rounds(options) * (attempt * (1 + options.retries) + waits)


def fitted(options: JobOptions, handler: Handler | None, set_here: Collection[str]) -> JobOptions:
    """Return the options with those that the user does not give made to fit the others."""
    if "concurrency" not in set_here:
        options = replace(options, concurrency=_places(options))
    if "finish_timeout" not in set_here:
        rounded = -(-longest(options, handler) // _ROUND) * _ROUND
        options = replace(options, finish_timeout=max(rounded, _SHORTEST))
    return options


def _retries(options: JobOptions) -> range:
    return range(1, options.retries + 1)


def _rounds(options: JobOptions) -> int:
    """Return the number of times that steps of the run wait for one another."""
    fan_out = options.fan_out
    if fan_out is None:
        return 1
    if has_runs(options):
        return 1
    places = 1 if fan_out.mode is FanOutMode.SEQUENCE else options.concurrency
    return -(-fan_out.count // (places or fan_out.count))


def _places(options: JobOptions) -> int | None:
    """Return the concurrency that suits the job: it counts steps, not runs."""
    if options.overlap is not Overlap.QUEUE:
        return None
    fan_out = options.fan_out
    in_turn = fan_out is None or fan_out.mode is FanOutMode.SEQUENCE
    return 1 if fan_out is None or in_turn else fan_out.count

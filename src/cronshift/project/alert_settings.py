"""The ``[alerts]`` of cronshift.toml: where alerts go, and from when on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.runtime.schedule.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping


class AlertSettings(Struct, frozen=True):
    """The thresholds of alerts, and the variable that holds the webhook's address.

    Attributes:
        failure_rate: the share of a job's ticks that may go wrong.
        least: of so few ticks no share is told.
        missed: so many missed ticks may be.
        dead_letters: so many that were not replayed may be.
        queue: how long after its tick a run of Inngest's may begin, for all but one in twenty.
        again: for how long an alert that goes on is not told again.
    """

    webhook_env: str = "CRONSHIFT_ALERTS_URL"
    failure_rate: float = 0.1
    least: int = 5
    missed: int = 0
    dead_letters: int = 0
    queue: timedelta = timedelta(seconds=10)
    again: timedelta = timedelta(hours=4)


def read_alerts(table: Mapping[str, Any]) -> AlertSettings:
    """Return the settings that a table says; its schema has been checked."""
    values = dict(table)
    for name in ("queue", "again"):
        if name in values:
            values[name] = parse_duration(values[name])
    return AlertSettings(**values)

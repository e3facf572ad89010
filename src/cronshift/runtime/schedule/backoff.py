"""The engine's waits between the attempts of what failed (inngest/inngest ``pkg/backoff``)."""

from __future__ import annotations

from datetime import timedelta

_WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (15, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200)
)
MOST_JITTER = timedelta(seconds=30)
"""What the engine adds to a wait at most."""


def backoff(attempt: int) -> timedelta:
    """Return the wait before attempt number ``attempt``, which counts from 1, without jitter."""
    return _WAITS[min(attempt, len(_WAITS)) - 1]

"""Durations as people and Inngest write them: ``90s``, ``15m``, ``1h30m``, ``7d``."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")


def parse_duration(text: str) -> timedelta:
    """Return the time that ``text`` names: whole units, the largest first.

    Raises:
        ValueError: if it is not of that form, or is no time at all.
    """
    match = _DURATION.fullmatch(text)
    total = (
        sum(
            int(count) * seconds
            for count, seconds in zip(match.groups(), _UNITS.values(), strict=True)
            if count
        )
        if match
        else 0
    )
    if total == 0:
        raise ValueError(f"{text!r} is no duration; write it like 90s, 15m, 1h30m or 7d")
    return timedelta(seconds=total)


def format_duration(duration: timedelta) -> str:
    """Return the shortest text that :func:`parse_duration` reads back; whole seconds."""
    rest = int(duration.total_seconds())
    parts = []
    for unit, seconds in _UNITS.items():
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"

"""Instants as they are written on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

from cronshift.errors import CronshiftError


def read_instant(text: str) -> datetime:
    """Return the whole minute that a text such as ``2026-11-24T12:00Z`` names.

    Raises:
        CronshiftError: if it is no time, says no zone, or is not a whole minute.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise CronshiftError(
            f"{text!r} is no time.", reason="invalid-time", hint="Write 2026-11-24T12:00Z."
        ) from error
    if instant.tzinfo is None:
        raise CronshiftError(
            f"{text!r} says no time zone.", reason="invalid-time", hint=f"Write {text}Z for UTC."
        )
    if instant.second or instant.microsecond:
        raise CronshiftError(
            f"{text!r} is not a whole minute.", reason="invalid-time", hint="Leave out the seconds."
        )
    return instant.astimezone(UTC)

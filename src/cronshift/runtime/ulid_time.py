"""The instant that a ULID tells: Inngest's ids of runs begin with when they were queued."""

from __future__ import annotations

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26
_OF_TIME = 10  # digits: 48 bits, in milliseconds


def seconds_of(ulid: str) -> float | None:
    """Return the seconds since the epoch at which an id was made; ``None`` for one of another kind."""
    digits = [_DIGITS.find(digit) for digit in ulid[:_OF_TIME]]
    if len(ulid) != _LENGTH or -1 in digits:
        return None
    milliseconds = 0
    for digit in digits:
        milliseconds = milliseconds * len(_DIGITS) + digit
    return milliseconds / 1000

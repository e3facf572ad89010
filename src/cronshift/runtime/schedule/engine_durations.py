"""Durations as the engine reads them, by Go's grammar: ``90s``, ``1.5h``, ``1h30m``, ``7d``.

Wider than what cronshift.toml takes (:mod:`cronshift.runtime.schedule.durations`); days and weeks are an addition
of the engine's (inngest/inngest, ``xhit/go-str2duration``) that batch timeouts do not have.
"""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction

_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,  # micro sign
    "\u03bcs": 1_000,  # Greek mu
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
    "w": 604_800_000_000_000,
}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([a-z\u00b5\u03bc]+)")
_WHOLE = re.compile(rf"[-+]?(?:0|(?:{_PART.pattern})+)")
_MAX = 2**63 - 1  # Go's int64


def read_duration(text: str, *, days: bool = True) -> timedelta:
    """Return the time that ``text`` means to the engine, cut to microseconds.

    Args:
        text: one or more numbers, each with its unit, after an optional sign; or ``0``.
        days: whether the units ``d`` and ``w`` exist.

    Raises:
        ValueError: if the engine cannot read it.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is no duration")
    total = Fraction(0)
    for number, unit in _PART.findall(text):
        if unit not in _NANOSECONDS or (unit in "dw" and not days):
            raise ValueError(f"{text!r} has the unknown unit {unit!r}")
        total += Fraction(number.rstrip(".")) * _NANOSECONDS[unit]
    if total > _MAX:
        raise ValueError(f"{text!r} is too long a time")
    sign = -1 if text.startswith("-") else 1
    return timedelta(microseconds=sign * int(total / 1_000))

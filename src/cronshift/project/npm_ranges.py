"""Ranges of npm's versions: whether one takes a version in (node-semver's rules, as far as ranges go)."""

from __future__ import annotations

import re

from cronshift.runtime.lazy_pattern import lazy_pattern

_PART = lazy_pattern(
    r"(?P<sign>\^|~>?|>=|<=|>|<|=)?\s*v?(?P<major>\d+|[xX*])(?:\.(?P<minor>\d+|[xX*]))?"
    r"(?:\.(?P<patch>\d+|[xX*]))?(?P<rest>[-+][\w.+-]*)?"
)
_HYPHEN = lazy_pattern(r"(\S+)\s+-\s+(\S+)")
_HIGHEST = (10**9, 0, 0)

Version = tuple[int, int, int]


def version_of(text: str) -> Version | None:
    """Return the three numbers of an exact version; ``None`` for anything else."""
    match = re.fullmatch(r"[=v]*(\d+)\.(\d+)\.(\d+)(?:[-+].*)?", text.strip())
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def satisfies(version: Version, wanted: str) -> bool | None:
    """Return whether a range takes a version in; ``None`` for no range (``workspace:*``)."""
    answers = [_matches_part(version, part) for part in wanted.split("||")]
    return True if True in answers else None if None in answers else False


def majors(wanted: str) -> frozenset[int] | None:
    """Return the majors that a range may give; ``None`` where it names none, or is open."""
    numbers: set[int] = set()
    for part in wanted.split("||"):
        bounds = _bounds(part)
        if bounds is None or bounds[1] == _HIGHEST:
            return None
        low, high = bounds
        last = high[0] - 1 if high[1:] == (0, 0) else high[0]
        numbers |= set(range(low[0], last + 1))
    return frozenset(numbers)


def _matches_part(version: Version, part: str) -> bool | None:
    bounds = _bounds(part)
    return None if bounds is None else bounds[0] <= version < bounds[1]


def _bounds(part: str) -> tuple[Version, Version] | None:
    """Return the lowest version that a part takes in, and the first beyond it."""
    text = part.strip()
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen is not None:
        text = f">={hyphen[1]} <={hyphen[2]}"
    if text in {"", "*", "x", "X"}:
        return (0, 0, 0), _HIGHEST
    low, high, at = (0, 0, 0), _HIGHEST, 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            return None
        own_low, own_high = _of(match)
        low, high = max(low, own_low), min(high, own_high)
        at = match.end()
        while at < len(text) and text[at] in " ,":
            at += 1
    return low, high


def _of(match: re.Match[str]) -> tuple[Version, Version]:
    numbers = [
        int(n) if (n := match[name]) and n.isdecimal() else None
        for name in ("major", "minor", "patch")
    ]
    if numbers[0] is None:
        return (0, 0, 0), _HIGHEST
    major, minor, patch = numbers[0], numbers[1] or 0, numbers[2] or 0
    start: Version = (major, minor, patch)
    sign = (match["sign"] or "=").rstrip()
    width = 1 if numbers[1] is None else 2 if numbers[2] is None else 3
    beyond = _beyond(start, width)
    if sign == "^":
        fixed = 1 if major or numbers[1] is None else 2 if minor or numbers[2] is None else 3
        return start, _beyond(start, fixed)
    if sign in {"~", "~>"}:
        return start, _beyond(start, min(width, 2))
    if sign == ">=":
        return start, _HIGHEST
    if sign == ">":
        return beyond, _HIGHEST
    if sign == "<":
        return (0, 0, 0), start
    return ((0, 0, 0) if sign == "<=" else start), beyond


def _beyond(version: Version, width: int) -> Version:
    """Return the first version that does not begin with the first ``width`` numbers."""
    major, minor, patch = version
    return ((major + 1, 0, 0), (major, minor + 1, 0), (major, minor, patch + 1))[width - 1]

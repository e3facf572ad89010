"""The share of ticks that is expected to be bad: Vercel's own, at the same hours and weekdays. Pure."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable
    from datetime import datetime

    from cronshift.moving.evidence.sample import TickMark

_WEIGHT = 8  # ticks: how much the wider view counts beside the narrower one
_DOUBT = 0.8  # standard errors by which Vercel's share may be larger than what was seen of it


class Expected:
    """The shares of Vercel's ticks that were bad, as far as they tell.

    An hour of a weekday has few ticks, so it leans on the hour, and that on all ticks: a job that fails
    each night while the database is saved is expected to. An hour without bad ticks shows less than it
    seems, so nowhere is less expected than of all ticks.

    Args:
        marks: Vercel's ticks.
        acceptable: the least that is expected.
    """

    def __init__(self, marks: Iterable[TickMark], acceptable: float) -> None:
        ticks = list(marks)
        self._acceptable = acceptable
        self._all = _by_place(mark.tick for mark in ticks)
        self._bad = _by_place(mark.tick for mark in ticks if mark.is_bad)
        self._shares: dict[tuple[int, int], float] = {}

    @property
    def ticks(self) -> int:
        """The number of Vercel's ticks."""
        return self._all[None]

    @property
    def bad(self) -> int:
        """The number of its bad ones."""
        return self._bad[None]

    def at(self, tick: datetime) -> float:
        """Return the share that is expected of ticks like this one."""
        place = (tick.weekday(), tick.hour)
        if place not in self._shares:
            share = self._of_all()
            for view in (tick.hour, place):
                share = max(share, self._leaning(view, share))
            self._shares[place] = share
        return self._shares[place]

    def _of_all(self) -> float:
        """Return the share of all ticks, with room for how few they are."""
        share = self._leaning(None, self._acceptable)
        doubt = math.sqrt(share * (1 - share) / (self.ticks + _WEIGHT))
        return max(self._acceptable, share + doubt * _DOUBT) if self.bad else self._acceptable

    def _leaning(self, place: Hashable, share: float) -> float:
        return (self._bad[place] + _WEIGHT * share) / (self._all[place] + _WEIGHT)


def _by_place(ticks: Iterable[datetime]) -> Counter[Hashable]:
    """Return the number of ticks in all, at each hour, and at each hour of a weekday."""
    narrow = Counter((tick.weekday(), tick.hour) for tick in ticks)
    counts: Counter[Hashable] = Counter(narrow)
    for (_, hour), count in narrow.items():
        counts[hour] += count
    counts[None] = narrow.total()
    return counts

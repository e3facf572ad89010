"""Which share of ticks is expected to be bad: Vercel's own, at the same hours and weekdays. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable
    from datetime import datetime

    from cronshift.evidence.sample import Mark

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

    def __init__(self, marks: Iterable[Mark], acceptable: float) -> None:
        self._counts: defaultdict[Hashable, list[int]] = defaultdict(lambda: [0, 0])
        self._acceptable = acceptable
        self._shares: dict[tuple[int, int], float] = {}
        for mark in marks:
            hour, weekday = mark.tick.hour, mark.tick.weekday()
            for place in (None, hour, (weekday, hour)):
                count = self._counts[place]
                count[0] += 1
                count[1] += mark.is_bad

    @property
    def ticks(self) -> int:
        """How many ticks of Vercel's there were."""
        return self._counts[None][0]

    @property
    def bad(self) -> int:
        """How many of them were bad."""
        return self._counts[None][1]

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
        ticks, bad = self._counts.get(place, (0, 0))
        return (bad + _WEIGHT * share) / (ticks + _WEIGHT)

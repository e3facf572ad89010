"""Wald's sequential probability ratio test: tick by tick, until the evidence is enough. Pure.

Each tick moves a score: a bad one up, a good one down, by how much likelier it is on a side that is
unacceptable than on one that is as good as expected. Above the upper bound the side is refused, at
the lower one it is accepted. The score never falls below that: a side that was accepted is refused
as soon as a fresh one whenever it goes bad. On a side that is as good as expected the upper bound
is passed with at most the chance it was made from, however often one looks (A. Wald, Sequential
Analysis, 1947; J. Ville, 1939).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable


class Bounds(Struct, frozen=True):
    """The ends of a walk.

    Attributes:
        refused: the score from which on a side is refused.
        accepted: the score at which it is accepted, below 0.
        distance: of an unacceptable share from the expected one.
    """

    refused: float
    accepted: float
    distance: float

    @classmethod
    def of(cls, false_refusals: float, overlooked: float, distance: float) -> Bounds:
        """Return the bounds for these chances of a wrong answer, either way."""
        return cls(-math.log(false_refusals), math.log(overlooked), distance)

    def steps(self, expected: float) -> tuple[float, float]:
        """Return by how much a good tick and a bad one move the score, where a share is expected."""
        return _steps(expected, self.distance)

    def good_ticks(self, score: float, expected: float) -> int:
        """Return the number of good ticks that lead from a score to acceptance."""
        good, _ = self.steps(expected)
        return max(0, math.ceil(round((self.accepted - score) / good, 6)))


class Score(Struct, frozen=True):
    """The state of a walk.

    Attributes:
        ticks: how many there were.
        bad: how many of them were bad.
        streak: how many good ones there were since the last bad one.
        is_refused: whether the upper bound was passed, at any tick.
    """

    value: float
    ticks: int
    bad: int
    streak: int
    is_refused: bool


def walk(ticks: Iterable[tuple[bool, float]], bounds: Bounds) -> Score:
    """Return the score of a side after its ticks.

    Args:
        ticks: in their order, whether each was bad, and which share is expected to be.
        bounds: where the walk ends.
    """
    value, count, bad, streak, is_refused = 0.0, 0, 0, 0, False
    for is_bad, expected in ticks:
        good_step, bad_step = bounds.steps(expected)
        value = max(value + (bad_step if is_bad else good_step), bounds.accepted)
        is_refused = is_refused or value >= bounds.refused
        count, bad, streak = count + 1, bad + is_bad, 0 if is_bad else streak + 1
    return Score(value, count, bad, streak, is_refused)


@lru_cache(maxsize=4096)
def _steps(expected: float, distance: float) -> tuple[float, float]:
    unacceptable = expected + distance
    if unacceptable >= 1:  # nothing is that much worse than what is expected
        return math.log(1 - distance), math.log(1 - distance)
    return math.log((1 - unacceptable) / (1 - expected)), math.log(unacceptable / expected)

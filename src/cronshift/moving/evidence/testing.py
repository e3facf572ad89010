"""The test of one metric: accepted, refused, or so many good ticks still to come. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.moving.evidence.expected import Expected
from cronshift.moving.evidence.walk import Bounds, walk

if TYPE_CHECKING:
    from cronshift.moving.evidence.sample import Sample
    from cronshift.moving.evidence.walk import Score
    from cronshift.project.thresholds import Metric, Thresholds, Tolerance


class MetricOutcome(StrEnum):
    """The answer of one test."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    OPEN = "open"
    UNKNOWN = "not known"


class MetricTest(Struct, frozen=True):
    """The test of one metric.

    Attributes:
        decides: whether it is more than told.
        vercel: how many ticks of Vercel's there were, and how many of them were bad.
        inngest: the same of Inngest's, at this stage.
        missing: how many more good ticks would be enough.
        days: in how many days those come.
    """

    metric: Metric
    outcome: MetricOutcome
    decides: bool
    vercel: tuple[int, int]
    inngest: tuple[int, int]
    missing: int
    days: float

    def to_json(self) -> dict[str, Any]:
        """Return the test's part of a document."""
        sides = {"vercel": self.vercel, "inngest": self.inngest}
        return {
            "metric": self.metric.value,
            "outcome": self.outcome.value,
            "decides": self.decides,
            **{side: {"ticks": ticks, "bad": bad} for side, (ticks, bad) in sides.items()},
            "missing_ticks": self.missing,
            "missing_days": round(self.days, 2),
        }


def bounds_of(metric: Metric, thresholds: Thresholds, tests: int) -> Bounds:
    """Return the ends of a metric's walk, as one of so many tests of a rollout."""
    tolerance = thresholds.tolerances[metric]
    return Bounds.of(
        thresholds.false_rollbacks / max(1, tests),
        thresholds.overlooked,
        tolerance.unacceptable - tolerance.acceptable,
    )


def tested(
    metric: Metric, sample: Sample, thresholds: Thresholds, *, tests: int, a_day: float
) -> MetricTest:
    """Return the test of a metric.

    Args:
        metric: which one.
        sample: both sides' ticks, or sessions.
        thresholds: which evidence is enough.
        tests: how many tests the rollout has in all.
        a_day: how many of Inngest's come in a day.
    """
    tolerance, bounds = thresholds.tolerances[metric], bounds_of(metric, thresholds, tests)
    expected = Expected(sample.vercel, tolerance.acceptable)
    shares = [expected.at(mark.tick) for mark in sample.inngest]
    marks = (mark.is_bad for mark in sample.inngest)
    score = walk(zip(marks, shares, strict=True), bounds)
    usual = sum(shares) / len(shares) if shares else tolerance.acceptable
    missing = bounds.good_ticks(score.value, usual)
    if tolerance.success_limit is not None:
        missing = min(missing, max(0, tolerance.success_limit - score.streak))
    return MetricTest(
        metric=metric,
        outcome=_outcome(score, tolerance, missing),
        decides=metric not in thresholds.dry_run,
        vercel=(expected.ticks, expected.bad),
        inngest=(score.ticks, score.bad),
        missing=missing,
        days=missing / a_day if a_day else 0.0,
    )


def _outcome(score: Score, tolerance: Tolerance, missing: int) -> MetricOutcome:
    limit = tolerance.failure_limit
    if score.is_refused or (limit is not None and score.bad > limit):
        return MetricOutcome.REFUSED
    if not score.ticks:
        return MetricOutcome.UNKNOWN
    return MetricOutcome.OPEN if missing else MetricOutcome.ACCEPTED

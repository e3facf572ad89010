"""The verdict, and how it is put into words. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from cronshift.moving.evidence.testing import MetricOutcome
from cronshift.observing.rehearsals import RehearsalSight
from cronshift.project.counting import counted
from cronshift.runtime.schedule.durations import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cronshift.moving.evidence.testing import MetricTest

_TWO_DAYS, _TWO_HOURS = 48 * 60, 120  # minutes


class Decision(StrEnum):
    """The verdict of the evidence."""

    PROMOTE = "promote"
    HOLD = "hold"
    ROLL_BACK = "roll back"
    INCONCLUSIVE = "inconclusive"


class Judgement(Struct, frozen=True):
    """The verdict on a job.

    Attributes:
        following: the percentage that is next; ``None`` behind the last stage.
        reason: why, in a sentence.
        missing: how many more good ticks would be enough, where it is inconclusive.
        days: in how many days those come.
        rehearsal: what the dry runs of the side that stands by show.
    """

    job: str
    percent: int
    decision: Decision
    following: int | None
    reason: str
    tests: tuple[MetricTest, ...] = ()
    missing: int = 0
    days: float = 0.0
    rehearsal: RehearsalSight = field(default_factory=RehearsalSight)

    def to_json(self) -> dict[str, Any]:
        """Return the job's part of a document."""
        return {
            "job": self.job,
            "percent": self.percent,
            "verdict": self.decision.value,
            "next_percent": self.following,
            "reason": self.reason,
            "missing_ticks": self.missing,
            "missing_days": round(self.days, 2),
            "rehearsal": self.rehearsal.to_json() if self.rehearsal.ticks else None,
            "metrics": [test.to_json() for test in self.tests],
        }


def refusal(judgement: Judgement, tests: Iterable[MetricTest]) -> Judgement | None:
    """Return the verdict of those tests that refuse; ``None`` where none does."""
    refused = [test for test in tests if test.decides and test.outcome is MetricOutcome.REFUSED]
    return against(judgement, "; ".join(map(_in_words, refused))) if refused else None


def slowest(tests: Iterable[MetricTest]) -> MetricTest | None:
    """Return the test whose evidence takes longest, of those that decide and are not enough yet."""
    waiting = [
        test for test in tests if test.decides and test.outcome is not MetricOutcome.ACCEPTED
    ]
    return max(waiting, key=lambda test: test.days, default=None)


def against(judgement: Judgement, words: str) -> Judgement:
    """Return the verdict that something is bad; a job that has not moved yet stays."""
    decision = Decision.ROLL_BACK if judgement.percent else Decision.HOLD
    return replace(judgement, decision=decision, reason=f"{words}.")


def inconclusive(
    judgement: Judgement, missing: int, days: float, what: str, patience: timedelta = timedelta()
) -> Judgement:
    """Return the verdict that so many more ticks are needed, of what.

    Args:
        judgement: what is known so far.
        missing: how many.
        days: in which they come.
        what: their name.
        patience: how long behind its tick it is that one counts.
    """
    pace = f", about {_span(days)}" if days else ""
    behind = timedelta(days=days) < patience
    counts = f"; each counts {format_duration(patience)} behind its tick" if behind else ""
    needed = re.sub(r"s\b", "", what, count=1) + " is" if missing == 1 else f"{what} are"
    reason = f"{missing} more good {needed} needed{pace}{counts}."
    return replace(
        judgement, decision=Decision.INCONCLUSIVE, reason=reason, missing=missing, days=days
    )


def _in_words(test: MetricTest) -> str:
    ticks, bad = test.inngest
    there, bad_there = test.vercel
    return f"{test.metric}: {bad} of {ticks} at Inngest, {bad_there} of {there} at Vercel"


def _span(days: float) -> str:
    """Return so many days as people say them: a job of every minute has its evidence in minutes."""
    minutes = max(1, round(days * 24 * 60))
    if minutes >= _TWO_DAYS:
        return f"{days:.0f} days"
    if minutes >= _TWO_HOURS:
        return f"{minutes / 60:.0f} hours"
    return "a minute" if minutes == 1 else counted(minutes, "minute")

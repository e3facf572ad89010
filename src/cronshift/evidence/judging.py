"""The verdict on a job: go on to a larger share, wait, go back, or watch for longer. Pure.

What is common to all jobs (whether ticks come, and when) is judged of all of them together, what a
run gives job by job; what a side has to be as good as are Vercel's own ticks at the same hours. Of
the rollbacks that may be false each stage and each measure has its part.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cronshift.evidence.expected import Expected
from cronshift.evidence.thresholds import TRANSPORT, Metric, Thresholds
from cronshift.evidence.walk import Bounds, walk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cronshift.evidence.sample import Sample
    from cronshift.evidence.thresholds import Tolerance
    from cronshift.evidence.walk import Score
    from cronshift.schedule import Schedule

STAGES = (10, 50, 100)
WHOLE = 100  # percent
_TWO_DAYS = 48  # hours
_DAY = timedelta(days=1)
_FOUR_WEEKS = timedelta(days=28)
_HOPELESS = 0.5


class Decision(StrEnum):
    """What the evidence says."""

    PROMOTE = "promote"
    HOLD = "hold"
    ROLL_BACK = "roll back"
    INCONCLUSIVE = "inconclusive"


class MeasureOutcome(StrEnum):
    """What one measure says."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    OPEN = "open"
    UNKNOWN = "not known"


class Course(Struct, frozen=True):
    """Where a job stands on its way.

    Attributes:
        percent: of its ticks, Inngest's now.
        since: when that began; where none is, from when on its ticks are looked at.
        stages: the percentages of its way, growing.
        obstacle: why no share may grow now, in a sentence; empty where it may.
        is_paused: whether nobody runs its ticks, so that nothing is to change.
        attempts: how many a run of Inngest's has, before it has failed.
    """

    job: str
    schedule: Schedule
    percent: int
    since: datetime
    stages: tuple[int, ...] = STAGES
    obstacle: str = ""
    is_paused: bool = False
    attempts: int = 1

    def a_day(self, percent: int) -> float:
        """Return how many ticks a day a share has."""
        ticks = self.schedule.count(self.since, self.since + _FOUR_WEEKS)
        return ticks * percent / WHOLE / _FOUR_WEEKS.days


class Samples(Struct, frozen=True):
    """What both sides saw, by measure.

    Attributes:
        judged: by what a job is judged: the transport of all jobs, and what became of its own ticks.
        alone: the transport of its own ticks.
        a_day: how many ticks a day all jobs have together.
    """

    judged: Mapping[Metric, Sample]
    alone: Mapping[Metric, Sample]
    a_day: float


class MeasureTest(Struct, frozen=True):
    """What one measure shows.

    Attributes:
        decides: whether it is more than told.
        vercel: how many ticks of Vercel's there were, and how many of them were bad.
        inngest: the same of Inngest's, at this stage.
        missing: how many more good ticks would be enough.
        days: in how many days those come.
    """

    measure: Metric
    outcome: MeasureOutcome
    decides: bool
    vercel: tuple[int, int]
    inngest: tuple[int, int]
    missing: int
    days: float

    def to_json(self) -> dict[str, Any]:
        """Return the test's part of a document."""
        sides = {"vercel": self.vercel, "inngest": self.inngest}
        return {
            "measure": self.measure.value,
            "outcome": self.outcome.value,
            "decides": self.decides,
            **{side: {"ticks": ticks, "bad": bad} for side, (ticks, bad) in sides.items()},
            "missing_ticks": self.missing,
            "missing_days": round(self.days, 2),
        }


class Judgement(Struct, frozen=True):
    """The verdict on a job.

    Attributes:
        following: the percentage that is next; ``None`` behind the last stage.
        reason: why, in a sentence.
        missing: how many more good ticks would be enough, where it is inconclusive.
        days: in how many days those come.
    """

    job: str
    percent: int
    decision: Decision
    following: int | None
    reason: str
    tests: tuple[MeasureTest, ...] = ()
    missing: int = 0
    days: float = 0.0

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
            "measures": [test.to_json() for test in self.tests],
        }


def judge(course: Course, samples: Samples, thresholds: Thresholds) -> Judgement:
    """Return the verdict on a job.

    Args:
        course: where it stands.
        samples: what both sides saw.
        thresholds: which evidence is enough.
    """
    stages = usable_stages(course, thresholds)
    tests = tuple(
        _test(measure, samples, course, thresholds)
        for measure in Metric
        if course.percent or measure in TRANSPORT
    )
    weigh = _weighed_at_first_sight if set(stages) <= {0, WHOLE} else _weighed
    judgement = Judgement(
        job=course.job,
        percent=course.percent,
        decision=Decision.PROMOTE,
        following=next((stage for stage in stages if stage > course.percent), None),
        reason="The evidence is enough.",
        tests=tests,
    )
    if course.is_paused:
        return replace(judgement, decision=Decision.HOLD, reason="It is paused.")
    judgement = weigh(judgement, course, samples, thresholds)
    if judgement.decision is Decision.PROMOTE and course.obstacle:
        return replace(judgement, decision=Decision.HOLD, reason=course.obstacle)
    return judgement


def usable_stages(course: Course, thresholds: Thresholds) -> tuple[int, ...]:
    """Return the stages at which the evidence comes in time; that of the whole always is one."""
    tolerance = thresholds.tolerances[Metric.FAILURES]
    bounds = _bounds(Metric.FAILURES, course, thresholds)
    needed = bounds.good_ticks(0, tolerance.acceptable)
    needed = min(needed, tolerance.success_limit or needed)
    longest = thresholds.longest_stage / _DAY
    return tuple(
        stage
        for stage in course.stages
        if stage == WHOLE or needed <= course.a_day(stage) * longest
    )


def _bounds(measure: Metric, course: Course, thresholds: Thresholds) -> Bounds:
    tolerance = thresholds.tolerances[measure]
    tests = len(course.stages) * max(1, len(thresholds.deciding))
    return Bounds.of(
        thresholds.false_rollbacks / tests,
        thresholds.overlooked,
        tolerance.unacceptable - tolerance.acceptable,
    )


def _test(measure: Metric, samples: Samples, course: Course, thresholds: Thresholds) -> MeasureTest:
    sample, tolerance = samples.judged[measure], thresholds.tolerances[measure]
    bounds = _bounds(measure, course, thresholds)
    expected = Expected(sample.vercel, tolerance.acceptable)
    shares = [expected.at(mark.tick) for mark in sample.inngest]
    marks = (mark.is_bad for mark in sample.inngest)
    score = walk(zip(marks, shares, strict=True), bounds)
    usual = sum(shares) / len(shares) if shares else tolerance.acceptable
    missing = bounds.good_ticks(score.value, usual)
    if tolerance.success_limit is not None:
        missing = min(missing, max(0, tolerance.success_limit - score.streak))
    a_day = samples.a_day if measure in TRANSPORT else course.a_day(course.percent)
    return MeasureTest(
        measure=measure,
        outcome=_outcome(score, tolerance, missing),
        decides=measure not in thresholds.dry_run,
        vercel=(expected.ticks, expected.bad),
        inngest=(score.ticks, score.bad),
        missing=missing,
        days=missing / a_day if a_day else 0.0,
    )


def _outcome(score: Score, tolerance: Tolerance, missing: int) -> MeasureOutcome:
    limit = tolerance.failure_limit
    if score.is_refused or (limit is not None and score.bad > limit):
        return MeasureOutcome.REFUSED
    if not score.ticks:
        return MeasureOutcome.UNKNOWN
    return MeasureOutcome.OPEN if missing else MeasureOutcome.ACCEPTED


def _weighed(
    judgement: Judgement, course: Course, samples: Samples, thresholds: Thresholds
) -> Judgement:
    """Return the verdict on a job with ticks enough for tests."""
    deciding = [test for test in judgement.tests if test.decides]
    refused = [test for test in deciding if test.outcome is MeasureOutcome.REFUSED]
    if refused:
        return _against(judgement, "; ".join(_in_words(test) for test in refused))
    failures = samples.judged[Metric.FAILURES].vercel
    if failures and sum(mark.is_bad for mark in failures) > _HOPELESS * len(failures):
        reason = "Most of Vercel's own runs fail, so there is nothing to be as good as."
        return replace(judgement, decision=Decision.HOLD, reason=reason)
    unseen = _unseen(course, samples, thresholds)
    waiting = [test for test in deciding if test.outcome is not MeasureOutcome.ACCEPTED]
    if unseen or waiting:
        most = max(waiting, key=lambda test: test.days, default=None)
        days = unseen / course.a_day(WHOLE) if course.a_day(WHOLE) else 0.0
        if most is not None and most.days >= days:
            return _open(judgement, most.missing, most.days, str(most.measure))
        return _open(judgement, unseen, days, "ticks seen by Inngest")
    return judgement


def _weighed_at_first_sight(
    judgement: Judgement, course: Course, samples: Samples, thresholds: Thresholds
) -> Judgement:
    """Return the verdict on a job of few ticks: observed, then whole, and back at the first failure."""
    refused = [
        test
        for test in judgement.tests
        if test.measure in TRANSPORT and test.decides and test.outcome is MeasureOutcome.REFUSED
    ]
    if refused:
        return _against(judgement, "; ".join(_in_words(test) for test in refused))
    if not course.percent:
        unseen = _unseen(course, samples, thresholds)
        days = unseen / course.a_day(WHOLE) if course.a_day(WHOLE) else 0.0
        return _open(judgement, unseen, days, "ticks seen by Inngest") if unseen else judgement
    own_ticks = {**samples.judged, **samples.alone}
    marks = {measure: own_ticks[measure].inngest for measure in thresholds.deciding}
    bad = [
        f"{measure} at {mark.tick:%Y-%m-%d %H:%M}"
        for measure, of_measure in marks.items()
        for mark in of_measure
        if mark.is_bad
    ]
    if bad:
        return _against(judgement, f"a job of few ticks goes back at the first failure: {bad[0]}")
    good = len(own_ticks[Metric.FAILURES].inngest)
    missing = max(0, thresholds.observed - good)
    days = missing / course.a_day(course.percent) if course.a_day(course.percent) else 0.0
    return _open(judgement, missing, days, "runs") if missing else judgement


def _against(judgement: Judgement, words: str) -> Judgement:
    """Return the verdict that something is bad; a job that has not moved yet stays."""
    decision = Decision.ROLL_BACK if judgement.percent else Decision.HOLD
    return replace(judgement, decision=decision, reason=f"{words}.")


def _open(judgement: Judgement, missing: int, days: float, what: str) -> Judgement:
    reason = f"{missing} more good ticks are needed ({what}), about {_days(days)}."
    return replace(
        judgement, decision=Decision.INCONCLUSIVE, reason=reason, missing=missing, days=days
    )


def _unseen(course: Course, samples: Samples, thresholds: Thresholds) -> int:
    """Return how many of a job's own ticks Inngest has still to see in a row before any moves."""
    streak = 0
    for mark in samples.alone[Metric.MISSES].inngest:
        streak = 0 if mark.is_bad else streak + 1
    return 0 if course.percent else max(0, thresholds.observed - streak)


def _in_words(test: MeasureTest) -> str:
    ticks, bad = test.inngest
    there, bad_there = test.vercel
    return f"{test.measure}: {bad} of {ticks} at Inngest, {bad_there} of {there} at Vercel"


def _days(days: float) -> str:
    hours = round(days * 24)
    return f"{days:.0f} days" if hours >= _TWO_DAYS else f"{max(1, hours)} hours"

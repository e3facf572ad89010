"""The verdict on a job: go on to a larger share, wait, go back, or watch for longer. Pure.

What is common to all jobs (whether ticks come, and when) is judged of all of them together, what a
run gives job by job; what a side has to be as good as are Vercel's own ticks at the same hours. Of
the rollbacks that may be false each stage and each metric has its part.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.moving.evidence.testing import bounds_of, tested
from cronshift.moving.evidence.verdict import (
    Decision,
    Judgement,
    against,
    inconclusive,
    refusal,
    slowest,
)
from cronshift.project.thresholds import OF_JOBS, TRANSPORT, Metric, Thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cronshift.moving.evidence.sample import Sample
    from cronshift.runtime.schedule import Schedule

STAGES = (10, 50, 100)
WHOLE = 100  # percent
_DAY = timedelta(days=1)
_FOUR_WEEKS = timedelta(days=28)
_HOPELESS = 0.5


class Course(Struct, frozen=True):
    """The place of a job on its way.

    Attributes:
        percent: of its ticks, Inngest's now.
        since: when that began; where none is, from when on its ticks are looked at.
        stages: the percentages of its way, growing.
        obstacle: why no share may grow now, in a sentence; empty where it may.
        is_paused: whether nobody runs its ticks, so that nothing is to change.
        attempts: how many a run of Inngest's has, before it has failed.
        thresholds: which evidence is enough for it, where that is not what is for all.
    """

    job: str
    schedule: Schedule
    percent: int
    since: datetime
    stages: tuple[int, ...] = STAGES
    obstacle: str = ""
    is_paused: bool = False
    attempts: int = 1
    thresholds: Thresholds | None = None

    def a_day(self, percent: int) -> float:
        """Return the number of ticks a day that a share has."""
        ticks = self.schedule.count(self.since, self.since + _FOUR_WEEKS)
        return ticks * percent / WHOLE / _FOUR_WEEKS.days


class Samples(Struct, frozen=True):
    """The ticks of both sides, by metric.

    Attributes:
        judged: by what a job is judged: the transport of all jobs, and what became of its own ticks.
        alone: the transport of its own ticks.
        a_day: how many ticks a day all jobs have together.
    """

    judged: Mapping[Metric, Sample]
    alone: Mapping[Metric, Sample]
    a_day: float


def judge(course: Course, samples: Samples, thresholds: Thresholds) -> Judgement:
    """Return the verdict on a job.

    Args:
        course: where it stands.
        samples: what both sides saw.
        thresholds: which evidence is enough.
    """
    stages = usable_stages(course, thresholds)
    own_pace = course.a_day(course.percent)
    tests = tuple(
        tested(
            metric,
            samples.judged[metric],
            thresholds,
            tests=_tests(course, thresholds),
            a_day=samples.a_day if metric in TRANSPORT else own_pace,
        )
        for metric in OF_JOBS
        if course.percent or metric in TRANSPORT
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
    bounds = bounds_of(Metric.FAILURES, thresholds, _tests(course, thresholds))
    needed = bounds.good_ticks(0, tolerance.acceptable)
    needed = min(needed, tolerance.success_limit or needed)
    longest = thresholds.longest_stage / _DAY
    return tuple(
        stage
        for stage in course.stages
        if stage == WHOLE or needed <= course.a_day(stage) * longest
    )


def _tests(course: Course, thresholds: Thresholds) -> int:
    """Return the number of tests that may send a job back on its way."""
    return len(course.stages) * len(thresholds.deciding(OF_JOBS))


def _weighed(
    judgement: Judgement, course: Course, samples: Samples, thresholds: Thresholds
) -> Judgement:
    """Return the verdict on a job with ticks enough for tests."""
    refused = refusal(judgement, judgement.tests)
    if refused is not None:
        return refused
    failures = samples.judged[Metric.FAILURES].vercel
    if sum(mark.is_bad for mark in failures) > _HOPELESS * len(failures):
        reason = "Most of Vercel's own runs fail, so there is nothing to be as good as."
        return replace(judgement, decision=Decision.HOLD, reason=reason)
    seen = _seen(judgement, course, samples, thresholds)
    waiting = slowest(judgement.tests)
    if waiting is not None and waiting.days >= seen.days:
        what = f"ticks ({waiting.metric})"
        return inconclusive(judgement, waiting.missing, waiting.days, what, thresholds.patience)
    return seen


def _weighed_at_first_sight(
    judgement: Judgement, course: Course, samples: Samples, thresholds: Thresholds
) -> Judgement:
    """Return the verdict on a job of few ticks: observed, then whole, and back at the first failure."""
    refused = refusal(judgement, [test for test in judgement.tests if test.metric in TRANSPORT])
    if refused is not None:
        return refused
    if not course.percent:
        return _seen(judgement, course, samples, thresholds)
    own_ticks = {**samples.judged, **samples.alone}
    bad = [
        f"{metric} at {mark.tick:%Y-%m-%d %H:%M}"
        for metric in thresholds.deciding(OF_JOBS)
        for mark in own_ticks[metric].inngest
        if mark.is_bad
    ]
    if bad:
        return against(judgement, f"a job of few ticks goes back at the first failure: {bad[0]}")
    missing = max(0, thresholds.observed - len(own_ticks[Metric.FAILURES].inngest))
    days = missing / course.a_day(course.percent) if missing else 0.0
    if not missing:
        return judgement
    return inconclusive(judgement, missing, days, "runs", thresholds.patience)


def _seen(
    judgement: Judgement, course: Course, samples: Samples, thresholds: Thresholds
) -> Judgement:
    """Return the verdict of how many of a job's own ticks Inngest has seen in a row before any moves."""
    streak = 0
    for mark in samples.alone[Metric.MISSES].inngest:
        streak = 0 if mark.is_bad else streak + 1
    unseen = 0 if course.percent else max(0, thresholds.observed - streak)
    if not unseen:
        return judgement
    a_day = course.a_day(WHOLE)
    days = unseen / a_day if a_day else 0.0
    return inconclusive(judgement, unseen, days, "ticks, seen by Inngest,", thresholds.patience)

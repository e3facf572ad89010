"""From the records of all jobs to what one of them is judged by. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.moving.evidence.judging import WHOLE, Course, Samples, judge
from cronshift.moving.evidence.sample import Sightings, Span, outcomes, transport
from cronshift.observing.rehearsals import of_newest, rehearsed
from cronshift.runtime.ownership import tick_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from cronshift.moving.evidence.verdict import Judgement
    from cronshift.observing.rehearsals import RehearsalSight
    from cronshift.project.thresholds import Thresholds
    from cronshift.runtime.ledger import TickRecord


def judge_all(
    courses: Sequence[Course],
    records: Iterable[TickRecord],
    thresholds: Thresholds,
    now: datetime,
) -> tuple[Judgement, ...]:
    """Return the verdict on each job.

    Args:
        courses: where the jobs stand; their ticks together show the transport.
        records: what both sides saw, of these jobs and others, in any order.
        thresholds: which evidence is enough, where a course says no other.
        now: the present instant.
    """
    by_job: defaultdict[str, list[TickRecord]] = defaultdict(list)
    for record in sorted(records, key=lambda record: (record.tick, record.arrived)):
        by_job[record.job].append(record)
    a_day = sum(course.a_day(WHOLE) for course in courses)

    def judgement(course: Course) -> Judgement:
        enough = course.thresholds or thresholds
        baseline = now - enough.baseline
        since = course.since if course.percent else baseline
        span = Span(baseline, since, now - enough.patience, now)
        jobs = {other.job: Sightings(other.schedule, by_job[other.job], span) for other in courses}
        alone = jobs[course.job]
        of_all, of_job = (transport(group, enough) for group in ([*jobs.values()], [alone]))
        samples = Samples(of_all | outcomes(alone, enough), of_job, a_day)
        sight = rehearsed(of_newest(by_job[course.job]))
        hindered = _hindered(course, alone, sight)
        return replace(judge(hindered, samples, enough), rehearsal=sight)

    return tuple(judgement(course) for course in courses)


def _hindered(course: Course, job: Sightings, sight: RehearsalSight) -> Course:
    """Return the course with what both sides' records show to be wrong between them."""
    if course.obstacle:
        return course
    if not job.doubled:
        return replace(course, obstacle=sight.problem)
    tick = tick_text(job.doubled[-1])
    obstacle = (
        f"Both sides ran the tick of {tick}: cronshift status --live says which file each holds."
    )
    return replace(course, obstacle=obstacle)

"""What both sides saw is judged measure by measure, and the verdict says what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.unit.evidence.rollouts import BEGIN, DAY, Faults, World, dice

from cronshift.moving.evidence.gathering import judge_all
from cronshift.moving.evidence.judging import Course, usable_stages
from cronshift.moving.evidence.sample import Sightings, Span, outcomes, transport
from cronshift.moving.evidence.testing import MetricOutcome
from cronshift.moving.evidence.verdict import Decision, Judgement
from cronshift.moving.evidence.walk import Bounds, walk
from cronshift.project.thresholds import Metric, Thresholds, Tolerance
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

USUAL = Thresholds()
OFTEN = Schedule.parse("TZ=UTC */10 * * * *")
HOURLY = Schedule.parse("TZ=UTC 0 * * * *")
DAILY = Schedule.parse("TZ=UTC 0 6 * * *")
HOUR = timedelta(hours=1)
GOOD = Faults()


def world(vercel: Faults = GOOD, inngest: Faults = GOOD) -> World:
    return World(dice("one"), {"mail": OFTEN}, vercel, inngest)


def verdict(of: World, now: datetime, thresholds: Thresholds = USUAL) -> Judgement:
    (judgement,) = judge_all([of.course("mail")], of.records, thresholds, now)
    return judgement


def shared(percent: int, days: float, **faults: Faults) -> tuple[World, datetime]:
    """Return a world after two days of observation and some days of a share."""
    seen = world(**faults)
    seen.pass_by(BEGIN, BEGIN + 2 * DAY)
    seen.give("mail", percent, BEGIN + 2 * DAY)
    now = BEGIN + 2 * DAY + days * DAY
    seen.pass_by(BEGIN + 2 * DAY, now)
    return seen, now


def test_without_records_nothing_is_known_and_what_is_missing_is_told() -> None:
    judgement = verdict(world(), BEGIN)
    assert judgement.decision is Decision.INCONCLUSIVE
    assert {test.outcome for test in judgement.tests} == {MetricOutcome.UNKNOWN}
    assert judgement.missing > 0
    assert judgement.days > 0


def test_what_is_observed_leads_to_the_first_stage() -> None:
    seen = world()
    seen.pass_by(BEGIN, BEGIN + DAY)
    judgement = verdict(seen, BEGIN + DAY)
    assert (judgement.decision, judgement.following) == (Decision.PROMOTE, 10)


def test_the_missing_ticks_are_those_of_the_share_and_their_days_follow_from_it() -> None:
    seen, now = shared(10, 1)
    judgement = verdict(seen, now)
    assert judgement.decision is Decision.INCONCLUSIVE
    (failures,) = [test for test in judgement.tests if test.metric is Metric.FAILURES]
    good = failures.inngest[0]
    assert judgement.missing == failures.missing == 32 - good
    assert judgement.days == pytest.approx(judgement.missing / 14.4)
    assert f"{judgement.missing} more good ticks (failures) are needed, about " in judgement.reason


def test_enough_good_ticks_lead_on_and_the_last_stage_has_none_behind_it() -> None:
    for percent, following in ((10, 50), (50, 100), (100, None)):
        judgement = verdict(*shared(percent, 5))
        assert (judgement.decision, judgement.following) == (Decision.PROMOTE, following)


def test_failures_lead_back_and_are_told_beside_vercels() -> None:
    judgement = verdict(*shared(50, 1, inngest=Faults(failures=0.5)))
    assert judgement.decision is Decision.ROLL_BACK
    assert judgement.reason.startswith("failures: ")
    assert "at Vercel" in judgement.reason


def test_a_run_that_is_tried_again_has_not_failed_until_its_time_is_over() -> None:
    seen, now = shared(100, 1)
    late = replace(seen.records[-1], status=TickStatus.FAILED, attempts=1)
    course = msgspec.structs.replace(seen.course("mail"), attempts=4)
    for age, bad in ((timedelta(minutes=30), 0), (2 * HOUR, 1)):
        record = replace(late, tick=now - age, arrived=now - age)
        span = Span(BEGIN, course.since, now - HOUR, now)
        job = Sightings(OFTEN, [record], span, course.attempts)
        marks = outcomes(job, USUAL)[Metric.FAILURES].inngest
        assert sum(mark.is_bad for mark in marks) == bad
    for last in (
        replace(record, attempts=4, arrived=now),
        replace(record, status=TickStatus.CANCELLED),
    ):
        job = Sightings(OFTEN, [last], span, course.attempts)
        assert [mark.is_bad for mark in outcomes(job, USUAL)[Metric.FAILURES].inngest] == [True]


def test_a_measure_of_a_dry_run_decides_nothing() -> None:
    seen, now = shared(50, 1, inngest=Faults(failures=0.5))
    told_only = msgspec.structs.replace(USUAL, dry_run=frozenset(Metric) - {Metric.MISSES})
    judgement = verdict(seen, now, told_only)
    assert judgement.decision is Decision.PROMOTE
    outcome = {test.metric: (test.outcome, test.decides) for test in judgement.tests}
    assert outcome[Metric.FAILURES] == (MetricOutcome.REFUSED, False)


def limited(**limits: Any) -> Thresholds:
    tolerances = {**USUAL.tolerances, Metric.FAILURES: Tolerance(**limits)}
    return msgspec.structs.replace(USUAL, tolerances=tolerances)


def test_more_failures_than_the_limit_lead_back_at_once() -> None:
    seen, now = shared(50, 0.25)
    run = next(record for record in reversed(seen.records) if is_run(record))
    seen.records.append(replace(run, status=TickStatus.FAILED))
    seen.records.remove(run)
    for thresholds in (USUAL, limited(failure_limit=1)):
        assert verdict(seen, now, thresholds).decision is Decision.INCONCLUSIVE
    assert verdict(seen, now, limited(failure_limit=0)).decision is Decision.ROLL_BACK


def is_run(record: TickRecord) -> bool:
    return record.role is Role.ACTED and record.side is Side.INNGEST


def test_so_many_good_ticks_in_a_row_as_the_limit_says_are_enough() -> None:
    seen, now = shared(10, 1)
    assert verdict(seen, now).decision is Decision.INCONCLUSIVE
    assert verdict(seen, now, limited(success_limit=10)).decision is Decision.PROMOTE


def test_the_misses_of_all_jobs_count_together() -> None:
    both = World(dice("two"), {"mail": OFTEN, "bill": DAILY}, inngest=Faults(misses=0.3))
    both.pass_by(BEGIN, BEGIN + 3 * DAY)
    courses = [both.course(job) for job in both.schedules]
    judgements = judge_all(courses, both.records, USUAL, BEGIN + 3 * DAY)
    assert {judgement.decision for judgement in judgements} == {Decision.HOLD}
    assert all("misses" in judgement.reason for judgement in judgements)


def test_a_side_that_stopped_coming_is_missed_and_one_that_never_came_is_not_known() -> None:
    seen, now = shared(100, 0.5)
    silent = [record for record in seen.records if record.side is Side.VERCEL]
    assert verdict(replace_records(seen, silent), now).decision is Decision.INCONCLUSIVE
    until = BEGIN + 2 * DAY
    ceased = [
        record for record in seen.records if record.side is Side.VERCEL or record.tick < until
    ]
    judgement = verdict(replace_records(seen, ceased), now)
    assert judgement.decision is Decision.ROLL_BACK
    assert judgement.reason.startswith("misses: ")


def replace_records(of: World, records: list[TickRecord]) -> World:
    return World(of.chance, of.schedules, records=records, ownership=of.ownership)


def test_a_tick_that_nobody_saw_while_both_tell_counts_for_neither() -> None:
    seen = world()
    seen.pass_by(BEGIN, BEGIN + DAY)
    gap = BEGIN + 6 * HOUR, BEGIN + 12 * HOUR
    kept = [record for record in seen.records if not gap[0] < record.tick < gap[1]]
    span = Span(BEGIN, BEGIN, BEGIN + DAY, BEGIN + DAY)
    misses = transport([Sightings(OFTEN, kept, span)], USUAL)[Metric.MISSES]
    assert sum(mark.is_bad for mark in (*misses.vercel, *misses.inngest)) == 0
    assert len(misses.inngest) == 144 - 35


def test_ticks_that_both_sides_ran_hold_a_job() -> None:
    seen, now = shared(50, 2)
    twice = next(record for record in reversed(seen.records) if is_run(record))
    seen.records.append(replace(twice, side=Side.VERCEL))
    judgement = verdict(seen, now)
    assert judgement.decision is Decision.HOLD
    assert "Both sides ran the tick" in judgement.reason


@pytest.mark.parametrize(
    ("changes", "decision"),
    [
        ({"obstacle": "Its next share begins soon."}, Decision.HOLD),
        ({"is_paused": True}, Decision.HOLD),
        ({}, Decision.PROMOTE),
    ],
)
def test_a_pause_and_an_epoch_to_come_hold_a_job(
    changes: dict[str, Any], decision: Decision
) -> None:
    seen, now = shared(50, 2)
    course = msgspec.structs.replace(seen.course("mail"), **changes)
    (judgement,) = judge_all([course], seen.records, USUAL, now)
    assert judgement.decision is decision


def test_an_old_side_that_mostly_fails_is_nothing_to_compare_with() -> None:
    judgement = verdict(*shared(50, 2, vercel=Faults(failures=0.9)))
    assert judgement.decision is Decision.HOLD
    assert "Vercel's own runs fail" in judgement.reason


@pytest.mark.parametrize(
    ("schedule", "stages"),
    [
        (OFTEN, (10, 50, 100)),
        (HOURLY, (10, 50, 100)),
        (Schedule.parse("TZ=UTC 0 */4 * * *"), (50, 100)),
        (DAILY, (100,)),
    ],
)
def test_a_share_whose_evidence_would_take_too_long_is_skipped(
    schedule: Schedule, stages: tuple[int, ...]
) -> None:
    assert usable_stages(Course("mail", schedule, 0, BEGIN), USUAL) == stages


def test_lateness_is_judged_against_how_late_vercel_is() -> None:
    seen, now = shared(50, 2)
    span = Span(BEGIN, BEGIN + 2 * DAY, now - HOUR, now)
    slow = [
        replace(record, arrived=record.tick + 6 * timedelta(minutes=1))
        if record.side is Side.INNGEST
        else record
        for record in seen.records
    ]
    lateness = transport([Sightings(OFTEN, slow, span)], USUAL)[Metric.LATENESS]
    assert {mark.is_bad for mark in lateness.inngest} == {True}
    assert {mark.is_bad for mark in lateness.vercel} == {False}
    assert verdict(replace_records(seen, slow), now).decision is Decision.ROLL_BACK
    both = [
        replace(record, arrived=record.tick + 6 * timedelta(minutes=1)) for record in seen.records
    ]
    assert verdict(replace_records(seen, both), now).decision is not Decision.ROLL_BACK


def results(**of_inngest: Any) -> dict[Metric, tuple[bool, ...]]:
    """Return what the measures of one job say of a run beside thirty of Vercel's."""
    ticks = [*takewhile(lambda tick: tick < BEGIN + DAY, OFTEN.after(BEGIN))]
    usual = {
        "status": TickStatus.COMPLETED,
        "http_status": 200,
        "attempts": 1,
        "size": 100,
        "role": Role.ACTED,
        "job": "mail",
        "owner": "vercel",
    }

    def records() -> Iterator[TickRecord]:
        for number, tick in enumerate(ticks[:31]):
            side = Side.VERCEL if number < 30 else Side.INNGEST
            values: dict[str, Any] = {
                **usual,
                "arrived": tick,
                "started": tick,
                "ended": tick + timedelta(seconds=10),
                "digest": f"d{number}",
                "numbers": {"sent": 10.0 + number % 5},
            }
            if side is Side.INNGEST:
                taken = of_inngest.pop("taken", timedelta(seconds=10))
                values |= {"ended": tick + taken, **of_inngest}
            yield TickRecord(tick=tick, side=side, **values)

    span = Span(BEGIN, BEGIN, BEGIN + DAY, BEGIN + DAY)
    marks = outcomes(Sightings(OFTEN, records(), span), USUAL)
    return {measure: tuple(mark.is_bad for mark in marks[measure].inngest) for measure in marks}


@pytest.mark.parametrize(
    ("run", "measure", "is_bad"),
    [
        ({}, Metric.RESULT, False),
        ({"numbers": {"sent": 17.0}}, Metric.RESULT, False),
        ({"numbers": {"sent": 0.0}}, Metric.RESULT, True),
        ({"numbers": {"errors": 1.0}}, Metric.RESULT, True),
        ({"numbers": {"sent": 0.0}, "digest": "d3"}, Metric.RESULT, False),
        ({"http_status": 204}, Metric.RESULT, True),
        ({"size": 5}, Metric.RESULT, True),
        ({"taken": timedelta(seconds=19)}, Metric.DURATION, False),
        ({"taken": timedelta(seconds=21)}, Metric.DURATION, True),
        ({"attempts": 2}, Metric.ATTEMPTS, True),
        ({}, Metric.ATTEMPTS, False),
        ({"status": TickStatus.FAILED}, Metric.FAILURES, True),
        ({"status": TickStatus.CANCELLED}, Metric.FAILURES, True),
    ],
)
def test_a_run_is_odd_beside_what_vercels_runs_give(
    run: dict[str, Any], measure: Metric, is_bad: bool
) -> None:
    assert results(**run)[measure] == (is_bad,)


def test_a_walk_never_gathers_more_trust_than_it_takes_to_be_accepted() -> None:
    bounds = Bounds.of(0.01, 0.05, 0.09)
    trusted = walk([(False, 0.01)] * 10_000, bounds)
    assert trusted.value == bounds.accepted
    good_to_go = bounds.good_ticks(0, 0.01)
    assert walk([(False, 0.01)] * (good_to_go - 1), bounds).value > bounds.accepted
    assert walk([(False, 0.01)] * good_to_go, bounds).value == bounds.accepted
    turned = [(False, 0.01)] * 10_000 + [(True, 0.01)] * 4
    assert walk(turned, bounds).is_refused
    assert walk([*turned, *[(False, 0.01)] * 100], bounds).is_refused


@pytest.mark.parametrize("chance", [0.05, 0.01])
def test_a_walk_refuses_a_side_as_good_as_expected_no_more_often_than_said(chance: float) -> None:
    luck = dice("walks")
    bounds = Bounds.of(chance, 0.05, 0.09)
    refused = sum(
        walk([(luck.random() < 0.01, 0.01) for _ in range(200)], bounds).is_refused
        for _ in range(2_000)
    )
    assert refused / 2_000 <= chance


def test_a_job_is_judged_by_the_thresholds_of_its_own() -> None:
    seen, now = shared(50, 4, inngest=Faults(failures=0.02))
    course = seen.course("mail")
    tolerance = msgspec.structs.replace(USUAL.tolerances[Metric.FAILURES], failure_limit=0)
    strict = msgspec.structs.replace(
        USUAL, tolerances={**USUAL.tolerances, Metric.FAILURES: tolerance}
    )
    (usual,) = judge_all([course], seen.records, USUAL, now)
    (own,) = judge_all(
        [msgspec.structs.replace(course, thresholds=strict)], seen.records, USUAL, now
    )
    assert usual.decision is not Decision.ROLL_BACK
    assert own.decision is Decision.ROLL_BACK

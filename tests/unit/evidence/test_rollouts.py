"""2,000 simulated rollouts through the verdict code: who goes back, and who gets to the whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.evidence.rollouts import Faults, Journey, World, dice, roll_out

from cronshift.moving.evidence.verdict import Decision
from cronshift.project.thresholds import Thresholds
from cronshift.runtime.schedule import Schedule

CRONS = ("*/10 * * * *", "*/15 * * * *", "*/20 * * * *", "*/5 8-20 * * *")
AS_GOOD, WORSE = 1500, 500
PARTS = 4


def journey(number: int, candidate: float | None = None) -> Journey:
    """Roll one job out, whose faults follow from the number; Inngest's are Vercel's where not named."""
    chance = dice(f"rollout {number}")
    schedule = Schedule.parse(f"TZ=UTC {CRONS[number % len(CRONS)]}")
    failures = chance.choice((0.0, 0.0, 0.002, 0.01, 0.02))
    vercel = Faults(misses=chance.choice((0.0, 0.005, 0.02)), failures=failures)
    inngest = Faults(misses=0.001, failures=failures if candidate is None else candidate)
    world = World(chance, {"mail": schedule}, vercel, inngest)
    return roll_out(world, Thresholds(), every=timedelta(days=2))["mail"]


@pytest.mark.parametrize("part", range(PARTS))
def test_a_side_that_is_as_good_as_the_old_one_rarely_goes_back(part: int) -> None:
    journeys = [journey(number) for number in range(part, AS_GOOD, PARTS)]
    back = [end for end in journeys if end.decision is Decision.ROLL_BACK]
    whole = [end for end in journeys if (end.decision, end.percent) == (Decision.PROMOTE, 100)]
    assert len(back) <= 0.05 * len(journeys)
    assert len(whole) >= 0.95 * len(journeys)


def test_a_side_that_fails_a_tenth_of_its_ticks_is_stopped_before_it_has_them_all() -> None:
    journeys = [journey(number, candidate=0.1) for number in range(WORSE)]
    stopped = [end for end in journeys if end.decision is Decision.ROLL_BACK and end.percent < 100]
    assert len(stopped) >= 0.95 * WORSE


def test_a_job_that_fails_each_night_at_vercel_too_goes_on() -> None:
    night = Faults(failing_hour=3)
    world = World(dice("1"), {"mail": Schedule.parse("TZ=UTC */10 * * * *")}, night, night)
    assert roll_out(world, Thresholds())["mail"].decision is Decision.PROMOTE


def test_a_job_of_few_ticks_becomes_whole_once_it_was_observed() -> None:
    world = World(dice("1"), {"mail": Schedule.parse("TZ=UTC 0 6 * * *")})
    assert roll_out(world, Thresholds())["mail"] == Journey(Decision.PROMOTE, 100, 6)


def test_a_job_of_few_ticks_goes_back_at_its_first_failure() -> None:
    fails = Faults(failures=1.0)
    world = World(dice("1"), {"mail": Schedule.parse("TZ=UTC 0 6 * * *")}, inngest=fails)
    assert roll_out(world, Thresholds())["mail"] == Journey(Decision.ROLL_BACK, 100, 4)


def test_ticks_that_never_come_stop_every_job_before_any_moves() -> None:
    schedules = {name: Schedule.parse("TZ=UTC */10 * * * *") for name in ("mail", "bill")}
    world = World(dice("1"), schedules, inngest=Faults(misses=0.2))
    journeys = roll_out(world, Thresholds(), most=5)
    assert {end.percent for end in journeys.values()} == {0}


def test_the_evidence_of_how_often_one_looks_is_the_same() -> None:
    ends = []
    for hours in (1, 24):
        world = World(dice("5"), {"mail": Schedule.parse("TZ=UTC */10 * * * *")})
        end = roll_out(world, Thresholds(), every=timedelta(hours=hours))["mail"]
        ends.append((end.decision, end.percent))
    assert ends == [(Decision.PROMOTE, 100)] * 2

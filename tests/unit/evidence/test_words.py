"""How long the evidence takes, in the words of a verdict."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cronshift.moving.evidence.verdict import Decision, Judgement, inconclusive

HOUR = timedelta(hours=1)
SO_FAR = Judgement("tally", 0, Decision.PROMOTE, 50, "")


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(seconds=20), "a minute; each counts 1h behind its tick"),
        (timedelta(minutes=4), "4 minutes; each counts 1h behind its tick"),
        (HOUR, "60 minutes"),
        (2 * HOUR, "2 hours"),
        (47 * HOUR, "47 hours"),
        (48 * HOUR, "2 days"),
        (timedelta(days=98), "98 days"),
    ],
)
def test_a_job_of_every_minute_has_its_evidence_in_minutes(time: timedelta, words: str) -> None:
    judgement = inconclusive(SO_FAR, 4, time / timedelta(days=1), "ticks (misses)", HOUR)
    assert judgement.reason == f"4 more good ticks (misses) are needed, about {words}."


def test_one_that_is_missing_is_one() -> None:
    judgement = inconclusive(SO_FAR, 1, 0.0, "ticks, seen by Inngest,")
    assert judgement.reason == "1 more good tick, seen by Inngest, is needed."
    assert inconclusive(SO_FAR, 1, 0.0, "runs").reason == "1 more good run is needed."

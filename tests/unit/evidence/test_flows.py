"""A flow's new path is judged beside its old one, session by session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from cronshift.moving.evidence.flows import FlowCourse, SessionRecord, SessionState, judge_flow
from cronshift.moving.evidence.verdict import Decision
from cronshift.project.thresholds import Metric, Thresholds

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
NOW = BEGIN + timedelta(days=4)
USUAL = Thresholds()
GOOD = SessionRecord(BEGIN, is_new=False, state=SessionState.FINISHED, waited=timedelta(seconds=2))


def sessions(new: SessionRecord, count: int = 60, every: int = 1) -> list[SessionRecord]:
    """Return good sessions of the old path, and ``count`` of the new one, each n-th like ``new``."""
    replace = msgspec.structs.replace
    spread = [BEGIN + timedelta(minutes=20 * number) for number in range(count)]
    changed = [new if number % every == 0 else GOOD for number in range(count)]
    return [
        *(replace(GOOD, created=created) for created in spread),
        *(
            replace(session, created=created + timedelta(days=1), is_new=True)
            for created, session in zip(spread, changed, strict=True)
        ),
    ]


def course(percent: int = 10) -> FlowCourse:
    return FlowCourse("prediction", percent, BEGIN + timedelta(hours=12))


def test_a_path_as_good_as_the_old_one_gets_more_users() -> None:
    judgement = judge_flow(course(), sessions(GOOD), USUAL, NOW)
    assert (judgement.decision, judgement.following) == (Decision.PROMOTE, 50)
    assert {test.metric for test in judgement.tests} == {
        Metric.FAILURES,
        Metric.LATENESS,
        Metric.REFUNDS,
    }


@pytest.mark.parametrize(
    ("change", "metric"),
    [
        ({"state": SessionState.FAILED}, "failures"),
        ({"state": SessionState.OVERDUE}, "failures"),
        ({"is_refunded": True}, "refunds"),
        ({"waited": timedelta(minutes=6)}, "lateness"),
    ],
)
def test_a_path_that_is_worse_goes_back(change: dict[str, object], metric: str) -> None:
    worse = msgspec.structs.replace(GOOD, **change)
    judgement = judge_flow(course(), sessions(worse, every=4), USUAL, NOW)
    assert judgement.decision is Decision.ROLL_BACK
    assert judgement.reason.startswith(f"{metric}: ")


def test_sessions_that_go_on_count_for_nothing_and_what_is_missing_is_told() -> None:
    going = msgspec.structs.replace(GOOD, state=SessionState.OPEN, waited=None)
    judgement = judge_flow(course(), sessions(going), USUAL, NOW)
    assert judgement.decision is Decision.INCONCLUSIVE
    few = judge_flow(course(), sessions(GOOD, count=10), USUAL, NOW)
    assert few.decision is Decision.INCONCLUSIVE
    assert (few.missing, "sessions (failures)" in few.reason) == (22, True)
    assert few.days > 0


def test_without_users_the_first_share_may_begin_and_an_epoch_to_come_is_waited_for() -> None:
    nobody = course(0)
    assert judge_flow(nobody, [], USUAL, NOW).decision is Decision.PROMOTE
    coming = msgspec.structs.replace(nobody, obstacle="Its next share begins soon.")
    assert judge_flow(coming, [], USUAL, NOW).decision is Decision.HOLD

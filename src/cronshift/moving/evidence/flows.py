"""The verdict on a flow of sessions: its new path beside its old one. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.moving.evidence.judging import STAGES
from cronshift.moving.evidence.sample import Sample, TickMark
from cronshift.moving.evidence.testing import tested
from cronshift.moving.evidence.verdict import Decision, Judgement, inconclusive, refusal, slowest
from cronshift.project.thresholds import OF_FLOWS, Metric, Thresholds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_DAY = timedelta(days=1)


class SessionState(StrEnum):
    """The fate of a session; ``overdue`` has waited, or gone on, for longer than it may."""

    FINISHED = "finished"
    FAILED = "failed"
    OVERDUE = "overdue"
    OPEN = "open"


class SessionRecord(Struct, frozen=True):
    """One session.

    Attributes:
        is_new: whether the new path has it.
        waited: how long it was in the queue; ``None`` where nothing tells.
        is_refunded: whether its credits were given back.
    """

    created: datetime
    is_new: bool
    state: SessionState
    waited: timedelta | None = None
    is_refunded: bool = False


class FlowCourse(Struct, frozen=True):
    """The place of a flow on its way.

    Attributes:
        percent: of its users, Inngest's now.
        since: when that began.
        obstacle: why no share may grow now, in a sentence; empty where it may.
    """

    flow: str
    percent: int
    since: datetime
    stages: tuple[int, ...] = STAGES
    obstacle: str = ""


def judge_flow(
    course: FlowCourse, sessions: Iterable[SessionRecord], thresholds: Thresholds, now: datetime
) -> Judgement:
    """Return the verdict on a flow.

    Args:
        course: where it stands.
        sessions: those of both paths, in any order.
        thresholds: which evidence is enough.
        now: the present instant.
    """
    ordered = sorted(sessions, key=lambda session: session.created)
    old = [session for session in ordered if not session.is_new]
    new = [session for session in ordered if session.is_new and session.created > course.since]
    days = (now - course.since) / _DAY
    tests = tuple(
        tested(
            metric,
            Sample(_marks(old, is_bad), _marks(new, is_bad)),
            thresholds,
            tests=len(course.stages) * len(thresholds.deciding(OF_FLOWS)),
            a_day=len(new) / days if days > 0 else 0.0,
        )
        for metric, is_bad in _bad(thresholds).items()
    )
    judgement = Judgement(
        job=course.flow,
        percent=course.percent,
        decision=Decision.PROMOTE,
        following=next((stage for stage in course.stages if stage > course.percent), None),
        reason="The evidence is enough." if course.percent else "No user has the new path yet.",
        tests=tests if course.percent else (),
    )
    verdict = refusal(judgement, judgement.tests) or _weighed(judgement)
    if verdict.decision is Decision.PROMOTE and course.obstacle:
        return replace(verdict, decision=Decision.HOLD, reason=course.obstacle)
    return verdict


def _weighed(judgement: Judgement) -> Judgement:
    waiting = slowest(judgement.tests)
    if waiting is None:
        return judgement
    what = f"sessions ({waiting.metric})"
    return inconclusive(judgement, waiting.missing, waiting.days, what)


def _bad(thresholds: Thresholds) -> dict[Metric, Callable[[SessionRecord], bool | None]]:
    """Return the tests of a bad session, by metric; they answer ``None`` where it is not known yet."""
    bad = (
        lambda session: (
            None
            if session.state is SessionState.OPEN
            else session.state is not SessionState.FINISHED
        ),
        lambda session: None if session.waited is None else session.waited > thresholds.late,
        lambda session: None if session.state is SessionState.OPEN else session.is_refunded,
    )
    return dict(zip(OF_FLOWS, bad, strict=True))


def _marks(
    sessions: Iterable[SessionRecord], is_bad: Callable[[SessionRecord], bool | None]
) -> tuple[TickMark, ...]:
    answers = ((session.created, is_bad(session)) for session in sessions)
    return tuple(TickMark(created, answer) for created, answer in answers if answer is not None)

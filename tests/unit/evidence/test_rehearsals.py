"""Rehearsals: what differs more often between the sides than the acting side differs from itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cronshift.moving.evidence.gathering import judge_all
from cronshift.moving.evidence.judging import Course
from cronshift.moving.evidence.verdict import Decision
from cronshift.observing.fates import Watch
from cronshift.observing.judging import judge
from cronshift.observing.rehearsals import of_newest, rehearsed
from cronshift.project.thresholds import Thresholds
from cronshift.readiness.fact import Knowledge
from cronshift.runtime.comparing import answer_tokens
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.schedule import Schedule

FIRST = datetime(2026, 11, 27, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOURLY = Schedule.parse("TZ=UTC 0 * * * *")


def record(number: int, side: Side, role: Role, answer: Any = None, **fields: Any) -> TickRecord:
    """Return a record of the tick with a number."""
    tick = FIRST + MINUTE * 60 * number
    is_floor = role is Role.REHEARSED and side is Side.VERCEL
    values: dict[str, Any] = {
        "job": "mail",
        "tick": tick,
        "side": side,
        "owner": "vercel",
        "role": role,
        "arrived": tick + timedelta(seconds=1),
        "status": TickStatus.COMPLETED,
        "attempts": 1,
        "http_status": 200,
        "run_id": f"{side}-{number}{'-rehearsal' if is_floor else ''}",
        "seen": answer_tokens(json.dumps(answer))
        | ({"reason": "owner vercel"} if side is Side.INNGEST else {}),
    }
    return TickRecord(**values | fields)


def ticks(count: int, here: Any, floor: Any, there: Any) -> list[TickRecord]:
    """Return the records of some ticks; the answers are made from the tick's number."""
    return [
        each
        for number in range(count)
        for each in (
            record(number, Side.VERCEL, Role.ACTED, here(number)),
            record(number, Side.VERCEL, Role.REHEARSED, floor(number)),
            record(number, Side.INNGEST, Role.REHEARSED, there(number)),
        )
    ]


def same(number: int) -> dict[str, Any]:
    return {"checked": 7, "at": number}


def test_what_differs_by_itself_counts_for_nothing() -> None:
    sight = rehearsed(
        ticks(
            30, same, lambda n: {"checked": 7, "at": -n - 1}, lambda n: {"checked": 7, "at": n + 99}
        )
    )
    assert (sight.ticks, sight.floor, sight.failed) == (30, 30, 0)
    assert [(value.path, value.ticks, value.floor) for value in sight.differences] == [
        ("at", 30, 30)
    ]
    assert sight.beyond == ()
    assert sight.problem == ""
    assert "no value differs by more than chance" in sight.sentence
    assert "asked again 30 times, the acting side differed from itself in at." in sight.sentence


def test_what_differs_between_the_sides_alone_is_named() -> None:
    sight = rehearsed(ticks(30, same, same, lambda n: {"checked": 6, "at": n}))
    assert [value.path for value in sight.beyond] == ["checked"]
    assert sight.problem == "Differences of 30 rehearsals: 30 in checked."


def test_a_rare_difference_is_chance() -> None:
    sight = rehearsed(ticks(60, same, same, lambda n: {"checked": 6 if n == 3 else 7, "at": n}))
    assert [value.ticks for value in sight.differences] == [1]
    assert sight.beyond == ()


def test_a_rehearsal_that_fails_where_the_work_does_not_is_a_difference() -> None:
    records = [
        record(0, Side.VERCEL, Role.ACTED, same(0)),
        record(0, Side.INNGEST, Role.REHEARSED, None, status=TickStatus.FAILED, http_status=500),
    ]
    sight = rehearsed(records)
    assert (sight.failed, sight.problem) == (1, "Differences of 1 rehearsal: 1 in the status.")
    failing = [record(0, Side.VERCEL, Role.ACTED, None, status=TickStatus.FAILED), records[1]]
    assert rehearsed(failing).problem == ""


def test_of_an_answer_that_was_cut_nothing_is_compared() -> None:
    records = [
        record(0, Side.VERCEL, Role.ACTED, None, seen={}),
        record(0, Side.INNGEST, Role.REHEARSED, same(0)),
    ]
    assert rehearsed(records).ticks == 0


def test_only_what_came_since_the_last_deployment_counts() -> None:
    bad = ticks(10, same, same, lambda n: {"checked": 6, "at": n})
    good = [
        record(number + 10, side, role, same(number), deployment="dpl_2")
        for number in range(5)
        for side, role in ((Side.VERCEL, Role.ACTED), (Side.INNGEST, Role.REHEARSED))
    ]
    assert rehearsed(of_newest([*bad, *good])).problem == ""
    assert rehearsed(of_newest(bad)).problem
    assert of_newest([record(0, Side.VERCEL, Role.ACTED, same(0))]) == []


def test_no_share_grows_while_rehearsals_differ() -> None:
    now = FIRST + timedelta(hours=400)
    course = Course("mail", HOURLY, 0, FIRST)

    def verdict(there: Any) -> tuple[Decision, str]:
        (judgement,) = judge_all([course], ticks(400, same, same, there), Thresholds(), now)
        assert judgement.rehearsal.ticks == 100
        assert judgement.to_json()["rehearsal"]["ticks"] == 100
        return judgement.decision, judgement.reason

    assert verdict(same)[0] is Decision.PROMOTE
    decision, reason = verdict(lambda n: {"checked": 6, "at": n})
    assert decision is Decision.HOLD
    assert reason == "Differences of 100 rehearsals: 100 in checked."


def test_observe_tells_of_differences_and_of_records_that_were_dropped() -> None:
    from cronshift.observing.fates import DueTick, fate_of
    from cronshift.runtime.ownership import Owner

    records = ticks(3, same, same, lambda n: {"checked": 6, "at": n})
    records[0] = record(0, Side.VERCEL, Role.ACTED, same(0), seen={"dropped": "4"})
    fates = [
        fate_of(
            DueTick("mail", HOURLY, FIRST + MINUTE * 60 * number, Owner.VERCEL),
            [each for each in records if each.tick == FIRST + MINUTE * 60 * number],
            Watch(),
            FIRST + timedelta(days=1),
        )
        for number in range(3)
    ]
    assert {fate.fate.value for fate in fates} == {"on time"}
    sight = judge("mail", fates, records, Watch())
    assert sight.answer is Knowledge.BAD
    assert sight.problems == ("Differences of 2 rehearsals: 2 in checked.",)
    assert sight.gaps == ("Vercel's side dropped 4 records of ticks.",)

"""The guard of each framework's app claims ticks, tells the ledger how they ended, and rehearses."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.runtime.comparing import answer_tokens
from cronshift.runtime.ledger import Role, Side, TickStatus
from cronshift.runtime.store.claims import Claims
from cronshift.runtime.store.ledger import TickLedger, read_ledger
from cronshift.runtime.ticks import called_tick
from cronshift.runtime.wire import CLAIMED

from .test_running_frameworks import call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.runtime.ledger import TickRecord

    from .conftest import Running

PATIENCE = 60  # seconds: what is told comes behind the answer
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _forgotten(running: Running) -> Iterator[None]:
    """No tick of another test's is claimed, or told."""
    Claims.open(running.ledger).close()
    TickLedger.open(running.ledger).close()
    forget(running)
    yield
    forget(running)


def forget(running: Running) -> None:
    engine = create_engine(running.ledger)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM cronshift_claims"))
        connection.execute(text("DELETE FROM cronshift_ticks"))
    engine.dispose()


def entry(running: Running, job: str) -> tuple[str, str, datetime]:
    """Return the path at the guard, the schedule, and the tick that a call is for now."""
    planned = make_plan(load_project(running.root)).job(job)
    assert planned is not None
    assert planned.schedule is not None
    tick = called_tick(planned.schedule, datetime.now(UTC))
    assert tick is not None
    return f"/api/cronshift{planned.entry.path}", planned.entry.schedule, tick


def told(running: Running, job: str, count: int) -> list[TickRecord]:
    """Return what the ledger has of a job, once there is so much."""
    end = time.monotonic() + PATIENCE
    now = datetime.now(UTC)
    while time.monotonic() < end:
        records = read_ledger(running.ledger, now - 40 * DAY, now + DAY, job)
        if len(records) >= count:
            return records
        time.sleep(0.2)
    raise AssertionError(f"the ledger has {len(records)} records of {job}")


def has_run(running: Running, job: str, tick: datetime) -> bool:
    claims = Claims.open(running.ledger)
    try:
        return claims.has_run(job, tick)
    finally:
        claims.close()


def test_a_tick_that_comes_twice_runs_once(running: Running) -> None:
    path, schedule, tick = entry(running, "weekly")
    first, second = (call(running, path, schedule) for _ in range(2))
    assert (first.status_code, first.json()) == (200, {"job": "weekly"})
    assert (second.status_code, second.json()) == (200, {"skipped": CLAIMED})
    assert second.headers["x-cronshift-skipped"] == CLAIMED
    assert has_run(running, "weekly", tick)


def test_an_answer_that_is_no_success_gives_the_tick_back_and_is_told_as_it_was(
    running: Running,
) -> None:
    path, schedule, tick = entry(running, "gone")
    assert [call(running, path, schedule).status_code for _ in range(2)] == [404, 404]
    assert not has_run(running, "gone", tick)
    for record in told(running, "gone", 2):
        assert (record.side, record.role, record.tick) == (Side.VERCEL, Role.ACTED, tick)
        assert (record.status, record.http_status) == (TickStatus.FAILED, 404)


def test_who_acts_rehearses_behind_its_answer(running: Running) -> None:
    path, schedule, tick = entry(running, "echo")
    answer = call(running, path, schedule)
    assert answer.json()["all"] == ["/", "a b"]
    by_role = {record.role: record for record in told(running, "echo", 2)}
    acted, rehearsed = by_role[Role.ACTED], by_role[Role.REHEARSED]
    assert {record.side for record in by_role.values()} == {Side.VERCEL}
    assert {record.tick for record in by_role.values()} == {tick}
    assert {(record.status, record.http_status) for record in by_role.values()} == {
        (TickStatus.COMPLETED, 200)
    }
    assert acted.size == len(answer.content)
    wet = answer_tokens(answer.text, [])
    assert {name: acted.seen[name] for name in wet} == wet
    unlike = {name for name in wet if rehearsed.seen.get(name) != wet[name]}
    assert unlike  # the parameter of the dry run is in the answer
    alike = answer_tokens(answer.text, ["all", "search"])
    assert {name: rehearsed.seen[name] for name in alike} == alike
    assert has_run(running, "echo", tick)  # and the dry run has claimed nothing more

"""An hour of ticks of every minute, through the executor, the guard and the ledger that both leave."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.integration.ledger.sides import (
    FIRST,
    JOB,
    LATE_INNGEST,
    LATE_VERCEL,
    TICKS,
    Sides,
    standing,
    use,
)

from cronshift.runtime import recording
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.store.ledger import read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def sides() -> Iterator[Sides]:
    with standing() as both:
        yield both


def hour(sides: Sides, url: str) -> list[TickRecord]:
    """Let both schedulers wake at every tick; return what the ledger says then."""

    async def pass_by() -> None:
        for tick in TICKS:
            await sides.inngest(tick)
            await sides.vercel(tick)

    asyncio.run(pass_by())
    recorder = recording.recorder("CRON_SECRET")
    assert recorder is not None
    assert recorder.flush(10)
    assert recorder.dropped == 0
    return read_ledger(url, FIRST, TICKS[-1] + (TICKS[1] - TICKS[0]), JOB.id)


def test_at_0_percent_both_sides_see_every_tick_and_one_runs_it(
    sides: Sides, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, url)
    records = hour(sides, url)
    assert len(sides.calls) == 60
    by_side = {side: [record for record in records if record.side is side] for side in Side}
    assert [record.tick for record in by_side[Side.VERCEL]] == TICKS
    assert [record.tick for record in by_side[Side.INNGEST]] == TICKS
    for record in by_side[Side.VERCEL]:
        assert (record.role, record.status) == (Role.ACTED, TickStatus.COMPLETED)
        assert (record.owner, record.http_status, record.attempts) == ("vercel", 200, 1)
        assert record.arrived - record.tick == LATE_VERCEL
    for record in by_side[Side.INNGEST]:
        assert (record.role, record.status) == (Role.STOOD_BY, TickStatus.SKIPPED)
        assert record.seen == {"reason": "owner vercel", "app": "file", "file": "same"}
        assert record.arrived - record.tick == LATE_INNGEST
        assert record.numbers == {"queued": 0.2}


def test_at_50_percent_every_tick_runs_once(
    sides: Sides, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, url, percent=50)
    records = hour(sides, url)
    assert len(sides.calls) == 60
    acted = [record for record in records if record.role is Role.ACTED]
    assert [record.tick for record in acted] == TICKS
    assert {record.status for record in acted} == {TickStatus.COMPLETED}
    assert {record.side for record in acted} == {*Side}
    assert len(records) == 120
    assert sorted(record.numbers["checked"] for record in acted) == [*map(float, range(1, 61))]
    assert all(record.owner == record.side for record in acted)

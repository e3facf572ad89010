"""Behind an outage the engine fires every tick at once: which of them run, and which a pause keeps."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.ledger import sides as both_sides
from tests.integration.ledger.sides import FIRST, JOB, Sides, ownership, standing, use

from cronshift.runtime import recording
from cronshift.runtime.held import SOURCE
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.ownership import Owner
from cronshift.runtime.store.ledger import read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELD_BACK = [FIRST + timedelta(minutes=number) for number in range(5)]
BACK_AT = HELD_BACK[-1] + timedelta(seconds=30)
LONG_AFTER = HELD_BACK[-1] + timedelta(minutes=16)


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    use(monkeypatch, url, percent=100)
    yield url
    SOURCE.forget()


def burst(sides: Sides, back_at: datetime) -> None:
    """Fire all that was held back, in its order."""

    async def fire() -> None:
        for tick in HELD_BACK:
            await sides.inngest(tick, back_at - tick)

    asyncio.run(fire())


def kept(url: str) -> list[TickRecord]:
    recorder = recording.recorder("CRON_SECRET")
    assert recorder is not None
    assert recorder.flush(10)
    return read_ledger(url, FIRST, FIRST + timedelta(hours=1))


@pytest.mark.parametrize(
    ("policy", "back_at", "expected"),
    [
        ("all", BACK_AT, HELD_BACK),
        ("all", LONG_AFTER, HELD_BACK),
        ("latest", BACK_AT, HELD_BACK[-1:]),
        ("none", BACK_AT, HELD_BACK[-1:]),  # it is not late
        ("none", LONG_AFTER, []),
    ],
)
def test_the_policy_says_which_of_a_burst_run(
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    policy: str,
    back_at: datetime,
    expected: list[datetime],
) -> None:
    monkeypatch.setattr(both_sides, "JOB", replace(JOB, missed=policy))
    with standing() as sides:
        burst(sides, back_at)
    records = kept(url)
    ran = [record.tick for record in records if record.status is TickStatus.COMPLETED]
    assert ran == expected
    passed = [record for record in records if record.role is Role.STOOD_BY]
    assert len(passed) == len(HELD_BACK) - len(expected)
    assert all(record.seen["reason"].startswith("missed: due") for record in passed)


def test_a_pause_keeps_both_sides_from_every_tick(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", ownership(50, Owner.NOBODY))
    SOURCE.forget()
    with standing() as sides:
        burst(sides, BACK_AT)
        for tick in HELD_BACK:
            asyncio.run(sides.vercel(tick))
        assert sides.calls == []
    records = kept(url)
    assert len(records) == 2 * len(HELD_BACK)
    assert {record.side for record in records} == {*Side}
    assert {record.seen["reason"] for record in records} == {"owner nobody"}

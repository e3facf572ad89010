from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from time import perf_counter

from cronshift.engine.executor.clock import Clock


def test_waits_are_jumped_over() -> None:
    clock = Clock()
    due = datetime.now(UTC) + timedelta(days=400)
    asyncio.run(clock.reach(due))
    assert timedelta(0) <= clock.now() - due < timedelta(minutes=1)
    assert clock.jumped() > timedelta(days=399)


def test_what_is_due_already_takes_no_time() -> None:
    clock = Clock()
    asyncio.run(clock.reach(datetime.now(UTC) - timedelta(days=1)))
    assert clock.jumped() == timedelta(0)


def test_real_time_is_waited_out() -> None:
    clock, start = Clock(real=True), perf_counter()
    asyncio.run(clock.reach(datetime.now(UTC) + timedelta(milliseconds=50)))
    assert perf_counter() - start > 0.04
    assert clock.jumped() == timedelta(0)


def test_an_event_ends_a_real_wait_sooner() -> None:
    async def wait() -> None:
        event = asyncio.Event()
        asyncio.get_running_loop().call_later(0.01, event.set)
        async with asyncio.timeout(30):
            await Clock(real=True).reach(datetime.now(UTC) + timedelta(hours=1), event)

    asyncio.run(wait())

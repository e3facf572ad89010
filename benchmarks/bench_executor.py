"""The executor's cost of a step beside the SDK's own ``mocked.trigger``.

Both drive the same function. Ours goes through the wire protocol, serialised and routed as by
Inngest; the SDK's calls the function object.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

import inngest
import inngest.fast_api
from fastapi import FastAPI
from inngest.experimental import mocked

from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.executor.events import custom_event
from cronshift.engine.server.endpoint import Endpoint
from table import Row

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

STEPS = 20
ROUNDS = 15


async def _work() -> str:
    return "done"


def rows() -> list[Row]:
    os.environ["INNGEST_DEV"] = "1"
    trigger = inngest.TriggerEvent(event="bench/start")

    async def steps(ctx: inngest.Context) -> int:
        for number in range(STEPS):
            await ctx.step.run(f"step {number}", _work)
        return STEPS

    served = inngest.Inngest(app_id="bench", logger=logging.getLogger("bench"))
    function = served.create_function(fn_id="steps", trigger=trigger)(steps)
    app = FastAPI()
    inngest.fast_api.serve(app, served, [function])
    fake = mocked.Inngest(app_id="bench")
    mocked_function = fake.create_function(fn_id="steps", trigger=trigger)(steps)

    async def ours() -> None:
        async with Endpoint.asgi(app) as endpoint:
            event = custom_event("bench/start", {}, datetime.now(UTC))
            run = await execute(endpoint, RunTarget("bench-steps"), event)
            assert run.output == STEPS

    def theirs() -> None:
        outcome = mocked.trigger(mocked_function, inngest.Event(name="bench/start"), fake)
        assert outcome.output == STEPS

    mine, peers = [], []
    for number in range(ROUNDS + 1):
        taken = _seconds(lambda: asyncio.run(_awaited(ours))), _seconds(theirs)
        if number:
            mine.append(taken[0] / STEPS)
            peers.append(taken[1] / STEPS)
    per_step, peer = median(mine), median(peers)
    return [
        Row(
            f"a step of a run of {STEPS}",
            f"{per_step * 1e3:.2f} ms",
            f"mocked.trigger {peer * 1e3:.2f} ms",
            per_step / peer,
            "< 10 ms",
            per_step < 0.01,
        )
    ]


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start

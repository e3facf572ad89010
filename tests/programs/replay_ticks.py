"""Make up for a job's missed ticks of every minute: JOB FIRST COUNT."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import datetime, timedelta

from cronshift.observing.fates import Fate, TickFate
from cronshift.observing.replaying import replay
from cronshift.operations.services.inngest_history import InngestHistory
from cronshift.runtime.ownership import Owner


async def run(job: str, first: datetime, count: int) -> None:
    ticks = [
        TickFate(job, first + timedelta(minutes=number), Owner.INNGEST, Fate.MISSED)
        for number in range(count)
    ]
    async with InngestHistory.of(os.environ) as api:
        async for _ in replay(api, "app", ticks, timedelta(0)):
            pass


asyncio.run(run(sys.argv[1], datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])))

"""Missed ticks, made up for by two processes that are killed at random: each runs once.

``CRONSHIFT_REPLAYED_TICKS=10000`` takes it to the number of the promise.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import BackgroundTasks, FastAPI, Request
from inngest import Event
from tests.integration.sockets import serving
from tests.programs import HERE as PROGRAMS

from cronshift.runtime import Answer, Call, CallHandler, JobSpec, claiming
from cronshift.runtime.held import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOB = JobSpec(id="job", path="/x", schedule="* * * * *")
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
COUNT = int(os.environ.get("CRONSHIFT_REPLAYED_TICKS", "150"))
KILLS = 12  # each when another share of the ticks has run


class Counting(CallHandler):
    """The handler: it notes for which tick it has run."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: Counter[datetime] = Counter()

    async def send(self, call: Call) -> Answer:
        self.ran[call.tick] += 1
        return Answer(status=200, body=None, bytes=0, cut=False)


class Context:
    """What the SDK tells a function of the run that an invocation has started."""

    def __init__(self, data: dict[str, Any], run_id: str) -> None:
        self.event = Event(name="inngest/function.invoked", data=data)
        self.run_id = run_id
        self.attempt = 0


class Forgetful:
    """An Inngest that starts a run for each asking: only the claims keep a tick from running twice."""

    def __init__(self) -> None:
        self.handler = Counting()
        self.asked: Counter[str] = Counter()
        self.app = FastAPI()

        @self.app.post("/api/v2/apps/{app}/functions/{function}/invoke")
        async def invoke(
            app: str, function: str, request: Request, later: BackgroundTasks
        ) -> dict[str, Any]:
            body = await request.json()
            self.asked[body["idempotencyKey"]] += 1
            number = sum(self.asked.values())
            context: Any = Context(body["data"], f"01RUN{number}")
            later.add_task(self.handler.answer, Call.of(JOB, context))
            return {"data": {"runId": context.run_id}}


@pytest.fixture
def claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'claims.db'}"
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", url)
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", '{"version": 1, "jobs": {}}')
    SOURCE.forget()
    yield url
    claiming.opened(url).close()
    claiming.opened.cache_clear()
    SOURCE.forget()


def test_each_missed_tick_runs_once_whoever_asks_however_often(claims: str) -> None:
    chance, inngest = random.Random(7), Forgetful()  # noqa: S311 - repeatable
    with serving(inngest.app) as address:
        environment = {**os.environ, "INNGEST_DEV": address}
        command: list[str] = [
            sys.executable,
            str(PROGRAMS / "replay_ticks.py"),
            JOB.id,
            FIRST.isoformat(),
            str(COUNT),
        ]

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(command, env=environment)

        both, kills = [start(), start()], 0
        while any(process.poll() is None for process in both):
            time.sleep(0.005)
            is_time = inngest.handler.ran.total() >= (kills + 1) * COUNT // (KILLS + 2)
            at = chance.randrange(2)
            if is_time and kills < KILLS and both[at].poll() is None:
                both[at].send_signal(signal.SIGKILL)
                both[at].wait()
                kills += 1
                both[at] = start()
        assert [process.wait() for process in both] == [0, 0]
    ticks = [FIRST + timedelta(minutes=number) for number in range(COUNT)]
    assert [inngest.handler.ran[tick] for tick in ticks] == [1] * COUNT
    assert kills >= 1

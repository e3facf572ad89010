"""Minutes of real ticks of a real Inngest server, beside a stand-in for Vercel's cron.

Start one with ``inngest dev --no-discovery`` and set ``INNGEST_DEV_URL``; ``CRONSHIFT_MINUTES`` says for
how long (5).
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import inngest
import inngest.fast_api
import pytest
from fastapi import FastAPI
from tests.integration.engine.engines import SERVER
from tests.integration.ledger.sides import VERCEL
from tests.integration.sockets import serving

from cronshift.model import CronEntry, Job, Location, Mode
from cronshift.observing.fates import Fate, TickFate
from cronshift.observing.gathering import TickQuery, fates, gather
from cronshift.observing.judging import judge
from cronshift.observing.replaying import replay
from cronshift.operations.services.inngest_history import InngestHistory
from cronshift.readiness.fact import Knowledge
from cronshift.runtime import Answer, Bridge, Call, Guard, JobSpec, claiming, due, recording
from cronshift.runtime.held import SOURCE
from cronshift.runtime.ledger import Role, Side, TickStatus
from cronshift.runtime.ownership import Epoch, Owner, Ownership, dump_ownership
from cronshift.runtime.schedule import Schedule
from cronshift.runtime.store.ledger import read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cronshift.observing.gathering import SpanEvidence

pytestmark = pytest.mark.skipif(not SERVER, reason="INNGEST_DEV_URL is not set")

MINUTES = int(os.environ.get("CRONSHIFT_MINUTES", "5"))
MINUTE, LATE = timedelta(minutes=1), timedelta(seconds=4)
SHARES = {"nothing": 0, "half": 50}
JOBS = [JobSpec(id=name, path=f"/api/cron/{name}", schedule="* * * * *") for name in SHARES]
APP = "observed"


class Served:
    """The app behind its guard with the functions beside it; it notes at which ticks the handlers ran."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.app.add_middleware(Guard(*JOBS).asgi)
        self.ran: defaultdict[str, list[datetime]] = defaultdict(list)
        self.app.get("/api/cron/{name}")(self.handle)

    def handle(self, name: str) -> dict[str, int]:
        self.ran[name].append(datetime.now(UTC).replace(second=0, microsecond=0))
        return {"checked": len(self.ran[name])}

    def serve(self, address: str) -> None:
        """Add the functions: they call the app at its address."""
        client, bridge = inngest.Inngest(app_id=APP), Bridge(base_url=address)

        def function(job: JobSpec) -> inngest.Function[Any]:
            @client.create_function(
                fn_id=job.id, trigger=inngest.TriggerCron(cron="TZ=UTC * * * * *")
            )
            async def run(ctx: inngest.Context) -> Answer:
                call = Call.of(job, ctx)
                if skipped := await due(ctx, call, bridge):
                    return skipped
                return await ctx.step.run("call", bridge.answer, call.begun)

            return run

        inngest.fast_api.serve(self.app, client, [function(job) for job in JOBS])


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    start = datetime.now(UTC) - timedelta(days=1)
    epochs = {
        name: (Epoch(start.replace(microsecond=0), share, "01"),) for name, share in SHARES.items()
    }
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    monkeypatch.setenv("INNGEST_DEV", SERVER)
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", url)
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", dump_ownership(Ownership(epochs)))
    SOURCE.forget()
    yield url
    SOURCE.forget()


def test_every_tick_is_seen_by_both_and_runs_once(url: str) -> None:
    served = Served()
    with serving(served.app) as address:
        served.serve(address)
        first, evidence, alone = asyncio.run(minutes(address))
    ticks = [first + MINUTE * number for number in range(MINUTES)]
    for name in SHARES:
        assert [tick for tick in served.ran[name] if tick in ticks] == ticks
    query = a_query(first)
    for told in (evidence, alone):
        known = list(fates(query, told, first + MINUTE * (MINUTES + 5)))
        assert {fate.fate for fate in known if fate.job == "half"} <= {Fate.ON_TIME, Fate.NOT_KNOWN}
    known = list(fates(query, evidence, first + MINUTE * (MINUTES + 5)))
    assert [fate.fate for fate in known] == [Fate.ON_TIME] * (2 * MINUTES)
    assert {fate.seen_by for fate in known} == {frozenset(Side)}
    for name in SHARES:
        sight = judge(
            name,
            [fate for fate in known if fate.job == name],
            [record for record in evidence.records if record.job == name],
            evidence.watch,
        )
        assert (sight.answer, sight.by_both, sight.problems) == (Knowledge.GOOD, MINUTES, ())
        assert sight.late[Side.INNGEST].p95 < timedelta(seconds=10)


async def minutes(address: str) -> tuple[datetime, SpanEvidence, SpanEvidence]:
    """Let the minutes pass, called as Vercel's cron does; return what is known then, and from outside alone."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        (await http.put(f"{address}/api/inngest")).raise_for_status()
        first = datetime.now(UTC).replace(second=0, microsecond=0) + 2 * MINUTE
        await _until(first - timedelta(seconds=20))
        for number in range(MINUTES):
            await _until(first + MINUTE * number + LATE)
            calls = (http.get(f"{address}{job.path}", headers=VERCEL) for job in JOBS)
            for response in await asyncio.gather(*calls):
                response.raise_for_status()
    await _until(first + MINUTE * (MINUTES - 1) + timedelta(seconds=15))
    recorder = recording.recorder("CRON_SECRET")
    assert recorder is not None
    assert await asyncio.to_thread(recorder.flush, 10)
    query, alone = a_query(first), {**os.environ}
    del alone["CRONSHIFT_LEDGER_URL"]
    return first, await gather(query, os.environ), await gather(query, alone)


def test_a_missed_tick_is_made_up_for_once_however_often_it_is_asked(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server starts more runs than one for an invocation; one of them does the work."""
    claims = f"sqlite:///{tmp_path / 'claims.db'}"
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", claims)
    now = datetime.now(UTC)
    served, missed = (
        Served(),
        now.replace(second=0, microsecond=0) - (90 + now.second * 60 + now.minute) * MINUTE,
    )
    fate = TickFate("nothing", missed, Owner.VERCEL, Fate.MISSED)

    async def ask_thrice(address: str) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            (await http.put(f"{address}/api/inngest")).raise_for_status()
        await asyncio.sleep(1)  # the server takes the functions up behind its answer
        async with InngestHistory.of(os.environ) as api:
            for _ in range(3):
                async for _ in replay(api, APP, [fate], timedelta(0)):
                    pass
        await asyncio.sleep(5)

    with serving(served.app) as address:
        served.serve(address)
        asyncio.run(ask_thrice(address))
    recorder = recording.recorder("CRON_SECRET")
    assert recorder is not None
    assert recorder.flush(10)
    records = read_ledger(url, missed, missed + MINUTE, "nothing")
    (done,) = [record for record in records if record.status is TickStatus.COMPLETED]
    assert (done.side, done.owner, done.role) == (Side.INNGEST, "vercel", Role.ACTED)
    assert {record.status for record in records} <= {TickStatus.COMPLETED, TickStatus.SKIPPED}
    assert len(served.ran["nothing"]) == 1
    claiming.opened(claims).close()
    claiming.opened.cache_clear()


async def _until(instant: datetime) -> None:
    await asyncio.sleep(max((instant - datetime.now(UTC)).total_seconds(), 0))


def a_query(first: datetime) -> TickQuery:
    jobs = tuple(
        Job(
            id=job.id,
            entry=CronEntry(job.path, job.schedule, Location("vercel.json", 1), "crons[0]"),
            schedule=Schedule.from_vercel(job.schedule),
            mode=Mode.BRIDGE,
        )
        for job in JOBS
    )
    current = SOURCE.current()
    assert current is not None
    return TickQuery(APP, jobs, current.ownership, first, first + MINUTE * MINUTES)

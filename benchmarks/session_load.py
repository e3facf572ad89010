"""Users who ask for sessions at a steady rate, over a slow event API that is away for a while.

Beside every session a bare function of as many steps is asked for over the same API, by a sender that
tries again: what the flow adds is the difference. Two relays of other processes are killed on the way.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import inngest
import inngest.fast_api
import uvicorn
from fastapi import FastAPI, Request, Response
from sqlalchemy import text

from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.server.endpoint import Endpoint
from cronshift.inngest_fns.sessions import FlowOptions, Item, enqueue_session, session_functions
from cronshift.runtime.held import Source
from cronshift.runtime.ownership import Epoch, Ownership, dump_ownership
from cronshift.sessions.flow import EVENT, SessionFlow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.sessions.scripts import Database

RATE = float(os.environ.get("CRONSHIFT_BENCH_RATE", "50"))  # sessions a second
SECONDS = float(os.environ.get("CRONSHIFT_BENCH_SECONDS", "60"))
AWAY = float(os.environ.get("CRONSHIFT_BENCH_AWAY", "20"))  # seconds in the middle
SLOW = 0.05  # seconds that the event API takes
SLOTS = 40  # runs at once, of sessions and of bare functions together
SERVER = os.environ.get("INNGEST_DEV_URL", "").rstrip(
    "/"
)  # a real one; else the executor runs them
BARE = "bare.requested"
ITEMS = 3

RELAY = """
import asyncio, sys
import inngest
from cronshift.inngest_fns.relay import relay
from cronshift.project.settings import parse_settings
from cronshift.sessions.flow import SessionFlow
from cronshift.sessions.scripts import open_database
database = open_database(parse_settings(open(sys.argv[1]).read()).sessions)
async def main():
    flow = SessionFlow("sessions", database.engine, database.mapped)
    client = inngest.Inngest(app_id="app")
    while True:
        try:
            await relay(flow, client)
        except Exception:
            pass
        await asyncio.sleep(0.5)
asyncio.run(main())
"""


@dataclass
class Load:
    """What a run of the load found; times in seconds."""

    asked: int = 0
    answered: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    items: Counter[str] = field(default_factory=Counter)
    bare: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)


class EventApi:
    """An event API as Inngest's: slow, away at times; an id that it has seen makes no second run."""

    def __init__(self, load: Load, loop: asyncio.AbstractEventLoop) -> None:
        self.away = False
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._load, self._loop = load, loop
        self._upstream = httpx.AsyncClient(timeout=60)
        self.app = FastAPI()
        self.app.post("/e/{key}")(self.take)

    async def take(self, request: Request) -> Any:
        """Take the events of one request."""
        events = await request.json()
        await asyncio.sleep(SLOW)
        if self.away:
            self._load.refused += 1
            return Response('{"error": "away", "ids": [], "status": 503}', 503)
        if SERVER:
            address = f"{SERVER}/e/{request.path_params['key']}"
            (await self._upstream.post(address, json=events)).raise_for_status()
        for event in events:
            self._load.sent[event["id"]] += 1
            if self._load.sent[event["id"]] == 1 and not SERVER:
                self._loop.call_soon_threadsafe(self.events.put_nowait, event)
        return {"ids": [event["id"] for event in events], "status": 200}


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an app on a free port, on a thread."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error")
    server, listener = uvicorn.Server(config), config.bind_socket()
    listener.listen(1024)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


async def drive(database: Database, settings: str) -> Load:
    """Let users ask, and process what they asked for, until all of it has ended."""
    load = Load()
    api = EventApi(load, asyncio.get_running_loop())
    epoch = Epoch(datetime.now(UTC) - timedelta(days=1), 100, "01")
    held = dump_ownership(Ownership(flows={"sessions": (epoch,)}))
    flow = SessionFlow("sessions", database.engine, database.mapped, source=Source(lambda: held))

    async def process(item: Item) -> None:
        load.items[item.key] += 1

    with serving(api.app) as address, contextlib.ExitStack() as stack:
        os.environ["INNGEST_DEV"] = address
        client = inngest.Inngest(
            app_id="app",
            api_base_url=SERVER or address,
            event_api_base_url=address,
            is_production=False,
            logger=logging.getLogger("bench"),
        )
        functions = session_functions(client, flow, process, FlowOptions(items="models"))
        served = FastAPI()
        inngest.fast_api.serve(served, client, [*functions, bare_function(client, load)])
        if SERVER:
            app = stack.enter_context(serving(served))
            async with httpx.AsyncClient(timeout=60) as browser:
                (await browser.put(f"{app}/api/inngest")).raise_for_status()
        relays = [
            await asyncio.create_subprocess_exec(sys.executable, "-c", RELAY, settings)
            for _ in range(2)
        ]
        async with Endpoint.asgi(served) as endpoint:
            engine = asyncio.create_task(process_events(endpoint, api))
            interrupting = asyncio.create_task(interrupt(api, relays))
            users = asyncio.create_task(ask(flow, client, load))
            bare = asyncio.create_task(ask_bare(client))
            await asyncio.gather(users, bare, interrupting)
            await until_ended(database, load)
            engine.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await engine
        for relay in relays:
            await relay.wait()
    return load


def bare_function(client: inngest.Inngest, load: Load) -> inngest.Function[Any]:
    """Return a function of as many steps as a session has, which tells when it began."""

    @client.create_function(fn_id="bare", trigger=inngest.TriggerEvent(event=BARE), retries=1)
    async def bare(ctx: inngest.Context) -> None:
        asked = float(str(ctx.event.data["asked"]))

        async def begin() -> None:
            load.bare.append(perf_counter() - asked)

        async def nothing() -> None:
            await asyncio.sleep(0)

        await ctx.step.run("begin", begin)
        for number in range(ITEMS + 2):
            await ctx.step.run(f"step {number}", nothing)

    return bare


async def at_a_rate() -> Any:
    """Yield at the rate of the load."""
    begun = perf_counter()
    for number in range(int(RATE * SECONDS)):
        await asyncio.sleep(max(0.0, begun + number / RATE - perf_counter()))
        yield number


async def ask(flow: SessionFlow, client: inngest.Inngest, load: Load) -> None:
    """Ask for sessions, whatever became of the requests before."""

    async def legacy(_: str) -> None:
        raise AssertionError("everybody is on the new path")

    async def request() -> None:
        began = perf_counter()
        values = {"models": '["a", "b", "c"]', "cost": ITEMS}
        await enqueue_session(flow, client, user_id="ada", cost=ITEMS, values=values, legacy=legacy)
        load.answered += 1
        load.answers.append(perf_counter() - began)

    async with asyncio.TaskGroup() as group:
        async for _ in at_a_rate():
            load.asked += 1
            group.create_task(request())


async def ask_bare(client: inngest.Inngest) -> None:
    """Ask for the bare function; try again while the event API is away."""

    async def request() -> None:
        event = inngest.Event(name=BARE, id=uuid4().hex, data={"asked": str(perf_counter())})
        while True:
            try:
                await client.send(event)
            except Exception:  # noqa: BLE001 - as a sender that does not give up
                await asyncio.sleep(1)
            else:
                return

    async with asyncio.TaskGroup() as group:
        async for _ in at_a_rate():
            group.create_task(request())


async def interrupt(api: EventApi, relays: list[asyncio.subprocess.Process]) -> None:
    """Take the event API away in the middle, and kill the relays while it is."""
    await asyncio.sleep((SECONDS - AWAY) / 2)
    api.away = True
    for relay in relays:
        await asyncio.sleep(AWAY / 2)
        relay.kill()
    api.away = False


async def process_events(endpoint: Endpoint, api: EventApi) -> None:
    """Run every event, so many at once."""
    gate = asyncio.Semaphore(SLOTS)
    names = {EVENT: "app-sessions", BARE: "app-bare"}

    async def run(event: dict[str, Any]) -> None:
        async with gate:
            await execute(endpoint, RunTarget(names[event["name"]], 1, None), event)

    async with asyncio.TaskGroup() as group:
        while True:
            group.create_task(run(await api.events.get()))


async def until_ended(database: Database, load: Load) -> None:
    """Wait until nothing is QUEUED or processed, and every bare function has begun."""
    running = text("SELECT count(*) FROM sessions WHERE status IN ('queued', 'generating')")

    def count() -> int:
        with database.engine.connect() as connection:
            return int(connection.execute(running).scalar_one())

    ends = perf_counter() + float(os.environ.get("CRONSHIFT_BENCH_DRAIN", "300"))
    while perf_counter() < ends:
        if not await asyncio.to_thread(count) and len(load.bare) >= load.asked:
            return
        await asyncio.sleep(0.5)


def percentiles(values: list[float]) -> tuple[float, float, float]:
    """Return p50, p95 and p99."""
    ordered = sorted(values) or [float("nan")]
    p50, p95, p99 = (
        ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95, 0.99)
    )
    return p50, p95, p99

"""What functions do, for both engines: served by the real SDK, and counted where they run."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import inngest
import inngest.fast_api
from fastapi import FastAPI

from cronshift.runtime import (
    Answer,
    Call,
    CallHandler,
    JobSpec,
    cancelled_runs,
    due,
    report_cancelled,
    report_failure,
)
from cronshift.runtime.calls import finished
from cronshift.runtime.held import SOURCE

APP = "behaviours"
EVERY_MINUTE = JobSpec(id="keeps-its-tick", path="/x", schedule="* * * * *")
QUEUING = JobSpec(id="queues", path="/x", schedule="* * * * *")
REPORTED = JobSpec(
    id="too-long", path="/x", schedule="* * * * *", heartbeat_env="BEHAVIOURS_HEARTBEAT"
)
GIVING_BACK = JobSpec(id="gives-back", path="/x", schedule="0 0 1 1 *")
ALWAYS = [{"effective_at": "2026-01-01T00:00:00Z", "percent": 100, "operation": "01"}]
VERCELS: dict[str, Any] = {"version": 1, "jobs": {QUEUING.id: ALWAYS, GIVING_BACK.id: ALWAYS}}
"""Of the job that keeps its tick every tick is Vercel's."""

INNGESTS: dict[str, Any] = {"version": 1, "jobs": {**VERCELS["jobs"], EVERY_MINUTE.id: ALWAYS}}


@dataclass
class Seen:
    """What happened in the functions.

    Attributes:
        calls: how often each thing was done.
        at_once: the most steps of a function that ran beside each other.
        cancelled: the functions whose cancelled runs were told.
        ticks: which runs took themselves to be for.
    """

    calls: Counter[str] = field(default_factory=Counter)
    at_once: Counter[str] = field(default_factory=Counter)
    running: Counter[str] = field(default_factory=Counter)
    cancelled: list[str] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    ticks: list[datetime] = field(default_factory=list)

    async def work(self, name: str, seconds: float = 0.0) -> str:
        self.calls[name] += 1
        self.running[name] += 1
        self.at_once[name] = max(self.at_once[name], self.running[name])
        await asyncio.sleep(seconds)
        self.running[name] -= 1
        return name


class Failing(CallHandler):
    """A job's handler whose first attempt fails, just after the file has changed owners."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.seen = seen

    async def send(self, call: Call) -> Answer:
        self.seen.calls["attempts"] += 1
        if self.seen.calls["attempts"] == 1:
            os.environ["CRONSHIFT_OWNERSHIP"] = json.dumps(VERCELS)
            SOURCE.forget()
            raise RuntimeError("the first attempt fails")
        self.seen.calls["work"] += 1
        return Answer(status=200, body=str(call.tick), bytes=0, cut=False)


def app(seen: Seen) -> FastAPI:
    """Return the app that serves every behaviour."""
    client = inngest.Inngest(app_id=APP)
    served = FastAPI()
    inngest.fast_api.serve(served, client, functions(client, seen))

    @served.get("/ping/fail")
    async def ping() -> None:
        seen.calls["/ping/fail"] += 1

    return served


def functions(client: inngest.Inngest, seen: Seen) -> list[inngest.Function[Any]]:  # noqa: C901, PLR0915 - one function a behaviour
    async def on_failure(ctx: inngest.Context) -> None:
        seen.calls[f"{ctx.event.data['function_id']} failed"] += 1

    def asked(name: str) -> inngest.TriggerEvent:
        return inngest.TriggerEvent(event=f"behaviours/{name}")

    @client.create_function(fn_id="plain", trigger=asked("plain"))
    async def plain(ctx: inngest.Context) -> str:
        return await seen.work("plain")

    @client.create_function(fn_id="steps", trigger=asked("steps"))
    async def steps(ctx: inngest.Context) -> str:
        await ctx.step.run("one", seen.work, "one")
        return await ctx.step.run("two", seen.work, "two")

    @client.create_function(fn_id="sleeps", trigger=asked("sleeps"))
    async def sleeps(ctx: inngest.Context) -> str:
        await ctx.step.sleep("nap", timedelta(seconds=2))
        return await ctx.step.run("awake", seen.work, "awake")

    @client.create_function(fn_id="flaky", trigger=asked("flaky"), retries=2)
    async def flaky(ctx: inngest.Context) -> str:
        async def fail_twice() -> str:
            if await seen.work("flaky") and seen.calls["flaky"] < 3:
                raise RuntimeError("not yet")
            return "done"

        await ctx.step.run("before", seen.work, "before")
        return await ctx.step.run("flaky", fail_twice)

    @client.create_function(
        fn_id="broken", trigger=asked("broken"), retries=1, on_failure=on_failure
    )
    async def broken(ctx: inngest.Context) -> None:
        async def fail() -> None:
            await seen.work("broken")
            raise RuntimeError("never")

        await ctx.step.run("broken", fail)

    @client.create_function(
        fn_id="refuses", trigger=asked("refuses"), retries=3, on_failure=on_failure
    )
    async def refuses(ctx: inngest.Context) -> None:
        await seen.work("refuses")
        raise inngest.NonRetriableError("no use")

    @client.create_function(
        fn_id="too-long",
        trigger=asked("too-long"),
        retries=3,
        timeouts=inngest.Timeouts(finish=timedelta(seconds=2)),
        on_failure=on_failure,
    )
    async def too_long(ctx: inngest.Context) -> str:
        return await ctx.step.run("work", seen.work, "too-long", 5.0)

    @client.create_function(fn_id="beside", trigger=asked("beside"))
    async def beside(ctx: inngest.Context) -> None:
        await ctx.group.parallel(_three(ctx, seen, "beside"))

    @client.create_function(
        fn_id="one-by-one",
        trigger=asked("one-by-one"),
        concurrency=[inngest.Concurrency(limit=1)],
    )
    async def one_by_one(ctx: inngest.Context) -> None:
        await ctx.group.parallel(_three(ctx, seen, "one-by-one"))

    handler = Failing(seen)

    @client.create_function(
        fn_id=EVERY_MINUTE.id,
        trigger=inngest.TriggerCron(cron="TZ=UTC * * * * *"),
        retries=2,
    )
    async def keeps_its_tick(ctx: inngest.Context) -> Any:
        call = Call.of(EVERY_MINUTE, ctx)
        seen.ticks.append(call.tick)
        if skipped := await due(ctx, call):
            seen.calls[f"skipped: {skipped['skipped']}"] += 1
            return skipped
        return await ctx.step.run("call", handler.answer, call.begun)

    @client.create_function(
        fn_id="skips", trigger=asked("skips"), singleton=inngest.Singleton(mode="skip"), retries=1
    )
    async def skips(ctx: inngest.Context) -> None:
        await _two_steps(ctx, seen, "skips")

    @client.create_function(
        fn_id="interleaves",
        trigger=asked("interleaves"),
        concurrency=[inngest.Concurrency(limit=1)],
        retries=1,
    )
    async def interleaves(ctx: inngest.Context) -> None:
        await _two_steps(ctx, seen, "interleaves")

    @client.create_function(
        fn_id=QUEUING.id,
        trigger=inngest.TriggerCron(cron="TZ=UTC * * * * *"),
        concurrency=[inngest.Concurrency(limit=1)],
    )
    async def queues(ctx: inngest.Context) -> None:
        call = Call.of(QUEUING, ctx)
        if await due(ctx, call):
            return

        async def note(part: str) -> None:
            seen.order.append(f"{call.tick:%H:%M} {part}")

        await ctx.step.run("first", note, "first")
        await ctx.step.sleep("between", timedelta(seconds=50))
        await ctx.step.run("second", note, "second")
        await finished(call, "CRON_SECRET")

    async def give_back(ctx: inngest.Context) -> None:
        await report_failure(GIVING_BACK, ctx)

    @client.create_function(
        fn_id=GIVING_BACK.id,
        trigger=inngest.TriggerCron(cron="TZ=UTC 0 0 1 1 *"),
        on_failure=give_back,
    )
    async def gives_back(ctx: inngest.Context) -> None:
        assert await due(ctx, Call.of(GIVING_BACK, ctx)) is None
        raise inngest.NonRetriableError("no use")

    @client.create_function(fn_id="cronshift-cancelled", trigger=cancelled_runs(client, [REPORTED]))
    async def cancelled(ctx: inngest.Context) -> str:
        told = await report_cancelled(client, [REPORTED], ctx)
        seen.cancelled.append(str(ctx.event.data["function_id"]))
        return told

    return [value for value in locals().values() if isinstance(value, inngest.Function)]


async def _two_steps(ctx: inngest.Context, seen: Seen, name: str) -> None:
    """Work in two steps, the first of which fails once in every run."""

    async def first() -> None:
        seen.order.append(f"{ctx.run_id} first")
        if ctx.attempt == 0:
            raise RuntimeError("once")

    async def second() -> None:
        seen.order.append(f"{ctx.run_id} second")

    await ctx.step.run("first", first)
    await ctx.step.run("second", second)
    await seen.work(name)


def _three(ctx: inngest.Context, seen: Seen, name: str) -> Any:
    return tuple(
        (lambda number=number: ctx.step.run(f"step {number}", seen.work, name, 0.7))
        for number in range(3)
    )

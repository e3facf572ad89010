"""A Python endpoint with a function for every kind of step and of failure."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import inngest
import inngest.fast_api
import pytest
from fastapi import FastAPI

from cronshift.engine.executor.clock import Clock
from cronshift.engine.executor.engine import RunTarget, Surroundings, execute
from cronshift.engine.executor.events import Receiver, custom_event
from cronshift.engine.server.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cronshift.engine.executor.runs import Run

TICK = inngest.TriggerCron(cron="TZ=UTC 0 6 * * *")
WOKEN = datetime(2099, 1, 1, tzinfo=UTC)


class Python:
    """Functions served by the real SDK, in process; ``calls`` counts what ran."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[str] = Counter()
        self.seen: list[Any] = []
        self.receiver = Receiver()
        self._patch = monkeypatch

    def run(
        self,
        name: str,
        *,
        attempts: int = 4,
        replies: Sequence[dict[str, Any]] = (),
        data: dict[str, Any] | None = None,
        observe: Callable[[Run], None] = lambda _: None,
        **target: Any,
    ) -> Run:
        """Run a function to its end, waits passed over."""

        async def drive() -> Run:
            async with self.receiver.listening():
                self._patch.setenv("INNGEST_DEV", self.receiver.url)
                app = FastAPI()
                client = inngest.Inngest(app_id="check")
                inngest.fast_api.serve(app, client, functions(client, self))
                around = Surroundings(Clock(), self.receiver, replies, observe)
                aim = RunTarget(f"check-{name}", attempts, **target)
                event = custom_event("check/start", data or {}, datetime.now(UTC))
                async with Endpoint.asgi(app) as endpoint:
                    return await execute(endpoint, aim, event, around)

        return asyncio.run(drive())

    def count(self, name: str) -> int:
        self.calls[name] += 1
        return self.calls[name]


@pytest.fixture
def python(monkeypatch: pytest.MonkeyPatch) -> Python:
    return Python(monkeypatch)


def functions(client: inngest.Inngest, told: Python) -> list[inngest.Function[Any]]:  # noqa: C901, PLR0915 - one function a kind
    async def handle_failure(ctx: inngest.Context) -> str:
        told.seen.append(ctx.event)
        return await ctx.step.run("clean up", say, "cleaned")

    async def say(text: str) -> str:
        told.count(text)
        return text

    async def fail_until(name: str, good: int) -> int:
        if (number := told.count(name)) < good:
            raise RuntimeError(f"{name} fails, number {number}")
        return number

    @client.create_function(fn_id="plain", trigger=TICK)
    async def plain(ctx: inngest.Context) -> Any:
        told.seen.append(ctx)
        return {"said": ctx.event.name, "data": dict(ctx.event.data)}

    @client.create_function(fn_id="steps", trigger=TICK)
    async def steps(ctx: inngest.Context) -> str:
        one = await ctx.step.run("one", say, "a")
        two = await ctx.step.run("two", say, one + "b")
        return await ctx.step.run("two", say, two + "c")  # an id in use twice

    @client.create_function(fn_id="parallel", trigger=TICK)
    async def parallel(ctx: inngest.Context) -> list[str]:
        def saying(text: str) -> Callable[[], Awaitable[str]]:
            return lambda: ctx.step.run(f"say {text}", say, text)

        said = await ctx.group.parallel(tuple(map(saying, "abc")))
        last = await ctx.step.run("last", say, "d")
        return [*said, last]

    @client.create_function(fn_id="mixed", trigger=TICK)
    async def mixed(ctx: inngest.Context) -> list[Any]:
        done = await ctx.group.parallel(
            (
                lambda: ctx.step.sleep("nap", timedelta(hours=1)),
                lambda: ctx.step.run("work", say, "worked"),
            )
        )
        return list(done)

    @client.create_function(fn_id="sleeps", trigger=TICK)
    async def sleeps(ctx: inngest.Context) -> str:
        await ctx.step.sleep("nap", timedelta(hours=2))
        await ctx.step.sleep_until("long nap", WOKEN)
        return "awake"

    @client.create_function(fn_id="waits", trigger=TICK)
    async def waits(ctx: inngest.Context) -> Any:
        came = await ctx.step.wait_for_event(
            "answer",
            event="check/answer",
            timeout=timedelta(hours=1),
            if_exp="async.data.id == event.data.id",
        )
        return came.data if came else None

    @client.create_function(fn_id="sends", trigger=TICK)
    async def sends(ctx: inngest.Context) -> int:
        events = [inngest.Event(name="check/sent", data={"number": n}) for n in (1, 2)]
        return len(await ctx.step.send_event("send", events))

    @client.create_function(fn_id="talks-to-itself", trigger=TICK)
    async def talks(ctx: inngest.Context) -> Any:
        def wait() -> Any:
            return ctx.step.wait_for_event("hear", event="check/word", timeout=timedelta(hours=1))

        heard, _ = await ctx.group.parallel(
            (
                wait,
                lambda: ctx.step.send_event("speak", inngest.Event(name="check/word")),
            )
        )
        return heard is not None

    @client.create_function(fn_id="invokes", trigger=TICK)
    async def invokes(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke("call", function=plain, data={"by": "invokes"})

    @client.create_function(fn_id="invokes-broken", trigger=TICK)
    async def invokes_broken(ctx: inngest.Context) -> str:
        try:
            await ctx.step.invoke("call", function=non_retriable)
        except inngest.StepError as error:
            return f"caught: {error.message}"
        return "nothing to catch"

    @client.create_function(fn_id="flaky-step", trigger=TICK)
    async def flaky_step(ctx: inngest.Context) -> int:
        await ctx.step.run("before", say, "before")
        return await ctx.step.run("flaky", fail_until, "flaky", 3)

    @client.create_function(fn_id="flaky", trigger=TICK)
    async def flaky(ctx: inngest.Context) -> int:
        told.seen.append(ctx.attempt)
        return await fail_until("flaky", 3)

    @client.create_function(fn_id="flaky-parallel", trigger=TICK)
    async def flaky_parallel(ctx: inngest.Context) -> list[Any]:
        done = await ctx.group.parallel(
            (
                lambda: ctx.step.run("flaky", fail_until, "flaky", 2),
                lambda: ctx.step.run("fine", fail_until, "fine", 1),
            )
        )
        return list(done)

    @client.create_function(fn_id="broken", trigger=TICK, on_failure=handle_failure)
    async def broken(ctx: inngest.Context) -> int:
        return await ctx.step.run("broken", fail_until, "broken", 99)

    @client.create_function(fn_id="catches", trigger=TICK)
    async def catches(ctx: inngest.Context) -> str:
        try:
            await ctx.step.run("broken", fail_until, "broken", 99)
        except inngest.StepError as error:
            return await ctx.step.run("instead", say, error.message)
        return "nothing to catch"

    @client.create_function(fn_id="non-retriable", trigger=TICK, on_failure=handle_failure)
    async def non_retriable(ctx: inngest.Context) -> None:
        told.count("non-retriable")
        raise inngest.NonRetriableError("no use")

    @client.create_function(fn_id="non-retriable-step", trigger=TICK)
    async def non_retriable_step(ctx: inngest.Context) -> None:
        async def refuse() -> None:
            told.count("refused")
            raise inngest.NonRetriableError("no use in a step")

        await ctx.step.run("refuse", refuse)

    @client.create_function(fn_id="later", trigger=TICK)
    async def later(ctx: inngest.Context) -> str:
        if told.count("later") == 1:
            raise inngest.RetryAfterError("busy", timedelta(seconds=90))
        return "done"

    @client.create_function(fn_id="nested", trigger=TICK)
    async def nested(ctx: inngest.Context) -> Any:
        async def outer() -> Any:
            return await ctx.step.run("inner", say, "inner")

        return await ctx.step.run("outer", outer)

    @client.create_function(fn_id="no-json", trigger=TICK)
    async def no_json(ctx: inngest.Context) -> Any:
        told.count("no-json")
        return object()

    @client.create_function(fn_id="huge", trigger=TICK)
    async def huge(ctx: inngest.Context) -> str:
        return await ctx.step.run("huge", say, "x" * (4 * 1024 * 1024))

    return [value for value in locals().values() if isinstance(value, inngest.Function)]

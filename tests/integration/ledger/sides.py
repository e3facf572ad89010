"""Both sides of one job of every minute: an app behind its guard, and the function beside it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import inngest
import inngest.fast_api
import time_machine
from fastapi import FastAPI, Response
from tests.integration.sockets import serving

from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.executor.events import tick_event
from cronshift.engine.server.endpoint import Endpoint
from cronshift.runtime import Answer, Bridge, Call, Guard, JobSpec, due
from cronshift.runtime.held import SOURCE, Source
from cronshift.runtime.ownership import Epoch, Owner, Ownership, dump_ownership

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from cronshift.engine.executor.runs import Run

JOB = JobSpec(id="tally", path="/api/cron/tally", schedule="* * * * *")
VERCEL = {
    "user-agent": "vercel-cron/1.0",
    "x-vercel-cron-schedule": "* * * * *",
    "authorization": "Bearer s3cret",
}
FIRST = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
TICKS = [FIRST + timedelta(minutes=n) for n in range(60)]
LATE_VERCEL, LATE_INNGEST = timedelta(seconds=38), timedelta(seconds=1.2)


def ownership(percent: int, owner: Owner | None = None) -> str:
    """Return the file by which a share of the ticks is Inngest's."""
    return dump_ownership(
        Ownership({JOB.id: (Epoch(FIRST - timedelta(days=1), percent, "01", owner),)})
    )


def use(patch: pytest.MonkeyPatch, ledger: str, percent: int = 0) -> None:
    """Set what both sides find in their environment."""
    patch.setenv("CRON_SECRET", "s3cret")
    patch.setenv("INNGEST_DEV", "1")
    patch.setenv("CRONSHIFT_LEDGER_URL", ledger)
    patch.setenv("CRONSHIFT_OWNERSHIP", ownership(percent))
    SOURCE.forget()


@contextmanager
def standing(source_text: str | None = None) -> Iterator[Sides]:
    """Serve the app, its guard before it, for as long as a test wants.

    Args:
        source_text: the ownership file of the guard, where it is not the functions' too.
    """
    source = SOURCE if source_text is None else Source(lambda: source_text)
    guard, app = Guard(JOB, source=source), FastAPI()
    app.add_middleware(guard.asgi)

    @app.get(JOB.path)
    def tally(response: Response) -> dict[str, int]:
        sides.calls.append(datetime.now(UTC))
        response.status_code = sides.statuses.pop() if sides.statuses else 200
        return {"checked": len(sides.calls)}

    with serving(app) as address:
        sides = Sides(address)
        yield sides


@dataclass
class Sides:
    """The app and the endpoint, and what the handler was called for."""

    app_url: str
    calls: list[datetime] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    async def vercel(self, tick: datetime, late: timedelta = LATE_VERCEL) -> httpx.Response:
        """Call as Vercel's cron does for a tick."""
        with time_machine.travel(tick + late, tick=False):
            async with httpx.AsyncClient(base_url=self.app_url, trust_env=False) as http:
                return await http.get(JOB.path, headers=VERCEL)

    async def inngest(self, tick: datetime, late: timedelta = LATE_INNGEST) -> Run:
        """Let the engine's tick come."""
        event = tick_event("TZ=UTC * * * * *", tick, tick + late - timedelta(seconds=0.2))
        del event["data"]["cronshift"]  # the schedule's own
        with time_machine.travel(tick + late, tick=False):
            async with Endpoint.asgi(self.functions()) as endpoint:
                target = RunTarget(f"sides-{JOB.id}", 2, has_failure_handler=False)
                return await execute(endpoint, target, event)

    def functions(self) -> FastAPI:
        app = FastAPI()
        client = inngest.Inngest(app_id="sides")
        bridge = Bridge(base_url=self.app_url)

        @client.create_function(fn_id=JOB.id, trigger=inngest.TriggerCron(cron="TZ=UTC * * * * *"))
        async def tally(ctx: inngest.Context) -> Answer:
            call = Call.of(JOB, ctx)
            if skipped := await due(ctx, call, bridge):
                return skipped
            return await ctx.step.run("call", bridge.answer, call.begun)

        inngest.fast_api.serve(app, client, [tally])
        return app

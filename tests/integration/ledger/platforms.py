"""Inngest's API and Vercel's log in the shapes that are published, over a world that is made up.

The world knows the fate of each tick; its servers tell no more than the real ones do.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse

from cronshift.observing.fates import Fate
from cronshift.runtime.ownership import Epoch, Owner, Ownership

if TYPE_CHECKING:
    from cronshift.model import Job

START = datetime(2026, 11, 20, tzinfo=UTC)
KEY = "signkey-test-0123456789abcdef"
TOKEN = "vercel-token"
_KINDS = [Fate.ON_TIME] * 12 + [Fate.LATE, Fate.MISSED, Fate.DOUBLED, Fate.FAILED, Fate.SKIPPED]


def iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class World:
    """What happened, and what each platform has written down of it.

    Attributes:
        traces: whether the traces of runs tell the event they began with, and the output.
        saves_steps: whether runs save their steps on the way, so that only their traces have the output.
    """

    jobs: tuple[Job, ...]
    ownership: Ownership
    fates: dict[tuple[str, datetime], Fate] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    events: dict[str, datetime] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    traces: bool = True
    saves_steps: bool = False
    outputs: dict[str, object] = field(default_factory=dict)

    def run(self, job: str, tick: datetime, queued: datetime, status: str, output: object) -> None:
        """Write a run down, as Inngest's API tells it."""
        number = f"01RUN{len(self.runs):08}"
        self.events[number] = tick
        self.outputs[number] = output
        ended = {} if status in {"QUEUED", "RUNNING"} else {"endedAt": iso(queued + SECOND)}
        self.runs.append(
            {
                "id": number,
                "app": {"id": "app"},
                "function": {"id": job, "name": job},
                "status": status,
                "queuedAt": iso(queued),
                "startedAt": iso(queued + timedelta(milliseconds=40)),
                "trigger": {"cronSchedule": "TZ=UTC * * * * *", "eventIds": [f"01EVENT{number}"]},
                "output": "" if self.saves_steps else output,
                **ended,
            }
        )

    def row(self, path: str, at: datetime, status: int, method: str = "GET") -> None:
        """Write a request down, as Vercel's log tells it."""
        self.rows.append(
            {
                "requestId": f"iad1::{len(self.rows):08}",
                "timestamp": iso(at),
                "deploymentId": "dpl_1",
                "requestMethod": method,
                "requestPath": path,
                "statusCode": status,
                "environment": "production",
                "domain": "app.example.com",
                "logs": [],
                "events": [{"source": "serverless"}],
            }
        )


SECOND = timedelta(seconds=1)


def make_world(jobs: tuple[Job, ...], ticks: int, seed: int) -> World:
    """Return a world in which every kind of fate has happened, on both sides."""
    chance = random.Random(seed)  # noqa: S311 - a simulation, repeatable
    owners = {
        job.id: (Epoch(START - timedelta(days=9), (0, 50, 100)[index % 3], "01"),)
        for index, job in enumerate(jobs)
    }
    world = World(jobs, Ownership(owners))
    for job in jobs:
        assert job.schedule is not None
        upcoming = job.schedule.after(START)
        for _ in range(ticks // len(jobs)):
            _happen(world, job, next(upcoming), chance)
    return world


def _happen(world: World, job: Job, tick: datetime, chance: random.Random) -> None:
    by_inngest = world.ownership.owner(job.id, tick) is Owner.INNGEST
    kind = chance.choice(_KINDS)
    if kind is Fate.SKIPPED and not by_inngest:
        kind = Fate.ON_TIME  # a call of Vercel's never skips a tick of its own
    world.fates[job.id, tick] = kind
    if by_inngest:
        _by_inngest(world, job, tick, kind, chance)
    else:
        _by_vercel(world, job, tick, kind, chance)


def _by_inngest(world: World, job: Job, tick: datetime, kind: Fate, chance: random.Random) -> None:
    queued = tick + timedelta(milliseconds=chance.uniform(-17, 1500))
    done = {"status": 200, "body": {"checked": 1}, "bytes": 13, "cut": False}
    world.row(job.entry.path, tick + chance.uniform(1, 55) * SECOND, 200)  # Vercel's guard skips
    match kind:
        case Fate.ON_TIME:
            world.run(job.id, tick, queued, "COMPLETED", done)
        case Fate.LATE:
            late = timedelta(seconds=chance.uniform(61, 240))
            world.run(job.id, tick, tick + late, "COMPLETED", done)
        case Fate.DOUBLED:
            world.run(job.id, tick, queued, "COMPLETED", done)
            world.run(job.id, tick, queued + SECOND, "COMPLETED", done)
        case Fate.FAILED:
            status = chance.choice(["FAILED", "CANCELLED"])
            world.run(job.id, tick, queued, status, {"name": "Error", "message": "no"})
        case Fate.SKIPPED:
            reason = "stale: due 2026-11-20 00:00 UTC, 1:00:00 ago"
            world.run(job.id, tick, queued, "COMPLETED", {"skipped": reason})
        case _:
            pass


def _by_vercel(world: World, job: Job, tick: datetime, kind: Fate, chance: random.Random) -> None:
    queued = tick + timedelta(milliseconds=chance.uniform(-17, 1500))
    world.run(job.id, tick, queued, "COMPLETED", {"skipped": "owner vercel"})
    world.row(job.entry.path, tick + chance.uniform(1, 55) * SECOND, 204, "OPTIONS")  # a look
    called = tick + chance.uniform(1, 55) * SECOND
    match kind:
        case Fate.ON_TIME:
            world.row(job.entry.path, called, 200)
        case Fate.LATE:
            world.row(job.entry.path, tick + chance.uniform(61, 170) * SECOND, 200)
        case Fate.DOUBLED:
            world.row(job.entry.path, called, 200)
            world.row(job.entry.path, called + SECOND, 200)
        case Fate.FAILED:
            world.row(job.entry.path, called, chance.choice([500, 504, 401, 308]))
        case _:
            pass


def inngest(world: World) -> FastAPI:
    """Return Inngest's API of the world (facts: operate 1; the published documents)."""
    app = FastAPI()

    @app.get("/api/v2/apps/{app_id}/functions/{function}/runs")
    async def runs(
        app_id: str, function: str, request: Request, authorization: Annotated[str, Header()] = ""
    ) -> Any:
        if authorization != f"Bearer {KEY}":
            return JSONResponse({"errors": [{"code": "unauthorized", "message": "no"}]}, 401)
        query = request.query_params
        since, until = (datetime.fromisoformat(query[name]) for name in ("from", "until"))
        rows = sorted(
            (
                run
                for run in world.runs
                if run["function"]["id"] == function
                and since <= datetime.fromisoformat(run["queuedAt"]) <= until
            ),
            key=lambda run: str(run["queuedAt"]),
        )
        first, limit = int(query.get("cursor", 0)), int(query["limit"])
        more = first + limit < len(rows)
        page: dict[str, Any] = {"limit": limit, "hasMore": more}
        if more:
            page["cursor"] = str(first + limit)
        return {"data": rows[first : first + limit], "page": page, "metadata": {}}

    @app.get("/api/v2/runs/{run_id}/trace")
    async def trace(run_id: str) -> Any:
        tick = iso(world.events[run_id])
        event = {"name": "inngest/scheduled.timer", "data": {"scheduledAt": tick}}
        output = world.outputs[run_id]
        given = {"input": {"data": [event]}, "output": output} if world.traces else {}
        return {"data": {"runId": run_id, "rootSpan": {"name": "Run", **given}}}

    return app


def vercel(world: World, page_size: int = 100) -> FastAPI:
    """Return Vercel's log of the world (facts: operate 2; what its command line reads)."""
    app = FastAPI()

    @app.get("/api/logs/request-logs")
    async def requests(request: Request, authorization: Annotated[str, Header()] = "") -> Any:
        if authorization != f"Bearer {TOKEN}":
            return JSONResponse({"error": {"code": "forbidden"}}, 403)
        query = request.query_params
        assert (query["projectId"], query["ownerId"]) == ("prj_1", "team_1")
        since, until = (
            datetime.fromtimestamp(int(query[name]) / 1000, UTC)
            for name in ("startDate", "endDate")
        )
        rows = sorted(
            (
                row
                for row in world.rows
                if since <= datetime.fromisoformat(row["timestamp"]) <= until
            ),
            key=lambda row: str(row["timestamp"]),
            reverse=True,
        )
        first = int(query["page"]) * page_size
        return {
            "rows": rows[first : first + page_size],
            "hasMoreRows": first + page_size < len(rows),
        }

    return app

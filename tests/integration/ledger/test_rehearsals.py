"""Rehearsals: the side that stands by runs the handler's dry run, and what it raises reaches nobody."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import httpx
import inngest
import inngest.fast_api
import pytest
import time_machine
from fastapi import FastAPI, Request, Response
from tests.integration.ledger.sides import FIRST, JOB, VERCEL, ownership, use
from tests.integration.sockets import serving

from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.executor.events import tick_event
from cronshift.engine.server.endpoint import Endpoint
from cronshift.runtime import Answer, Bridge, Call, Guard, due, recording, rehearse
from cronshift.runtime.dry_runs import goes_first
from cronshift.runtime.held import SOURCE
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.store.ledger import read_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cronshift.engine.executor.runs import Run

MINUTE = timedelta(minutes=1)
DRY = replace(JOB, rehearsal="?dry_run=1", rehearsal_ignore=("took",))
WET = b'{"checked": 7, "took": 1}'


@dataclass
class Rehearsing:
    """An app behind its guard whose handler knows a dry run, and the function beside it."""

    address: str = ""
    asked: list[str] = field(default_factory=list)
    status: int = 200

    @property
    def dry(self) -> list[str]:
        return [target for target in self.asked if "dry_run=1" in target]

    async def vercel(self) -> httpx.Response:
        with time_machine.travel(FIRST + timedelta(seconds=20), tick=False):
            async with httpx.AsyncClient(base_url=self.address, trust_env=False) as http:
                return await http.get(JOB.path, headers=VERCEL)

    async def inngest(self) -> Run:
        event = tick_event("TZ=UTC * * * * *", FIRST, FIRST + timedelta(seconds=1))
        del event["data"]["cronshift"]
        with time_machine.travel(FIRST + timedelta(seconds=1.2), tick=False):
            async with Endpoint.asgi(self.functions()) as endpoint:
                return await execute(
                    endpoint, RunTarget(f"sides-{JOB.id}", 2, has_failure_handler=False), event
                )

    def functions(self) -> FastAPI:
        app, client = FastAPI(), inngest.Inngest(app_id="sides")
        bridge = Bridge(base_url=self.address)

        @client.create_function(fn_id=JOB.id, trigger=inngest.TriggerCron(cron="TZ=UTC * * * * *"))
        async def tally(ctx: inngest.Context) -> Answer:
            call = Call.of(DRY, ctx)
            if skipped := await due(ctx, call, bridge):
                return skipped
            answer = await ctx.step.run("call", bridge.answer, call.begun)
            await rehearse(ctx, call, bridge)
            return answer

        inngest.fast_api.serve(app, client, [tally])
        return app


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    use(monkeypatch, url)
    yield url
    SOURCE.forget()


@pytest.fixture
def app(url: str) -> Iterator[Rehearsing]:
    sides, server = Rehearsing(), FastAPI()
    server.add_middleware(Guard(DRY).asgi)

    @server.get(JOB.path)
    def tally(request: Request, response: Response, dry_run: bool = False) -> dict[str, Any]:
        query = f"?{request.url.query}" if request.url.query else ""
        sides.asked.append(request.url.path + query)
        response.status_code = sides.status if dry_run else 200
        return {"checked": 7, "took": len(sides.asked)}

    with serving(server) as address:
        sides.address = address
        yield sides


def kept(url: str) -> list[TickRecord]:
    recorder = recording.recorder("CRON_SECRET")
    assert recorder is not None
    assert recorder.flush(10)
    return read_ledger(url, FIRST - MINUTE, FIRST + MINUTE)


def over(url: str, count: int) -> list[TickRecord]:
    """Return the records once so many have ended."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        records = kept(url)
        if sum(record.ended is not None for record in records) >= count:
            return records
        Event().wait(0.02)
    raise TimeoutError


def in_role(records: list[TickRecord], role: Role) -> dict[Side, TickRecord]:
    return {record.side: record for record in records if record.role is role}


def test_the_function_that_stands_by_rehearses_what_vercel_runs(app: Rehearsing, url: str) -> None:
    run = asyncio.run(app.inngest())
    assert run.output == {"skipped": "owner vercel"}
    assert app.asked == [f"{JOB.path}?dry_run=1"]
    (record,) = kept(url)
    assert (record.side, record.role, record.status) == (
        Side.INNGEST,
        Role.REHEARSED,
        TickStatus.COMPLETED,
    )
    assert (record.http_status, record.numbers) == (200, {"checked": 7.0, "took": 1.0})
    assert record.seen["reason"] == "owner vercel"
    assert record.seen["app"] == "file"
    assert "answer checked" in record.seen
    assert "answer took" not in record.seen
    assert record.arrived - record.tick == timedelta(seconds=1.2)


def test_what_it_finds_when_the_other_acts_is_told_and_fails_nothing(
    app: Rehearsing, url: str
) -> None:
    app.status = 500
    run = asyncio.run(app.inngest())
    assert run.output == {"skipped": "owner vercel"}
    (record,) = kept(url)
    assert (record.role, record.status, record.http_status) == (
        Role.REHEARSED,
        TickStatus.FAILED,
        500,
    )
    assert len(app.asked) == 1


def test_the_order_is_that_of_a_coin(app: Rehearsing, url: str) -> None:
    coins = [goes_first(JOB.id, FIRST + MINUTE * number) for number in range(1_000)]
    assert 400 < sum(coins) < 600
    run = asyncio.run(app.inngest())
    waited = [step for step in run.steps if step.id == "let Vercel go first"]
    assert bool(waited) is not goes_first(JOB.id, FIRST)
    assert kept(url)


def test_the_guard_that_stands_by_rehearses_what_inngest_runs(
    app: Rehearsing, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", ownership(100))
    SOURCE.forget()
    app.status = 500
    response = asyncio.run(app.vercel())
    assert (response.status_code, response.json()) == (200, {"skipped": "owner inngest"})
    assert app.asked == [f"{JOB.path}?dry_run=1"]
    (record,) = kept(url)
    assert (record.side, record.role, record.status, record.http_status) == (
        Side.VERCEL,
        Role.REHEARSED,
        TickStatus.FAILED,
        500,
    )
    assert record.seen["reason"] == "owner inngest"


@pytest.mark.parametrize("percent", [0, 100])
def test_who_acts_rehearses_behind_its_answer_which_shows_what_differs_by_itself(
    app: Rehearsing, url: str, monkeypatch: pytest.MonkeyPatch, percent: int
) -> None:
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", ownership(percent))
    SOURCE.forget()
    if percent:
        answer = asyncio.run(app.inngest()).output
        assert answer["body"] == {"checked": 7, "took": 1}
    else:
        assert asyncio.run(app.vercel()).json() == {"checked": 7, "took": 1}
    records = over(url, 2)  # the answer is there before its rehearsal
    assert app.asked == [JOB.path, f"{JOB.path}?dry_run=1"]
    acted, rehearsed = (in_role(records, role) for role in (Role.ACTED, Role.REHEARSED))
    (side,) = acted
    assert side is (Side.INNGEST if percent else Side.VERCEL)
    assert rehearsed[side].run_id == f"{acted[side].run_id}-rehearsal"
    assert "reason" not in rehearsed[side].seen
    assert rehearsed[side].seen == acted[side].seen


def test_without_a_ledger_nothing_is_rehearsed(
    app: Rehearsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRONSHIFT_LEDGER_URL")
    asyncio.run(app.inngest())
    asyncio.run(app.vercel())
    assert app.asked == [JOB.path]


def test_a_paused_tick_is_not_rehearsed(
    app: Rehearsing, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cronshift.runtime.ownership import Owner

    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", ownership(0, Owner.NOBODY))
    SOURCE.forget()
    asyncio.run(app.inngest())
    asyncio.run(app.vercel())
    assert app.asked == []
    assert {record.role for record in kept(url)} == {Role.STOOD_BY}


def test_a_job_that_declares_none_is_never_asked_for_one(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", ownership(100))
    SOURCE.forget()
    asked: list[str] = []
    server = FastAPI()
    server.add_middleware(Guard(JOB).asgi)

    @server.get(JOB.path)
    def tally(request: Request) -> None:
        asked.append(str(request.url))

    with serving(server) as address:
        asyncio.run(Rehearsing(address).vercel())
    assert asked == []
    assert [record.role for record in kept(url)] == [Role.STOOD_BY]


def guard(header: bool) -> Guard:
    job = replace(DRY, rehearsal="X-Dry-Run: 1") if header else DRY
    return Guard(job, clock=lambda: FIRST + timedelta(seconds=20))


@pytest.mark.parametrize("percent", [0, 100])
@pytest.mark.parametrize("header", [False, True], ids=["parameter", "header"])
def test_a_wsgi_app_is_rehearsed_too(
    url: str, monkeypatch: pytest.MonkeyPatch, percent: int, header: bool
) -> None:
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", ownership(percent))
    SOURCE.forget()
    asked: list[bool] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        is_dry = environ.get("HTTP_X_DRY_RUN") == "1" or environ["QUERY_STRING"] == "dry_run=1"
        asked.append(is_dry)
        if is_dry:
            raise RuntimeError("a dry run that fails")
        start_response("200 OK", [("Content-Type", "application/json")])
        return [WET]

    environ = {
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": JOB.path,
        "QUERY_STRING": "",
        "HTTP_USER_AGENT": VERCEL["user-agent"],
        "HTTP_AUTHORIZATION": VERCEL["authorization"],
    }
    chunks = guard(header).wsgi(app)(environ, lambda *_: None)
    body = b"".join(chunks)
    getattr(chunks, "close", lambda: None)()
    assert body == (b'{"skipped": "owner inngest"}' if percent else WET)
    assert asked == ([True] if percent else [False, True])
    rehearsed = in_role(kept(url), Role.REHEARSED)[Side.VERCEL]
    assert (rehearsed.status, rehearsed.error_class) == (TickStatus.FAILED, "RuntimeError")


@pytest.mark.parametrize("percent", [0, 100])
@pytest.mark.parametrize("header", [False, True], ids=["parameter", "header"])
def test_a_class_is_rehearsed_too(
    url: str, monkeypatch: pytest.MonkeyPatch, percent: int, header: bool
) -> None:
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", ownership(percent))
    SOURCE.forget()
    asked: list[bool] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("x-dry-run") == "1" or "?dry_run=1" in self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(WET)))
            self.end_headers()
            self.wfile.write(WET)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), guard(header).handler(Handler))
    thread = Thread(target=server.handle_request)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}{JOB.path}"
    response = httpx.get(address, headers=VERCEL, trust_env=False)
    thread.join()
    server.server_close()
    assert response.content == (b'{"skipped": "owner inngest"}' if percent else WET)
    assert asked == ([True] if percent else [False, True])
    rehearsed = in_role(kept(url), Role.REHEARSED)[Side.VERCEL]
    assert (rehearsed.status, rehearsed.size) == (TickStatus.COMPLETED, len(WET))

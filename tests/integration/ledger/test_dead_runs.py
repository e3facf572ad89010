"""Runs that die leave a letter where the ledger is, and neither a job nor a person waits for it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import inngest
import inngest.fast_api
import pytest
from fastapi import FastAPI, Request
from tests.integration.sockets import serving

from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.executor.events import tick_event
from cronshift.engine.server.endpoint import Endpoint
from cronshift.runtime import JobSpec, cancelled_runs, report_cancelled, report_failure
from cronshift.runtime.dead_letters import DeadLetter, as_document, parse_letter
from cronshift.runtime.ledger import TickStatus
from cronshift.runtime.letter_keeping import letter_of
from cronshift.runtime.store.dead_letters import DeadLetters
from cronshift.runtime.tell import TellOwnership

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.engine.executor.runs import Run

JOB = JobSpec(id="tally", path="/api/cron/tally", schedule="* * * * *")
TICK = datetime(2026, 11, 27, 12, tzinfo=UTC)
SECRET = "postgres://user:p4ssword@db/app"


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", url)
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    monkeypatch.setenv("INNGEST_DEV", "1")
    monkeypatch.delenv("VERCEL_ENV", raising=False)
    return url


def kept(url: str) -> list[DeadLetter]:
    letters = DeadLetters.open(url)
    try:
        return letters.read()
    finally:
        letters.close()


def functions() -> FastAPI:
    """Return an app with one job that always fails, as generated code has it."""
    app, client = FastAPI(), inngest.Inngest(app_id="dead")

    async def on_failure(ctx: inngest.Context) -> None:
        await report_failure(JOB, ctx)

    @client.create_function(
        fn_id=JOB.id,
        trigger=inngest.TriggerCron(cron="TZ=UTC * * * * *"),
        retries=1,
        on_failure=on_failure,
    )
    async def tally(ctx: inngest.Context) -> None:
        async def work() -> None:
            raise ValueError(f"{SECRET} refused")

        await ctx.step.run("call", work)

    @client.create_function(fn_id="cronshift-cancelled", trigger=cancelled_runs(client, [JOB]))
    async def cancelled(ctx: inngest.Context) -> str:
        return await report_cancelled(client, [JOB], ctx)

    inngest.fast_api.serve(app, client, [tally, cancelled])
    return app


async def run(function: str, event: dict[str, Any]) -> Run:
    async with Endpoint.asgi(functions()) as endpoint:
        target = RunTarget(f"dead-{function}", 2, has_failure_handler=function == JOB.id)
        return await execute(endpoint, target, event)


def scheduled() -> dict[str, Any]:
    event = tick_event("TZ=UTC * * * * *", TICK, TICK + timedelta(seconds=1))
    del event["data"]["cronshift"]  # the schedule's own
    return event


def test_a_run_that_fails_for_good_leaves_one_letter(url: str) -> None:
    run_of_job = asyncio.run(run(JOB.id, scheduled()))
    assert run_of_job.failure_run is not None
    (letter,) = kept(url)
    assert (letter.run_id, letter.job, letter.tick) == (run_of_job.run_id, JOB.id, TICK)
    assert letter.status is TickStatus.FAILED
    assert letter.error.startswith("ValueError: postgres://***@db/app refused")
    assert letter.event == "inngest/scheduled.timer"


def test_a_cancelled_run_leaves_one_too(url: str) -> None:
    ended = {"function_id": f"dead-{JOB.id}", "run_id": "01CANCELLED", "event": scheduled()}
    event = {"name": "inngest/function.cancelled", "id": "1", "ts": 0, "data": ended}
    asyncio.run(run("cronshift-cancelled", event))
    (letter,) = kept(url)
    assert (letter.run_id, letter.status, letter.tick) == (
        "01CANCELLED",
        TickStatus.CANCELLED,
        TICK,
    )
    assert "finish timeout" in letter.error


@pytest.mark.parametrize("reason", ["by hand", "preview"])
def test_runs_by_hand_and_those_of_other_environments_leave_none(
    url: str, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    event = scheduled()
    if reason == "preview":
        monkeypatch.setenv("VERCEL_ENV", "preview")
    else:
        event["data"]["cronshift"] = "run"
    asyncio.run(run(JOB.id, event))
    assert kept(url) == []


@pytest.mark.parametrize(
    "address",
    ["postgresql+psycopg://u:s3cret@127.0.0.1:9/d", "http://127.0.0.1:9/", "nonsense://x", ""],
)
def test_where_it_cannot_be_kept_the_report_goes_on(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", address)
    reported = asyncio.run(run(JOB.id, scheduled())).failure_run
    assert reported is not None
    assert reported.error is None
    assert ("no dead letter was kept" in caplog.text) is bool(address)
    assert "s3cret" not in caplog.text


def test_a_database_that_hangs_is_given_up(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("cronshift.runtime.letter_keeping._PATIENCE", 0.2)
    with serving(_hanging()) as address:
        monkeypatch.setenv("CRONSHIFT_LEDGER_URL", address)
        reported = asyncio.run(run(JOB.id, scheduled())).failure_run
    assert reported is not None
    assert reported.error is None
    assert "no dead letter was kept: TimeoutError" in caplog.text


def _hanging() -> FastAPI:
    app = FastAPI()

    @app.post("/")
    async def hang() -> None:
        await asyncio.sleep(1)

    return app


def test_another_process_sends_its_letter_to_where_the_database_is(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = FastAPI()
    worker.add_middleware(TellOwnership)
    letter = letter_of("tally", {"run_id": "01RUN", "event": scheduled()}, TickStatus.FAILED, "no")
    assert letter is not None
    headers = {"x-cronshift-tell": "dead-letter", "authorization": "Bearer s3cret"}
    with serving(worker) as address:
        sent = httpx.post(address, json=as_document(letter), headers=headers)
        wrong = httpx.post(address, json={**as_document(letter), "run_id": 7}, headers=headers)
        stranger = httpx.post(
            address, json=as_document(letter), headers=headers | {"authorization": "Bearer x"}
        )
    assert [sent.status_code, wrong.status_code, stranger.status_code] == [202, 400, 404]
    assert [letter.run_id for letter in kept(url)] == ["01RUN"]


def test_a_letter_goes_to_inngest_as_an_event_with_its_run_as_the_id(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[Any] = []
    app = FastAPI()

    @app.post("/e/no-key-in-dev")
    async def take(request: Request) -> dict[str, int]:
        events.extend(await request.json())
        return {"status": 200}

    with serving(app) as address:
        monkeypatch.setenv("CRONSHIFT_LEDGER_URL", "inngest")
        monkeypatch.setenv("INNGEST_EVENT_API_BASE_URL", address)
        run_of_job = asyncio.run(run(JOB.id, scheduled()))
    (event,) = events
    assert (event["name"], event["id"]) == ("cronshift/run.dead", run_of_job.run_id)
    assert parse_letter(event["data"]).tick == TICK


def test_a_document_is_read_as_it_was_written() -> None:
    letter = letter_of(
        "tally",
        {"run_id": "01", "event": {"name": "shop/paid", "id": "e1", "data": {}}},
        TickStatus.CANCELLED,
        "line\nand \x1b[31mcolour",
    )
    assert letter is not None
    assert letter.tick is None
    assert "\x1b" not in letter.error
    again = parse_letter(json.loads(json.dumps(as_document(letter))))
    assert abs(again.died - letter.died) < timedelta(milliseconds=1)
    assert as_document(again) == as_document(letter)


@pytest.mark.parametrize(
    "document", [None, [], {}, {"run_id": "1"}, "text", {"run_id": 1, "job": 2}]
)
def test_what_is_no_letter_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match="no dead letter"):
        parse_letter(document)

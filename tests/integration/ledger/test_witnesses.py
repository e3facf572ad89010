"""Who tells the ledger what: guards of every kind, functions that fail, and other processes."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI, Request
from tests.integration.ledger.sides import FIRST, JOB, VERCEL, Sides, ownership, standing, use
from tests.integration.sockets import serving

from cronshift.runtime import Guard, claiming, recording
from cronshift.runtime.held import SOURCE
from cronshift.runtime.keeping import keeper
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus, parse_record
from cronshift.runtime.store.ledger import read_ledger
from cronshift.runtime.tell import TellOwnership

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MINUTE = timedelta(minutes=1)
HELLO = b'{"checked": 7}'


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    use(monkeypatch, url)
    monkeypatch.delenv("VERCEL_ENV", raising=False)
    yield url
    SOURCE.forget()


def kept(url: str) -> list[TickRecord]:
    recorder = recording.recorder("CRON_SECRET")
    assert recorder is not None
    assert recorder.flush(10)
    return read_ledger(url, FIRST - MINUTE, FIRST + MINUTE * 60)


def guard() -> Guard:
    return Guard(JOB, clock=lambda: FIRST + timedelta(seconds=20))


def asked(app: Any, headers: dict[str, str] = VERCEL) -> int:
    async def ask() -> int:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
            base_url="http://app",
        ) as http:
            return (await http.get(JOB.path, headers=headers)).status_code

    return asyncio.run(ask())


def asgi(answer: Callable[[], Any]) -> FastAPI:
    app = FastAPI()
    app.add_middleware(guard().asgi)
    app.get(JOB.path)(answer)
    return app


def test_a_guard_before_an_asgi_app_tells_what_was_answered(url: str) -> None:
    assert asked(asgi(lambda: {"checked": 7})) == 200
    (record,) = kept(url)
    assert (record.job, record.tick, record.side, record.owner) == (
        JOB.id,
        FIRST,
        Side.VERCEL,
        "vercel",
    )
    assert (record.status, record.http_status, record.attempts) == (TickStatus.COMPLETED, 200, 1)
    assert (record.size, record.numbers) == (13, {"checked": 7.0})
    assert record.digest == hashlib.sha256(b'{"checked":7}').hexdigest()[:16]
    assert record.ownership_digest
    assert record.started is not None
    assert record.ended is not None
    assert record.arrived <= record.started <= record.ended


def test_it_tells_that_an_app_raised_and_what(url: str) -> None:
    def broken() -> None:
        raise RuntimeError("s3cret of the database")

    assert asked(asgi(broken)) == 500
    (record,) = kept(url)
    assert (record.status, record.error_class) == (TickStatus.FAILED, "RuntimeError")
    assert "s3cret" not in repr(record)


def test_a_guard_before_a_wsgi_app_tells_what_was_answered(url: str) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [HELLO[:4], HELLO[4:]]

    environ = {
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": JOB.path,
        "HTTP_USER_AGENT": VERCEL["user-agent"],
        "HTTP_AUTHORIZATION": VERCEL["authorization"],
    }
    chunks = guard().wsgi(app)(environ, lambda *_: None)
    assert b"".join(chunks) == HELLO
    (record,) = kept(url)
    assert (record.http_status, record.size, record.numbers) == (200, len(HELLO), {"checked": 7.0})


def test_a_guard_around_a_class_tells_what_was_answered(url: str) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(HELLO)))
            self.end_headers()
            self.wfile.write(HELLO)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), guard().handler(Handler))
    thread = Thread(target=server.handle_request)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}{JOB.path}"
    assert httpx.get(address, headers=VERCEL, trust_env=False).content == HELLO
    thread.join()
    server.server_close()
    (record,) = kept(url)
    assert (record.http_status, record.size, record.numbers) == (200, len(HELLO), {"checked": 7.0})
    assert record.digest == hashlib.sha256(HELLO).hexdigest()[:16]


def test_a_guard_that_stands_by_says_whose_the_tick_is(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", ownership(100))
    SOURCE.forget()
    assert asked(asgi(lambda: {"checked": 7})) == 200
    (record,) = kept(url)
    assert (record.role, record.status) == (Role.STOOD_BY, TickStatus.SKIPPED)
    assert (record.owner, record.seen) == ("inngest", {"reason": "owner inngest"})
    assert (record.started, record.attempts) == (None, 0)


def test_a_second_delivery_that_a_claim_keeps_back_is_told_beside_the_first(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = f"sqlite:///{tmp_path / 'claims.db'}"
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", claims)
    app = asgi(lambda: {"checked": 7})
    assert [asked(app), asked(app)] == [200, 200]
    told = [(record.role, dict(record.seen)) for record in kept(url)]
    assert told == [(Role.ACTED, {}), (Role.STOOD_BY, {"reason": "claimed by another run"})]
    claiming.opened(claims).close()
    claiming.opened.cache_clear()


@pytest.mark.parametrize(
    "headers",
    [
        {**VERCEL, "authorization": "Bearer wrong"},
        {"user-agent": "Mozilla/5.0", "authorization": "Bearer s3cret"},
        {**VERCEL, "x-cronshift-tick": "2026-11-27T12:00:00Z"},
    ],
    ids=["a stranger", "a person", "a function that calls"],
)
def test_of_other_callers_nothing_is_told(url: str, headers: dict[str, str]) -> None:
    asked(asgi(lambda: {"checked": 7}), headers)
    assert kept(url) == []


def test_without_a_secret_nobody_bears_witness_and_that_is_logged(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("CRON_SECRET")
    assert asked(asgi(lambda: {"checked": 7})) == 200
    assert kept(url) == []
    assert "nothing is told to the ledger" in caplog.text


@pytest.fixture
def sides(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sides]:
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", ownership(100))
    SOURCE.forget()
    with standing() as both:
        yield both


def test_a_function_tells_its_last_attempt_and_when_the_first_came(sides: Sides, url: str) -> None:
    sides.statuses[:] = [200, 503]
    asyncio.run(sides.inngest(FIRST))
    (record,) = kept(url)
    assert (record.status, record.attempts, record.http_status) == (TickStatus.COMPLETED, 2, 200)
    assert record.arrived - record.tick == timedelta(seconds=1.2)
    assert record.run_id


def test_a_function_tells_how_its_last_attempt_failed(sides: Sides, url: str) -> None:
    sides.statuses[:] = [503, 503]
    asyncio.run(sides.inngest(FIRST))
    (record,) = kept(url)
    assert (record.status, record.attempts) == (TickStatus.FAILED, 2)
    assert (record.http_status, record.error_class) == (503, "HandlerError")


def test_functions_of_a_preview_tell_nothing(
    sides: Sides, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERCEL_ENV", "preview")
    asyncio.run(sides.inngest(FIRST))
    assert kept(url) == []


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("http://127.0.0.1:9", {"app": "did-not-answer"}),
        (None, {"app": "file", "file": "another"}),
    ],
    ids=["down", "another file"],
)
def test_a_function_that_stands_by_tells_what_it_sees(
    url: str, monkeypatch: pytest.MonkeyPatch, address: str | None, seen: dict[str, str]
) -> None:
    with standing(source_text=ownership(10)) as both:
        if address is not None:
            both.app_url = address
        asyncio.run(both.inngest(FIRST))
    (record,) = kept(url)
    assert record.seen == {"reason": "owner vercel", **seen}


def test_a_function_that_stands_by_tells_which_variables_are_missing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRON_SECRET")
    with standing() as both:
        asyncio.run(both.inngest(FIRST))
    (record,) = kept(url)
    assert record.seen == {"reason": "owner vercel", "missing": "CRON_SECRET"}


# Other processes


def test_what_another_process_tells_is_kept_where_the_database_is(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = FastAPI()
    worker.add_middleware(TellOwnership)
    asked(asgi(lambda: {"checked": 7}))
    (record,) = kept(url)
    sent = FIRST + MINUTE
    with serving(worker) as address:
        keep = keeper(f"{address}/api/inngest", "CRON_SECRET")
        keep([replace(record, tick=sent)])
        monkeypatch.setenv("CRON_SECRET", "another")
        with pytest.raises(OSError, match="answered 40"):
            keeper(address, "OTHER_SECRET")([replace(record, tick=sent + MINUTE)])
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    assert [one.tick for one in kept(url)] == [FIRST, sent]


def test_records_go_to_inngest_as_events(monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[tuple[str, Any]] = []
    inngest = FastAPI()

    @inngest.post("/e/{key}")
    async def take(key: str, request: Request) -> dict[str, Any]:
        received.append((key, await request.json()))
        return {"status": 200}

    use(monkeypatch, "inngest")
    monkeypatch.setenv("INNGEST_EVENT_KEY", "a-key")
    with serving(inngest) as address:
        monkeypatch.setenv("INNGEST_DEV", address)
        asked(asgi(lambda: {"checked": 7}))
        recorder = recording.recorder("CRON_SECRET")
        assert recorder is not None
        assert recorder.flush(10)
    assert {key for key, _ in received} == {"a-key"}
    events = [event for _, batch in received for event in batch]
    assert {event["name"] for event in events} == {"cronshift/tick.seen"}
    assert [parse_record(event["data"]).status for event in events] == [
        TickStatus.RUNNING,
        TickStatus.COMPLETED,
    ]
    SOURCE.forget()


def test_a_ledger_that_is_down_fails_and_delays_no_job(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    use(monkeypatch, "postgresql+psycopg://u:s3cr3t@127.0.0.1:9/d?connect_timeout=1")
    app = asgi(lambda: {"checked": 7})
    assert [asked(app) for _ in range(3)] == [200] * 3
    recorder = recording.recorder("CRON_SECRET")
    assert recorder is not None
    assert recorder.flush(30)
    assert recorder.dropped == 6
    assert "s3cr3t" not in caplog.text
    SOURCE.forget()

"""The guard in front of real ASGI, WSGI and http.server apps, and in the generated functions."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI, Response
from hypothesis import given
from hypothesis import strategies as st
from inngest import NonRetriableError

from cronshift.runtime import Answer, AsgiHandler, Bridge, Call, CallHandler, Guard, JobSpec
from cronshift.runtime.claiming import opened
from cronshift.runtime.held import SOURCE, Source
from cronshift.runtime.ownership import (
    Epoch,
    Owner,
    Ownership,
    digest,
    dump_ownership,
    parse_ownership,
    tick_text,
)
from cronshift.runtime.schedule import Schedule
from cronshift.runtime.tell import TellOwnership

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TICK = datetime(2026, 11, 24, 8, tzinfo=UTC)
JOB = JobSpec(id="x", path="/api/cron/x?q=%2F", schedule="0 */4 * * *")
VERCEL = {"user-agent": "vercel-cron/1.0", "x-vercel-cron-schedule": "0 */4 * * *"}
BEARER = {"authorization": "Bearer s3cret"}


def a_source(*epochs: Epoch) -> Source:
    text = dump_ownership(Ownership({"x": epochs}))
    return Source(lambda: text)


INNGESTS = a_source(Epoch(TICK - timedelta(days=1), 100, "01"))
VERCELS = a_source()


def a_guard(source: Source = INNGESTS, now: datetime = TICK + timedelta(seconds=20)) -> Guard:
    return Guard(JOB, source=source, clock=lambda: now)


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRON_SECRET", "s3cret")


# What the guard decides


def test_a_tick_of_inngests_is_skipped_and_one_of_vercels_runs() -> None:
    assert a_guard().reason_to_skip(JOB.path, VERCEL) == "owner inngest"
    assert a_guard(VERCELS).reason_to_skip(JOB.path, VERCEL) is None


def test_without_a_file_everything_runs() -> None:
    def missing() -> str:
        raise FileNotFoundError("there is none")

    assert a_guard(Source(missing)).reason_to_skip(JOB.path, VERCEL) is None


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/api/cron/x?q=%2F", {"user-agent": "Mozilla/5.0"}),
        ("/api/cron/x", VERCEL),
        ("/api/cron/x?q=/", VERCEL),
        ("/other", VERCEL),
        (JOB.path, {}),
    ],
)
def test_other_requests_pass(target: str, headers: dict[str, str]) -> None:
    assert a_guard().reason_to_skip(target, headers) is None


def test_a_call_of_an_inngest_function_passes_with_the_bearer_only() -> None:
    tick = {"x-cronshift-tick": tick_text(TICK)}
    assert a_guard().reason_to_skip(JOB.path, VERCEL | tick | BEARER) is None
    for other in ({}, {"authorization": "Bearer wrong"}, {"authorization": "s3cret"}):
        assert a_guard().reason_to_skip(JOB.path, VERCEL | tick | other) == "owner inngest"


def test_without_a_secret_the_tick_header_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRON_SECRET")
    headers = VERCEL | {"x-cronshift-tick": tick_text(TICK), "authorization": "Bearer "}
    assert a_guard().reason_to_skip(JOB.path, headers) == "owner inngest"


def test_twins_of_one_path_are_told_apart_by_their_schedule() -> None:
    epochs = (Epoch(TICK - timedelta(days=1), 100, "01"),)
    text = dump_ownership(Ownership({"hourly": epochs}))
    guard = Guard(
        JobSpec(id="hourly", path="/x", schedule="0 * * * *"),
        JobSpec(id="daily", path="/x", schedule="0 8 * * *"),
        source=Source(lambda: text),
        clock=lambda: TICK,
    )
    told = {"user-agent": "vercel-cron/1.0"}
    hourly = guard.reason_to_skip("/x", told | {"x-vercel-cron-schedule": "0 * * * *"})
    daily = guard.reason_to_skip("/x", told | {"x-vercel-cron-schedule": "0 8 * * *"})
    assert (hourly, daily) == ("owner inngest", None)


VECTORS = json.loads((Path(__file__).parents[2] / "data/guard-vectors.json").read_text())


@pytest.mark.parametrize("call", VECTORS["calls"], ids=str)
def test_a_call_is_decided_as_the_shared_vectors_say(call: dict[str, Any]) -> None:
    guard = Guard(
        *(JobSpec(**job) for job in VECTORS["jobs"]),
        source=Source(lambda: VECTORS["file"]),
        clock=lambda: datetime.fromisoformat(call["now"]),
    )
    assert guard.reason_to_skip(VECTORS["jobs"][0]["path"], call["headers"]) == call["skips"]


# The law: exactly one side

SPARSE = ["0 6 * * *", "0 */4 * * *", "*/10 * * * *", "0 0 * * 0", "30 3 1 * *"]
minutes = st.integers(0, 60 * 24 * 60).map(lambda count: TICK - timedelta(days=20, minutes=-count))
epoch_lists = st.lists(st.tuples(minutes, st.integers(0, 100)), max_size=5).map(
    lambda pairs: tuple(
        Epoch(start, percent, "01") for start, percent in sorted(dict(pairs).items())
    )
)


@given(st.sampled_from(SPARSE), epoch_lists, minutes, st.floats(0, 0.99), st.floats(-60, 60))
def test_exactly_one_side_owns_each_tick(
    expression: str, epochs: tuple[Epoch, ...], start: datetime, late: float, skew: float
) -> None:
    from cronshift.runtime.ticks import lateness

    schedule = Schedule.from_vercel(expression)
    tick = next(schedule.after(start))
    text = dump_ownership(Ownership({"x": epochs}))
    arrives = tick + lateness(schedule) * late + timedelta(seconds=skew)
    job = JobSpec(id="x", path="/x", schedule=expression)
    guard = Guard(job, source=Source(lambda: text), clock=lambda: arrives)
    vercel_runs = guard.reason_to_skip("/x", {"user-agent": "vercel-cron/1.0"}) is None
    inngest_runs = Ownership({"x": epochs}).owner("x", tick) is Owner.INNGEST
    assert vercel_runs != inngest_runs


# In front of real apps


def fastapi_app(guard: Guard) -> Any:
    app = FastAPI()
    app.add_middleware(guard.asgi)

    @app.get("/api/cron/x")
    async def x() -> dict[str, bool]:
        return {"ran": True}

    return app


def asked(app: Any, method: str, target: str, headers: dict[str, str]) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.request(method, target, headers=headers)

    return asyncio.run(ask())


def test_an_asgi_app_is_not_asked_for_a_tick_of_inngests() -> None:
    answer = asked(fastapi_app(a_guard()), "GET", JOB.path, VERCEL)
    assert (answer.status_code, answer.json()) == (200, {"skipped": "owner inngest"})
    assert answer.headers["x-cronshift-skipped"] == "owner inngest"
    assert asked(fastapi_app(a_guard(VERCELS)), "GET", JOB.path, VERCEL).json() == {"ran": True}
    assert asked(fastapi_app(a_guard()), "GET", JOB.path, {}).json() == {"ran": True}


def test_a_wsgi_app_is_not_asked_either() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        return [b"ran"]

    def ask(guard: Guard) -> tuple[str, bytes]:
        started: list[str] = []
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/api/cron/x",
            "REQUEST_URI": JOB.path,
            "QUERY_STRING": "q=%2F",
            "HTTP_USER_AGENT": "vercel-cron/1.0",
        }
        body = b"".join(guard.wsgi(app)(environ, lambda status, _: started.append(status)))
        return started[0], body

    assert ask(a_guard()) == ("200 OK", b'{"skipped": "owner inngest"}')
    assert ask(a_guard(VERCELS)) == ("200 OK", b"ran")


def served(cls: type[BaseHTTPRequestHandler], *requests: tuple[str, dict[str, str]]) -> list[Any]:
    with HTTPServer(("127.0.0.1", 0), cls) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}{JOB.path}"
            return [
                httpx.request(method, url, headers=headers).text for method, headers in requests
            ]
        finally:
            server.shutdown()
            thread.join()


def a_class(guard: Guard) -> type[BaseHTTPRequestHandler]:
    @guard.handler
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ran")

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def test_a_server_class_is_not_asked_either() -> None:
    ask = {"x-cronshift-tell": "ownership"} | BEARER
    said = served(a_class(a_guard()), ("GET", VERCEL), ("GET", {}), ("OPTIONS", ask))
    held = INNGESTS.current()
    assert held is not None
    assert said[:2] == ['{"skipped": "owner inngest"}', "ran"]
    assert json.loads(said[2])["ownership"] == held.digest


def test_which_file_is_held_is_told_to_who_has_the_bearer() -> None:
    held = INNGESTS.current()
    assert held is not None
    ask = {"x-cronshift-tell": "ownership"}
    app = fastapi_app(a_guard())
    told = asked(app, "OPTIONS", "/anything", ask | BEARER).json()
    assert (told["ownership"], told["before"]) == (held.digest, None)
    assert told["held"] >= 0
    assert asked(app, "OPTIONS", JOB.path, ask).status_code == 405
    assert asked(app, "GET", JOB.path, ask | BEARER).json() == {"ran": True}


def test_the_inngest_side_tells_too(monkeypatch: pytest.MonkeyPatch) -> None:
    text = dump_ownership(Ownership())
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", text)
    SOURCE.forget()
    app = FastAPI()
    app.add_middleware(TellOwnership)
    ask = {"x-cronshift-tell": "ownership"} | BEARER
    told = asked(app, "OPTIONS", "/api/inngest", ask).json()
    assert told["ownership"] == digest(parse_ownership(text))
    SOURCE.forget()


# The functions' own side


def a_call(job: JobSpec = JOB, **fields: Any) -> Call:
    given = {"tick": TICK, "scheduled": True, "run_id": "01RUN", "attempt": 0, **fields}
    return Call(job=job, path=job.path, **given)


@pytest.fixture
def holding(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def hold(text: str) -> None:
        monkeypatch.setenv("CRONSHIFT_OWNERSHIP", text)
        SOURCE.forget()

    yield hold
    SOURCE.forget()


def test_a_function_skips_a_tick_of_vercels_and_says_so(holding: Callable[[str], None]) -> None:
    holding(dump_ownership(Ownership()))
    assert a_call().reason_to_skip() == "owner vercel"
    assert a_call(scheduled=False).reason_to_skip() is None
    # The first attempt may have died before it could ask: a retry must not run Vercel's tick.
    assert a_call(attempt=1).reason_to_skip() == "owner vercel"
    answer = asyncio.run(Bridge(base_url="http://127.0.0.1:9").answer(a_call()))
    assert answer["skipped"] == "owner vercel"


def test_a_function_runs_a_tick_of_its_own_and_any_without_a_file(
    holding: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    holding(dump_ownership(Ownership({"x": (Epoch(TICK, 100, "01"),)})))
    assert a_call().reason_to_skip() is None
    holding("{broken")
    assert a_call().reason_to_skip() is None


def test_a_bridged_call_passes_the_guard_and_says_so_when_it_cannot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import uvicorn

    config = uvicorn.Config(fastapi_app(a_guard()), host="127.0.0.1", port=0, log_level="warning")
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    listener.listen()
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    bridge = Bridge(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    try:
        answer = asyncio.run(bridge.answer(a_call(scheduled=False)))
        assert answer["body"] == {"ran": True}
        monkeypatch.delenv("CRON_SECRET")
        with pytest.raises(NonRetriableError, match="set the same CRON_SECRET"):
            asyncio.run(bridge.answer(a_call(scheduled=False)))
    finally:
        server.should_exit = True
        thread.join()


def test_a_call_in_process_needs_no_bearer_to_pass(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.delenv("CRON_SECRET")
    (tmp_path / "guarded_app.py").write_text(
        "import json, os\n"
        "from datetime import UTC, datetime\n"
        "from fastapi import FastAPI\n"
        "from cronshift.runtime import Guard, JobSpec\n"
        "guard = Guard(JobSpec(id='x', path='/api/cron/x?q=%2F', schedule='0 */4 * * *'))\n"
        "app = FastAPI()\n"
        "app.add_middleware(guard.asgi)\n"
        "@app.get('/api/cron/x')\n"
        "async def x(): return {'ran': True}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(
        "CRONSHIFT_OWNERSHIP", dump_ownership(Ownership({"x": (Epoch(TICK, 100, "01"),)}))
    )
    SOURCE.forget()
    handler = AsgiHandler("guarded_app:app")
    assert asyncio.run(handler.answer(a_call(scheduled=False)))["body"] == {"ran": True}
    SOURCE.forget()


# Claims: what is delivered twice runs once


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'claims.db'}"
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", url)
    yield url
    opened(url).close()
    opened.cache_clear()


def test_a_call_that_vercel_delivers_twice_runs_once(claims: str) -> None:
    app = fastapi_app(a_guard(VERCELS))
    said = [asked(app, "GET", JOB.path, VERCEL | BEARER).json() for _ in range(3)]
    assert said == [{"ran": True}, {"skipped": "claimed by another run"}, said[1]]
    assert asked(app, "GET", JOB.path, {}).json() == {"ran": True}  # a person
    assert opened(claims).has_run("x", TICK)


def test_a_call_that_fails_gives_its_tick_back(claims: str) -> None:
    app = FastAPI()
    app.add_middleware(a_guard(VERCELS).asgi)
    runs: list[int] = []

    @app.get("/api/cron/x")
    async def x() -> Any:
        runs.append(1)
        return Response(status_code=503 if len(runs) == 1 else 200)

    assert [asked(app, "GET", JOB.path, VERCEL | BEARER).status_code for _ in range(3)] == [
        503,
        200,
        200,
    ]
    assert len(runs) == 2


def test_a_wsgi_app_and_a_class_run_once_too(claims: str) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        return [b"ran"]

    guard = a_guard(VERCELS)
    environ = {
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": JOB.path,
        "HTTP_USER_AGENT": "vercel-cron/1.0",
        "HTTP_AUTHORIZATION": BEARER["authorization"],
    }
    first = b"".join(guard.wsgi(app)(environ, lambda *_: None))
    second = b"".join(guard.wsgi(app)(environ, lambda *_: None))
    refused = b'{"skipped": "claimed by another run"}'
    assert (first, second) == (b"ran", refused)
    later = a_guard(VERCELS, TICK + timedelta(hours=4))
    said = served(a_class(later), ("GET", VERCEL | BEARER), ("GET", VERCEL | BEARER))
    assert said == ["ran", refused.decode()]


def test_a_run_that_inngest_starts_twice_runs_once(
    claims: str, holding: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    holding(dump_ownership(Ownership({"x": (Epoch(TICK, 100, "01"),)})))
    handler = AsgiHandler("unused:app")
    sent: list[str] = []

    async def send(call: Call) -> Any:
        sent.append(call.run_id)
        return {"status": 200, "body": None, "bytes": 0, "cut": False}

    monkeypatch.setattr(handler, "send", send)
    for run_id, attempt in (("01A", 0), ("01B", 0), ("01A", 1)):
        asyncio.run(handler.answer(a_call(run_id=run_id, attempt=attempt)))
    assert sent == ["01A"]


def test_a_replayed_tick_takes_the_claim_whosever_it_was_and_runs_once(
    claims: str, holding: Callable[[str], None]
) -> None:
    holding(dump_ownership(Ownership()))  # every tick is Vercel's, which has missed this one
    ran: list[str] = []

    class Noting(CallHandler):
        async def send(self, call: Call) -> Answer:
            ran.append(call.run_id)
            return Answer(status=200, body=None, bytes=0, cut=False)

    replayed = a_call(scheduled=False, replayed=True)
    said = [asyncio.run(Noting().answer(replace(replayed, run_id=run))) for run in ("01", "02")]
    assert ran == ["01"]
    assert said[1] == {"skipped": "claimed by another run"}
    assert opened(claims).has_run("x", TICK)

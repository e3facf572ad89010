"""What only a caller with the bearer can do at the guard: claim a tick, and make it ask an address."""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cronshift.runtime import Guard, JobSpec
from cronshift.runtime.claiming import opened
from cronshift.runtime.held import Source
from cronshift.runtime.ownership import Epoch, Ownership, dump_ownership
from cronshift.runtime.tell import TellOwnership

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TICK = datetime(2026, 11, 24, 8, tzinfo=UTC)
JOB = JobSpec(id="x", path="/api/cron/x", schedule="0 */4 * * *")
AGENT = {"user-agent": "vercel-cron/1.0"}
BEARER = {"authorization": "Bearer s3cret"}
VERCEL = AGENT | {"x-vercel-cron-schedule": "0 */4 * * *"} | BEARER
SKIPPED = {"skipped": "claimed by another run"}
OUTSIDERS = [
    AGENT,
    {"x-vercel-cron-schedule": "0 */4 * * *"},
    AGENT | {"authorization": "Bearer wrong"},
    AGENT | {"authorization": "s3cret"},
    AGENT | {"authorization": "bearer s3cret"},
    AGENT | {"x-cronshift-tick": "2026-11-24T08:00:00Z"},
]


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRON_SECRET", "s3cret")


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'claims.db'}"
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", url)
    yield url
    opened(url).close()
    opened.cache_clear()


def a_guard() -> Guard:
    text = dump_ownership(Ownership())
    return Guard(JOB, source=Source(lambda: text), clock=lambda: TICK + timedelta(seconds=20))


def has_run(url: str) -> bool:
    return opened(url).has_run("x", TICK)


class Joined(ThreadingHTTPServer):
    """Has ended only when its handlers have: a claim ends behind the answer."""

    daemon_threads = False


class Server(BaseHTTPRequestHandler):
    """Answers as most handlers do, who ask for the bearer themselves."""

    def do_GET(self) -> None:
        self.send_response(200 if self.headers["authorization"] == "Bearer s3cret" else 401)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def asked(cls: type[BaseHTTPRequestHandler], *requests: dict[str, str]) -> list[httpx.Response]:
    with Joined(("127.0.0.1", 0), a_guard().handler(cls)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}{JOB.path}"
            return [httpx.get(url, headers=headers) for headers in requests]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_nobody_without_the_bearer_keeps_a_tick_from_running(
    claims: str, outsider: dict[str, str]
) -> None:
    cls = type("Handler", (Server,), {"do_GET": Server.do_GET})
    first, second, third = asked(cls, outsider, VERCEL, VERCEL)
    assert (first.status_code, second.status_code) == (401, 200)
    assert third.json() == SKIPPED
    assert has_run(claims)


def test_an_outsider_whose_call_is_running_does_not_hold_the_tick(claims: str) -> None:
    """Four of them are inside the app at the very moment at which Vercel calls."""
    ran: list[str] = []

    async def all_at_once() -> None:
        inside, leave = asyncio.Semaphore(0), asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            proven = dict(scope["headers"]).get(b"authorization") == b"Bearer s3cret"
            if not proven:
                inside.release()
                await leave.wait()
            ran.append("vercel" if proven else "outsider")
            status = 200 if proven else 401
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        transport = httpx.ASGITransport(a_guard().asgi(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            outside = [asyncio.create_task(client.get(JOB.path, headers=AGENT)) for _ in range(4)]
            for _ in outside:
                await inside.acquire()
            answer = await client.get(JOB.path, headers=VERCEL)
            leave.set()
            await asyncio.gather(*outside)
        assert answer.status_code == 200

    asyncio.run(all_at_once())
    assert ran == ["vercel", *["outsider"] * 4]
    assert has_run(claims)


def test_without_a_secret_nobody_claims_and_that_is_said_once(
    claims: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("CRON_SECRET")
    ran: list[int] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        ran.append(1)
        start_response("200 OK", [])
        return [b"ran"]

    guarded = a_guard().wsgi(app)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            b"".join(guarded(environ_of(VERCEL), lambda *_: None))
    assert len(ran) == 3
    assert caplog.text.count("CRON_SECRET is not set") == 1
    assert not has_run(claims)


# Only an answer that is a success, and whole, ends a claim


@pytest.mark.parametrize("status", [204, 301, 401, 404, 500])
def test_a_class_ends_its_claim_by_its_status(claims: str, status: int) -> None:
    def do_get(self: BaseHTTPRequestHandler) -> None:
        self.send_response_only(100)
        self.end_headers()
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    cls = type("Handler", (Server,), {"do_GET": do_get})
    assert [answer.status_code for answer in asked(cls, VERCEL)] == [status]
    assert has_run(claims) is (status == 204)


def test_a_class_that_fails_behind_its_status_has_not_run(claims: str) -> None:
    def do_get(self: BaseHTTPRequestHandler) -> None:
        self.send_response(200)
        self.end_headers()
        raise ConnectionError("the database went away")

    cls = type("Handler", (Server,), {"do_GET": do_get, "log_error": lambda *_: None})
    with Joined(("127.0.0.1", 0), a_guard().handler(cls)) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # it is meant to fail
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}{JOB.path}"
            httpx.get(url, headers=VERCEL)
        finally:
            server.shutdown()
            thread.join()
    assert not has_run(claims)


def environ_of(headers: dict[str, str]) -> dict[str, str]:
    named = {f"HTTP_{name.upper().replace('-', '_')}": text for name, text in headers.items()}
    return {"REQUEST_METHOD": "GET", "REQUEST_URI": JOB.path, **named}


def chunks(*parts: bytes | Exception) -> Iterator[bytes]:
    for part in parts:
        if isinstance(part, Exception):
            raise part
        yield part


@pytest.mark.parametrize(
    ("status", "parts", "taken", "run"),
    [
        ("200 OK", (b"a", b"b"), 2, True),
        ("200 OK", (b"a", b"b"), 1, False),
        ("200 OK", (b"a", b"b"), 0, False),
        ("200 OK", (b"a", ValueError("no")), 2, False),
        ("302 Found", (b"a",), 1, False),
        ("401 No", (b"a",), 1, False),
    ],
)
def test_a_wsgi_answer_ends_its_claim_once_it_is_whole(
    claims: str, status: str, parts: tuple[Any, ...], taken: int, run: bool
) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response(status, [])
        return chunks(*parts)

    answer: Any = a_guard().wsgi(app)(environ_of(VERCEL), lambda *_: None)
    iterator = iter(answer)
    try:
        for _ in range(taken):
            next(iterator)
        if taken == len(parts):
            assert next(iterator, None) is None
    except ValueError:
        pass
    answer.close()
    assert has_run(claims) is run
    if not run:  # the tick is free again, at once
        assert opened(claims).take("x", TICK, "another")


@pytest.mark.parametrize(
    ("messages", "run"),
    [
        ([200, b"all"], True),
        ([200], False),
        ([200, b"some", ValueError("no")], False),
        ([503, b"all"], False),
        ([307, b"all"], False),
    ],
)
def test_an_asgi_answer_ends_its_claim_once_it_is_whole(
    claims: str, messages: list[Any], run: bool
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            if isinstance(message, int):
                await send({"type": "http.response.start", "status": message, "headers": []})
            elif isinstance(message, bytes):
                more = message == b"some"
                await send({"type": "http.response.body", "body": message, "more_body": more})
            else:
                raise message

    async def ask() -> None:
        transport = httpx.ASGITransport(a_guard().asgi(app), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            await client.get(JOB.path, headers=VERCEL)

    try:
        asyncio.run(ask())
    except AssertionError:  # the transport's own, about an answer without an end
        assert not run
    assert has_run(claims) is run


# Nobody else makes a guard ask an address


class Address:
    """An address that counts who asks, and notes whether that was on an event loop."""

    def __init__(self) -> None:
        self.asked = 0
        self.on_loop = False
        self.now = 0.0

    def read(self) -> str:
        self.asked += 1
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            self.on_loop = True
        epoch = Epoch(TICK - timedelta(days=1), 100, "01")
        return dump_ownership(Ownership({"x": (epoch,)}))

    def source(self) -> Source:
        return Source(
            self.read,
            lambda: self.now,
            deployed=lambda: dump_ownership(Ownership()),
            is_afar=lambda: True,
        )


async def nothing_else(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b'{"ran": true}'})


def answers(app: Any, *requests: tuple[str, str, dict[str, str]]) -> list[Any]:
    async def ask() -> list[Any]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return [
                (await client.request(method, path, headers=headers)).json()
                for method, path, headers in requests
            ]

    return asyncio.run(ask())


def test_only_who_has_the_bearer_makes_a_guard_ask_and_never_on_the_event_loop() -> None:
    address = Address()
    guard = Guard(JOB, source=address.source(), clock=lambda: TICK)
    app = guard.asgi(nothing_else)
    tell = {"x-cronshift-tell": "ownership"}
    outside = [
        *(("GET", JOB.path, headers) for headers in OUTSIDERS),
        ("GET", JOB.path, {}),
        ("GET", "/other", VERCEL),
        ("OPTIONS", JOB.path, tell),
        ("OPTIONS", JOB.path, tell | AGENT),
    ]
    assert answers(app, *outside) == [{"ran": True}] * len(outside)
    assert address.asked == 0
    assert answers(app, ("GET", JOB.path, VERCEL)) == [{"skipped": "owner inngest"}]
    assert (address.asked, address.on_loop) == (1, False)
    # What was read for Vercel counts for everybody, and is not read again for anybody else.
    address.now = 100.0
    assert answers(app, ("GET", JOB.path, AGENT)) == [{"skipped": "owner inngest"}]
    assert address.asked == 1


def test_who_asks_which_file_is_held_makes_a_reading_off_the_event_loop() -> None:
    address = Address()
    app = TellOwnership(nothing_else, source=address.source())
    tell = {"x-cronshift-tell": "ownership"}
    assert answers(app, ("OPTIONS", "/", tell)) == [{"ran": True}]
    assert address.asked == 0
    (answer,) = answers(app, ("OPTIONS", "/", tell | BEARER))
    assert answer["age"] == 0
    assert (address.asked, address.on_loop) == (1, False)


FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("now", [FIRST, LAST])
def test_no_instant_makes_the_guard_fail(now: datetime) -> None:
    text = dump_ownership(Ownership({"x": (Epoch(FIRST, 50, "01"), Epoch(LAST, 50, "02"))}))
    guard = Guard(JOB, source=Source(lambda: text), clock=lambda: now)
    assert guard.reason_to_skip(JOB.path, VERCEL) in {None, "owner inngest"}

"""The bridge over a real socket: what stands on the wire, and what comes of the answer."""

from __future__ import annotations

import asyncio
import socketserver
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inngest import NonRetriableError, RetryAfterError

from cronshift.runtime import Answer, Bridge, Call, JobSpec
from cronshift.runtime.answers import HandlerError
from cronshift.runtime.bodies import BODY_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB = JobSpec(id="x", path="/api/cron/x", schedule="0 */4 * * *")
CALL = Call(
    job=JOB,
    path=JOB.path,
    tick=datetime(2026, 11, 24, 8, tzinfo=UTC),
    scheduled=True,
    run_id="01RUN",
    attempt=0,
)


class Server:
    """Gives one raw answer to every connection, and keeps the raw requests."""

    def __init__(self) -> None:
        self.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        self.requests: list[bytes] = []
        self.silent = threading.Event()
        self.url = ""

    @property
    def line(self) -> bytes:
        return self.requests[-1].split(b"\r\n")[0]

    def call(self, call: Call = CALL, *, url: str | None = None, seconds: float = 10) -> Answer:
        bridge = Bridge(base_url=url or self.url, timeout=timedelta(seconds=seconds))
        return asyncio.run(bridge.answer(call))


@contextmanager
def listening() -> Iterator[Server]:
    told = Server()

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            request = b""
            while b"\r\n\r\n" not in request:
                if not (data := self.request.recv(65_536)):
                    return
                request += data
            told.requests.append(request)
            if not told.answer:
                told.silent.wait(30)
            self.request.sendall(told.answer)

    class Threaded(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Threaded(("127.0.0.1", 0), Connection) as server:
        told.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield told
        finally:
            told.silent.set()
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    with listening() as server:
        yield server


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as server:
        yield server


def test_the_request_is_the_one_that_vercel_makes(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    assert server.call() == {"status": 200, "body": "ok", "bytes": 2, "cut": False}
    lines = server.requests[0].decode().lower().split("\r\n")
    assert lines[0] == "get /api/cron/x http/1.1"
    assert {
        "authorization: bearer s3cret",
        "user-agent: vercel-cron/1.0",
        "x-vercel-cron-schedule: 0 */4 * * *",
        "x-cronshift-tick: 2026-11-24t08:00:00z",
        "x-cronshift-run: 01run",
    } <= set(lines)
    assert sum(line.startswith("user-agent") for line in lines) == 1


def test_the_request_passes_the_apps_own_deployment_protection(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.call()
    assert b"x-vercel-protection-bypass" not in server.requests[0].lower()
    monkeypatch.setenv("VERCEL_AUTOMATION_BYPASS_SECRET", "s3cret\n")
    server.call()
    assert b"x-vercel-protection-bypass: s3cret\r\n" in server.requests[1].lower()
    monkeypatch.setenv("VERCEL_AUTOMATION_BYPASS_SECRET", "two\nlines")
    server.call()
    assert b"lines" not in server.requests[2]


@pytest.mark.parametrize(
    "path",
    [
        "/api/x?hello=world&hello=world",
        "/api/trpc/a.b?batch=1&input=%7B%220%22%3A%7B%7D%7D",
        '/api/x?q={"a":[1,2]}&path=%2Fa%2fb',
        "/api/x?plus=a+b&percent=100%&empty=",
        "/../../x",
        "//evil.example/x",
        "/@evil.example:80/x",
        "/x?y=http://evil.example",
        "/x\\..\\y",
    ],
)
def test_a_path_and_its_query_arrive_byte_for_byte_and_nowhere_else(
    server: Server, path: str
) -> None:
    server.call(replace(CALL, path=path))
    assert server.line == f"GET {path} HTTP/1.1".encode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=200))
def test_any_printable_path_arrives_byte_for_byte(shared: Server, text: str) -> None:
    shared.call(replace(CALL, path=f"/{text}"))
    assert shared.line == f"GET /{text} HTTP/1.1".encode()


def test_what_no_request_line_can_hold_is_percent_encoded(server: Server) -> None:
    server.call(replace(CALL, path="/api/ü?x=a b\r\nevil: 1"))
    assert server.line == b"GET /api/%C3%BC?x=a%20b%0D%0Aevil:%201 HTTP/1.1"


def test_an_address_may_have_a_path_of_its_own(server: Server) -> None:
    server.call(url=f"{server.url}/base/")
    assert server.line == b"GET /base/api/cron/x HTTP/1.1"


def test_the_variable_wins_over_the_address_in_the_code(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRONSHIFT_BASE_URL", server.url)
    asyncio.run(Bridge(base_url="http://127.0.0.1:9").answer(CALL))
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", [None, "localhost:3000", "ftp://example.com", "http://x/?a=1"])
def test_without_a_usable_address_nothing_is_tried_again(url: str | None) -> None:
    with pytest.raises(NonRetriableError, match="CRONSHIFT_BASE_URL"):
        asyncio.run(Bridge(base_url=url).answer(CALL))


def test_a_redirect_is_an_answer_and_not_followed(server: Server) -> None:
    target = f"{server.url}/login"
    server.answer = f"HTTP/1.1 307 x\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n".encode()
    with pytest.raises(NonRetriableError, match="a redirect to"):
        server.call()
    assert len(server.requests) == 1


def test_retry_after_is_passed_on(server: Server) -> None:
    server.answer = b"HTTP/1.1 429 x\r\nretry-after: 90\r\ncontent-length: 0\r\n\r\n"
    with pytest.raises(RetryAfterError) as caught:
        server.call()
    left = caught.value.retry_after - datetime.now(UTC)
    assert timedelta(seconds=60) < left <= timedelta(seconds=90)


def test_an_answer_without_an_end_is_tried_again(server: Server) -> None:
    server.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"
    with pytest.raises(HandlerError, match="the connection ended before the answer did"):
        server.call()


def test_a_silent_app_is_given_up_on_in_time(server: Server) -> None:
    server.answer = b""
    with pytest.raises(HandlerError, match=r"not answered within 0\.2 seconds"):
        server.call(seconds=0.2)


def test_nobody_there_is_tried_again() -> None:
    with pytest.raises(HandlerError, match="had no answer"):
        asyncio.run(Bridge(base_url="http://127.0.0.1:9").answer(CALL))


def test_a_long_answer_is_read_to_its_end_and_cut(server: Server) -> None:
    body = b"x" * (BODY_LIMIT + 1)
    server.answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    answer = server.call()
    assert (answer["bytes"], answer["cut"], len(answer["body"])) == (len(body), True, BODY_LIMIT)


def test_a_stale_tick_makes_no_call(server: Server) -> None:
    call = replace(CALL, job=replace(JOB, stale_after=timedelta(minutes=1)), tick=CALL.tick)
    old = replace(call, tick=datetime(2020, 1, 1, tzinfo=UTC))
    answer = server.call(old)
    assert answer["skipped"].startswith("stale")
    assert server.requests == []

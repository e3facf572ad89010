"""Pings to receivers that are slow, down or hostile: no job waits for them, and none fails."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.runtime import JobSpec, pinging, wire
from cronshift.runtime.pinging import Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

JOB = JobSpec(id="tally", path="/api/cron/tally", schedule="* * * * *", heartbeat_env="MONITOR")
RUN = "01M8EEF3JTNMEAQHZQ4RXVZ310"


@dataclass
class Asked:
    """What a receiver was asked for."""

    paths: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)


@contextmanager
def receiver(
    answer: Callable[[BaseHTTPRequestHandler], object], path: str = "/ping/secret-key"
) -> Iterator[tuple[str, Asked]]:
    """Serve a receiver that answers as it is told; yield its address, and what it was asked for."""
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            place, _, query = self.path.partition("?")
            asked.paths.append(place)
            asked.queries.append(query)
            try:
                answer(self)
            except OSError:
                self.close_connection = True

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{path}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PING_SECONDS", 0.6)
    monkeypatch.setattr(wire, "PING_START_SECONDS", 0.3)
    for name in wire.FREEZING_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def plain(status: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", "0")
        handler.end_headers()

    return answer


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65_536)


def redirecting_endlessly(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(302)
    handler.send_header("location", handler.path)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65_536)


def babbling(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\x00\xff not HTTP\r\n\r\n")
    handler.close_connection = True


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (plain(200), "sent, answered 200"),
        (plain(404), "sent, answered 404"),
        (plain(503), "sent, answered 503"),
        (plain(302), "sent, answered 302"),
        (plain(302, location="file:///etc/passwd"), "failed: UnsupportedProtocol"),
        (endless, "sent, answered 200"),
        (redirecting_endlessly, "sent, answered 302"),
        (babbling, "failed: "),
    ],
)
def test_whatever_a_receiver_answers_ends_a_ping_and_raises_nothing(
    answer: Callable[[BaseHTTPRequestHandler], None],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(wire, "PING_SECONDS", 60)  # a slow machine is no receiver that is silent
    with receiver(answer) as (address, asked):
        monkeypatch.setenv("MONITOR", address)
        assert asyncio.run(pinging.end(JOB, Signal.SUCCESS, RUN)).startswith(told)
    assert asked.paths
    assert "secret-key" not in caplog.text


def test_a_receiver_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    with receiver(lambda _: released.wait()) as (address, _):
        monkeypatch.setenv("MONITOR", address)
        told = asyncio.run(pinging.end(JOB, Signal.FAILURE, RUN))
        released.set()
    assert told in {"failed: TimeoutError", "failed: ReadTimeout"}


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/ping/x", "http://[::1", "nonsense", "http://\ud800/"]
)
def test_an_address_where_nobody_is_fails_nothing(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR", "http://127.0.0.1:9/ping/x")
    monkeypatch.setattr(pinging, "_address", lambda _: address)

    async def run() -> str:
        await pinging.begin(JOB, RUN)
        return await pinging.end(JOB, Signal.SUCCESS, RUN)

    assert asyncio.run(run()).startswith("failed: ")


def test_a_receiver_that_fails_once_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    statuses = iter([503, 200])

    def recovering(handler: BaseHTTPRequestHandler) -> None:
        plain(next(statuses))(handler)

    with receiver(recovering) as (address, asked):
        monkeypatch.setenv("MONITOR", address)
        assert asyncio.run(pinging.end(JOB, Signal.SUCCESS, RUN)) == "sent, answered 200"
    assert asked.paths == ["/ping/secret-key", "/ping/secret-key"]


def test_a_job_does_not_wait_until_its_beginning_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver answers only once the job has gone on: were it waited for, that would not be."""
    monkeypatch.setattr(wire, "PING_START_SECONDS", 30)
    gone_on = threading.Event()

    def when_gone_on(handler: BaseHTTPRequestHandler) -> None:
        assert gone_on.wait(20)
        plain(200)(handler)

    async def run() -> str:
        await pinging.begin(JOB, RUN)
        gone_on.set()
        return await pinging.end(JOB, Signal.SUCCESS, RUN)

    with receiver(when_gone_on) as (address, asked):
        monkeypatch.setenv("MONITOR", address)
        assert asyncio.run(run()) == "sent, answered 200"
    assert asked.paths == ["/ping/secret-key/start", "/ping/secret-key"]


def test_a_beginning_that_is_not_taken_is_given_up_before_the_end_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A beginning behind the end would say that a run goes on which is over."""
    ended = threading.Event()
    order: list[str] = []

    def starts_never(handler: BaseHTTPRequestHandler) -> None:
        is_start = "/start" in handler.path
        if is_start:
            ended.wait(20)
        order.append("start" if is_start else "end")
        plain(200)(handler)

    async def run() -> str:
        await pinging.begin(JOB, RUN)
        return await pinging.end(JOB, Signal.SUCCESS, RUN)

    with receiver(starts_never) as (address, asked):
        monkeypatch.setenv("MONITOR", address)
        assert asyncio.run(run()) == "sent, answered 200"
        assert pinging._beginning == {}
        ended.set()
    assert asked.paths == ["/ping/secret-key/start", "/ping/secret-key"]
    assert order[0] == "end"


def test_where_a_process_stands_still_between_requests_a_beginning_is_told_before_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VERCEL", "1")
    monkeypatch.setattr(wire, "PING_START_SECONDS", 30)
    with receiver(plain(200)) as (address, asked):
        monkeypatch.setenv("MONITOR", address)
        asyncio.run(pinging.begin(JOB, RUN))
        assert asked.paths == ["/ping/secret-key/start"]
    assert pinging._beginning == {}

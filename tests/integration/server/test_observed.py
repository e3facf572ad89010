"""Calls are counted and logged, and neither can fail or hold one."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
from threading import Event
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cronshift.engine.server.observed import AnsweredCall, CallLog, Metrics, Observers, Page
from cronshift.errors import CronshiftError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Start = Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]

TICK = {"name": "inngest/scheduled.timer", "data": {"secret": "hunter2"}, "ts": 1_795_737_599_983}
SENT = {
    "event": TICK,
    "ctx": {"run_id": "01RUN", "attempt": 2},
    "steps": {"a": {"token": "hunter2"}},
}


def logged(*calls: AnsweredCall) -> list[dict[str, Any]]:
    lines: list[str] = []
    log = CallLog(lines.append)
    for call in calls:
        log.call(call)
    log.refusal(401)
    return [json.loads(line) for line in lines]


def test_a_line_tells_run_tick_and_attempt_and_nothing_that_was_sent() -> None:
    line, refused = logged(AnsweredCall("shop-mail", 206, 1.23456, json.dumps(SENT).encode()))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", line.pop("time"))
    assert line == {
        "event": "call",
        "function": "shop-mail",
        "run": "01RUN",
        "tick": "2026-11-27T00:00Z",  # the engine queued it 17 ms before
        "attempt": 3,
        "status": 206,
        "seconds": 1.235,
    }
    assert (refused["event"], refused["status"]) == ("refused", 401)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"ctx": 1}', b'{"event": {"name": 3}}', b"\xff", b'{"event": {"ts": 1e99}}'],
)
def test_a_body_that_is_none_of_the_engines_has_a_line_too(body: bytes) -> None:
    line, _ = logged(AnsweredCall("", 400, 0.1, body))
    assert (line["run"], line["attempt"], "tick" in line) == ("", 1, False)


def test_only_functions_that_are_registered_have_a_label() -> None:
    metrics = Metrics(["shop-mail"], lambda: 7)
    for function in ("shop-mail", "made-up-1", "made-up-2"):
        metrics.call(AnsweredCall(function, 200, 0.2, b""))
    metrics.refusal(503)
    text = metrics.text().decode()
    assert 'cronshift_calls_total{function="shop-mail",status="200"} 1.0' in text
    assert 'cronshift_calls_total{function="other",status="200"} 2.0' in text
    assert 'cronshift_call_seconds_bucket{function="shop-mail",le="0.5"} 1.0' in text
    assert 'cronshift_refused_total{status="503"} 1.0' in text
    assert "cronshift_running 7.0" in text
    assert "made-up" not in text


def test_an_observer_that_fails_ends_no_call() -> None:
    class Broken:
        def call(self, call: AnsweredCall) -> None:
            raise RuntimeError(call.function)

        def refusal(self, status: int) -> None:
            raise RuntimeError(status)

    metrics = Metrics(["a"], lambda: 0)
    observers = Observers([Broken(), metrics])
    observers.call("a", 200, 0.0, b"")
    observers.refusal(400)
    assert 'cronshift_calls_total{function="a",status="200"} 1.0' in metrics.text().decode()


def test_a_real_server_tells_of_its_calls(
    start: Start, package: Path, sign: Callable[..., str], call_body: bytes, signing_key: str
) -> None:
    process, ready = start(package, "--port", "0", "--metrics", INNGEST_SIGNING_KEY=signing_key)
    url = str(ready["url"])
    signed = {"x-inngest-signature": sign(call_body)}
    for headers in (signed, {}):
        query = f"{url}?fnId=demo-plain&stepId=step"
        httpx.post(query, content=call_body, headers=headers, timeout=30)
    metrics = httpx.get(url.replace("/api/inngest", "/metrics"))
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'cronshift_calls_total{function="demo-plain",status="200"} 1.0' in metrics.text
    assert 'cronshift_calls_total{function="demo-plain",status="401"} 1.0' in metrics.text
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    calls = [json.loads(line) for line in err.splitlines() if line.startswith('{"time"')]
    assert [(call["function"], call["run"], call["status"]) for call in calls] == [
        ("demo-plain", "01RUN", 200),
        ("demo-plain", "01RUN", 401),
    ]


def test_without_being_asked_there_are_no_metrics(start: Start, package: Path) -> None:
    _, ready = start(package, "--port", "0", "--log", "off", INNGEST_DEV="1")
    url = str(ready["url"]).replace("/api/inngest", "/metrics")
    assert httpx.get(url).status_code == 404


def test_the_move_has_a_page_at_the_root_where_that_is_asked_for(
    start: Start, package: Path
) -> None:
    crons = [{"path": "/api/cron/mail", "schedule": "0 5 * * *"}]
    (package / "vercel.json").write_text(json.dumps({"crons": crons}))
    _, ready = start(package, "--port", "0", "--page", INNGEST_DEV="1")
    url = str(ready["url"]).replace("/api/inngest", "/")
    page = httpx.get(url, timeout=60)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Of none of the" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.text == httpx.get(url).text  # kept for a while


def test_a_page_that_is_not_made_in_time_holds_up_neither_who_asks_nor_the_end(
    start: Start, package: Path
) -> None:
    """The page of a database that does not answer; the same for an address, a disk."""
    (package / "vercel.json").write_text('{"crons": []}')
    silent = socket.create_server(("127.0.0.1", 0))
    ledger = f"postgresql+psycopg://u@127.0.0.1:{silent.getsockname()[1]}/d"
    environment = {"INNGEST_DEV": "1", "CRONSHIFT_LEDGER_URL": ledger}
    with silent:
        process, ready = start(package, "--port", "0", "--page", "--log", "off", **environment)
        url = str(ready["url"])
        page = httpx.get(url.replace("/api/inngest", "/"), timeout=60)
        assert "It is being made" in page.text
        assert httpx.get(url.replace("/api/inngest", "/healthz")).status_code == 200
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_one_page_is_made_at_a_time_and_who_asks_meanwhile_gets_the_last() -> None:
    made: list[int] = []
    gate = Event()

    def make() -> str:
        made.append(len(made))
        if len(made) > 1:
            gate.wait()
        return f"page {len(made)}"

    async def ask() -> list[str]:
        page = Page(make, life=0, patience=0.05)
        first = await page.text()
        late = await asyncio.gather(*(page.text() for _ in range(20)))
        gate.set()
        return [first, *late]

    assert asyncio.run(ask()) == ["page 1"] * 21
    assert made == [0, 1]


def test_a_page_whose_making_fails_in_any_way_says_so() -> None:
    def make() -> str:
        raise OSError("secret <address>")

    page = asyncio.run(Page(make).text())
    assert "OSError" in page
    assert "secret" not in page


def test_a_page_that_cannot_be_made_says_why() -> None:
    def make() -> str:
        raise CronshiftError("<no> project.", reason="usage")

    assert "&lt;no&gt; project." in asyncio.run(Page(make).text())

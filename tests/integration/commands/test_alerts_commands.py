"""``alerts check|test`` against webhooks that take them, are slow, down, or hostile."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.commands.test_dead_letters_commands import LETTER
from tests.integration.commands.test_schemas import check

from cronshift.errors import CronshiftError
from cronshift.observing.webhook import post_text
from cronshift.runtime.store.dead_letters import DeadLetters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.commands.conftest import Cronshift

PATIENCE = timedelta(seconds=0.5)


class Receiver:
    """A webhook that does as it is told, and remembers what it was."""

    def __init__(self, kind: str = "well") -> None:
        self.kind = kind
        self.messages: list[Any] = []
        self.followed = 0
        self.ends = threading.Event()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer as a receiver of this kind does."""
        body = request.rfile.read(int(request.headers["content-length"]))
        self.messages.append(json.loads(body))
        if self.kind == "slow":
            self.ends.wait(5)
        elif self.kind == "drips":
            request.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for number in range(20):
                if self.ends.wait(0.1):
                    break
                request.wfile.write(f"x-{number}: y\r\n".encode())
                request.wfile.flush()
        elif self.kind == "hangs up":
            request.connection.close()
        elif self.kind == "nonsense":
            request.wfile.write(b"\x00\xff not HTTP at all\r\n\r\n")
        elif self.kind == "redirects":
            request.send_response(307)
            request.send_header("location", "/elsewhere")
            request.end_headers()
        else:
            request.send_response(500 if self.kind == "fails" else 200)
            request.end_headers()
            if self.kind == "endless":
                for _ in range(200):
                    request.wfile.write(b"x" * 100_000)


@contextmanager
def receiving(receiver: Receiver) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if self.path == "/elsewhere":
                receiver.followed += 1
            receiver.answer(self)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """The client has gone, as it should."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/services/s3cret-hook"
    finally:
        receiver.ends.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("slow", "in time"),
        ("drips", "in time"),
        ("hangs up", "Error"),
        ("nonsense", "RemoteProtocolError"),
        ("redirects", "answered 307"),
        ("fails", "answered 500"),
    ],
)
def test_a_webhook_that_does_not_take_it_is_told_without_its_address(kind: str, why: str) -> None:
    receiver = Receiver(kind)
    with receiving(receiver) as url, pytest.raises(CronshiftError) as caught:
        asyncio.run(post_text(url, "not well", PATIENCE))
    assert caught.value.reason == "webhook-refuses"
    assert why in caught.value.message
    assert "s3cret" not in caught.value.message
    assert receiver.followed == 0


def test_no_name_of_a_job_calls_everybody_or_leads_elsewhere() -> None:
    receiver = Receiver("well")
    with receiving(receiver) as url:
        asyncio.run(post_text(url, "<!channel> <https://evil|here> & job: 1 > 0", PATIENCE))
    text = "&lt;!channel&gt; &lt;https://evil|here&gt; &amp; job: 1 &gt; 0"
    assert receiver.messages == [{"text": text}]


def test_an_endless_answer_is_not_read() -> None:
    receiver = Receiver("endless")
    with receiving(receiver) as url:
        asyncio.run(post_text(url, "not well", PATIENCE))
    assert receiver.messages == [{"text": "not well"}]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    letters = DeadLetters.open(url)
    letters.keep(LETTER, datetime.now(UTC))
    letters.close()
    return {"CRONSHIFT_LEDGER_URL": url}


def test_an_alert_is_told_once_until_it_is_over(cronshift: Cronshift, env: dict[str, str]) -> None:
    receiver = Receiver()
    with receiving(receiver) as url:
        env["CRONSHIFT_ALERTS_URL"] = url
        first = cronshift("alerts", "check", "--json", env=env)
        again = cronshift("alerts", "check", "--json", env=env)
        letters = DeadLetters.open(env["CRONSHIFT_LEDGER_URL"])
        letters.drop([LETTER.run_id])
        letters.close()
        over = cronshift("alerts", "check", "--json", env=env)
    assert [first.code, again.code, over.code] == [1, 1, 0]
    for said in (first, again, over):
        check(said.document, "alerts-check")
    assert (first.document["told"], again.document["told"]) == (["dead-letters"], [])
    assert over.document["over"] == ["dead-letters"]
    assert [message["text"].splitlines()[1] for message in receiver.messages] == [
        "• 1 dead letter waiting: session-recovery.",
        "• over: dead-letters",
    ]


def test_what_was_not_taken_is_told_the_next_time(
    cronshift: Cronshift, env: dict[str, str]
) -> None:
    env["CRONSHIFT_ALERTS_URL"] = "http://127.0.0.1:9/services/s3cret-hook"
    failed = cronshift("alerts", "check", env=env)
    assert failed.code == 2
    assert "did not take the alert" in failed.err
    assert "s3cret" not in failed.err
    receiver = Receiver()
    with receiving(receiver) as url:
        cronshift("alerts", "check", env={**env, "CRONSHIFT_ALERTS_URL": url})
    assert len(receiver.messages) == 1


def test_a_dry_run_tells_nobody_and_needs_no_webhook(
    cronshift: Cronshift, env: dict[str, str]
) -> None:
    said = cronshift("alerts", "check", "--dry-run", env=env)
    assert said.code == 1
    assert "1 dead letter waiting" in said.out


def test_a_test_arrives_and_says_so(cronshift: Cronshift) -> None:
    receiver = Receiver()
    with receiving(receiver) as url:
        said = cronshift("alerts", "test", "--json", env={"CRONSHIFT_ALERTS_URL": url})
    check(said.document, "alerts-test")
    (message,) = receiver.messages
    assert message["text"] == "cronshift · predictions\n• This is a test: alerts arrive here."


@pytest.mark.parametrize(
    ("words", "env", "reason"),
    [
        (("test",), {"CRONSHIFT_ALERTS_URL": ""}, "no-webhook"),
        (("test",), {"CRONSHIFT_ALERTS_URL": "file:///etc/passwd"}, "no-webhook"),
        (("check", "--dry-run"), {"CRONSHIFT_LEDGER_URL": ""}, "no-ledger"),
    ],
)
def test_what_is_missing_is_told(
    cronshift: Cronshift, words: tuple[str, ...], env: dict[str, str], reason: str
) -> None:
    said = cronshift("alerts", *words, "--json", env=env)
    assert (said.code, said.document["error"]["reason"]) == (2, reason)


def test_thresholds_come_from_the_settings(cronshift: Cronshift, env: dict[str, str]) -> None:
    settings = cronshift.folder / "cronshift.toml"
    settings.write_text(settings.read_text() + "\n[alerts]\ndead_letters = 1\n")
    assert cronshift("alerts", "check", "--dry-run", env=env).code == 0
    letters = DeadLetters.open(env["CRONSHIFT_LEDGER_URL"])
    letters.keep(replace(LETTER, run_id="02"), datetime.now(UTC))
    letters.close()
    assert cronshift("alerts", "check", "--dry-run", env=env).code == 1

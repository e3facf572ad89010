"""The ownership file as a process holds it: read once, kept shortly, lost loudly."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.runtime import wire
from cronshift.runtime.download import download
from cronshift.runtime.held import LIFE, Source, is_afar, max_age, read_text
from cronshift.runtime.ownership import Epoch, Ownership, digest, dump_ownership, parse_ownership

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EPOCH = Epoch(datetime(2026, 11, 24, tzinfo=UTC), 100, "01OP")
TEXT = dump_ownership(Ownership({"x": (EPOCH,)}))


class Reader:
    def __init__(self, text: str | None) -> None:
        self.text = text
        self.reads = 0
        self.now = 0.0

    def read(self) -> str:
        self.reads += 1
        if self.text is None:
            raise FileNotFoundError("there is none")
        return self.text

    def source(self) -> Source:
        return Source(self.read, lambda: self.now)


def test_the_file_is_read_once_for_a_while() -> None:
    reader = Reader(TEXT)
    source = reader.source()
    for _ in range(100):
        held = source.current()
    assert held is not None
    assert held.digest == digest(parse_ownership(TEXT))
    assert reader.reads == 1
    reader.now = LIFE
    source.current()
    assert reader.reads == 2


def test_a_new_file_is_seen_after_that_while() -> None:
    reader = Reader(TEXT)
    source = reader.source()
    source.current()
    reader.text, reader.now = dump_ownership(Ownership()), LIFE + 1
    held = source.current()
    assert held is not None
    assert held.ownership == Ownership()


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", '{"version": 2}', '{"version": 1, "jobs": 3}']
)
def test_what_cannot_be_read_is_said_and_holds_nothing(
    text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    reader = Reader(text)
    source = reader.source()
    with caplog.at_level(logging.WARNING):
        assert source.current() is None
        assert source.current() is None
    assert caplog.text.count("Every tick runs here") == 1
    reader.text, reader.now = TEXT, LIFE + 1
    assert source.current() is not None


def test_the_text_comes_from_where_the_variables_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match="there is none"):
        read_text({})
    (tmp_path / "cronshift.ownership.json").write_text("here")
    (tmp_path / "named.json").write_text("named")
    assert read_text({}) == "here"
    assert read_text({"CRONSHIFT_OWNERSHIP_FILE": str(tmp_path / "named.json")}) == "named"
    assert read_text({"CRONSHIFT_OWNERSHIP": "inline"}) == "inline"


def test_the_text_can_come_over_http_and_the_address_is_never_told() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if "token=good" in self.path else 403)
            self.end_headers()
            self.wfile.write(TEXT.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/item?token="
        try:
            assert read_text({"CRONSHIFT_OWNERSHIP_URL": f"{url}good"}) == TEXT
            with pytest.raises(OSError, match="answered 403") as caught:
                read_text({"CRONSHIFT_OWNERSHIP_URL": f"{url}s3cret"})
        finally:
            server.shutdown()
            thread.join()
    assert "s3cret" not in str(caught.value)
    with pytest.raises(ValueError, match="no web address"):
        read_text({"CRONSHIFT_OWNERSHIP_URL": "file:///etc/passwd"})


# What was read last goes on


class Afar(Reader):
    """An address, and the file that is deployed beside the app."""

    deployed: str | None = None
    max_age = 3600.0

    def read_deployed(self) -> str:
        if self.deployed is None:
            raise FileNotFoundError("there is none")
        return self.deployed

    def source(self) -> Source:
        return Source(
            self.read,
            lambda: self.now,
            deployed=self.read_deployed,
            is_afar=lambda: True,
            max_age=lambda: self.max_age,
        )


OTHER = dump_ownership(Ownership({"y": (EPOCH,)}))


def jobs(source: Source) -> list[str] | None:
    held = source.current()
    return None if held is None else list(held.ownership.jobs)


@pytest.mark.parametrize("broken", [None, "{", '{"version": 2}'])
def test_what_was_read_last_goes_on_while_reading_fails(
    broken: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    for reader in (Reader(TEXT), Afar(TEXT)):
        source = reader.source()
        assert jobs(source) == ["x"]
        reader.text = broken
        for _ in range(5):
            reader.now += LIFE
            assert jobs(source) == ["x"]
        reader.text, reader.now = OTHER, reader.now + LIFE
        assert jobs(source) == ["y"]
    assert "What was read last goes on" in caplog.text


def test_without_a_reading_the_deployed_file_counts_and_then_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reader = Afar(None)
    reader.deployed = OTHER
    source = reader.source()
    assert jobs(source) == ["y"]
    assert "Every tick runs here" not in caplog.text
    reader.deployed = None
    assert jobs(Afar(None).source()) is None
    assert caplog.text.count("Every tick runs here") == 1


def test_what_was_read_from_afar_goes_on_for_as_long_as_is_set() -> None:
    reader = Afar(TEXT)
    reader.deployed = OTHER
    source = reader.source()
    assert jobs(source) == ["x"]
    reader.text, reader.now = None, reader.max_age
    assert jobs(source) == ["x"]
    reader.now += 1
    assert jobs(source) == ["y"]


def test_its_age_is_told_where_it_came_from_afar() -> None:
    reader = Afar(TEXT)
    source = reader.source()
    known = digest(parse_ownership(TEXT))
    assert source.describe() == {"ownership": known, "age": 0}
    reader.text, reader.now = None, 90.4
    assert source.describe() == {"ownership": known, "age": 90}
    assert Reader(TEXT).source().describe() == {"ownership": known}
    assert Afar(None).source().describe() == {"ownership": None, "age": None}


def test_who_may_not_ask_makes_no_reading() -> None:
    reader = Afar(TEXT)
    reader.deployed = OTHER
    source = reader.source()
    held = source.current(lambda: False)
    assert held is not None
    assert (list(held.ownership.jobs), reader.reads) == (["y"], 0)
    assert (jobs(source), reader.reads) == (["x"], 1)
    reader.now += LIFE
    held = source.current(lambda: False)
    assert held is not None
    assert (list(held.ownership.jobs), reader.reads) == (["x"], 1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, 86_400), ("", 86_400), ("1h30m", 5400), ("90s", 90), ("soon", 86_400), ("0s", 86_400)],
)
def test_the_greatest_age_is_a_setting(text: str | None, seconds: float) -> None:
    environ = {} if text is None else {"CRONSHIFT_OWNERSHIP_MAX_AGE": text}
    assert max_age(environ) == seconds


@pytest.mark.parametrize(
    ("environ", "afar"),
    [
        ({}, False),
        ({"CRONSHIFT_OWNERSHIP_FILE": "x"}, False),
        ({"CRONSHIFT_OWNERSHIP_URL": "https://x"}, True),
        ({"CRONSHIFT_OWNERSHIP_URL": "https://x", "CRONSHIFT_OWNERSHIP": "{}"}, False),
    ],
)
def test_only_an_address_that_counts_is_afar(environ: dict[str, str], afar: bool) -> None:
    assert is_afar(environ) is afar


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "cronshift.ownership.json"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="no regular file"):
        read_text({"CRONSHIFT_OWNERSHIP_FILE": str(pipe)})
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (wire.OWNERSHIP_MAX_BYTES + 1))
    with pytest.raises(OSError, match="larger than"):
        read_text({"CRONSHIFT_OWNERSHIP_FILE": str(large)})


# Addresses that mean harm


@contextmanager
def peer(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Listen, and do to whoever connects what the test says; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        answer(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/item?token=s3cret"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def until_gone(connection: socket.socket, chunk: bytes) -> None:
    """Send a chunk again and again until the other side has gone."""
    connection.settimeout(0.05)
    while True:
        connection.sendall(chunk)
        with suppress(TimeoutError):
            if not connection.recv(65_536):
                return


def drips_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    until_gone(connection, b"x: y\r\n")


def drips_a_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    until_gone(connection, b" ")


def says_nothing(connection: socket.socket) -> None:
    until_gone(connection, b"")


@pytest.mark.parametrize("answer", [drips_headers, drips_a_body, says_nothing])
def test_an_address_has_one_deadline_for_all_of_its_answer(
    answer: Callable[[socket.socket], None],
) -> None:
    """The peer ends only when it is left, so that a reading without an end would never return."""
    with (
        peer(answer) as url,
        pytest.raises(OSError, match="did not answer in time") as caught,
    ):
        download(url, seconds=0.3, most=1000)
    assert "s3cret" not in str(caught.value)


def test_an_answer_that_is_too_large_is_left() -> None:
    def floods(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        until_gone(connection, b" " * 65_536)

    with peer(floods) as url, pytest.raises(ValueError, match="more than 100,000 bytes"):
        download(url, seconds=30, most=100_000)


def test_an_event_loop_goes_on_while_an_address_is_asked() -> None:
    """What the address waits for is done on the loop: were that held up, nobody would answer."""
    asked, answered = threading.Event(), threading.Event()

    def read() -> str:
        asked.set()
        assert answered.wait(20)
        return TEXT

    source = Source(read, is_afar=lambda: True)

    async def both() -> None:
        refreshing = asyncio.create_task(source.refresh())
        await asyncio.to_thread(asked.wait, 20)
        answered.set()
        await refreshing

    asyncio.run(both())
    assert jobs(source) == ["x"]


def test_since_when_a_file_counts_and_which_counted_before_is_told() -> None:
    """By this a late side's ticks are found afterwards."""
    now, texts = [0.0], [TEXT]
    source = Source(lambda: texts[0], lambda: now[0])
    first = source.current()
    assert first is not None
    now[0] = 90
    source.current()
    assert source.history() == {"held": 90, "before": None}
    texts[0] = '{"version": 1, "jobs": {"other": []}}'
    now[0] = 101
    second = source.current()
    assert second is not None
    assert second.digest != first.digest
    now[0] = 105
    assert source.history() == {"held": 4, "before": first.digest}

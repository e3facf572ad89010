"""The ownership file as a process holds it: read once, kept shortly, lost loudly."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.runtime.held import LIFE, Source, read_text
from cronshift.runtime.ownership import Epoch, Ownership, digest, dump_ownership, parse_ownership

if TYPE_CHECKING:
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
        held = source.held()
    assert held is not None
    assert held.digest == digest(parse_ownership(TEXT))
    assert reader.reads == 1
    reader.now = LIFE
    source.held()
    assert reader.reads == 2


def test_a_new_file_is_seen_after_that_while() -> None:
    reader = Reader(TEXT)
    source = reader.source()
    source.held()
    reader.text, reader.now = dump_ownership(Ownership()), LIFE + 1
    held = source.held()
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
        assert source.held() is None
        assert source.held() is None
    assert caplog.text.count("Every tick runs here") == 1
    reader.text, reader.now = TEXT, LIFE + 1
    assert source.held() is not None


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

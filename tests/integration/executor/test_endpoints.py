"""First contact with addresses that are no Inngest endpoint, over real sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.engine.server.endpoint import Endpoint
from cronshift.errors import CronshiftError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def answering(status: int, headers: dict[str, str], body: bytes = b"{}") -> Iterator[str]:
    """Serve one answer to everything, on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api/inngest"
        finally:
            server.shutdown()
            thread.join()


def refused(url: str) -> CronshiftError:
    async def ask() -> None:
        async with Endpoint.http(url) as endpoint:
            await endpoint.introspect()

    with pytest.raises(CronshiftError) as caught:
        asyncio.run(ask())
    return caught.value


SDK = {"x-inngest-sdk": "inngest-py:v0.5.19"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "reason"),
    [
        (404, {}, b"not found", "not-an-inngest-endpoint"),
        (200, {}, b"<html>", "not-an-inngest-endpoint"),
        (307, {"location": "/login"}, b"", "endpoint-redirects"),
        (401, SDK, b'{"message": "Unauthorized"}', "unauthorized"),
        (200, SDK, b'{"message": "no document"}', "endpoint-refuses"),
        (500, SDK, b"\xff", "endpoint-refuses"),
    ],
)
def test_an_address_that_is_none_is_told_with_its_remedy(
    status: int, headers: dict[str, str], body: bytes, reason: str
) -> None:
    with answering(status, headers, body) as url:
        error = refused(url)
    assert error.reason == reason
    assert url in error.message
    assert error.hint


def test_nobody_listening_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/api/inngest"
    assert refused(url).reason == "endpoint-unreachable"


@pytest.mark.parametrize(
    "url", ["", "localhost:3000", "ftp://x/api", "http://", "http://[", "/api"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    assert refused(url).reason == "invalid-endpoint"

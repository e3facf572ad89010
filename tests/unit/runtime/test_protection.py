"""The secret that passes the app's own deployment protection goes to the app, and to nobody else."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.runtime.held import read_text
from cronshift.runtime.protection import bypass_headers, is_the_app

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "VERCEL_AUTOMATION_BYPASS_SECRET"
TEXT = '{"version": 1, "jobs": {}}'


@pytest.mark.parametrize(
    ("value", "sent"),
    [("s3cret", "s3cret"), (" s3cret\n", "s3cret"), ("", None), ("two\nlines", None), ("ü", None)],
)
def test_only_what_a_header_can_carry_is_sent(value: str, sent: str | None) -> None:
    expected = {"x-vercel-protection-bypass": sent} if sent else {}
    assert bypass_headers({NAME: value}) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.vercel.app/f", True),
        ("https://SHOP.vercel.app", True),
        ("https://app.example:8443/f", True),
        ("https://app.example/f", False),
        ("https://shop.vercel.app.evil.example/f", False),
        ("https://evil.example/shop.vercel.app", False),
        ("https://shop.vercel.app@evil.example/", False),
        ("https://[", False),
    ],
)
def test_the_apps_own_addresses_are_those_that_variables_name(url: str, expected: bool) -> None:
    environ = {"VERCEL_URL": "shop.vercel.app", "CRONSHIFT_BASE_URL": "https://app.example:8443/x"}
    assert is_the_app(url, environ) is expected
    assert not is_the_app(url, {})


@contextmanager
def listening(seen: list[str | None], location: str | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("x-vercel-protection-bypass"))
            self.send_response(307 if location else 200)
            if location:
                self.send_header("location", location)
            self.end_headers()
            self.wfile.write(TEXT.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_the_ownership_file_is_read_past_the_protection_and_a_redirect_takes_no_secret() -> None:
    ours: list[str | None] = []
    theirs: list[str | None] = []
    with listening(theirs) as elsewhere, listening(ours, elsewhere) as app:
        environ = {NAME: "s3cret", "CRONSHIFT_OWNERSHIP_URL": app, "CRONSHIFT_BASE_URL": app}
        assert read_text(environ) == TEXT
        assert read_text({**environ, "CRONSHIFT_OWNERSHIP_URL": elsewhere}) == TEXT
    assert (ours, theirs) == (["s3cret"], [None, None])

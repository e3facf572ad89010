"""The dry run beside a call, answered by the same app; what it raises reaches nobody but the ledger."""

from __future__ import annotations

import asyncio
import copy
import io
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cronshift.runtime.watching import WatchedChunks, watched, watched_get

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from http.server import BaseHTTPRequestHandler

    from starlette.types import ASGIApp, Message, Scope

    from cronshift.runtime.turns import DryRun, Turn


async def asgi(turn: Turn | None, app: ASGIApp, scope: Scope, *, is_floor: bool = False) -> None:
    """Have an ASGI app answer a call's dry run.

    Args:
        turn: the call's.
        app: what answers.
        scope: the call's.
        is_floor: whether the call itself did the work.
    """
    dry_run = _of(turn, is_floor=is_floor)
    if dry_run is None:
        return
    path, _, query = dry_run.target.partition("?")
    added = [(name.encode(), value.encode()) for name, value in dry_run.headers.items()]
    dry_scope = {
        **scope,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [*scope.get("headers", ()), *added],
    }
    asked, answered = asyncio.Event(), asyncio.Event()

    async def receive() -> Message:
        if asked.is_set():
            await answered.wait()
            return {"type": "http.disconnect"}
        asked.set()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            answered.set()

    with suppress(Exception):
        dry_run.turn.refusal()
        await watched(dry_run.turn, app, dry_scope, receive, send)


def wsgi(
    turn: Turn | None,
    app: Callable[..., Iterable[bytes]],
    environ: dict[str, Any],
    *,
    is_floor: bool = False,
) -> None:
    """Have a WSGI app answer a call's dry run, as :func:`asgi` does."""
    dry_run = _of(turn, is_floor=is_floor)
    if dry_run is None:
        return
    dry_environ: dict[str, Any] = {
        **environ,
        **{name: dry_run.target for name in ("RAW_URI", "REQUEST_URI") if name in environ},
        **{f"HTTP_{_upper(name)}": value for name, value in dry_run.headers.items()},
        "QUERY_STRING": dry_run.target.partition("?")[2],
        "wsgi.input": io.BytesIO(),
    }
    with suppress(Exception):
        dry_run.turn.refusal()
        chunks = WatchedChunks(dry_run.turn, app, dry_environ, lambda *_: lambda _: None)
        for _ in chunks:
            pass
        chunks.close()


def handler(
    turn: Turn | None,
    get: Callable[[BaseHTTPRequestHandler], None],
    request: BaseHTTPRequestHandler,
    *,
    is_floor: bool = False,
) -> None:
    """Have a class answer a call's dry run, as :func:`asgi` does."""
    dry_run = _of(turn, is_floor=is_floor)
    if dry_run is None:
        return
    dry_request = copy.copy(request)
    dry_request.path = dry_run.target
    dry_request.requestline = f"GET {dry_run.target} {request.request_version}"
    dry_request.headers = copy.deepcopy(request.headers)
    for name, value in dry_run.headers.items():
        dry_request.headers[name] = value
    dry_request.rfile, dry_request.wfile = io.BytesIO(), io.BytesIO()
    with suppress(Exception):
        dry_run.turn.refusal()
        watched_get(dry_run.turn, get, dry_request)


def _of(turn: Turn | None, *, is_floor: bool) -> DryRun | None:
    """Return a call's dry run, where it has one of this kind."""
    dry_run = turn.dry_run if turn else None
    return dry_run if dry_run is not None and dry_run.is_floor is is_floor else None


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")

"""The app of a generated package, with two probes in front of it."""

from __future__ import annotations

import asyncio
import json
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from cronshift.engine.server.arrivals import (
    FULL,
    STOPPING,
    Arrivals,
    PeerLeftError,
    Refusal,
    TurnedAwayError,
)
from cronshift.engine.server.canonical import canonical
from cronshift.engine.server.keys import ServerMode
from cronshift.engine.server.large import SMALL, read_large
from cronshift.engine.server.limits import Limits
from cronshift.engine.server.observed import Metrics, Observers, Page, function_of
from cronshift.engine.server.short_way import SDK_ROUTES, short_way
from cronshift.engine.server.signing import is_signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inngest import Function, Inngest
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cronshift.engine.server.tracing import AnswerSeen, Tracing

_PROBES = frozenset({"/healthz", "/readyz"})
_SIGNATURE = b"x-inngest-signature"
_SERVER_ERROR = HTTPStatus.INTERNAL_SERVER_ERROR
_CLOSING = {  # the rest of such a request is not read
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.SERVICE_UNAVAILABLE,
}
_UNAUTHORIZED = Refusal(HTTPStatus.UNAUTHORIZED, "Unauthorized")
_NO_OBJECT = Refusal(HTTPStatus.BAD_REQUEST, "The body is not a JSON object.")


class ServedApp:
    """The generated package's ASGI app, with ``/healthz`` and ``/readyz``; a thin ASGI app itself.

    Every other path is the package's, which gets a request once all of it has arrived. Once
    :meth:`drain` is called, new work and what has not arrived are turned away with 503, which Inngest
    retries, while what runs goes on; what is cancelled then is answered so too.

    Attributes:
        client: the package's Inngest client.
        functions: the package's functions.
        path: where the app answers Inngest.
        limits: of what peers may take.
        draining: whether the server was told to stop.
        running: how many requests the package works on; one that only waits for its peer to take
            the answer is not among them.
        startup_error: the last line of what the app said when its lifespan failed to start.
        observers: who is told of calls.
        metrics: what ``/metrics`` answers; without it that path is the package's.
        page: what ``/`` answers; the same.
        tracing: makes spans of calls, where that is installed.
    """

    def __init__(
        self,
        app: ASGIApp,
        client: Inngest,
        functions: Sequence[Function[Any]],
        limits: Limits | None = None,
    ) -> None:
        self._app = app
        self.client = client
        self.functions = tuple(functions)
        self.path = _inngest_path(app)
        self._calls = short_way(app, self.path)
        self.limits = limits or Limits.of_this_process()
        self.draining = False
        self.running = 0
        self.startup_error: str | None = None
        self.observers = Observers()
        self.metrics: Metrics | None = None
        self.page: Page | None = None
        self.tracing: Tracing | None = None
        self._arrivals = Arrivals(self.limits)
        self._checking = asyncio.Lock()

    @property
    def mode(self) -> ServerMode:
        """The mode that the client settled on."""
        return ServerMode.CLOUD if self.client.is_production else ServerMode.DEV

    def drain(self) -> None:
        """Take no more work: a request that has not arrived by now never does."""
        self.draining = True
        self._arrivals.refuse_all()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a probe, or pass the request on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._shortening(send))
        elif scope["type"] != "http":
            await self._run(self._app, scope, receive, send)
        elif scope["path"] in _PROBES:
            await _answer(send, *self._probe(scope["path"]))
        elif self.page is not None and scope["path"] == "/":
            page = await self.page.text()
            kind = "text/html; charset=utf-8"
            await _send(send, HTTPStatus.OK, page.encode(), kind, self.page.headers)
        elif self.metrics is not None and scope["path"] == "/metrics":
            await _send(send, HTTPStatus.OK, self.metrics.text(), self.metrics.content_type)
        else:
            await self._answer_whole(scope, receive, send)

    async def when_full(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer on a connection above the limit: a probe, or that there is no more room."""
        if scope["type"] == "http" and scope["path"] in _PROBES:
            await self(scope, receive, send)
        else:
            await _refuse(send, FULL)

    async def _answer_whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on once it is whole; turn it away when it is not wanted."""
        try:
            body = await self._arrived(scope, receive)
        except TurnedAwayError as error:
            self.observers.refusal(error.refusal.status)
            await _refuse(send, error.refusal)
        except PeerLeftError:
            return
        else:
            is_sync = scope["method"] == "PUT" and not body  # a request to register needs none
            if scope["path"] == self.path and scope["method"] in {"POST", "PUT"} and not is_sync:
                send = _blaming(body, send)
            if scope["path"] == self.path and scope["method"] == "POST":
                await self._call(scope, body, receive, send)
            else:
                await self._run(self._app, scope, _replaying(body, receive), send)

    async def _call(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Pass a call of a function on, and tell the observers its outcome before the peer has it."""
        began, status, is_told = time.perf_counter(), 0, False
        function = function_of(scope["query_string"])
        if self.metrics is not None:
            self.metrics.note()

        def tell() -> None:
            nonlocal is_told
            if not is_told:
                is_told = True
                self.observers.call(function, status, began, body)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not message.get("more_body"):
                tell()
            await send(message)

        try:
            whole = _replaying(body, receive)
            if self.tracing is None or not self.tracing.is_on:
                await self._run(self._calls, scope, whole, sending)
            else:  # the whole way, on which others may look on too
                with self.tracing.call(function, body) as answer:
                    within = answer.scope(scope)
                    await self._run(self._app, within, whole, _showing(answer, sending))
        finally:
            if self.metrics is not None:
                self.metrics.note()
            tell()

    async def _arrived(self, scope: Scope, receive: Receive) -> bytes:
        """Return a request's body once it is here and may be looked at."""
        if self.draining:
            raise TurnedAwayError(STOPPING)
        body = await self._arrivals.body(scope, receive)
        if self.draining:
            raise TurnedAwayError(STOPPING)
        if len(body) > SMALL and scope["path"] == self.path:
            async with self._checking:
                await self._read(scope, body)
            if self.draining:
                raise TurnedAwayError(STOPPING)
        return body

    async def _run(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Have an app answer, and count it among those that run."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            self.running -= 1
            try:
                await send(message)
            finally:
                self.running += 1

        self.running += 1
        try:
            await app(scope, receive, sending)
        except asyncio.CancelledError:
            if not self.draining:
                raise
            if scope["type"] == "http" and not begun:
                await _refuse(send, STOPPING)
        finally:
            self.running -= 1

    async def _read(self, scope: Scope, body: bytes) -> None:
        """Read a large call for the SDK, which would make it canonical whoever sent it.

        That takes seconds for some megabytes, in which nobody else is answered. The engine's bodies
        are canonical already; others are made so here, beside the event loop.
        """
        signed: bytes | None = body
        if self.mode is ServerMode.CLOUD:
            header = next((value for name, value in scope["headers"] if name == _SIGNATURE), b"")
            keys = [
                key for key in (self.client.signing_key, self.client.signing_key_fallback) if key
            ]
            if header and not any(is_signed(body, header, key) for key in keys):
                signed = await asyncio.to_thread(canonical, body)
            if signed is None or not any(is_signed(signed, header, key) for key in keys):
                raise TurnedAwayError(_UNAUTHORIZED)
        await read_large(body, signed or body)

    def _probe(self, path: str) -> tuple[HTTPStatus, dict[str, str]]:
        if path == "/healthz":
            return HTTPStatus.OK, {"status": "ok"}
        if self.draining:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"status": "draining"}
        if not self.functions:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"status": "no-functions"}
        if self.mode is ServerMode.CLOUD and not self.client.signing_key:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"status": "missing-keys"}
        return HTTPStatus.OK, {"status": "ready"}

    def _shortening(self, send: Send) -> Send:
        """Cut the lifespan's failure to one line: it sends whole tracebacks."""

        async def shortened(message: Message) -> None:
            if "message" in message:
                lines = message["message"].strip().splitlines() or ["no reason given"]
                if message["type"] == "lifespan.startup.failed":
                    self.startup_error = lines[-1]
                    lines = [""]
                last = "" if lines[-1].endswith("CancelledError") else lines[-1]
                message = {**message, "message": last}
            await send(message)

        return shortened


def _inngest_path(app: ASGIApp) -> str:
    for route in getattr(app, "routes", ()):
        if getattr(getattr(route, "endpoint", None), "__module__", "") == SDK_ROUTES:
            return str(route.path)
    return "/api/inngest"  # an app that hides its routes: the SDK's default


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that gives the body that has arrived, and then the rest."""
    replayed = False

    async def replay() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _showing(answer: AnswerSeen, send: Send) -> Send:
    """Return a ``send`` that shows the answer to a span, too."""

    async def sending(message: Message) -> None:
        answer.take(message)
        await send(message)

    return sending


def _blaming(body: bytes, send: Send) -> Send:
    """Return a ``send`` that answers 400 where the SDK fails at a body that is no JSON object."""
    blamed = False

    async def sending(message: Message) -> None:
        nonlocal blamed
        if message["type"] == "http.response.start" and message["status"] >= _SERVER_ERROR:
            blamed = not _is_object(body)
            if blamed:
                await _refuse(send, _NO_OBJECT)
        if not blamed:
            await send(message)

    return sending


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


async def _refuse(send: Send, refusal: Refusal) -> None:
    await _answer(send, refusal.status, {"message": refusal.message})


async def _answer(send: Send, status: HTTPStatus, document: dict[str, str]) -> None:
    await _send(send, status, json.dumps(document).encode(), "application/json")


async def _send(
    send: Send,
    status: HTTPStatus,
    body: bytes,
    content_type: str,
    more: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    headers = [
        *more,
        (b"content-type", content_type.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    if status in _CLOSING:
        headers.append((b"connection", b"close"))
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})

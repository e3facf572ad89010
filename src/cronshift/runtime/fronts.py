"""The guard as ASGI or WSGI middleware of an app, or around its ``do_GET``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cronshift.runtime.jobs import IN_PROCESS
from cronshift.runtime.replies import skip
from cronshift.runtime.wire import CLAIMED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cronshift.runtime.claiming import Claim
    from cronshift.runtime.replies import Reply

HandlerClass = TypeVar("HandlerClass", bound=type[BaseHTTPRequestHandler])
WsgiApp = Callable[..., Iterable[bytes]]

_FIRST_FINAL_STATUS = 200  # those below announce another


class Decider(Protocol):
    """The decider of requests; headers have lower-case names."""

    async def refresh(self, method: str, target: str, headers: Mapping[str, str]) -> None:
        """Read, off the event loop, what :meth:`reply` will need."""

    def reply(self, method: str, target: str, headers: Mapping[str, str]) -> Reply | None:
        """Return the answer to a request that is not to reach the app."""

    def claim(self, target: str, headers: Mapping[str, str]) -> Claim | None:
        """Return the claim that a call is to take before it runs, if it is to take one."""


def asgi(decider: Decider, app: ASGIApp) -> ASGIApp:
    """Return ``app`` with ``decider`` before it."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or IN_PROCESS in scope.get("extensions", {}):
            await app(scope, receive, send)
            return
        target, headers = _target(scope), asgi_headers(scope)
        await decider.refresh(scope["method"], target, headers)
        reply = decider.reply(scope["method"], target, headers)
        claim = None if reply else decider.claim(target, headers)
        if claim is not None and not await asyncio.to_thread(claim.take):
            reply = skip(CLAIMED)
        if reply is not None:
            await send_reply(send, reply)
        elif claim is None:
            await app(scope, receive, send)
        else:
            await _claimed(claim, app, scope, receive, send)

    return guarded


async def _claimed(claim: Claim, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run the app for a claimed tick, and end the claim as the app's whole answer says."""
    status: int | None = None
    complete = False

    async def watching(message: Message) -> None:
        nonlocal status, complete
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body" and not message.get("more_body"):
            complete = True
        await send(message)

    try:
        await app(scope, receive, watching)
    except BaseException:
        complete = False
        raise
    finally:
        await asyncio.to_thread(claim.end, status if complete else None)


async def send_reply(send: Send, reply: Reply) -> None:
    """Send a reply as the answer to an ASGI request."""
    fields = [(name.encode(), value.encode()) for name, value in reply.headers]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": reply.body})


def asgi_headers(scope: Scope) -> dict[str, str]:
    """Return a request's headers as text."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _target(scope: Scope) -> str:
    raw = scope.get("raw_path") or scope["path"].encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def wsgi(decider: Decider, app: WsgiApp) -> WsgiApp:
    """Return ``app`` with ``decider`` before it."""

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if IN_PROCESS in environ:
            return app(environ, start_response)
        target, headers = _wsgi_target(environ), _wsgi_headers(environ)
        reply = decider.reply(environ["REQUEST_METHOD"], target, headers)
        claim = None if reply else decider.claim(target, headers)
        if claim is not None and not claim.take():
            reply = skip(CLAIMED)
        if reply is not None:
            start_response("200 OK", list(reply.headers))
            return [reply.body]
        if claim is None:
            return app(environ, start_response)
        return _ClaimedChunks(claim, app, environ, start_response)

    return guarded


class _ClaimedChunks:
    """The chunks of an app's answer for a claimed tick; once whole, the answer ends the claim."""

    def __init__(
        self,
        claim: Claim,
        app: WsgiApp,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
    ) -> None:
        self._claim: Claim | None = claim
        self._status: int | None = None

        def watching(line: str, *rest: Any) -> Any:
            self._status = int(line.split(None, 1)[0])
            return start_response(line, *rest)

        try:
            self._chunks = app(environ, watching)
        except BaseException:
            self._end(None)
            raise

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._chunks
        except BaseException:
            self._end(None)
            raise
        self._end(self._status)

    def close(self) -> None:
        """Let the app put its things away; an answer that was not taken to its end is none."""
        try:
            close = getattr(self._chunks, "close", None)
            if close is not None:
                close()
        finally:
            self._end(None)

    def _end(self, status: int | None) -> None:
        claim, self._claim = self._claim, None
        if claim is not None:
            claim.end(status)


def _wsgi_headers(environ: dict[str, Any]) -> dict[str, str]:
    return {
        name[5:].lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }


def _wsgi_target(environ: dict[str, Any]) -> str:
    raw: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if raw.startswith("/"):
        return raw
    path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
    query: str = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def handler(decider: Decider, cls: HandlerClass) -> HandlerClass:
    """Return ``cls`` with a ``do_GET`` that asks first; it is changed in place."""
    own_get: Callable[[BaseHTTPRequestHandler], None] = cls.do_GET  # type: ignore[attr-defined] # found by name

    def do_get(request: BaseHTTPRequestHandler) -> None:
        if hasattr(request.connection, "answered"):  # called in process
            own_get(request)
            return
        headers = _class_headers(request)
        reply = decider.reply("GET", request.path, headers)
        claim = None if reply else decider.claim(request.path, headers)
        if claim is not None and not claim.take():
            reply = skip(CLAIMED)
        if reply is not None:
            _write(request, reply)
        elif claim is None:
            own_get(request)
        else:
            _claimed_get(claim, own_get, request)

    def do_options(request: BaseHTTPRequestHandler) -> None:
        reply = decider.reply("OPTIONS", request.path, _class_headers(request))
        if reply is None:
            request.send_error(501)
        else:
            _write(request, reply)

    cls.do_GET = do_get  # type: ignore[attr-defined] # http.server looks methods up by name
    if not hasattr(cls, "do_OPTIONS"):
        cls.do_OPTIONS = do_options  # type: ignore[attr-defined] # the same
    return cls


def _claimed_get(
    claim: Claim,
    own_get: Callable[[BaseHTTPRequestHandler], None],
    request: BaseHTTPRequestHandler,
) -> None:
    """Run ``do_GET`` for a claimed tick, and end the claim as its answer says."""
    status: int | None = None
    send_line = request.send_response_only

    def watching(code: int, message: str | None = None) -> None:
        nonlocal status
        if code >= _FIRST_FINAL_STATUS:
            status = code
        send_line(code, message)

    request.send_response_only = watching  # type: ignore[method-assign] # of this request alone
    try:
        own_get(request)
    except BaseException:
        status = None
        raise
    finally:
        del request.send_response_only
        claim.end(status)


def _class_headers(request: BaseHTTPRequestHandler) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _write(request: BaseHTTPRequestHandler, reply: Reply) -> None:
    request.send_response(200)
    for name, value in reply.headers:
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(reply.body)

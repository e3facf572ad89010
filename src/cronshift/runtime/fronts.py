"""The guard as ASGI or WSGI middleware of an app, or around its ``do_GET``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cronshift.runtime import dry_calls
from cronshift.runtime.jobs import IN_PROCESS
from cronshift.runtime.replies import skip
from cronshift.runtime.watching import WatchedChunks, asgi_headers, watched, watched_get

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from cronshift.runtime.replies import Reply
    from cronshift.runtime.turns import Turn

HandlerClass = TypeVar("HandlerClass", bound=type[BaseHTTPRequestHandler])
WsgiApp = Callable[..., Iterable[bytes]]


class Decider(Protocol):
    """The decider of requests; headers have lower-case names."""

    async def refresh(self, method: str, target: str, headers: Mapping[str, str]) -> None:
        """Read, off the event loop, the file that :meth:`reply` will need."""

    def reply(self, method: str, target: str, headers: Mapping[str, str]) -> Reply | None:
        """Return the answer to a request that is not to reach the app."""

    def turn(self, target: str, headers: Mapping[str, str]) -> Turn | None:
        """Return the turn of a call, if it is to take one before it runs."""


def asgi(decider: Decider, app: ASGIApp) -> ASGIApp:
    """Return ``app`` with ``decider`` before it."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or IN_PROCESS in scope.get("extensions", {}):
            await app(scope, receive, send)
            return
        target, headers = _target(scope), asgi_headers(scope)
        await decider.refresh(scope["method"], target, headers)
        reply = decider.reply(scope["method"], target, headers)
        turn = _turn(decider, reply, target, headers)
        if reply is None and turn is not None:
            reason = await asyncio.to_thread(turn.refusal) if turn.claim else turn.refusal()
            reply = skip(reason) if reason else None
        if reply is not None:
            await dry_calls.asgi(turn, app, scope)
            await send_reply(send, reply)
        elif turn is None:
            await app(scope, receive, send)
        else:
            await watched(turn, app, scope, receive, send)
            await dry_calls.asgi(turn, app, scope, is_floor=True)

    return guarded


def _turn(
    decider: Decider, reply: Reply | None, target: str, headers: Mapping[str, str]
) -> Turn | None:
    """Return the turn of a call, after it is told that the call is skipped, if it is."""
    if reply is not None and reply.skipped is None:  # a question
        return None
    turn = decider.turn(target, headers)
    if turn is not None and reply is not None and reply.skipped is not None:
        turn.stand_by(reply.skipped)
    return turn


async def send_reply(send: Send, reply: Reply) -> None:
    """Send a reply as the answer to an ASGI request."""
    fields = [(name.encode(), value.encode()) for name, value in reply.headers]
    await send({"type": "http.response.start", "status": int(reply.status), "headers": fields})
    await send({"type": "http.response.body", "body": reply.body})


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
        turn = _turn(decider, reply, target, headers)
        if reply is None and turn is not None and (reason := turn.refusal()):
            reply = skip(reason)
        if reply is not None:
            dry_calls.wsgi(turn, app, environ)
            start_response(f"{reply.status:d} {reply.status.phrase}", list(reply.headers))
            return [reply.body]
        if turn is None:
            return app(environ, start_response)
        behind = partial(dry_calls.wsgi, turn, app, environ, is_floor=True)
        return WatchedChunks(turn, app, environ, start_response, behind)

    return guarded


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
        turn = _turn(decider, reply, request.path, headers)
        if reply is None and turn is not None and (reason := turn.refusal()):
            reply = skip(reason)
        if reply is not None:
            dry_calls.handler(turn, own_get, request)
            _write(request, reply)
        elif turn is None:
            own_get(request)
        else:
            watched_get(turn, own_get, request)
            dry_calls.handler(turn, own_get, request, is_floor=True)

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


def _class_headers(request: BaseHTTPRequestHandler) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _write(request: BaseHTTPRequestHandler, reply: Reply) -> None:
    request.send_response(reply.status)
    for name, value in reply.headers:
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(reply.body)

"""How the guard stands in front of an app: as ASGI or WSGI middleware, or around ``do_GET``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, TypeVar

from cronshift.runtime.jobs import IN_PROCESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cronshift.runtime.guard import Answered, Claim, Guard

HandlerClass = TypeVar("HandlerClass", bound=type[BaseHTTPRequestHandler])
WsgiApp = Callable[..., Iterable[bytes]]

_FAILED = 300  # the first status that is no success


def asgi(guard: Guard, app: ASGIApp) -> ASGIApp:
    """Return ``app`` behind the guard."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or IN_PROCESS in scope.get("extensions", {}):
            await app(scope, receive, send)
            return
        target, headers = _target(scope), asgi_headers(scope)
        answer = guard.answer(scope["method"], target, headers)
        claim = None if answer else await asyncio.to_thread(guard.claim, target, headers)
        if claim is not None:
            answer = claim.refusal
        if answer is not None:
            await send_answer(send, answer)
        elif claim is None:
            await app(scope, receive, send)
        else:
            await _claimed(claim, app, scope, receive, send)

    return guarded


async def _claimed(claim: Claim, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run the app for a claimed tick, and end the claim as the app's answer says."""
    status = _FAILED

    async def seeing(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        await send(message)

    try:
        await app(scope, receive, seeing)
    finally:
        await asyncio.to_thread(claim.end, well=status < _FAILED)


async def send_answer(send: Send, answer: Answered) -> None:
    """Send JSON with status 200."""
    body, extra = answer
    fields = [(b"content-type", b"application/json"), *extra]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": body})


def asgi_headers(scope: Scope) -> dict[str, str]:
    """Return a request's headers as text."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _target(scope: Scope) -> str:
    raw = scope.get("raw_path") or scope["path"].encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def wsgi(guard: Guard, app: WsgiApp) -> WsgiApp:
    """Return ``app`` behind the guard."""

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if IN_PROCESS in environ:
            return app(environ, start_response)
        target, headers = _wsgi_target(environ), _wsgi_headers(environ)
        answer = guard.answer(environ["REQUEST_METHOD"], target, headers)
        claim = None if answer else guard.claim(target, headers)
        if claim is not None:
            answer = claim.refusal
        if answer is not None:
            body, extra = answer
            fields = [(name.decode(), value.decode()) for name, value in extra]
            start_response("200 OK", [("content-type", "application/json"), *fields])
            return [body]
        if claim is None:
            return app(environ, start_response)
        return _claimed_chunks(claim, app, environ, start_response)

    return guarded


def _claimed_chunks(
    claim: Claim, app: WsgiApp, environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterator[bytes]:
    """Yield the app's answer for a claimed tick, and end the claim as that answer says."""
    status = _FAILED

    def seeing(line: str, *rest: Any) -> Any:
        nonlocal status
        status = int(line.split(None, 1)[0])
        return start_response(line, *rest)

    try:
        chunks = app(environ, seeing)
        try:
            yield from chunks
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
    finally:
        claim.end(well=status < _FAILED)


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


def handler(guard: Guard, cls: HandlerClass) -> HandlerClass:
    """Return ``cls`` with a ``do_GET`` that asks the guard first; it is changed in place."""
    own_get: Callable[[BaseHTTPRequestHandler], None] = cls.do_GET  # type: ignore[attr-defined] # found by name

    def do_get(request: BaseHTTPRequestHandler) -> None:
        if hasattr(request.connection, "answered"):  # called in process
            own_get(request)
            return
        headers = _class_headers(request)
        answer = guard.answer("GET", request.path, headers)
        claim = None if answer else guard.claim(request.path, headers)
        if claim is not None:
            answer = claim.refusal
        if answer is not None:
            _write(request, answer)
        elif claim is None:
            own_get(request)
        else:
            _claimed_get(claim, own_get, request)

    def do_options(request: BaseHTTPRequestHandler) -> None:
        answer = guard.answer("OPTIONS", request.path, _class_headers(request))
        if answer is None:
            request.send_error(501)
        else:
            _write(request, answer)

    cls.do_GET = do_get  # type: ignore[attr-defined] # http.server looks methods up by name
    if not hasattr(cls, "do_OPTIONS"):
        cls.do_OPTIONS = do_options  # type: ignore[attr-defined] # the same
    return cls


def _claimed_get(
    claim: Claim,
    own_get: Callable[[BaseHTTPRequestHandler], None],
    request: BaseHTTPRequestHandler,
) -> None:
    """Run ``do_GET`` for a claimed tick; it went well unless it raised."""
    well = False
    try:
        own_get(request)
        well = True
    finally:
        claim.end(well=well)


def _class_headers(request: BaseHTTPRequestHandler) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _write(request: BaseHTTPRequestHandler, answer: Answered) -> None:
    body, extra = answer
    request.send_response(200)
    request.send_header("content-type", "application/json")
    for name, value in extra:
        request.send_header(name.decode(), value.decode())
    request.end_headers()
    request.wfile.write(body)

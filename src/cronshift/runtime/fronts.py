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

    from cronshift.runtime.replies import Reply
    from cronshift.runtime.turns import Turn

HandlerClass = TypeVar("HandlerClass", bound=type[BaseHTTPRequestHandler])
WsgiApp = Callable[..., Iterable[bytes]]

_FIRST_FINAL_STATUS = 200  # those below announce another


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
            taken = await asyncio.to_thread(turn.take) if turn.claim else turn.take()
            reply = None if taken else skip(CLAIMED)
        if reply is not None:
            await send_reply(send, reply)
        elif turn is None:
            await app(scope, receive, send)
        else:
            await _watched(turn, app, scope, receive, send)

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


async def _watched(turn: Turn, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run the app, and end the turn as the app's whole answer says."""
    whole = False
    error: BaseException | None = None

    async def watching(message: Message) -> None:
        nonlocal whole
        if message["type"] == "http.response.start":
            turn.answer(message["status"], asgi_headers(message))
        elif message["type"] == "http.response.body":
            turn.add(message.get("body", b""))
            whole = not message.get("more_body")
        await send(message)

    try:
        await app(scope, receive, watching)
    except BaseException as raised:
        whole, error = False, raised
        raise
    finally:
        if turn.claim:
            await asyncio.to_thread(turn.end, whole=whole, error=error)
        else:
            turn.end(whole=whole, error=error)


async def send_reply(send: Send, reply: Reply) -> None:
    """Send a reply as the answer to an ASGI request."""
    fields = [(name.encode(), value.encode()) for name, value in reply.headers]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": reply.body})


def asgi_headers(message: Scope | Message) -> dict[str, str]:
    """Return the headers of a request or a response as text, with lower-case names."""
    return {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in message.get("headers", ())
    }


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
        if reply is None and turn is not None and not turn.take():
            reply = skip(CLAIMED)
        if reply is not None:
            start_response("200 OK", list(reply.headers))
            return [reply.body]
        if turn is None:
            return app(environ, start_response)
        return _WatchedChunks(turn, app, environ, start_response)

    return guarded


class _WatchedChunks:
    """The app's answer to a call that has its turn; ends the turn as it says, once it is whole."""

    def __init__(
        self,
        turn: Turn,
        app: WsgiApp,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
    ) -> None:
        self._turn: Turn | None = turn

        def watching(line: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            turn.answer(
                int(line.split(None, 1)[0]), {name.lower(): value for name, value in headers}
            )
            return start_response(line, headers, *rest)

        try:
            self._chunks = app(environ, watching)
        except BaseException as error:
            self._end(whole=False, error=error)
            raise

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._chunks:
                if self._turn is not None:
                    self._turn.add(chunk)
                yield chunk
        except BaseException as error:
            self._end(whole=False, error=error)
            raise
        self._end(whole=True)

    def close(self) -> None:
        """Let the app put its things away; an answer that was not taken to its end is none."""
        try:
            close = getattr(self._chunks, "close", None)
            if close is not None:
                close()
        finally:
            self._end(whole=False)

    def _end(self, *, whole: bool, error: BaseException | None = None) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.end(whole=whole, error=error)


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
        if reply is None and turn is not None and not turn.take():
            reply = skip(CLAIMED)
        if reply is not None:
            _write(request, reply)
        elif turn is None:
            own_get(request)
        else:
            _watched_get(turn, own_get, request)

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


def _watched_get(
    turn: Turn,
    own_get: Callable[[BaseHTTPRequestHandler], None],
    request: BaseHTTPRequestHandler,
) -> None:
    """Run ``do_GET``, and end the turn as its answer says."""
    headers: dict[str, str] = {}
    send_line, send_header, writer = request.send_response_only, request.send_header, request.wfile

    def watching(code: int, message: str | None = None) -> None:
        if code >= _FIRST_FINAL_STATUS:
            turn.answer(code, headers)
        send_line(code, message)

    def noting(keyword: str, value: str) -> None:
        headers[keyword.lower()] = value
        send_header(keyword, value)

    whole = False
    error: BaseException | None = None
    request.send_response_only = watching  # type: ignore[method-assign] # of this request alone
    request.send_header = noting  # type: ignore[method-assign] # the same
    request.wfile = _WatchedWriter(writer, turn)  # type: ignore[assignment] # the same
    try:
        own_get(request)
        whole = True
    except BaseException as raised:
        error = raised
        raise
    finally:
        del request.send_response_only, request.send_header
        request.wfile = writer
        turn.end(whole=whole, error=error)


class _WatchedWriter:
    """The writer of an answer, which tells its turn the body behind the head."""

    def __init__(self, writer: Any, turn: Turn) -> None:
        self._writer = writer
        self._turn = turn
        self._in_body = False

    def write(self, data: bytes) -> int:
        body = data
        if not self._in_body:
            _, mark, body = bytes(data).partition(b"\r\n\r\n")
            self._in_body = bool(mark)
        if self._in_body:
            self._turn.add(body)
        return int(self._writer.write(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


def _class_headers(request: BaseHTTPRequestHandler) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _write(request: BaseHTTPRequestHandler, reply: Reply) -> None:
    request.send_response(200)
    for name, value in reply.headers:
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(reply.body)

"""The turn of a call while the app answers: told of the answer as it goes by, and ended as it ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from http.server import BaseHTTPRequestHandler

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cronshift.runtime.turns import Turn

    WsgiApp = Callable[..., Iterable[bytes]]

_FIRST_FINAL_STATUS = 200  # those below announce another


async def watched(turn: Turn, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
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


def asgi_headers(message: Scope | Message) -> dict[str, str]:
    """Return the headers of a request or a response as text, with lower-case names."""
    return {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in message.get("headers", ())
    }


class WatchedChunks:
    """The app's answer to a call that has its turn; ends the turn as it says, once it is whole.

    Args:
        turn: the call's.
        app: what answers.
        environ: of the call.
        start_response: the server's.
        behind: what is done once the answer has been taken.
    """

    def __init__(
        self,
        turn: Turn,
        app: WsgiApp,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
        behind: Callable[[], None] = lambda: None,
    ) -> None:
        self._turn: Turn | None = turn
        self._behind = behind

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
            self._behind()

    def _end(self, *, whole: bool, error: BaseException | None = None) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.end(whole=whole, error=error)


def watched_get(
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

"""The connections of a server: what each may take, and which gives way when there are too many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

    from starlette.types import ASGIApp
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from cronshift.engine.server.limits import Limits


class Connections:
    """All connections of one server.

    Args:
        limits: of each, and how many there may be.
        when_full: answers on a connection above the limit, when every other has a request.
    """

    def __init__(self, limits: Limits, when_full: ASGIApp) -> None:
        self.limits = limits
        self._when_full = when_full
        self._open: set[Connection] = set()
        self._waiting: dict[Connection, None] = {}  # the one that has waited longest comes first

    def protocol(self, **options: Any) -> Connection:
        """Return the protocol of a new connection, as uvicorn asks for it."""
        return Connection(self, **options)

    def enter(self, connection: Connection) -> None:
        """Take a connection in; another gives way where there are too many."""
        self._open.add(connection)
        if len(self._open) > self.limits.connections:
            longest = next(iter(self._waiting), None)
            if longest is None:
                connection.app = self._when_full
            else:
                longest.abort()
        self._waiting[connection] = None

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        self._open.discard(connection)
        self._waiting.pop(connection, None)

    def note(self, connection: Connection, *, waits: bool) -> None:
        """Note whether a connection waits for a whole request, from now on."""
        if waits:
            self._waiting.setdefault(connection)
        else:
            self._waiting.pop(connection, None)


class Connection(HttpToolsProtocol):
    """One connection: it has so long for each header, and to take what it is sent."""

    def __init__(self, connections: Connections, **options: Any) -> None:
        super().__init__(**options)
        self._of = connections
        self._header_deadline: asyncio.TimerHandle | None = None
        self._answer_deadline: asyncio.TimerHandle | None = None
        self._unheard = 0  # bytes since the parser last had something to tell

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Take the connection in."""
        super().connection_made(cast("asyncio.Transport", Joining(transport, self.loop)))
        self._of.enter(self)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._of.leave(self)
        for deadline in (self._header_deadline, self._answer_deadline):
            if deadline is not None:
                deadline.cancel()
        self._header_deadline = self._answer_deadline = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take the next bytes; a peer whose header, or trailer, never ends is let go."""
        self._unheard += len(data)
        super().data_received(data)
        if self._unheard > self._of.limits.header_bytes:
            self.abort()
        self._watch()

    def on_headers_complete(self) -> None:
        """Take a request, whose body may follow."""
        self._unheard = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._unheard = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the end of a request."""
        self._unheard = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Give the peer time to take the answer."""
        super().pause_writing()
        seconds = self._of.limits.answer_seconds
        self._answer_deadline = self.loop.call_later(seconds, self.abort)

    def resume_writing(self) -> None:
        """Go on: the peer takes the answer."""
        super().resume_writing()
        if self._answer_deadline is not None:
            self._answer_deadline.cancel()
            self._answer_deadline = None

    def abort(self) -> None:
        """Let go of the peer at once, whatever it was sent."""
        self._of.leave(self)
        self.transport.abort()

    def _watch(self) -> None:
        """Note the wait that the connection is in, and begin or end the time for its header."""
        cycle: RequestResponseCycle | None = self.cycle
        idle = cycle is None or cycle.response_complete
        closing = self.transport.is_closing()  # its last bytes may still wait for the peer
        if not closing:
            self._of.note(self, waits=cycle is None or idle or cycle.more_body)
        if not idle and not closing and self._header_deadline is not None:
            self._header_deadline.cancel()
            self._header_deadline = None
        elif (idle or closing) and self._header_deadline is None:
            seconds = self._of.limits.header_seconds
            self._header_deadline = self.loop.call_later(seconds, self.abort)


class Joining:
    """A transport that sends an answer's head together with its first bytes, where they come in the same turn."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send the bytes with those before them, or keep them for those behind."""
        if self._head:
            self._head += data
            self._flush()
        elif data:
            self._head = data
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Close the connection once all is sent."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """End the connection at once, and send nothing more."""
        self._head = b""
        self._transport.abort()

    def _flush(self) -> None:
        if self._head:
            self._transport.write(self._head)
            self._head = b""

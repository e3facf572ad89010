"""The text behind an address, within a time for all of it, whoever answers there.

The standard library alone: an app's guard has nothing else.
"""

from __future__ import annotations

import socket
from concurrent.futures import Future
from contextlib import suppress
from http.client import HTTPConnection, HTTPSConnection
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import (
    BaseHandler,
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from http.client import HTTPResponse


def download(
    url: str, *, seconds: float, most: int, headers: Mapping[str, str] | None = None
) -> str:
    """Return the text behind an address; errors name neither the address nor the text.

    Args:
        url: of the web; redirects are followed.
        seconds: for everything, from the first look-up to the last byte.
        most: bytes.
        headers: sent to that address, and not where it redirects to.

    Raises:
        OSError: if there is no answer in time, or not a success.
        ValueError: if the answer is no text, or too large.
    """
    reading = _Reading(url, seconds, headers or {})
    Thread(target=reading.run, args=(most + 1,), daemon=True).start()
    try:
        data = reading.outcome.result(seconds)
    except TimeoutError:
        reading.give_up()
        raise OSError("did not answer in time") from None
    if len(data) > most:
        raise ValueError(f"answered more than {most:,} bytes")
    return data.decode()


class _Reading:
    """One reading, in a thread of its own: no wait there is longer than the caller's patience.

    A timeout of a socket begins anew with every byte, so the sockets are shut from outside.
    """

    def __init__(self, url: str, seconds: float, headers: Mapping[str, str]) -> None:
        self.outcome: Future[bytes] = Future()
        self._url = url
        self._headers = headers
        self._seconds = seconds
        self._given_up = False
        self._sockets: list[socket.socket] = []

    def run(self, most: int) -> None:
        """Read up to ``most`` bytes, and set the outcome."""
        try:
            request = Request(self._url)  # noqa: S310 - no other handler
            for name, value in self._headers.items():
                request.add_unredirected_header(name, value)
            with self._opener().open(request, timeout=self._seconds) as response:
                self.outcome.set_result(response.read(most))
        except HTTPError as error:
            error.close()
            self.outcome.set_exception(OSError(f"answered {error.code}"))
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold the address
            cause = getattr(error, "reason", error)
            late = isinstance(cause, TimeoutError)
            why = "in time" if late else f"({type(error).__name__})"
            self.outcome.set_exception(OSError(f"did not answer {why}"))
        finally:
            for opened in self._sockets:
                opened.close()

    def give_up(self) -> None:
        """End the thread's wait."""
        self._given_up = True
        for opened in tuple(self._sockets):
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    def _opener(self) -> OpenerDirector:
        opener = OpenerDirector()
        handlers: tuple[BaseHandler, ...] = (
            ProxyHandler(),
            UnknownHandler(),
            HTTPDefaultErrorHandler(),
            HTTPRedirectHandler(),
            HTTPErrorProcessor(),
            _Http(self._connect),
            _Https(self._connect),
        )
        for handler in handlers:
            opener.add_handler(handler)
        return opener

    def _connect(self, *arguments: Any) -> socket.socket:
        """Open a connection, of which a second handle is kept: TLS takes the first over."""
        opened = socket.create_connection(*arguments)
        self._sockets.append(opened.dup())
        if self._given_up:
            self.give_up()
        return opened


class _Http(HTTPHandler):
    """Opens HTTP connections by a function of its own."""

    def __init__(self, connect: Callable[..., socket.socket]) -> None:
        super().__init__()
        self._connect = connect

    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_connecting(HTTPConnection, self._connect), req)


class _Https(HTTPSHandler):
    """Opens HTTPS connections by a function of its own."""

    def __init__(self, connect: Callable[..., socket.socket]) -> None:
        super().__init__()
        self._connect = connect

    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_connecting(HTTPSConnection, self._connect), req)


def _connecting(kind: type[HTTPConnection], connect: Callable[..., socket.socket]) -> Any:
    """Return a maker of connections of a kind that are opened by ``connect``."""

    def make(*arguments: Any, **options: Any) -> HTTPConnection:
        connection = kind(*arguments, **options)
        connection._create_connection = connect  # type: ignore[attr-defined] # noqa: SLF001 - http.client's own place for it
        return connection

    return make

"""Calls of a ``BaseHTTPRequestHandler`` class or a plain function in process."""

from __future__ import annotations

import asyncio
import inspect
import io
import json
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any, cast

from cronshift.runtime.answers import HandlerError, judge
from cronshift.runtime.apps import HOST
from cronshift.runtime.bodies import Body
from cronshift.runtime.calls import DirectHandler
from cronshift.runtime.loading import load

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from cronshift.runtime.answers import Answer
    from cronshift.runtime.calls import Call


class HttpServerHandler(DirectHandler):
    """A handler that calls the class of an ``api/*.py`` file of Vercel, in a thread."""

    async def send(self, call: Call) -> Answer:
        """Call the class and return its answer.

        Raises:
            NonRetriableError: if there is no such class, or the answer says that trying is no use.
            Exception: what the class raised, or HandlerError for an answer that is a failure.
        """
        handler = load(self.reference)
        headers = {"host": HOST, **self.headers(call), "connection": "close"}
        lines = [f"GET {call.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        what = call.shown
        answered = await asyncio.to_thread(_call_class, handler, request)
        return _judge_raw(what, answered)


def _call_class(handler: Callable[..., Any], request: bytes) -> bytes:
    connection = _Connection(request)
    handler(connection, ("127.0.0.1", 0), None)
    return bytes(connection.answered)


class _Connection:
    """The part of a socket that ``socketserver.StreamRequestHandler`` uses."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self.answered = bytearray()

    def makefile(self, mode: str, *_: Any, **__: Any) -> io.BufferedIOBase:
        if "w" in mode:
            return cast("io.BufferedIOBase", _Writer(self))
        return io.BytesIO(self._request)

    def sendall(self, data: bytes) -> None:
        self.answered += data

    def settimeout(self, _: float | None) -> None:
        """Accept a setting that has no meaning without a network."""

    def setsockopt(self, *_: Any) -> None:
        """Accept a setting that has no meaning without a network."""


class _Writer(io.RawIOBase):
    def __init__(self, connection: _Connection) -> None:
        super().__init__()
        self._connection = connection

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._connection.sendall(bytes(data))
        return len(data)


class _Answered:
    """The bytes of a response, as ``http.client`` reads them."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._data)


def _judge_raw(what: str, answered: bytes) -> Answer:
    response = HTTPResponse(cast("socket.socket", _Answered(answered)), method="GET")
    body = Body()
    try:
        response.begin()
        while chunk := response.read(65_536):
            body.add(chunk)
    except (HTTPException, OSError) as error:
        raise HandlerError(f"{what} had no answer that is HTTP: {error!r}") from error
    headers = {name.lower(): value for name, value in response.getheaders()}
    return judge(what, response.status, headers, body)


class CallableHandler(DirectHandler):
    """A function as a handler: in a thread if it blocks, with the :class:`Call` if it takes one.

    What it returns is the answer's body; what it raises fails the attempt.
    """

    async def send(self, call: Call) -> Answer:
        """Call the function and return its result.

        Raises:
            NonRetriableError: if there is no such function.
            Exception: what the function raised, or HandlerError if its result is no JSON.
        """
        function = load(self.reference)
        arguments = [call] if _takes_a_call(function) else []
        if inspect.iscoroutinefunction(function):
            result = await function(*arguments)
        else:
            result = await asyncio.to_thread(function, *arguments)
            if inspect.isawaitable(result):
                result = await result
        try:
            data = json.dumps(result, allow_nan=False).encode()
        except (TypeError, ValueError) as error:
            raise HandlerError(f"{self.reference} returned what is no JSON: {error}") from error
        body = Body()
        body.add(data)
        return judge(call.shown, 200, {"content-type": "application/json"}, body)


def _takes_a_call(function: Callable[..., Any]) -> bool:
    """Return whether ``function`` has a place for one positional argument it cannot do without."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return False
    return any(
        parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}
        and parameter.default is parameter.empty
        for parameter in parameters
    )

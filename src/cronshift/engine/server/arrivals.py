"""Requests on their way in: their bodies are taken whole, within limits, before anything is run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

    from cronshift.engine.server.limits import Limits


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a request that is turned away."""

    status: HTTPStatus
    message: str


STOPPING = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "This server is shutting down.")
FULL = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "This server has no connection left.")
_TOO_SLOW = Refusal(HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive in time.")
_TOO_MUCH = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "Too many large bodies arrive at once.")


class TurnedAwayError(Exception):
    """A request is turned away."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class PeerLeftError(Exception):
    """The peer left before its request was whole."""


class Arrivals:
    """The requests whose bodies are on their way."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bodies: set[_Body] = set()
        self._bytes = 0
        self._too_large = Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"A body may have {limits.body_bytes:,} bytes.",
        )

    async def body(self, scope: Scope, receive: Receive) -> bytes:
        """Return a request's body, once all of it is here.

        Raises:
            TurnedAwayError: if it is too large, too slow, or not wanted any more.
            PeerLeftError: if the peer leaves.
        """
        if _declared(scope) > self._limits.body_bytes:
            raise TurnedAwayError(self._too_large)
        try:
            async with asyncio.timeout(self._limits.body_seconds) as deadline:
                body = _Body(deadline)
                self._bodies.add(body)
                try:
                    return await self._take(body, receive)
                finally:
                    self._bodies.remove(body)
                    self._bytes -= len(body.content)
        except TimeoutError:
            raise TurnedAwayError(body.refusal or _TOO_SLOW) from None

    def refuse_all(self) -> None:
        """Turn away whatever has not arrived: the server stops."""
        for body in self._bodies:
            body.refuse(STOPPING)

    async def _take(self, body: _Body, receive: Receive) -> bytes:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise PeerLeftError
            chunk = message.get("body", b"")
            body.content += chunk
            self._bytes += len(chunk)
            if len(body.content) > self._limits.body_bytes:
                raise TurnedAwayError(self._too_large)
            if not message.get("more_body"):
                return bytes(body.content)
            if self._bytes > self._limits.bodies_bytes:
                max(self._bodies, key=lambda body: len(body.content)).refuse(_TOO_MUCH)


@dataclass(eq=False, slots=True)
class _Body:
    """The part of a body that has arrived, and the refusal of the rest, if any."""

    deadline: asyncio.Timeout
    content: bytearray = field(default_factory=bytearray)
    refusal: Refusal | None = None

    def refuse(self, refusal: Refusal) -> None:
        """Let the deadline be now."""
        if not self.deadline.expired() and self.refusal is None:
            self.refusal = refusal
            self.deadline.reschedule(0)


def _declared(scope: Scope) -> int:
    """Return the length that the header declares; 0 where it does not."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:18])
    return 0

"""The events of a run: the tick it begins with, and those that it sends and waits for."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cronshift.errors import CronshiftError
from cronshift.runtime.wire import BY_HAND

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

TICK_EVENT = "inngest/scheduled.timer"
INVOKED_EVENT = "inngest/function.invoked"
FAILED_EVENT = "inngest/function.failed"
_LARGEST = 3 * 1024 * 1024  # of an event, in bytes (facts: the open-source server's)
_EQUALITY = re.compile(
    r"\s*(async|event)\.([\w.]+)\s*==\s*(?:(async|event)\.([\w.]+)|'([^']*)'|\"([^\"]*)\"|(-?\d+)|(true|false))\s*"
)


def tick_event(cron: str, tick: datetime, now: datetime) -> dict[str, Any]:
    """Return the event with which Inngest starts a scheduled run.

    ``cronshift`` in its data is the one thing that Inngest does not send: it tells the function
    that a person asked for this run, so that no owner and no age is asked for.

    Args:
        cron: the trigger's text, its zone included.
        tick: the instant that the run is for.
        now: when it starts.
    """
    scheduled = _text(tick)
    return {
        "name": TICK_EVENT,
        "id": scheduled,
        "ts": _milliseconds(now),
        "data": {"cron": cron, "scheduledAt": scheduled, "fireAt": scheduled, "cronshift": BY_HAND},
    }


def custom_event(name: str, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return an event of the user's own.

    Raises:
        CronshiftError: if Inngest would not take it.
    """
    event = {"name": name, "id": new_id(now), "ts": _milliseconds(now), "data": dict(data)}
    if len(json.dumps(event)) > _LARGEST:
        raise CronshiftError("The event is larger than 3 MiB.", reason="event-too-large")
    return event


def read_event(text: str, now: datetime) -> dict[str, Any]:
    """Return the event that JSON text describes: ``{"name": …, "data": {…}}``.

    Raises:
        CronshiftError: if it does not.
    """
    try:
        document = json.loads(text)
        name, data = document["name"], document.get("data") or {}
        fine = isinstance(name, str) and isinstance(data, dict)
    except (ValueError, KeyError, TypeError, AttributeError):
        fine = False
    if not fine:
        raise CronshiftError(
            f"{text!r:.100} is no event.",
            reason="invalid-event",
            hint='Write it like {"name": "app/thing.done", "data": {"id": 1}}.',
        )
    return custom_event(name, data, now)


def matches(expression: str | None, awaited: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """Return whether an event satisfies a wait's expression.

    Equalities joined by ``&&`` are understood, of ``async`` (the event that came) and ``event``
    (the one the run began with); they are what nearly all waits say.

    Raises:
        ValueError: for any other expression.
    """
    if not expression:
        return True
    return all(_holds(part, awaited, data) for part in expression.split("&&"))


def _holds(part: str, awaited: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    match = _EQUALITY.fullmatch(part)
    if match is None:
        raise ValueError(part.strip())
    sides = {"async": awaited, "event": data}
    left = _at(sides[match[1]], match[2])
    if match[3]:
        right: Any = _at(sides[match[3]], match[4])
    elif match[7]:
        right = int(match[7])
    elif match[8]:
        right = match[8] == "true"
    else:
        right = match[5] if match[5] is not None else match[6]
    return bool(left == right and type(left) is type(right))


def _at(event: Any, path: str) -> Any:
    for name in path.split("."):
        event = event.get(name) if isinstance(event, dict) else None
    return event


class Receiver:
    """Takes the events that functions send, in place of Inngest's event API.

    Attributes:
        events: all that came, in order.
        arrived: set whenever one comes; who waits for it clears it.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.arrived = asyncio.Event()
        self.url = ""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Receiver]:
        """Listen on a free loopback port for the length of the block; ``url`` tells where."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2 * _LARGEST)
        port = server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        try:
            yield self
        finally:
            server.close()

    def take(self, body: bytes) -> list[str]:
        """Keep the events in a request's body and return their ids.

        Raises:
            ValueError: if it holds none.
        """
        document = json.loads(body)
        now = datetime.now(UTC)
        taken = []
        for event in document if isinstance(document, list) else [document]:
            if not isinstance(event, dict) or not isinstance(event.get("name"), str):
                raise ValueError("no event")  # noqa: TRY004 - one error for one caller
            taken.append(
                {
                    "name": event["name"],
                    "id": event.get("id") or new_id(now),
                    "ts": event.get("ts") or _milliseconds(now),
                    "data": event.get("data") or {},
                }
            )
        self.events += taken
        self.arrived.set()
        return [event["id"] for event in taken]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request; SDKs send events with a plain POST and its length."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = re.search(r"\r\ncontent-length: *(\d+)", head)
            body = await reader.readexactly(int(length[1])) if length else b""
            status, document = self._answer(head, body)
            content = json.dumps(document).encode()
            writer.write(
                f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n"
                f"content-length: {len(content)}\r\n\r\n".encode()
                + content
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # the caller went away, or speaks no HTTP
        finally:
            writer.close()

    def _answer(self, head: str, body: bytes) -> tuple[str, dict[str, Any]]:
        if not head.startswith("post /e/"):
            return "404 Not Found", {"error": "This address takes events only.", "status": 404}
        try:
            return "200 OK", {"ids": self.take(body), "status": 200}
        except ValueError as error:
            return "400 Bad Request", {"error": str(error), "status": 400}


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def new_id(now: datetime) -> str:
    """Return a new id that sorts by its time: a ULID."""
    from ulid import ULID

    return str(ULID.from_datetime(now))

"""The sending of the flow's events: a request sends its own, one task a process the leftovers."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import inngest

from cronshift.sessions.outbox import LEASE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cronshift.sessions.flow import SessionFlow
    from cronshift.sessions.outbox import Leased

SEND_TIMEOUT = timedelta(seconds=3)
"""How long a request waits for the event API before it leaves its event to others."""

RELAY_TIMEOUT = LEASE * 0.8
"""How long a relay waits for it, with many events: less than it holds them."""

_LOOK_EVERY = 5.0  # seconds, at most, for what others left
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 4.0  # seconds, between attempts while the event API is away
_GIVES_UP = 600.0  # seconds; recovery comes by every ten minutes
_logger = logging.getLogger("cronshift")


async def relay(flow: SessionFlow, client: inngest.Inngest) -> int:
    """Send the waiting events that nobody else sends; an app calls it behind ``enqueue``."""
    return await flow.relay(_sender(client, RELAY_TIMEOUT))


async def send_own(flow: SessionFlow, client: inngest.Inngest, event: Leased) -> None:
    """Send the event of one request; where that fails it waits in the outbox, and others send it."""
    leftovers = _LEFTOVERS.setdefault(flow, Leftovers(flow, client))
    try:
        await flow.send(event, _sender(client, SEND_TIMEOUT))
    except Exception as error:  # noqa: BLE001 - the session stands, whatever the event API says
        _logger.warning("%s: an event waits in the outbox (%s)", flow.name, type(error).__name__)
        leftovers.send_soon()
    else:
        leftovers.look()


def _sender(
    client: inngest.Inngest, patience: timedelta
) -> Callable[[Sequence[dict[str, Any]]], Awaitable[None]]:
    async def send(events: Sequence[dict[str, Any]]) -> None:
        sending = client.send([inngest.Event(**event) for event in events])
        await asyncio.wait_for(sending, patience.total_seconds())

    return send


class Leftovers:
    """The sender of events that requests of any process left in the outbox, one task at a time."""

    def __init__(self, flow: SessionFlow, client: inngest.Inngest) -> None:
        self._flow = flow
        self._client = client
        self._task: asyncio.Task[None] | None = None
        self._looked = float("-inf")

    def look(self) -> None:
        """Look for events that are left, now and then."""
        if monotonic() - self._looked > _LOOK_EVERY:
            self._start(0.0)

    def send_soon(self) -> None:
        """Send the events that are left as soon as the event API takes them."""
        self._start(_FIRST_WAIT)

    def _start(self, wait: float) -> None:
        running = self._task is not None and not self._task.done()
        if not running or (self._task and self._task.get_loop() is not asyncio.get_running_loop()):
            self._looked = monotonic()
            self._task = asyncio.create_task(self._drain(wait))

    async def _drain(self, wait: float) -> None:
        ends = monotonic() + _GIVES_UP
        while monotonic() < ends:
            await asyncio.sleep(wait)
            try:
                await relay(self._flow, self._client)
                if not await asyncio.to_thread(self._flow.outbox.waits):
                    return
                wait = _FIRST_WAIT
            except Exception as error:  # noqa: BLE001 - the next attempt, or recovery, sends them
                _logger.warning(
                    "%s: events wait in the outbox (%s)", self._flow.name, type(error).__name__
                )
                wait = min(max(wait, _FIRST_WAIT) * 2, _LONGEST_WAIT)


_LEFTOVERS: WeakKeyDictionary[SessionFlow, Leftovers] = WeakKeyDictionary()

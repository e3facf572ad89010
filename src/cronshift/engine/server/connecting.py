"""The outbound worker: it runs functions that are called through a WebSocket it opens."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

from cronshift.engine.server.lifetime import Ending, Lifetime, stop_signals
from cronshift.errors import CronshiftError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from inngest import Function, Inngest


def work(client: Inngest, functions: Sequence[Function[Any]], lifetime: Lifetime) -> Ending:
    """Connect to Inngest and run its requests until SIGTERM or Ctrl-C.

    Then no more work is accepted, and what runs may finish. A second Ctrl-C does not wait.

    Args:
        client: the package's client; its mode and keys decide where to connect.
        functions: the package's functions.
        lifetime: the grace of running steps, and whom to tell.

    Raises:
        CronshiftError: ``connect-refused`` for a key that Inngest does not accept,
            ``connect-failed`` when it cannot be reached.
    """
    return asyncio.run(_work(client, functions, lifetime))


async def _work(client: Inngest, functions: Sequence[Function[Any]], lifetime: Lifetime) -> Ending:
    from inngest.connect import ConnectionState, connect

    stopping, forcing = asyncio.Event(), asyncio.Event()
    connection = connect([(client, list(functions))], shutdown_signals=[])
    closed = asyncio.create_task(connection.start())
    active = asyncio.create_task(connection.wait_for_state(ConnectionState.ACTIVE))
    with stop_signals(_setter(stopping, forcing)):
        await _first(closed, active, stopping)
        if active.done():
            lifetime.on_ready()
            await _first(closed, stopping)
        active.cancel()
        if closed.done():
            _raise_fault(closed, client)
            return Ending.DRAINED
        await connection.close()
        await _first(closed, forcing, seconds=lifetime.grace.total_seconds())
    if closed.done():
        return Ending.DRAINED
    ending = Ending.FORCED if forcing.is_set() else Ending.TIMED_OUT
    lifetime.on_cut(ending)
    return ending


async def _first(*awaited: asyncio.Task[Any] | asyncio.Event, seconds: float | None = None) -> None:
    """Wait until one of them is there, or the time is over."""
    waits = {
        item: asyncio.create_task(item.wait()) if isinstance(item, asyncio.Event) else item
        for item in awaited
    }
    await asyncio.wait(waits.values(), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for item, task in waits.items():
        if isinstance(item, asyncio.Event):
            task.cancel()


def _raise_fault(closed: asyncio.Task[None], client: Inngest) -> None:
    """Say in one sentence why the connection ended by itself, if an error ended it."""
    error = closed.exception()
    if error is None:
        return
    if str(error) == "unauthorized":
        raise CronshiftError(
            f"Inngest at {client.api_origin} refused the signing key.",
            reason="connect-refused",
            hint="Check INNGEST_SIGNING_KEY, and INNGEST_ENV for a branch environment.",
        ) from error
    raise CronshiftError(
        f"Inngest at {client.api_origin} cannot be reached: {str(error) or type(error).__name__}",
        reason="connect-failed",
        hint="Check the network, INNGEST_BASE_URL and, in dev mode, that the dev server runs.",
    ) from error


def _setter(
    stopping: asyncio.Event, forcing: asyncio.Event
) -> Callable[[int, FrameType | None], None]:
    """Return a handler: the first signal sets ``stopping``, a Ctrl-C after it ``forcing``."""
    loop = asyncio.get_running_loop()

    def hear(number: int, _: FrameType | None) -> None:
        again = stopping.is_set() and number == signal.SIGINT
        loop.call_soon_threadsafe((forcing if again else stopping).set)

    return hear

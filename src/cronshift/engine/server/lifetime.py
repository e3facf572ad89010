"""The lifetime of a server, over HTTP and through the WebSocket alike."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


class Ending(StrEnum):
    """The ending of a server."""

    DRAINED = "drained"
    TIMED_OUT = "timed-out"  # a step was still running when the grace ended
    FORCED = "forced"  # a second Ctrl-C


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The grace period of a server, and the callbacks at its start and end.

    Attributes:
        grace: how long running steps may take to finish, once the server is told to stop.
        on_ready: called once, when work is being accepted.
        on_cut: called when steps still run at the end. A step in a thread cannot be cancelled and
            holds the process; who wants it gone for certain ends it here.
    """

    grace: timedelta = timedelta(seconds=30)
    on_ready: Callable[[], None] = lambda: None
    on_cut: Callable[[Ending], None] = lambda _: None


@contextmanager
def stop_signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Send SIGTERM and Ctrl-C to ``handler`` during the block; off the main thread, nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)

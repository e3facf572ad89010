"""Keeping records of ticks behind the job's back: nothing here can fail or delay a job.

``CRONSHIFT_LEDGER_URL`` says where they go: a database beside the claims (``sqlite://…``,
``postgresql+psycopg://…``), an address of the app's (``https://…``), or ``inngest``, as events. What
a queue of a thousand cannot take, or what could not be kept, is counted and dropped.
"""

from __future__ import annotations

import atexit
import logging
import os
from dataclasses import replace
from functools import lru_cache
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from cronshift.runtime import wire
from cronshift.runtime.ledger import TickStatus
from cronshift.runtime.protection import is_address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cronshift.runtime.keeping import Keep
    from cronshift.runtime.ledger import TickRecord

    Made = Callable[[], TickRecord]

VARIABLE = wire.LEDGER_VARIABLE
_LAST = frozenset({TickStatus.COMPLETED, TickStatus.FAILED, TickStatus.SKIPPED})
"""No record of the same delivery comes behind one with such a status, as a rule."""
_MOST = 1_000
_BATCH = 200
_AT_EXIT = 5.0  # seconds
_logger = logging.getLogger("cronshift")


class Recorder:
    """Keeps records from one thread of its own, in the order in which they came.

    Args:
        keep: what keeps them; it may raise, and may take its time.
        most: how many may wait.
    """

    def __init__(self, keep: Keep, *, most: int = _MOST) -> None:
        self.dropped = 0
        self._told = 0
        self._keep = keep
        self._most = most
        self._waiting: SimpleQueue[Made | Event] = SimpleQueue()
        self._thread: Thread | None = None
        self._starting = Lock()

    def add(self, make: Made) -> None:
        """Take one more record, which the thread makes, or drop it where too many wait."""
        if self._waiting.qsize() >= self._most:
            self.dropped += 1
            return
        self._waiting.put(make)
        if self._thread is None or not self._thread.is_alive():  # the first, or behind a fork
            self._start()

    def flush(self, seconds: float) -> bool:
        """Wait until all that was added is kept or dropped; return whether it was in time."""
        if self._thread is None:
            return True
        reached = Event()
        self._waiting.put(reached)
        return reached.wait(seconds)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="cronshift ledger", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < _BATCH and not self._waiting.empty():
                batch.append(self._waiting.get())
            self._work([make for make in batch if not isinstance(make, Event)])
            for reached in batch:
                if isinstance(reached, Event):
                    reached.set()

    def _work(self, batch: Sequence[Made]) -> None:
        records = [record for make in batch if (record := self._made(make)) is not None]
        dropped = self.dropped - self._told
        at = next((at for at, record in enumerate(records) if record.status in _LAST), None)
        if dropped and at is not None:
            seen = {**records[at].seen, "dropped": str(dropped)}
            records[at] = replace(records[at], seen=seen)
        try:
            if records:
                self._keep(records)
            if at is not None:
                self._told += dropped
        except Exception as error:  # noqa: BLE001 - whatever it is, no job is to fail for it
            self._drop(len(records), error)

    def _made(self, make: Made) -> TickRecord | None:
        try:
            return make()
        except Exception as error:  # noqa: BLE001 - the same
            self._drop(1, error)
            return None

    def _drop(self, count: int, error: Exception) -> None:
        self.dropped += count
        _logger.warning(
            "%s: %d records of ticks were dropped (%s), %d so far",
            VARIABLE,
            count,
            type(error).__name__,  # its text may hold the address
            self.dropped,
        )


def recorder(secret_env: str) -> Recorder | None:
    """Return the recorder of this process; ``None`` where there is no ledger.

    Args:
        secret_env: the variable that holds the bearer for an address of the app's.
    """
    url = os.environ.get(VARIABLE)
    return _opened(url, secret_env) if url else None


def is_kept_here() -> bool:
    """Return whether this process keeps records itself, and does not send them on."""
    url = os.environ.get(VARIABLE, "")
    return url not in {"", wire.LEDGER_EVENTS} and not is_address(url)


@lru_cache(maxsize=4)
def _opened(url: str, secret_env: str) -> Recorder:
    from cronshift.runtime.keeping import keeper

    opened = Recorder(keeper(url, secret_env))
    atexit.register(opened.flush, _AT_EXIT)
    return opened

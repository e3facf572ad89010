"""Calls as a server has seen them: numbers for Prometheus, and a line of JSON each for a log."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs

import msgspec

from cronshift.errors import CronshiftError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus-client keeps what processes have counted where each sees it."""
_OTHER = "other"
_TIMER = "inngest/scheduled.timer"
_BUCKETS = (0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900)
"""Seconds: a step that was memoised, one of the database, one of an upstream, the longest there are."""


class AnsweredCall(msgspec.Struct, frozen=True):
    """One call of Inngest's, answered.

    Attributes:
        function: the function's id, as it is registered; empty where the request names none.
        status: of the answer; 0 where the peer left before it.
        seconds: from the whole request to the end of the answer.
        body: the request's.
    """

    function: str
    status: int
    seconds: float
    body: bytes


class Observer(Protocol):
    """An observer that is told of every call that has been answered, and of every refusal."""

    def call(self, call: AnsweredCall) -> None:
        """Take note of an answered call."""

    def refusal(self, status: int) -> None:
        """Take note of a request that was turned away before any function was asked."""


class Observers:
    """Several observers as one. None of them can fail or hold a call: their errors are dropped."""

    def __init__(self, observers: Iterable[Observer] = ()) -> None:
        self._observers = tuple(observers)

    def call(self, function: str, status: int, began: float, body: bytes) -> None:
        """Tell all of a call that began at an instant of ``time.perf_counter``."""
        if not self._observers:
            return
        call = AnsweredCall(function, status, time.perf_counter() - began, body)
        self._tell(lambda observer: observer.call(call))

    def refusal(self, status: int) -> None:
        """Tell all of a request that was turned away."""
        self._tell(lambda observer: observer.refusal(status))

    def _tell(self, tell: Callable[[Observer], None]) -> None:
        for observer in self._observers:
            try:
                tell(observer)
            except Exception:  # noqa: BLE001, S112 - a log or a counter must not end a call
                continue


@lru_cache(maxsize=1024)
def function_of(query: bytes) -> str:
    """Return the function that a request's query asks for (``fnId``); empty where it names none."""
    return parse_qs(query.decode("latin-1")).get("fnId", [""])[0]


class Metrics:
    """Counters and durations of calls, in Prometheus' text format.

    Only functions that are registered have a label of their own, so that nobody can fill a monitoring
    system by asking for others.

    Args:
        functions: the ids of those that are registered.
        running: tells how many calls are under way.
    """

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self, functions: Iterable[str], running: Callable[[], int]) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._functions = frozenset(functions)
        self._registry = CollectorRegistry()
        self._calls = Counter(
            "cronshift_calls", "Calls answered.", ["function", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "cronshift_call_seconds",
            "Duration of calls.",
            ["function"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._refused = Counter(
            "cronshift_refused", "Requests turned away.", ["status"], registry=self._registry
        )
        self._count_running = running
        self._running = Gauge(
            "cronshift_running",
            "Calls under way.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )

    def note(self) -> None:
        """Take note of how many calls are under way."""
        self._running.set(self._count_running())

    def call(self, call: AnsweredCall) -> None:
        """Count an answered call."""
        function = call.function if call.function in self._functions else _OTHER
        self._calls.labels(function, str(call.status)).inc()
        self._seconds.labels(function).observe(call.seconds)

    def refusal(self, status: int) -> None:
        """Count a refusal."""
        self._refused.labels(str(status)).inc()

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format; of several processes, their sums."""
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess

        self.note()
        if METRICS_FOLDER not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        collect: Any = multiprocess.MultiProcessCollector
        collect(registry)
        return generate_latest(registry)


class _Context(msgspec.Struct):
    run_id: str = ""
    attempt: int = 0


class _Event(msgspec.Struct):
    name: str = ""
    ts: int = 0  # milliseconds


class SentBody(msgspec.Struct):
    """The parts of a call's body that are told of."""

    ctx: _Context = msgspec.field(default_factory=_Context)
    event: _Event = msgspec.field(default_factory=_Event)


_ENCODER = msgspec.json.Encoder()


class CallLog:
    """A log of calls, a JSON object a line: run, tick, attempt, status, seconds; never what was sent.

    Args:
        write: takes a line.
    """

    def __init__(self, write: Callable[[str], Any] = sys.stderr.write) -> None:
        self._write = write
        self._decoder = msgspec.json.Decoder(SentBody)

    def call(self, call: AnsweredCall) -> None:
        """Write the line of an answered call."""
        try:
            body = self._decoder.decode(call.body)
        except msgspec.MsgspecError:
            body = SentBody()
        tick = tick_of_event(body.event)
        self._line(
            event="call",
            function=call.function,
            run=body.ctx.run_id,
            **({"tick": tick} if tick else {}),
            attempt=body.ctx.attempt + 1,
            status=call.status,
            seconds=round(call.seconds, 3),
        )

    def refusal(self, status: int) -> None:
        """Write the line of a refusal."""
        self._line(event="refused", status=status)

    def _line(self, **fields: Any) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._write(_ENCODER.encode({"time": at, **fields}).decode() + "\n")


def tick_of_event(event: _Event) -> str | None:
    """Return the minute that a scheduled run is for; the engine sends its timer a little before or behind."""
    if event.name != _TIMER or event.ts <= 0:
        return None
    minute = round(event.ts / 60_000) * 60
    return datetime.fromtimestamp(minute, UTC).strftime("%Y-%m-%dT%H:%MZ")


class Page:
    """A page that is made beside the event loop, and kept for a while: whoever asks often gets the same.

    One is made at a time, and a server's end does not wait for it.

    Args:
        make: makes it; may take long, as a database does that does not answer.
        life: for how many seconds it is kept.
        patience: for how many seconds who asks waits for a new one.
    """

    headers = (
        (
            b"content-security-policy",
            b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
        (b"x-content-type-options", b"nosniff"),
    )

    def __init__(self, make: Callable[[], str], life: float = 30.0, patience: float = 10.0) -> None:
        self._make = make
        self._life = life
        self._patience = patience
        self._text = _saying("It is being made: ask again.")
        self._until = 0.0
        self._made: asyncio.Event | None = None

    async def text(self) -> str:
        """Return the page; one that cannot be made says so in a sentence, and so does one that is late."""
        if self._made is None and time.monotonic() >= self._until:
            self._made = asyncio.Event()
            making = (asyncio.get_running_loop(), self._made)
            Thread(target=self._try, args=making, name="cronshift page", daemon=True).start()
        if self._made is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._made.wait(), self._patience)
        return self._text

    def _try(self, loop: asyncio.AbstractEventLoop, made: asyncio.Event) -> None:
        try:
            text = self._make()
        except CronshiftError as error:
            text = _saying(error.message)
        except Exception as error:  # noqa: BLE001 - whoever asks is told, and can ask again
            text = _saying(f"It cannot be made: {type(error).__name__}.")
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(self._take, text, made)

    def _take(self, text: str, made: asyncio.Event) -> None:
        self._text, self._until, self._made = text, time.monotonic() + self._life, None
        made.set()


def _saying(sentence: str) -> str:
    return f"<!doctype html><title>cronshift</title><p>{escape(sentence)}</p>"

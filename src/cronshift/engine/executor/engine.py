"""The engine of one run, as Inngest's does it: calls, memoises, waits, retries, gives up.

What is due at one instant is called at the same time; then the clock goes on to what is due next.
Waits are jumped over unless the clock is real.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Any

import httpx
from msgspec import Struct, field
from msgspec.structs import replace

from cronshift.engine.executor.clock import Clock
from cronshift.engine.executor.events import FAILED_EVENT, INVOKED_EVENT, custom_event, new_id
from cronshift.engine.executor.progress import Progress, QueueItem
from cronshift.engine.executor.protocol import DEFAULT_ATTEMPTS, MAX_STEPS, WireError
from cronshift.engine.executor.runs import Run, Status
from cronshift.engine.server.endpoint import DISCOVERY
from cronshift.runtime import web
from cronshift.runtime.jobs import CANCELLED_EVENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from cronshift.engine.executor.events import Receiver
    from cronshift.engine.server.endpoint import Endpoint

_DEEPEST = 10  # invocations of invocations
_NOT_FOUND = re.compile(r'function[\w "-]*not[ _]?found', re.IGNORECASE)  # both SDKs' wording


class RunTarget(Struct, frozen=True):
    """The function to run, as far as its registration is known.

    Attributes:
        function_id: with the app's id in front.
        attempts: how often something is tried in all.
        has_failure_handler: ``None`` when nobody knows; then it is tried.
        concurrency: how many steps run at once; all when absent.
        finish_timeout: how long a run may take, waits included.
        cancelled_handler: the function that is told which runs were cancelled, where there is one.
    """

    function_id: str
    attempts: int = DEFAULT_ATTEMPTS
    has_failure_handler: bool | None = None
    concurrency: int | None = None
    finish_timeout: timedelta | None = None
    cancelled_handler: str | None = None


class Surroundings(Struct, frozen=True):
    """The clock, event receiver, replies and observer of a run.

    Attributes:
        clock: the engine's time.
        receiver: takes the events that functions send.
        replies: events for the waits of the run; each answers one.
        observe: called with the run whenever it has changed.
    """

    clock: Clock = field(default_factory=Clock)
    receiver: Receiver | None = None
    replies: Sequence[dict[str, Any]] = ()
    observe: Callable[[Run], None] = lambda _: None


async def execute(
    endpoint: Endpoint,
    target: RunTarget,
    event: dict[str, Any],
    surroundings: Surroundings | None = None,
) -> Run:
    """Run a function to its end and return how it went.

    A function that fails is no error here: the run tells it. Its failure handler has run then.

    Args:
        endpoint: where it is served.
        target: what to run.
        event: what it begins with.
        surroundings: time, events, and who looks on.

    Raises:
        CronshiftError: if the endpoint is none, or refuses the caller.
    """
    return await _Engine(endpoint, target, event, surroundings or Surroundings()).drive()


class _Engine:
    """The driver of one run: it calls, waits, and reports the results to :class:`Progress`."""

    def __init__(
        self,
        endpoint: Endpoint,
        target: RunTarget,
        event: dict[str, Any],
        around: Surroundings,
        depth: int = 0,
    ) -> None:
        self._endpoint = endpoint
        self._target = target
        self._around = around
        self._clock = around.clock
        self._depth = depth
        self._places = asyncio.Semaphore(target.concurrency or MAX_STEPS)
        self._began = self._clock.now()
        self._seen = len(around.receiver.events) if around.receiver else 0
        self._run = Run(target.function_id, new_id(self._began), event)
        self._progress = Progress(self._run, target.attempts, self._began, around.replies)

    async def drive(self) -> Run:
        """Carry out the items that are due until the run is over."""
        started = time.perf_counter()
        try:
            while not self._progress.ended:
                await self._round()
                self._run.ms = (time.perf_counter() - started) * 1000
                self._around.observe(self._run)
        except asyncio.CancelledError:
            self._progress.fail(WireError("Interrupted", "The run was interrupted here."))
            self._around.observe(self._run)
            raise
        if self._run.status is Status.FAILED:
            await self._handle_failure()
        elif self._run.status is Status.CANCELLED and self._target.cancelled_handler:
            await self._tell(CANCELLED_EVENT, self._target.cancelled_handler, is_registered=False)
        return self._run

    async def _round(self) -> None:
        """Come to the next instant at which an item is due, and carry out all that are due then."""
        jumped, receiver = self._clock.jumped(), self._around.receiver
        await self._clock.reach(self._progress.due_next(), receiver.arrived if receiver else None)
        now = self._clock.now()
        self._run.waited += self._clock.jumped() - jumped
        if self._is_late():
            return
        due = self._progress.due_by(now)
        if any(not item.is_wait for item in due):
            self._around.observe(self._run)
        outcomes = await asyncio.gather(*(self._do(item) for item in due))
        if self._is_late():  # measured: a request that is on its way does not save the run
            return
        for item, outcome in zip(due, outcomes, strict=True):
            if not self._progress.ended:
                outcome(item)
        self._pass_events_on()

    async def _do(self, item: QueueItem) -> Callable[[QueueItem], None]:
        """Carry out an item; return a function that reports the result to the progress."""
        if item.is_wait:
            return lambda it: self._progress.woke(it, self._clock.now())
        async with self._places:
            if item.is_invocation:
                return await self._invoke(item)
            return await self._call(item)

    async def _call(self, item: QueueItem) -> Callable[[QueueItem], None]:
        step = item.operation.id if item.operation else DISCOVERY
        body = self._progress.body(item)
        began = time.perf_counter()
        try:
            reply = await self._endpoint.call(self._target.function_id, step, body)
        except httpx.HTTPError as error:
            why = web.unreachable(error)
            return lambda it: self._progress.unanswered(it, why, self._clock.now())
        ms = (time.perf_counter() - began) * 1000
        return lambda it: self._progress.answered(it, reply, ms, self._clock.now())

    async def _invoke(self, item: QueueItem) -> Callable[[QueueItem], None]:
        """Run another function of the same endpoint."""
        options = item.operation.options if item.operation else {}
        payload = options.get("payload")
        data = payload.get("data") if isinstance(payload, dict) else None
        event = custom_event(INVOKED_EVENT, data or {}, self._clock.now())
        target = RunTarget(str(options.get("function_id")), has_failure_handler=False)
        around = replace(self._around, replies=(), observe=lambda _: None)
        inner = _Engine(self._endpoint, target, event, around, self._depth + 1)
        if self._depth >= _DEEPEST:
            inner.give_up("Functions invoke each other more than ten deep.")
        run = await inner.drive()
        return lambda it: self._progress.invoked(it, run, self._clock.now())

    def give_up(self, why: str) -> None:
        """End the run before it begins."""
        self._progress.fail(WireError("TooDeep", why))

    def _is_late(self) -> bool:
        """Cancel a run that has taken longer than it may."""
        limit = self._target.finish_timeout
        if limit is None or self._clock.now() - self._began <= limit:
            return False
        why = f"Inngest cancels the run: it takes longer than its finish timeout of {limit}."
        self._progress.cancel(WireError("Cancelled", why))
        return True

    def _pass_events_on(self) -> None:
        receiver = self._around.receiver
        if receiver is None:
            return
        receiver.arrived.clear()
        new, self._seen = receiver.events[self._seen :], len(receiver.events)
        self._run.sent += new
        for event in new:
            self._progress.received(event, self._clock.now())

    async def _handle_failure(self) -> None:
        """Run the failure handler, as the engine does for a failed run and not for a cancelled."""
        error = self._run.error
        is_registered = self._target.has_failure_handler
        if error is None or is_registered is False or self._is_absent(error):
            return
        handler = f"{self._target.function_id}-failure"
        await self._tell(
            FAILED_EVENT, handler, is_registered=bool(is_registered), error=error.to_wire()
        )

    async def _tell(self, name: str, handler: str, *, is_registered: bool, **more: Any) -> None:
        """Run the function that the engine's own event about this run goes to, if there is one."""
        data = {
            "function_id": self._target.function_id,
            "run_id": self._run.run_id,
            "event": self._run.event,
            "events": [self._run.event],
            **more,
        }
        event = custom_event(name, data, self._clock.now())
        target = RunTarget(handler, 1, has_failure_handler=False)
        run = await _Engine(self._endpoint, target, event, self._around, self._depth).drive()
        if is_registered or run.error is None or not self._is_absent(run.error):
            self._run.failure_run = run

    @staticmethod
    def _is_absent(error: WireError) -> bool:
        return _NOT_FOUND.search(f"{error.name} {error.message}") is not None

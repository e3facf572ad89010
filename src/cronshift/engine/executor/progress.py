"""The state machine of one run: the items due, and the effect of each answer. No I/O."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from cronshift.engine.executor.events import matches
from cronshift.engine.executor.protocol import (
    MAX_RUN_STATE,
    MAX_STEP_OUTPUT,
    MAX_STEPS,
    Opcode,
    StepOperation,
    WireError,
    instant,
    request_body,
    retry_after,
)
from cronshift.engine.executor.runs import Attempt, Run, Status, StepRecord
from cronshift.runtime.schedule.backoff import backoff

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from cronshift.engine.server.endpoint import EndpointReply

_WAITS = {Opcode.SLEEP, Opcode.WAIT_FOR_EVENT}


@dataclass(eq=False, slots=True)
class QueueItem:
    """Something to do at an instant: a request, the end of a wait, or an invocation.

    Attributes:
        operation: the step that is meant; ``None`` asks the function what is next.
        attempt: of the request; 0 for the first.
        holds: whether nothing is asked before this is done, as the SDK wishes for its group.
        sent: whether its request is on the way, and so knows nothing of what happens meanwhile.
    """

    due: datetime
    operation: StepOperation | None = None
    attempt: int = 0
    holds: bool = False
    sent: bool = False

    @property
    def is_wait(self) -> bool:
        """True when the item is a sleep or a wait for an event, so that nothing is called."""
        return self.operation is not None and self.operation.op in _WAITS

    @property
    def is_invocation(self) -> bool:
        """True when the item invokes another function."""
        return self.operation is not None and self.operation.op == Opcode.INVOKE


class Progress:
    """The progress of a run.

    Attributes:
        run: the record of the run; changed in place.
        items: the items still to do.
    """

    def __init__(
        self, run: Run, attempts: int, now: datetime, replies: Iterable[dict[str, Any]] = ()
    ) -> None:
        self.run = run
        self.items: list[QueueItem] = [QueueItem(now)]
        self._attempts = attempts
        self._replies = list(replies)
        self._memos: dict[str, Any] = {}
        self._stack: list[str] = []
        self._records: dict[str, StepRecord] = {}
        self._parallel = False
        self._state_size = 0

    @property
    def ended(self) -> bool:
        """True once the run is over."""
        return self.run.status is not Status.RUNNING

    def due_next(self) -> datetime:
        """Return the instant of the item that is due first."""
        return min(item.due for item in self.items)

    def due_by(self, now: datetime) -> list[QueueItem]:
        """Return the items that are due, in the order in which they were asked for."""
        return [item for item in self.items if item.due <= now]

    def body(self, item: QueueItem) -> dict[str, Any]:
        """Return the body of the item's request, which is sent now."""
        item.sent = True
        record = self._record_of(item)
        if record:
            record.status = Status.RUNNING
        return request_body(
            event=self.run.event,
            run_id=self.run.run_id,
            attempt=item.attempt,
            max_attempts=self._attempts,
            memos=self._memos,
            stack=self._stack,
            immediate=not self._parallel,
        )

    def answered(self, item: QueueItem, reply: EndpointReply, ms: float, now: datetime) -> None:
        """Go on after an endpoint's answer to the item's request."""
        self.items.remove(item)
        record = self._record_of(item)
        if record:
            record.ms += ms
        if reply.status == HTTPStatus.OK:
            self._complete(reply.content)
        elif reply.status == HTTPStatus.PARTIAL_CONTENT and isinstance(reply.content, list):
            operations = [StepOperation.from_wire(op) for op in reply.content]
            self._go_on(item, operations, reply, ms, now)
        else:
            error = WireError.from_wire(reply.content)
            wait = retry_after(reply.headers.get("retry-after"), now)
            self._try_again(item, error, record, now, wait, final=reply.is_final)

    def unanswered(self, item: QueueItem, why: str, now: datetime) -> None:
        """Go on after a request that had no answer."""
        self.items.remove(item)
        self._try_again(item, WireError("Unreachable", why), self._record_of(item), now)

    def woke(self, item: QueueItem, now: datetime) -> None:
        """Go on after a wait: its memo is the event that came, or null."""
        self.items.remove(item)
        record = self._record_of(item)
        if item.operation is None or record is None:
            raise ValueError("only a wait wakes")
        if item.operation.op == Opcode.WAIT_FOR_EVENT and record.output is None:
            record.detail += "; nothing came"
        record.status = Status.COMPLETED
        self._memoise(item.operation.id, record.output, record)
        self._ask(now)

    def invoked(self, item: QueueItem, inner: Run, now: datetime) -> None:
        """Go on after the run of the function that a step invoked."""
        self.items.remove(item)
        record = self._record_of(item)
        if item.operation is None or record is None:
            raise ValueError("only an invocation is invoked")
        record.attempts, record.ms, record.waited = 1, inner.ms, inner.waited
        if inner.error is None:
            record.status, record.output = Status.COMPLETED, inner.output
            memo: Any = {"data": inner.output}
        else:
            record.status, record.error = Status.FAILED, inner.error
            memo = {"error": inner.error.to_wire()}
        self._memoise(item.operation.id, memo, record)
        self._ask(now)

    def received(self, event: dict[str, Any], now: datetime) -> None:
        """Give an event that was sent to every wait that it satisfies."""
        for item in self.items:
            operation, record = item.operation, self._record_of(item)
            if operation is None or record is None or operation.op != Opcode.WAIT_FOR_EVENT:
                continue
            if record.output is None and self._satisfies(event, operation, record):
                record.output, record.waited, item.due = event, timedelta(0), now

    def fail(self, error: WireError) -> None:
        """End the run with an error."""
        if not self.ended:
            self.run.status, self.run.error = Status.FAILED, error

    def cancel(self, error: WireError) -> None:
        """End the run, whatever its last request comes to."""
        if not self.ended:
            self.run.status, self.run.error = Status.CANCELLED, error

    # What an answer asks for

    def _go_on(
        self,
        item: QueueItem,
        operations: list[StepOperation],
        reply: EndpointReply,
        ms: float,
        now: datetime,
    ) -> None:
        self._parallel = self._parallel or len(operations) > 1
        fresh = [op for op in operations if op.id not in self._memos and not self._queued(op.id)]
        ended = [self._do(item, operation, reply, ms, now) for operation in fresh]
        if any(ended):
            self._ask(now)
        elif not self.items and not self.ended:
            self.fail(WireError("Stuck", "The function asks for nothing new and does not end."))

    def _do(
        self,
        item: QueueItem,
        operation: StepOperation,
        reply: EndpointReply,
        ms: float,
        now: datetime,
    ) -> bool:
        """Do one operation; return whether a step has come to its end by it."""
        if operation.op == Opcode.RUN_COMPLETE:
            self._complete(operation.data)
            return False
        record = self._record(operation)
        if record is None:
            return False
        match operation.op:
            case Opcode.STEP | Opcode.STEP_RUN | Opcode.STEP_ERROR | Opcode.STEP_FAILED:
                record.ms += ms if item.operation is None else 0
                return self._step_ran(item, operation, record, reply, now)
            case Opcode.STEP_PLANNED | Opcode.INVOKE:
                record.status = Status.WAITING
                record.detail = str(operation.options.get("function_id", ""))
                self._queue(operation, now)
            case Opcode.SLEEP:
                self._sleep(operation, record, now)
            case Opcode.WAIT_FOR_EVENT:
                self._wait(operation, record, now)
            case other:
                what = f"The step {record.id!r} asks for {other}, which only Inngest itself can do."
                self.fail(WireError("Unsupported", what))
        return False

    def _step_ran(
        self,
        item: QueueItem,
        operation: StepOperation,
        record: StepRecord,
        reply: EndpointReply,
        now: datetime,
    ) -> bool:
        if operation.error is None and operation.op in {Opcode.STEP, Opcode.STEP_RUN}:
            record.attempts = item.attempt + 1
            record.status, record.output = Status.COMPLETED, operation.data
            self._memoise(operation.id, {"data": operation.data}, record)
            return True
        error = operation.error or WireError("Error", "The step failed.")
        final = reply.is_final or operation.op == Opcode.STEP_FAILED
        if not final and item.attempt + 1 < self._attempts:
            wait = retry_after(reply.headers.get("retry-after"), now)
            self._try_again(item, error, record, now, wait)
            return False
        self._note(item, error, record, None)
        self._memoise(operation.id, {"error": error.to_wire()}, record)
        return True

    def _sleep(self, operation: StepOperation, record: StepRecord, now: datetime) -> None:
        try:
            due = operation.wakes_at(now)
        except ValueError as error:
            self.fail(WireError("InvalidSleep", f"{record.id}: {error}"))
            return
        self._wait_until(max(due, now), operation, record, now)
        record.detail = f"until {due:%Y-%m-%d %H:%M:%S} UTC"

    def _wait(self, operation: StepOperation, record: StepRecord, now: datetime) -> None:
        try:
            due = instant(str(operation.options.get("timeout")), now)
        except ValueError as error:
            self.fail(WireError("InvalidTimeout", f"{record.id}: {error}"))
            return
        record.detail = f"for {operation.event_name}"
        reply = next(
            (event for event in self._replies if self._satisfies(event, operation, record)), None
        )
        if reply is None:
            self._wait_until(max(due, now), operation, record, now)
        else:
            self._replies.remove(reply)
            record.output = reply
            self._wait_until(now, operation, record, now)

    def _wait_until(
        self, due: datetime, operation: StepOperation, record: StepRecord, now: datetime
    ) -> None:
        record.status, record.attempts, record.waited = Status.WAITING, 1, due - now
        self._queue(operation, due)

    def _satisfies(self, event: dict[str, Any], wait: StepOperation, record: StepRecord) -> bool:
        if event["name"] != wait.event_name:
            return False
        expression = wait.options.get("if")
        try:
            return matches(expression, event, self.run.event)
        except ValueError:
            note = f"{record.id}: {expression!r} was taken for true; only Inngest evaluates it."
            if note not in self.run.notes:
                self.run.notes.append(note)
            return True

    # Attempts

    def _try_again(  # noqa: PLR0913 - one failure, seen from all sides
        self,
        item: QueueItem,
        error: WireError,
        record: StepRecord | None,
        now: datetime,
        wait: timedelta | None = None,
        *,
        final: bool = False,
    ) -> None:
        """Queue the item once more after the engine's wait; the run fails when it may not be."""
        attempt = item.attempt + 1
        if final or attempt >= self._attempts:
            self._note(item, error, record, None)
            self.fail(error)
            return
        pause = wait or backoff(attempt)
        self._note(item, error, record, pause)
        self.items.append(QueueItem(now + pause, item.operation, attempt, item.holds))

    def _note(
        self, item: QueueItem, error: WireError, record: StepRecord | None, wait: timedelta | None
    ) -> None:
        if record is None:
            self.run.failures.append(Attempt(error, wait))
            return
        record.attempts = item.attempt + 1
        record.failures.append(Attempt(error, wait))
        record.status = Status.FAILED if wait is None else Status.WAITING
        record.error = error if wait is None else None

    # State

    def _record(self, operation: StepOperation) -> StepRecord | None:
        """Return the step's record; ``None`` when the run may have no more steps."""
        record = self._records.get(operation.id)
        if record is not None:
            return record
        if len(self._records) >= MAX_STEPS:
            self.fail(WireError("TooManySteps", f"A run may have {MAX_STEPS:,} steps."))
            return None
        waiting = {Opcode.SLEEP, Opcode.WAIT_FOR_EVENT, Opcode.INVOKE}
        op = operation.op if operation.op in waiting else Opcode.STEP_RUN
        record = StepRecord(operation.display_name, op)
        self._records[operation.id] = record
        self.run.steps.append(record)
        return record

    def _record_of(self, item: QueueItem) -> StepRecord | None:
        return self._records.get(item.operation.id) if item.operation else None

    def _memoise(self, step: str, memo: Any, record: StepRecord) -> None:
        size = len(json.dumps(memo))
        self._state_size += size
        if size > MAX_STEP_OUTPUT:
            self.fail(WireError("OutputTooLarge", f"{record.id}: a step may return 4 MiB."))
        elif self._state_size > MAX_RUN_STATE:
            self.fail(WireError("StateTooLarge", "A run's steps may return 32 MiB in all."))
        self._memos[step] = memo
        self._stack.append(step)

    def _queue(self, operation: StepOperation, due: datetime) -> None:
        holds = operation.options.get("parallelMode") == "wait"
        self.items.append(QueueItem(due, operation, holds=holds))

    def _queued(self, step: str) -> bool:
        return any(item.operation is not None and item.operation.id == step for item in self.items)

    def _ask(self, now: datetime) -> None:
        """Ask the function for its next step, unless that is queued or a group is still at work."""
        asked = any(item.operation is None and not item.sent for item in self.items)
        if not asked and not any(item.holds for item in self.items):
            self.items.append(QueueItem(now))

    def _complete(self, output: Any) -> None:
        if not self.ended:
            self.run.status, self.run.output = Status.COMPLETED, output

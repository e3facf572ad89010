"""The record of a run: its steps, their attempts, and its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cronshift.engine.executor.protocol import WireError


class Status(StrEnum):
    """The status of a step or a run."""

    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(slots=True)
class Attempt:
    """One failed attempt."""

    error: WireError
    wait: timedelta | None = None  # before the next; None after the last


@dataclass(slots=True)
class StepRecord:
    """One step of a run.

    Attributes:
        id: as the user names it.
        op: what it does: ``StepRun``, ``Sleep``, ``WaitForEvent``, ``InvokeFunction``.
        ms: the time that its requests took.
        waited: the time that the engine let pass for it.
        detail: what it waits for, in words.
    """

    id: str
    op: str
    status: Status = Status.RUNNING
    attempts: int = 0
    ms: float = 0
    waited: timedelta = timedelta(0)
    detail: str = ""
    output: Any = None
    error: WireError | None = None
    failures: list[Attempt] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the step as ``run --json`` prints it."""
        document: dict[str, Any] = {
            "id": self.id,
            "op": self.op,
            "status": str(self.status),
            "attempts": self.attempts,
            "ms": round(self.ms, 1),
        }
        if self.waited:
            document["waited_seconds"] = round(self.waited.total_seconds(), 1)
        if self.error is not None:
            return {**document, "error": self.error.to_wire()}
        return {**document, "output": self.output}


@dataclass(slots=True)
class Run:
    """One run of a function.

    Attributes:
        function_id: with the app's id in front.
        failures: the attempts that failed outside of any step that told its name.
        sent: the events that the function sent.
        failure_run: the run of what it was told to: its failure handler, or for a cancelled run the
            function that tells of those, where there is one.
        ms: from the first request to the last answer; jumped-over waits do not count.
    """

    function_id: str
    run_id: str
    event: dict[str, Any]
    status: Status = Status.RUNNING
    steps: list[StepRecord] = field(default_factory=list)
    failures: list[Attempt] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    output: Any = None
    error: WireError | None = None
    ms: float = 0
    waited: timedelta = timedelta(0)
    failure_run: Run | None = None

    @property
    def attempts(self) -> int:
        """The attempts at whatever was tried most often, a step or the function itself."""
        tried = len(self.failures) + (0 if self._ended_by_failure else 1)
        return max([tried, *(step.attempts for step in self.steps)])

    @property
    def _ended_by_failure(self) -> bool:
        return bool(self.failures) and self.failures[-1].wait is None

    def to_json(self) -> dict[str, Any]:
        """Return the run as ``run --json`` prints it, without the job's own fields."""
        document: dict[str, Any] = {
            "run_id": self.run_id,
            "status": str(self.status),
            "attempts": self.attempts,
            "steps": [step.to_json() for step in self.steps],
        }
        if self.error is None:
            document["output"] = self.output
        else:
            document["error"] = self.error.to_wire()
        document["ms"] = round(self.ms, 1)
        if self.waited:
            document["waited_seconds"] = round(self.waited.total_seconds(), 1)
        if self.sent:
            document["events"] = self.sent
        if self.notes:
            document["notes"] = self.notes
        if self.failure_run is not None:
            is_cancelled = self.status is Status.CANCELLED
            told_to = "on_cancelled" if is_cancelled else "on_failure"
            document[told_to] = self.failure_run.to_json()
        return document

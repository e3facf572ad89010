"""Runs one by one: what was told of each, and what Inngest's trace of one adds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cronshift.errors import without_credentials
from cronshift.observing.inngest_side import STATUSES, tick_of
from cronshift.operations.services.traces import first_event
from cronshift.runtime.ledger import Role, Side, TickStatus
from cronshift.runtime.ownership import tick_text
from cronshift.runtime.wire import QUOTED_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

    from cronshift.runtime.ledger import TickRecord

DEAD = frozenset({TickStatus.FAILED, TickStatus.CANCELLED})
_INTERNAL = "executor."
_ATTEMPT = "Attempt "


class RunStep(Struct, frozen=True):
    """One step of a run.

    Attributes:
        status: Inngest's word for it, in small letters.
        milliseconds: how long it took, where that is reported.
        error: of its last attempt; empty where it has none.
    """

    name: str
    status: str
    attempts: int
    milliseconds: int | None
    error: str

    def to_json(self) -> dict[str, Any]:
        """Return the step's part of a document."""
        return {
            "name": self.name,
            "status": self.status,
            "attempts": self.attempts,
            "ms": self.milliseconds,
            "error": self.error or None,
        }


class JobRun(Struct, frozen=True, kw_only=True):
    """One run of a job, as far as anybody tells.

    Attributes:
        id: Inngest's, or the one that was made up for a call of Vercel's.
        tick: the instant that it was for; ``None`` for a run that no schedule began.
        owner: who was to act on the tick; empty where that is not known.
        has_acted: whether it did the work, or tried to.
        attempts: ``None`` where nobody tells how many there were.
        error: what failed; the ledger knows its name, Inngest its message too.
        reason: why it did not act.
        event: the name of what began it.
        steps: of Inngest's trace.
    """

    id: str
    job: str
    tick: datetime | None
    side: Side
    owner: str
    has_acted: bool
    status: TickStatus
    attempts: int | None
    arrived: datetime | None
    started: datetime | None = None
    ended: datetime | None = None
    error: str = ""
    http_status: int | None = None
    reason: str = ""
    event: str = ""
    steps: tuple[RunStep, ...] = ()

    @property
    def is_dead(self) -> bool:
        """True for a run that failed for good or was cancelled."""
        return self.status in DEAD and self.has_acted

    @property
    def took(self) -> timedelta | None:
        """The time at work, retries and waits included."""
        return self.ended - self.started if self.started and self.ended else None

    def to_json(self) -> dict[str, Any]:
        """Return the run's part of a document."""
        took = self.took
        return {
            "id": self.id,
            "job": self.job,
            "tick": tick_text(self.tick) if self.tick else None,
            "side": self.side.value,
            "owner": self.owner or None,
            "acted": self.has_acted,
            "status": self.status.value,
            "attempts": self.attempts,
            "arrived": _text(self.arrived),
            "started": _text(self.started),
            "ended": _text(self.ended),
            "seconds": None if took is None else round(took.total_seconds(), 3),
            "error": self.error or None,
            "http_status": self.http_status,
            "reason": self.reason or None,
        }


def of_record(record: TickRecord, *, is_counted: bool = True) -> JobRun:
    """Return the run that a record is of.

    Args:
        record: of one delivery.
        is_counted: whether who told it has counted the attempts.
    """
    return JobRun(
        id=record.run_id or "",
        job=record.job,
        tick=record.tick,
        side=record.side,
        owner=record.owner,
        has_acted=record.role is Role.ACTED,
        status=record.status,
        attempts=record.attempts if is_counted and _is_counted(record) else None,
        arrived=record.arrived,
        started=record.started,
        ended=record.ended,
        error=record.error_class or "",
        http_status=record.http_status,
        reason=record.seen.get("reason", ""),
    )


def newest_first(
    runs: Iterable[JobRun], *, statuses: frozenset[TickStatus], most: int
) -> list[JobRun]:
    """Return the newest of the runs that have one of the statuses; of any, where none is named."""
    wanted = [run for run in runs if not statuses or run.status in statuses]
    wanted.sort(key=lambda run: run.arrived or datetime.min.replace(tzinfo=UTC), reverse=True)
    return wanted[:most]


def _is_counted(record: TickRecord) -> bool:
    return record.attempts > 0 or record.role is not Role.ACTED


def of_inngest(run: Mapping[str, Any], root: Mapping[str, Any]) -> JobRun | None:
    """Return a run as Inngest's API tells it; ``None`` where it tells too little.

    The list and the run itself lack the output of most runs, which save their steps on the way; the
    trace has it (facts: Inngest 9).

    Args:
        run: the run itself.
        root: the first span of its trace.
    """
    status = _status(run, root)
    function = run.get("function")
    if status is None or not isinstance(function, dict):
        return None
    event = first_event(root)
    output = root.get("output") or run.get("output")
    fields = output if isinstance(output, dict) else {}
    reason, answered = fields.get("skipped"), fields.get("status")
    steps = _steps(root.get("children") or ())
    queued = _instant(run.get("queuedAt"))
    return JobRun(
        id=str(run.get("id")),
        job=str(function.get("id")),
        tick=tick_of(event),
        side=Side.INNGEST,
        owner="",
        has_acted=reason is None,
        status=TickStatus.SKIPPED if reason is not None else status,
        attempts=max((step.attempts for step in steps), default=None),
        arrived=queued,
        started=_instant(run.get("startedAt")),
        ended=_instant(run.get("endedAt")) or _instant(root.get("endedAt")),
        error=_error(fields) if status in DEAD else "",
        http_status=answered if type(answered) is int else None,
        reason=str(reason) if reason is not None else "",
        event=str(event.get("name", "")),
        steps=steps,
    )


def _status(run: Mapping[str, Any], root: Mapping[str, Any]) -> TickStatus | None:
    """Return the status of a run; an end counts, for the run and its trace lag behind each other."""
    words = [str(run.get("status")), str(root.get("status"))]
    statuses = [status for word in words if (status := STATUSES.get(word))]
    ends = [status for status in statuses if status is not TickStatus.RUNNING]
    if ends or statuses:
        return (ends or statuses)[0]
    return TickStatus.RUNNING if "QUEUED" in words else None


def together(recorded: JobRun | None, reported: JobRun | None) -> JobRun | None:
    """Return one run of what the ledger has recorded and what Inngest tells of it."""
    if recorded is None or reported is None:
        return recorded or reported
    is_over = recorded.status is not TickStatus.RUNNING
    return replace(
        recorded,
        status=recorded.status if is_over else reported.status,
        ended=recorded.ended or reported.ended,
        error=reported.error or recorded.error,
        event=reported.event,
        steps=reported.steps,
    )


def _steps(spans: Sequence[Any]) -> tuple[RunStep, ...]:
    """Return the steps, each once: a trace has a step's span and one for each request beside it."""
    by_step: dict[str, list[dict[str, Any]]] = {}
    for span in spans:
        if isinstance(span, dict) and not str(span.get("name")).startswith(_INTERNAL):
            key = str(span.get("stepId") or span.get("name"))
            by_step.setdefault(key, []).append(span)
    steps = sorted(by_step.values(), key=lambda alike: str(alike[0].get("queuedAt")))
    return tuple(_step(alike) for alike in steps)


def _step(alike: Sequence[dict[str, Any]]) -> RunStep:
    whole = max(alike, key=lambda span: len(span.get("children") or ()))
    attempts = [
        child
        for child in whole.get("children") or ()
        if str(child.get("name")).startswith(_ATTEMPT)
    ]
    ended = [span for span in alike if span.get("endedAt")]
    last = max(ended, key=lambda span: str(span["endedAt"]), default=whole)
    output = (attempts[-1] if attempts else last).get("output")
    status = str(last.get("status", "")).lower()
    duration = str(last.get("durationMs", ""))
    return RunStep(
        name=str(whole.get("name")),
        status=status,
        attempts=max(len(attempts), 1),
        milliseconds=int(duration) if duration.isdecimal() else None,
        error=_error(output) if status in {"failed", "cancelled"} else "",
    )


def _error(output: object) -> str:
    """Return ``Name: message`` of an error in an output, without what may be a secret in it."""
    fields = output if isinstance(output, dict) else {}
    error = fields.get("error", fields)
    if not isinstance(error, dict):
        return ""
    parts = [error.get("name"), error.get("message")]
    text = ": ".join(part for part in parts if isinstance(part, str) and part)
    return without_credentials(text)[:QUOTED_CHARACTERS]


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None
    except ValueError:
        return None


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="milliseconds") if instant else None

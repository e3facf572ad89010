"""The wire between the engine and an SDK (Inngest's SDK specification; facts measured on both SDKs).

One request asks an endpoint to go on with a run. It answers with the function's output (200), its
error (any other status), or the operations it wants done (206): steps it has run, steps it plans,
and waits.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.runtime.schedule.engine_durations import read_duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_STEPS = 1_000
MAX_STEP_OUTPUT = 4 * 1024 * 1024
MAX_RUN_STATE = 32 * 1024 * 1024
DEFAULT_ATTEMPTS = 5  # the engine's default of four retries, and the first attempt
_SHORTEST, _LONGEST = timedelta(seconds=1), timedelta(hours=24)
_SECONDS_LONG = 7  # a longer retry-after is read as a date


class Opcode(StrEnum):
    """The opcodes of an SDK that this engine knows."""

    STEP = "Step"
    STEP_RUN = "StepRun"
    STEP_ERROR = "StepError"
    STEP_FAILED = "StepFailed"
    STEP_PLANNED = "StepPlanned"
    SLEEP = "Sleep"
    WAIT_FOR_EVENT = "WaitForEvent"
    INVOKE = "InvokeFunction"
    RUN_COMPLETE = "RunComplete"


class WireError(Struct, frozen=True):
    """An error as it stands in memos, bodies and ``inngest/function.failed``."""

    name: str
    message: str
    stack: str | None = None

    def to_wire(self) -> dict[str, str]:
        """Return the object that SDKs read."""
        wire = {"name": self.name, "message": self.message}
        return {**wire, "stack": self.stack} if self.stack else wire

    @classmethod
    def from_wire(cls, document: Any) -> WireError:
        """Read an error as an SDK sends it; a bare text is a message."""
        if not isinstance(document, dict):
            return cls("Error", document if isinstance(document, str) else json.dumps(document))
        nested = document.get("error")
        message = document.get("message") or (nested if isinstance(nested, str) else None)
        stack = document.get("stack")
        return cls(
            str(document.get("name") or document.get("code") or "Error"),
            str(message or "no message"),
            stack if isinstance(stack, str) else None,
        )


class StepOperation(Struct, frozen=True):
    """One operation that an SDK asks for or reports.

    Attributes:
        id: the step's hashed id.
        op: an :class:`Opcode`, or a name that this engine does not know.
        name: what the user calls the step; for Python also what the operation is about.
    """

    id: str
    op: str
    name: str
    display_name: str
    options: Mapping[str, Any]
    data: Any
    error: WireError | None

    @classmethod
    def from_wire(cls, document: Mapping[str, Any]) -> StepOperation:
        """Read one element of a 206 answer.

        Raises:
            KeyError: if it lacks an id or an opcode.
        """
        error = document.get("error")
        options = document.get("opts")
        userland = document.get("userland")
        name = document.get("name")
        display_name = document.get("displayName") or (
            userland.get("id") if isinstance(userland, dict) else None
        )
        return cls(
            id=str(document["id"]),
            op=str(document["op"]),
            name=str(name or ""),
            display_name=str(display_name or name or document["id"]),
            options=options if isinstance(options, dict) else {},
            data=document.get("data"),
            error=WireError.from_wire(error) if error is not None else None,
        )

    def wakes_at(self, now: datetime) -> datetime:
        """Return the instant a sleep ends: SDKs put it in ``name`` or in the options, as they like.

        Raises:
            ValueError: if there is neither an instant nor a duration.
        """
        text = self.options.get("until") or self.options.get("duration") or self.name
        return instant(str(text), now)

    @property
    def event_name(self) -> str:
        """The event that a wait is for."""
        return str(self.options.get("event") or self.name)


def instant(text: str, now: datetime) -> datetime:
    """Return the instant that an ISO date, or a duration like ``1h30m`` from now on, names.

    Raises:
        ValueError: if ``text`` is neither.
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return now + read_duration(text)
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def request_body(  # noqa: PLR0913 - the fields of one wire object
    *,
    event: Mapping[str, Any],
    run_id: str,
    attempt: int,
    max_attempts: int,
    memos: Mapping[str, Any],
    stack: Sequence[str],
    immediate: bool,
) -> dict[str, Any]:
    """Return the body that asks an endpoint to go on.

    ``ctx.fn_id`` is left out: with it the TypeScript SDK would report to a server of its own.
    """
    return {
        "ctx": {
            "attempt": attempt,
            "max_attempts": max_attempts,
            "disable_immediate_execution": not immediate,
            "env": "local",
            "run_id": run_id,
            "stack": {"stack": list(stack), "current": len(stack)},
            "use_api": False,
        },
        "event": event,
        "events": [event],
        "steps": memos,
        "use_api": False,
        "version": -1,
    }


def retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Return the wait that an SDK's ``retry-after`` asks for, clamped as the engine does."""
    if not text:
        return None
    try:
        if len(text) <= _SECONDS_LONG:
            wait = timedelta(seconds=int(text))
        elif "," in text:
            wait = parsedate_to_datetime(text) - now
        else:
            wait = instant(text, now) - now
    except ValueError:
        return None
    return max(_SHORTEST, min(_LONGEST, wait))

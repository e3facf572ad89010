"""The record of a run that failed for good or was cancelled."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from cronshift.errors import without_credentials
from cronshift.runtime import wire
from cronshift.runtime.ledger import TickStatus
from cronshift.runtime.ownership import tick_text

_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A run that failed for good, or that Inngest cancelled.

    Attributes:
        tick: the instant that it was for; ``None`` for a run that some other event began.
        event: the name of what began it.
        event_id: its id.
        error: its name and message, without the credentials of addresses in it.
        died: when that was told.
        attempts: how often the ledger saw it tried; ``None`` where it did not.
        replayed: when another run was started in its place.
        replay: the id of that run.
    """

    run_id: str
    job: str
    status: TickStatus
    tick: datetime | None
    event: str
    event_id: str
    error: str
    died: datetime
    attempts: int | None = None
    replayed: datetime | None = None
    replay: str | None = None


_SENT = ("run_id", "job", "status", "tick", "event", "event_id", "error", "died")


def as_document(letter: DeadLetter) -> dict[str, Any]:
    """Return the letter as JSON has it, for an address or an event; the same from TypeScript."""
    values = asdict(letter)
    return {name: values[name] for name in _SENT} | {
        "tick": tick_text(letter.tick) if letter.tick else None,
        "died": letter.died.astimezone(UTC).isoformat(timespec="milliseconds"),
    }


def parse_letter(document: object) -> DeadLetter:
    """Return the letter that a document says.

    Raises:
        ValueError: for any other document; what it is is not told.
    """
    if not isinstance(document, dict) or document.keys() != set(_SENT):
        raise ValueError("it is no dead letter")
    try:
        tick = document["tick"]
        return DeadLetter(
            run_id=_text(document["run_id"]),
            job=_text(document["job"]),
            event=_text(document["event"]),
            event_id=_text(document["event_id"]),
            status=TickStatus(document["status"]),
            tick=None if tick is None else _time(tick),
            error=error_text(document["error"]),
            died=_time(document["died"]),
        )
    except (TypeError, ValueError, OverflowError):
        raise ValueError("it is no dead letter") from None


def error_text(value: object) -> str:
    """Return an error as it is kept: a line, cut, without the credentials of addresses in it.

    Raises:
        TypeError: for what is no text.
    """
    if not isinstance(value, str):
        raise TypeError
    text = "".join(sign if sign.isprintable() else " " for sign in without_credentials(value))
    return text[: wire.QUOTED_CHARACTERS]


def _text(value: object) -> str:
    if isinstance(value, str) and len(value) <= _LONGEST and value.isprintable():
        return value
    raise ValueError


def _time(value: object) -> datetime:
    return datetime.fromisoformat(_text(value)).astimezone(UTC)

"""The record of a run that failed for good or was cancelled, and where it is kept.

It goes where the ledger's records go (``CRONSHIFT_LEDGER_URL``). Nothing here can fail or delay a job:
the function that keeps one is not the job's own, and gives up after ten seconds.
"""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cronshift.errors import without_credentials
from cronshift.runtime import wire
from cronshift.runtime.calls import other_environment, tick_of
from cronshift.runtime.jobs import TICK_EVENT
from cronshift.runtime.ledger import TickStatus
from cronshift.runtime.ownership import tick_text

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT = "kept"
_LONGEST = 200
_PATIENCE = 10.0  # seconds
_logger = logging.getLogger("cronshift")


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
            error=_error(document["error"]),
            died=_time(document["died"]),
        )
    except (TypeError, ValueError, OverflowError):
        raise ValueError("it is no dead letter") from None


def letter_of(
    job: str, ended: Mapping[str, Any], status: TickStatus, error: str
) -> DeadLetter | None:
    """Return the letter of a run; ``None`` for one that a person began, or another environment.

    Args:
        job: its id.
        ended: the data of the event that tells its end.
        status: how it ended.
        error: why.
    """
    event = ended.get("event")
    event = event if isinstance(event, dict) else {}
    data = event.get("data")
    data = data if isinstance(data, dict) else {}
    if data.get("cronshift") == wire.BY_HAND or other_environment():
        return None
    is_tick = event.get("name") == TICK_EVENT or data.get("cronshift") == wire.REPLAY
    return DeadLetter(
        run_id=str(ended.get("run_id")),
        job=job,
        status=status,
        tick=tick_of(data, int(event.get("ts") or 0)) if is_tick else None,
        event=str(event.get("name") or ""),
        event_id=str(event.get("id") or ""),
        error=_error(error),
        died=datetime.now(UTC),
    )


async def keep(letter: DeadLetter, secret_env: str) -> str:
    """Keep a letter where the ledger is, and return how that went; nothing is raised."""
    url = os.environ.get(wire.LEDGER_VARIABLE)
    if not url:
        return "no ledger is set"
    from cronshift.runtime.keeping import keep_letter

    try:
        keeping = asyncio.to_thread(keep_letter, url, secret_env, letter)
        await asyncio.wait_for(keeping, _PATIENCE)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told and goes no further
        # Its text may hold the address.
        _logger.warning("%s: no dead letter was kept: %s", letter.job, type(error).__name__)
        return f"not kept: {type(error).__name__}"
    return KEPT


def _error(value: object) -> str:
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

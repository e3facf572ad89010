"""The record of a tick that both sides leave: its arrival, its role, and its outcome.

Inngest's functions and the app's guard wake at every tick, whoever it belongs to; the one that
stands by can testify at no cost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_INSTANTS = ("tick", "arrived", "started", "ended")
_LONGEST = 200
_MOST = 2**53


class Side(StrEnum):
    """The side that was woken."""

    VERCEL = "vercel"
    INNGEST = "inngest"


class Role(StrEnum):
    """The role of a side: to do the work, nothing, or a dry run of it."""

    ACTED = "acted"
    STOOD_BY = "stood by"
    REHEARSED = "rehearsed"


class TickStatus(StrEnum):
    """The status of a tick on one side; a side that stands by has ``skipped``."""

    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    RUNNING = "running"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRecord:
    """The record of one side of one tick; a tick delivered twice leaves two, with two run ids.

    Attributes:
        tick: the scheduled instant, UTC.
        owner: who acted on the tick by the ownership file held then; empty where none was held.
        arrived: when the call or the run came in.
        started: when the work began; ``None`` for who stood by.
        ended: when it was over.
        attempts: how many there were; 0 for who stood by, and where nobody has counted them.
        error_class: the name of what failed, never its message.
        http_status: of the handler's answer.
        size: of the answer's body, in bytes.
        digest: the first 16 hex digits of the SHA-256 of the answer's body.
        numbers: the numbers in a JSON answer, by their path (``users.active``).
        run_id: Inngest's, or one made up for a call of Vercel's.
        deployment: the app's, as its platform names it.
        ownership_digest: which ownership file was held.
        seen: what who stood by found: how the app answers, whether both hold one file, which
            variables are missing; or why a tick was not run.
    """

    job: str
    tick: datetime
    side: Side
    owner: str
    role: Role
    arrived: datetime
    started: datetime | None = None
    ended: datetime | None = None
    status: TickStatus
    attempts: int = 0
    error_class: str | None = None
    http_status: int | None = None
    size: int | None = None
    digest: str | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    run_id: str | None = None
    deployment: str | None = None
    ownership_digest: str | None = None
    seen: Mapping[str, str] = field(default_factory=dict)


def as_document(record: TickRecord) -> dict[str, Any]:
    """Return the record as JSON has it, for an address or an event; the same from TypeScript."""
    document = {name: getattr(record, name) for name in _NAMES}
    for name in _INSTANTS:
        instant: datetime | None = document[name]
        document[name] = instant and instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return document | {"numbers": dict(record.numbers), "seen": dict(record.seen)}


def parse_record(document: object) -> TickRecord:
    """Return the record that a document says.

    Raises:
        ValueError: for any other document; what it is is not told.
    """
    if not isinstance(document, dict) or not document.keys() <= _NAMES:
        raise ValueError("it is no record of a tick")
    try:
        values = {
            name: _PARSERS[name](value) for name, value in document.items() if value is not None
        }
        return TickRecord(**values)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("it is no record of a tick") from None


def _text(value: object) -> str:
    if isinstance(value, str) and len(value) <= _LONGEST and value.isprintable():
        return value
    raise ValueError


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST:
        return value
    raise ValueError


def _time(value: object) -> datetime:
    return datetime.fromisoformat(_text(value)).astimezone(UTC)


def _numbers(value: object) -> dict[str, float]:
    return {_text(name): float(number) for name, number in _pairs(value)}


def _texts(value: object) -> dict[str, str]:
    return {_text(name): _text(text) for name, text in _pairs(value)}


def _pairs(value: object) -> Iterable[tuple[object, Any]]:
    if isinstance(value, dict) and len(value) <= _LONGEST:
        return value.items()
    raise ValueError


_PARSERS: dict[str, Callable[[Any], Any]] = {
    "job": _text,
    "tick": _time,
    "side": Side,
    "owner": _text,
    "role": Role,
    "arrived": _time,
    "started": _time,
    "ended": _time,
    "status": TickStatus,
    "attempts": _whole,
    "error_class": _text,
    "http_status": _whole,
    "size": _whole,
    "digest": _text,
    "numbers": _numbers,
    "run_id": _text,
    "deployment": _text,
    "ownership_digest": _text,
    "seen": _texts,
}
_NAMES = _PARSERS.keys()

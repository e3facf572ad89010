"""What a side saw of a tick, and what it did about it: the record that both sides leave.

Inngest's functions and the app's guard wake at every tick, whoever it belongs to; the one that
stands by can testify at no cost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Side(StrEnum):
    """Who was woken."""

    VERCEL = "vercel"
    INNGEST = "inngest"


class Role(StrEnum):
    """What a side was to do: the work, nothing, or a dry run of it."""

    ACTED = "acted"
    STOOD_BY = "stood by"
    REHEARSED = "rehearsed"


class TickStatus(StrEnum):
    """How that went; who stands by has ``skipped``."""

    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    RUNNING = "running"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRecord:
    """What one side saw of one tick; a tick that is delivered twice leaves two, with two run ids.

    Attributes:
        tick: the scheduled instant, UTC.
        owner: who acted on the tick by the ownership file held then; empty where none was held.
        arrived: when the call or the run came in.
        started: when the work began; ``None`` for who stood by.
        ended: when it was over.
        attempts: how many there were; 0 for who stood by.
        error_class: the name of what failed, never its message.
        http_status: of the handler's answer.
        size: of the answer's body, in bytes.
        digest: the first 16 hex digits of the SHA-256 of the answer's body.
        numbers: the numbers in a JSON answer, by their path (``users.active``).
        run_id: Inngest's, or one made up for a call of Vercel's.
        deployment: the app's, as its platform names it.
        ownership_digest: which ownership file was held.
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

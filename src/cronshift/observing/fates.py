"""The fate of a tick, from all that anybody has seen of it. Pure.

What nobody watched is not known: a tick without a record is missed only where its owner's side
would have left one.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from cronshift.observing.rehearsals import is_of_floor
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.ownership import Owner, tick_text
from cronshift.runtime.ticks import MINUTE, lateness
from cronshift.runtime.wire import CLAIMED, OWNER_PREFIX, UNASKED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cronshift.runtime.schedule import Schedule

LONGEST_RUN = timedelta(minutes=20)
"""Whoever has begun a tick longer ago and has not ended it is taken for dead (as claims have it)."""

_OVER = frozenset({TickStatus.FAILED, TickStatus.CANCELLED})
_OF = {Owner.VERCEL: (Side.VERCEL,), Owner.INNGEST: (Side.INNGEST,), Owner.BOTH: (*Side,)}


class Fate(StrEnum):
    """The fate of a tick."""

    ON_TIME = "on time"
    LATE = "late"
    MISSED = "missed"
    DOUBLED = "doubled"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_KNOWN = "not known"


class TickFate(Struct, frozen=True):
    """A tick with its fate.

    Attributes:
        owner: who was to act.
        late: how long after the tick the work began; ``None`` where nobody has begun it.
        seen_by: the sides that have seen it, whatever they did.
        acted: the sides that did the work, or tried to.
        reason: why it was skipped, or why its fate is not known.
    """

    job: str
    tick: datetime
    owner: Owner
    fate: Fate
    late: timedelta | None = None
    seen_by: frozenset[Side] = frozenset()
    acted: tuple[Side, ...] = ()
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the tick's part of a document."""
        return {
            "job": self.job,
            "tick": tick_text(self.tick),
            "owner": self.owner.value,
            "fate": self.fate.value,
            "late_seconds": None if self.late is None else round(self.late.total_seconds(), 3),
            "seen_by": sorted(self.seen_by),
            "acted": list(self.acted),
            "reason": self.reason or None,
        }


class Watch(Struct, frozen=True):
    """The ticks for which the absence of a record says that there was nothing.

    Attributes:
        spans: by side, the instants between which nothing of any job went unseen.
        watched: single ticks at which a side of a job would have been seen.
        doubtful: ticks of a job of which it is not certain whose records are whose.
    """

    spans: Mapping[Side, tuple[datetime, datetime]] = field(default_factory=dict)
    watched: frozenset[tuple[str, datetime, Side]] = frozenset()
    doubtful: frozenset[tuple[str, datetime]] = frozenset()

    def covers(self, job: str, tick: datetime, side: Side) -> bool:
        """Return whether the side would have been seen at the tick."""
        if (job, tick, side) in self.watched:
            return True
        since, until = self.spans.get(side, (tick, tick - MINUTE))
        return since <= tick <= until

    def __add__(self, other: Watch) -> Watch:
        """Return the watch of two who looked; of one side one span is kept, the other's."""
        return Watch(
            {**self.spans, **other.spans},
            self.watched | other.watched,
            self.doubtful | other.doubtful,
        )


class DueTick(Struct, frozen=True):
    """A tick that came due.

    Attributes:
        schedule: it says how late Vercel may be.
        owner: who was to act, by the ownership file of the project.
    """

    job: str
    schedule: Schedule
    tick: datetime
    owner: Owner


def fate_of(due: DueTick, records: Sequence[TickRecord], watch: Watch, now: datetime) -> TickFate:
    """Return the fate of one tick.

    Args:
        due: the tick.
        records: those of this tick.
        watch: where the absence of a record says something.
        now: work that began lately may go on.
    """
    job, tick, owner = due.job, due.tick, due.owner
    seen_by = frozenset(record.side for record in records)
    work = [record for record in records if record.role is Role.ACTED]
    acted = tuple(dict.fromkeys(record.side for record in work if _has_begun(record)))

    def became(fate: Fate, reason: str = "") -> TickFate:
        begun = [record.arrived for record in work if record.side in acted]
        late = min(begun) - tick if begun else None
        return TickFate(job, tick, owner, fate, late, seen_by, acted, reason)

    if (job, tick) in watch.doubtful:
        return became(Fate.NOT_KNOWN, "it is not certain which run was for this tick")
    completed = [record for record in work if record.status is TickStatus.COMPLETED]
    if len(completed) > 1:
        return became(Fate.DOUBLED)
    if completed:
        (record,) = completed
        return became(Fate.LATE if _is_late(record, due.schedule) else Fate.ON_TIME)
    running = [record for record in work if record.status is TickStatus.RUNNING]
    if running:
        is_over = now - max(record.started or record.arrived for record in running) > LONGEST_RUN
        return became(
            *((Fate.FAILED, "it never ended") if is_over else (Fate.NOT_KNOWN, "it runs"))
        )
    if any(record.status in _OVER for record in work):
        return became(Fate.FAILED)
    return became(*_without_work(due, records, watch))


def _without_work(due: DueTick, records: Sequence[TickRecord], watch: Watch) -> tuple[Fate, str]:
    """Return the fate of a tick that nobody is known to have begun, and why."""
    if due.owner is Owner.NOBODY:
        return Fate.SKIPPED, "paused"
    sides = _OF[due.owner]
    reasons = {
        record.side: record.seen.get("reason", "")
        for record in records
        if record.side in sides and not is_of_floor(record)
    }
    unseen = [side for side in sides if side not in reasons]
    if not unseen:
        if CLAIMED in reasons.values():
            return Fate.NOT_KNOWN, CLAIMED
        if UNASKED in reasons.values():
            return Fate.MISSED, UNASKED
        others = [reason for reason in reasons.values() if not reason.startswith(OWNER_PREFIX)]
        if others:
            return Fate.SKIPPED, others[0]
        return Fate.MISSED, "its owner took it for another's"
    if all(watch.covers(due.job, due.tick, side) for side in unseen):
        return Fate.MISSED, f"{unseen[0].value} did not wake"
    return Fate.NOT_KNOWN, "nobody watched" if not records else f"nobody watched {unseen[0].value}"


def _has_begun(record: TickRecord) -> bool:
    return record.status is not TickStatus.SKIPPED


def _is_late(record: TickRecord, schedule: Schedule) -> bool:
    allowed = lateness(schedule) if record.side is Side.VERCEL else MINUTE
    return record.arrived - record.tick > allowed

"""The status of the sessions, and every refund that was paid; only read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, cast, func, select

from cronshift.sessions.sweeping import exact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cronshift.sessions.scripts import Database
    from cronshift.sessions.settings import SessionSettings

_NEWEST = 10_000  # sessions whose time in the queue is looked at


def refunds(database: Database) -> list[dict[str, Any]]:
    """Return every refund of the sessions' table that was ever paid, the oldest first.

    Instants and ids as text. Rows from before tables were told apart are among them.
    """
    mapped = database.mapped
    table = mapped.ours.refunds.c
    ours = select(table.session_id, table.user_id, table.amount, table.refunded_at, table.reason)
    wanted = ours.where(table.source.in_(["", mapped.source]))
    with mapped.dialect.reading(database.engine).connect() as connection:
        rows = connection.execute(wanted.order_by(table.refunded_at, table.session_id))
        return [
            {
                **row._asdict(),
                "amount": exact(row.amount),
                "refunded_at": datetime.fromtimestamp(row.refunded_at / 1e9, UTC).isoformat(),
            }
            for row in rows
        ]


def status(database: Database, now: datetime) -> dict[str, Any]:
    """Return the status of the sessions: counts by state, the oldest that waits, refunds so far.

    ``completion_rate`` is the share of finished sessions among those that ended: ``all``, those of
    the ``new`` path (they have an event), and those of the ``old`` one; ``None`` where none ended.
    ``unmapped`` are the states that [sessions] does not name; ``times`` says how one row is read.
    """
    mapped = database.mapped
    created = mapped.dialect.instant(mapped.times["created"])
    label = cast(mapped.status, Text)
    refunds = mapped.ours.refunds.c
    with mapped.dialect.reading(database.engine).connect() as connection:
        counts = connection.execute(
            select(label, func.count(), func.min(created)).group_by(label)
        ).all()
        new = connection.execute(
            select(label, func.count()).where(mapped.is_of_flow()).group_by(label)
        ).all()
        paid, amount = connection.execute(
            select(func.count(), func.coalesce(func.sum(refunds.amount), 0)).where(
                refunds.source.in_(["", mapped.source])
            )
        ).one()
    states = {str(state): int(number) for state, number, _ in counts}
    oldest = {str(state): mapped.dialect.moment(value) for state, _, value in counts}
    waiting = oldest.get(mapped.settings.queued)
    ended = _ended(mapped.settings, states)
    ended_new = _ended(mapped.settings, {str(state): int(number) for state, number in new})
    ended_old = (ended[0] - ended_new[0], ended[1] - ended_new[1])
    readings = [time.reading() for time in mapped.times.values()]
    return {
        "states": states,
        "unmapped": sorted(set(states) - _named(mapped.settings)),
        "oldest_queued_seconds": round((now - waiting).total_seconds()) if waiting else None,
        "completion_rate": {
            "all": _rate(*ended),
            "new": _rate(*ended_new),
            "old": _rate(*ended_old),
        },
        "queue_to_processing_seconds": _waits(database),
        "refunds": int(paid),
        "credits_refunded": exact(amount),
        "times": [reading for reading in readings if reading],
    }


def _named(settings: SessionSettings) -> set[str]:
    return {settings.queued, *settings.in_hand, settings.finished, settings.failed}


def _ended(settings: SessionSettings, states: Mapping[str, int]) -> tuple[int, int]:
    """Return the number of finished sessions, and of failed ones."""
    return states.get(settings.finished, 0), states.get(settings.failed, 0)


def _rate(finished: int, failed: int) -> float | None:
    return round(finished / (finished + failed), 4) if finished + failed else None


def _waits(database: Database) -> dict[str, float] | None:
    """Return the percentiles of the time in the queue, where the start of processing is told."""
    mapped = database.mapped
    if mapped.settings.started is None:
        return None
    created, started = (
        mapped.dialect.instant(mapped.times[role]) for role in ("created", "started")
    )
    newest = (
        select(created, started)
        .where(mapped.times["started"].column.is_not(None))
        .order_by(created.desc())
        .limit(_NEWEST)
    )
    moment = mapped.dialect.moment
    with mapped.dialect.reading(database.engine).connect() as connection:
        pairs = [(moment(a), moment(b)) for a, b in connection.execute(newest)]
    waits = sorted((b - a).total_seconds() for a, b in pairs if a and b)
    if not waits:
        return None
    return {f"p{p}": round(_percentile(waits, p / 100), 3) for p in (50, 95, 99)}


def _percentile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]

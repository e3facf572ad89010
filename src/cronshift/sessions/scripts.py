"""The session scripts: orphans, refunds, recovery, and where the sessions stand."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from cronshift.errors import ConfigError, CronshiftError
from cronshift.sessions import sweeping
from cronshift.sessions.mapping import Mapped, map_tables
from cronshift.sessions.sweeping import Sweep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine

    from cronshift.sessions.settings import SessionSettings

_LOCAL = {None, "", "localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Database:
    """The user's database, opened and checked.

    Attributes:
        name: host and database, as a confirmation names them; never a password.
        production: whether it looks like one that users live in: it is on another machine.
    """

    engine: Engine
    mapped: Mapped
    name: str
    production: bool


def open_database(settings: SessionSettings) -> Database:
    """Return the database that the settings' variable names, its mapping checked.

    Raises:
        ConfigError: if the variable is not set, names no database, or the mapping does not fit.
        CronshiftError: if the database cannot be reached.
    """
    given = os.environ.get(settings.database_url_env)
    if not given:
        raise ConfigError(
            f"{settings.database_url_env} is not set: where are the sessions?",
            reason="no-database",
            where=settings.database_url_env,
        )
    try:
        url = make_url(given)
        if url.drivername in {"postgres", "postgresql"}:
            url = url.set(drivername="postgresql+psycopg")
        engine = sweeping.prepare(create_engine(url))
    except (ArgumentError, ImportError, SQLAlchemyError):
        raise ConfigError(
            f"{settings.database_url_env} holds no address of a database.",
            reason="no-database",
            hint="PostgreSQL needs cronshift[postgres].",
            where=settings.database_url_env,
        ) from None
    try:
        mapped = map_tables(engine, settings)
        sweeping.make_tables(engine, mapped)
    except ConfigError:
        engine.dispose()
        raise
    except SQLAlchemyError as error:
        engine.dispose()
        raise CronshiftError(
            f"The database of {settings.database_url_env} cannot be used: {type(error).__name__}.",
            reason="database-unreachable",
            hint="Check the address, the network and the rights of its user.",
        ) from error
    local = url.get_backend_name() == "sqlite" or url.host in _LOCAL
    name = f"{url.host or 'this machine'}/{url.database}"
    return Database(engine, mapped, name, production=not local)


def orphans(mapped: Mapped, now: datetime, *, becomes: str | None, refund: bool) -> Sweep:
    """Return the sweep of sessions that are QUEUED too long: nobody will process them."""
    settings = mapped.settings
    cutoff = stored(mapped, now - settings.queued_timeout)
    return Sweep(
        (mapped.status == _label(mapped, settings.queued)) & (mapped.created < cutoff),
        becomes,
        refund,
        "not processed in time",
    )


def stuck(mapped: Mapped, now: datetime) -> Sweep:
    """Return the sweep of sessions whose processing has taken too long."""
    settings = mapped.settings
    cutoff = stored(mapped, now - settings.processing_timeout)
    labels = [_label(mapped, label) for label in settings.processing]
    return Sweep(
        mapped.status.in_(labels) & (mapped.started < cutoff),
        settings.failed,
        refund=True,
        reason="processing took too long",
    )


def owed(mapped: Mapped) -> Sweep:
    """Return the sweep of sessions that failed earlier and were not refunded."""
    refunded = select(mapped.refunds.c.session_id).where(mapped.refunds.c.session_id == mapped.id)
    where = (mapped.status == _label(mapped, mapped.settings.failed)) & ~refunded.exists()
    return Sweep(where & (mapped.owed() > 0), None, refund=True, reason="failed earlier")


def refunds(database: Database) -> list[dict[str, Any]]:
    """Return every refund that was ever paid, the oldest first; instants and ids as text."""
    table = database.mapped.refunds
    with database.engine.connect() as connection:
        rows = connection.execute(select(table).order_by(table.c.refunded_at, table.c.session_id))
        return [
            {
                **row._asdict(),
                "session_id": str(row.session_id),
                "user_id": str(row.user_id),
                "refunded_at": datetime.fromtimestamp(row.refunded_at / 1e9, UTC).isoformat(),
            }
            for row in rows
        ]


def status(database: Database, now: datetime) -> dict[str, Any]:
    """Return where the sessions stand: counts by state, the oldest that waits, refunds so far.

    ``completion_rate`` is the share of finished sessions among those that ended: ``all``, those of
    the ``new`` path (they have an event), and those of the ``old`` one; ``None`` where none ended.
    """
    mapped = database.mapped
    with database.engine.connect() as connection:
        counts = connection.execute(
            select(mapped.status, func.count(), func.min(mapped.created)).group_by(mapped.status)
        ).all()
        new = connection.execute(
            select(mapped.status, func.count())
            .join(mapped.outbox, mapped.outbox.c.session_id == mapped.id)
            .group_by(mapped.status)
        ).all()
        paid, amount = connection.execute(
            select(func.count(), func.coalesce(func.sum(mapped.refunds.c.amount), 0))
        ).one()
    states = {str(label): int(number) for label, number, _ in counts}
    oldest = {str(label): _read(value) for label, _, value in counts}
    waiting = oldest.get(mapped.settings.queued)
    ended = _ended(mapped.settings, states)
    ended_new = _ended(mapped.settings, {str(label): int(number) for label, number in new})
    ended_old = (ended[0] - ended_new[0], ended[1] - ended_new[1])
    waits = _waits(database)
    return {
        "states": states,
        "oldest_queued_seconds": round((now - waiting).total_seconds()) if waiting else None,
        "completion_rate": {
            "all": _rate(*ended),
            "new": _rate(*ended_new),
            "old": _rate(*ended_old),
        },
        "queue_to_processing_seconds": waits,
        "refunds": int(paid),
        "credits_refunded": int(amount),
    }


def _ended(settings: SessionSettings, states: Mapping[str, int]) -> tuple[int, int]:
    """Return how many finished, and how many failed."""
    return states.get(settings.finished, 0), states.get(settings.failed, 0)


def _rate(finished: int, failed: int) -> float | None:
    return round(finished / (finished + failed), 4) if finished + failed else None


def _waits(database: Database) -> dict[str, float] | None:
    """Return the percentiles of the time in the queue, where the start of processing is told."""
    mapped = database.mapped
    if mapped.settings.started is None:
        return None
    newest = (
        select(mapped.created, mapped.started)
        .where(mapped.started.is_not(None))
        .order_by(mapped.created.desc())
        .limit(10_000)
    )
    with database.engine.connect() as connection:
        pairs = [(_read(a), _read(b)) for a, b in connection.execute(newest)]
    waits = sorted((b - a).total_seconds() for a, b in pairs if a and b)
    if not waits:
        return None
    return {f"p{p}": round(_percentile(waits, p / 100), 3) for p in (50, 95, 99)}


def _percentile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]


def _label(mapped: Mapped, label: str) -> Any:
    from cronshift.sessions.mapping import as_status

    return as_status(mapped, label)


def stored(mapped: Mapped, instant: datetime) -> Any:
    """Return an instant as the column of creation times compares it: with a zone, or in UTC."""
    kind = mapped.created.type
    if getattr(kind, "timezone", False):
        return instant
    if kind.python_type is datetime:
        return instant.astimezone(UTC).replace(tzinfo=None)
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _read(value: Any) -> datetime | None:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)

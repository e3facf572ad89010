"""The session scripts: the database of [sessions], and the sweeps of orphans, late sessions and debts."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, create_engine, or_
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from cronshift.errors import ConfigError, CronshiftError
from cronshift.sessions.dialect import dialect_of
from cronshift.sessions.mapping import Mapped, map_tables
from cronshift.sessions.status import refunds, status
from cronshift.sessions.sweeping import Sweep
from cronshift.sessions.times import TimeForm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Engine

    from cronshift.sessions.settings import SessionSettings

__all__ = [
    "Database",
    "open_database",
    "orphans",
    "owed",
    "refunds",
    "status",
    "stuck",
    "telling_errors",
    "uncommon_times",
]

_LOCAL = {None, "", "localhost", "127.0.0.1", "::1"}


class Database:
    """The user's database, opened and checked.

    Args:
        engine: of the database.
        mapped: its tables.
        name: host and database, as a confirmation names them; never a password.
        production: whether it looks like one that users live in: it is on another machine.
    """

    def __init__(self, engine: Engine, mapped: Mapped, name: str, *, production: bool) -> None:
        self.engine = engine
        self.name = name
        self.production = production
        self._mapped = mapped

    @property
    def mapped(self) -> Mapped:
        """The tables, cronshift's own as they are by now."""
        self._mapped = self._mapped.as_it_is(self.engine)
        return self._mapped

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def open_database(settings: SessionSettings) -> Database:
    """Return the database that the settings' variable names, its mapping checked; nothing is changed.

    Raises:
        ConfigError: if the variable is not set, names no database, or the mapping does not fit.
        CronshiftError: if the database cannot be reached.
    """
    address = os.environ.get(settings.database_url_env)
    if not address:
        raise ConfigError(
            f"{settings.database_url_env} is not set: where are the sessions?",
            reason="no-database",
            where=settings.database_url_env,
        )
    try:
        url = make_url(address)
        if url.drivername in {"postgres", "postgresql"}:
            url = url.set(drivername="postgresql+psycopg")
        engine = create_engine(url)
        dialect_of(engine).prepare(engine)
    except (ArgumentError, ImportError, SQLAlchemyError):
        raise ConfigError(
            f"{settings.database_url_env} holds no address of a database.",
            reason="no-database",
            hint="PostgreSQL needs cronshift[postgres].",
            where=settings.database_url_env,
        ) from None
    try:
        with telling_errors(settings):
            mapped = map_tables(engine, settings)
    except CronshiftError:
        engine.dispose()
        raise
    local = url.get_backend_name() == "sqlite" or url.host in _LOCAL
    name = f"{url.host or 'this machine'}/{url.database}"
    return Database(engine, mapped, name, production=not local)


@contextmanager
def telling_errors(settings: SessionSettings) -> Iterator[None]:
    """Turn the database's errors into one sentence, without statements, values and addresses.

    Raises:
        CronshiftError: for every error of the database.
    """
    try:
        yield
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        raise CronshiftError(
            f"The database of {settings.database_url_env} cannot be used: {kind}.",
            reason="database-unreachable",
            hint="Check the address, the network and the rights of its user.",
        ) from error


def orphans(mapped: Mapped, now: datetime, *, becomes: str | None, refund: bool) -> Sweep:
    """Return the sweep of sessions that are QUEUED too long: nobody will process them."""
    settings = mapped.settings
    queued = mapped.status == mapped.label(settings.queued)
    return Sweep(
        and_(queued, mapped.before("created", now - settings.queued_timeout)),
        becomes,
        refund,
        "not processed in time",
        now,
        untimed=and_(queued, mapped.untimed("created")),
        roughly=queued,
    )


def stuck(mapped: Mapped, now: datetime) -> Sweep:
    """Return the sweep of sessions whose processing has taken too long, on either path.

    One that does not say when its processing began is judged by when it was asked for.
    """
    settings = mapped.settings
    in_hand = mapped.status.in_([mapped.label(label) for label in settings.in_hand])
    return Sweep(
        and_(in_hand, _is_late(mapped, now - settings.processing_timeout)),
        settings.failed,
        refund=True,
        reason="processing took too long",
        at=now,
        untimed=and_(in_hand, _has_no_time(mapped)),
        roughly=in_hand,
    )


def owed(
    mapped: Mapped,
    now: datetime | None = None,
    *,
    since: datetime | None = None,
    of_flow: bool = False,
) -> Sweep:
    """Return the sweep of sessions that failed earlier and were not refunded.

    Where [sessions] does not say how the app records its own refunds, only sessions of the flow: the
    app may have paid the others.

    Args:
        mapped: the tables.
        now: the present instant.
        since: every session that was asked for from then on, whoever ought to have paid it.
        of_flow: only sessions of the flow, whatever else is known.
    """
    failed = mapped.status == mapped.label(mapped.settings.failed)
    amount = mapped.owed()
    wanted = and_(failed, ~mapped.is_refunded(), or_(amount.is_(None), amount > 0))
    untimed = None
    if since is not None:
        untimed = and_(wanted, mapped.untimed("created"))
        wanted = and_(wanted, mapped.since("created", since))
    elif of_flow or mapped.settings.refunded is None:
        wanted = and_(wanted, mapped.is_of_flow())
    at = now or datetime.now(UTC)
    return Sweep(wanted, None, refund=True, reason="failed earlier", at=at, untimed=untimed)


def uncommon_times(mapped: Mapped) -> list[str]:
    """Return the readings of columns whose rows do not say which instant they mean."""
    readings = (
        time.reading() for time in mapped.times.values() if time.form is not TimeForm.INSTANT
    )
    return [reading for reading in readings if reading]


def _is_late(mapped: Mapped, cutoff: datetime) -> ColumnElement[bool]:
    asked_for = mapped.before("created", cutoff)
    if mapped.settings.started is None:
        return asked_for
    started = mapped.times["started"].column
    begun = and_(started.is_not(None), mapped.before("started", cutoff))
    return or_(begun, and_(started.is_(None), asked_for))


def _has_no_time(mapped: Mapped) -> ColumnElement[bool]:
    asked_for = mapped.untimed("created")
    if mapped.settings.started is None:
        return asked_for
    started = mapped.times["started"].column
    return or_(
        and_(started.is_not(None), mapped.untimed("started")), and_(started.is_(None), asked_for)
    )

"""The alerts that were told and go on, beside the ledger, so that each is told once."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, MetaData, String, Table, delete, select

from cronshift.observing.ledger_database import told_by_database
from cronshift.runtime.store.opening import INSERTS, make_table, open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from cronshift.observing.alerting import AlertChange

_ALERTS = Table(
    "cronshift_alerts",
    MetaData(),
    Column("key", String(300), primary_key=True),
    Column("told_at", BigInteger, nullable=False),  # milliseconds since the epoch
)


class AlertState:
    """The alerts that were told, in one database.

    Args:
        engine: SQLite or PostgreSQL.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with told_by_database():
            make_table(engine, _ALERTS)

    @classmethod
    def open(cls, url: str) -> closing[AlertState]:
        """Return the state in the database at ``url``, to be closed behind its use."""
        return closing(cls(open_engine(url, "Alerts need")))

    def read(self) -> dict[str, datetime]:
        """Return the instants at which those that go on were told, by their keys."""
        with told_by_database(), self._engine.connect() as connection:
            return dict(_instants(connection.execute(select(_ALERTS)).tuples()))

    def write(self, change: AlertChange, now: datetime) -> None:
        """Record what was told."""
        insert = INSERTS[self._engine.dialect.name](_ALERTS)
        upsert = insert.on_conflict_do_update(
            index_elements=[_ALERTS.c.key], set_={"told_at": insert.excluded.told_at}
        )
        rows = [
            {"key": alert.key, "told_at": round(now.timestamp() * 1000)} for alert in change.new
        ]
        with told_by_database(), self._engine.begin() as connection:
            if rows:
                connection.execute(upsert, rows)
            connection.execute(delete(_ALERTS).where(_ALERTS.c.key.in_(change.over)))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def _instants(rows: object) -> Iterator[tuple[str, datetime]]:
    for key, milliseconds in rows:  # type: ignore[attr-defined] # rows of a result
        yield key, datetime.fromtimestamp(milliseconds / 1000, UTC)

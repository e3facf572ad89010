"""Opening a database of cronshift's own records."""

from __future__ import annotations

from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, func, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    NoSuchModuleError,
    ProgrammingError,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from cronshift.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import Engine, Table

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""How rows are inserted that may be there, by the kinds of databases that can hold records."""
_PATIENCE = 10  # seconds
_MAKING = 0x63726F6E  # the number of the lock under which tables are made
_PAUSE = 0.01  # seconds


def open_engine(url: str, needs: str) -> Engine:
    """Return the engine of the database at ``url``.

    Args:
        url: as SQLAlchemy writes them.
        needs: how the error's sentence begins: ``Claims need``.

    Raises:
        ConfigError: for a database of another kind; its URL is never told.
    """
    try:
        engine = create_engine(url, pool_pre_ping=True)
        is_supported = engine.dialect.name in INSERTS
    except (ArgumentError, NoSuchModuleError, ImportError):
        is_supported = False
    if not is_supported:
        raise ConfigError(
            f"{needs} SQLite or PostgreSQL.",
            reason="unknown-database",
            hint="Write sqlite:///claims.db, or postgresql+psycopg://… with psycopg installed.",
        )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def make_table(engine: Engine, table: Table) -> None:
    """Make a table with its indexes where it is not there; of several processes, one makes it."""
    if inspect(engine).has_table(table.name):
        return
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":  # "if not exists" fails of two at once
                connection.execute(select(func.pg_advisory_xact_lock(_MAKING)))
            connection.execute(CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))
    except (IntegrityError, ProgrammingError):
        if not inspect(engine).has_table(table.name):  # TypeScript's makes it without the lock
            raise


def _prepare_sqlite(connection: Any, _: Any) -> None:
    """Let several processes of one machine write: readers go on, writers wait their turn."""
    connection.execute(f"PRAGMA busy_timeout={_PATIENCE * 1000}")
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous=NORMAL")


def _write_ahead(connection: Any) -> None:
    """Turn to a write-ahead log, for which SQLite itself does not wait while another turns to it."""
    end = monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except connection.OperationalError:
            if monotonic() > end:
                raise
            sleep(_PAUSE)
        else:
            return

"""Opening a database of cronshift's own records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, ProgrammingError
from sqlalchemy.schema import CreateTable

from cronshift.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import Engine, Table

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""How rows are inserted that may be there, by the kinds of databases that can hold records."""


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
    """Make a table that is not there; of several who make it at once PostgreSQL turns some away, who look again."""
    for is_last in (False, True):
        try:
            with engine.begin() as connection:
                connection.execute(CreateTable(table, if_not_exists=True))
        except (IntegrityError, ProgrammingError):
            if is_last:
                raise
        else:
            return


def _prepare_sqlite(connection: Any, _: Any) -> None:
    """Let several processes of one machine write: readers go on, writers wait their turn."""
    connection.execute("PRAGMA busy_timeout=10000")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")

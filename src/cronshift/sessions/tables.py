"""cronshift's own three tables beside the user's: refunds, the outbox, and who processes what.

Their keys are a session's table and its id as text, so that several apps and flows share one database.
A flow's name is written beside the key and is no part of it: a flow that is given another name, or a second
one on the same table, would else pay what was paid. Nothing
here is made until something is to be written; what is read before that may be missing, or stand in the
form that tables had before they told the apps apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    cast,
    false,
    inspect,
    literal,
    null,
    select,
)
from sqlalchemy.exc import DBAPIError

from cronshift.errors import CronshiftError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Engine, FromClause, Inspector
    from sqlalchemy.types import TypeEngine

REFUNDS = "cronshift_refunds"
OUTBOX = "cronshift_outbox"
CLAIMS = "cronshift_session_claims"
NAMES = (REFUNDS, OUTBOX, CLAIMS)
VERSIONS = "cronshift_version"
EXACT = Numeric().with_variant(BigInteger, "sqlite")
"""The type of amounts: SQLite keeps whole numbers exactly, and no others."""

_LOCK = 4_711_202_611  # of PostgreSQL: whoever makes the tables


@dataclass(frozen=True, slots=True)
class OwnTables:
    """The three tables, to be read as they are.

    Attributes:
        refunds: a row a session, ever; ``source`` is the sessions' table, ``""`` in rows from before
            tables were told apart.
        outbox: the event of every session on the new path; ``sent_at`` is empty while it waits.
        claims: which run processes a session.
        ready: whether they can be written.
        written: the same tables for what writes them.
    """

    refunds: FromClause
    outbox: FromClause
    claims: FromClause
    ready: bool
    written: Written


@dataclass(frozen=True, slots=True)
class Written:
    """The three tables, to be written."""

    refunds: Table
    outbox: Table
    claims: Table


def tables(schema: str | None) -> Written:
    """Return the tables as they are written."""
    metadata = MetaData(schema=schema)
    refunds = Table(
        REFUNDS,
        metadata,
        Column("session_id", Text, primary_key=True),
        Column("user_id", Text, nullable=False),
        Column("amount", EXACT, nullable=False),
        Column("refunded_at", BigInteger, nullable=False),  # nanoseconds since 1970, its chunk's
        Column("reason", String(200), nullable=False),
        Column("source", Text, primary_key=True, server_default=""),
        Column("flow", Text, nullable=False, server_default=""),
        sqlite_with_rowid=False,  # one tree instead of two: a refund is written with its key
    )
    outbox = Table(
        OUTBOX,
        metadata,
        Column("session_id", Text, primary_key=True),
        Column("user_id", Text, nullable=False),
        Column("attempt", Integer, nullable=False),
        Column("sent_at", DateTime(timezone=True)),
        Column("source", Text, primary_key=True, server_default=""),
        Column("flow", Text, nullable=False, server_default=""),
        Column("put_at", BigInteger, nullable=False, server_default="0"),  # milliseconds since 1970
        Column("leased_until", BigInteger, nullable=False, server_default="0"),  # the same
        Column("lease", Text, nullable=False, server_default=""),
    )
    claims = Table(
        CLAIMS,
        metadata,
        Column("session_id", Text, primary_key=True),
        Column("run_id", String(64), nullable=False),
        Column("source", Text, primary_key=True, server_default=""),
    )
    return Written(refunds, outbox, claims)


def own_tables(engine: Engine, schema: str | None) -> OwnTables:
    """Return the tables as they are in a database; reading them changes nothing."""
    inspector, written = inspect(engine), tables(schema)
    refunds, outbox, claims = (
        _as_read(table, _columns(inspector, table.name, schema))
        for table in (written.refunds, written.outbox, written.claims)
    )
    ready = all(isinstance(table, Table) for table in (refunds, outbox, claims))
    return OwnTables(refunds, outbox, claims, ready, written)


def make_tables(engine: Engine, schema: str | None) -> OwnTables:
    """Make the tables where they are missing, and bring those of an earlier version up to date.

    Raises:
        CronshiftError: if the database's user may not.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "cronshift:sessions/migrations")
    try:
        with engine.begin() as connection:
            _lock(connection)
            config.attributes.update(connection=connection, schema=schema)
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise CronshiftError(
            f"cronshift's tables ({', '.join(NAMES)}) cannot be made: {type(error.orig).__name__}.",
            reason="no-tables",
            hint="The database's user needs the right to create tables there; nothing was changed.",
        ) from error
    return own_tables(engine, schema)


def _lock(connection: Connection) -> None:
    """Let one process at a time make the tables; on SQLite a writer is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _columns(inspector: Inspector, table: str, schema: str | None) -> set[str]:
    if not inspector.has_table(table, schema):
        return set()
    return {column["name"] for column in inspector.get_columns(table, schema)}


def _as_read(table: Table, names: set[str]) -> FromClause:
    """Return a table, with the columns it lacks; without rows where it is not there at all."""
    if set(table.c.keys()) <= names:
        return table
    if not names:
        nothing = [cast(null(), column.type).label(column.name) for column in table.c]
        return select(*nothing).where(false()).subquery(table.name)
    columns = [_read(column) if column.name in names else _lacking(column) for column in table.c]
    return select(*columns).select_from(table).subquery(f"{table.name}_before")


def _read(column: Column[Any]) -> ColumnElement[Any]:
    return as_now(column, column.type).label(column.name)


def _lacking(column: Column[Any]) -> ColumnElement[Any]:
    value = 0 if isinstance(column.type, BigInteger) else ""
    return literal(value, column.type).label(column.name)


def as_now(column: ColumnElement[Any], kind: TypeEngine[Any]) -> ColumnElement[Any]:
    """Return a column of an earlier version with the type that it has now: ids became text."""
    return cast(column, Text) if isinstance(kind, Text) else column

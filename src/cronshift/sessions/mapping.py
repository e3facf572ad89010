"""The mapping beside the real schema: checked whole, before anything is read or changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Enum,
    Integer,
    MetaData,
    String,
    Table,
    case,
    cast,
    func,
    inspect,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import NoSuchTableError

from cronshift.errors import ConfigError
from cronshift.sessions.settings import CostKind, SessionSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Engine

REFUNDS = "cronshift_refunds"


@dataclass(frozen=True, slots=True)
class Mapped:
    """The user's tables with the columns that were named, and no other.

    Attributes:
        refunds: cronshift's own record; its key is the session, so that none is refunded twice.
        outbox: the event of every session on the new path; ``sent_at`` is empty while it waits.
        claims: which run processes a session.
    """

    settings: SessionSettings
    sessions: Table
    users: Table
    delivered: Table | None
    refunds: Table
    outbox: Table
    claims: Table

    @property
    def id(self) -> Column[Any]:
        """The session's id."""
        return self.sessions.c[self.settings.id]

    @property
    def user(self) -> Column[Any]:
        """The session's user."""
        return self.sessions.c[self.settings.user]

    @property
    def status(self) -> Column[Any]:
        """The session's state."""
        return self.sessions.c[self.settings.status]

    @property
    def created(self) -> Column[Any]:
        """When the session was asked for."""
        return self.sessions.c[self.settings.created]

    @property
    def started(self) -> Column[Any]:
        """When its processing began, as far as that is told."""
        return self.sessions.c[self.settings.started or self.settings.created]

    def cost(self) -> ColumnElement[int]:
        """Return the expression of a session's cost in credits; never below nothing."""
        cost = self.settings.cost
        if cost.kind is CostKind.CONSTANT:
            return literal(int(cost.value), BigInteger)
        column = self.sessions.c[str(cost.value)]
        if cost.kind is CostKind.COLUMN:
            return func.coalesce(column, 0)
        if isinstance(column.type, postgresql.ARRAY):
            return func.coalesce(func.cardinality(column), 0)
        if isinstance(column.type, postgresql.JSONB):
            return func.coalesce(func.jsonb_array_length(column), 0)
        return func.coalesce(func.json_array_length(column), 0)

    def owed(self) -> ColumnElement[int]:
        """Return the expression of what a session that ends now is owed: ``max(0, cost - delivered)``."""
        cost = self.cost()
        if self.settings.delivered is None or self.delivered is None:
            return case((cost > 0, cost), else_=0)
        session = self.delivered.c[self.settings.delivered.session]
        done = select(func.count()).where(session == self.id).correlate(self.sessions)
        rest = cost - done.scalar_subquery()
        return case((rest > 0, rest), else_=0)


def map_tables(engine: Engine, settings: SessionSettings) -> Mapped:
    """Return the mapped tables, once everything that was named is there.

    Raises:
        ConfigError: naming every mismatch at once.
    """
    found = {table: _columns(engine, table) for table in _wanted(settings)}
    problems = list(_problems(found, settings))
    if problems:
        raise ConfigError(
            f"[sessions] does not fit the database: {'; '.join(problems)}.",
            reason="mapping-mismatch",
            hint="Correct the names in cronshift.toml; nothing was read or changed.",
            where="cronshift.toml",
        )
    metadata = MetaData()
    tables = {
        table: Table(
            table,
            metadata,
            *(Column(name, found[table][name]) for name in dict.fromkeys(columns)),
        )
        for table, columns in _wanted(settings).items()
    }
    sessions = tables[settings.table]
    return Mapped(
        settings,
        sessions,
        tables[settings.credits.table],
        tables[settings.delivered.table] if settings.delivered else None,
        *_own(metadata, sessions.c[settings.id], sessions.c[settings.user]),
    )


def _own(metadata: MetaData, session: Column[Any], user: Column[Any]) -> tuple[Table, ...]:
    """Return cronshift's own tables; ids have the types that the user's have."""
    refunds = Table(
        REFUNDS,
        metadata,
        Column("session_id", session.type, primary_key=True),
        Column("user_id", user.type, nullable=False),
        Column("amount", BigInteger, nullable=False),
        Column("refunded_at", BigInteger, nullable=False),  # nanoseconds since 1970, its chunk's
        Column("reason", String(200), nullable=False),
    )
    outbox = Table(
        "cronshift_outbox",
        metadata,
        Column("session_id", session.type, primary_key=True),
        Column("user_id", user.type, nullable=False),
        Column("attempt", Integer, nullable=False),
        Column("sent_at", DateTime(timezone=True)),
    )
    claims = Table(
        "cronshift_session_claims",
        metadata,
        Column("session_id", session.type, primary_key=True),
        Column("run_id", String(64), nullable=False),
    )
    return refunds, outbox, claims


def _wanted(settings: SessionSettings) -> dict[str, list[str]]:
    """Return the columns that are named, by table."""
    own = [settings.id, settings.user, settings.status, settings.created]
    own += [name for name in (settings.started, settings.error) if name]
    if settings.cost.kind is not CostKind.CONSTANT:
        own.append(str(settings.cost.value))
    credit = settings.credits
    wanted = {settings.table: own}
    wanted.setdefault(credit.table, []).extend(
        name for name in (credit.id, credit.balance, credit.spent) if name
    )
    if settings.delivered:
        wanted.setdefault(settings.delivered.table, []).append(settings.delivered.session)
    return wanted


def _columns(engine: Engine, table: str) -> dict[str, Any]:
    try:
        return {column["name"]: column["type"] for column in inspect(engine).get_columns(table)}
    except NoSuchTableError:
        return {}


def _problems(found: dict[str, dict[str, Any]], settings: SessionSettings) -> Iterator[str]:
    for table, columns in _wanted(settings).items():
        if not found[table]:
            yield f"there is no table {table!r}"
            continue
        for name in dict.fromkeys(columns):
            if name not in found[table]:
                yield f"{table} has no column {name!r}"
    kind = found[settings.table].get(settings.status)
    if isinstance(kind, Enum):
        labels = (settings.queued, *settings.processing, settings.finished, settings.failed)
        for label in (*labels, *([settings.legacy] if settings.legacy else [])):
            if label not in kind.enums:
                yield f"{settings.status} has no label {label!r} (it has {', '.join(kind.enums)})"
    if settings.cost.kind is CostKind.ARRAY_LENGTH:
        column = found[settings.table].get(str(settings.cost.value))
        listed = (postgresql.ARRAY, postgresql.JSONB, postgresql.JSON)
        if column is not None and _is_postgresql(column) and not isinstance(column, listed):
            yield f"{settings.cost.value} holds no list"


def _is_postgresql(kind: Any) -> bool:
    return type(kind).__module__.startswith("sqlalchemy.dialects.postgresql")


def as_status(mapped: Mapped, label: str) -> ColumnElement[Any]:
    """Return a label as a value of the status column, native enums included."""
    return cast(literal(label), mapped.status.type)

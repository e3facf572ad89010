"""The user's tables as [sessions] names them, and what a session costs, is owed, and has been paid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    MetaData,
    Table,
    Text,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.types import Integer, NullType

from cronshift.errors import ConfigError
from cronshift.sessions.checks import check_rows, read_schema
from cronshift.sessions.dialect import Dialect, dialect_of
from cronshift.sessions.settings import CostKind, RefundedColumn, RefundLedger, SessionSettings
from cronshift.sessions.tables import OwnTables, make_tables, own_tables
from cronshift.sessions.times import TimeColumn, write_instant

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Engine, Select
    from sqlalchemy.types import TypeEngine

    from cronshift.sessions.checks import Schema

_LARGEST_KEY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Mapped:
    """The user's tables with the columns that were named, and no other; and cronshift's own.

    Attributes:
        source: what tells the sessions' table from every other of the database.
        times: the columns of instants, by the key that names them.
        ledger: the app's own record of refunds.
    """

    settings: SessionSettings
    dialect: Dialect
    source: str
    sessions: Table
    users: Table
    delivered: Table | None
    ledger: Table | None
    times: dict[str, TimeColumn]
    ours: OwnTables

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
    def account(self) -> Column[Any]:
        """The user's id."""
        return self.users.c[self.settings.credits.id]

    @property
    def balance(self) -> Column[Any]:
        """The user's credits."""
        return self.users.c[self.settings.credits.balance]

    def is_account_of(self, user: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return whether a row of users is that of a session's user."""
        return self.equal(self.account, user)

    def equal(self, left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return whether two ids are the same; as text where their types are not."""
        if self.dialect.compares(one_type=_family(left.type) == _family(right.type)):
            return left == right
        return cast(left, Text) == cast(right, Text)

    def cost(self) -> ColumnElement[Any]:
        """Return the expression of a session's cost in credits; null where it cannot be read."""
        cost = self.settings.cost
        if cost.kind is CostKind.CONSTANT:
            return literal(int(cost.value), BigInteger)
        column = self.sessions.c[str(cost.value)]
        if cost.kind is CostKind.ARRAY_LENGTH:
            return self.dialect.list_length(column)
        return case((self.dialect.is_amount(column) & (column >= 0), column), else_=null())

    def owed(self, delivered: int | None = None, *, unpaid: bool = False) -> ColumnElement[Any]:
        """Return the amount owed for a session that ends now: ``max(0, cost - delivered)``.

        Nothing where it has been refunded.

        Args:
            delivered: how many items were, where no table of the app says so.
            unpaid: whether cronshift's refunds need not be looked at.
        """
        rest = self.cost()
        if self.settings.delivered is not None and self.delivered is not None:
            session = self.delivered.c[self.settings.delivered.session]
            of_session = self.equal(session, self.id)
            done = select(func.count()).where(of_session).correlate(self.sessions)
            rest = rest - done.scalar_subquery()
        elif delivered is not None:
            rest = rest - delivered
        refunded = self.is_refunded_by_app() if unpaid else self.is_refunded()
        return case((or_(rest <= 0, refunded), 0), else_=rest)

    def is_refunded(self) -> ColumnElement[bool]:
        """Return whether a session has been refunded, by cronshift or, as far as it says, by the app.

        A row from before tables were told apart counts where its user is the session's, too.
        """
        refunds = self.ours.refunds.c
        ours = select(refunds.session_id).where(
            refunds.session_id == cast(self.id, Text),
            refunds.source.in_(["", self.source]),
            or_(refunds.source == self.source, refunds.user_id == cast(self.user, Text)),
        )
        return or_(_sought(ours.correlate(self.sessions)), self.is_refunded_by_app())

    def is_refunded_by_app(self) -> ColumnElement[bool]:
        """Return whether the app says that it has refunded a session itself."""
        refunded = self.settings.refunded
        if isinstance(refunded, RefundedColumn):
            return self.dialect.is_set(self.sessions.c[refunded.column])
        if isinstance(refunded, RefundLedger) and self.ledger is not None:
            columns = self.ledger.c
            rows = select(literal(1)).where(
                self.equal(columns[refunded.session], self.id),
                *(cast(columns[name], Text) == value for name, value in refunded.where.items()),
            )
            return rows.correlate(self.sessions).exists()
        return false()

    def is_of_flow(self) -> ColumnElement[bool]:
        """Return whether a session was asked for by the new path: it has an event."""
        outbox = self.ours.outbox.c
        event = select(outbox.session_id).where(
            outbox.session_id == cast(self.id, Text),
            outbox.source.in_(["", self.source]),
            or_(outbox.source == self.source, outbox.user_id == cast(self.user, Text)),
        )
        return _sought(event.correlate(self.sessions))

    def problem(self, owed: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the reason why a session cannot be paid its due, as text; null where it can be."""
        account = select(self.balance).where(self.is_account_of(self.user)).correlate(self.sessions)
        funded = account.where(self.balance.is_not(None))
        cost, name = self.cost(), self.settings.cost.value
        return case(
            (self.is_refunded(), null()),
            (cost.is_(None), f"its cost cannot be read from {name}"),
            (owed <= 0, null()),
            (self.user.is_(None), "it has no user"),
            (~account.exists(), "its user has no account"),
            (~funded.exists(), "its user's balance is empty"),
            else_=null(),
        )

    def key(self, session_id: Any) -> Any:
        """Return a session's id as its column compares it; an id of another form matches nothing."""
        kind = self.id.type
        if isinstance(kind, Integer):
            text = str(session_id)
            number = int(text) if text.isascii() and text.isdecimal() else -1
            return number if number <= _LARGEST_KEY else -1
        if not isinstance(kind, NullType) and kind.python_type is UUID:
            try:
                return UUID(str(session_id))
            except ValueError:
                return UUID(int=0)
        return session_id

    def label(self, label: str) -> ColumnElement[Any]:
        """Return a label as a value of the status column, native enums included."""
        return self.typed(label, self.status)

    def typed(self, value: Any, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a value with a column's type, where that is known."""
        if isinstance(column.type, NullType):
            return literal(value)
        return cast(literal(value), column.type)

    def stored(self, role: str, instant: datetime) -> Any:
        """Return an instant as the column that a key names holds it.

        Raises:
            ConfigError: for an empty column of numbers whose unit nothing tells.
        """
        if not self.times[role].is_settled:
            raise ConfigError(
                f"{self.times[role].column.name} is empty, and its unit is not known.",
                reason="mapping-mismatch",
                hint=f'Write `times = {{ {role} = "epoch-milliseconds" }}` in [sessions], or what it is.',
                where="cronshift.toml",
            )
        return write_instant(instant, self.times[role])

    def touched(self, instant: datetime) -> dict[str, Any]:
        """Return the column that says when a row was last written, with an instant."""
        name = self.settings.updated
        return {name: self.stored("updated", instant)} if name else {}

    def untimed(self, role: str) -> ColumnElement[bool]:
        """Return whether a session's instant cannot be read, or is missing."""
        return self.dialect.instant(self.times[role]).is_(None)

    def since(self, role: str, instant: datetime) -> ColumnElement[bool]:
        """Return whether a session's instant is not before another."""
        return self.dialect.instant(self.times[role]) >= self.dialect.bound(instant)

    def before(self, role: str, cutoff: datetime) -> ColumnElement[bool]:
        """Return whether a session's instant is surely before another."""
        return self.dialect.before(self.times[role], cutoff)

    def as_it_is(self, engine: Engine) -> Mapped:
        """Return the same with cronshift's own tables as they are by now."""
        if self.ours.ready:
            return self
        return replace(self, ours=own_tables(self.dialect.reading(engine), self.settings.schema))

    def writable(self, engine: Engine) -> Mapped:
        """Return the same with cronshift's own tables made, where they are missing or old."""
        if self.ours.ready:
            return self
        return replace(self, ours=make_tables(engine, self.settings.schema))


def _sought(rows: Select[Any]) -> ColumnElement[bool]:
    """Return whether there are rows, sought by their key for each session.

    A bare EXISTS becomes a join, for which PostgreSQL reads all of a new table again and again.
    """
    return case((rows.exists(), true()), else_=false())


def map_tables(engine: Engine, settings: SessionSettings) -> Mapped:
    """Return the mapped tables, once everything that was named is there; nothing is changed.

    Raises:
        ConfigError: naming every mismatch at once.
    """
    dialect = dialect_of(engine)
    reader = dialect.reading(engine)
    schema = read_schema(reader, dialect, settings)
    tables = _tables(schema, dialect)
    with reader.connect() as connection:
        times = check_rows(connection, dialect, schema, tables)
        source = dialect.source(connection, tables[settings.table])
    delivered, refunded = settings.delivered, settings.refunded
    ledger = tables[refunded.table] if isinstance(refunded, RefundLedger) else None
    return Mapped(
        settings,
        dialect,
        source,
        tables[settings.table],
        tables[settings.credits.table],
        tables[delivered.table] if delivered else None,
        ledger,
        times,
        own_tables(reader, settings.schema),
    )


def _tables(schema: Schema, dialect: Dialect) -> dict[str, Table]:
    metadata = MetaData()
    return {
        name: Table(
            name,
            metadata,
            *(
                Column(column, dialect.type_in_statements(kind))
                for column, kind in table.columns.items()
            ),
            schema=table.schema,
        )
        for name, table in schema.tables.items()
    }


def _family(kind: TypeEngine[Any]) -> object:
    """Return the family of a column's type; columns of one family are compared as they are."""
    try:
        return kind.python_type
    except NotImplementedError:
        return type(kind)

"""The dialect of a database, for the session scripts; each dialect is a module of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from cronshift.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Engine, Table
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.types import TypeEngine

    from cronshift.sessions.chunks import IdRange
    from cronshift.sessions.mapping import Mapped
    from cronshift.sessions.sweeping import Sweep
    from cronshift.sessions.times import TimeColumn, TimeForm


@dataclass(frozen=True, slots=True)
class Chunk:
    """The result of one transaction.

    Attributes:
        sessions: those settled.
        refunded: refunds recorded; ``amount`` credits moved for them.
    """

    sessions: int = 0
    refunded: int = 0
    amount: Any = 0


@dataclass(frozen=True, slots=True)
class Amounts:
    """A cost and a balance on which it is moved: their columns' names, and types as reflected.

    Attributes:
        cost_type: ``None`` where the cost is no amount in a column.
    """

    cost: str
    cost_type: TypeEngine[Any] | None
    balance: str
    balance_type: TypeEngine[Any]


class UnmovedError(Exception):
    """Users whose credits did not move by the recorded amount; the transaction is undone."""

    def __init__(self, users: Collection[Any]) -> None:
        super().__init__("credits did not move")
        self.users = users


class KeptError(Exception):
    """The database kept sessions as they were, though it was told to change them."""


class Dialect(Protocol):
    """A kind of database: its types, times, locks and errors."""

    def prepare(self, engine: Engine) -> Engine:
        """Return an engine whose transactions may write, and whose readers change nothing."""

    def reading(self, engine: Engine) -> Engine:
        """Return the same engine for transactions that only read: a read replica will do."""

    def source(self, connection: Connection, table: Table) -> str:
        """Return the name that no other table of the database has."""

    def compares(self, *, one_type: bool) -> bool:
        """Return whether ids are compared as they are, of one type or not."""

    def id_problem(self, reflected: TypeEngine[Any]) -> str | None:
        """Return the reason why a column of a type holds no ids; ``None`` where it may."""

    def holds_list(self, reflected: TypeEngine[Any]) -> bool:
        """Return whether a column of a type may hold a list."""

    def type_in_statements(self, reflected: TypeEngine[Any]) -> TypeEngine[Any]:
        """Return the type that a user's column has in statements."""

    def zone(self, connection: Connection) -> str:
        """Return the zone of the database's clock."""

    def time_form(self, reflected: TypeEngine[Any]) -> TimeForm | None:
        """Return the form of instants in a column of a type; ``None`` where it holds none."""

    def before(self, time: TimeColumn, cutoff: datetime) -> ColumnElement[bool]:
        """Return whether a row's instant is surely before another; null where it cannot be read."""

    def instant(self, time: TimeColumn) -> ColumnElement[Any]:
        """Return a row's instant as :meth:`moment` reads it; null where it cannot be read."""

    def bound(self, instant: datetime) -> ColumnElement[Any]:
        """Return an instant as an expression of :meth:`instant` compares it."""

    def moment(self, value: Any) -> datetime | None:
        """Return the instant that an expression of :meth:`instant` gave."""

    def amount_problems(self, amounts: Amounts) -> Iterator[str]:
        """Yield the reasons why a cost cannot be moved exactly on a balance, with the column."""

    def is_amount(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return whether a column that is not null holds a number that can be moved exactly."""

    def is_set(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return whether a column says yes: true, a number but 0, a time, a text; never null."""

    def list_length(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the length of the list in a column; null where there is none that can be read."""

    def sums(self, column: ColumnElement[Any]) -> list[tuple[int, ColumnElement[Any]]]:
        """Return the parts of a sum that never overflows, each with its factor."""

    def among(self, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
        """Return whether a column has one of any number of values."""

    def settle(self, connection: Connection, mapped: Mapped, sweep: Sweep, ids: IdRange) -> Chunk:
        """Mark the sessions of a range, move their users' credits, and record the moves.

        Raises:
            UnmovedError: when credits of some users did not move as told.
            KeptError: when a session could not be marked, where that undoes the others too.
        """

    def put(self, table: Table, row: Mapping[str, Any], changes: Mapping[str, Any]) -> Any:
        """Return the statement that inserts a row, or changes the one that has its key."""

    def is_worth_retrying(self, error: DBAPIError) -> bool:
        """Return whether the same transaction may well succeed when it is done anew."""

    def fault_of_a_row(self, error: DBAPIError) -> str | None:
        """Return the reason why a row was refused, without values; ``None`` for another fault."""

    def missing_rights(self, connection: Connection, mapped: Mapped) -> Iterator[str]:
        """Yield the rights that the database's user lacks and would need."""


def dialect_of(engine: Engine) -> Dialect:
    """Return the dialect of an engine.

    Raises:
        ConfigError: for a kind that is neither PostgreSQL nor SQLite.
    """
    if engine.dialect.name == "postgresql":
        from cronshift.sessions.postgresql import PostgreSQL

        return PostgreSQL()
    if engine.dialect.name == "sqlite":
        from cronshift.sessions.sqlite import SQLite

        return SQLite()
    raise ConfigError(
        f"Sessions are settled on PostgreSQL and SQLite, not on {engine.dialect.name}.",
        reason="no-database",
    )

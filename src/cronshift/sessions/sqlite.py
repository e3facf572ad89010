"""SQLite: values of any type in any column, one writer at a time, and a chunk in a few statements."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    MetaData,
    Table,
    and_,
    case,
    cast,
    delete,
    event,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import NullType, Text

from cronshift.sessions.dialect import Amounts, Chunk, KeptError, UnmovedError
from cronshift.sessions.tables import REFUNDS
from cronshift.sessions.times import DAY_IS_OVER, EARLIEST, LATEST, PER_SECOND, UNITS, TimeForm

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy import ColumnElement, Connection, Engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.types import TypeEngine

    from cronshift.sessions.chunks import IdRange
    from cronshift.sessions.mapping import Mapped
    from cronshift.sessions.sweeping import Sweep
    from cronshift.sessions.times import TimeColumn

_READING = "cronshift_reading"
_WHOLE = re.compile("int", re.IGNORECASE)
_BOOLEAN = re.compile("bool", re.IGNORECASE)
_EPOCH_DAY = 2_440_587.5  # 1970 in julian days
_A_DAY = 86_400.0
_PART = 1_000_000_000
_DIGITS = 9  # at least, of a text that is a number since 1970
_NO_ROWS_FAULT = {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_FULL"}

_OWN = MetaData(schema="temp")
_PICKED = Table(
    "cronshift_picked",
    _OWN,
    *(Column(name, NullType) for name in ("session_id", "user_id")),
    Column("owed", BigInteger),
)
_SUMS = Table("cronshift_sums", _OWN, Column("user_id", NullType), Column("amount", BigInteger))
_MOVING = Table(
    "cronshift_moving",
    _OWN,
    *(Column(name, NullType) for name in ("account", "user_id")),
    *(Column(name, BigInteger) for name in ("balance", "amount")),
)
_MADE = (  # columns without a type keep every value as it is
    "CREATE TEMP TABLE IF NOT EXISTS cronshift_picked (session_id, user_id, owed)",
    "CREATE TEMP TABLE IF NOT EXISTS cronshift_sums (user_id, amount)",
    "CREATE TEMP TABLE IF NOT EXISTS cronshift_moving (account PRIMARY KEY, user_id, balance, amount)",
)


class SQLite:
    """The dialect of SQLite."""

    def prepare(self, engine: Engine) -> Engine:
        """Let writers of one file wait for each other from their first statement on."""

        def connected(connection: Any, _: Any) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA busy_timeout=30000")
            connection.execute("PRAGMA cache_size=-32000")
            connection.execute("PRAGMA temp_store=MEMORY")  # what is picked is of a chunk's size

        def begin(connection: Connection) -> None:
            reads = connection.get_execution_options().get(_READING)
            connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

        event.listen(engine, "connect", connected)
        event.listen(engine, "begin", begin)
        return engine

    def reading(self, engine: Engine) -> Engine:
        """Return the engine with transactions that take no lock of a writer."""
        return engine.execution_options(**{_READING: True})

    def source(self, connection: Connection, table: Table) -> str:  # noqa: ARG002 - others ask
        """Return the table's name, which is the only one of its file."""
        return table.name

    def compares(self, *, one_type: bool) -> bool:  # noqa: ARG002 - affinity sees to it
        """Return true: ids are compared as they are."""
        return True

    def id_problem(self, reflected: TypeEngine[Any]) -> str | None:
        """Return the reason why a type holds no ids."""
        return "is a BLOB: ids are numbers or text" if "BLOB" in str(reflected) else None

    def holds_list(self, reflected: TypeEngine[Any]) -> bool:  # noqa: ARG002 - any column may
        """Return true: any column may hold JSON."""
        return True

    def type_in_statements(self, reflected: TypeEngine[Any]) -> TypeEngine[Any]:
        """Return the integer type for whole numbers, and no type for any other value."""
        return BigInteger() if _WHOLE.search(str(reflected)) else NullType()

    def zone(self, connection: Connection) -> str:  # noqa: ARG002 - others ask
        """Return the zone of ``CURRENT_TIMESTAMP``."""
        return "UTC"

    def time_form(self, reflected: TypeEngine[Any]) -> TimeForm | None:
        """Return ``ANY``, as every row may hold its own form; only numbers where so declared."""
        if _BOOLEAN.search(str(reflected)):
            return None
        return TimeForm.EPOCH if _WHOLE.search(str(reflected)) else TimeForm.ANY

    def before(self, time: TimeColumn, cutoff: datetime) -> ColumnElement[bool]:
        """Return whether a row's instant is surely before another."""
        return self.instant(time) < cutoff.timestamp()

    def instant(self, time: TimeColumn) -> ColumnElement[Any]:
        """Return a row's instant in seconds since 1970."""
        value: ColumnElement[Any] = time.column
        seconds = (func.julianday(value, type_=Float) - _EPOCH_DAY) * _A_DAY
        over = case((func.length(value) == len("2026-11-24"), DAY_IS_OVER.total_seconds()), else_=0)
        digits = and_(~value.op("GLOB")("*[^0-9]*"), func.length(value) >= _DIGITS)
        return case(
            (func.substr(value, 5, 1) == "-", seconds + over),  # a date: the others are rarer
            (func.typeof(value).in_(["integer", "real"]), _seconds(value, time.form)),
            (digits, _seconds(cast(value, BigInteger), time.form)),
            else_=null(),
        )

    def bound(self, instant: datetime) -> ColumnElement[Any]:
        """Return an instant in seconds since 1970."""
        return literal(instant.timestamp())

    def moment(self, value: Any) -> datetime | None:
        """Return the instant of seconds since 1970."""
        return None if value is None else datetime.fromtimestamp(float(value), UTC)

    def amount_problems(self, amounts: Amounts) -> Iterator[str]:
        """Yield the columns that are not declared to hold whole numbers: others are not exact."""
        for name, kind in (
            (amounts.balance, amounts.balance_type),
            (amounts.cost, amounts.cost_type),
        ):
            if kind is not None and not _WHOLE.search(str(kind)):
                yield f"{name} is {str(kind).lower()}: SQLite moves whole numbers exactly, and no others"

    def is_amount(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return whether a value is a whole number."""
        return func.typeof(column) == "integer"

    def is_set(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return whether a column says yes."""
        texts = column.not_in(["", "0", "false"])
        number = func.typeof(column).in_(["integer", "real"])
        return case((column.is_(None), literal(0)), (number, column != 0), else_=texts) == 1

    def list_length(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the length of a JSON array."""
        listed = case((func.json_type(column) == "array", func.json_array_length(column)))
        return case((func.json_valid(column) == 1, listed), else_=null())

    def sums(self, column: ColumnElement[Any]) -> list[tuple[int, ColumnElement[Any]]]:
        """Return the sums of the upper and lower digits: a sum of whole numbers may overflow."""
        return [(_PART, func.sum(column // _PART)), (1, func.sum(column % _PART))]

    def among(self, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
        """Return whether a column, as text, is one of the values."""
        listed = func.json_each(json.dumps([str(value) for value in values]))
        return cast(column, Text).in_(select(listed.table_valued("value").c.value))

    def put(self, table: Table, row: Mapping[str, Any], changes: Mapping[str, Any]) -> Any:
        """Return the upsert of a row."""
        return (
            sqlite.insert(table)
            .values(**row)
            .on_conflict_do_update(index_elements=list(table.primary_key), set_=dict(changes))
        )

    def settle(self, connection: Connection, mapped: Mapped, sweep: Sweep, ids: IdRange) -> Chunk:
        """Do a chunk statement by statement, while nobody else can write."""
        for table, made in zip((_PICKED, _SUMS, _MOVING), _MADE, strict=True):
            connection.exec_driver_sql(made)
            connection.execute(delete(table))
        picked = _pick(connection, mapped, sweep, ids)
        marks = sweep.marks(mapped)
        if marks:
            settled = select(_PICKED.c.session_id)
            marking = update(mapped.sessions).where(mapped.id.in_(settled)).values(**marks)
            if connection.execute(marking).rowcount != picked:
                raise KeptError
        unmoved = _move(connection, mapped, sweep)
        if unmoved:
            raise UnmovedError(unmoved)
        rows = sweep.refund_rows(mapped, _PICKED).where(_PICKED.c.owed > 0)
        names = [str(each.key) for each in rows.selected_columns]
        recording = insert(mapped.ours.written.refunds).from_select(names, rows)
        refunded = connection.execute(recording).rowcount
        factors, parts = zip(*self.sums(_SUMS.c.amount), strict=True)
        sums = connection.execute(select(*parts)).one()
        amount = sum(factor * (part or 0) for factor, part in zip(factors, sums, strict=True))
        return Chunk(picked, refunded, amount)

    def is_worth_retrying(self, error: DBAPIError) -> bool:
        """Return whether a refund was there already; writers wait for each other here."""
        return isinstance(error, IntegrityError) and f": {REFUNDS}." in str(error.orig)

    def fault_of_a_row(self, error: DBAPIError) -> str | None:
        """Return the kind of error; its message names tables and columns, but may name more."""
        name = str(getattr(error.orig, "sqlite_errorname", ""))
        if isinstance(error, IntegrityError):
            return f"the database refuses the change: {name.removeprefix('SQLITE_').lower()}"
        return "the database refuses the change" if name == "SQLITE_ERROR" else None

    def missing_rights(self, connection: Connection, mapped: Mapped) -> Iterator[str]:  # noqa: ARG002
        """Yield nothing: a file that is read-only says so itself."""
        yield from ()


def _pick(connection: Connection, mapped: Mapped, sweep: Sweep, ids: IdRange) -> int:
    """Put the sessions aside that can be settled, and the sums owed for them; return how many."""
    rows = select(mapped.id, mapped.user, sweep.owed(mapped, unpaid=ids.unpaid)).where(
        sweep.where, ids.holds(mapped, sweep)
    )
    taking = insert(_PICKED).from_select(["session_id", "user_id", "owed"], rows)
    picked = int(connection.execute(taking).rowcount)
    sums = (
        select(_PICKED.c.user_id, func.sum(_PICKED.c.owed))
        .where(_PICKED.c.owed > 0)
        .group_by(_PICKED.c.user_id)
    )
    connection.execute(insert(_SUMS).from_select(["user_id", "amount"], sums))
    unfunded = ~(
        select(mapped.account)
        .where(mapped.is_account_of(_SUMS.c.user_id), mapped.balance.is_not(None))
        .exists()
    )
    users = connection.execute(select(_SUMS.c.user_id).where(unfunded)).scalars().all()
    unpayable: ColumnElement[bool] = _PICKED.c.owed.is_(None)
    if users:
        connection.execute(delete(_SUMS).where(unfunded))
        without = or_(_PICKED.c.user_id.is_(None), mapped.dialect.among(_PICKED.c.user_id, users))
        unpayable = or_(unpayable, and_(_PICKED.c.owed > 0, without))
    return picked - int(connection.execute(delete(_PICKED).where(unpayable)).rowcount)


def _move(connection: Connection, mapped: Mapped, sweep: Sweep) -> list[Any]:
    """Move the credits, and return the users whose balance differs from the one set."""
    moving = select(mapped.account, _SUMS.c.user_id, mapped.balance, _SUMS.c.amount).where(
        mapped.is_account_of(_SUMS.c.user_id)
    )
    names = ["account", "user_id", "balance", "amount"]
    connection.execute(insert(_MOVING).from_select(names, moving))
    connection.execute(
        update(mapped.users)
        .where(mapped.account == _MOVING.c.account)
        .values(**sweep.movements(mapped, _MOVING.c.amount))
    )
    moved = and_(
        func.typeof(mapped.balance) == "integer",
        mapped.balance == _MOVING.c.balance + _MOVING.c.amount,
    )
    accounts = select(mapped.account).where(mapped.account == _MOVING.c.account, moved)
    wrong = select(_MOVING.c.user_id).where(~accounts.exists())
    return list(connection.execute(wrong).scalars())


def _seconds(value: ColumnElement[Any], form: TimeForm) -> ColumnElement[Any]:
    """Return a number as seconds since 1970; null where no unit makes a time of it."""
    if form in PER_SECOND:
        return value / literal(float(PER_SECOND[form]))
    units = [
        (and_(value >= EARLIEST * unit, value < LATEST * unit), value / literal(float(unit)))
        for unit in UNITS
    ]
    return case(*units, else_=null())

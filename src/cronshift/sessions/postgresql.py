"""PostgreSQL: its types and times, its locks and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    Date,
    DateTime,
    Double,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    and_,
    any_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    text,
    true,
)
from sqlalchemy.dialects import postgresql

from cronshift.sessions.dialect import Amounts, Chunk, UnmovedError
from cronshift.sessions.postgresql_chunk import chunk_statement, users_unmoved
from cronshift.sessions.tables import REFUNDS
from cronshift.sessions.times import DAY_IS_OVER, EARLIEST, LATEST, PER_SECOND, UNITS, TimeForm

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Engine, Table
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.sql.expression import ColumnElement
    from sqlalchemy.types import TypeEngine

    from cronshift.sessions.chunks import IdRange
    from cronshift.sessions.mapping import Mapped
    from cronshift.sessions.sweeping import Sweep
    from cronshift.sessions.times import TimeColumn

_WORK_MEMORY = "64MB"  # of the server, for a chunk's rows between its statements
_RETRIED = {"40P01", "40001", "55P03"}  # deadlock, serialization, lock
_KEY_TAKEN = "23505"
_FAULTS_OF_ROWS = ("22", "23", "27", "42501", "44", "P0")  # data, constraints, triggers, policies
_ISO = (
    r"^[1-9]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)?)?$"
)
_DIGITS = r"^[0-9]{9,19}$"
_ZONED = r":[0-5]\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)$"


class PostgreSQL:
    """The dialect of PostgreSQL."""

    def prepare(self, engine: Engine) -> Engine:
        """Return the engine as it is: readers never hinder writers here."""
        return engine

    def reading(self, engine: Engine) -> Engine:
        """Return the engine with transactions in which nothing can be written."""
        return engine.execution_options(postgresql_readonly=True)

    def source(self, connection: Connection, table: Table) -> str:
        """Return the table's name behind that of its schema."""
        quote = connection.dialect.identifier_preparer
        named = text(
            "SELECT n.nspname || '.' || c.relname FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = CAST(:name AS regclass)"
        )
        name = connection.execute(named, {"name": quote.format_table(table)}).scalar_one()
        return str(name)

    def compares(self, *, one_type: bool) -> bool:
        """Return ``one_type``: ids of two types are compared as text."""
        return one_type

    def id_problem(self, reflected: TypeEngine[Any]) -> str | None:
        """Return the reason why a type holds no ids."""
        if isinstance(reflected, LargeBinary):
            return "is bytea: ids are numbers, uuid or text"
        return None

    def holds_list(self, reflected: TypeEngine[Any]) -> bool:
        """Return whether a type is an array or JSON."""
        return isinstance(reflected, postgresql.ARRAY | postgresql.JSONB | postgresql.JSON)

    def type_in_statements(self, reflected: TypeEngine[Any]) -> TypeEngine[Any]:
        """Return the type as it was reflected."""
        return reflected

    def zone(self, connection: Connection) -> str:
        """Return the zone in which ``now()`` is written where there is no zone."""
        return str(connection.execute(select(func.current_setting("TimeZone"))).scalar_one())

    def time_form(self, reflected: TypeEngine[Any]) -> TimeForm | None:
        """Return the form of instants in a type."""
        if isinstance(reflected, DateTime):
            return TimeForm.INSTANT if reflected.timezone else TimeForm.LOCAL
        if isinstance(reflected, Date):
            return TimeForm.DATE
        if isinstance(reflected, Integer | Numeric | Float):
            return TimeForm.EPOCH
        return TimeForm.TEXT if isinstance(reflected, String) else None

    def before(self, time: TimeColumn, cutoff: datetime) -> ColumnElement[bool]:
        """Return whether a row's instant is surely before another."""
        column = time.column
        if time.form is TimeForm.INSTANT:
            return column < cutoff
        if time.form is TimeForm.DATE:
            return column <= (cutoff - DAY_IS_OVER).date()
        if time.form is TimeForm.LOCAL and time.zone == "UTC":
            return column < cutoff.replace(tzinfo=None)
        return self.instant(time) < self.bound(cutoff)

    def instant(self, time: TimeColumn) -> ColumnElement[Any]:
        """Return a row's instant, with its zone."""
        column: ColumnElement[Any] = time.column
        if time.form is TimeForm.INSTANT:
            return column
        if time.form is TimeForm.LOCAL:
            return func.timezone(time.zone, column)  # the later of two, where clocks are put back
        if time.form is TimeForm.DATE:
            return func.timezone("UTC", cast(column, DateTime))
        if time.form is TimeForm.TEXT:
            return _of_text(column)
        return func.to_timestamp(cast(_seconds(column, time.form), Double))

    def bound(self, instant: datetime) -> ColumnElement[Any]:
        """Return an instant with its zone."""
        return literal(instant, DateTime(timezone=True))

    def moment(self, value: Any) -> datetime | None:
        """Return an instant as it is."""
        moment: datetime | None = value
        return moment

    def amount_problems(self, amounts: Amounts) -> Iterator[str]:
        """Yield the columns in which fractions would be lost."""
        for name, kind in (
            (amounts.balance, amounts.balance_type),
            (amounts.cost, amounts.cost_type),
        ):
            if kind is not None and not _is_exact(kind):
                yield f"{name} is {str(kind).lower()}: amounts are whole numbers or numeric"
                return
        cost, balance = _digits(amounts.cost_type), _digits(amounts.balance_type)
        if balance is not None and (cost is None or cost > balance):
            kinds = f"{amounts.cost_type} and {amounts.balance_type}".lower()
            yield f"{amounts.cost} has fractions that {amounts.balance} does not hold ({kinds})"

    def is_amount(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return whether a number is neither NaN nor infinite."""
        if isinstance(column.type, Integer):
            return column.is_not(None)
        return cast(column, Text).not_in(["NaN", "Infinity", "-Infinity"])

    def is_set(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return whether a column says yes."""
        if isinstance(column.type, Boolean):
            return column.is_(true())
        if isinstance(column.type, Integer | Numeric | Float):
            return func.coalesce(column != 0, False)
        return column.is_not(None)

    def list_length(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the length of an array, or of a JSON array."""
        if isinstance(column.type, postgresql.ARRAY):
            return func.cardinality(column)
        document = cast(column, postgresql.JSONB)
        length = func.jsonb_array_length(document)
        return case((func.jsonb_typeof(document) == "array", length), else_=null())

    def sums(self, column: ColumnElement[Any]) -> list[tuple[int, ColumnElement[Any]]]:
        """Return the sum, which is exact."""
        return [(1, func.sum(column))]

    def among(self, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
        """Return whether a column, as text, is one of the values."""
        listed = literal([str(value) for value in values], postgresql.ARRAY(Text))
        return cast(column, Text) == any_(listed)

    def put(self, table: Table, row: Mapping[str, Any], changes: Mapping[str, Any]) -> Any:
        """Return the upsert of a row."""
        return (
            postgresql.insert(table)
            .values(**row)
            .on_conflict_do_update(index_elements=list(table.primary_key), set_=dict(changes))
        )

    def settle(self, connection: Connection, mapped: Mapped, sweep: Sweep, ids: IdRange) -> Chunk:
        """Do a chunk in one statement, and check the balances afterwards.

        Which sessions are settled is decided as each row is locked: one that somebody else has changed
        meanwhile is judged anew; one that the database keeps as it is stays unpaid. Where nothing is marked, rows that others have locked are left to
        them. Whoever pays a refund holds its session's row; a refund that was committed while this
        waited for that row makes the key clash, and the chunk is done anew.
        """
        connection.execute(select(func.set_config("work_mem", _WORK_MEMORY, True)))
        row = connection.execute(chunk_statement(mapped, sweep, ids)).one()
        if row.unmoved:
            raise UnmovedError(row.unmoved)
        wrong = users_unmoved(connection, mapped, row.accounts or [], row.balances or [])
        if wrong:
            raise UnmovedError(wrong)
        return Chunk(int(row.marked), int(row.refunded), row.amount)

    def is_worth_retrying(self, error: DBAPIError) -> bool:
        """Return whether two cleaners met, on a user's row or on a refund's key."""
        state = getattr(error.orig, "sqlstate", None)
        constraint = _constraint(error) or ""
        return state in _RETRIED or (state == _KEY_TAKEN and constraint.startswith(REFUNDS))

    def fault_of_a_row(self, error: DBAPIError) -> str | None:
        """Return the kind of error, and the constraint's name."""
        state = str(getattr(error.orig, "sqlstate", None))
        if not state.startswith(_FAULTS_OF_ROWS):
            return None
        constraint = _constraint(error)
        named = f" ({constraint})" if constraint else ""
        return f"the database refuses the change: {type(error.orig).__name__}{named}"

    def missing_rights(self, connection: Connection, mapped: Mapped) -> Iterator[str]:
        """Yield the tables that may not be updated."""
        quote = connection.dialect.identifier_preparer
        for table in dict.fromkeys((mapped.sessions, mapped.users)):
            may = func.has_any_column_privilege(quote.format_table(table), "UPDATE")
            if not connection.execute(select(may)).scalar():
                yield f"update {table.name}"


def _constraint(error: DBAPIError) -> str | None:
    diagnostics = getattr(error.orig, "diag", None)
    name: str | None = getattr(diagnostics, "constraint_name", None)
    return name


def _is_exact(kind: TypeEngine[Any]) -> bool:
    return isinstance(kind, Integer | Numeric) and not isinstance(kind, Float)


def _digits(kind: TypeEngine[Any] | None) -> int | None:
    """Return the number of a type's digits behind the point; ``None`` for any number of them."""
    if kind is None or isinstance(kind, Integer):
        return 0
    if isinstance(kind, Numeric) and kind.precision is not None:
        return kind.scale or 0
    return None


def _seconds(column: ColumnElement[Any], form: TimeForm) -> ColumnElement[Any]:
    """Return a number as seconds since 1970; null where no unit makes a time of it."""
    number = cast(column, Numeric)
    if form in PER_SECOND:
        return number / PER_SECOND[form]
    units = [
        (and_(number >= EARLIEST * unit, number < LATEST * unit), number / unit) for unit in UNITS
    ]
    return case(*units, else_=null())


def _of_text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the instant of a text in ISO 8601; null for any other text, which never fails."""
    day = cast(func.substr(column, 9, 2), Integer)
    month = func.make_date(
        cast(func.substr(column, 1, 4), Integer), cast(func.substr(column, 6, 2), Integer), 1
    )
    last = func.extract(
        "day", month + literal_column("interval '1 month'") - literal_column("interval '1 day'")
    )
    zoned = DateTime(timezone=True)
    over: ColumnElement[Any] = literal_column(
        f"interval '{int(DAY_IS_OVER.total_seconds())} seconds'"
    )
    read = case(
        (func.length(column) == len("2026-11-24"), cast(column + "T00:00:00Z", zoned) + over),
        (column.regexp_match(_ZONED), cast(column, zoned)),
        else_=cast(column + "Z", zoned),
    )
    valid = case((day <= last, read), else_=null())
    number = func.to_timestamp(cast(_seconds(column, TimeForm.EPOCH), Double))
    digits = case((column.regexp_match(_DIGITS), number), else_=null())
    return case((column.regexp_match(_ISO), valid), else_=digits)

"""PostgreSQL: its types and times, a chunk in one statement, its locks and errors."""

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
    Select,
    String,
    Text,
    and_,
    any_,
    case,
    cast,
    func,
    insert,
    literal,
    literal_column,
    null,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects import postgresql

from cronshift.sessions.dialect import Amounts, Chunk, UnmovedError
from cronshift.sessions.tables import REFUNDS
from cronshift.sessions.times import DAY_IS_OVER, EARLIEST, LATEST, PER_SECOND, UNITS, TimeForm

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import CTE, Connection, Engine, Table
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
        row = connection.execute(_statement(mapped, sweep, ids)).one()
        if row.unmoved:
            raise UnmovedError(row.unmoved)
        wrong = _wrong(connection, mapped, row.accounts or [], row.balances or [])
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


def _statement(mapped: Mapped, sweep: Sweep, ids: IdRange) -> Select[Any]:
    """Return the statement that does a chunk, and tells its results."""
    # Between two ids the planner walks the key; with a limit it would read the whole table.
    picking = select(
        mapped.id.label("session_id"),
        mapped.user.label("user_id"),
        sweep.owed(mapped, unpaid=ids.unpaid).label("owed"),
    ).where(sweep.where, ids.holds(mapped, sweep))
    marks = sweep.marks(mapped)
    # A row that is marked is judged anew as it is locked; what the app paid is looked at behind the lock.
    marks_only = sweep.becomes is not None and mapped.settings.refunded is None
    if not marks_only:
        picking = picking.with_for_update(of=mapped.sessions, skip_locked=sweep.becomes is None)
    picked = picking.cte("picked").prefix_with("MATERIALIZED")  # what is owed is worked out once
    funded = select(mapped.account).where(
        mapped.is_account_of(picked.c.user_id), mapped.balance.is_not(None)
    )
    payable = (
        select(picked)
        .where(or_(picked.c.owed <= 0, and_(picked.c.owed > 0, funded.exists())))
        .cte("payable")
    )
    marked = _marked(mapped, sweep, ids, payable) if marks else payable
    refunds = mapped.ours.refunds.c
    owed = select(marked).where(marked.c.owed > 0).cte("owed")
    sums = (
        select(owed.c.user_id, func.sum(owed.c.owed).label("amount"))
        .group_by(owed.c.user_id)
        .cte("sums")
    )
    before = (
        select(mapped.account.label("account"), mapped.balance.label("balance"), sums)
        .where(mapped.is_account_of(sums.c.user_id))
        .with_for_update(of=mapped.users)
        .cte("before")
    )
    moved = (
        update(mapped.users)
        .where(mapped.account == before.c.account)
        .values(**sweep.movements(mapped, before.c.amount))
        .returning(
            mapped.account.label("account"),
            before.c.user_id,
            (before.c.balance + before.c.amount).label("balance"),
        )
        .cte("moved")
    )
    rows = sweep.refund_rows(mapped, owed).where(owed.c.user_id == moved.c.user_id)
    names = [str(column.key) for column in rows.selected_columns]
    paid = (
        insert(mapped.ours.written.refunds)
        .from_select(names, rows)
        .returning(refunds.amount)
        .cte("paid")
    )
    unmoved = select(func.array_agg(cast(sums.c.user_id, Text))).where(
        ~select(moved.c.user_id).where(moved.c.user_id == sums.c.user_id).exists()
    )
    totals = select(
        func.count().label("refunded"), func.coalesce(func.sum(paid.c.amount), 0).label("amount")
    ).select_from(paid)
    return select(
        select(func.count()).select_from(marked).scalar_subquery().label("marked"),
        *totals.subquery("totals").c,
        unmoved.scalar_subquery().label("unmoved"),
        select(func.array_agg(moved.c.account)).scalar_subquery().label("accounts"),
        select(func.array_agg(moved.c.balance)).scalar_subquery().label("balances"),
    )


def _marked(mapped: Mapped, sweep: Sweep, ids: IdRange, payable: CTE) -> CTE:
    # The range once more, for else the planner reads the whole table for every chunk.
    marking = update(mapped.sessions).where(
        mapped.id == payable.c.session_id, sweep.where, ids.spans(mapped)
    )
    return (
        marking.values(**sweep.marks(mapped))
        .returning(payable.c.session_id, payable.c.user_id, payable.c.owed)
        .cte("marked")
    )


def _wrong(
    connection: Connection, mapped: Mapped, accounts: list[Any], balances: list[Any]
) -> list[Any]:
    """Return the users whose balance differs from the one set, as by a trigger or a view."""
    if not accounts:
        return []
    account: ColumnElement[Any] = mapped.account
    kind = mapped.account.type
    if type(kind).__name__ in {"NullType", "DOMAIN"}:
        account, kind, accounts = cast(account, Text), Text(), [str(each) for each in accounts]
    expected = (
        func.unnest(
            cast(literal(accounts, postgresql.ARRAY(kind)), postgresql.ARRAY(kind)),
            cast(literal(balances, postgresql.ARRAY(Numeric)), postgresql.ARRAY(Numeric)),
        )
        .table_valued("account", "balance")
        .render_derived(name="expected")
    )
    users = (
        select(cast(account, Text))
        .select_from(expected)
        .join(mapped.users, account == expected.c.account)
    )
    differs = mapped.balance.is_distinct_from(expected.c.balance)
    return list(connection.execute(users.where(differs)).scalars())


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

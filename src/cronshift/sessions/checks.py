"""The names of [sessions] beside the real schema: checked whole, before anything is changed."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, Enum, Table, func, inspect, select
from sqlalchemy.exc import NoSuchTableError, SAWarning

from cronshift.errors import ConfigError
from cronshift.sessions.dialect import Amounts, Dialect
from cronshift.sessions.settings import CostKind, RefundedColumn, RefundLedger, SessionSettings
from cronshift.sessions.times import TimeColumn, TimeForm, read_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy import Connection, Engine, Inspector
    from sqlalchemy.types import TypeEngine


_UTC = "utc"
_DATABASE = "database"
_BOOLEAN = "boolean"
_FORMS = {form.value: form for form in TimeForm}


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table of the user's as the database has it.

    Attributes:
        types: of the named columns, as reflected; ``None`` where there is no such table.
        keys: the columns of which each alone tells one row from all others.
        is_table: false for a view and the like, which tell no keys.
    """

    schema: str | None
    types: dict[str, TypeEngine[Any]] | None
    keys: frozenset[str]
    is_table: bool

    @property
    def columns(self) -> dict[str, TypeEngine[Any]]:
        """The types of the named columns that are there."""
        return self.types or {}


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables that [sessions] names."""

    settings: SessionSettings
    tables: dict[str, TableSchema]

    def sessions(self, column: str) -> TypeEngine[Any]:
        """Return the type of a column of the sessions."""
        return self.tables[self.settings.table].columns[column]


def read_schema(engine: Engine, dialect: Dialect, settings: SessionSettings) -> Schema:
    """Return the schema of the tables that are named.

    Raises:
        ConfigError: naming every mismatch at once.
    """
    inspector = inspect(engine)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of types and indexes that it does not know
        tables = {
            name: _read_table(inspector, name, schema or settings.schema, columns)
            for name, (schema, columns) in _wanted(settings).items()
        }
    problems = list(_missing(settings, tables))
    schema = Schema(settings, tables)
    problems = problems or [*_problems(schema, dialect)]
    if problems:
        raise _mismatch(problems)
    return schema


def check_rows(
    connection: Connection, dialect: Dialect, schema: Schema, tables: Mapping[str, Table]
) -> dict[str, TimeColumn]:
    """Return the columns of instants with their forms; and check the ids of keyless tables.

    Raises:
        ConfigError: naming what cannot be told, or is not unique.
    """
    settings, problems = schema.settings, []
    times: dict[str, TimeColumn] = {}
    zone = _Zone(connection, dialect)
    for role, name in _time_roles(schema).items():
        try:
            times[role] = _time(connection, schema, tables, role, name, zone)
        except ConfigError as error:
            problems.append(error.message)
    credit = settings.credits
    for table, key in ((settings.table, settings.id), (credit.table, credit.id)):
        column = tables[table].c[key]
        if not schema.tables[table].is_table:
            doubled = select(column).where(column.is_not(None)).group_by(column)
            if connection.execute(doubled.having(func.count() > 1).limit(1)).first():
                problems.append(f"{table}.{key} is not unique")
    if problems:
        raise _mismatch(problems)
    return times


@dataclass(frozen=True, slots=True)
class _Zone:
    """The zone of the database's clock, asked for when a column hangs on it."""

    connection: Connection
    dialect: Dialect

    def name(self) -> str:
        return self.dialect.zone(self.connection)


def _mismatch(problems: list[str]) -> ConfigError:
    return ConfigError(
        f"[sessions] does not fit the database: {'; '.join(problems)}.",
        reason="mapping-mismatch",
        hint="Correct cronshift.toml; nothing was changed.",
        where="cronshift.toml",
    )


def _wanted(settings: SessionSettings) -> dict[str, tuple[str | None, list[str]]]:
    """Return the columns that are named, by table, with the table's schema."""
    columns = [settings.id, settings.user, settings.status, settings.created]
    times = (settings.started, settings.completed, settings.updated)
    columns += [name for name in (*times, settings.error) if name]
    if settings.cost.kind is not CostKind.CONSTANT:
        columns.append(str(settings.cost.value))
    if isinstance(settings.refunded, RefundedColumn):
        columns.append(settings.refunded.column)
    wanted: dict[str, tuple[str | None, list[str]]] = {settings.table: (settings.schema, columns)}

    def add(table: str, schema: str | None, columns: list[str]) -> None:
        wanted.setdefault(table, (schema, []))[1].extend(columns)

    credit = settings.credits
    money = [name for name in (credit.id, credit.balance, credit.spent) if name]
    add(credit.table, credit.schema, money)
    if settings.delivered:
        add(settings.delivered.table, settings.delivered.schema, [settings.delivered.session])
    if isinstance(settings.refunded, RefundLedger):
        ledger = settings.refunded
        add(ledger.table, ledger.schema, [ledger.session, *ledger.where])
    return {name: (schema, list(dict.fromkeys(names))) for name, (schema, names) in wanted.items()}


def _read_table(
    inspector: Inspector, table: str, schema: str | None, names: Collection[str]
) -> TableSchema:
    try:
        reflected = inspector.get_columns(table, schema)
    except NoSuchTableError:
        return TableSchema(schema, None, frozenset(), is_table=True)
    columns = {column["name"]: column["type"] for column in reflected if column["name"] in names}
    is_table = table in inspector.get_table_names(schema)
    return TableSchema(schema, columns, frozenset(_keys(inspector, table, schema)), is_table)


def _keys(inspector: Inspector, table: str, schema: str | None) -> Iterator[str]:
    """Yield the columns that have a key or a unique index of their own, over all rows."""
    keys = [inspector.get_pk_constraint(table, schema)["constrained_columns"]]
    keys += [unique["column_names"] for unique in inspector.get_unique_constraints(table, schema)]
    for index in inspector.get_indexes(table, schema):
        options = index.get("dialect_options", {})
        in_part = any(name.endswith("_where") and options[name] is not None for name in options)
        if index["unique"] and not in_part and "expressions" not in index:
            keys.append([name for name in index["column_names"] if name])
    yield from (columns[0] for columns in keys if len(columns) == 1)


def _missing(settings: SessionSettings, tables: Mapping[str, TableSchema]) -> Iterator[str]:
    for table, (_, columns) in _wanted(settings).items():
        if tables[table].types is None:
            yield f"there is no table {table!r}"
            continue
        for name in columns:
            if name not in tables[table].columns:
                yield f"{table} has no column {name!r}"


def _problems(schema: Schema, dialect: Dialect) -> Iterator[str]:
    settings = schema.settings
    credit = settings.credits
    users = schema.tables[credit.table]
    yield from _key_problems(schema, dialect)
    yield from _label_problems(schema)
    cost, kind = settings.cost, None
    if cost.kind is CostKind.COLUMN:
        kind = schema.sessions(str(cost.value))
    elif cost.kind is CostKind.ARRAY_LENGTH and not dialect.holds_list(
        schema.sessions(str(cost.value))
    ):
        yield f"{cost.value} holds no list"
    balances = [name for name in (credit.balance, credit.spent) if name]
    problems = [
        problem
        for name in balances
        for problem in dialect.amount_problems(
            Amounts(str(cost.value), kind, name, users.columns[name])
        )
    ]
    yield from dict.fromkeys(problems)


def _key_problems(schema: Schema, dialect: Dialect) -> Iterator[str]:
    settings = schema.settings
    credit = settings.credits
    for table, key in ((settings.table, settings.id), (credit.table, credit.id)):
        there = schema.tables[table]
        if there.is_table and key not in there.keys:
            yield f"{table}.{key} is no key: it needs a primary key or unique index of its own"
    for table, column in (
        (settings.table, settings.id),
        (settings.table, settings.user),
        (credit.table, credit.id),
    ):
        problem = dialect.id_problem(schema.tables[table].columns[column])
        if problem:
            yield f"{table}.{column} {problem}"


def _label_problems(schema: Schema) -> Iterator[str]:
    settings = schema.settings
    ends = (settings.queued, settings.finished, settings.failed)
    labels = dict.fromkeys((*ends, *settings.in_hand))
    kind = schema.sessions(settings.status)
    if isinstance(kind, Enum):
        for label in labels:
            if label not in kind.enums:
                yield f"{settings.status} has no label {label!r} (it has {', '.join(kind.enums)})"
    if len(set(ends)) < len(ends):
        yield "queued, finished and failed are three labels"
    for label in ends:
        if label in settings.in_hand:
            yield f"{label!r} is a label of processing too"


def _time_roles(schema: Schema) -> dict[str, str]:
    """Return the columns of instants by the keys that name them."""
    settings = schema.settings
    roles = {
        "created": settings.created,
        "started": settings.started,
        "completed": settings.completed,
        "updated": settings.updated,
    }
    refunded = settings.refunded
    if isinstance(refunded, RefundedColumn):
        flag = isinstance(schema.sessions(refunded.column), Boolean)
        if not flag and settings.times.get("refunded") != _BOOLEAN:
            roles["refunded"] = refunded.column
    return {role: name for role, name in roles.items() if name}


def _time(  # noqa: PLR0913, PLR0917 - a column, and all that tells how it is read
    connection: Connection,
    schema: Schema,
    tables: Mapping[str, Table],
    role: str,
    name: str,
    zone: _Zone,
) -> TimeColumn:
    """Return the form of a column of instants.

    Raises:
        ConfigError: where that cannot be told.
    """
    settings, kind = schema.settings, schema.sessions(name)
    table = tables[settings.table]
    column = table.c[name]
    newest = select(column).where(column.is_not(None)).order_by(table.c[settings.id].desc())
    sample = connection.execute(newest.limit(1)).scalar()
    chosen = settings.times.get(role, settings.times.get("", ""))
    form = zone.dialect.time_form(kind)
    if form is None:
        raise ConfigError(f"{name} is {_called(kind)}, which holds no time")
    if chosen in _FORMS:
        form = _FORMS[chosen]
    if role == "refunded" and form is TimeForm.EPOCH and chosen not in _FORMS:
        raise ConfigError(
            f"{name} is {_called(kind)}: say times.refunded, boolean or a form of time"
        )
    if form is not TimeForm.LOCAL:
        return TimeColumn(role, column, form, "UTC", sample)
    return TimeColumn(role, column, form, _zone_of(name, chosen, sample, zone), sample)


def _zone_of(name: str, chosen: str, sample: Any, zone: _Zone) -> str:
    """Return the zone of a column without zones.

    Raises:
        ConfigError: for a name that is no zone, and where nothing tells it.
    """
    if chosen == _UTC:
        return "UTC"
    clock = chosen if chosen not in {"", _DATABASE} else zone.name()
    try:
        local = ZoneInfo(clock)
    except (ValueError, OSError, KeyError):
        raise ConfigError(f"{name}: {clock!r} is no time zone that can be read") from None
    if chosen or _is_utc(local):
        return clock if chosen else "UTC"
    instants = [read_instant(sample, TimeForm.LOCAL, each) for each in ("UTC", clock)]
    example = (
        f" ({sample} is {instants[0]:%Y-%m-%d %H:%M} or {instants[1]:%Y-%m-%d %H:%M} UTC)"
        if all(instants)
        else ""
    )
    raise ConfigError(
        f"{name} has no zone, and the database's clock is that of {clock}{example}:"
        ' say times = "utc" or times = "database"'
    )


def _is_utc(zone: ZoneInfo) -> bool:
    """Return whether a zone's clock is always that of UTC, as far as sessions go back."""
    months = (datetime(year, month, 1, tzinfo=UTC) for year in (2001, 2026) for month in (1, 7))
    return all(month.astimezone(zone).utcoffset() == timedelta(0) for month in months)


def _called(kind: TypeEngine[Any]) -> str:
    return str(kind).lower()

"""The tables of a live database, reflected; nothing is changed and no row is read."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

from sqlalchemy import Enum, create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SAWarning, SQLAlchemyError
from sqlalchemy.types import ARRAY, JSON, Boolean, Date, DateTime, Integer, Numeric, String

from cronshift.errors import ConfigError, CronshiftError
from cronshift.targets.scaffold.schema.model import (
    AppColumn,
    AppSchema,
    ColumnKind,
    Model,
    SchemaSource,
    StatusType,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Inspector

_KINDS: tuple[tuple[type[Any], ColumnKind], ...] = (
    (Boolean, ColumnKind.BOOLEAN),
    (Integer, ColumnKind.INTEGER),
    (Numeric, ColumnKind.NUMBER),
    (DateTime, ColumnKind.TIME),
    (Date, ColumnKind.TIME),
    (ARRAY, ColumnKind.LIST),
    (JSON, ColumnKind.JSON),
    (String, ColumnKind.TEXT),
)


def read_database(variable: str) -> AppSchema:
    """Return the tables of the database whose address a variable holds.

    Raises:
        ConfigError: if the variable is not set, or names no database.
        CronshiftError: if the database cannot be reached.
    """
    address = os.environ.get(variable)
    if not address:
        raise ConfigError(f"{variable} is not set.", reason="no-database", where=variable)
    try:
        url = make_url(address)
        if url.drivername in {"postgres", "postgresql"}:
            url = url.set(drivername="postgresql+psycopg").difference_update_query(
                ["schema", "pgbouncer", "connection_limit"]
            )
        engine = create_engine(url)
    except (ArgumentError, ImportError, SQLAlchemyError):
        hint = "PostgreSQL needs cronshift[postgres]."
        text = f"{variable} holds no address of a database."
        raise ConfigError(text, reason="no-database", hint=hint, where=variable) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of types that it does not know
            models = tuple(_models(inspect(engine), variable))
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        raise CronshiftError(
            f"The database of {variable} cannot be used: {kind}.", reason="database-unreachable"
        ) from error
    finally:
        engine.dispose()
    return AppSchema(SchemaSource.DATABASE, models, engine.dialect.name, variable)


def _models(inspector: Inspector, variable: str) -> Iterator[Model]:
    for table in inspector.get_table_names():
        place = f"{variable}: {table}"
        references = {
            key["constrained_columns"][0]: (key["referred_table"], key["referred_columns"][0])
            for key in inspector.get_foreign_keys(table)
            if len(key["constrained_columns"]) == 1
        }
        keys = [inspector.get_pk_constraint(table)["constrained_columns"]]
        keys += [unique["column_names"] for unique in inspector.get_unique_constraints(table)]
        keys += [
            [*filter(None, index["column_names"])]
            for index in inspector.get_indexes(table)
            if index["unique"]
        ]
        alone = {columns[0] for columns in keys if len(columns) == 1}
        fields = tuple(
            _field(column["name"], column["type"], place, references, alone)
            for column in inspector.get_columns(table)
        )
        yield Model(table, table, fields, place)


def _field(
    name: str, kind: Any, place: str, references: dict[str, tuple[str, str]], alone: set[str]
) -> AppColumn:
    place = f"{place}.{name}"
    states = None
    if isinstance(kind, Enum):
        labels = tuple(kind.enums)
        states = StatusType(kind.name or name, kind.name, labels, place, labels)
    known_kinds = (word for of, word in _KINDS if isinstance(kind, of))
    return AppColumn(
        name,
        name,
        ColumnKind.LABEL if states else next(known_kinds, ColumnKind.OTHER),
        place,
        references.get(name),
        name in alone,
        states,
    )

"""The tables that an app's code, or its database, declares: plain data, each with its place."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterator


_JOINT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[- ]")


def snake(name: str) -> str:
    """Return a name in lower case, its words joined by ``_``."""
    return _JOINT.sub("_", name).lower()


class SchemaSource(StrEnum):
    """The source that declares the tables."""

    PRISMA = "Prisma"
    DRIZZLE = "Drizzle"
    SQLALCHEMY = "SQLAlchemy"
    DATABASE = "the database"


class ColumnKind(StrEnum):
    """The kind of a column's values, as far as the mapping asks."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    TIME = "time"
    BOOLEAN = "boolean"
    LIST = "list"
    JSON = "json"
    LABEL = "label"
    OTHER = "other"


class StatusType(Struct, frozen=True):
    """A closed set of labels.

    Attributes:
        name: in the code.
        database: what the database calls it; ``None`` where it stands in a column of text.
        labels: as the database has them.
        place: ``file:line``.
        member: what the code calls each label, in the labels' order.
    """

    name: str
    database: str | None
    labels: tuple[str, ...]
    place: str
    members: tuple[str, ...] = ()

    def label_of(self, member: str) -> str:
        """Return the label that the code calls so."""
        return dict(zip(self.members, self.labels, strict=False)).get(member, member)


class AppColumn(Struct, frozen=True):
    """A column: ``name`` is the database's, ``attribute`` the code's.

    Attributes:
        place: ``file:line``.
        references: the table and column that a foreign key names, as the database has them.
        is_key: whether it alone tells one row from all others.
        states: the labels that it may have.
        note: the comment beside it.
        default: the literal that a row has without a value of its own.
        is_updated: whether the code, and not the database, writes the time of every change.
    """

    name: str
    attribute: str
    kind: ColumnKind
    place: str
    references: tuple[str, str] | None = None
    is_key: bool = False
    states: StatusType | None = None
    note: str = ""
    default: str | None = None
    is_updated: bool = False

    @property
    def words(self) -> str:
        """Its name in the database in lower case, the words joined by ``_``."""
        return snake(self.name)


class Model(Struct, frozen=True):
    """A table: ``name`` is the database's, ``model`` the code's."""

    name: str
    model: str
    fields: tuple[AppColumn, ...]
    place: str
    schema: str | None = None

    def field(self, name: str) -> AppColumn | None:
        """Return the column of a name in the database or in the code."""
        by_name = (column for column in self.fields if column.name == name)
        by_attribute = (column for column in self.fields if column.attribute == name)
        return next(by_name, None) or next(by_attribute, None)

    @property
    def key(self) -> AppColumn | None:
        """The column that alone is the primary key, or is unique."""
        return next((column for column in self.fields if column.is_key), None)


class AppSchema(Struct, frozen=True):
    """The tables of an app.

    Attributes:
        dialect: ``postgresql``, ``sqlite``, or what else the code names; ``None`` where it does not.
        url_variable: the variable that holds the database's address, where the code names it.
    """

    source: SchemaSource
    models: tuple[Model, ...]
    dialect: str | None = None
    url_variable: str | None = None
    types: tuple[StatusType, ...] = field(default=())

    def model(self, name: str) -> Model | None:
        """Return the table of a name in the database or in the code."""
        by_name = (model for model in self.models if model.name == name)
        by_model = (model for model in self.models if model.model == name)
        return next(by_name, None) or next(by_model, None)

    def referring(self, model: Model) -> Iterator[tuple[Model, AppColumn]]:
        """Yield the columns of other tables that name a row of this one."""
        for other in self.models:
            for column in other.fields:
                if column.references and column.references[0] == model.name and other != model:
                    yield other, column

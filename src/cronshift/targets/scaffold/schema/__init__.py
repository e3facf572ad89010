"""The tables of an app: from its Prisma or Drizzle schema, SQLAlchemy classes, or database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.targets.scaffold.prisma import find_schemas
from cronshift.targets.scaffold.schema.drizzle import read_drizzle
from cronshift.targets.scaffold.schema.model import (
    AppColumn,
    AppSchema,
    ColumnKind,
    Model,
    SchemaSource,
    StatusType,
)
from cronshift.targets.scaffold.schema.prisma import read_prisma
from cronshift.targets.scaffold.schema.sqlalchemy import read_sqlalchemy

if TYPE_CHECKING:
    from cronshift.handlers.tree import SourceTree


def read_schema(tree: SourceTree) -> AppSchema | None:
    """Return the tables that a project's own code declares; ``None`` where it declares none."""
    return read_prisma(find_schemas(tree.root)) or read_drizzle(tree) or read_sqlalchemy(tree)


__all__ = [
    "AppColumn",
    "AppSchema",
    "ColumnKind",
    "Model",
    "SchemaSource",
    "StatusType",
    "read_schema",
]

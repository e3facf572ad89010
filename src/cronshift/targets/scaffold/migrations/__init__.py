"""The database migrations of a project: the home of the flow's SQL, and the tool's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.targets.scaffold.migrations.alembic import alembic_home
from cronshift.targets.scaffold.migrations.drizzle import drizzle_home
from cronshift.targets.scaffold.migrations.files import PlainFiles, Supabase
from cronshift.targets.scaffold.migrations.migration import LABEL, TABLES, Home, SqlMigration
from cronshift.targets.scaffold.migrations.prisma import Prisma
from cronshift.targets.scaffold.prisma import find_schemas
from cronshift.targets.scaffold.schema.drizzle import config_of

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.scaffold.schema import Model, StatusType


def home_of(
    root: Path, tree: SourceTree, sessions: Model | None, states: StatusType | None
) -> Home:
    """Return the home of a project's migrations; ``migrations/`` where it has no tool.

    Args:
        root: the project's folder.
        tree: its files.
        sessions: the table of the sessions, where the app's code says it.
        states: the labels of its status.
    """
    schemas = find_schemas(root)
    if schemas:
        named = [sessions, states]
        places = [each.place.rpartition(":")[0] for each in named if each is not None]
        file = next((place for place in places if place in schemas), next(iter(schemas)))
        return Prisma(root, schemas, file, sessions.schema if sessions else None)
    config = config_of(tree)
    drizzle = drizzle_home(root, tree, config, states) if config else None
    if drizzle is not None:
        return drizzle
    if (root / "prisma/migrations").is_dir():
        return Prisma(root, {}, "prisma/schema.prisma")
    if (root / "supabase/migrations").is_dir():
        return Supabase(root)
    return alembic_home(root, states) or PlainFiles(root)


__all__ = ["LABEL", "TABLES", "Home", "SqlMigration", "home_of"]

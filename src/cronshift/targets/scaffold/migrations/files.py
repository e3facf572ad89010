"""Migrations that are files of SQL: supabase's, and those of a project without a tool for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.operations import Edit, Seen
from cronshift.operations.files import content, inside
from cronshift.targets.scaffold.migrations.migration import LABEL, TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from cronshift.targets.scaffold.migrations.migration import SqlMigration

PLAIN = "migrations"
_NEWER = {TABLES: "session_tables_by_source"}


def versions(now: datetime, count: int, taken: Sequence[str] = ()) -> list[str]:
    """Return versions for migrations, behind those that are there: ``20261124120000``."""
    newest = max((version for version in taken if version.isdecimal()), default="")
    first = max(now, _instant(newest) + timedelta(seconds=1)) if _is_instant(newest) else now
    return [f"{first + timedelta(seconds=number):%Y%m%d%H%M%S}" for number in range(count)]


def _is_instant(version: str) -> bool:
    return len(version) == 14  # noqa: PLR2004 - digits of a second


def _instant(version: str) -> datetime:
    from datetime import UTC, datetime

    return datetime.strptime(version, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


class PlainFiles(Struct, frozen=True):
    """``migrations/NAME.sql``, run by hand."""

    root: Path
    is_projects = False

    def has(self, name: str) -> bool:
        """Return whether it was written, in the form that this version has."""
        return content(inside(self.root, self._file(name))) is not None

    def edits(self, migrations: Sequence[SqlMigration], now: datetime) -> list[Edit]:  # noqa: ARG002 - the names have no version
        """Return the edits that write them."""
        return [
            Edit(
                self._file(each.name), each.sql.encode(), summary=each.summary, based_on=Seen(None)
            )
            for each in migrations
        ]

    def _file(self, name: str) -> str:
        """Return the path of a migration; a newer one beside that of an earlier version."""
        before = content(inside(self.root, f"{PLAIN}/{name}.sql"))
        is_old = name == TABLES and before is not None and b"source" not in before
        return f"{PLAIN}/{_NEWER[name] if is_old else name}.sql"


class Supabase(Struct, frozen=True):
    """``supabase/migrations/VERSION_NAME.sql``; tables there are closed to the Data API."""

    root: Path
    folder: str = "supabase/migrations"
    is_projects = True

    def has(self, name: str) -> bool:
        """Return whether it was written."""
        return next((self.root / self.folder).glob(f"*_{name}.sql"), None) is not None

    def edits(self, migrations: Sequence[SqlMigration], now: datetime) -> list[Edit]:
        """Return the edits that write them."""
        there = [file.name.partition("_")[0] for file in (self.root / self.folder).glob("*.sql")]
        return [
            Edit(
                f"{self.folder}/{version}_{each.name}.sql",
                _closed(each).encode(),
                summary=each.summary,
                based_on=Seen(None),
            )
            for version, each in zip(versions(now, len(migrations), there), migrations, strict=True)
        ]


def _closed(migration: SqlMigration) -> str:
    """Return its SQL; who has the public key of the project sees nothing of new tables."""
    if migration.name != TABLES:
        return migration.sql
    tables = [
        line.split("IF NOT EXISTS ")[1].rstrip(" (")
        for line in migration.sql.splitlines()
        if line.startswith("CREATE TABLE")
    ]
    locked = "".join(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n" for table in tables)
    return f"{migration.sql}\n-- Nobody reads these through the Data API.\n{locked}"


__all__ = ["LABEL", "PLAIN", "TABLES", "PlainFiles", "Supabase", "versions"]

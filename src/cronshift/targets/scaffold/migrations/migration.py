"""The interface of a project's own way of migrating its database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cronshift.operations import Edit

LABEL = "queued_status"
TABLES = "session_tables"


class SqlMigration(Struct, frozen=True):
    """One migration to write.

    Attributes:
        name: what it is called, after its version.
        sql: its statements.
        summary: what it does.
        enum: of the label that it adds, by its name in the database; ``None`` for the tables.
    """

    name: str
    sql: str
    summary: str
    enum: str | None = None
    label: str | None = None

    @property
    def statements(self) -> list[str]:
        """Its statements one by one, without comments."""
        lines = [line for line in self.sql.splitlines() if not line.startswith("--")]
        joined = "\n".join(lines).strip()
        return [joined] if self.enum else split(joined)


def split(sql: str) -> list[str]:
    """Return statements one by one; a semicolon between dollar quotes ends none."""
    statements, rest = [], ""
    for part in sql.split(";"):
        rest += part
        if rest.count("$scaffold") % 2 == 0 and _is_closed(rest):
            if rest.strip():
                statements.append(rest.strip() + ";")
            rest = ""
        else:
            rest += ";"
    return statements


def _is_closed(text: str) -> bool:
    return text.count("'") % 2 == 0 and text.count('"') % 2 == 0


class Home(Protocol):
    """The home of a project's migrations."""

    @property
    def is_projects(self) -> bool:
        """True when a tool of the project's runs them."""

    def has(self, name: str) -> bool:
        """Return whether a migration of that name was written."""

    def edits(self, migrations: Sequence[SqlMigration], now: datetime) -> Sequence[Edit]:
        """Return the edits that write migrations, and the tool's own files beside them.

        Raises:
            CronshiftError: for a project whose migrations cannot be added to.
        """

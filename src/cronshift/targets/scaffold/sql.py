"""The flow's own SQL: names and labels of cronshift.toml, quoted, and the statements of its migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.sessions.tables import CLAIMS, OUTBOX, REFUNDS
from cronshift.targets.scaffold.rendering import filled

if TYPE_CHECKING:
    from cronshift.sessions.settings import SessionSettings


def quoted(name: str) -> str:
    """Return a name as a quoted identifier, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Return a text as a literal, whatever is in it."""
    escaped = value.replace("'", "''")
    return "E'" + escaped.replace("\\", "\\\\") + "'" if "\\" in value else f"'{escaped}'"


def qualified(schema: str | None, table: str) -> str:
    """Return a table's quoted name, behind that of its schema where it is named."""
    return f"{quoted(schema)}.{quoted(table)}" if schema else quoted(table)


def own_names(settings: SessionSettings) -> dict[str, str]:
    """Return the quoted names of cronshift's own tables: they stand where the sessions do."""
    names = {"refunds": REFUNDS, "outbox": OUTBOX, "claims": CLAIMS}
    prefix = f"{quoted(settings.schema)}." if settings.schema else ""
    return {role: prefix + name for role, name in names.items()}


def tables_sql(settings: SessionSettings) -> str:
    """Return the migration that makes the flow's own tables, as the Python flow does."""
    names = own_names(settings)
    mark = "scaffold"
    while any(f"${mark}$" in name for name in names.values()):
        mark += "_"
    listed = [literal(name) for name in names.values()]
    return filled("session_tables.sql", own=listed, mark=f"${mark}$", **names)


def label_sql(enum: str, label: str, schema: str | None = None) -> str:
    """Return the migration that adds a label to a type; it changes nothing where the label is there."""
    return filled("queued_status.sql", enum=qualified(schema, enum), label=literal(label))

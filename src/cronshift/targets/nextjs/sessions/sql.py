"""Names and labels of cronshift.toml as SQL that may stand in a template literal of TypeScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.sessions.settings import CostKind

if TYPE_CHECKING:
    from cronshift.sessions.settings import SessionSettings


def quoted(name: str) -> str:
    """Return a name as a quoted identifier, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Return a text as a literal, whatever is in it."""
    escaped = value.replace("'", "''")
    return "E'" + escaped.replace("\\", "\\\\") + "'" if "\\" in value else f"'{escaped}'"


def in_template(source: str) -> str:
    """Return text that neither ends the template literal it stands in nor opens an expression."""
    return source.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")


def identifier(name: str) -> str:
    """Return a quoted identifier for a template literal."""
    return in_template(quoted(name))


def label(value: str) -> str:
    """Return a literal for a template literal; it takes the type of what it is compared with."""
    return in_template(literal(value))


def names_in_sql(settings: SessionSettings, items: str) -> dict[str, Any]:
    """Return what the statements' templates name, as SQL.

    Args:
        settings: the mapping of the user's tables.
        items: the column with a session's items.
    """
    credit, delivered = settings.credits, settings.delivered
    columns = {
        "sessions": settings.table,
        "id": settings.id,
        "user": settings.user,
        "status": settings.status,
        "created": settings.created,
        "started": settings.started,
        "error": settings.error,
        "items": items,
        "users": credit.table,
        "account": credit.id,
        "balance": credit.balance,
        "spent": credit.spent,
        "delivered": delivered.table if delivered else None,
        "delivered_session": delivered.session if delivered else None,
    }
    return {
        **{key: None if name is None else identifier(name) for key, name in columns.items()},
        "queued": label(settings.queued),
        "processing": [label(one) for one in settings.processing],
        "cost": _cost(settings),
    }


def _cost(settings: SessionSettings) -> str:
    """Return the expression of a session's cost in credits, on the row called ``session``."""
    cost = settings.cost
    if cost.kind is CostKind.CONSTANT:
        return str(int(cost.value))
    column = f"session.{identifier(str(cost.value))}"
    if cost.kind is CostKind.COLUMN:
        return f"coalesce({column}, 0)"
    # to_jsonb makes one list of an array, of json and of jsonb; null in json is no list.
    return f"coalesce(jsonb_array_length(nullif(to_jsonb({column}), 'null')), 0)"

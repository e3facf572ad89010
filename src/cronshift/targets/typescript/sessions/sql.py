"""Names and labels of cronshift.toml as SQL that may stand in a template literal of TypeScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.sessions.settings import CostKind, RefundedColumn, RefundLedger
from cronshift.sessions.times import PER_SECOND, TimeForm
from cronshift.targets.scaffold.sql import literal, own_names, qualified, quoted

if TYPE_CHECKING:
    from cronshift.sessions.settings import SessionSettings

_FORMS = {form.value for form in TimeForm} | {"utc", "boolean"}
_PER_SECOND = {form.value: str(per_second) for form, per_second in PER_SECOND.items()}
_DAY = r"^\d{4}-\d\d-\d\d"
_CLOCK = r"[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"
_ZONED = _DAY + _CLOCK + r"(Z|[+-]\d\d(:?\d\d)?)$"
_LOCAL = _DAY + "(" + _CLOCK + ")?$"


def in_template(source: str) -> str:
    """Return text that neither ends the template literal it stands in nor opens an expression."""
    return source.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")


def identifier(name: str) -> str:
    """Return a quoted identifier for a template literal."""
    return in_template(quoted(name))


def label(value: str) -> str:
    """Return a literal for a template literal; it takes the type of the other operand."""
    return in_template(literal(value))


def names_in_sql(settings: SessionSettings, items: str | None) -> dict[str, Any]:
    """Return the names in the statements' templates, as SQL.

    Args:
        settings: the mapping of the user's tables.
        items: the column with a session's items; ``None`` where the session is its one item.
    """
    credit, delivered, refunded = settings.credits, settings.delivered, settings.refunded
    columns = {
        "id": settings.id,
        "user": settings.user,
        "status": settings.status,
        "created": settings.created,
        "started": settings.started,
        "completed": settings.completed,
        "updated": settings.updated,
        "error": settings.error,
        "items": items,
        "account": credit.id,
        "balance": credit.balance,
        "spent": credit.spent,
        "delivered_session": delivered.session if delivered else None,
        "refunded": refunded.column if isinstance(refunded, RefundedColumn) else None,
    }
    schema = settings.schema
    made = qualified(delivered.schema or schema, delivered.table) if delivered else None
    sessions = qualified(schema, settings.table)
    return {
        **{key: None if name is None else identifier(name) for key, name in columns.items()},
        "sessions": in_template(sessions),
        "sessions_name": label(sessions),
        "users": in_template(qualified(credit.schema or schema, credit.table)),
        "delivered": made and in_template(made),
        "refunded_name": label(refunded.column) if isinstance(refunded, RefundedColumn) else None,
        "own": {role: in_template(name) for role, name in own_names(settings).items()},
        "queued": label(settings.queued),
        "processing": [label(each) for each in settings.processing],
        "in_hand": [label(each) for each in settings.in_hand],
        "cost": _cost(settings),
        "is_refunded": _is_refunded(settings),
        "created_at": in_template(_instant(settings, "created", settings.created)),
        "started_at": settings.started
        and in_template(_instant(settings, "started", settings.started)),
    }


def mapping_in_sql(settings: SessionSettings, items: str | None) -> dict[str, Any]:
    """Return the names in the check of the mapping, as SQL: tables and columns as texts."""
    credit, delivered, refunded, cost = (
        settings.credits,
        settings.delivered,
        settings.refunded,
        settings.cost,
    )
    cost_column = str(cost.value) if cost.kind is not CostKind.CONSTANT else None
    refunded_column = refunded.column if isinstance(refunded, RefundedColumn) else None
    times = (settings.created, settings.started, settings.completed, settings.updated)
    columns = (settings.id, settings.user, settings.status, settings.error, *times)
    tables: list[tuple[str | None, str, tuple[str | None, ...]]] = [
        (settings.schema, settings.table, (*columns, items, cost_column, refunded_column)),
        (credit.schema, credit.table, (credit.id, credit.balance, credit.spent)),
    ]
    if delivered:
        tables.append((delivered.schema, delivered.table, (delivered.session,)))
    if isinstance(refunded, RefundLedger):
        tables.append((refunded.schema, refunded.table, (refunded.session, *refunded.where)))
    users = label(qualified(credit.schema or settings.schema, credit.table))
    sessions = label(qualified(settings.schema, settings.table))
    amounts = [(users, label(credit.balance), "balance")]
    amounts += [(users, label(credit.spent), "balance")] if credit.spent else []
    if cost.kind is CostKind.COLUMN:
        amounts.append((sessions, label(str(cost.value)), "cost"))
    labels = (settings.queued, settings.finished, settings.failed, *settings.in_hand)
    return {
        "mapped_columns": [
            (label(qualified(schema or settings.schema, table)), label(table), label(column))
            for schema, table, columns in tables
            for column in dict.fromkeys(filter(None, columns))
        ],
        "amounts": amounts,
        "all_labels": [label(each) for each in dict.fromkeys(labels)],
        "users_name": users,
        "id_name": label(settings.id),
        "account_name": label(credit.id),
        "status_name": label(settings.status),
        "sessions_id_problem": label(f"{settings.table}.{settings.id} is no key"),
        "account_problem": label(f"{credit.table}.{credit.id} is no key"),
    }


def _cost(settings: SessionSettings) -> str:
    """Return the cost in credits of the row called ``session``; null where it cannot be read."""
    cost = settings.cost
    if cost.kind is CostKind.CONSTANT:
        return str(int(cost.value))
    column = f"session.{identifier(str(cost.value))}"
    if cost.kind is CostKind.COLUMN:
        no_amount = "('NaN', 'Infinity', '-Infinity')"
        return f"CASE WHEN {column} >= 0 AND {column}::text NOT IN {no_amount} THEN {column} END"
    # to_jsonb makes one list of an array, of json and of jsonb.
    listed = f"to_jsonb({column})"
    return f"CASE WHEN jsonb_typeof({listed}) = 'array' THEN jsonb_array_length({listed}) END"


def _is_refunded(settings: SessionSettings) -> str:
    """Return whether the row called ``session`` has been refunded, by cronshift or the app."""
    session, user = (f"session.{identifier(name)}::text" for name in (settings.id, settings.user))
    refunds = in_template(own_names(settings)["refunds"])
    ours = f"refund.source = ${{SOURCE}} OR (refund.source = '' AND refund.user_id = {user})"
    of_session = f"refund.session_id = {session} AND ({ours})"
    parts = [f"EXISTS (SELECT FROM {refunds} AS refund WHERE {of_session})"]
    refunded = settings.refunded
    if isinstance(refunded, RefundedColumn):
        value = f"to_jsonb(session.{identifier(refunded.column)})"
        parts.append(f"""coalesce({value} NOT IN ('false', '0', '""'), false)""")
    if isinstance(refunded, RefundLedger):
        table = in_template(qualified(refunded.schema or settings.schema, refunded.table))
        wanted = [f"entry.{identifier(refunded.session)}::text = {session}"]
        wanted += [
            f"entry.{identifier(name)}::text = {label(value)}"
            for name, value in refunded.where.items()
        ]
        parts.append(f"EXISTS (SELECT FROM {table} AS entry WHERE {' AND '.join(wanted)})")
    return f"({' OR '.join(parts)})"


def _instant(settings: SessionSettings, role: str, name: str) -> str:
    """Return the instant of a column of the row called ``session``, whatever form it has.

    Null for a text that is no time in ISO 8601. What has no zone is of the zone that ``times`` names,
    else in UTC; a number's unit is told from its size where ``times`` does not name it.
    """
    form = settings.times.get(role, settings.times.get("", ""))
    value = f"to_jsonb(session.{quoted(name)})"
    text = f"({value} #>> '{{}}')"
    unit = _PER_SECOND.get(form) or (
        f"CASE WHEN {text}::numeric >= 1e17 THEN 1e9 WHEN {text}::numeric >= 1e14 THEN 1e6"
        f" WHEN {text}::numeric >= 1e11 THEN 1e3 ELSE 1 END"
    )
    zone = form if form and form not in _FORMS else "UTC"
    return (
        f"(CASE jsonb_typeof({value}) WHEN 'number' THEN to_timestamp({text}::numeric / ({unit}))"
        f" WHEN 'string' THEN CASE WHEN {text} ~ {literal(_ZONED)} THEN {text}::timestamptz"
        f" WHEN {text} ~ {literal(_LOCAL)} THEN {text}::timestamp AT TIME ZONE {literal(zone)}"
        " END END)"
    )

"""Sessions on the new path and on the old one; only read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Text, case, cast, literal, null, select

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement

    from cronshift.sessions.scripts import Database

_MOST = 100_000


@dataclass(frozen=True, slots=True)
class PathRow:
    """One session.

    Attributes:
        created: when it was asked for.
        is_new: whether the new path has it: it has an event.
        label: of its state.
        waited: how long it was in the queue; ``None`` where nothing tells.
        is_refunded: whether its credits were given back.
    """

    created: datetime
    is_new: bool
    label: str
    waited: timedelta | None
    is_refunded: bool


def sessions_since(database: Database, since: datetime) -> list[PathRow]:
    """Return the newest sessions that were asked for since an instant."""
    mapped = database.mapped
    created = mapped.dialect.instant(mapped.times["created"])
    tells = mapped.settings.started is not None
    started = mapped.dialect.instant(mapped.times["started"]) if tells else null()
    wanted = (
        select(
            created,
            _as_number(mapped.is_of_flow()),
            cast(mapped.status, Text),
            started,
            _as_number(mapped.is_refunded()),
        )
        .where(mapped.since("created", since))
        .order_by(created.desc())
        .limit(_MOST)
    )
    moment = mapped.dialect.moment
    with mapped.dialect.reading(database.engine).connect() as connection:
        rows = connection.execute(wanted).all()
    sessions = []
    for instant, is_new, label, start, is_refunded in rows:
        asked, begun = moment(instant), moment(start)
        if asked is not None:
            waited = begun - asked if begun is not None else None
            row = PathRow(asked, bool(is_new), str(label), waited, bool(is_refunded))
            sessions.append(row)
    return sessions


def _as_number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, literal(1)), else_=literal(0))

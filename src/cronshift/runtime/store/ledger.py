"""The ledger in a database, beside the claims: one row for each side, tick and delivery."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import case, func, inspect, or_, select

from cronshift.runtime.dry_runs import FLOOR
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.ownership import tick_text
from cronshift.runtime.store.opening import INSERTS, make_table, open_engine
from cronshift.runtime.store.tables import TICKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Engine, Row, Select

Value = TypeVar("Value")

_KEY = ("job", "tick", "side", "run_id")
_INSTANTS = ("arrived", "started", "ended")
_COLUMNS = tuple(column.name for column in TICKS.columns)


class TickLedger:
    """The records in one database.

    Args:
        engine: SQLite or PostgreSQL.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        make_table(engine, TICKS)

    @classmethod
    def open(cls, url: str) -> TickLedger:
        """Return the ledger in the database at ``url``; the table is made if it is not there.

        Raises:
            ConfigError: for a database of another kind; its URL is never told.
        """
        return cls(open_engine(url, "The ledger needs"))

    def write(self, records: Iterable[TickRecord]) -> None:
        """Keep the records; of those of one run, the newest attempt counts, and its end."""
        rows = [_row(record) for record in records]
        if not rows:
            return
        insert = INSERTS[self._engine.dialect.name](TICKS)
        new, old = insert.excluded, TICKS.c
        is_newer = or_(
            new.attempts > old.attempts,
            (new.attempts == old.attempts) & (new.status != TickStatus.RUNNING),
            new.status == TickStatus.CANCELLED,
        )
        values: dict[str, Any] = {
            name: case((is_newer, new[name]), else_=old[name])
            for name in _COLUMNS
            if name not in _KEY
        }
        values["attempts"] = case((new.attempts > old.attempts, new.attempts), else_=old.attempts)
        values["arrived"] = _earlier(old.arrived, new.arrived)
        values["started"] = _earlier(old.started, new.started)
        statement = insert.on_conflict_do_update(
            index_elements=[TICKS.c[name] for name in _KEY], set_=values
        )
        with self._engine.begin() as connection:
            connection.execute(statement, rows)

    def read(self, since: datetime, until: datetime, job: str | None = None) -> list[TickRecord]:
        """Return the records of the ticks from ``since`` up to before ``until``, in their order."""
        return _read(self._engine, since, until, job)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def read_ledger(
    url: str, since: datetime, until: datetime, job: str | None = None
) -> list[TickRecord]:
    """Return the records that the database at ``url`` holds of the ticks in ``[since, until)``.

    Nothing is made there: where there is no ledger there are no records.

    Raises:
        ConfigError: for a database of another kind; its URL is never told.
    """
    return _looked_up(url, lambda engine: _read(engine, since, until, job))


def read_run(url: str, run_id: str) -> list[TickRecord]:
    """Return the records of one run that the database at ``url`` holds, as :func:`read_ledger` does."""
    wanted = select(TICKS).where(TICKS.c.run_id == run_id)
    return _looked_up(url, lambda engine: _selected(engine, wanted))


@dataclass(frozen=True, slots=True)
class RunCount:
    """The number of Inngest's runs of a job in one role.

    Attributes:
        dead: how many of them failed or were cancelled.
        retries: their attempts behind the first.
    """

    job: str
    role: Role
    runs: int
    dead: int
    retries: int


def count_runs(url: str, since: datetime, until: datetime) -> list[RunCount]:
    """Return the numbers of Inngest's runs that the database at ``url`` holds of the ticks in a span."""
    is_over = TICKS.c.status.in_([TickStatus.FAILED, TickStatus.CANCELLED])
    is_dead = is_over & (TICKS.c.role != Role.REHEARSED)  # whose errors end no run
    again = case((TICKS.c.attempts > 1, TICKS.c.attempts - 1), else_=0)
    wanted = (
        select(
            TICKS.c.job,
            TICKS.c.role,
            func.count(),
            func.sum(case((is_dead, 1), else_=0)),
            func.sum(again),
        )
        .where(TICKS.c.tick >= tick_text(since), TICKS.c.tick < tick_text(until))
        .where(TICKS.c.side == Side.INNGEST, ~TICKS.c.run_id.endswith(FLOOR))
        .group_by(TICKS.c.job, TICKS.c.role)
        .order_by(TICKS.c.job, TICKS.c.role)
    )

    def read(engine: Engine) -> list[RunCount]:
        with engine.connect() as connection:
            rows = connection.execute(wanted).all()
        return [
            RunCount(job, Role(role), int(runs), int(dead), int(retries))
            for job, role, runs, dead, retries in rows
        ]

    return _looked_up(url, read)


def _looked_up(url: str, read: Callable[[Engine], list[Value]]) -> list[Value]:
    engine = open_engine(url, "The ledger needs")
    try:
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        if (file and not Path(file).exists()) or not inspect(engine).has_table(TICKS.name):
            return []
        return read(engine)
    finally:
        engine.dispose()


def _read(engine: Engine, since: datetime, until: datetime, job: str | None) -> list[TickRecord]:
    wanted = select(TICKS).where(TICKS.c.tick >= tick_text(since), TICKS.c.tick < tick_text(until))
    return _selected(engine, wanted if job is None else wanted.where(TICKS.c.job == job))


def _selected(engine: Engine, wanted: Select[Any]) -> list[TickRecord]:
    order = (TICKS.c.tick, TICKS.c.job, TICKS.c.side, TICKS.c.arrived, TICKS.c.run_id)
    with engine.connect() as connection:
        return [_record(row) for row in connection.execute(wanted.order_by(*order))]


def _earlier(old: Any, new: Any) -> Any:
    return case((old.is_(None), new), (new < old, new), else_=old)


def _row(record: TickRecord) -> dict[str, Any]:
    row = {name: getattr(record, name) for name in _COLUMNS}
    return row | {
        "tick": tick_text(record.tick),
        "numbers": json.dumps(dict(record.numbers)),
        "seen": json.dumps(dict(record.seen)),
        "run_id": record.run_id or "",
        **{name: _milliseconds(row[name]) for name in _INSTANTS},
    }


def _record(row: Row[Any]) -> TickRecord:
    values = dict(zip(_COLUMNS, row, strict=True))
    return TickRecord(
        **values
        | {name: _instant(values[name]) for name in _INSTANTS}
        | {
            "tick": datetime.fromisoformat(values["tick"]),
            "side": Side(values["side"]),
            "role": Role(values["role"]),
            "status": TickStatus(values["status"]),
            "numbers": json.loads(values["numbers"]),
            "seen": json.loads(values["seen"]),
            "run_id": values["run_id"] or None,
        }
    )


def _milliseconds(instant: datetime | None) -> int | None:
    return None if instant is None else round(instant.timestamp() * 1000)


def _instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)

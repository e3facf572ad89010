"""Dead letters in a database, beside the ledger: a row for each run."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, inspect, null, select, update

from cronshift.runtime import wire
from cronshift.runtime.dead_letters import DeadLetter
from cronshift.runtime.ledger import TickStatus
from cronshift.runtime.ownership import tick_text
from cronshift.runtime.store.opening import INSERTS, make_table, open_engine
from cronshift.runtime.store.tables import DEAD_LETTERS, TICKS

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Engine, Row

_LETTER = DEAD_LETTERS.c
_RETENTION = 90  # days
_ID_CHARACTERS = 64  # as many as the column takes


class DeadLetters:
    """The dead letters in one database.

    Args:
        engine: SQLite or PostgreSQL.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> DeadLetters:
        """Return the dead letters in the database at ``url``.

        Raises:
            ConfigError: for a database of another kind; its URL is never told.
        """
        return cls(open_engine(url, "Dead letters need"))

    def keep(self, letter: DeadLetter, now: datetime) -> None:
        """Keep a letter, once; those that are older than the retention go."""
        row = {
            "run_id": letter.run_id,
            "job": letter.job,
            "status": letter.status,
            "tick": letter.tick and tick_text(letter.tick),
            "event": letter.event,
            "event_id": letter.event_id,
            "error": letter.error,
            "died": _milliseconds(letter.died),
        }
        insert = INSERTS[self._engine.dialect.name](DEAD_LETTERS).values(row)
        make_table(self._engine, DEAD_LETTERS)
        with self._engine.begin() as connection:
            connection.execute(insert.on_conflict_do_nothing(index_elements=[_LETTER.run_id]))
            expired = _LETTER.died < _milliseconds(now - retention())
            connection.execute(delete(DEAD_LETTERS).where(expired))

    def read(self, *wanted: ColumnElement[bool]) -> list[DeadLetter]:
        """Return the letters, the newest first, with the attempts that the ledger beside them counted."""
        if not self._is_there(DEAD_LETTERS.name):
            return []
        attempts: Any = null()
        if self._is_there(TICKS.name):
            counted = select(func.max(TICKS.c.attempts)).where(TICKS.c.run_id == _LETTER.run_id)
            attempts = counted.scalar_subquery()
        query = select(DEAD_LETTERS, attempts).where(*wanted).order_by(_LETTER.died.desc())
        with self._engine.connect() as connection:
            return [_letter(row) for row in connection.execute(query)]

    def of_job(self, job: str) -> list[DeadLetter]:
        """Return the letters of one job."""
        return self.read(_LETTER.job == job)

    def named(self, run_ids: Collection[str]) -> list[DeadLetter]:
        """Return the letters of some runs."""
        return self.read(_LETTER.run_id.in_(run_ids))

    def replayed(self, run_id: str, replay: str, now: datetime) -> None:
        """Record which run was started in the place of one."""
        values = {"replayed": _milliseconds(now), "replay": replay[:_ID_CHARACTERS]}
        with self._engine.begin() as connection:
            connection.execute(
                update(DEAD_LETTERS).where(_LETTER.run_id == run_id).values(**values)
            )

    def drop(self, run_ids: Collection[str]) -> int:
        """Forget some letters, and return how many there were."""
        if not self._is_there(DEAD_LETTERS.name):
            return 0
        with self._engine.begin() as connection:
            dropped = connection.execute(delete(DEAD_LETTERS).where(_LETTER.run_id.in_(run_ids)))
            return dropped.rowcount

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _is_there(self, table: str) -> bool:
        file = self._engine.url.database if self._engine.dialect.name == "sqlite" else None
        return not (file and not Path(file).exists()) and inspect(self._engine).has_table(table)


def retention() -> timedelta:
    """Return for how long letters are kept: 90 days, or as many as the variable says."""
    days = os.environ.get(wire.DEAD_LETTER_DAYS_VARIABLE, "")
    is_number = days.isdecimal() and days.isascii() and len(days) <= 4  # noqa: PLR2004 - 27 years
    return timedelta(days=int(days) if is_number else _RETENTION)


def _letter(row: Row[Any]) -> DeadLetter:
    names = [column.name for column in DEAD_LETTERS.columns]
    values = dict(zip([*names, "attempts"], row, strict=True))
    tick, replayed = values["tick"], values["replayed"]
    return DeadLetter(
        **values
        | {
            "status": TickStatus(values["status"]),
            "tick": tick and datetime.fromisoformat(tick),
            "died": _instant(values["died"]),
            "replayed": None if replayed is None else _instant(replayed),
            "attempts": values["attempts"] or None,
        }
    )


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)

"""Claims: a unique ``(job, tick)`` row, so that a tick that is delivered twice runs once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select, update

from cronshift.runtime.ownership import tick_text
from cronshift.runtime.store.opening import INSERTS, make_table, open_engine
from cronshift.runtime.store.tables import CLAIMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

LEASE = timedelta(minutes=20)
"""How long a holder is believed to be alive: more than the 15 minutes that a job may take."""


class Claims:
    """The claims in one database.

    Args:
        engine: SQLite or PostgreSQL.
        lease: how long a claim holds when its holder never says that it has finished.
        clock: the present instant; the machines' clocks may differ by far less than the lease.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        lease: timedelta = LEASE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._lease = lease
        self._clock = clock
        self._insert = INSERTS[engine.dialect.name]
        make_table(engine, CLAIMS)

    @classmethod
    def open(cls, url: str) -> Claims:
        """Return the claims in the database at ``url``; the table is made if it is not there.

        Raises:
            ConfigError: for a database of another kind; its URL is never told.
        """
        return cls(open_engine(url, "Claims need"))

    def take(self, job: str, tick: datetime, holder: str) -> bool:
        """Claim a tick for ``holder``; say whether it is theirs.

        It is, when nobody has it, when it was theirs already, or when who had it never finished
        and its lease is over.
        """
        now = self._now()
        lease = now + int(self._lease.total_seconds() * 1000)
        row = {"job": job, "tick": tick_text(tick), "holder": holder, "lease_until": lease}
        insert = self._insert(CLAIMS).values(**row, finished_at=None)
        statement = insert.on_conflict_do_update(
            index_elements=[CLAIMS.c.job, CLAIMS.c.tick],
            set_={"holder": holder, "lease_until": lease},
            where=CLAIMS.c.finished_at.is_(None)
            & or_(CLAIMS.c.holder == holder, CLAIMS.c.lease_until < now),
        ).returning(CLAIMS.c.holder)
        with self._engine.begin() as connection:
            return connection.execute(statement).first() is not None

    def finish(self, job: str, tick: datetime, holder: str) -> None:
        """Record that the tick has run; nobody can take it over any more."""
        statement = update(CLAIMS).where(self._is(job, tick, holder))
        with self._engine.begin() as connection:
            connection.execute(statement.values(finished_at=self._now()))

    def release(self, job: str, tick: datetime, holder: str) -> None:
        """Give an unfinished tick back, because running it failed."""
        unfinished = CLAIMS.c.finished_at.is_(None)
        with self._engine.begin() as connection:
            connection.execute(delete(CLAIMS).where(self._is(job, tick, holder), unfinished))

    def goes_on_before(self, job: str, tick: datetime) -> bool:
        """Return whether somebody holds an earlier tick of the job and has not finished it."""
        earlier = (CLAIMS.c.job == job) & (CLAIMS.c.tick < tick_text(tick))
        alive = CLAIMS.c.finished_at.is_(None) & (CLAIMS.c.lease_until >= self._now())
        with self._engine.connect() as connection:
            row = connection.execute(select(CLAIMS.c.job).where(earlier, alive).limit(1))
            return row.first() is not None

    def has_run(self, job: str, tick: datetime) -> bool:
        """Return whether somebody finished the tick."""
        of_tick = (CLAIMS.c.job == job) & (CLAIMS.c.tick == tick_text(tick))
        wanted = select(CLAIMS.c.job).where(of_tick, CLAIMS.c.finished_at.is_not(None))
        with self._engine.connect() as connection:
            return connection.execute(wanted).first() is not None

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _now(self) -> int:
        return int(self._clock().timestamp() * 1000)

    @staticmethod
    def _is(job: str, tick: datetime, holder: str) -> Any:
        of_tick = (CLAIMS.c.job == job) & (CLAIMS.c.tick == tick_text(tick))
        return of_tick & (CLAIMS.c.holder == holder)

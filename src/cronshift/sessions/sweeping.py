"""Settling sessions in chunks: mark, record the refund, move the credits, in one transaction each.

A session is refunded at most once, because its refund is a row whose key is the session; and what
is marked, recorded and moved is decided by one statement (PostgreSQL) or under one lock (SQLite), so
that a flow that claims a session at the same moment, a second cleaner or a kill changes nothing of
that.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, and_, event, func, insert, literal, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.schema import CreateTable

from cronshift.sessions.mapping import Mapped, as_status

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Connection, Engine, Insert

CHUNK = 100_000
_MOST_TRIES = 20
_RETRIED = {"40P01", "40001", "55P03", "23505"}  # deadlock, serialization, lock, key taken
_WORK_MEMORY = "64MB"  # of the server, for a chunk's rows between its statements


@dataclass(frozen=True, slots=True)
class Sweep:
    """Which sessions are settled, and how.

    Attributes:
        where: the condition; judged again as each row is locked.
        becomes: the label they get; ``None`` leaves it.
        refund: whether what they are owed is paid.
        reason: written into the refund, and into the error column where there is one.
        well: whether nothing went wrong, so that the error column is left alone.
    """

    where: ColumnElement[bool]
    becomes: str | None
    refund: bool
    reason: str
    well: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a sweep did; ``to_json`` is what the commands print."""

    found: int = 0
    settled: int = 0
    refunded: int = 0
    credits: int = 0
    chunks: int = 0
    seconds: float = 0.0
    stopped: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the figures."""
        return {
            "found": self.found,
            "settled": self.settled,
            "refunded": self.refunded,
            "credits": self.credits,
            "chunks": self.chunks,
            "seconds": round(self.seconds, 3),
        }


@dataclass(slots=True)
class Limits:
    """How far a sweep goes.

    Attributes:
        most: rows at most; all when absent.
        chunk: rows a transaction.
        observe: told of the progress after every chunk.
        stop: asked after every chunk; true ends the sweep there.
    """

    most: int | None = None
    chunk: int = CHUNK
    observe: Callable[[Report], None] = field(default=lambda _: None)
    stop: Callable[[], bool] = field(default=lambda: False)


def prepare(engine: Engine) -> Engine:
    """Let writers of one SQLite file wait for each other from their first statement on."""
    if engine.dialect.name == "sqlite":

        def connected(connection: Any, _: Any) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA busy_timeout=30000")
            connection.execute("PRAGMA cache_size=-32000")

        event.listen(engine, "connect", connected)
        event.listen(
            engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE")
        )
    return engine


def make_tables(engine: Engine, mapped: Mapped) -> None:
    """Make cronshift's own tables where they are not there yet."""
    with engine.begin() as connection:
        for table in (mapped.refunds, mapped.outbox, mapped.claims):
            connection.execute(CreateTable(table, if_not_exists=True))


def count(engine: Engine, mapped: Mapped, sweep: Sweep) -> tuple[int, int]:
    """Return how many sessions a sweep would settle, and how many credits it would pay."""
    owed = mapped.owed() if sweep.refund else literal(0)
    wanted = select(owed.label("owed")).where(sweep.where).subquery()
    with engine.connect() as connection:
        row = connection.execute(select(func.count(), func.sum(wanted.c.owed))).one()
    return int(row[0]), int(row[1] or 0)


def run(engine: Engine, mapped: Mapped, sweep: Sweep, limits: Limits | None = None) -> Report:
    """Settle sessions chunk by chunk and return what was done.

    Every chunk is a transaction of its own: after a kill or Ctrl-C those before it stand, and the
    same call goes on behind them.
    """
    limits = limits or Limits()
    began, report, last = time.perf_counter(), Report(), None
    chunk = _chunk_at_once if engine.dialect.name == "postgresql" else _chunk_under_lock
    while True:
        size = limits.chunk
        if limits.most is not None:
            size = min(size, limits.most - report.found)
        if size <= 0:
            break
        found, newest, refunded, paid = _tried(engine, chunk, mapped, sweep, last, size)
        if newest is None:
            break
        last = newest
        report = replace(
            report,
            found=report.found + found,
            settled=report.settled + found,
            refunded=report.refunded + refunded,
            credits=report.credits + paid,
            chunks=report.chunks + 1,
            seconds=time.perf_counter() - began,
        )
        limits.observe(report)
        if limits.stop():
            return replace(report, stopped=True)
    return replace(report, seconds=time.perf_counter() - began)


Chunk = tuple[int, Any, int, int]
"""Rows settled, the last id (``None`` when there was none), refunds written, credits moved."""


def _tried(engine: Engine, chunk: Callable[..., Chunk], *arguments: Any) -> Chunk:
    """Run one chunk, again when the database asked for that: two cleaners met on a user's row."""
    for attempt in range(_MOST_TRIES):
        try:
            with engine.begin() as connection:
                return chunk(connection, *arguments)
        except (OperationalError, IntegrityError) as error:
            state = getattr(error.orig, "sqlstate", None)
            if state not in _RETRIED or attempt == _MOST_TRIES - 1:
                raise
    raise AssertionError("the last try returns or raises")


def _candidates(mapped: Mapped, sweep: Sweep) -> Any:
    owed = mapped.owed() if sweep.refund else literal(0)
    return select(
        mapped.id.label("session_id"), mapped.user.label("user_id"), owed.label("owed")
    ).where(sweep.where)


def _newest(connection: Connection, mapped: Mapped, sweep: Sweep, last: Any, size: int) -> Any:
    """Return the id that ends the next chunk, ``None`` when no session is left."""
    wanted = select(mapped.id).where(sweep.where)
    if last is not None:
        wanted = wanted.where(mapped.id > last)
    ordered = wanted.order_by(mapped.id)
    full = connection.execute(ordered.limit(1).offset(size - 1)).scalar()
    if full is not None:
        return full
    ids = ordered.limit(size).subquery("ids")
    own = ids.c[mapped.settings.id]
    return connection.execute(select(own).order_by(own.desc()).limit(1)).scalar()


def _between(column: Any, last: Any, newest: Any) -> ColumnElement[bool]:
    inside: ColumnElement[bool] = column <= newest
    return inside if last is None else and_(inside, column > last)


def _chunk_at_once(
    connection: Connection, mapped: Mapped, sweep: Sweep, last: Any, size: int
) -> Chunk:
    """Do a chunk in one statement.

    What is marked is decided by the update itself: a row that somebody else has changed meanwhile
    is judged anew, and left alone when it no longer fits. Where nothing is marked, rows that others
    have locked are left to them. Whoever pays a refund holds its session's row; a refund that was
    committed while this waited for that row makes the key clash, and the chunk is done anew.
    """
    connection.execute(select(func.set_config("work_mem", _WORK_MEMORY, True)))
    newest = _newest(connection, mapped, sweep, last, size)
    if newest is None:
        return 0, None, 0, 0
    # Between two ids the planner walks the key; with a limit it would read the whole table.
    inside = _between(mapped.id, last, newest)
    candidates = _candidates(mapped, sweep).where(inside)
    if sweep.becomes is None:
        rows = candidates.with_for_update(skip_locked=True, of=mapped.sessions).cte("batch")
    else:
        marking = update(mapped.sessions).where(sweep.where, inside)
        marked = marking.values(**_marks(mapped, sweep))
        rows = marked.returning(*candidates.selected_columns).cte("batch")
    refunds = mapped.refunds.c
    refunded = select(refunds.session_id).where(refunds.session_id == rows.c.session_id)
    owed = select(rows).where(~refunded.exists()).subquery("owed_now")
    recording = _recording(insert(mapped.refunds), sweep, owed, time.time_ns())
    paid = recording.returning(refunds.user_id, refunds.amount).cte("paid")
    sums = (
        select(paid.c.user_id, func.sum(paid.c.amount).label("amount"))
        .group_by(paid.c.user_id)
        .cte("sums")
    )
    moved = (
        update(mapped.users)
        .where(mapped.users.c[mapped.settings.credits.id] == sums.c.user_id)
        .values(**_movements(mapped, sums.c.amount))
        .returning(literal(1))
        .cte("moved")
    )
    told = select(
        select(func.count()).select_from(rows).scalar_subquery(),
        select(func.count()).select_from(paid).scalar_subquery(),
        select(func.coalesce(func.sum(paid.c.amount), 0)).scalar_subquery(),
    ).add_cte(moved)
    found, refunded, paid_out = connection.execute(told).one()
    return int(found), newest, int(refunded), int(paid_out)


def _chunk_under_lock(
    connection: Connection, mapped: Mapped, sweep: Sweep, last: Any, size: int
) -> Chunk:
    """Do a chunk statement by statement, while nobody else can write."""
    newest = _newest(connection, mapped, sweep, last, size)
    if newest is None:
        return 0, None, 0, 0
    refunds = mapped.refunds
    inside = _between(mapped.id, last, newest)
    among = _between(refunds.c.session_id, last, newest)
    earlier = connection.execute(select(func.max(refunds.c.refunded_at)).where(among)).scalar()
    now = max(time.time_ns(), (earlier or 0) + 1)  # this chunk's alone, whatever the clock says
    own = and_(among, refunds.c.refunded_at == now)
    rows = _candidates(mapped, sweep).where(inside).subquery("batch")
    unpaid = sqlite.insert(refunds).on_conflict_do_nothing([refunds.c.session_id])
    connection.execute(_recording(unpaid, sweep, rows, now))
    sums = (
        select(refunds.c.user_id, func.sum(refunds.c.amount).label("amount"))
        .where(own)
        .group_by(refunds.c.user_id)
        .subquery("sums")
    )
    user = mapped.users.c[mapped.settings.credits.id]
    moving = update(mapped.users).where(user == sums.c.user_id)
    connection.execute(moving.values(**_movements(mapped, sums.c.amount)))
    told = select(func.count(), func.coalesce(func.sum(refunds.c.amount), 0)).where(own)
    refunded, paid_out = connection.execute(told).one()
    found = refunded
    if sweep.becomes is not None:
        marking = update(mapped.sessions).where(sweep.where, inside)
        found = connection.execute(marking.values(**_marks(mapped, sweep))).rowcount
    return int(found), newest, int(refunded), int(paid_out)


def _recording(recording: Insert, sweep: Sweep, rows: Any, now: int) -> Insert:
    """Return the statement that records the refunds of rows."""
    values = select(
        rows.c.session_id,
        rows.c.user_id,
        rows.c.owed,
        literal(now, BigInteger),
        literal(sweep.reason[:200]),
    ).where(rows.c.owed > 0)
    names = ["session_id", "user_id", "amount", "refunded_at", "reason"]
    return recording.from_select(names, values)


def _marks(mapped: Mapped, sweep: Sweep) -> dict[str, Any]:
    marks: dict[str, Any] = {mapped.settings.status: as_status(mapped, sweep.becomes or "")}
    if mapped.settings.error and not sweep.well:
        marks[mapped.settings.error] = sweep.reason
    return marks


def _movements(mapped: Mapped, amount: Any) -> dict[str, Any]:
    credit = mapped.settings.credits
    columns = mapped.users.c
    moves: dict[str, Any] = {credit.balance: columns[credit.balance] + amount}
    if credit.spent:
        moves[credit.spent] = columns[credit.spent] - amount
    return moves

"""Sweeps that settle sessions: mark, move the credits, record the move, a transaction a chunk.

A session is settled whole or not at all: its state, its user's credits and its refund change together.
A session is refunded at most once, because its refund is a row whose key is the session. One that cannot
be settled is left as it is, told with its reason, and stops no other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Text, case, cast, func, literal, select

from cronshift.sessions.aside import Aside, Residue, SetAside
from cronshift.sessions.chunks import Worker
from cronshift.sessions.settings import RefundedColumn

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Engine, FromClause, Select

    from cronshift.sessions.mapping import Mapped

CHUNK = 100_000


@dataclass(frozen=True, slots=True)
class Sweep:
    """The sessions that a sweep settles, and their settlement.

    Attributes:
        where: the condition; judged again as each row is locked.
        becomes: the label they get; ``None`` leaves it.
        refund: whether what they are owed is paid.
        reason: written into the refund, and into the error column where there is one.
        at: the present instant, for the columns that hold one.
        well: whether nothing went wrong, so that the error column is left alone.
        delivered: how many items were, where no table of the app says so.
        untimed: the condition of sessions whose times cannot be read; they are told.
        roughly: a condition that is soon looked at and that each of them meets, with few others: it parts
            them into chunks. Without it ``where`` does.
    """

    where: ColumnElement[bool]
    becomes: str | None
    refund: bool
    reason: str
    at: datetime
    well: bool = False
    delivered: int | None = None
    untimed: ColumnElement[bool] | None = None
    roughly: ColumnElement[bool] | None = None

    def owed(self, mapped: Mapped, *, unpaid: bool = False) -> ColumnElement[Any]:
        """Return the amount that a session is paid; null where that cannot be told.

        Args:
            mapped: the tables.
            unpaid: whether cronshift's refunds need not be looked at.
        """
        return mapped.owed(self.delivered, unpaid=unpaid) if self.refund else literal(0)

    def marks(self, mapped: Mapped) -> dict[str, Any]:
        """Return the columns of a session that are set."""
        settings, marks = mapped.settings, dict[str, Any]()
        if self.becomes is not None:
            marks |= {settings.status: mapped.label(self.becomes), **mapped.touched(self.at)}
            if settings.error and not self.well:
                marks[settings.error] = self.reason
            if settings.completed and self.becomes in {settings.finished, settings.failed}:
                marks[settings.completed] = mapped.stored("completed", self.at)
        if self.refund and isinstance(settings.refunded, RefundedColumn):
            column = mapped.sessions.c[settings.refunded.column]
            in_time = "refunded" in mapped.times
            value = mapped.typed(mapped.stored("refunded", self.at) if in_time else True, column)
            marks[column.name] = case((self.owed(mapped) > 0, value), else_=column)
        return marks

    def movements(self, mapped: Mapped, amount: ColumnElement[Any]) -> dict[str, Any]:
        """Return the columns of a user that are set, for the sum owed for all of their sessions."""
        credit = mapped.settings.credits
        moves: dict[str, Any] = {credit.balance: mapped.balance + amount}
        if credit.spent:
            moves[credit.spent] = mapped.users.c[credit.spent] - amount
        return moves

    def refund_rows(self, mapped: Mapped, owed: FromClause) -> Select[Any]:
        """Return the rows of refunds for sessions that are owed something."""
        return select(
            cast(owed.c.session_id, Text).label("session_id"),
            cast(owed.c.user_id, Text).label("user_id"),
            owed.c.owed.label("amount"),
            literal(time.time_ns(), BigInteger).label("refunded_at"),
            literal(self.reason[:200]).label("reason"),
            literal(mapped.source).label("source"),
            literal(mapped.settings.flow).label("flow"),
        )


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a sweep; the commands print its ``to_json``.

    Attributes:
        aside: those that could not be settled.
    """

    seen: int = 0
    settled: int = 0
    refunded: int = 0
    credits: Any = 0
    chunks: int = 0
    seconds: float = 0.0
    stopped: bool = False
    aside: Aside = field(default_factory=lambda: Aside(0, ()))

    @property
    def exceptions(self) -> tuple[SetAside, ...]:
        """The first of those that could not be settled."""
        return self.aside.listed

    def to_json(self) -> dict[str, Any]:
        """Return the figures; exceptions where there are some."""
        figures = {
            "found": self.seen,
            "settled": self.settled,
            "refunded": self.refunded,
            "credits": exact(self.credits),
            "chunks": self.chunks,
            "seconds": round(self.seconds, 3),
        }
        if not self.aside.total:
            return figures
        exceptions = [each.to_json() for each in self.exceptions]
        return figures | {"aside": self.aside.total, "exceptions": exceptions}


def exact(amount: Any) -> int | float | str:
    """Return an amount for JSON: a number where that is exact, else text."""
    number = Decimal(amount)
    if number == number.to_integral_value():
        return int(number)
    return float(number) if Decimal(repr(float(number))) == number else str(number)


@dataclass(slots=True)
class SweepLimits:
    """The limits of a sweep.

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


def count(engine: Engine, mapped: Mapped, sweep: Sweep) -> tuple[int, Any]:
    """Return the number of sessions that a sweep would settle, and the credits it would pay.

    Nothing is changed; those that cannot be settled (:func:`left_aside`) are not among them.
    """
    problem = mapped.problem(sweep.owed(mapped)) if sweep.refund else literal(None, Text)
    rows = (
        select(sweep.owed(mapped).label("owed"), problem.label("problem"))
        .where(sweep.where)
        .subquery()
    )
    sums = mapped.dialect.sums(rows.c.owed)
    figures = select(func.count(), *(part for _, part in sums)).where(rows.c.problem.is_(None))
    with mapped.dialect.reading(engine).connect() as connection:
        sessions, *parts = connection.execute(figures).one()
    owed = sum(factor * (part or 0) for (factor, _), part in zip(sums, parts, strict=True))
    return int(sessions), owed


def left_aside(engine: Engine, mapped: Mapped, sweep: Sweep) -> Aside:
    """Return the sessions that a sweep could not settle, as far as that is known before it."""
    return Residue(mapped, sweep, only_problems=True).read(engine)


def run(engine: Engine, mapped: Mapped, sweep: Sweep, limits: SweepLimits | None = None) -> Report:
    """Settle sessions chunk by chunk and return the report.

    Every chunk is a transaction of its own: after a kill or Ctrl-C those before it stand, and the
    same call goes on behind them.

    Raises:
        CronshiftError: if the database's user lacks a right, or cronshift's tables cannot be made.
    """
    limits = limits or SweepLimits()
    began, report, last = time.perf_counter(), Report(), None
    worker = Worker(engine, mapped.writable(engine), sweep)
    worker.refuse_without_rights()
    worker.look_for_refunds()
    while True:
        size = limits.chunk if limits.most is None else min(limits.chunk, limits.most - report.seen)
        newest = worker.newest(last, size, roughly=True) if size > 0 else None
        if newest is None:
            break
        chunk = worker.settle(last, newest, size)
        last = newest
        report = replace(
            report,
            seen=report.seen + chunk.sessions,
            settled=report.settled + chunk.sessions,
            refunded=report.refunded + chunk.refunded,
            credits=report.credits + chunk.amount,
            chunks=report.chunks + 1,
            seconds=time.perf_counter() - began,
        )
        limits.observe(report)
        if limits.stop():
            report = replace(report, stopped=True)
            break
    ended = not report.stopped and (limits.most is None or report.seen < limits.most)
    aside = worker.aside(ended=ended)
    return replace(report, aside=aside, seconds=time.perf_counter() - began)

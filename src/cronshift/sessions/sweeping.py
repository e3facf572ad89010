"""Settling sessions in chunks: mark, move the credits, record what has moved, in one transaction each.

A session is settled whole or not at all: its state, its user's credits and its refund change together.
A session is refunded at most once, because its refund is a row whose key is the session. One that cannot
be settled is left as it is, told with its reason, and stops no other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Text, and_, case, cast, func, literal, or_, select
from sqlalchemy.exc import DBAPIError

from cronshift.errors import CronshiftError
from cronshift.sessions.dialect import Chunk, KeptError, UnmovedError
from cronshift.sessions.settings import RefundedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Engine, FromClause, Select

    from cronshift.sessions.mapping import Mapped

CHUNK = 100_000
_MOST_TRIES = 20
MOST_TOLD = 1_000
"""Sessions that are listed one by one; how many there are in all is always told."""

KEPT = "the database keeps it as it is"
UNMOVED = "its user's credits do not move"


@dataclass(frozen=True, slots=True)
class Sweep:
    """Which sessions are settled, and how.

    Attributes:
        where: the condition; judged again as each row is locked.
        becomes: the label they get; ``None`` leaves it.
        refund: whether what they are owed is paid.
        reason: written into the refund, and into the error column where there is one.
        at: the present instant, for the columns that hold one.
        well: whether nothing went wrong, so that the error column is left alone.
        delivered: how many items were, where no table of the app says so.
        untimed: the condition of sessions whose times cannot be read; they are told.
    """

    where: ColumnElement[bool]
    becomes: str | None
    refund: bool
    reason: str
    at: datetime
    well: bool = False
    delivered: int | None = None
    untimed: ColumnElement[bool] | None = None

    def owed(self, mapped: Mapped) -> ColumnElement[Any]:
        """Return what a session is paid; null where that cannot be told."""
        return mapped.owed(self.delivered) if self.refund else literal(0)

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
        """Return the columns of a user that are set, for what all of their sessions are owed."""
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
class KeySpan:
    """Sessions by their ids: behind ``after``, up to ``last``; some users' are left out."""

    after: Any
    last: Any
    without: tuple[Any, ...] = ()

    def holds(self, mapped: Mapped, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return whether a session is among them."""
        inside: ColumnElement[bool] = column <= self.last
        if self.after is not None:
            inside = and_(inside, column > self.after)
        if self.without:
            others = ~mapped.dialect.among(mapped.user, self.without)
            inside = and_(inside, or_(mapped.user.is_(None), others))
        return inside


@dataclass(frozen=True, slots=True)
class SetAside:
    """A session that could not be settled; ids as text."""

    session_id: str
    user_id: str | None
    reason: str

    def to_json(self) -> dict[str, str | None]:
        """Return it as the commands print it."""
        return {"session_id": self.session_id, "user_id": self.user_id, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Aside:
    """Sessions that could not be settled: how many, and the first of them."""

    total: int
    listed: tuple[SetAside, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a sweep did; ``to_json`` is what the commands print.

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


def count(engine: Engine, mapped: Mapped, sweep: Sweep) -> tuple[int, Any]:
    """Return how many sessions a sweep would settle, and how many credits it would pay.

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
    """Settle sessions chunk by chunk and return what was done, and what could not be.

    Every chunk is a transaction of its own: after a kill or Ctrl-C those before it stand, and the
    same call goes on behind them.

    Raises:
        CronshiftError: if the database's user lacks a right, or cronshift's tables cannot be made.
    """
    limits = limits or SweepLimits()
    began, report, last = time.perf_counter(), Report(), None
    worker = _Worker(engine, mapped.writable(engine), sweep)
    worker.refuse_without_rights()
    while True:
        size = limits.chunk if limits.most is None else min(limits.chunk, limits.most - report.seen)
        newest = worker.newest(last, size) if size > 0 else None
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


@dataclass(frozen=True, slots=True)
class Residue:
    """The sessions that a sweep is for and that are there all the same.

    Attributes:
        only_problems: leave out those of which nothing is known to be wrong: before a sweep.
    """

    mapped: Mapped
    sweep: Sweep
    only_problems: bool

    def read(self, engine: Engine, reasons: dict[str, str] | None = None) -> Aside:
        """Return them with their reasons, those that the sweep has met first."""
        mapped, sweep = self.mapped, self.sweep
        problem = mapped.problem(sweep.owed(mapped)) if sweep.refund else literal(None, Text)
        session, user = cast(mapped.id, Text), cast(mapped.user, Text)
        rows = select(session.label("session"), user.label("user"), problem.label("problem"))
        wanted = rows.where(sweep.where)
        if self.only_problems:
            wanted = wanted.where(problem.is_not(None))
        if sweep.untimed is not None:
            untimed = select(session, user, literal("its time cannot be read"))
            wanted = wanted.union_all(untimed.where(sweep.untimed))  # type: ignore[assignment] # a select too
        listed = wanted.subquery("aside")
        with mapped.dialect.reading(engine).connect() as connection:
            total = connection.execute(select(func.count()).select_from(listed)).scalar_one()
            first = connection.execute(select(listed).limit(MOST_TOLD)).all() if total else []
        causes = reasons or {}
        shown = [
            SetAside(row.session, row.user, row.problem or causes.get(row.session) or KEPT)
            for row in first
        ]
        return Aside(int(total), tuple(shown))


@dataclass(slots=True)
class _Worker:
    """Does chunks; where one fails, finds the sessions that made it fail by halving it."""

    engine: Engine
    mapped: Mapped
    sweep: Sweep
    reasons: dict[str, str] = field(default_factory=dict)
    unmoved: set[str] = field(default_factory=set)

    def refuse_without_rights(self) -> None:
        with self.mapped.dialect.reading(self.engine).connect() as connection:
            lacking = list(self.mapped.dialect.missing_rights(connection, self.mapped))
        if lacking:
            raise CronshiftError(
                f"The database's user may not {', '.join(lacking)}; nothing was changed.",
                reason="no-rights",
            )

    def newest(self, last: Any, size: int) -> Any:
        """Return the id that ends the next chunk, ``None`` when no session is left."""
        wanted = select(self.mapped.id).where(self.sweep.where)
        if last is not None:
            wanted = wanted.where(self.mapped.id > last)
        ordered = wanted.order_by(self.mapped.id)
        with self.mapped.dialect.reading(self.engine).connect() as connection:
            full = connection.execute(ordered.limit(1).offset(size - 1)).scalar()
            if full is not None:
                return full
            ids = ordered.limit(size).subquery("ids")
            key = ids.c[self.mapped.settings.id]
            return connection.execute(select(key).order_by(key.desc()).limit(1)).scalar()

    def settle(self, after: Any, last: Any, size: int) -> Chunk:
        """Settle what can be settled of a span."""
        span = KeySpan(after, last, tuple(self.unmoved))
        try:
            return self._tried(span)
        except UnmovedError as error:
            users = {str(user) for user in error.users}
            if not users <= self.unmoved:
                self.unmoved |= users
                return self.settle(after, last, size)
            reason = UNMOVED
        except KeptError:
            reason = KEPT
        except DBAPIError as error:
            fault = self.mapped.dialect.fault_of_a_row(error)
            if fault is None:
                raise
            reason = fault
        if size <= 1:
            self.reasons[str(last)] = reason
            return Chunk()
        half = size // 2
        middle = self.newest(after, half)
        if middle is None or middle == last:
            return self.settle(after, last, half)
        first = self.settle(after, middle, half)
        second = self.settle(middle, last, size - half)
        return Chunk(
            first.sessions + second.sessions,
            first.refunded + second.refunded,
            first.amount + second.amount,
        )

    def _tried(self, span: KeySpan) -> Chunk:
        """Do one transaction, again when the database asked for that."""
        dialect = self.mapped.dialect
        for attempt in range(_MOST_TRIES):
            try:
                with self.engine.begin() as connection:
                    return dialect.settle(connection, self.mapped, self.sweep, span)
            except DBAPIError as error:
                if not dialect.is_worth_retrying(error) or attempt == _MOST_TRIES - 1:
                    raise
        raise AssertionError("the last try returns or raises")

    def aside(self, *, ended: bool) -> Aside:
        """Return what could not be settled; all that is left, once the sweep has seen everything."""
        if not ended:
            shown = [SetAside(session, None, reason) for session, reason in self.reasons.items()]
            return Aside(len(shown), tuple(shown[:MOST_TOLD]))
        left = Residue(self.mapped, self.sweep, only_problems=False).read(self.engine, self.reasons)
        return Aside(left.total, tuple(self._explained(left.listed)))

    def _explained(self, sessions: tuple[SetAside, ...]) -> Iterator[SetAside]:
        for each in sessions:
            moved = each.user_id not in self.unmoved
            yield each if moved or each.reason != KEPT else replace(each, reason=UNMOVED)

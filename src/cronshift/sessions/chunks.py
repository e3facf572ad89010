"""The settling of sessions by chunks; where a chunk fails, its sessions at fault are found."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, literal, not_, or_, select, update
from sqlalchemy.exc import DBAPIError

from cronshift.errors import CronshiftError
from cronshift.sessions.aside import KEPT, MOST_TOLD, UNMOVED, Aside, Residue, SetAside
from cronshift.sessions.dialect import Chunk, KeptError, UnmovedError
from cronshift.sessions.tables import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Engine

    from cronshift.sessions.mapping import Mapped
    from cronshift.sessions.sweeping import Sweep

_MOST_TRIES = 20


@dataclass(frozen=True, slots=True)
class IdRange:
    """Sessions by their ids: behind ``after``, up to ``last``, some users' left out.

    Attributes:
        without: users none of whose sessions are among them.
        refused: users whose sessions are not that are owed an amount or more, by that amount.
        unpaid: whether none of them has been paid, as far as is known; if one has, its key clashes.
    """

    after: Any
    last: Any
    without: tuple[str, ...] = ()
    refused: tuple[tuple[Any, tuple[str, ...]], ...] = ()
    unpaid: bool = False

    def spans(self, mapped: Mapped) -> ColumnElement[bool]:
        """Return whether a session's id is one of theirs, whoever its user is."""
        ends: ColumnElement[bool] = mapped.id <= self.last
        return ends if self.after is None else and_(ends, mapped.id > self.after)

    def holds(self, mapped: Mapped, sweep: Sweep) -> ColumnElement[bool]:
        """Return whether a session is among them."""
        among, owed, inside = mapped.dialect.among, sweep.owed(mapped), self.spans(mapped)
        out = [among(mapped.user, self.without)] if self.without else []
        out += [
            and_(owed >= literal(amount, EXACT), among(mapped.user, users))
            for amount, users in self.refused
        ]
        return and_(inside, or_(mapped.user.is_(None), not_(or_(*out)))) if out else inside


@dataclass(slots=True)
class Worker:
    """The worker that does chunks; where one fails, it finds the sessions at fault by halving it.

    Attributes:
        reasons: why sessions could not be settled, by id.
        unmoved: users whose credits do not move.
        refused: the least that the database did not take on a user's balance, by user, and why.
        unpaid: whether no session of the sweep has met its own refund yet.
    """

    engine: Engine
    mapped: Mapped
    sweep: Sweep
    reasons: dict[str, str] = field(default_factory=dict)
    unmoved: set[str] = field(default_factory=set)
    refused: dict[str, tuple[Any, str]] = field(default_factory=dict)
    unpaid: bool = True

    def look_for_refunds(self) -> None:
        """Find out whether sessions are among them that were refunded before: asking once is enough.

        One that is refunded meanwhile makes the key of its refund clash. Where no label changes, those
        are left out anyway.
        """
        if self.sweep.becomes is None:
            return
        mapped, refunds = self.mapped, self.mapped.ours.refunds.c
        asked = [
            select(literal(1)).where(refunds.source.in_(["", mapped.source])),  # none was ever made
            select(mapped.id).where(self.sweep.where, mapped.is_refunded()),
        ]
        with mapped.dialect.reading(self.engine).connect() as connection:
            self.unpaid = any(connection.execute(rows.limit(1)).first() is None for rows in asked)

    def refuse_without_rights(self) -> None:
        """Make sure that the database's user has the rights for the changes."""
        with self.mapped.dialect.reading(self.engine).connect() as connection:
            lacking = list(self.mapped.dialect.missing_rights(connection, self.mapped))
        if lacking:
            raise CronshiftError(
                f"The database's user may not {', '.join(lacking)}; nothing was changed.",
                reason="no-rights",
            )

    def newest(self, last: Any, size: int, *, roughly: bool = False) -> Any:
        """Return the id that ends the next chunk, ``None`` when no session is left.

        A chunk that is parted ``roughly`` may hold fewer than ``size``, or none.
        """
        rough = self.sweep.roughly if roughly else None
        wanted = select(self.mapped.id).where(self.sweep.where if rough is None else rough)
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
        """Settle the sessions that can be settled of a range of ids."""
        try:
            return self._tried(IdRange(after, last, tuple(self.unmoved), self._refused_amounts()))
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
            self._look_at_the_balance(last)
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

    def _refused_amounts(self) -> tuple[tuple[Any, tuple[str, ...]], ...]:
        users = defaultdict[Any, list[str]](list)
        for user, (amount, _) in self.refused.items():
            users[amount].append(user)
        return tuple((amount, tuple(named)) for amount, named in users.items())

    def _look_at_the_balance(self, session_id: Any) -> None:
        """Find out whether a session failed by its user's balance: as much or more fails there too.

        So a balance near its end costs one search, however many sessions its user has.
        """
        mapped, sweep = self.mapped, self.sweep
        owed = sweep.owed(mapped)
        session = select(mapped.user, owed.label("owed")).where(mapped.id == session_id)
        with self.engine.connect() as connection:
            user, amount = connection.execute(session).one_or_none() or (None, None)
            if user is None or not amount or amount <= 0:
                return
            part = select(owed).where(mapped.id == session_id).scalar_subquery()
            of_user = select(mapped.user).where(mapped.id == session_id).scalar_subquery()
            moving = update(mapped.users).where(mapped.is_account_of(of_user))
            try:
                connection.execute(moving.values(**sweep.movements(mapped, part)))
            except DBAPIError as error:
                fault = mapped.dialect.fault_of_a_row(error)
                if fault is not None:
                    self.refused[str(user)] = amount, fault
            finally:
                connection.rollback()

    def _tried(self, ids: IdRange) -> Chunk:
        """Do one transaction, again when the database asked for that, or a refund was there."""
        dialect = self.mapped.dialect
        for attempt in range(_MOST_TRIES):
            try:
                with self.engine.begin() as connection:
                    ids = replace(ids, unpaid=self.unpaid)
                    return dialect.settle(connection, self.mapped, self.sweep, ids)
            except DBAPIError as error:
                if not dialect.is_worth_retrying(error) or attempt == _MOST_TRIES - 1:
                    raise
                self.unpaid = False
        raise AssertionError("the last try returns or raises")

    def aside(self, *, ended: bool) -> Aside:
        """Return the sessions that could not be settled; all that are left, once it has ended."""
        if not ended:
            shown = [SetAside(session, None, reason) for session, reason in self.reasons.items()]
            return Aside(len(shown), tuple(shown[:MOST_TOLD]))
        left = Residue(self.mapped, self.sweep, only_problems=False).read(self.engine, self.reasons)
        return Aside(left.total, tuple(self._explained(left.listed)))

    def _explained(self, sessions: tuple[SetAside, ...]) -> Iterator[SetAside]:
        for each in sessions:
            _, refused = self.refused.get(each.user_id or "", (None, KEPT))
            reason = UNMOVED if each.user_id in self.unmoved else refused
            yield each if each.reason != KEPT else replace(each, reason=reason)

"""The QUEUED flow on the user's own tables: enqueue, claim, settle, and find lost sessions.

Everything here is one short transaction. What an app's request and Inngest's functions do in between
may be killed anywhere: the outbox still has the event, or recovery finds the session.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import Column, MetaData, Table, Text, cast, column, func, insert, select, update
from sqlalchemy.types import Integer, NullType

from cronshift.errors import CronshiftError
from cronshift.runtime.held import SOURCE, Source
from cronshift.runtime.ownership import Owner
from cronshift.sessions import scripts, sweeping
from cronshift.sessions.outbox import MOST_IN_A_REQUEST, Leased, Outbox
from cronshift.sessions.requested import EVENT, event_of, is_user
from cronshift.sessions.sweeping import Report, Sweep, SweepLimits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from sqlalchemy import Connection, Engine, Select

    from cronshift.sessions.mapping import Mapped

__all__ = ["EVENT", "Enqueued", "NotEnoughCreditsError", "SessionClaim", "SessionFlow", "event_of"]

ONE_ITEM = "session"
"""The item of a session that has no list of items."""

_MOST_AT_ONCE = 500  # sessions that one recovery looks at


class NotEnoughCreditsError(CronshiftError):
    """The user has fewer credits than the session costs; nothing was written."""

    default_reason = "not-enough-credits"


class CostError(CronshiftError):
    """A cost is an amount that the balance can hold, and not below nothing; nothing was written."""

    default_reason = "invalid-cost"


class SessionClaim(StrEnum):
    """The outcome of claiming a session for a run."""

    OURS = "ours"
    GONE = "gone"
    """It is no longer QUEUED: another run has it, or it was settled."""
    FOREIGN = "foreign"
    """The event names another user than the session."""


@dataclass(frozen=True, slots=True)
class Enqueued:
    """A session that was asked for; ``owner`` says whether Inngest or the old path processes it.

    Attributes:
        leased: its event, where the caller said that they send it.
    """

    session_id: str
    owner: Owner
    leased: Leased | None = None


class SessionFlow:
    """One flow of sessions.

    Args:
        name: as in the ownership file's ``flows``.
        engine: of the user's database.
        mapped: the user's tables.
        source: where the ownership file comes from.
        clock: the present instant, aware.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        mapped: Mapped,
        *,
        source: Source = SOURCE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self.engine = engine
        self.clock = clock
        self._mapped = mapped
        self._source = source

    @property
    def mapped(self) -> Mapped:
        """The tables; cronshift's own are made when they are first needed."""
        if not self._mapped.ours.ready:
            self._mapped = self._mapped.writable(self.engine)
        return self._mapped

    @property
    def outbox(self) -> Outbox:
        """The events that wait."""
        return Outbox(self.engine, self.mapped, self.name)

    def owner(self, user_id: str) -> Owner:
        """Return the owner of a user; without an ownership file it is the old path."""
        copy = self._source.current()
        return copy.ownership.flow_owner(self.name, user_id, self.clock()) if copy else Owner.VERCEL

    def enqueue(
        self, user_id: Any, cost: int | Decimal, values: Mapping[str, Any], *, sends: bool = False
    ) -> Enqueued:
        """Charge a user and write a session, QUEUED, with its event in the outbox; all or nothing.

        Args:
            user_id: whose session it is, as the app knows the caller.
            cost: in credits; taken from the balance.
            values: the session's other columns. Id, user, state and time are set here.
            sends: whether the caller sends the event at once; relays leave it alone for a while.

        Raises:
            CostError: for a cost that is no amount.
            InvalidEventError: if an id is none that an event may carry.
            NotEnoughCreditsError: if the balance does not allow it.
        """
        mapped, settings = self.mapped, self.mapped.settings
        credit = settings.credits
        _check_cost(mapped, cost)
        owner, now = self.owner(str(user_id)), self.clock()
        label = settings.queued
        if owner is Owner.VERCEL:
            label = settings.legacy or settings.processing[0]
        row = {
            **values,
            **_new_id(mapped),
            settings.user: user_id,
            settings.status: mapped.label(label),
            settings.created: mapped.stored("created", now),
            **mapped.touched(now),
        }
        charge = update(mapped.users).where(mapped.account == user_id, mapped.balance >= cost)
        moves: dict[str, Any] = {credit.balance: mapped.balance - cost}
        if credit.spent:
            moves[credit.spent] = mapped.users.c[credit.spent] + cost
        leased = None
        with self.engine.begin() as connection:
            if connection.execute(charge.values(**moves)).rowcount != 1:
                raise NotEnoughCreditsError("The balance does not allow this session.")
            table = _with_columns(mapped.sessions, values)
            adding = insert(table).values(**row).returning(table.c[settings.id])
            session = connection.execute(adding).scalar_one()
            if owner is Owner.INNGEST:
                leased = self._put(connection, session, user_id, now, sends=sends)
        return Enqueued(str(session), owner, leased)

    def _put(
        self, connection: Connection, session: Any, user: Any, now: datetime, *, sends: bool
    ) -> Leased | None:
        event = event_of(session, user, 0, self.mapped)
        lease = uuid4().hex if sends else ""
        self.outbox.put(connection, session, user, now, lease=lease)
        return Leased(lease, (event,), (str(session),)) if sends else None

    async def relay(self, send: Callable[[Sequence[dict[str, Any]]], Awaitable[object]]) -> int:
        """Send the events that wait in the outbox and that nobody else sends; return how many.

        Any number of relays may run at once: each event is leased by one of them. The first request has
        one event and the next ones ten times as many: one that is killed while the event API is away
        holds a single event.

        Args:
            send: sends at most as many events as Inngest takes in one request.
        """
        total, most = 0, 1
        while True:
            leased = await asyncio.to_thread(self.outbox.lease, self.clock(), most)
            if not leased.events and not leased.unfit:
                return total
            for request in leased.requests():
                await self.send(request, send)
                total += len(request.events)
            most = min(most * 10, MOST_IN_A_REQUEST)

    async def send(
        self, leased: Leased, send: Callable[[Sequence[dict[str, Any]]], Awaitable[object]]
    ) -> None:
        """Send leased events in one request; give them back where that fails."""
        try:
            await send(leased.events)
        except Exception:
            await asyncio.to_thread(self.outbox.release, leased)
            raise
        await asyncio.to_thread(self.outbox.sent, leased, self.clock())

    def claim(self, session_id: Any, user_id: str, run_id: str) -> SessionClaim:
        """Claim a QUEUED session for a run by one conditional update; again for the same run."""
        mapped, settings = self.mapped, self.mapped.settings
        key = mapped.key(session_id)
        with self.engine.begin() as connection:
            row = connection.execute(select(mapped.user).where(mapped.id == key)).first()
            if row is None:
                return SessionClaim.GONE
            if not is_user(str(session_id), str(row[0]), user_id):
                return SessionClaim.FOREIGN
            taking = update(mapped.sessions).where(
                mapped.id == key, mapped.status == mapped.label(settings.queued)
            )
            marks: dict[str, Any] = {
                settings.status: mapped.label(settings.processing[0]),
                **mapped.touched(self.clock()),
            }
            if settings.started:
                marks[settings.started] = mapped.stored("started", self.clock())
            if connection.execute(taking.values(**marks)).rowcount == 1:
                self._keep_claim(connection, str(key), run_id)
                return SessionClaim.OURS
            claimed = connection.execute(self._claims(run_id, str(key))).first()
        return SessionClaim.OURS if claimed else SessionClaim.GONE

    def _keep_claim(self, connection: Connection, session: str, run_id: str) -> None:
        claims = self.mapped.ours.written.claims
        row = {"session_id": session, "source": self.mapped.source, "run_id": run_id}
        connection.execute(self.mapped.dialect.put(claims, row, {"run_id": run_id}))

    def _claims(self, run_id: str, session: Any) -> Select[Any]:
        """Return the claim of a run, if it has a session; the newest row counts."""
        claims = self.mapped.ours.claims.c
        newest = (
            select(claims.run_id)
            .where(claims.session_id == session, claims.source.in_(["", self.mapped.source]))
            .order_by(claims.source.desc())
            .limit(1)
        )
        if not isinstance(session, str):
            newest = newest.correlate(self.mapped.sessions)
        return select(newest.scalar_subquery().label("run_id")).where(
            newest.scalar_subquery() == run_id
        )

    def row(self, session_id: Any) -> dict[str, Any] | None:
        """Return a session's mapped columns."""
        wanted = select(self._mapped.sessions).where(
            self._mapped.id == self._mapped.key(session_id)
        )
        with self._mapped.dialect.reading(self.engine).connect() as connection:
            row = connection.execute(wanted).first()
        return row._asdict() if row else None

    def items(self, session_id: Any, name: str | None) -> list[str]:
        """Return a session's items: the list in a column of its table, an array or JSON.

        Without a column the session is its one item.
        """
        if name is None:
            return [ONE_ITEM]
        wanted: Select[Any] = select(column(name)).select_from(self._mapped.sessions)
        with self._mapped.dialect.reading(self.engine).connect() as connection:
            value = connection.execute(
                wanted.where(self._mapped.id == self._mapped.key(session_id))
            ).scalar()
        listed = json.loads(value) if isinstance(value, str | bytes) else value
        return [str(item) for item in listed or ()]

    def settle(
        self,
        session_id: Any,
        *,
        well: bool,
        reason: str = "",
        run_id: str | None = None,
        delivered: int | None = None,
    ) -> Report:
        """End a session that is being processed: the part not delivered is refunded.

        Done twice, it changes nothing the second time.

        Args:
            session_id: the session.
            well: whether something was delivered.
            reason: why it failed, or what of it.
            run_id: of the run that ends it; one that has not claimed the session changes nothing.
            delivered: how many items were, where no table of the app says so.
        """
        mapped, settings = self.mapped, self.mapped.settings
        where = (mapped.id == mapped.key(session_id)) & mapped.status.in_(
            [mapped.label(label) for label in settings.in_hand]
        )
        if run_id is not None:
            where &= self._claims(run_id, cast(mapped.id, Text)).exists()
        all_well = well and not reason
        sweep = Sweep(
            where,
            settings.finished if well else settings.failed,
            refund=not (all_well and settings.delivered is None),
            reason=reason or ("delivered in part" if well else "failed"),
            at=self.clock(),
            well=all_well,
            delivered=delivered,
        )
        return sweeping.run(self.engine, mapped, sweep)

    def recover(self) -> tuple[int, Report]:
        """Queue lost sessions again, and settle those that are stuck; safe to run twice.

        Returns:
            How many were queued again (their events are in the outbox), and what was settled.
        """
        lost, stuck = self.requeue(), scripts.stuck(self.mapped, self.clock())
        settled = sweeping.run(self.engine, self.mapped, stuck, SweepLimits(most=_MOST_AT_ONCE))
        return lost, settled

    def replay(self, session_id: Any) -> bool:
        """Let the event of a session that is still QUEUED wait once more; say whether it is.

        One that was settled stays so: its user has the credits back, and may ask again.
        """
        mapped = self.mapped
        queued = mapped.status == mapped.label(mapped.settings.queued)
        wanted = select(mapped.id, mapped.user).where(
            mapped.id == mapped.key(session_id), queued, mapped.user.is_not(None)
        )
        with self.engine.begin() as connection:
            row = connection.execute(wanted.with_for_update()).first()
            if row is not None and not self.outbox.holds(connection, row[0]):
                self.outbox.put(connection, row[0], row[1], self.clock())
        return row is not None

    def requeue(self, most: int = _MOST_AT_ONCE) -> int:
        """Let the events of orphans wait in the outbox once more; return how many.

        Those that were tried least come first, so that none keeps another from its turn.
        """
        mapped, now = self.mapped, self.clock()
        orphans = scripts.orphans(mapped, now, becomes=None, refund=False)
        outbox = mapped.ours.outbox
        tried = (outbox.c.session_id == cast(mapped.id, Text)) & outbox.c.source.in_(
            ["", mapped.source]
        )
        wanted = (
            select(mapped.id, mapped.user)
            .outerjoin(outbox, tried)
            .where(orphans.where, mapped.user.is_not(None))
            .order_by(func.coalesce(outbox.c.attempt, -1), mapped.id)
            .limit(most)
        )
        with self.engine.begin() as connection:
            lost = connection.execute(wanted).all()
            for session, user in lost:
                self.outbox.put(connection, session, user, now)
        return len(lost)


def _check_cost(mapped: Mapped, cost: int | Decimal) -> None:
    """Make sure that a cost is an amount.

    Raises:
        CostError: where it is none.
    """
    if isinstance(cost, bool) or not Decimal(cost).is_finite() or cost < 0:
        raise CostError("A cost is a whole number or a Decimal, and not below 0.")
    if isinstance(mapped.balance.type, Integer) and cost != int(cost):
        raise CostError("A cost has no fraction where the balance is a whole number.")


def _new_id(mapped: Mapped) -> dict[str, Any]:
    """Return the id of a new session; nothing where the database counts them."""
    kind = mapped.id.type
    if isinstance(kind, Integer):
        return {}
    is_uuid = not isinstance(kind, NullType) and kind.python_type is UUID
    return {mapped.settings.id: uuid4() if is_uuid else str(uuid4())}


def _with_columns(table: Table, values: Mapping[str, Any]) -> Table:
    """Return the sessions' table with the columns that the app fills, beside the mapped ones."""
    mapped = {column.name: column.type for column in table.columns}
    extra = {name: NullType() for name in values if name not in mapped}
    columns = [Column(name, kind) for name, kind in {**mapped, **extra}.items()]
    return Table(table.name, MetaData(), *columns, schema=table.schema)

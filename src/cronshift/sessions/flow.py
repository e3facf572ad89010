"""The QUEUED flow on the user's own tables: enqueue, claim, settle, and find what was lost.

Everything here is one short transaction. What an app's request and Inngest's functions do in between
may be killed anywhere: the outbox still has the event, or recovery finds the session.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import Column, Table, column, insert, select, update

from cronshift.errors import CronshiftError
from cronshift.runtime.held import SOURCE, Source
from cronshift.runtime.ownership import Owner
from cronshift.sessions import scripts, sweeping
from cronshift.sessions.events import check_event
from cronshift.sessions.mapping import Mapped, as_status
from cronshift.sessions.sweeping import Limits, Report, Sweep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from sqlalchemy import Connection, Engine, Select

EVENT = "session.requested"
_MOST_AT_ONCE = 500  # sessions that one recovery looks at


class NotEnoughCreditsError(CronshiftError):
    """The user has fewer credits than the session costs; nothing was written."""

    default_reason = "not-enough-credits"


class Claim(StrEnum):
    """What came of claiming a session for a run."""

    OURS = "ours"
    GONE = "gone"
    """It is no longer QUEUED: another run has it, or it was settled."""
    FOREIGN = "foreign"
    """The event names another user than the session."""


@dataclass(frozen=True, slots=True)
class Enqueued:
    """A session that was asked for; ``owner`` says whether Inngest or the old path processes it."""

    session_id: str
    owner: Owner


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
        self.mapped = mapped
        self.clock = clock
        self._source = source

    def owner(self, user_id: str) -> Owner:
        """Return who serves a user; without an ownership file the old path does."""
        held = self._source.held()
        return held.ownership.flow_owner(self.name, user_id, self.clock()) if held else Owner.VERCEL

    def enqueue(self, user_id: Any, cost: int, values: Mapping[str, Any]) -> Enqueued:
        """Charge a user and write a session, QUEUED, with its event in the outbox; all or nothing.

        Args:
            user_id: whose session it is, as the app knows the caller.
            cost: in credits; taken from the balance.
            values: the session's other columns. Id, user, state and time are set here.

        Raises:
            NotEnoughCreditsError: if the balance does not allow it.
        """
        mapped, settings = self.mapped, self.mapped.settings
        credit = settings.credits
        balance = mapped.users.c[credit.balance]
        moves: dict[str, Any] = {credit.balance: balance - cost}
        if credit.spent:
            moves[credit.spent] = mapped.users.c[credit.spent] + cost
        owner = self.owner(str(user_id))
        session = uuid4() if mapped.id.type.python_type is not str else str(uuid4())
        with self.engine.begin() as connection:
            charge = update(mapped.users).where(
                mapped.users.c[credit.id] == user_id, balance >= cost
            )
            if connection.execute(charge.values(**moves)).rowcount != 1:
                raise NotEnoughCreditsError("The balance does not allow this session.")
            label = settings.queued
            if owner is Owner.VERCEL:
                label = settings.legacy or settings.processing[0]
            row = {
                **values,
                settings.id: session,
                settings.user: user_id,
                settings.status: as_status(mapped, label),
                settings.created: self._now(),
            }
            connection.execute(insert(_with_columns(mapped.sessions, values)).values(**row))
            if owner is Owner.INNGEST:
                self._put_out(connection, session, user_id)
        return Enqueued(str(session), owner)

    async def relay(self, send: Callable[[dict[str, Any]], Awaitable[object]]) -> int:
        """Send the events that wait in the outbox, and return how many that were.

        An event that is sent twice has the same id, and Inngest makes one run of it.
        """
        table = self.mapped.outbox
        with self.engine.connect() as connection:
            waiting = connection.execute(
                select(table).where(table.c.sent_at.is_(None)).limit(_MOST_AT_ONCE)
            ).all()
        for row in waiting:
            await send(event_of(row.session_id, row.user_id, row.attempt))
            sent = update(table).where(
                table.c.session_id == row.session_id, table.c.attempt == row.attempt
            )
            with self.engine.begin() as connection:
                connection.execute(sent.values(sent_at=self.clock()))
        return len(waiting)

    def claim(self, session_id: Any, user_id: str, run_id: str) -> Claim:
        """Claim a QUEUED session for a run by one conditional update; again for the same run."""
        mapped, settings = self.mapped, self.mapped.settings
        key = _key(mapped, session_id)
        with self.engine.begin() as connection:
            row = connection.execute(
                select(mapped.user, mapped.status).where(mapped.id == key)
            ).first()
            if row is None:
                return Claim.GONE
            if str(row[0]) != user_id:
                return Claim.FOREIGN
            taking = update(mapped.sessions).where(
                mapped.id == key, mapped.status == as_status(mapped, settings.queued)
            )
            marks: dict[str, Any] = {settings.status: as_status(mapped, settings.processing[0])}
            if settings.started:
                marks[settings.started] = self._now()
            if connection.execute(taking.values(**marks)).rowcount == 1:
                connection.execute(insert(self.mapped.claims).values(session_id=key, run_id=run_id))
                return Claim.OURS
            held = connection.execute(
                select(self.mapped.claims.c.run_id).where(self.mapped.claims.c.session_id == key)
            ).scalar()
        return Claim.OURS if held == run_id else Claim.GONE

    def row(self, session_id: Any) -> dict[str, Any] | None:
        """Return a session's mapped columns."""
        wanted = select(self.mapped.sessions).where(self.mapped.id == _key(self.mapped, session_id))
        with self.engine.connect() as connection:
            row = connection.execute(wanted).first()
        return row._asdict() if row else None

    def items(self, session_id: Any, name: str) -> list[str]:
        """Return a session's items: the list in a column of its table, an array or JSON."""
        wanted: Select[Any] = select(column(name)).select_from(self.mapped.sessions)
        with self.engine.connect() as connection:
            value = connection.execute(
                wanted.where(self.mapped.id == _key(self.mapped, session_id))
            ).scalar()
        listed = json.loads(value) if isinstance(value, str | bytes) else value
        return [str(item) for item in listed or ()]

    def settle(self, session_id: Any, *, well: bool, reason: str = "") -> Report:
        """End a session that is being processed: what it was not given is refunded.

        Done twice, it changes nothing the second time.
        """
        mapped, settings = self.mapped, self.mapped.settings
        labels = [as_status(mapped, label) for label in settings.processing]
        where = (mapped.id == _key(mapped, session_id)) & mapped.status.in_(labels)
        becomes = settings.finished if well else settings.failed
        said = reason or ("delivered in part" if well else "failed")
        sweep = Sweep(where, becomes, refund=True, reason=said, well=well and not reason)
        return sweeping.run(self.engine, mapped, sweep)

    def recover(self) -> tuple[int, Report]:
        """Queue lost sessions again, and settle those that are stuck; safe to run twice.

        Returns:
            How many were queued again (their events are in the outbox), and what was settled.
        """
        lost, stuck = self.requeue(), scripts.stuck(self.mapped, self.clock())
        settled = sweeping.run(self.engine, self.mapped, stuck, Limits(most=_MOST_AT_ONCE))
        return lost, settled

    def requeue(self, most: int = _MOST_AT_ONCE) -> int:
        """Let the events of orphans wait in the outbox once more; return how many."""
        orphans = scripts.orphans(self.mapped, self.clock(), becomes=None, refund=False)
        wanted = select(self.mapped.id, self.mapped.user).where(orphans.where).limit(most)
        with self.engine.begin() as connection:
            lost = connection.execute(wanted).all()
            for session, user in lost:
                self._put_out(connection, session, user)
        return len(lost)

    def _put_out(self, connection: Connection, session: Any, user: Any) -> None:
        """Let an event wait in the outbox: the first, or one more attempt."""
        table = self.mapped.outbox
        again = update(table).where(table.c.session_id == session)
        done = connection.execute(again.values(attempt=table.c.attempt + 1, sent_at=None))
        if done.rowcount == 0:
            connection.execute(
                insert(table).values(session_id=session, user_id=user, attempt=0, sent_at=None)
            )

    def _now(self) -> Any:
        return scripts.stored(self.mapped, self.clock())


def event_of(session_id: Any, user_id: Any, attempt: int) -> dict[str, Any]:
    """Return the event that asks for a session; its id is the same however often it is sent.

    Raises:
        InvalidEventError: if an id is none that an event may carry.
    """
    data = {"session_id": str(session_id), "user_id": str(user_id), "attempt": attempt}
    return {
        "name": EVENT,
        "id": f"{EVENT}-{session_id}-{attempt}",
        "data": check_event(EVENT, data),
    }


def _with_columns(table: Table, values: Mapping[str, Any]) -> Table:
    """Return the sessions' table with the columns that the app fills, beside the mapped ones."""
    from sqlalchemy import MetaData, types

    known = {column.name: column.type for column in table.columns}
    extra = {name: types.NullType() for name in values if name not in known}
    columns = [Column(name, kind) for name, kind in {**known, **extra}.items()]
    return Table(table.name, MetaData(), *columns)


def _key(mapped: Mapped, session_id: Any) -> Any:
    """Return a session's id as its column compares it; an id of another form matches nothing."""
    from uuid import UUID

    if mapped.id.type.python_type is UUID and not isinstance(session_id, UUID):
        try:
            return UUID(str(session_id))
        except ValueError:
            return UUID(int=0)
    if mapped.id.type.python_type is int:
        text = str(session_id)
        return int(text) if text.isdecimal() else -1
    return session_id

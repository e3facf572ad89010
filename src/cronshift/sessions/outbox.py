"""The outbox of events: put there with their session, leased by whoever sends them.

A lease keeps two from sending the same event; it ends by itself, so that one whose holder was killed is
sent by another. An event that is sent twice all the same has one id, and Inngest makes one run of it.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import and_, insert, select, tuple_, update

from cronshift.sessions.events import InvalidEventError
from cronshift.sessions.requested import event_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine

    from cronshift.sessions.mapping import Mapped

LEASE = timedelta(seconds=10)
"""How long whoever sends an event is believed to be alive; sending takes less."""

MOST_IN_A_REQUEST = 500
"""Events; Inngest takes 5,000."""

_MOST_BYTES = 200_000  # of a request; Inngest takes 256 KiB
_NEVER = 2**62
_logger = logging.getLogger("cronshift")


@dataclass(frozen=True, slots=True)
class Leased:
    """Events that one holder sends; ``sessions`` are the ids of theirs, in order.

    Attributes:
        unfit: how many were taken beside them that no event can be made of.
    """

    lease: str
    events: tuple[dict[str, Any], ...]
    sessions: tuple[str, ...]
    unfit: int = 0

    def requests(self) -> Iterator[Leased]:
        """Yield the events in the lots that one request may carry."""
        begin = size = 0
        for place, event in enumerate(self.events):
            length = len(json.dumps(event))
            if place > begin and (
                size + length > _MOST_BYTES or place - begin >= MOST_IN_A_REQUEST
            ):
                yield self._part(begin, place)
                begin, size = place, 0
            size += length
        if self.events:
            yield self._part(begin, len(self.events))

    def _part(self, begin: int, end: int) -> Leased:
        return Leased(self.lease, self.events[begin:end], self.sessions[begin:end])


@dataclass(frozen=True, slots=True)
class Outbox:
    """The outbox of one sessions' table.

    Attributes:
        flow: recorded with every event.
    """

    engine: Engine
    mapped: Mapped
    flow: str
    leases: timedelta = field(default=LEASE)

    def put(
        self, connection: Connection, session: Any, user: Any, now: datetime, *, lease: str = ""
    ) -> None:
        """Let a session's event wait: the first, or one more attempt.

        Args:
            connection: of the transaction that writes the session.
            session: its id.
            user: its user's.
            now: the present instant.
            lease: of who sends it at once; without one, it is anybody's.
        """
        table = self.mapped.ours.written.outbox
        waits = {
            "sent_at": None,
            "put_at": _milliseconds(now),
            "leased_until": _milliseconds(now + self.leases) if lease else 0,
            "lease": lease,
        }
        again = update(table).where(self._is(str(session)))
        done = connection.execute(again.values(attempt=table.c.attempt + 1, **waits))
        if done.rowcount == 0:
            row = {"session_id": str(session), "user_id": str(user), "attempt": 0}
            names = {"source": self.mapped.source, "flow": self.flow}
            connection.execute(insert(table).values(**row, **names, **waits))

    def holds(self, connection: Connection, session: Any) -> bool:
        """Return whether the event of a session waits."""
        columns = self.mapped.ours.written.outbox.c
        waits = select(columns.session_id).where(
            self._is(str(session)), columns.sent_at.is_(None), columns.leased_until < _NEVER
        )
        return connection.execute(waits).first() is not None

    def lease(self, now: datetime, most: int = MOST_IN_A_REQUEST) -> Leased:
        """Take events that wait and that nobody else sends, the oldest first."""
        table, columns = self.mapped.ours.written.outbox, self.mapped.ours.written.outbox.c
        lease = uuid4().hex
        key = tuple_(columns.source, columns.session_id)
        free = select(columns.source, columns.session_id).where(
            columns.source.in_(["", self.mapped.source]),
            columns.sent_at.is_(None),
            columns.leased_until < _milliseconds(now),
        )
        oldest = free.order_by(columns.put_at).limit(most).with_for_update(skip_locked=True)
        taking = update(table).where(key.in_(oldest))
        marks = {"lease": lease, "leased_until": _milliseconds(now + self.leases)}
        rows = taking.values(**marks).returning(
            columns.session_id, columns.user_id, columns.attempt, columns.put_at
        )
        with self.engine.begin() as connection:
            taken = sorted(connection.execute(rows), key=lambda row: (row.put_at, row.session_id))
        events, unfit = {}, []
        for row in taken:
            try:
                events[row.session_id] = event_of(
                    row.session_id, row.user_id, row.attempt, self.mapped
                )
            except InvalidEventError as error:
                _logger.warning("%s: a session cannot be sent: %s", self.flow, error)
                unfit.append(row.session_id)
        if unfit:
            self._mark(lease, unfit, {"leased_until": _NEVER})
        return Leased(lease, tuple(events.values()), tuple(events), len(unfit))

    def sent(self, leased: Leased, now: datetime) -> None:
        """Record that events were sent, as far as their holder still has them."""
        self._mark(leased.lease, leased.sessions, {"sent_at": now.astimezone(UTC)})

    def release(self, leased: Leased) -> None:
        """Give events back, because sending failed."""
        self._mark(leased.lease, leased.sessions, {"leased_until": 0, "lease": ""})

    def waits(self) -> bool:
        """Return whether an event is unsent, also one that a holder has, who may have been killed."""
        columns = self.mapped.ours.outbox.c
        unsent = select(columns.session_id).where(
            columns.source.in_(["", self.mapped.source]),
            columns.sent_at.is_(None),
            columns.leased_until < _NEVER,
        )
        with self.mapped.dialect.reading(self.engine).connect() as connection:
            return connection.execute(unsent.limit(1)).first() is not None

    def _mark(self, lease: str, sessions: Sequence[str], marks: dict[str, Any]) -> None:
        table = self.mapped.ours.written.outbox
        marking = update(table).where(
            table.c.lease == lease,
            table.c.source.in_(["", self.mapped.source]),
            self.mapped.dialect.among(table.c.session_id, sessions),
        )
        with self.engine.begin() as connection:
            connection.execute(marking.values(**marks))

    def _is(self, session: str) -> ColumnElement[bool]:
        columns = self.mapped.ours.written.outbox.c
        return and_(columns.session_id == session, columns.source.in_(["", self.mapped.source]))


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)

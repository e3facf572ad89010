"""The witness of one delivery of a tick, which tells the ledger, on whichever side."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cronshift.runtime import wire
from cronshift.runtime.bodies import REACTION, measure
from cronshift.runtime.ledger import Role, TickRecord, TickStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cronshift.runtime.bodies import Reaction
    from cronshift.runtime.held import Held
    from cronshift.runtime.ledger import Side
    from cronshift.runtime.recording import Recorder

_DEPLOYMENTS = (wire.DEPLOYMENT_VARIABLE, wire.VERCEL_DEPLOYMENT_VARIABLE)


class Witness:
    """The witness of one delivery; records are made in the recorder's thread.

    Args:
        recorder: takes the records.
        side: who was woken.
        run_id: tells this delivery from another one of the same tick.
        file: the ownership file, as it is held now.
    """

    __slots__ = ("_first", "_recorder")

    def __init__(  # noqa: PLR0913, PLR0917 - what a record begins with
        self,
        recorder: Recorder,
        side: Side,
        job: str,
        tick: datetime,
        run_id: str,
        file: Held | None,
    ) -> None:
        self._recorder = recorder
        self._first = TickRecord(
            job=job,
            tick=tick,
            side=side,
            owner=file.ownership.owner(job, tick) if file else "",
            role=Role.STOOD_BY,
            arrived=datetime.now(UTC),
            status=TickStatus.SKIPPED,
            run_id=run_id,
            deployment=next(filter(None, map(os.environ.get, _DEPLOYMENTS)), None),
            ownership_digest=file.digest if file else None,
        )

    def stood_by(self, seen: Mapping[str, str], numbers: Mapping[str, float] | None = None) -> None:
        """Record that the tick was not run here, and the findings about the other side."""
        first = self._first
        self._recorder.add(lambda: replace(first, seen=seen, numbers=numbers or {}))

    def began(self, attempt: int = 1) -> None:
        """Record that an attempt to do the work begins; 0 for a run that is only let in."""
        now = datetime.now(UTC)
        self._first = first = replace(
            self._first,
            role=Role.ACTED,
            status=TickStatus.RUNNING,
            started=now,
            attempts=attempt,
        )
        self._recorder.add(lambda: first)

    def ended(
        self, status: TickStatus, reaction: Reaction | None, error: BaseException | None = None
    ) -> None:
        """Record the end of the attempt, and the answer, if there was one."""
        error_class = None if error is None else type(error).__name__
        ended = replace(
            self._first,
            role=Role.ACTED,
            ended=datetime.now(UTC),
            status=status,
            error_class=error_class,
        )
        self._recorder.add(lambda: _measured(ended, reaction))


@contextmanager
def attempted(witness: Witness | None, number: int) -> Iterator[None]:
    """Tell the witness, where there is one, the attempt that a block makes."""
    if witness is None:
        yield
        return
    REACTION.set(None)
    witness.began(number)
    try:
        yield
    except BaseException as error:
        witness.ended(TickStatus.FAILED, REACTION.get(), error)
        raise
    witness.ended(TickStatus.COMPLETED, REACTION.get())


def _measured(ended: TickRecord, reaction: Reaction | None) -> TickRecord:
    if reaction is None:
        return ended
    size, digest, numbers = measure(reaction)
    return replace(ended, http_status=reaction.status, size=size, digest=digest, numbers=numbers)

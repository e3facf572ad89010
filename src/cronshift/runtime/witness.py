"""The witness of one delivery of a tick, which tells the ledger, on whichever side."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cronshift.runtime import wire
from cronshift.runtime.bodies import REACTION, measure
from cronshift.runtime.comparing import answer_tokens
from cronshift.runtime.ledger import Role, TickRecord, TickStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cronshift.runtime.bodies import Reaction
    from cronshift.runtime.held import Held
    from cronshift.runtime.jobs import JobSpec
    from cronshift.runtime.ledger import Side
    from cronshift.runtime.recording import Recorder

_DEPLOYMENTS = (wire.DEPLOYMENT_VARIABLE, wire.VERCEL_DEPLOYMENT_VARIABLE)


class Witness:
    """The witness of one delivery; records are made in the recorder's thread.

    Args:
        recorder: takes the records.
        side: who was woken.
        job: whose tick it is; where it declares a dry run, answers are told value by value.
        run_id: tells this delivery from another one of the same tick.
        file: the ownership file, as it is held now.
        role: what the delivery does where it does anything.
    """

    __slots__ = ("_first", "_ignore", "_recorder", "_role")

    def __init__(  # noqa: PLR0913, PLR0917 - what a record begins with
        self,
        recorder: Recorder,
        side: Side,
        job: JobSpec,
        tick: datetime,
        run_id: str,
        file: Held | None,
        role: Role = Role.ACTED,
    ) -> None:
        self._recorder = recorder
        self._role = role
        self._ignore = None if job.rehearsal is None else job.rehearsal_ignore
        self._first = TickRecord(
            job=job.id,
            tick=tick,
            side=side,
            owner=file.ownership.owner(job.id, tick) if file else "",
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

    def saw(self, seen: Mapping[str, str]) -> None:
        """Note the findings that the records of a rehearsal are to have."""
        self._first = replace(self._first, seen=seen)

    def began(self, attempt: int = 1) -> None:
        """Record that an attempt to do the work begins; 0 for a run that is only let in."""
        now = datetime.now(UTC)
        self._first = first = replace(
            self._first,
            role=self._role,
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
            role=self._role,
            ended=datetime.now(UTC),
            status=status,
            error_class=error_class,
        )
        self._recorder.add(lambda: self._measured(ended, reaction))

    def _measured(self, ended: TickRecord, reaction: Reaction | None) -> TickRecord:
        if reaction is None:
            return ended
        size, digest, numbers = measure(reaction)
        seen = dict(ended.seen)
        if self._ignore is not None and not reaction.body.cut:
            seen |= answer_tokens(reaction.body.kept.decode(errors="replace"), self._ignore)
        return replace(
            ended,
            http_status=reaction.status,
            size=size,
            digest=digest,
            numbers=numbers,
            seen=seen,
        )


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

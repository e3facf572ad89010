"""What tells the ledger what becomes of one delivery of a tick, on whichever side."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cronshift.runtime.bodies import measure
from cronshift.runtime.ledger import Role, TickRecord, TickStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cronshift.runtime.bodies import Response
    from cronshift.runtime.held import Held
    from cronshift.runtime.ledger import Side
    from cronshift.runtime.recording import Recorder

SUCCESSES = range(200, 300)
_DEPLOYMENTS = ("CRONSHIFT_DEPLOYMENT", "VERCEL_DEPLOYMENT_ID", "VERCEL_GIT_COMMIT_SHA")


class Witness:
    """Tells what becomes of one delivery of a tick; records are made in the recorder's thread.

    Args:
        recorder: takes the records.
        side: who was woken.
        run_id: tells this delivery from another one of the same tick.
        held: the ownership file, as it is held now.
    """

    __slots__ = ("_first", "_recorder")

    def __init__(  # noqa: PLR0913, PLR0917 - what a record begins with
        self,
        recorder: Recorder,
        side: Side,
        job: str,
        tick: datetime,
        run_id: str,
        held: Held | None,
    ) -> None:
        self._recorder = recorder
        self._first = TickRecord(
            job=job,
            tick=tick,
            side=side,
            owner=held.ownership.owner(job, tick) if held else "",
            role=Role.STOOD_BY,
            arrived=datetime.now(UTC),
            status=TickStatus.SKIPPED,
            run_id=run_id,
            deployment=next(filter(None, map(os.environ.get, _DEPLOYMENTS)), None),
            ownership_digest=held.digest if held else None,
        )

    def stood_by(self, seen: Mapping[str, str], numbers: Mapping[str, float] | None = None) -> None:
        """Tell that the tick was not run here, and what was found."""
        first = self._first
        self._recorder.add(lambda: replace(first, seen=seen, numbers=numbers or {}))

    def began(self, attempt: int = 1) -> None:
        """Tell that an attempt to do the work begins; 0 for a run that is only let in."""
        now = datetime.now(UTC)
        self._first = first = replace(
            self._first,
            role=Role.ACTED,
            status=TickStatus.RUNNING,
            started=now if attempt else None,
            attempts=attempt,
        )
        self._recorder.add(lambda: first)

    def ended(self, response: Response | None, error: BaseException | None = None) -> None:
        """Tell how the attempt ended: well, with a success and without an error."""
        now, first = datetime.now(UTC), self._first
        self._recorder.add(lambda: _ended(first, now, response, error))


def _ended(
    first: TickRecord, now: datetime, response: Response | None, error: BaseException | None
) -> TickRecord:
    succeeded = error is None and response is not None and response.status in SUCCESSES
    status = TickStatus.COMPLETED if succeeded else TickStatus.FAILED
    error_class = None if error is None else type(error).__name__
    ended = replace(first, ended=now, status=status, error_class=error_class)
    if response is None:
        return ended
    size, digest, numbers = measure(response)
    return replace(ended, http_status=response.status, size=size, digest=digest, numbers=numbers)

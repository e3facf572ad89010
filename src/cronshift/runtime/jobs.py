"""The job as its own module and the guard need it; nothing heavy is imported here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

CANCELLED_ID = "cronshift-cancelled"
"""The function that tells which runs of the app's jobs Inngest cancelled."""

TICK_EVENT = "inngest/scheduled.timer"
"""What a run of the schedule begins with."""

CANCELLED_EVENT = "inngest/function.cancelled"


def row_function(job_id: str) -> str:
    """Return the id of the function that does one row of a job; no job's id has two hyphens."""
    return f"{job_id}--row"


def row_of(job: JobSpec) -> JobSpec:
    """Return the id of the function that does one row."""
    return replace(job, id=row_function(job.id))


def row_event(app_id: str, job_id: str) -> str:
    """Return the event that asks for one row of a job."""
    return f"{app_id}/{job_id}.row"


IN_PROCESS = "cronshift.call"
"""Marks a request that a function makes in process; nothing from the network can set it."""

_SENT_AS_IT_IS = "".join(map(chr, range(0x21, 0x7F)))


def request_target(path: str) -> str:
    """Return a path as the request line carries it: unchanged but for signs that none can hold."""
    return quote(path, safe=_SENT_AS_IT_IS)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """The job as its module declares it.

    Attributes:
        id: the same as the function's.
        path: path and query, byte for byte as in the entry.
        schedule: the entry's own text; the handler gets it as Vercel gives it.
        stale_after: a tick that could not start for so long is skipped.
        heartbeat_env: the variable that holds the address to ping.
        queues: whether a run waits for those of earlier ticks, where claims tell that they go on.
        missed: which ticks run that the engine fires late: ``all``; the ``latest``, of those that have
            a later one behind them; ``none``, nor any that comes a quarter of an hour late.
        rehearsal: the dry run that its handler allows: ``?dry_run=1``, or a header ``X-Dry-Run: 1``.
        rehearsal_ignore: paths of its answer that may differ between two runs.
    """

    id: str
    path: str
    schedule: str
    stale_after: timedelta | None = None
    heartbeat_env: str | None = None
    queues: bool = True
    missed: str = "all"
    rehearsal: str | None = None
    rehearsal_ignore: Sequence[str] = ()

"""The records of Vercel's calls, read from its log of requests alone.

The log tells the path and not who asked: a function that bridges asks the same path. So it speaks for
the ticks that are Vercel's alone, and for paths that one job has alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from cronshift.observing.fates import Watch
from cronshift.runtime.claiming import SUCCESSES
from cronshift.runtime.jobs import request_target
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.ownership import Owner
from cronshift.runtime.ticks import CalledTicks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from cronshift.model import Job
    from cronshift.operations.services.vercel import LoggedRequest
    from cronshift.runtime.ownership import Ownership


def from_requests(
    requests: Iterable[LoggedRequest], jobs: Sequence[Job], ownership: Ownership
) -> tuple[list[TickRecord], Watch]:
    """Return the records in a log of requests, and the ticks that it watched.

    Of two requests for one tick it is not known which was Vercel's.
    """
    logged = list(requests)
    ticks = {
        path: (job, CalledTicks(job.schedule))
        for path, job in _by_path(jobs).items()
        if job.schedule
    }
    of_tick: defaultdict[tuple[str, datetime], list[LoggedRequest]] = defaultdict(list)
    for request in logged:
        if request.method != "GET" or request.path not in ticks:
            continue
        job, called = ticks[request.path]
        tick = called.at(request.at)
        if tick is not None and ownership.owner(job.id, tick) is Owner.VERCEL:
            of_tick[job.id, tick].append(request)
    records = [
        _record(job_id, tick, request)
        for (job_id, tick), alone in of_tick.items()
        for request in alone
        if len(alone) == 1
    ]
    instants = [request.at for request in logged]
    return records, Watch(
        {Side.VERCEL: (min(instants), max(instants))} if instants else {},
        doubtful=frozenset(key for key, several in of_tick.items() if len(several) > 1),
    )


def _by_path(jobs: Sequence[Job]) -> dict[str, Job]:
    """Return the jobs that have a path of their own, by that path without its query."""
    paths = [request_target(job.entry.called or job.entry.path).partition("?")[0] for job in jobs]
    count = Counter(paths)
    return {path: job for path, job in zip(paths, jobs, strict=True) if count[path] == 1}


def _record(job: str, tick: datetime, request: LoggedRequest) -> TickRecord:
    succeeded = request.status in SUCCESSES
    return TickRecord(
        job=job,
        tick=tick,
        side=Side.VERCEL,
        owner=str(Owner.VERCEL),
        role=Role.ACTED,
        arrived=request.at,
        status=TickStatus.COMPLETED if succeeded else TickStatus.FAILED,
        attempts=1,
        http_status=request.status,
        run_id=request.id,
        deployment=request.deployment,
    )

"""The tick of each of Inngest's runs, and the run's outcome: read from the API alone.

A run tells when it was queued and not for which tick. Where that leaves a doubt, as behind an outage,
its trace is asked; where that does not tell either, the ticks around it are doubtful.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cronshift.observing.fates import Watch
from cronshift.runtime import wire
from cronshift.runtime.jobs import TICK_EVENT
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.ownership import Owner
from cronshift.runtime.ticks import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cronshift.model import Job
    from cronshift.operations.services.inngest_history import InngestHistory
    from cronshift.runtime.ownership import Ownership
    from cronshift.runtime.schedule import Schedule

_EARLY = timedelta(seconds=1)
"""A run is queued up to some milliseconds before its tick (facts: inngest)."""

_FARTHEST = 10_000  # ticks

_DEAD = frozenset({TickStatus.FAILED, TickStatus.CANCELLED})
STATUSES = {
    "RUNNING": TickStatus.RUNNING,
    "COMPLETED": TickStatus.COMPLETED,
    "FAILED": TickStatus.FAILED,
    "CANCELLED": TickStatus.CANCELLED,
}


async def ask_inngest(
    api: InngestHistory,
    app: str,
    jobs: Sequence[Job],
    ownership: Ownership,
    span: tuple[datetime, datetime],
) -> tuple[list[TickRecord], Watch]:
    """Return the records of Inngest's runs in a span, and the ticks that they watched.

    Raises:
        CronshiftError: if the API does not tell.
    """
    asked = [job for job in jobs if job.schedule is not None]
    runs = await asyncio.gather(*(_listed(api, app, job.id, span) for job in asked))
    records: list[TickRecord] = []
    watch = Watch()
    for job, of_job in zip(asked, runs, strict=True):
        assert job.schedule is not None  # noqa: S101 - as asked for
        settled, doubtful = await _of_job(api, job.id, job.schedule, of_job, ownership)
        records += settled
        watch += Watch(doubtful=frozenset((job.id, tick) for tick in doubtful))
    oldest = min(
        (queued for of_job in runs for run in of_job if (queued := _queued(run))), default=None
    )
    return records, watch + Watch({Side.INNGEST: (oldest, span[1])} if oldest else {})


async def _listed(
    api: InngestHistory, app: str, job: str, span: tuple[datetime, datetime]
) -> list[dict[str, Any]]:
    runs = [run async for run in api.runs(app, job, span[0] - _EARLY, span[1])]
    return await asyncio.gather(*(_with_output(api, run) for run in runs))


async def _with_output(api: InngestHistory, run: dict[str, Any]) -> dict[str, Any]:
    """Return a run with what it returned, which only the trace has where it saved its steps on the way."""
    if run.get("status") != "COMPLETED" or isinstance(run.get("output"), dict):
        return run
    return {**run, "output": (await api.trace(str(run.get("id")))).get("output")}


async def _of_job(
    api: InngestHistory,
    job: str,
    schedule: Schedule,
    runs: Iterable[dict[str, Any]],
    ownership: Ownership,
) -> tuple[list[TickRecord], set[datetime]]:
    """Return the records of a job's runs, and the ticks that may be those of runs without one."""
    by_tick, unsure = _inferred(schedule, runs)
    settled = dict(by_tick)
    triggers = await asyncio.gather(*(api.trigger(str(run.get("id"))) for run in unsure))
    records, doubtful = [], set()
    for run, event in zip(unsure, triggers, strict=True):
        tick = tick_of(event)
        if tick is not None:
            records.append((tick, run))
        elif _is_scheduled(run):
            doubtful |= _ticks_before(schedule, _queued(run), settled)
    records += settled.items()
    doubtful |= {tick for tick, run in records if not _is_clear(job, tick, run, ownership)}
    return [
        _record(job, tick, run, ownership)
        for tick, run in sorted(records, key=lambda pair: pair[0])
        if run.get("status") in STATUSES
    ], doubtful


def _is_clear(job: str, tick: datetime, run: dict[str, Any], ownership: Ownership) -> bool:
    """Return whether it shows what the run did: one of another's tick says that it skipped it."""
    if run.get("status") == "COMPLETED" and not isinstance(run.get("output"), dict):
        return ownership.acts(Owner.INNGEST, job, tick)
    return run.get("status") in STATUSES


def _inferred(
    schedule: Schedule, runs: Iterable[dict[str, Any]]
) -> tuple[dict[datetime, dict[str, Any]], list[dict[str, Any]]]:
    """Return the runs whose tick shows from when they were queued, and those of which it does not."""
    candidates: defaultdict[datetime, list[dict[str, Any]]] = defaultdict(list)
    unsure = []
    for run in runs:
        queued = _queued(run)
        if queued is None:
            continue
        tick = schedule.latest(queued + _EARLY)
        if tick is None or not _is_scheduled(run) or queued - tick > MINUTE:
            unsure.append(run)
        else:
            candidates[tick].append(run)
    unsure += [run for of_tick in candidates.values() if len(of_tick) > 1 for run in of_tick]
    return {tick: of_tick[0] for tick, of_tick in candidates.items() if len(of_tick) == 1}, unsure


def _ticks_before(
    schedule: Schedule, queued: datetime | None, settled: dict[datetime, Any]
) -> set[datetime]:
    """Return the ticks that a run may have been for: those before it, back to one that has its run."""
    ticks: set[datetime] = set()
    tick = schedule.latest(queued + _EARLY) if queued else None
    while tick is not None and tick not in settled and len(ticks) < _FARTHEST:
        ticks.add(tick)
        tick = schedule.latest(tick - _EARLY)
    return ticks


def _record(job: str, tick: datetime, run: dict[str, Any], ownership: Ownership) -> TickRecord:
    output = run.get("output")
    fields: dict[str, Any] = output if isinstance(output, dict) else {}
    reason = fields.get("skipped")
    status = STATUSES[run["status"]]
    acts = ownership.acts(Owner.INNGEST, job, tick)
    has_acted = reason is None and (acts or status is TickStatus.COMPLETED)
    queued, started = _queued(run), _instant(run.get("startedAt"))
    arrived = started or queued or tick
    answered = fields.get("status")
    return TickRecord(
        job=job,
        tick=tick,
        side=Side.INNGEST,
        owner=str(ownership.owner(job, tick)),
        role=Role.ACTED if has_acted else Role.STOOD_BY,
        arrived=arrived,
        started=started if has_acted else None,
        ended=_instant(run.get("endedAt")),
        status=TickStatus.SKIPPED if reason is not None else status,
        attempts=0,  # the list of runs does not count them
        error_class=_error_name(fields) if status in _DEAD else None,
        http_status=answered if type(answered) is int else None,
        run_id=str(run.get("id")),
        numbers={}
        if has_acted or queued is None
        else {"queued": (arrived - queued).total_seconds()},
        seen={} if reason is None else {"reason": str(reason)},
    )


def _error_name(output: dict[str, Any]) -> str | None:
    error = output.get("error", output)
    name = error.get("name") if isinstance(error, dict) else None
    return name if isinstance(name, str) else None


def tick_of(event: dict[str, Any]) -> datetime | None:
    """Return the tick that the event of a run names, where the schedule or a replay made the run."""
    data = event.get("data")
    if not isinstance(data, dict):
        return None
    is_replay = data.get("cronshift") == wire.REPLAY
    is_tick = event.get("name") == TICK_EVENT
    return _instant(data.get("scheduledAt")) if is_tick or is_replay else None


def _is_scheduled(run: dict[str, Any]) -> bool:
    trigger = run.get("trigger")
    return isinstance(trigger, dict) and bool(trigger.get("cronSchedule"))


def _queued(run: dict[str, Any]) -> datetime | None:
    return _instant(run.get("queuedAt"))


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None
    except ValueError:
        return None

"""All that anybody can tell of a span: the ledger, Inngest's runs, Vercel's log."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.engine.server.keys import SIGNING_KEY
from cronshift.errors import CronshiftError
from cronshift.observing.fates import DueTick, TickFate, Watch, fate_of
from cronshift.observing.inngest_side import ask_inngest
from cronshift.observing.ledger_database import database_url, told_by_database, why_unreadable
from cronshift.observing.runs import of_inngest, of_record, together
from cronshift.observing.vercel_side import from_requests
from cronshift.runtime import wire
from cronshift.runtime.ledger import Side, TickRecord, TickStatus
from cronshift.runtime.signature import is_dev
from cronshift.runtime.ticks import MINUTE, lateness

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from cronshift.model import Job
    from cronshift.observing.runs import JobRun
    from cronshift.runtime.ownership import Ownership

    Told = tuple[list[TickRecord], Watch]
    Asking = Callable[[], Awaitable[Told]]

TOKEN = "VERCEL_TOKEN"  # noqa: S105 - the variable's name
PROJECT, OWNERS = "VERCEL_PROJECT_ID", ("VERCEL_TEAM_ID", "VERCEL_ORG_ID")
ADDRESS = "VERCEL_LOGS_URL"

_INSTANT = timedelta(microseconds=1)
_AFTERWARDS = timedelta(hours=1)  # a record is sent behind its tick
_OTHER = {Side.VERCEL: Side.INNGEST, Side.INNGEST: Side.VERCEL}
_ENDS = frozenset(TickStatus) - {TickStatus.RUNNING}


class SourceName(StrEnum):
    """The name of a source of evidence."""

    LEDGER = "ledger"
    INNGEST = "inngest"
    VERCEL = "vercel"


class SourceAnswer(Struct, frozen=True):
    """The outcome of asking one source; ``problem`` is the reason why it told nothing."""

    name: SourceName
    records: int = 0
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the source's part of a document."""
        return {
            "name": self.name.value,
            "records": self.records,
            "problem": self.problem or None,
        }


class SpanEvidence(Struct, frozen=True):
    """The evidence about the ticks of a span.

    Attributes:
        recorded: the ids of the runs that the ledger has records of; of others nobody has counted
            the attempts.
    """

    records: tuple[TickRecord, ...]
    watch: Watch
    sources: tuple[SourceAnswer, ...]
    recorded: frozenset[str | None] = frozenset()

    @property
    def is_silent(self) -> bool:
        """True where nobody told anything: what there was is not known."""
        return all(source.problem for source in self.sources)


class TickQuery(Struct, frozen=True):
    """A query for some jobs' ticks of a span.

    Attributes:
        app: the id of Inngest's app.
    """

    app: str
    jobs: tuple[Job, ...]
    ownership: Ownership
    since: datetime
    until: datetime


async def gather(
    query: TickQuery, environ: Mapping[str, str], names: Sequence[SourceName] = tuple(SourceName)
) -> SpanEvidence:
    """Ask all whom the environment's variables name, or some, and put together what they tell.

    Of a delivery that several tell of, the ledger's record counts, with the end that Inngest knows.
    """
    asked: tuple[tuple[SourceName, Asking | str], ...] = (
        (SourceName.LEDGER, _ledger(query, environ)),
        (SourceName.INNGEST, _inngest(query, environ)),
        (SourceName.VERCEL, _vercel(query, environ)),
    )
    records: list[TickRecord] = []
    recorded: frozenset[str | None] = frozenset()
    sources, watch = [], Watch()
    for name, ask in asked:
        if name not in names:
            continue
        if isinstance(ask, str):
            sources.append(SourceAnswer(name, problem=ask))
            continue
        try:
            answer, seen = await ask()
        except CronshiftError as error:
            sources.append(SourceAnswer(name, problem=error.message))
            continue
        sources.append(SourceAnswer(name, len(answer)))
        records = merged(records, answer)
        if name is SourceName.LEDGER:
            recorded = frozenset(record.run_id for record in records)
        watch += seen
    return SpanEvidence(tuple(records), watch, tuple(sources), recorded)


async def find_run(
    run_id: str, environ: Mapping[str, str]
) -> tuple[JobRun | None, list[SourceAnswer]]:
    """Return a run with all that the ledger and Inngest tell of it, and who told nothing."""

    async def of_ledger() -> JobRun | None:
        url = database_url(environ)
        from cronshift.runtime.store.ledger import read_run

        with told_by_database():
            records = read_run(url, run_id)
        return of_record(records[0]) if records else None

    async def of_api() -> JobRun | None:
        from cronshift.operations.services.inngest_history import InngestHistory

        if why := _why_unasked(environ):
            raise CronshiftError(why)
        async with InngestHistory.of(environ) as api:
            run = await api.run(run_id)
            return of_inngest(run, await api.trace(run_id)) if run else None

    answers: dict[SourceName, JobRun | None] = {}
    sources = []
    for name, ask in ((SourceName.LEDGER, of_ledger), (SourceName.INNGEST, of_api)):
        try:
            answers[name] = await ask()
        except CronshiftError as error:
            sources.append(SourceAnswer(name, problem=error.message))
        else:
            sources.append(SourceAnswer(name, int(answers[name] is not None)))
    return together(answers.get(SourceName.LEDGER), answers.get(SourceName.INNGEST)), sources


def fates(query: TickQuery, evidence: SpanEvidence, now: datetime) -> Iterator[TickFate]:
    """Yield the fate of every tick of the span that is over, job by job."""
    by_tick = defaultdict(list)
    for record in evidence.records:
        by_tick[record.job, record.tick].append(record)
    for due in due_ticks(query, now):
        yield fate_of(due, by_tick[due.job, due.tick], evidence.watch, now)


def due_ticks(query: TickQuery, now: datetime) -> Iterator[DueTick]:
    """Yield the span's ticks of which both sides' calls have had their time."""
    for job in query.jobs:
        if job.schedule is None:
            continue
        until = min(query.until, now - lateness(job.schedule) - MINUTE)
        for tick in job.schedule.after(query.since - _INSTANT):
            if tick >= until:
                break
            owner = query.ownership.owner(job.id, tick)
            yield DueTick(job.id, job.schedule, tick, owner)


def merged(records: Sequence[TickRecord], others: Sequence[TickRecord]) -> list[TickRecord]:
    """Return the records, with the ends that others know, and the records only others have."""
    ends = {(other.job, other.run_id): other for other in others}
    runs = {(record.job, record.run_id) for record in records}
    calls = {(record.job, record.tick) for record in records if record.side is Side.VERCEL}
    ended = [
        ends.get((record.job, record.run_id), record)
        if record.status is TickStatus.RUNNING
        else record
        for record in records
    ]
    added = [
        other
        for other in others
        if (other.job, other.run_id) not in runs
        and (other.side is Side.INNGEST or (other.job, other.tick) not in calls)
    ]
    return ended + added


def watch_of(records: Sequence[TickRecord]) -> Watch:
    """Return at which ticks the ledger would have had a record of a side.

    The side has told of a tick before and of one behind, and of this one the other side has: so the
    ledger was kept, and the side keeps it.
    """
    ticks: defaultdict[tuple[str, Side], set[datetime]] = defaultdict(set)
    for record in records:
        ticks[record.job, record.side].add(record.tick)
    return Watch(
        watched=frozenset(
            (job, tick, side)
            for (job, side), seen in ticks.items()
            for tick in ticks.get((job, _OTHER[side]), ())
            if min(seen) < tick < max(seen)
        )
    )


def _ledger(query: TickQuery, environ: Mapping[str, str]) -> Asking | str:
    """Return the reader of the ledger, or the reason why it cannot be read here."""
    url = environ.get(wire.LEDGER_VARIABLE, "")
    if why := why_unreadable(url):
        return why

    async def ask() -> Told:
        if url == wire.LEDGER_EVENTS:
            from cronshift.operations.services.inngest_history import InngestHistory

            async with InngestHistory.of(environ) as api:
                sent = api.records(query.since, query.until + _AFTERWARDS)
                records = newest([record async for record in sent])
        else:
            from cronshift.runtime.store.ledger import read_ledger

            with told_by_database():
                records = read_ledger(url, query.since, query.until)
        jobs = {job.id for job in query.jobs}
        wanted = [
            record
            for record in records
            if record.job in jobs and query.since <= record.tick < query.until
        ]
        return wanted, watch_of(wanted)

    return ask


def newest(records: Iterable[TickRecord]) -> list[TickRecord]:
    """Return one record of each run, as a database would have kept it: its last attempt, and its end."""
    kept: dict[tuple[str, datetime, Side, str | None], TickRecord] = {}
    for record in sorted(records, key=lambda record: (record.attempts, record.status in _ENDS)):
        key = record.job, record.tick, record.side, record.run_id
        earlier = kept.get(key, record)
        arrived = min(record.arrived, earlier.arrived)
        kept[key] = replace(record, arrived=arrived, started=earlier.started or record.started)
    return list(kept.values())


def _inngest(query: TickQuery, environ: Mapping[str, str]) -> Asking | str:
    if why := _why_unasked(environ):
        return why

    async def ask() -> Told:
        from cronshift.operations.services.inngest_history import InngestHistory

        span = query.since, query.until
        async with InngestHistory.of(environ) as api:
            return await ask_inngest(api, query.app, query.jobs, query.ownership, span)

    return ask


def _why_unasked(environ: Mapping[str, str]) -> str:
    has_key = environ.get(SIGNING_KEY, "").strip() or is_dev(environ)
    return "" if has_key else f"{SIGNING_KEY} is not set here."


def _vercel(query: TickQuery, environ: Mapping[str, str]) -> Asking | str:
    owner = next(filter(None, map(environ.get, OWNERS)), None)
    token, project = environ.get(TOKEN), environ.get(PROJECT)
    if not (token and project and owner):
        return f"{TOKEN}, {PROJECT} and {OWNERS[0]} are not all set here."

    async def ask() -> Told:
        from cronshift.operations.services.vercel import LOG, VercelLog

        async with VercelLog(token, project, owner, base=environ.get(ADDRESS) or LOG) as log:
            requests = [request async for request in log.requests(query.since, query.until)]
        return from_requests(requests, query.jobs, query.ownership)

    return ask

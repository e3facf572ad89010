"""All that anybody can tell of a span: the ledger, Inngest's runs, Vercel's log."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from cronshift.errors import CronshiftError
from cronshift.observing.fates import DueTick, TickFate, Watch, fate_of
from cronshift.observing.inngest_api import InngestApi
from cronshift.observing.inngest_side import ask_inngest
from cronshift.observing.vercel_api import VERCEL, VercelApi
from cronshift.observing.vercel_side import from_requests
from cronshift.runtime import wire
from cronshift.runtime.ledger import Side, TickRecord, TickStatus
from cronshift.runtime.signature import is_dev
from cronshift.runtime.store.ledger import read_ledger
from cronshift.runtime.ticks import MINUTE, lateness
from cronshift.server.keys import SIGNING_KEY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from cronshift.model import Job
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
    """Who may have seen something."""

    LEDGER = "ledger"
    INNGEST = "inngest"
    VERCEL = "vercel"


class SourceAnswer(Struct, frozen=True):
    """What became of asking one of them; ``problem`` says why it told nothing."""

    name: SourceName
    records: int = 0
    problem: str = ""


class Evidence(Struct, frozen=True):
    """What is known of the ticks of a span."""

    records: tuple[TickRecord, ...]
    watch: Watch
    sources: tuple[SourceAnswer, ...]


class Question(Struct, frozen=True):
    """What is asked for: some jobs' ticks of a span.

    Attributes:
        app: the id of Inngest's app.
    """

    app: str
    jobs: tuple[Job, ...]
    ownership: Ownership
    since: datetime
    until: datetime


async def gather(question: Question, environ: Mapping[str, str]) -> Evidence:
    """Ask all whom the environment's variables name, and put together what they tell.

    Of a delivery that several tell of, the ledger's record counts, with the end that Inngest knows.
    """
    asked: tuple[tuple[SourceName, Asking | str], ...] = (
        (SourceName.LEDGER, _ledger(question, environ)),
        (SourceName.INNGEST, _inngest(question, environ)),
        (SourceName.VERCEL, _vercel(question, environ)),
    )
    records: list[TickRecord] = []
    sources, watch = [], Watch()
    for name, ask in asked:
        if isinstance(ask, str):
            sources.append(SourceAnswer(name, problem=ask))
            continue
        try:
            told, seen = await ask()
        except CronshiftError as error:
            sources.append(SourceAnswer(name, problem=error.message))
            continue
        sources.append(SourceAnswer(name, len(told)))
        records = merged(records, told)
        watch += seen
    return Evidence(tuple(records), watch, tuple(sources))


def fates(question: Question, evidence: Evidence, now: datetime) -> Iterator[TickFate]:
    """Yield what became of every tick of the span that is over, job by job."""
    by_tick = defaultdict(list)
    for record in evidence.records:
        by_tick[record.job, record.tick].append(record)
    for due in due_ticks(question, now):
        yield fate_of(due, by_tick[due.job, due.tick], evidence.watch, now)


def due_ticks(question: Question, now: datetime) -> Iterator[DueTick]:
    """Yield the span's ticks of which both sides' calls have had their time."""
    for job in question.jobs:
        if job.schedule is None:
            continue
        until = min(question.until, now - lateness(job.schedule) - MINUTE)
        for tick in job.schedule.after(question.since - _INSTANT):
            if tick >= until:
                break
            owner = question.ownership.owner(job.id, tick)
            yield DueTick(job.id, job.schedule, tick, owner)


def merged(records: Sequence[TickRecord], others: Sequence[TickRecord]) -> list[TickRecord]:
    """Return the records, with the ends that others know, and what only others tell."""
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


def _ledger(question: Question, environ: Mapping[str, str]) -> Asking | str:
    """Return what reads the ledger, or why it cannot be read here."""
    url = environ.get(wire.LEDGER_VARIABLE, "")
    if not url:
        return f"{wire.LEDGER_VARIABLE} is not set here."
    if url.startswith(("https://", "http://")):
        return f"{wire.LEDGER_VARIABLE} names an address that takes records: name its database."

    async def ask() -> Told:
        if url == wire.LEDGER_EVENTS:
            sent = InngestApi.of(environ).records(question.since, question.until + _AFTERWARDS)
            records = newest([record async for record in sent])
        else:
            records = _read(url, question)
        jobs = {job.id for job in question.jobs}
        told = [
            record
            for record in records
            if record.job in jobs and question.since <= record.tick < question.until
        ]
        return told, watch_of(told)

    return ask


def _read(url: str, question: Question) -> list[TickRecord]:
    try:
        return read_ledger(url, question.since, question.until)
    except SQLAlchemyError as error:
        raise CronshiftError(
            f"The ledger's database did not tell ({type(error).__name__}).",
            reason="no-ledger",
            hint=f"Is {wire.LEDGER_VARIABLE} its address, and can it be reached from here?",
        ) from None


def newest(records: Iterable[TickRecord]) -> list[TickRecord]:
    """Return one record of each run, as a database would have kept it: its last attempt, and its end."""
    kept: dict[tuple[str, datetime, Side, str | None], TickRecord] = {}
    for record in sorted(records, key=lambda record: (record.attempts, record.status in _ENDS)):
        key = record.job, record.tick, record.side, record.run_id
        earlier = kept.get(key, record)
        arrived = min(record.arrived, earlier.arrived)
        kept[key] = replace(record, arrived=arrived, started=earlier.started or record.started)
    return list(kept.values())


def _inngest(question: Question, environ: Mapping[str, str]) -> Asking | str:
    if not environ.get(SIGNING_KEY, "").strip() and not is_dev(environ):
        return f"{SIGNING_KEY} is not set here."

    async def ask() -> Told:
        api, span = InngestApi.of(environ), (question.since, question.until)
        return await ask_inngest(api, question.app, question.jobs, question.ownership, span)

    return ask


def _vercel(question: Question, environ: Mapping[str, str]) -> Asking | str:
    owner = next(filter(None, map(environ.get, OWNERS)), None)
    token, project = environ.get(TOKEN), environ.get(PROJECT)
    if not (token and project and owner):
        return f"{TOKEN}, {PROJECT} and {OWNERS[0]} are not all set here."

    async def ask() -> Told:
        api = VercelApi(token, project, owner, environ.get(ADDRESS) or VERCEL)
        requests = [request async for request in api.requests(question.since, question.until)]
        return from_requests(requests, question.jobs, question.ownership)

    return ask

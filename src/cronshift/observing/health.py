"""The jobs' health by the ledger: their last ticks, and how long they took."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cronshift.observing.fates import Fate
from cronshift.observing.judging import Spread
from cronshift.readiness.fact import Knowledge
from cronshift.runtime.ledger import Role, Side, TickStatus
from cronshift.runtime.ownership import tick_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from cronshift.model import Job
    from cronshift.observing.fates import TickFate
    from cronshift.observing.gathering import TickQuery
    from cronshift.runtime.ledger import TickRecord

SHOWN = 20
"""So many ticks of a job are shown and judged, the newest."""

_DAY, _LONG = timedelta(days=1), timedelta(days=30)
_WELL = frozenset({Fate.ON_TIME, Fate.LATE})
_WRONG = frozenset({Fate.MISSED, Fate.DOUBLED, Fate.FAILED})


class JobHealth(Struct, frozen=True):
    """The health of a job.

    Attributes:
        ticks: the newest, in their order.
        well: of the ticks of the span whose end is known, how many went well.
        ended: how many those are.
        missed: of all ticks of the span; ``None`` where that is not known of any.
        took: how long its runs took.
        queued: how long behind its tick Inngest's runs began.
    """

    job: str
    ticks: tuple[TickFate, ...] = ()
    well: int = 0
    ended: int = 0
    missed: int | None = None
    took: Spread | None = None
    queued: Spread | None = None

    @property
    def answer(self) -> Knowledge:
        """The answer for the ticks that are shown: one missed, doubled or failed is bad."""
        shown = {tick.fate for tick in self.ticks}
        if shown & _WRONG:
            return Knowledge.BAD
        return Knowledge.GOOD if shown & _WELL else Knowledge.UNKNOWN

    @property
    def is_over(self) -> bool:
        """True where the newest of the ticks that are shown went well again."""
        return bool(self.ticks) and self.ticks[-1].fate in _WELL

    @property
    def success_rate(self) -> float | None:
        """The share of ticks that went well."""
        return self.well / self.ended if self.ended else None

    def to_json(self) -> dict[str, Any]:
        """Return the job's part of a document."""
        rate = self.success_rate
        return {
            "answer": self.answer.value,
            "last": [
                {"tick": tick_text(tick.tick), "fate": tick.fate.value} for tick in self.ticks
            ],
            "success_rate": None if rate is None else round(rate, 4),
            "ended": self.ended,
            "missed": self.missed,
            "seconds": self.took.to_json() if self.took else None,
        }


class Health(Struct, frozen=True):
    """The health of all jobs; ``problem`` says why the ledger told nothing."""

    jobs: Mapping[str, JobHealth]
    problem: str = ""

    def of(self, job: str) -> dict[str, Any] | None:
        """Return a job's part of a document; ``None`` where nothing is known of it."""
        return self.jobs[job].to_json() if job in self.jobs else None

    @property
    def is_bad(self) -> bool:
        """True where a job is known not to be well."""
        return any(job.answer is Knowledge.BAD for job in self.jobs.values())


def health_of(job: str, ticks: Sequence[TickFate], records: Iterable[TickRecord]) -> JobHealth:
    """Return a job's health, by the fates of a span's ticks and the records of them."""
    kept = list(records)
    fate_of_each = [tick.fate for tick in ticks]
    well = sum(fate in _WELL for fate in fate_of_each)
    ended = sum(fate in _WELL | _WRONG for fate in fate_of_each)
    took = [
        record.ended - record.started
        for record in kept
        if record.role is Role.ACTED
        and record.status is TickStatus.COMPLETED
        and record.started
        and record.ended
    ]
    waits = [
        record.arrived - record.tick
        for record in kept
        if record.side is Side.INNGEST and record.role is Role.ACTED
    ]
    return JobHealth(
        job=job,
        ticks=tuple(ticks[-SHOWN:]),
        well=well,
        ended=ended,
        missed=fate_of_each.count(Fate.MISSED) if ended else None,
        took=Spread.of(took) if took else None,
        queued=Spread.of(waits) if waits else None,
    )


async def ask_health(query: TickQuery, environ: Mapping[str, str], now: datetime) -> Health:
    """Return the health of the query's jobs, by the ledger alone.

    That is the last day; for jobs of fewer ticks a day than are shown, the last 30 days.
    """
    from cronshift.observing.gathering import SourceName, fates, gather

    jobs: dict[str, JobHealth] = {}
    rare = {job.id for job in query.jobs if _is_rare(job, now)}
    for span, names in ((_DAY, {job.id for job in query.jobs} - rare), (_LONG, rare)):
        of_span = tuple(job for job in query.jobs if job.id in names)
        if not of_span:
            continue
        asked = replace(query, jobs=of_span, since=now - span, until=now)
        evidence = await gather(asked, environ, (SourceName.LEDGER,))
        if evidence.is_silent:
            return Health({}, evidence.sources[0].problem)
        ticks: dict[str, list[TickFate]] = {job.id: [] for job in of_span}
        for tick in fates(asked, evidence, now):
            ticks[tick.job].append(tick)
        for name, of_job in ticks.items():
            records = (record for record in evidence.records if record.job == name)
            jobs[name] = health_of(name, of_job, records)
    return Health({job.id: jobs[job.id] for job in query.jobs})


def _is_rare(job: Job, now: datetime) -> bool:
    return job.schedule is None or job.schedule.count(now - _DAY, now) < SHOWN

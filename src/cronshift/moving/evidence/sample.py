"""Samples of both sides' ticks, metric by metric: good ticks and bad ones. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.moving.evidence.results import UsualResult
from cronshift.project.thresholds import Metric, Thresholds
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.ownership import Owner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from cronshift.runtime.schedule import Schedule

_SECOND = timedelta(seconds=1)


class TickMark(Struct, frozen=True):
    """One tick of one side, good or bad."""

    tick: datetime
    is_bad: bool


class Sample(Struct, frozen=True):
    """The ticks of both sides by one metric, in their order.

    Attributes:
        vercel: those of the time for which Vercel's are looked at.
        inngest: those of the present stage.
    """

    vercel: tuple[TickMark, ...] = ()
    inngest: tuple[TickMark, ...] = ()


class Span(Struct, frozen=True):
    """The ticks that are looked at: those after an instant, up to another one.

    Attributes:
        baseline: from when on Vercel's count.
        since: from when on Inngest's count: the present stage began.
        settled: until when a tick that nobody saw was missed.
        until: the present instant.
    """

    baseline: datetime
    since: datetime
    settled: datetime
    until: datetime

    def after(self, side: Side) -> datetime:
        """Return the instant behind which a side's ticks count."""
        return self.baseline if side is Side.VERCEL else self.since


class Sightings:
    """The records of one job's ticks, by side.

    Args:
        schedule: of the job.
        records: of the job.
        span: which ticks are looked at.
        attempts: how many a run of Inngest's has, before it has failed.
    """

    def __init__(
        self, schedule: Schedule, records: Iterable[TickRecord], span: Span, attempts: int = 1
    ) -> None:
        self.schedule = schedule
        self.span = span
        self.attempts = attempts
        self._by_side: dict[Side, dict[datetime, TickRecord]] = {side: {} for side in Side}
        for record in records:
            if not span.baseline < record.tick <= span.until:
                continue
            seen = self._by_side[record.side]
            other = seen.get(record.tick)
            if other is None or (record.role is Role.ACTED and other.role is not Role.ACTED):
                seen[record.tick] = record

    def of(self, side: Side) -> Mapping[datetime, TickRecord]:
        """Return a side's records by tick; where it was woken twice, that of who acted."""
        return self._by_side[side]

    def in_span(self, side: Side) -> Iterator[TickRecord]:
        """Yield a side's records of the ticks that count of it, in their order."""
        seen, after = self._by_side[side], self.span.after(side)
        return (seen[tick] for tick in sorted(seen) if tick > after)

    def acted(self, side: Side) -> list[TickRecord]:
        """Return a side's records of the ticks that count and that it ran, in their order."""
        return [record for record in self.in_span(side) if record.role is Role.ACTED]

    @property
    def doubled(self) -> tuple[datetime, ...]:
        """The ticks of the stage that both sides ran, though each belonged to one of them."""
        there = self._by_side[Side.VERCEL]
        return tuple(
            record.tick
            for record in self.acted(Side.INNGEST)
            if (other := there.get(record.tick)) is not None
            and other.role is Role.ACTED
            and Owner.BOTH not in {record.owner, other.owner}
        )


def transport(jobs: Sequence[Sightings], thresholds: Thresholds) -> dict[Metric, Sample]:
    """Return the samples of how ticks reach each side, of all jobs."""
    return {
        Metric.MISSES: _of_all(jobs, _misses),
        Metric.LATENESS: _of_all(jobs, lambda job, side: _lateness(job, side, thresholds)),
    }


def outcomes(job: Sightings, thresholds: Thresholds) -> dict[Metric, Sample]:
    """Return the samples of the ticks that each side ran, of one job."""
    vercel, inngest = (
        [record for record in job.acted(side) if _is_over(record, job)] for side in Side
    )
    usual = UsualResult(record for record in vercel if not _is_failed(record))

    def sample(is_bad: Callable[[TickRecord], bool | None]) -> Sample:
        return Sample(_marks(vercel, is_bad), _marks(inngest, is_bad))

    return {
        Metric.FAILURES: sample(_is_failed),
        Metric.ATTEMPTS: sample(_is_tried_again),
        Metric.DURATION: sample(lambda record: usual.is_slow(record, thresholds.slower)),
        Metric.RESULT: sample(usual.is_odd),
    }


def _misses(job: Sightings, side: Side) -> Iterator[TickMark]:
    """Yield whether the side came to each tick of a job.

    A side counts from the first tick on that it saw: before, it is not known whether it tells. A tick
    that neither side saw while the other one tells counts for neither: nobody may have kept the records.
    """
    seen, there = job.of(side), job.of(Side.INNGEST if side is Side.VERCEL else Side.VERCEL)
    if not seen:
        return
    begun, span = min(seen), job.span
    first, last = (min(there), max(there)) if there else (span.until, span.baseline)
    for tick in job.schedule.after(max(span.after(side), begun - _SECOND)):
        if tick > span.settled:
            return
        is_unclear = tick not in seen and tick not in there and first <= tick <= last
        if not is_unclear:
            yield TickMark(tick, tick not in seen)


def _lateness(job: Sightings, side: Side, thresholds: Thresholds) -> Iterator[TickMark]:
    for record in job.in_span(side):
        yield TickMark(record.tick, record.arrived - record.tick > thresholds.late)


def _of_all(
    jobs: Sequence[Sightings], marks_of: Callable[[Sightings, Side], Iterator[TickMark]]
) -> Sample:
    """Return the ticks of all jobs together, in their order."""
    vercel, inngest = (
        sorted((mark for job in jobs for mark in marks_of(job, side)), key=lambda mark: mark.tick)
        for side in Side
    )
    return Sample(tuple(vercel), tuple(inngest))


def _marks(
    records: Iterable[TickRecord], is_bad: Callable[[TickRecord], bool | None]
) -> tuple[TickMark, ...]:
    """Return the records' ticks; those of which a metric says nothing are left out."""
    verdicts = ((record.tick, is_bad(record)) for record in records)
    return tuple(TickMark(tick, verdict) for tick, verdict in verdicts if verdict is not None)


def _is_over(record: TickRecord, job: Sightings) -> bool:
    """Return whether it is known how a run went: who takes too long will not end well."""
    comes_again = (
        record.status is TickStatus.FAILED
        and record.side is Side.INNGEST
        and 0 < record.attempts < job.attempts  # who has not counted tells the run's own end
    )
    goes_on = record.status is TickStatus.RUNNING or comes_again
    return not goes_on or record.arrived <= job.span.settled


def _is_tried_again(record: TickRecord) -> bool | None:
    """Return whether a run had more than one attempt; ``None`` where nobody has counted them."""
    if record.attempts > 1 or _is_failed(record):
        return True
    return False if record.attempts else None


def _is_failed(record: TickRecord) -> bool:
    return record.status is not TickStatus.COMPLETED

"""Ticks lost or doubled by a side that took a file up late, as far as both sides tell.

A side tells which file it goes by, since when, and by which before. What an earlier process of it
held is not known; then every file of the project that is older may have counted, and a tick that one
of them would have lost or doubled is told as one that may be.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.moving.live import Holding, Mishap, TickOutcome, outcome
from cronshift.runtime.ticks import lateness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cronshift.model import Job
    from cronshift.runtime.ownership import Ownership

UNKNOWN = timedelta(days=1)
"""For how long behind a change of owner it matters what an earlier process held."""

_BEGINNING = timedelta(minutes=15)  # how late the first step of a run may come to ask, at most


class MishapsOfJob(Struct, frozen=True):
    """The ticks of one job that met one fate, in a line: how many, the first, the last."""

    job: str
    doubled: bool
    certain: bool
    count: int
    first: datetime
    last: datetime

    @property
    def sentence(self) -> str:
        """Say it in words."""
        who = "both sides" if self.doubled else "neither side"
        perhaps = "" if self.certain else "perhaps "
        if self.count == 1:
            return f"{self.job}: {perhaps}{who} ran the tick of {_minute(self.first)}."
        return (
            f"{self.job}: {perhaps}{who} ran {self.count:,} ticks, from {_minute(self.first)} to"
            f" {_minute(self.last)}."
        )


def by_job(mishaps: Iterable[Mishap]) -> tuple[MishapsOfJob, ...]:
    """Return mishaps a job and fate, in the order of their first ticks."""
    ticks: dict[tuple[str, bool, bool], list[datetime]] = {}
    for mishap in mishaps:
        key = (mishap.job, mishap.doubled, mishap.certain)
        ticks.setdefault(key, []).append(mishap.tick)
    return tuple(MishapsOfJob(*key, len(each), min(each), max(each)) for key, each in ticks.items())


def _minute(tick: datetime) -> str:
    return f"{tick:%Y-%m-%d %H:%M} UTC"


def late_mishaps(  # noqa: PLR0913 - two sides and a span
    jobs: Sequence[Job],
    vercel: Holding,
    inngest: Holding,
    files: Mapping[str, Ownership],
    *,
    since: datetime,
    now: datetime,
) -> Iterator[Mishap]:
    """Yield the ticks in ``(since, now]`` that had no single owner, or may have had none.

    Args:
        jobs: whose ticks.
        vercel: what the app behind Vercel's cron told.
        inngest: what the Inngest endpoint told.
        files: every file that the project has had, by its digest.
        since: the instant of the newest change of owner.
        now: the instant at which they were asked.
    """
    for job in jobs:
        if job.schedule is None:
            continue
        for tick in takewhile(lambda tick: tick <= now, job.schedule.after(since)):
            matters = tick <= since + UNKNOWN
            ends = tick + lateness(job.schedule), tick + _BEGINNING
            there, here = (
                _counted(side, files, (tick, end), now, matters=matters)
                for side, end in zip((vercel, inngest), ends, strict=True)
            )
            outcomes = {
                outcome(job.id, tick, vercels, inngests) for vercels in there for inngests in here
            }
            wrong = outcomes & {TickOutcome.DOUBLED, TickOutcome.LOST}
            if wrong:
                doubled = TickOutcome.DOUBLED in wrong
                yield Mishap(job.id, tick, doubled=doubled, certain=len(outcomes) == 1)


def _counted(
    side: Holding,
    files: Mapping[str, Ownership],
    span: tuple[datetime, datetime],
    now: datetime,
    *,
    matters: bool,
) -> tuple[Ownership | None, ...]:
    """Return the files by which a side may have gone in a span of time; ``None`` is none.

    ``matters`` says whether to think of what an earlier process held.
    """
    first, last = span
    taken_up = now - side.held_for if side.held_for is not None else None
    if taken_up is None or first >= taken_up:
        return (side.ownership,)
    if side.before is not None and side.before in files:
        earlier: tuple[Ownership | None, ...] = (files[side.before],)
    else:
        earlier = tuple(files.values()) if matters else (side.ownership,)
    return earlier if last < taken_up else (*earlier, side.ownership)

"""The ticks of both sides are the same: a percentage of two different schedules owns nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cronshift.errors import ScheduleError
from cronshift.model import Origin
from cronshift.readiness.kinds import TICKS
from cronshift.runtime.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject

_LOOKED_AT = timedelta(days=400)  # past every change of clocks, and every month
_MOST = 3000


def ticks(subject: Subject) -> Iterator[Fact]:
    """Yield, for each job that is shared, whether its entry and its function tick alike."""
    for job in subject.jobs:
        if job.schedule is None or job.entry.origin not in {Origin.CRONS, Origin.SCHEDULES}:
            continue
        try:
            entry = Schedule.from_vercel(job.entry.schedule)
        except ScheduleError:
            continue  # told as a finding, and the job is blocked
        apart = _apart(entry, job.schedule, subject.now)  # a guard reads an entry's schedule in UTC
        place, zone = job.entry.source, job.entry.timezone
        if apart is None:
            text = f"{job.id}: the entry and the function come due at the same instants."
            yield subject.good(TICKS, text, place, job.id)
        elif subject.percent in {0, 100}:
            whole = f"{job.id} moves as a whole"
            text = (
                f"{whole}, to another schedule: {job.schedule.trigger}."
                if zone == "UTC"
                else f"{whole}: its schedule is {zone}'s, and a guard would read it in UTC."
            )
            yield subject.good(TICKS, text, place, job.id)
        else:
            side = (
                "Vercel calls at"
                if zone == "UTC"
                else "in UTC, as a guard reads it, the entry says"
            )
            text = (
                f"{job.id}: {side} {job.entry.schedule!r}, and the function comes due at"
                f" {job.schedule.trigger!r}; {apart:%Y-%m-%d %H:%M} UTC is a tick of one of them only."
                f" At {subject.percent} % such ticks run twice, or never."
            )
            remedy = f"Move it as a whole: cronshift cutover {job.id} --percent 100"
            yield subject.bad(TICKS, text, place, remedy, job.id)


def _apart(entry: Schedule, other: Schedule, now: datetime) -> datetime | None:
    """Return the first instant at which only one of two schedules comes due."""
    if entry == other:
        return None
    until = now + _LOOKED_AT
    both = (entry.after(now), other.after(now))
    for _ in range(_MOST):
        first, second = (next(side, None) for side in both)
        if first != second:
            return min(tick for tick in (first, second) if tick is not None)
        if first is None or first > until:
            return None
    return None

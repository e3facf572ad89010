"""The judgement of what both sides see of a job's ticks, before a move begins. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from cronshift.observing.fates import Fate, TickFate
from cronshift.observing.rehearsals import RehearsalSight, is_of_floor, of_newest, rehearsed
from cronshift.project.counting import counted
from cronshift.readiness.fact import Knowledge
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.ownership import tick_text
from cronshift.runtime.schedule.durations import format_duration
from cronshift.runtime.telling import Telling
from cronshift.runtime.ticks import MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cronshift.observing.fates import Watch

_BAD = (Fate.MISSED, Fate.DOUBLED, Fate.FAILED)
_NAMES = {Side.VERCEL: "Vercel", Side.INNGEST: "Inngest"}
_SHORT = timedelta(seconds=10)
_LONG = timedelta(minutes=2)


class Spread(Struct, frozen=True):
    """The spread of a time over ticks."""

    p50: timedelta
    p95: timedelta
    most: timedelta

    @classmethod
    def of(cls, times: Sequence[timedelta]) -> Spread:
        """Return the spread of at least one time."""
        ordered = sorted(times)

        def at(percent: int) -> timedelta:
            return ordered[-(-len(ordered) * percent // 100) - 1]

        return cls(at(50), at(95), ordered[-1])

    def to_json(self) -> dict[str, float]:
        """Return the spread in seconds."""
        return {
            name: round(getattr(self, name).total_seconds(), 3) for name in self.__struct_fields__
        }


class JobSight(Struct, frozen=True):
    """The sight that both sides have of a job's ticks.

    Attributes:
        answer: good only where both have seen every tick since the first one seen, and nothing is
            wrong.
        expected: ticks since the first that anybody has seen.
        seen: how many of them each side has seen.
        by_both: how many both have.
        late: how late each side was.
        queued: how long Inngest's runs waited before their first call.
        rehearsal: what the dry runs of the side that stands by show.
        problems: what is bad, a sentence each.
        gaps: what is not known, a sentence each.
    """

    job: str
    answer: Knowledge
    expected: int = 0
    seen: Mapping[Side, int] = {}
    by_both: int = 0
    late: Mapping[Side, Spread] = {}
    queued: Spread | None = None
    rehearsal: RehearsalSight = field(default_factory=RehearsalSight)
    problems: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The sight in a sentence."""
        if not self.expected:
            return "not known: nothing was recorded"
        late = [
            f"{_NAMES[side]} p95 {spoken(self.late[side].p95)} late"
            for side in Side
            if side in self.late
        ]
        behind = f"; {', '.join(late)}" if late else ""
        return f"{self.by_both:,} of {counted(self.expected, 'tick')} seen by both sides{behind}"

    def to_json(self) -> dict[str, Any]:
        """Return the job's part of the document."""
        return {
            "job": self.job,
            "answer": self.answer.value,
            "expected": self.expected,
            "seen": {side.value: self.seen.get(side, 0) for side in Side} | {"both": self.by_both},
            "late_seconds": {side.value: spread.to_json() for side, spread in self.late.items()},
            "queued_seconds": self.queued.to_json() if self.queued else None,
            "rehearsal": self.rehearsal.to_json() if self.rehearsal.ticks else None,
            "problems": list(self.problems),
            "gaps": list(self.gaps),
        }


def judge(
    job: str, fates: Sequence[TickFate], records: Sequence[TickRecord], watch: Watch
) -> JobSight:
    """Return the sight that both sides have of a job's ticks.

    Args:
        job: its id.
        fates: of its ticks, in order.
        records: all of it.
        watch: where the absence of a record says something.
    """
    first = next((at for at, fate in enumerate(fates) if fate.seen_by), None)
    if first is None:
        return JobSight(job, Knowledge.UNKNOWN)
    watched = fates[first:]
    problems = [*_wrong_fates(watched), *_unseen(job, watched, watch), *_looks(records)]
    late = {
        side: Spread.of([record.arrived - record.tick for record in records if record.side is side])
        for side in Side
        if any(record.side is side for record in records)
    }
    inngest = late.get(Side.INNGEST)
    if inngest is not None and inngest.p95 > MINUTE:
        problems.append(f"Inngest is late: p95 {spoken(inngest.p95)}.")
    waits = [timedelta(seconds=wait) for record in records if (wait := _queued(record)) is not None]
    queued = Spread.of(waits) if waits else None
    if queued is not None and queued.p95 > MINUTE:
        problems.append(
            f"A limit holds Inngest's runs back: p95 {spoken(queued.p95)} in the queue."
        )
    rehearsal = rehearsed(of_newest(records))
    if rehearsal.problem:
        problems.append(rehearsal.problem)
    gaps = [*_gaps(job, watched, watch), *_dropped(records)]
    unknown = Knowledge.UNKNOWN if gaps else Knowledge.GOOD
    return JobSight(
        job,
        Knowledge.BAD if problems else unknown,
        expected=len(watched),
        seen={side: sum(side in fate.seen_by for fate in watched) for side in Side},
        by_both=sum(len(fate.seen_by) > 1 for fate in watched),
        late=late,
        queued=queued,
        rehearsal=rehearsal,
        problems=tuple(problems),
        gaps=tuple(gaps),
    )


def spoken(time: timedelta) -> str:
    """Return a time as people say it: ``1.2 s``, ``38 s``, ``3m20s``."""
    seconds = max(time.total_seconds(), 0.0)
    if time < _SHORT:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if time < _LONG else format_duration(time)


def _wrong_fates(fates: Sequence[TickFate]) -> list[str]:
    count = Counter(fate.fate for fate in fates)
    first = {fate.fate: fate for fate in reversed(fates)}
    return [
        f"{counted(count[bad], 'tick')} {bad.value}, first {tick_text(first[bad].tick)}{_because(first[bad])}."
        for bad in _BAD
        if count[bad]
    ]


def _unseen(job: str, fates: Sequence[TickFate], watch: Watch) -> list[str]:
    """Return the sentence about ticks at which Inngest did not wake, and would have been seen.

    A tick that Vercel did not call for is no fault of what a job moves to, and missed where it was Vercel's.
    """
    unseen = [
        fate
        for fate in fates
        if Side.INNGEST not in fate.seen_by
        and fate.fate is not Fate.MISSED
        and watch.covers(job, fate.tick, Side.INNGEST)
    ]
    return (
        [
            f"Inngest did not wake at {counted(len(unseen), 'tick')}, first {tick_text(unseen[0].tick)}."
        ]
        if unseen
        else []
    )


def _gaps(job: str, fates: Sequence[TickFate], watch: Watch) -> list[str]:
    gaps = []
    for side in Side:
        unseen = [
            fate
            for fate in fates
            if side not in fate.seen_by and not watch.covers(job, fate.tick, side)
        ]
        if unseen:
            gaps.append(
                f"{_NAMES[side]} was not watched at {counted(len(unseen), 'tick')}, first"
                f" {tick_text(unseen[0].tick)}."
            )
    return gaps


def _looks(records: Sequence[TickRecord]) -> list[str]:
    """Return the problems in the newest look of the side that stands by, and the runs that failed there."""
    standing = [record for record in records if record.side is Side.INNGEST and _stands_by(record)]
    failed = [
        record
        for record in standing
        if record.role is Role.STOOD_BY and record.status is not TickStatus.SKIPPED
    ]
    problems = (
        [f"{len(failed)} of Inngest's runs failed although they had nothing to do."]
        if failed
        else []
    )
    seen = max(standing, key=lambda record: record.tick).seen if standing else {}
    if missing := seen.get("missing"):
        problems.append(f"Where the functions run, these are not set: {missing}.")
    app = seen.get("app")
    if app is not None and app != Telling.FILE:
        problems.append(f"From there the app tells no ownership file: {app.replace('-', ' ')}.")
    if seen.get("file") == "another":
        problems.append("The app holds another ownership file than the functions: deploy both.")
    return problems


def _dropped(records: Sequence[TickRecord]) -> list[str]:
    """Return the sentences about records that sides had to drop, and so are not among these."""
    counts = Counter[Side]()
    for record in records:
        count = record.seen.get("dropped", "")
        counts[record.side] += int(count) if count.isdecimal() else 0
    return [
        f"{_NAMES[side]}'s side dropped {counted(count, 'record of ticks')}."
        for side, count in counts.items()
        if count
    ]


def _stands_by(record: TickRecord) -> bool:
    """Return whether a record is of a side that does not do the work, whether it rehearses or not."""
    return record.role is not Role.ACTED and not is_of_floor(record)


def _queued(record: TickRecord) -> float | None:
    if record.side is not Side.INNGEST or not _stands_by(record):
        return None
    sent = record.seen.get("sent")  # of one that rehearses, whose numbers are the answer's
    if sent is None:
        return record.numbers.get("queued")
    try:
        return max((record.arrived - datetime.fromisoformat(sent)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def _because(fate: TickFate) -> str:
    return f" ({fate.reason})" if fate.reason else ""

"""A move told to who decides about it: every tick of a span, before and after, and the plan's own aims."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.model import Origin, Severity
from cronshift.observing.fates import Fate, TickFate
from cronshift.operations import past_operations
from cronshift.plan.forecast import allowances, monthly
from cronshift.project.counting import counted
from cronshift.project.ownership_file import percent_now
from cronshift.readiness.fact import Knowledge
from cronshift.runtime.ledger import Role, Side, TickStatus
from cronshift.runtime.ownership import Owner, tick_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from cronshift.model import Finding, Plan
    from cronshift.observing.gathering import SourceAnswer, SpanEvidence
    from cronshift.project import Project
    from cronshift.runtime.ownership import Epoch, Ownership

ONCE = frozenset({Fate.ON_TIME, Fate.LATE})
_FEWEST = 20  # ticks of a side: of fewer no rate is compared
_CRON_FOLDER = re.compile(r"(?:^|/)api/crons?/")
_SIDES = {Owner.VERCEL: Side.VERCEL, Owner.INNGEST: Side.INNGEST}


class Lane(Struct, frozen=True):
    """One job's ticks of the span, with the changes of its owner."""

    job: str
    schedule: str
    percent: int
    fates: tuple[TickFate, ...]
    epochs: tuple[Epoch, ...]


class SideFigures(Struct, frozen=True):
    """The figures of the ticks that one side owned.

    Attributes:
        counts: ticks by what became of them.
        late: median and 95th percentile of how long after its tick work began, in seconds; ``None`` without any.
    """

    side: Side
    counts: Mapping[Fate, int]
    late: tuple[float, float] | None

    @property
    def judged(self) -> int:
        """The ticks of which it is known whether they ran."""
        return (
            sum(self.counts.values())
            - self.counts.get(Fate.NOT_KNOWN, 0)
            - self.counts.get(Fate.SKIPPED, 0)
        )

    @property
    def once(self) -> int:
        """The ticks that ran once."""
        return sum(self.counts.get(fate, 0) for fate in ONCE)


class Aim(Struct, frozen=True):
    """One of the aims that a move has, whether it is reached, and by what that is seen."""

    name: str
    answer: Knowledge
    evidence: str


class Mark(Struct, frozen=True):
    """An operation of the span: when, and the command."""

    at: datetime
    command: str


class MoveReport(Struct, frozen=True):
    """The whole of it.

    Attributes:
        sentence: it in one sentence.
        executions: of Inngest's plan, in 30 days, by the forecast.
    """

    app: str
    since: datetime
    until: datetime
    sentence: str
    lanes: tuple[Lane, ...]
    sides: tuple[SideFigures, ...]
    aims: tuple[Aim, ...]
    marks: tuple[Mark, ...]
    sources: tuple[SourceAnswer, ...]
    findings: tuple[Finding, ...]
    executions: int
    plans: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return the document."""
        return {
            "app": self.app,
            "since": tick_text(self.since),
            "until": tick_text(self.until),
            "sentence": self.sentence,
            "jobs": [
                {
                    "id": lane.job,
                    "percent": lane.percent,
                    "ticks": _by_name(Counter(fate.fate for fate in lane.fates)),
                }
                for lane in self.lanes
            ],
            "sides": [
                {
                    "side": str(side.side),
                    "ticks": _by_name(side.counts),
                    "late_seconds": list(side.late) if side.late else None,
                }
                for side in self.sides
            ],
            "aims": [
                {"name": aim.name, "answer": str(aim.answer), "evidence": aim.evidence}
                for aim in self.aims
            ],
            "sources": [source.to_json() for source in self.sources],
            "executions_per_30_days": self.executions,
        }


def make_report(  # noqa: PLR0913, PLR0917 - what is known comes from as many places
    project: Project,
    plan: Plan,
    ownership: Ownership,
    evidence: SpanEvidence,
    fates: Sequence[TickFate],
    span: tuple[datetime, datetime],
    now: datetime,
) -> MoveReport:
    """Return the report of a span of time.

    Args:
        project: the project.
        plan: its plan.
        ownership: the ownership file.
        evidence: what all who were asked have told.
        fates: what became of every tick of the span.
        span: its two ends.
        now: the present instant.
    """
    lanes = tuple(
        Lane(
            job.id,
            job.entry.schedule,
            percent_now(ownership, job.id, now),
            tuple(fate for fate in fates if fate.job == job.id),
            tuple(
                e for e in ownership.jobs.get(job.id, ()) if span[0] <= e.effective_at <= span[1]
            ),
        )
        for job in plan.jobs
    )
    sides = tuple(_figures(owner, fates) for owner in _SIDES)
    return MoveReport(
        plan.app_id,
        *span,
        _sentence(fates, span),
        lanes,
        sides,
        tuple(_aims(project, plan, evidence, lanes, sides)),
        tuple(_marks(project, span)),
        evidence.sources,
        tuple(each for each in plan.findings if each.severity is not Severity.NOTE),
        monthly(plan.jobs),
        {allowance.name: allowance.executions for allowance in allowances()},
    )


def _sentence(fates: Sequence[TickFate], span: tuple[datetime, datetime]) -> str:
    since = f"since {span[0]:%-d %B %Y}"
    counts = Counter(fate.fate for fate in fates)
    unknown, skipped = counts[Fate.NOT_KNOWN], counts[Fate.SKIPPED]
    judged = len(fates) - unknown - skipped
    if not judged:
        return f"Of none of the {counted(len(fates), 'tick')} {since} is it known whether it ran."
    once = sum(counts[fate] for fate in ONCE)
    rest = [
        *([f"of {unknown:,} more it is not known"] if unknown else []),
        *([f"{skipped:,} were skipped on purpose"] if skipped else []),
    ]
    ticks = f"{once:,} of {counted(judged, 'tick')} had exactly one run {since}"
    return f"{'; '.join([ticks, *rest])}."


def _figures(owner: Owner, fates: Sequence[TickFate]) -> SideFigures:
    mine = [fate for fate in fates if fate.owner is owner]
    late = sorted(fate.late.total_seconds() for fate in mine if fate.late is not None)
    return SideFigures(
        _SIDES[owner],
        Counter(fate.fate for fate in mine),
        (_at(late, 0.5), _at(late, 0.95)) if late else None,
    )


def _at(values: Sequence[float], share: float) -> float:
    """Return a percentile of sorted values: the smallest that no fewer than the share are within."""
    return round(values[min(len(values) - 1, int(share * len(values)))], 3)


def _aims(
    project: Project,
    plan: Plan,
    evidence: SpanEvidence,
    lanes: Sequence[Lane],
    sides: Sequence[SideFigures],
) -> Iterator[Aim]:
    whole = sum(lane.percent == 100 for lane in lanes)  # noqa: PLR2004 - percent
    yield _aim("All jobs are Inngest's", whole == len(lanes), f"{whole} of {len(lanes)} at 100 %")
    entries = [job for job in plan.jobs if job.entry.origin is Origin.CRONS]
    text = f"{counted(len(entries), 'entry')} in {plan.config_file}"
    yield _aim("No Vercel cron is left", not entries, text)
    files = [file for file in project.resolver().tree.files if _CRON_FOLDER.search(file)]
    yield _aim(
        "The cron directory is gone", not files, files[0] if files else "no file below api/cron"
    )
    yield _once(sides)
    yield _timeouts(evidence)
    yield _compared(sides)
    heartbeats = [job.id for job in plan.jobs if job.options.heartbeat_env]
    asked = f"{counted(len(heartbeats), 'job')} with a monitor; what has arrived is the monitor's to say"
    yield Aim(
        "Heartbeats arrive", Knowledge.UNKNOWN, asked if heartbeats else "no job pings a monitor"
    )
    for name in ("Under 10 s from queue to processing", "No new credit errors"):
        if project.settings.sessions is not None:
            yield Aim(name, Knowledge.UNKNOWN, "cronshift sessions status asks the database")


def _aim(name: str, is_reached: bool, evidence: str) -> Aim:
    return Aim(name, Knowledge.GOOD if is_reached else Knowledge.BAD, evidence)


def _once(sides: Sequence[SideFigures]) -> Aim:
    name = "Every tick ran exactly once"
    judged, once = (sum(getattr(side, part) for side in sides) for part in ("judged", "once"))
    if not judged:
        return Aim(name, Knowledge.UNKNOWN, "no tick was watched")
    return _aim(name, once == judged, f"{once:,} of {judged:,} that were watched")


def _timeouts(evidence: SpanEvidence) -> Aim:
    name = "No run ended at a timeout"
    runs = [
        record
        for record in evidence.records
        if record.side is Side.INNGEST and record.role is Role.ACTED
    ]
    cancelled = [record for record in runs if record.status is TickStatus.CANCELLED]
    if not runs:
        return Aim(name, Knowledge.UNKNOWN, "no run of Inngest's is known")
    return _aim(name, not cancelled, f"{len(cancelled)} of {counted(len(runs), 'run')} cancelled")


def _compared(sides: Sequence[SideFigures]) -> Aim:
    name = "Completion is the same or better"
    vercel, inngest = sides
    if min(vercel.judged, inngest.judged) < _FEWEST:
        few = f"{vercel.judged} ticks of Vercel's and {inngest.judged} of Inngest's are too few"
        return Aim(name, Knowledge.UNKNOWN, few)
    before, after = vercel.once / vercel.judged, inngest.once / inngest.judged
    return _aim(name, after >= before, f"{before:.2%} at Vercel, {after:.2%} at Inngest")


def _marks(project: Project, span: tuple[datetime, datetime]) -> Iterator[Mark]:
    for operation in past_operations(project.root):
        if span[0] <= operation.created <= span[1]:
            yield Mark(operation.created, operation.command)


def _by_name(counts: Mapping[Fate, int]) -> dict[str, int]:
    return {fate.value: counts[fate] for fate in Fate if counts.get(fate)}

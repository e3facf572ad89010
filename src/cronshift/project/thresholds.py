"""The [rollout] of cronshift.toml: which evidence is enough, for going on and for going back."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from cronshift.runtime.schedule.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DURATIONS = ("baseline", "patience", "longest_stage", "late")


class Metric(StrEnum):
    """The metrics by which sides are compared; the first two are the transport's, common to all jobs."""

    MISSES = "misses"
    LATENESS = "lateness"
    FAILURES = "failures"
    ATTEMPTS = "attempts"
    DURATION = "duration"
    RESULT = "result"
    REFUNDS = "refunds"


TRANSPORT = frozenset({Metric.MISSES, Metric.LATENESS})
OF_JOBS = tuple(metric for metric in Metric if metric is not Metric.REFUNDS)
OF_FLOWS = (Metric.FAILURES, Metric.LATENESS, Metric.REFUNDS)
"""Of a flow's sessions: those that failed, those that waited in the queue, those that were refunded."""


class Tolerance(Struct, frozen=True):
    """The share of a metric's ticks that may be bad.

    Attributes:
        acceptable: a share that nobody minds; where Vercel's own is larger, that one is.
        unacceptable: a share that is to be noticed; the distance of the two is kept.
        failure_limit: more bad ticks than this at one stage go back at once.
        success_limit: so many good ticks in a row are enough to go on.
    """

    acceptable: float = 0.01
    unacceptable: float = 0.1
    failure_limit: int | None = None
    success_limit: int | None = None


_TOLERANCES = {
    Metric.MISSES: Tolerance(0.005, 0.05),
    Metric.LATENESS: Tolerance(0.01, 0.1),
    Metric.FAILURES: Tolerance(0.01, 0.1),
    Metric.ATTEMPTS: Tolerance(0.02, 0.2),
    Metric.DURATION: Tolerance(0.05, 0.25),
    Metric.RESULT: Tolerance(0.05, 0.25),
    Metric.REFUNDS: Tolerance(0.01, 0.1),
}


class Thresholds(Struct, frozen=True):
    """The evidence that is enough.

    Attributes:
        false_rollbacks: the share of rollouts of a side as good as Vercel's that may go back.
        overlooked: the share of stages that a side with unacceptable ticks may pass.
        baseline: for how long back Vercel's own ticks are looked at.
        patience: how long after its tick a run may come, or go on, before it counts as bad.
        longest_stage: a percentage at which the evidence would take longer is skipped.
        observed: so many of its ticks Inngest must have seen before any of a job becomes its own.
        late: from when on a call is late.
        slower: so many times what all but a twentieth of Vercel's runs take is slow.
        dry_run: metrics that are told and decide nothing.
    """

    false_rollbacks: float = 0.05
    overlooked: float = 0.05
    baseline: timedelta = timedelta(days=28)
    patience: timedelta = timedelta(hours=1)
    longest_stage: timedelta = timedelta(days=14)
    observed: int = 3
    late: timedelta = timedelta(minutes=5)
    slower: float = 2.0
    dry_run: frozenset[Metric] = frozenset({Metric.ATTEMPTS, Metric.DURATION, Metric.RESULT})
    tolerances: Mapping[Metric, Tolerance] = field(default_factory=lambda: dict(_TOLERANCES))

    def deciding(self, metrics: Iterable[Metric]) -> tuple[Metric, ...]:
        """Return those of the metrics that decide."""
        return tuple(metric for metric in metrics if metric not in self.dry_run)


def read_thresholds(table: Mapping[str, Any]) -> Thresholds:
    """Return the thresholds of a table that the schema of cronshift.toml allows."""
    values = {name: value for name, value in table.items() if name not in set(Metric)}
    values |= {name: parse_duration(values[name]) for name in DURATIONS if name in values}
    if "dry_run" in values:
        values["dry_run"] = frozenset(map(Metric, values["dry_run"]))
    return Thresholds(**values, tolerances={name: tolerance(table, name) for name in Metric})


def over(common: Mapping[str, Any], of_job: Mapping[str, Any]) -> dict[str, Any]:
    """Return the common table with a job's own over it, metric by metric."""
    both = {**common, **of_job}
    for metric in set(Metric) & common.keys() & of_job.keys():
        both[metric] = {**common[metric], **of_job[metric]}
    return both


def tolerance(table: Mapping[str, Any], metric: Metric) -> Tolerance:
    """Return a metric's tolerance, with what the table says of it over the default."""
    usual = _TOLERANCES[metric]
    return Tolerance(
        **{name: getattr(usual, name) for name in Tolerance.__struct_fields__}
        | table.get(metric, {})
    )

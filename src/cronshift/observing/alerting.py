"""The alerts of a moment, and which of them are to be told now. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.observing.fates import Fate
from cronshift.observing.judging import spoken
from cronshift.project.counting import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from cronshift.observing.health import Health, JobHealth
    from cronshift.observing.spending import Spending
    from cronshift.plan.forecast import Allowance
    from cronshift.project.alert_settings import AlertSettings
    from cronshift.runtime.dead_letters import DeadLetter


class Alert(Struct, frozen=True):
    """A thing that is not well.

    Attributes:
        key: the same for as long as it goes on.
        sentence: for a person.
    """

    key: str
    sentence: str


class AlertChange(Struct, frozen=True):
    """The alerts to tell now.

    Attributes:
        new: those that have begun, or go on for so long that they are told again.
        over: the keys of those that were told and have ended.
    """

    new: tuple[Alert, ...]
    over: tuple[str, ...]


def alerts_of(
    health: Health,
    letters: Sequence[DeadLetter],
    spending: Spending,
    allowance: Allowance | None,
    settings: AlertSettings,
) -> Iterator[Alert]:
    """Yield an alert for each thing that is not well.

    Args:
        health: of the jobs.
        letters: the dead letters.
        spending: of this month.
        allowance: of the account's plan; ``None`` where that is not told.
        settings: from when on something is told.
    """
    for job in health.jobs.values():
        yield from _of_job(job, settings)
    waiting = [letter for letter in letters if letter.replayed is None]
    if len(waiting) > settings.dead_letters:
        jobs = ", ".join(sorted({letter.job for letter in waiting}))
        yield Alert("dead-letters", f"{counted(len(waiting), 'dead letter')} waiting: {jobs}.")
    projected = spending.projected
    if allowance is not None and projected is not None and projected > allowance.executions:
        text = (
            f"At this rate {counted(projected, 'execution')} this month, and Inngest's plan {allowance.name}"
            f" has {allowance.executions:,}."
        )
        yield Alert("executions", text)


def _of_job(job: JobHealth, settings: AlertSettings) -> Iterator[Alert]:
    rate = job.success_rate
    if rate is not None and job.ended >= settings.least and 1 - rate > settings.failure_rate:
        bad = job.ended - job.well
        yield Alert(
            f"failures {job.job}", f"{job.job}: {bad:,} of {counted(job.ended, 'tick')} went wrong."
        )
    missed = sum(tick.fate is Fate.MISSED for tick in job.ticks)
    if missed > settings.missed:
        text = f"{job.job}: missed {missed:,} of the last {counted(len(job.ticks), 'tick')}."
        yield Alert(f"missed {job.job}", text)
    if job.queued is not None and job.queued.p95 > settings.queue:
        text = f"{job.job}: Inngest's runs begin {spoken(job.queued.p95)} behind their ticks (p95)."
        yield Alert(f"queue {job.job}", text)


def changed(
    alerts: Sequence[Alert], told_at: Mapping[str, datetime], now: datetime, again: timedelta
) -> AlertChange:
    """Return the alerts that are to be told now.

    Args:
        alerts: those of this moment.
        told_at: when those that went on were told, by their keys.
        now: the present instant.
        again: for how long one that goes on is not told again.
    """
    new = [
        alert for alert in alerts if alert.key not in told_at or now - told_at[alert.key] >= again
    ]
    keys = {alert.key for alert in alerts}
    return AlertChange(tuple(new), tuple(sorted(told_at.keys() - keys)))


def message(project: str, change: AlertChange) -> str:
    """Return the message for the webhook, a line for each alert."""
    lines = [f"cronshift · {project}"]
    lines += [f"• {alert.sentence}" for alert in change.new]
    lines += [f"• over: {key}" for key in change.over]
    return "\n".join(lines)

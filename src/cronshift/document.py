"""The plan document: what ``audit --json`` and ``migrate --dry-run --json`` print (DESIGN 4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cronshift.model import Finding, Handler, Job, Plan

PERIOD = timedelta(days=30)


def plan_document(plan: Plan, now: datetime, *, ticks: int = 1) -> dict[str, Any]:
    """Return the plan as JSON data, version 1.

    Args:
        plan: the plan.
        now: the instant that "next" and the 30 days count from, aware.
        ticks: how many next ticks to list for each job.
    """
    forecast = {job.id: executions(job, now) for job in plan.jobs}
    return {
        "version": 1,
        "project": {
            "root": ".",
            "framework": plan.framework,
            "config_file": plan.config_file,
            "target": plan.target,
        },
        "jobs": [_job(job, now, ticks) for job in plan.jobs],
        "findings": [finding_document(finding) for finding in plan.findings],
        "forecast": {"executions_per_30_days": sum(forecast.values()), "by_job": forecast},
    }


def runs(job: Job, now: datetime) -> int:
    """Return how often a job runs in the 30 days from ``now``."""
    return job.schedule.count(now, now + PERIOD) if job.schedule else 0


def executions(job: Job, now: datetime) -> int:
    """Return a job's executions in 30 days: each run, and each of its steps (facts: Inngest 5)."""
    fan_out = job.options.fan_out
    steps = 1 + len(fan_out.values) if fan_out else 1  # a fan-out begins with a step of its own
    return runs(job, now) * (1 + steps + bool(job.options.heartbeat_env))


def instant(value: datetime) -> str:
    """Return ``2026-11-24T12:00:00Z``."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def next_ticks(job: Job, now: datetime, count: int) -> list[datetime]:
    """Return a job's next ticks, at most ``count``."""
    return list(islice(job.schedule.after(now), count)) if job.schedule else []


def _job(job: Job, now: datetime, ticks: int) -> dict[str, Any]:
    return {
        "id": job.id,
        "path": job.entry.path,
        "schedule": job.entry.schedule,
        "trigger": job.schedule.trigger if job.schedule else None,
        "describe": job.schedule.describe() if job.schedule else None,
        "next": [instant(tick) for tick in next_ticks(job, now, ticks)],
        "runs_per_30_days": runs(job, now),
        "source": {"file": job.entry.source.file, "line": job.entry.source.line},
        "handler": _handler(job.handler) if job.handler else None,
        "mode": job.mode.value,
        "owner": {"percent": 0},
        "module": job.module,
    }


def _handler(handler: Handler) -> dict[str, Any]:
    return {
        "file": handler.file,
        "kind": handler.kind.value,
        "export": handler.export,
        "language": handler.language,
        "max_duration": handler.max_duration,
        "auth": handler.auth,
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON data."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "job": finding.job,
        "file": finding.location.file if finding.location else None,
        "line": finding.location.line if finding.location else None,
        "message": finding.message,
        "fix": finding.fix,
    }

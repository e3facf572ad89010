"""The plan document of ``audit --json`` and ``migrate --dry-run --json`` (DESIGN 4)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from cronshift.output.spots import spots
from cronshift.plan import forecast
from cronshift.plan.forecast import executions, runs
from cronshift.runtime.ownership import Ownership, percent_at

if TYPE_CHECKING:
    from datetime import datetime

    from cronshift.model import Finding, Handler, Job, Plan


def plan_document(
    plan: Plan, now: datetime, *, ticks: int = 1, ownership: Ownership | None = None
) -> dict[str, Any]:
    """Return the plan as JSON data, version 1.

    Args:
        plan: the plan.
        now: the instant that "next" counts from, aware.
        ticks: how many next ticks to list for each job.
        ownership: what the ownership file says; without one every tick is Vercel's.
    """
    owners = ownership or Ownership()
    return {
        "version": 1,
        "project": {
            "root": ".",
            "framework": plan.framework,
            "config_file": plan.config_file,
            "target": plan.target,
        },
        "jobs": [_job(job, now, ticks, owners) for job in plan.jobs],
        "findings": [
            {**finding_document(spot.finding), "jobs": list(spot.jobs)}
            for spot in spots(plan.findings)
        ],
        "forecast": _forecast(plan, forecast.SOME_DAY),
    }


def _forecast(plan: Plan, now: datetime) -> dict[str, Any]:
    by_job = {job.id: executions(job, now) for job in plan.jobs}
    total = sum(by_job.values())
    load, count = forecast.load_of(plan.runnable, now), forecast.functions(plan)
    return {
        "executions_per_30_days": total,
        "by_job": by_job,
        "jobs": {
            job.id: {
                "runs": runs(job, now),
                "steps_per_run": forecast.steps(job),
                "executions": by_job[job.id],
                "retries": forecast.retries([job], now),
            }
            for job in plan.jobs
        },
        "retries_per_30_days": forecast.retries(plan.jobs, now),
        "failures_per_30_days": forecast.failures(plan.jobs, now),
        "functions": count,
        "executions_per_year": sum(executions(job, now, forecast.YEAR) for job in plan.jobs),
        "plans": [
            {
                "name": allowance.name,
                "executions": allowance.executions,
                "functions": allowance.functions,
                "fits": total <= allowance.executions and count <= allowance.functions,
            }
            for allowance in forecast.allowances()
        ],
        "by_hour": list(load.by_hour),
        "busiest": [{"minute": str(busy), "jobs": busy.jobs} for busy in load.busiest],
        "peak": load.peak,
        "staggered_peak": load.staggered_peak,
    }


def instant(value: datetime) -> str:
    """Return ``2026-11-24T12:00:00Z``."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def next_ticks(job: Job, now: datetime, count: int) -> list[datetime]:
    """Return a job's next ticks, at most ``count``."""
    return list(islice(job.schedule.after(now), count)) if job.schedule else []


def _job(job: Job, now: datetime, ticks: int, ownership: Ownership) -> dict[str, Any]:
    return {
        "id": job.id,
        "path": job.entry.path,
        **({"called": job.entry.called} if job.entry.called else {}),
        "schedule": job.entry.schedule,
        "trigger": job.schedule.trigger if job.schedule else None,
        "describe": job.schedule.describe() if job.schedule else None,
        "next": [instant(tick) for tick in next_ticks(job, now, ticks)],
        "runs_per_30_days": runs(job, now),
        "source": {"file": job.entry.source.file, "line": job.entry.source.line},
        "handler": _handler(job.handler) if job.handler else None,
        "mode": job.mode.value,
        "bridged_because": job.bridged_because,
        "owner": {"percent": percent_at(ownership.jobs.get(job.id, ()), now)},
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
        "runtime": handler.runtime,
        "reads": list(handler.reads),
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
        "column": finding.location.column if finding.location else None,
        "message": finding.message,
        "fix": finding.fix,
    }

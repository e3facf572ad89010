"""Spans of time as they are written on the command line, and the evidence of one."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.instants import read_instant
from cronshift.errors import CronshiftError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.commands.invocation import Invocation
    from cronshift.model import Job, Plan
    from cronshift.observing.gathering import SpanEvidence, TickQuery

Since = Annotated[
    str, typer.Option(metavar="TIME", help="From when on: 24h, 7d, or 2026-11-24T12:00Z.")
]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Up to when: 1h, or 2026-11-24T12:00Z.")
]


def read_past(text: str, now: datetime) -> datetime:
    """Return the instant that a text names: so long ago, or a whole minute.

    Raises:
        CronshiftError: ``invalid-time`` if it is neither.
    """
    from cronshift.runtime.schedule.durations import parse_duration

    try:
        return now - parse_duration(text)
    except ValueError:
        return read_instant(text)


def asked(
    invocation: Invocation, jobs: Sequence[str], since: str, until: str | None, now: datetime
) -> TickQuery:
    """Return the query about some jobs' ticks; about those of all that run, where none is named.

    Raises:
        CronshiftError: for a job that there is none of, or a span that ends before it begins.
    """
    from cronshift.observing.gathering import TickQuery
    from cronshift.plan.planning import make_plan
    from cronshift.project.ownership_file import read_ownership

    plan = make_plan(invocation.project)
    start, end = read_past(since, now), read_past(until, now) if until else now
    if start >= end:
        raise CronshiftError(
            f"The span ends before it begins: {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC.",
            reason="invalid-time",
            hint="--since is the earlier one.",
        )
    return TickQuery(plan.app_id, _named(plan, jobs), read_ownership(invocation.root), start, end)


def _named(plan: Plan, names: Sequence[str]) -> tuple[Job, ...]:
    from cronshift.plan.job_ids import unknown_job

    runnable = {job.id: job for job in plan.runnable}
    for name in names:
        if name not in runnable:
            raise unknown_job(name, list(runnable))
    return tuple(job for job in plan.runnable if not names or job.id in names)


def collect(query: TickQuery) -> SpanEvidence:
    """Return the evidence of all whom this environment names."""
    from cronshift.observing.gathering import gather

    return asyncio.run(gather(query, os.environ))


def present() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def tell_silent(invocation: Invocation, evidence: SpanEvidence) -> None:
    """Say who told nothing, and why."""
    for source in evidence.sources:
        if source.problem:
            invocation.console.say(f"{source.name.value}: {source.problem}")

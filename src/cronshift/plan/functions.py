"""The functions that a job becomes: its own, and one for its rows where each has a run of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.model import FanOutMode, Origin, Overlap
from cronshift.runtime.jobs import row_function

if TYPE_CHECKING:
    from cronshift.model import Job, JobOptions


def has_runs(options: JobOptions) -> bool:
    """Return whether every value of a job's fan-out has a run of its own."""
    return options.fan_out is not None and options.fan_out.mode is FanOutMode.RUNS


def function_ids(job: Job) -> tuple[str, ...]:
    """Return the ids of a job's functions, its own first."""
    if job.function is not None:
        return (job.function.id,)
    return (job.id, row_function(job.id)) if has_runs(job.options) else (job.id,)


def is_rehearsed(job: Job) -> bool:
    """Return whether a job has a dry run that a side rehearses: none once Vercel's part has ended."""
    return job.options.rehearsal is not None and job.entry.origin is not Origin.MOVED


def sending(options: JobOptions) -> JobOptions:
    """Return the options of the function that sends, where the values' own has the limits."""
    places = 1 if options.overlap is Overlap.QUEUE else None
    return replace(options, throttle=None, concurrency=places)


def receiving(options: JobOptions) -> JobOptions:
    """Return the options of its job that a value's own function has."""
    return replace(
        options, overlap=Overlap.QUEUE, rate_limit=None, idempotency=None, start_timeout=None
    )

"""The time that the endpoint and the dispatcher's routes must be allowed to run, in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cronshift.model import Job, Plan

SHORTEST = 300
"""What Vercel gives a function that says nothing."""


def duration(job: Job) -> int:
    """Return the time that a job's handler says it may run; 0 where it says none."""
    return (job.handler.max_duration if job.handler else None) or 0


def longest_duration(plan: Plan) -> int:
    """Return the time that the endpoint needs: as long as any handler whose work it does."""
    return max([SHORTEST, *map(duration, plan.runnable)])

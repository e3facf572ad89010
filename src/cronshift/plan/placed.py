"""Stage 5, placed: the target says where each job's function goes and how it reaches its handler.

A question that only a target can answer is a method of it (``cronshift.targets.target``), and is
asked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import ConfigError
from cronshift.model import Finding, Job, Mode
from cronshift.plan.findings.routing import WRONG_METHOD
from cronshift.targets.target import Direct, OverHttp

if TYPE_CHECKING:
    from cronshift.plan.judged import Judged, JudgedEntry
    from cronshift.plan.opened import Opened
    from cronshift.targets.target import Placement, Reach

_AS_ASKED = "as asked"


class Placed(Struct, frozen=True):
    """All jobs at their places, and the findings so far."""

    opened: Opened
    placement: Placement
    jobs: tuple[Job, ...]
    findings: tuple[Finding, ...]


def place(judged: Judged) -> Placed:
    """Return the jobs where the target puts them.

    Raises:
        ConfigError: for a job that is to be called directly and cannot be.
    """
    opened = judged.opened
    placement = opened.target.place(opened.project, opened.judge.resolver)
    jobs = tuple(_job(each, opened, placement) for each in judged.entries)
    return Placed(opened, placement, jobs, judged.findings)


def _job(judged: JudgedEntry, opened: Opened, placement: Placement) -> Job:
    target, settings = opened.target, opened.project.settings
    job_settings = settings.jobs.get(judged.job)
    if job_settings is not None and job_settings.function is not None:
        return Job(
            judged.job,
            judged.entry,
            judged.schedule,
            Mode.DIRECT,
            judged.handler,
            judged.options,
            job_settings.function.file,
            function=job_settings.function,
        )
    asked = (job_settings.mode if job_settings else None) or settings.mode
    reach = target.reach(placement, judged.handler, judged.entry)
    if asked is Mode.DIRECT and isinstance(reach, OverHttp):
        raise ConfigError(
            f"`jobs.{judged.job}` is to be called directly, but no handler that can be answers its"
            f" path: {reach.reason}.",
            reason="no-handler",
            hint=f'Set handler = "module:attribute" under [jobs.{judged.job}], or mode = "bridge".',
        )
    if any(finding.code == WRONG_METHOD.code for finding in judged.findings):
        reach = target.reach_without_get(reach)
    mode, why = _mode(asked, reach)
    return Job(
        judged.job,
        judged.entry,
        judged.schedule,
        mode,
        judged.handler,
        judged.options,
        target.module(placement, judged.job),
        why,
    )


def _mode(asked: Mode | None, reach: Reach) -> tuple[Mode, str | None]:
    """Return the mode of a job, and the reason for HTTP."""
    match reach:
        case OverHttp(reason):
            return Mode.BRIDGE, reason
        case Direct(only=False) if asked is Mode.BRIDGE:
            return Mode.BRIDGE, _AS_ASKED
        case _:
            return Mode.DIRECT, None

"""MONITORS: the monitors of jobs, beside those that their service has, and the operation that makes them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.operations import (
    ChangeKind,
    Edit,
    Intent,
    KeptAt,
    MakeMonitor,
    Operation,
    Seen,
    build_operation,
)
from cronshift.operations.services.monitoring import DueByCron, DueByInterval
from cronshift.project.ownership_file import read_ownership
from cronshift.project.settings import parse_settings
from cronshift.project.settings_edit import editable_settings, set_heartbeat
from cronshift.readiness.setup.expecting import gaps_of, monitor_of, notices_one
from cronshift.runtime.ownership import percent_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from cronshift.model import Job
    from cronshift.operations.services.monitoring import Monitor, MonitorService, RemoteMonitor
    from cronshift.readiness.doctor.asking import Asking


class MonitorState(StrEnum):
    """The states of a monitor at its service."""

    MISSING = "missing"
    DIFFERS = "differs"
    AS_PLANNED = "as-planned"
    UNKNOWN = "not-known"


class WatchedJob(Struct, frozen=True):
    """A job with the monitor that is to watch it.

    Attributes:
        variable: that holds the monitor's address where the function runs.
        is_told: whether the job's functions ping it, by the settings.
        percent: of its ticks that are Inngest's now, by its epochs; the others ping nobody.
        notices_one: whether a single missed tick raises an alarm.
    """

    job: str
    monitor: Monitor
    state: MonitorState
    variable: str
    is_told: bool
    percent: int | None
    notices_one: bool

    @property
    def note(self) -> str:
        """The thing that a reader has to know of it, if any."""
        if self.percent is not None and self.percent < 100:  # noqa: PLR2004 - all of them
            return f"{self.percent} % of its ticks are Inngest's: the others would raise alarms"
        return (
            ""
            if self.notices_one
            else "one missed tick alone may raise no alarm: it takes more, or a job that stops"
        )

    def to_json(self) -> dict[str, Any]:
        """Return the monitor's part of the document."""
        due = self.monitor.due
        cron = due if isinstance(due, DueByCron) else None
        return {
            "job": self.job,
            "slug": self.monitor.slug,
            "schedule": cron.expression if cron else None,
            "zone": cron.zone if cron else None,
            "every_seconds": due.seconds if isinstance(due, DueByInterval) else None,
            "grace_seconds": self.monitor.grace,
            "state": self.state.value,
            "notices_one_missed_tick": self.notices_one,
            "variable": self.variable,
            "is_told": self.is_told,
            "note": self.note or None,
        }


class PreparedMonitors(Struct, frozen=True):
    """The operation that makes what is missing, and all jobs that it is about."""

    operation: Operation
    jobs: tuple[WatchedJob, ...]


def watched_jobs(
    asking: Asking,
    service: MonitorService,
    jobs: Sequence[Job],
    remote: Mapping[str, RemoteMonitor] | None,
    grace: timedelta | None = None,
) -> tuple[WatchedJob, ...]:
    """Return the monitors that jobs are to have.

    Args:
        asking: about which project.
        service: where the monitors are.
        jobs: those that have ticks.
        remote: the monitors that there are, by slug; ``None`` where nobody was asked.
        grace: instead of what each job's limits come to.
    """
    ownership = read_ownership(asking.project.root)
    watched = []
    for job in jobs:
        monitor = monitor_of(asking.plan.app_id, job, service, asking.now, grace)
        gaps = gaps_of(job.schedule, asking.now) if job.schedule is not None else None
        epochs = ownership.jobs.get(job.id, ())
        there = remote.get(monitor.slug) if remote is not None else None
        if remote is None:
            state = MonitorState.UNKNOWN
        elif there is None:
            state = MonitorState.MISSING
        else:
            is_same = there.monitor == monitor
            state = MonitorState.AS_PLANNED if is_same else MonitorState.DIFFERS
        watched.append(
            WatchedJob(
                job.id,
                monitor,
                state,
                job.options.heartbeat_env or _variable(job.id),
                is_told=job.options.heartbeat_env is not None,
                percent=percent_at(epochs, asking.now) if epochs else None,
                notices_one=gaps is not None and notices_one(monitor, gaps),
            )
        )
    return tuple(watched)


def prepare_monitors(
    asking: Asking, service: MonitorService, jobs: Sequence[WatchedJob]
) -> PreparedMonitors:
    """Return the operation that makes the monitors of jobs, and has their functions ping them.

    Raises:
        RefusedError: if cronshift.toml cannot be edited.
    """
    operation = build_operation(
        asking.project.root,
        f"monitors create --service {service}",
        heartbeat_edits(asking, jobs),
        asking.now,
        intent=Intent.MONITORS,
        jobs=[watched.job for watched in jobs],
        batches=monitor_calls(asking, service, jobs),
    )
    return PreparedMonitors(operation, tuple(jobs))


def monitor_calls(
    asking: Asking, service: MonitorService, jobs: Sequence[WatchedJob]
) -> list[MakeMonitor]:
    """Return the calls that make the monitors of jobs, where they are not as they are to be."""
    return [
        MakeMonitor(
            service,
            watched.monitor,
            f"{watched.monitor.slug} at {service}, for {watched.job}",
            _kept_at(asking, watched.variable),
        )
        for watched in jobs
        if watched.state is not MonitorState.AS_PLANNED
    ]


def heartbeat_edits(asking: Asking, jobs: Sequence[WatchedJob]) -> list[Edit]:
    """Return the edit of cronshift.toml that names the variable of each job that names none."""
    untold = {watched.job: watched.variable for watched in jobs if not watched.is_told}
    if not untold:
        return []
    by_hand = "Write heartbeat under [jobs.JOB] into it by hand."
    file, on_disk = editable_settings(asking.project, "the variable of a monitor", by_hand)
    text = (on_disk or b"").decode()
    for job, variable in untold.items():
        text = set_heartbeat(text, job, variable)
    parse_settings(text, file)
    summary = f"{file}: heartbeat of {', '.join(untold)}"
    return [
        Edit(file, text.encode(), ChangeKind.EDIT_CONFIG, summary, based_on=Seen(on_disk)),
    ]


def _kept_at(asking: Asking, variable: str) -> KeptAt | None:
    """Return the variable at Vercel that keeps an address, where the functions run there."""
    project = asking.vercel_project
    if not (asking.vercel_token and project and asking.serves_itself):
        return None
    target = asking.environment.vercel_target.value
    return KeptAt(variable, project, asking.vercel_team or "", target)


def _variable(job: str) -> str:
    return f"HEARTBEAT_{re.sub(r'[^A-Z0-9]+', '_', job.upper()).strip('_')}"

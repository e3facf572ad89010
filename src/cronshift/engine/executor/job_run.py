"""RUN: one run of a job, here and now, at an endpoint or where its target's functions run."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cronshift.engine.executor.engine import RunTarget, Surroundings, execute
from cronshift.engine.executor.events import INVOKED_EVENT, custom_event, tick_event
from cronshift.engine.server.endpoint import Endpoint
from cronshift.errors import CronshiftError, ScheduleError
from cronshift.plan.job_ids import unknown_job
from cronshift.runtime.jobs import CANCELLED_ID, row_function
from cronshift.runtime.schedule import Schedule
from cronshift.targets import target_named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cronshift.engine.executor.runs import Run
    from cronshift.engine.validation.registration import FunctionConfig
    from cronshift.model import Job, Plan

ORIGINS = ("INNGEST_DEV", "INNGEST_EVENT_API_BASE_URL", "INNGEST_API_BASE_URL")
"""The variables by which an SDK finds Inngest; they put it into dev mode."""


class Request(Struct, frozen=True):
    """A request to run a job, or a function.

    Attributes:
        name: a job of the plan, or a function's own id.
        at: the tick to run; the newest one when absent.
        event: the name of the event to run it with, instead of a tick.
        data: that event's data.
        endpoint: where it is served; the project's own package when absent.
        attempts: how often in all; as registered when absent.
        start: whether to start the app's own dev server for it.
    """

    name: str
    at: datetime | None = None
    event: str | None = None
    data: Mapping[str, Any] | None = None
    endpoint: str | None = None
    attempts: int | None = None
    start: bool = False


class Outcome(Struct, frozen=True):
    """A run that has ended.

    Attributes:
        tick: the instant it was for; ``None`` for an event.
        throwaway: whether the function was generated for this run only.
        rows: the runs of the rows that the run has sent events for.
    """

    job: str
    tick: datetime | None
    run: Run
    throwaway: bool = False
    rows: tuple[Run, ...] = ()

    @property
    def is_well(self) -> bool:
        """True once the run is completed, and those of all its rows."""
        return all(run.status == "completed" for run in (self.run, *self.rows))

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``run --json`` (DESIGN 4)."""
        run = self.run.to_json()
        tick = self.tick.strftime("%Y-%m-%dT%H:%M:%SZ") if self.tick else None
        return {
            "job": self.job,
            "run_id": run.pop("run_id"),
            "tick": tick,
            **run,
            "throwaway": self.throwaway,
            **({"rows": [row.to_json() for row in self.rows]} if self.rows else {}),
        }


async def run_job(
    root: Path,
    plan: Plan,
    request: Request,
    surroundings: Surroundings | None = None,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Run a job to its end.

    Without an endpoint its target runs it: in this process, or where the app runs.

    Args:
        root: the project's folder.
        plan: its plan.
        request: what to run.
        surroundings: time, events, and who looks on.
        tell: called with a line of progress while a dev server starts.

    Raises:
        CronshiftError: for a name that is nothing to run, a time that is no tick, or an endpoint
            that cannot be used. A run that fails is no error here.
        NotWellError: for a job that a finding blocks.
    """
    around = surroundings or Surroundings()
    if request.endpoint is not None:
        return await run_at_endpoint(plan, request, around)
    return await target_named(plan.target).run(root, plan, request, around, tell)


async def run_at_endpoint(plan: Plan, request: Request, around: Surroundings) -> Outcome:
    """Run a function of an endpoint that is served elsewhere, in whatever language."""
    job = plan.job(request.name)
    key = os.environ.get("INNGEST_SIGNING_KEY")
    async with Endpoint.http(request.endpoint or "", key) as endpoint:
        await endpoint.introspect()
        is_named = job is not None or request.event is not None or request.data is not None
        function = None if is_named else await _listed(endpoint, plan, request)
        retries = job.options.retries if job else function.retries if function else None
        target = RunTarget(
            function.id if function else f"{plan.app_id}-{request.name}",
            attempts=request.attempts or (4 if retries is None else retries) + 1,
            concurrency=job.options.concurrency if job else None,
            finish_timeout=job.options.finish_timeout if job else None,
            cancelled_handler=f"{plan.app_id}-{CANCELLED_ID}" if job else None,
        )
        event, tick = event_of(request, function, plan)
        run = await execute(endpoint, target, event, around)
        rows = await run_rows(endpoint, target, run, around)
        return Outcome(request.name, tick, run, rows=rows)


async def _listed(endpoint: Endpoint, plan: Plan, request: Request) -> FunctionConfig:
    """Return the function of that id that an endpoint lists: no job of the plan's, but the app's own.

    Raises:
        CronshiftError: for a name that it does not list.
    """
    from cronshift.engine.validation.endpoint import inspect_endpoint

    registration = await inspect_endpoint(endpoint)
    listed = {registration.local_id(each.id): each for each in registration.functions or ()}
    names = [name for name, each in listed.items() if not each.is_failure_handler]
    if request.name not in listed:
        raise unknown_job(request.name, [*(job.id for job in plan.jobs), *names])
    return listed[request.name]


async def run_rows(
    endpoint: Endpoint, target: RunTarget, run: Run, around: Surroundings
) -> tuple[Run, ...]:
    """Return the runs of the rows for which a job's run has sent events, made one after another.

    Where events go to another server than this process, that one makes them.
    """
    each = replace(target, function_id=row_function(run.function_id))
    named = f"{run.function_id}.row"  # with the app's id before a slash
    events = [event for event in run.sent if event["name"].replace("/", "-", 1) == named]
    return tuple([await execute(endpoint, each, event, around) for event in events])


def event_of(
    request: Request, function: FunctionConfig | None, plan: Plan
) -> tuple[dict[str, Any], datetime | None]:
    """Return the event to run with: a tick, unless another event was asked for."""
    now = datetime.now(UTC)
    cron = _cron(function, plan.job(request.name))
    if request.event is None and request.data is None and cron is not None:
        tick = _tick(Schedule.parse(cron), request, now)
        return tick_event(cron, tick, now), tick
    if request.at is not None:
        raise CronshiftError(
            f"{request.name} is run with an event, so it has no tick.",
            reason="usage",
            hint="Leave out --at, or leave out --data and --event.",
        )
    named = request.event or next(
        (trigger.event for trigger in function.triggers if trigger.event) if function else iter(()),
        INVOKED_EVENT,
    )
    return custom_event(named, request.data or {}, now), None


def _cron(function: FunctionConfig | None, job: Job | None) -> str | None:
    if function is not None:
        return next((trigger.cron for trigger in function.crons), None)
    return job.schedule.trigger if job and job.schedule else None


def _tick(schedule: Schedule, request: Request, now: datetime) -> datetime:
    """Return the tick asked for, the newest one when none was.

    Raises:
        ScheduleError: for a time at which nothing is due.
    """
    wanted = request.at
    if wanted is None:
        return schedule.latest(now) or now.replace(second=0, microsecond=0)
    latest = schedule.latest(wanted)
    if latest == wanted:
        return wanted
    following = next(schedule.after(wanted), None)
    around = " and ".join(f"{tick:%Y-%m-%dT%H:%MZ}" for tick in (latest, following) if tick)
    raise ScheduleError(
        f"{request.name} has no tick at {wanted:%Y-%m-%dT%H:%M:%SZ}; around it are {around}.",
        field="--at",
        reason="no-such-tick",
    )

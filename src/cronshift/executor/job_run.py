"""RUN: one run of a job, here and now, on what is generated, on a throwaway, or on an endpoint."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cronshift.errors import CronshiftError, NotWellError, ScheduleError
from cronshift.executor.dev_server import dev_server
from cronshift.executor.engine import Surroundings, Target, execute
from cronshift.executor.events import INVOKED_EVENT, Receiver, custom_event, tick_event
from cronshift.model import Job, Mode, Plan
from cronshift.plan.job_ids import unknown_job
from cronshift.runtime.jobs import CANCELLED_ID
from cronshift.schedule import Schedule
from cronshift.schedule.engine_durations import read_duration
from cronshift.server.app import ServedApp, build_app
from cronshift.server.endpoint import Endpoint
from cronshift.targets import generate
from cronshift.validation.registration import FunctionConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cronshift.executor.runs import Run

_ORIGINS = ("INNGEST_DEV", "INNGEST_EVENT_API_BASE_URL", "INNGEST_API_BASE_URL")
_URL = "http://localhost/api/inngest"


@dataclass(frozen=True, slots=True)
class Request:
    """What to run.

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


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run that has ended.

    Attributes:
        tick: the instant it was for; ``None`` for an event.
        throwaway: whether the function was generated for this run only.
    """

    job: str
    tick: datetime | None
    run: Run
    throwaway: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what ``run --json`` prints (DESIGN 4)."""
        run = self.run.to_json()
        tick = self.tick.strftime("%Y-%m-%dT%H:%M:%SZ") if self.tick else None
        return {
            "job": self.job,
            "run_id": run.pop("run_id"),
            "tick": tick,
            **run,
            "throwaway": self.throwaway,
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

    Without an endpoint the project's own code is imported into this process.

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
        return await _run_remote(plan, request, around)
    if request.start:
        return await _run_started(root, plan, request, around, tell)
    if plan.target != "python":
        raise CronshiftError(
            "The app's own functions run where the app runs.",
            reason="needs-endpoint",
            hint=f"cronshift run {request.name} --start starts it for this run; or name one that "
            "runs with INNGEST_DEV=1: --endpoint http://localhost:3000/api/inngest.",
        )
    with _package(root, plan, request.name) as (folder, throwaway):
        receiver = around.receiver or Receiver()
        async with receiver.listening():
            with _local(folder, plan.out, root, receiver) as served:
                function = _function(served, plan, request.name)
                event, tick = _event(request, function, plan)
                target = _target(function, served, request)
                key = served.client.signing_key if served.client.is_production else None
                async with Endpoint.asgi(served, served.path, key) as endpoint:
                    run = await execute(endpoint, target, event, replace(around, receiver=receiver))
    return Outcome(request.name, tick, run, throwaway)


async def _run_remote(plan: Plan, request: Request, around: Surroundings) -> Outcome:
    """Run a function of an endpoint that is served elsewhere, in whatever language."""
    job = plan.job(request.name)
    if job is None and request.event is None and request.data is None:
        raise unknown_job(request.name, [known.id for known in plan.jobs])
    retries = job.options.retries if job else 4
    target = Target(
        f"{plan.app_id}-{request.name}",
        attempts=request.attempts or retries + 1,
        concurrency=job.options.concurrency if job else None,
        finish_timeout=job.options.finish_timeout if job else None,
        cancelled_handler=f"{plan.app_id}-{CANCELLED_ID}" if job else None,
    )
    event, tick = _event(request, None, plan)
    key = os.environ.get("INNGEST_SIGNING_KEY")
    async with Endpoint.http(request.endpoint or "", key) as endpoint:
        await endpoint.introspect()
        return Outcome(request.name, tick, await execute(endpoint, target, event, around))


async def _run_started(
    root: Path, plan: Plan, request: Request, around: Surroundings, tell: Callable[[str], None]
) -> Outcome:
    """Run a function of the app in its own dev server, which lives as long as the run."""
    if plan.target != "nextjs":
        raise CronshiftError(
            "--start starts a Next.js app, and this project's functions are a Python package.",
            reason="usage",
            hint=f"cronshift run {request.name}",
        )
    if plan.job(request.name) is None and request.event is None and request.data is None:
        raise unknown_job(request.name, [known.id for known in plan.jobs])
    receiver = around.receiver or Receiver()
    async with receiver.listening():
        variables = dict.fromkeys(_ORIGINS, receiver.url)
        async with dev_server(root, variables, plan.bridge.base_url_env, tell) as url:
            began = replace(around, receiver=receiver)
            return await _run_remote(plan, replace(request, endpoint=url), began)


@contextmanager
def _package(root: Path, plan: Plan, name: str) -> Iterator[tuple[Path, bool]]:
    """Give the folder that holds the package, and whether it is there for this run only."""
    job = plan.job(name)
    generated = (root / plan.out / "asgi.py").is_file()
    if generated and (job is None or (job.module and (root / job.module).is_file())):
        yield root, False
        return
    if job is None:
        raise unknown_job(name, [known.id for known in plan.jobs])
    if job.mode is Mode.BLOCKED:
        raise _blocked(plan, job)
    with tempfile.TemporaryDirectory(prefix="cronshift-") as folder:
        for file in generate(replace(plan, jobs=(job,))):
            path = Path(folder, file.path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text)
        yield Path(folder), True


def _blocked(plan: Plan, job: Job) -> NotWellError:
    reasons = [f for f in plan.findings if f.job == job.id and f.severity == "error"]
    return NotWellError(
        f"{job.id} cannot run: {reasons[0].message if reasons else 'a finding blocks it.'}",
        reason="job-blocked",
        hint=reasons[0].fix if reasons else "cronshift audit",
        where=str(job.entry.source),
    )


@contextmanager
def _local(folder: Path, out: str, root: Path, receiver: Receiver) -> Iterator[ServedApp]:
    """Import the package into this process, in dev mode, its events sent to ``receiver``."""
    before = {name: os.environ.get(name) for name in _ORIGINS}
    path = list(sys.path)
    os.environ |= dict.fromkeys(_ORIGINS, receiver.url)
    sys.path[:0] = [str(folder.resolve()), str(root.resolve())]
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield build_app(folder, out)
    finally:
        sys.dont_write_bytecode = writes
        sys.path[:] = path
        top = out.partition("/")[0]
        for name in [name for name in sys.modules if name == top or name.startswith(f"{top}.")]:
            del sys.modules[name]
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _function(served: ServedApp, plan: Plan, name: str) -> FunctionConfig:
    """Return the registration of the function that has this id."""
    for function in served.functions:
        if function.local_id == name:
            wire = function.get_config(_URL).main.to_dict()
            if isinstance(wire, Exception):
                raise NotWellError(
                    f"{name} cannot be registered: {wire}", reason="unreadable-options"
                ) from wire
            return FunctionConfig.from_wire(wire)
    known = [function.local_id for function in served.functions]
    if plan.job(name) is None:
        raise unknown_job(name, known)
    raise NotWellError(
        f"{name} is not in `functions` of {plan.out}/__init__.py, so nothing would run it.",
        reason="function-left-out",
        hint="cronshift validate",
    )


def _target(function: FunctionConfig, served: ServedApp, request: Request) -> Target:
    retries = function.retries
    own = next(one for one in served.functions if one.id == function.id)
    timeout = function.finish_timeout
    limits = [limit.limit for limit in function.concurrency if limit.key is None]
    return Target(
        function.id,
        attempts=request.attempts or (4 if retries is None else retries) + 1,
        has_failure_handler=own.get_config(_URL).on_failure is not None,
        concurrency=min(limits, default=None),
        finish_timeout=read_duration(timeout) if timeout else None,
        cancelled_handler=next(
            (one.id for one in served.functions if one.local_id == CANCELLED_ID), None
        ),
    )


def _event(
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

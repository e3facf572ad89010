"""A run of a package's function in this process: of the generated one, or one for this run only."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.executor.events import Receiver
from cronshift.engine.executor.job_run import ORIGINS, Outcome, event_of, run_rows
from cronshift.engine.server.endpoint import Endpoint
from cronshift.engine.server.loading import build_app
from cronshift.engine.validation.registration import FunctionConfig
from cronshift.errors import CronshiftError, NotWellError
from cronshift.handlers.tree import SourceTree
from cronshift.model import Job, Mode
from cronshift.plan.job_ids import unknown_job
from cronshift.runtime.answers import HandlerError
from cronshift.runtime.apps import Lifespan
from cronshift.runtime.jobs import CANCELLED_ID
from cronshift.runtime.loading import load
from cronshift.runtime.schedule.engine_durations import read_duration
from cronshift.targets.python.mounting import mounting_app
from cronshift.targets.python.names import package_of, reference
from cronshift.targets.registry import generate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import ModuleType

    from cronshift.engine.executor.engine import Surroundings
    from cronshift.engine.executor.job_run import Request
    from cronshift.engine.server.app import ServedApp
    from cronshift.model import Plan

_URL = "http://localhost/api/inngest"


async def run_in_process(root: Path, plan: Plan, request: Request, around: Surroundings) -> Outcome:
    """Run a function to its end; the project's own code is imported into this process.

    Raises:
        CronshiftError: for a name that is nothing to run, or a time that is no tick.
        NotWellError: for a job that a finding blocks.
    """
    if request.start:
        raise nothing_to_start(f"cronshift run {request.name}")
    with _package(root, plan, request.name) as (folder, throwaway):
        receiver = around.receiver or Receiver()
        async with receiver.listening():
            with _local(folder, plan.out, root, receiver) as served:
                function = _function(served, plan, request.name)
                event, tick = event_of(request, function, plan)
                target = _target(function, served, request)
                key = served.client.signing_key if served.client.is_production else None
                async with (
                    _started(root, plan, request.name),
                    Endpoint.asgi(served, served.path, key) as endpoint,
                ):
                    began = replace(around, receiver=receiver)
                    run = await execute(endpoint, target, event, began)
                    rows = await run_rows(endpoint, target, run, began)
    return Outcome(request.name, tick, run, throwaway, rows)


def nothing_to_start(hint: str) -> CronshiftError:
    """Return the error for ``--start`` where there is no app that it could start."""
    return CronshiftError(
        "--start starts a Next.js app, and this project's functions are a Python package.",
        reason="usage",
        hint=hint,
    )


@contextmanager
def _package(root: Path, plan: Plan, name: str) -> Iterator[tuple[Path, bool]]:
    """Give the folder that holds the package, and whether it is there for this run only."""
    job = plan.job(name)
    generated = (root / plan.out / "asgi.py").is_file()
    if generated and (job is None or (job.module and (root / job.module).is_file())):
        yield root, False
        return
    if job is None:
        raise unknown_job(name, [job.id for job in plan.jobs])
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
    before = {name: os.environ.get(name) for name in ORIGINS}
    path = list(sys.path)
    top = out.partition("/")[0]
    others = _forgotten(top)
    os.environ |= dict.fromkeys(ORIGINS, receiver.url)
    sys.path[:0] = [str(folder.resolve()), str(root.resolve())]
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield build_app(folder, out)
    finally:
        sys.dont_write_bytecode = writes
        sys.path[:] = path
        _forgotten(top)
        sys.modules.update(others)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@asynccontextmanager
async def _started(root: Path, plan: Plan, name: str) -> AsyncIterator[None]:
    """Start the app of FastAPI that serves a function of its own, as a server would: its work may need that."""
    package = package_of(plan.out)
    place = mounting_app(SourceTree(root), package) if plan.job(name) is None else None
    app = load(reference(*place)) if place is not None else None
    if (
        place is not None
        and "fastapi" in sys.modules
        and isinstance(app, sys.modules["fastapi"].FastAPI)
    ):
        lifespan = Lifespan(app)
        try:
            await lifespan.started()
        except HandlerError as error:
            raise NotWellError(str(error), reason="startup-failed", where=place[0]) from error
        try:
            yield
        finally:
            await lifespan.end()
    else:
        yield


def _forgotten(package: str) -> dict[str, ModuleType]:
    """Take a package and its modules out of this process, where another may have the same name."""
    names = [name for name in sys.modules if name == package or name.startswith(f"{package}.")]
    return {name: sys.modules.pop(name) for name in names}


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
    ids = [function.local_id for function in served.functions]
    if plan.job(name) is None:
        raise unknown_job(name, ids)
    raise NotWellError(
        f"{name} is not in `functions` of {plan.out}/__init__.py, so nothing would run it.",
        reason="function-left-out",
        hint="cronshift validate",
    )


def _target(function: FunctionConfig, served: ServedApp, request: Request) -> RunTarget:
    retries = function.retries
    registered = next(candidate for candidate in served.functions if candidate.id == function.id)
    timeout = function.finish_timeout
    limits = [limit.limit for limit in function.concurrency if limit.key is None]
    return RunTarget(
        function.id,
        attempts=request.attempts or (4 if retries is None else retries) + 1,
        has_failure_handler=registered.get_config(_URL).on_failure is not None,
        cancelled_handler=next(
            (candidate.id for candidate in served.functions if candidate.local_id == CANCELLED_ID),
            None,
        ),
        concurrency=min(limits, default=None),
        finish_timeout=read_duration(timeout) if timeout else None,
    )

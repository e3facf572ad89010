"""The module of one route of the dispatcher: the jobs that it guards, and what it goes on to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.targets.nextjs.app import app_of
from cronshift.targets.nextjs.calling import callee
from cronshift.targets.nextjs.dispatching import dispatcher_imports, guarded, is_shared
from cronshift.targets.nextjs.imports import import_path
from cronshift.targets.nextjs.job import shared_members
from cronshift.targets.nextjs.library import library_import
from cronshift.targets.nextjs.source import (
    WIDTH,
    braced,
    comment,
    data,
    imported,
    passing,
    text,
)
from cronshift.targets.rendering import render

if TYPE_CHECKING:
    from cronshift.model import Plan
    from cronshift.targets.nextjs.dispatching import Dispatcher


def dispatcher_route(plan: Plan, dispatcher: Dispatcher, max_duration: int) -> str:
    """Return a route of the dispatcher, which runs where and as long as the handler does."""
    job, file = dispatcher.jobs[0], dispatcher.file
    called, alias = callee(plan, job), app_of(plan).code.alias
    is_edge = job.handler is not None and job.handler.runtime == "edge"
    limits: dict[str, Any] = {
        **({"runtime": "edge"} if is_edge else {}),
        **({"maxDuration": max_duration} if max_duration else {}),
    }
    return render(
        "nextjs",
        f"dispatcher-{'pages' if dispatcher.pages else 'app'}.ts",
        path=comment(dispatcher.path),
        export=called.export,
        handler=called.module_from(file, alias),
        imports=[
            imported(names, library_import(plan, module, file))
            for module, names in dispatcher_imports(plan, dispatcher).items()
        ],
        out=import_path(plan.out, file, alias),
        is_edge=is_edge,
        config=data(limits) if limits else None,
        max_duration=max_duration,
        jobs=_jobs(plan, dispatcher),
        answered=_answered(plan, dispatcher),
    )


def _jobs(plan: Plan, dispatcher: Dispatcher) -> str:
    """Return the constant that tells the guard of the path's jobs."""
    several, routers = is_shared(plan, dispatcher), app_of(plan).routers
    described = [
        list(
            guarded(
                job,
                {
                    "id": job.id,
                    "path": routers.in_app(job.entry.path),
                    "schedule": job.entry.schedule,
                    **shared_members(plan),
                },
                depth=4 if several else 2,
            )
        )
        for job in dispatcher.jobs
    ]
    if not several:
        return braced("const JOB = {", described[0], "};")
    return braced("const JOBS = [", [braced("{", lines, "}") for lines in described], "];")


def _answered(plan: Plan, dispatcher: Dispatcher) -> str:
    """Return the export of the route, telling the ledger where there is one."""
    called, base_path = callee(plan, dispatcher.jobs[0]), app_of(plan).routers.base_path
    names = {module: last for module, (*_, last) in dispatcher_imports(plan, dispatcher).items()}
    guard = next(name for name in names.values() if name.startswith("guarded"))
    forward = next((name for name in names.values() if name.startswith("forwarding")), None)
    ledger = next((name for name in names.values() if name.startswith("ledger")), None)
    exported = "export default" if dispatcher.pages else "export const GET ="
    start = f"{exported} {guard}(" if ledger is None else f"const answer = {guard}("
    end = ");"
    if "edge-telling" in names:
        start, end = start.replace(guard, f"tellingEdge(tell, {guard}"), "));"
    arguments = [
        "JOBS" if is_shared(plan, dispatcher) else "JOB",
        f"{forward}({text(base_path) if base_path else ''})" if forward else "route",
        *([f"withParams({data(called.params)})"] if "params" in names else []),
    ]
    line = f"{start}{', '.join(arguments)}{end}"
    if called.params and "params" not in names:
        line = passing(start, arguments, called.params)
    elif len(line) > WIDTH:
        line = braced(start, arguments, end)
    return line if ledger is None else f"{line}\n{exported} {ledger}(JOBS, answer);"

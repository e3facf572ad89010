"""The routes of a Next.js app that are generated: the endpoint, and the dispatcher's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.targets.rendering import render
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.calling import callee
from cronshift.targets.typescript.client import client_import
from cronshift.targets.typescript.dispatching import guard_imports, guarded_jobs
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.lasting import duration, longest_duration
from cronshift.targets.typescript.library import library_import
from cronshift.targets.typescript.source import comment, data, passing, text

if TYPE_CHECKING:
    from cronshift.model import Plan
    from cronshift.targets.typescript.dispatching import Dispatcher
    from cronshift.targets.typescript.framework import OwnEndpoint


def endpoint(plan: Plan, file: str) -> str:
    """Return the endpoint of the app's router."""
    return _render(
        "endpoint" if app_of(plan).routers.app else "endpoint-pages",
        client=client_import(plan, file),
        out=import_path(plan.out, file, app_of(plan).code.alias),
        library=partial(library_import, plan, file=file),
        serve_path=_serve_path(plan),
        max_duration=longest_duration(plan),
    )


def own_endpoint(plan: Plan, endpoint: OwnEndpoint) -> str:
    """Return the endpoint that serves the app's own functions, and what is generated."""
    app, is_whole = app_of(plan), endpoint.generated is None
    tells = not is_whole and app.routers.app
    return _render(
        "direct-endpoint",
        pages=not app.routers.app,
        client=client_import(plan, endpoint.file),
        generated=endpoint.generated,
        jobs=endpoint.jobs,
        tell=import_path(f"{plan.out}/ownership", endpoint.file, app.code.alias) if tells else None,
        max_duration=endpoint.max_duration,
        serve_path=_serve_path(plan),
    )


def dispatcher_route(plan: Plan, dispatcher: Dispatcher) -> str:
    """Return one route of the dispatcher, which runs where and as long as the handler does."""
    job = dispatcher.jobs[0]
    called = callee(plan, job)
    is_edge = _is_edge(dispatcher)
    limits: dict[str, Any] = {
        **({"runtime": "edge"} if is_edge else {}),
        **({"maxDuration": duration(job)} if duration(job) else {}),
    }
    base_path = app_of(plan).routers.base_path
    is_page = dispatcher.pages and not is_edge
    ledger = ("toldPage" if is_page else "toldGet") if app_of(plan).has_ledger else None
    instead = [] if is_page else [f"forwarding({text(base_path) if base_path else ''})"]
    jobs = guarded_jobs(plan, dispatcher)
    return _render(
        "dispatcher-pages" if dispatcher.pages else "dispatcher-app",
        path=comment(dispatcher.path),
        handler=called.module_from(dispatcher.file, app_of(plan).code.alias),
        out=import_path(plan.out, dispatcher.file, app_of(plan).code.alias),
        library=partial(library_import, plan, file=dispatcher.file),
        guard=guard_imports(plan, dispatcher.file, jobs),
        jobs=jobs,
        ledger=ledger,
        answered=_answered(
            "export const GET =" if not dispatcher.pages else "export default",
            passing(
                f"{'dispatchedPage' if is_page else 'dispatched'}(",
                ["JOBS", "ownership", *(["route"] if called.file else instead)],
                called.params,
            ),
            ledger,
        ),
        **(
            {"edge": is_edge, "config": data(limits) if limits else None}
            if dispatcher.pages
            else {
                "export": called.export,
                "max_duration": duration(job),
                "runtime": text("edge") if is_edge else None,
            }
        ),
    )


def dispatcher_modules(plan: Plan, dispatcher: Dispatcher) -> set[str]:
    """Return the names of the library's modules that a dispatcher's route imports."""
    called = callee(plan, dispatcher.jobs[0])
    is_page = dispatcher.pages and not _is_edge(dispatcher)
    return {
        "page-dispatch" if is_page else "dispatch",
        *([] if called.file or is_page else ["forward"]),
        *([("page-ledger" if is_page else "ledger")] if app_of(plan).has_ledger else []),
    }


def _is_edge(dispatcher: Dispatcher) -> bool:
    handler = dispatcher.jobs[0].handler
    return handler is not None and handler.runtime == "edge"


def _serve_path(plan: Plan) -> str | None:
    path = app_of(plan).endpoint_path
    return text(path) if path != ENDPOINT else None


def _answered(exported: str, dispatched: str, ledger: str | None) -> str:
    """Return the route's export, which tells the ledger where there is one."""
    if ledger is None:
        return f"{exported} {dispatched}"
    return f"const answer = {dispatched}\n{exported} {ledger}(JOBS, ownership, answer);"


def _render(template: str, **values: Any) -> str:
    return render("typescript", f"{template}.ts", **values)

"""The routes of a Next.js app that are generated: the endpoint, and the dispatcher's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.plan.functions import is_rehearsed
from cronshift.targets.rendering import render
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.calling import callee
from cronshift.targets.typescript.client import client_import
from cronshift.targets.typescript.dispatching import guard_imports, guarded_jobs
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.lasting import duration, longest_duration
from cronshift.targets.typescript.library import library_import
from cronshift.targets.typescript.source import WIDTH, braced, broken, comment, data, passing, text

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    forward = f"forwarding({text(base_path) if base_path else ''})"
    jobs = guarded_jobs(plan, dispatcher)
    modules, page = dispatcher_modules(plan, dispatcher), "page-" if is_page else ""
    route = "route" if called.file else forward
    claims = f"{page}claims" in modules
    handler = f"claimed{'Page' if is_page else ''}(claims, JOBS, {route})" if claims else route
    rehearsal = f"{page}rehearsal" if f"{page}rehearsal" in modules else None
    return _render(
        "dispatcher-pages" if dispatcher.pages else "dispatcher-app",
        path=comment(dispatcher.path),
        handler=called.module_from(dispatcher.file, app_of(plan).code.alias),
        out=import_path(plan.out, dispatcher.file, app_of(plan).code.alias),
        library=partial(library_import, plan, file=dispatcher.file),
        guard=guard_imports(plan, dispatcher.file, jobs),
        jobs=jobs,
        ledger=ledger,
        claims=f"{page}claims" if claims else None,
        rehearsal=rehearsal,
        answered=_answered(
            "export const GET =" if not dispatcher.pages else "export default",
            passing(
                f"{'dispatchedPage' if is_page else 'dispatched'}(",
                ["JOBS", "ownership", *([handler] if called.file or not is_page else [])],
                called.params,
            ),
            ledger,
            _rehearsed(is_page, route, called.params) if rehearsal else None,
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
    page, has_route = "page-" if is_page else "", called.file is not None or not is_page
    can_claim = has_route and not _is_edge(dispatcher)  # no driver runs on the Edge
    return {
        "page-dispatch" if is_page else "dispatch",
        *([] if called.file or is_page else ["forward"]),
        *([f"{page}ledger"] if app_of(plan).has_ledger else []),
        *([f"{page}claims"] if app_of(plan).claims and can_claim else []),
        *([f"{page}rehearsal"] if any(map(is_rehearsed, dispatcher.jobs)) and has_route else []),
    }


def _is_edge(dispatcher: Dispatcher) -> bool:
    handler = dispatcher.jobs[0].handler
    return handler is not None and handler.runtime == "edge"


def _serve_path(plan: Plan) -> str | None:
    path = app_of(plan).endpoint_path
    return text(path) if path != ENDPOINT else None


def _answered(exported: str, dispatched: str, ledger: str | None, rehearsed: str | None) -> str:
    """Return the route's export, which tells the ledger where there is one, and rehearses."""
    if ledger is None:
        return f"{exported} {dispatched}"
    telling = f"{ledger}(JOBS, ownership, answer);"
    last = (
        f"const told = {telling}\n{exported} {rehearsed}" if rehearsed else f"{exported} {telling}"
    )
    return f"const answer = {dispatched}\n{last}"


def _rehearsed(is_page: bool, route: str, params: Mapping[str, object]) -> str:
    """Return the call that has a route's dry run rehearsed."""
    members = [
        "jobs: JOBS",
        "source: ownership",
        f"handler: {route}",
        *([f"params: {data(params)}"] if params else []),
    ]
    name = "rehearsedPage" if is_page else "rehearsedGet"
    rehearsal = f"{{ {', '.join(members)} }}"
    if len(rehearsal) > WIDTH - len("  ,"):
        rehearsal = braced("{", members, "}")
    return f"{broken(name, [rehearsal, 'told'], len('export const GET = '))};"


def _render(template: str, **values: Any) -> str:
    return render("typescript", f"{template}.ts", **values)

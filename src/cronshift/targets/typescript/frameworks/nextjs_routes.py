"""The routes of a Next.js app that are generated: the endpoint, and the dispatcher's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.targets.rendering import render
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.calling import callee
from cronshift.targets.typescript.client import client_import
from cronshift.targets.typescript.dispatching import (
    guard_call,
    guard_constant,
    guard_names,
    library_lines,
)
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.lasting import duration, longest_duration
from cronshift.targets.typescript.library import library_import
from cronshift.targets.typescript.source import WIDTH, braced, comment, data, passing, text

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
    job, file = dispatcher.jobs[0], dispatcher.file
    called, alias = callee(plan, job), app_of(plan).code.alias
    is_edge, seconds = _is_edge(dispatcher), duration(job)
    limits: dict[str, Any] = {
        **({"runtime": "edge"} if is_edge else {}),
        **({"maxDuration": seconds} if seconds else {}),
    }
    return _render(
        f"dispatcher-{'pages' if dispatcher.pages else 'app'}",
        path=comment(dispatcher.path),
        export=called.export,
        handler=called.module_from(file, alias),
        imports=library_lines(plan, file, _names(plan, dispatcher)),
        out=import_path(plan.out, file, alias),
        is_edge=is_edge,
        config=data(limits) if limits else None,
        max_duration=seconds,
        jobs=guard_constant(plan, dispatcher),
        answered=_answered(plan, dispatcher),
    )


def dispatcher_modules(plan: Plan, dispatcher: Dispatcher) -> set[str]:
    """Return the names of the library's modules that a dispatcher's route imports."""
    return set(_names(plan, dispatcher))


def _names(plan: Plan, dispatcher: Dispatcher) -> dict[str, list[str]]:
    """Return the names that a dispatcher's route takes from the library, by module."""
    called, is_edge = callee(plan, dispatcher.jobs[0]), _is_edge(dispatcher)
    page = "page-" if dispatcher.pages and not is_edge else ""
    end = "Page" if page else ""
    has_ledger = app_of(plan).has_ledger
    return {
        **guard_names(plan, dispatcher, page),
        **({} if called.file else {f"{page}forward": [f"forwarding{end}"]}),
        **({f"{page}ledger": [f"told{end or 'Get'}"]} if has_ledger else {}),
        **({"options": ["withOptions"]} if dispatcher.pages and is_edge else {}),
        **({"params": ["withParams"]} if called.params and not page else {}),
    }


def _answered(plan: Plan, dispatcher: Dispatcher) -> str:
    """Return the export of the route, telling the ledger where there is one."""
    called, base_path = callee(plan, dispatcher.jobs[0]), app_of(plan).routers.base_path
    names = {module: last for module, (*_, last) in _names(plan, dispatcher).items()}
    guard = next(name for name in names.values() if name.startswith("guarded"))
    forward = next((name for name in names.values() if name.startswith("forwarding")), None)
    ledger = next((name for name in names.values() if name.startswith("told")), None)
    exported = "export default" if dispatcher.pages else "export const GET ="
    start, end = f"{exported if ledger is None else 'const answer ='} {guard}(", ");"
    if "options" in names:
        start, end = start.replace(guard, f"withOptions(tell, {guard}"), "));"
    arguments = [
        guard_call(plan, dispatcher)[1],
        f"{forward}({text(base_path) if base_path else ''})" if forward else "route",
        *([f"withParams({data(called.params)})"] if "params" in names else []),
    ]
    line = f"{start}{', '.join(arguments)}{end}"
    if called.params and "params" not in names:
        line = passing(start, arguments, called.params)
    elif len(line) > WIDTH:
        line = braced(start, arguments, end)
    return line if ledger is None else f"{line}\n{exported} {ledger}(JOBS, answer);"


def _is_edge(dispatcher: Dispatcher) -> bool:
    handler = dispatcher.jobs[0].handler
    return handler is not None and handler.runtime == "edge"


def _serve_path(plan: Plan) -> str | None:
    path = app_of(plan).endpoint_path
    return text(path) if path != ENDPOINT else None


def _render(template: str, **values: Any) -> str:
    return render("typescript", f"{template}.ts", **values)

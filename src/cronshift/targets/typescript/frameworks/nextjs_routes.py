"""The routes of a Next.js app that are generated: the endpoint, and the dispatcher's."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.targets.rendering import render
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.calling import callee
from cronshift.targets.typescript.client import client_import
from cronshift.targets.typescript.dispatching import (
    answering,
    answering_names,
    claims_here,
    guard_constant,
    library_lines,
)
from cronshift.targets.typescript.framework import Additions, WayOn
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.lasting import duration, longest_duration
from cronshift.targets.typescript.library import library_import
from cronshift.targets.typescript.source import broken, comment, data, text

if TYPE_CHECKING:
    from cronshift.model import Plan
    from cronshift.targets.typescript.dispatching import Dispatcher
    from cronshift.targets.typescript.framework import OwnEndpoint


_PAGE = re.compile(r"(^|/)pages/api/")
_ROUTE = re.compile(r"(^|/)route\.\w+$")
_GET = "export const GET = "


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


def additions(file: str, seconds: int | None, ownership: str) -> Additions:
    """Return the additions to an endpoint of the app's own; a page answers OPTIONS itself."""
    if _PAGE.search(file):
        return Additions("config", seconds)
    if _ROUTE.search(file):
        return Additions(
            "maxDuration", seconds, f'export {{ tell as OPTIONS }} from "{ownership}";'
        )
    return Additions()


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
        claims=claims_here(plan, _way(plan, dispatcher)),
        jobs=guard_constant(plan, dispatcher),
        answered=_answered(plan, dispatcher),
    )


def dispatcher_modules(plan: Plan, dispatcher: Dispatcher) -> set[str]:
    """Return the names of the library's modules that a dispatcher's route imports."""
    return set(_names(plan, dispatcher))


def _names(plan: Plan, dispatcher: Dispatcher) -> dict[str, list[str]]:
    """Return the names that a dispatcher's route takes from the library, by module."""
    called, is_page = callee(plan, dispatcher.jobs[0]), _is_page(dispatcher)
    wrapped = called.wrapper.imported if is_page and called.wrapper else {}
    return {
        **answering_names(plan, dispatcher, _way(plan, dispatcher)),
        **({} if called.file else {"forward": ["forwarding"]}),
        **wrapped,
        **({"pages": ["page", *wrapped.get("pages", [])]} if is_page else {}),
        **({"params": ["withParams"]} if called.params and not is_page else {}),
    }


def _way(plan: Plan, dispatcher: Dispatcher) -> WayOn:
    """Return the way on to the route: its function, or over HTTP."""
    called, base_path = callee(plan, dispatcher.jobs[0]), app_of(plan).routers.base_path
    is_edge, params = _is_edge(dispatcher), data(called.params)
    if called.file is None:
        path = text(base_path) if base_path else ""
        return WayOn(f"forwarding({path})", is_once=True, is_edge=is_edge, base_path=base_path)
    if _is_page(dispatcher) and called.wrapper:
        return WayOn(called.wrapper.around("route", f", {params}" if called.params else ""))
    return WayOn("route", context=f"withParams({params})" if called.params else "", is_edge=is_edge)


def _answered(plan: Plan, dispatcher: Dispatcher) -> str:
    """Return the export of the route, which claims, tells and rehearses where that is asked for."""
    way, start = _way(plan, dispatcher), "export default " if dispatcher.pages else _GET
    if not _is_page(dispatcher):
        return f"{start}{answering(plan, dispatcher, way, len(start))};"
    return f"{start}{broken('page', [answering(plan, dispatcher, way)], len(start))};"


def _is_page(dispatcher: Dispatcher) -> bool:
    """Return whether the route takes a request and a response of Node's."""
    return dispatcher.pages and not _is_edge(dispatcher)


def _is_edge(dispatcher: Dispatcher) -> bool:
    handler = dispatcher.jobs[0].handler
    return handler is not None and handler.runtime == "edge"


def _serve_path(plan: Plan) -> str | None:
    path = app_of(plan).endpoint_path
    return text(path) if path != ENDPOINT else None


def _render(template: str, **values: Any) -> str:
    return render("typescript", f"{template}.ts", **values)

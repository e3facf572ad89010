"""The routes of a Next.js app that are generated: the endpoint, and the dispatcher's."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.plan.functions import is_rehearsed
from cronshift.targets.rendering import render
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.calling import callee
from cronshift.targets.typescript.client import client_import
from cronshift.targets.typescript.dispatching import (
    claims_here,
    dry_arguments,
    guard_call,
    guard_constant,
    guard_names,
    library_lines,
)
from cronshift.targets.typescript.framework import Additions
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.lasting import duration, longest_duration
from cronshift.targets.typescript.library import library_import
from cronshift.targets.typescript.source import WIDTH, braced, broken, comment, data, passing, text

if TYPE_CHECKING:
    from cronshift.model import Plan
    from cronshift.targets.typescript.dispatching import Dispatcher
    from cronshift.targets.typescript.framework import OwnEndpoint


_PAGE = re.compile(r"(^|/)pages/api/")
_ROUTE = re.compile(r"(^|/)route\.\w+$")


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
        claims=claims_here(plan, dispatcher),
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
        **({f"{page}claims": [f"claimed{end}"]} if claims_here(plan, dispatcher) else {}),
        **(
            {f"{page}rehearsal": [f"rehearsed{end or 'Get'}"]}
            if any(map(is_rehearsed, dispatcher.jobs))
            else {}
        ),
        **({"options": ["withOptions"]} if dispatcher.pages and is_edge else {}),
        **({"params": ["withParams"]} if called.params and not page else {}),
    }


def _answered(plan: Plan, dispatcher: Dispatcher) -> str:
    """Return the export of the route, which claims, tells and rehearses where that is asked for."""
    called, base_path = callee(plan, dispatcher.jobs[0]), app_of(plan).routers.base_path
    names = {module: last for module, (*_, last) in _names(plan, dispatcher).items()}

    def named(start: str) -> str | None:
        return next((name for name in names.values() if name.startswith(start)), None)

    forward, claimed, ledger, rehearsed = map(named, ("forwarding", "claimed", "told", "rehearsed"))
    guard, jobs = f"{named('guarded')}", guard_call(plan, dispatcher)[1]
    exported = "export default" if dispatcher.pages else "export const GET ="
    start, end = f"{exported if ledger is None else 'const answer ='} {guard}(", ");"
    if "options" in names:
        start, end = start.replace(guard, f"withOptions(tell, {guard}"), "));"
    route = f"{forward}({text(base_path) if base_path else ''})" if forward else "route"
    params = [f"withParams({data(called.params)})"] if "params" in names else []
    arguments = [jobs, f"{claimed}(claims, JOBS, {route})" if claimed else route, *params]
    line = f"{start}{', '.join(arguments)}{end}"
    if called.params and "params" not in names:
        line = passing(start, arguments, called.params)
    elif len(line) > WIDTH:
        line = braced(start, arguments, end)
    if ledger is None:
        return line
    if rehearsed is None:
        return f"{line}\n{exported} {ledger}(JOBS, answer);"
    dry = f"{forward}({', '.join(dry_arguments(dispatcher, base_path))})" if forward else route
    more = [data(called.params)] if called.params and not params else params
    last = broken(rehearsed, ["JOBS", "told", dry, *more], len(exported) + 1)
    return f"{line}\nconst told = {ledger}(JOBS, answer);\n{exported} {last};"


def _is_edge(dispatcher: Dispatcher) -> bool:
    handler = dispatcher.jobs[0].handler
    return handler is not None and handler.runtime == "edge"


def _serve_path(plan: Plan) -> str | None:
    path = app_of(plan).endpoint_path
    return text(path) if path != ENDPOINT else None


def _render(template: str, **values: Any) -> str:
    return render("typescript", f"{template}.ts", **values)

"""The files of the app: functions, their index, shared modules, the endpoint, the dispatcher."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.errors import CronshiftError
from cronshift.plan.findings.inngest import ENDPOINT, REFUSED_SDK
from cronshift.project.locks import add_command
from cronshift.runtime.ownership import OWNERSHIP_NAME
from cronshift.targets.nextjs.app import app_of
from cronshift.targets.nextjs.calling import callee
from cronshift.targets.nextjs.cancelled import cancelled_module
from cronshift.targets.nextjs.client import client_import, refuse_unknown_id
from cronshift.targets.nextjs.dispatching import Dispatcher, dispatchers, guarded
from cronshift.targets.nextjs.imports import import_path
from cronshift.targets.nextjs.job import job_module
from cronshift.targets.nextjs.naming import function_name
from cronshift.targets.nextjs.source import comment, data, in_template, listed, text
from cronshift.targets.nextjs.style import restyle
from cronshift.targets.nextjs.untyped import untyped
from cronshift.targets.rendering import render
from cronshift.targets.seal import seal
from cronshift.targets.target import GeneratedFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.model import Job, Plan
    from cronshift.targets.nextjs.app import NextApp

SDK_MAJORS = (3, 4)
"""The majors of the npm package that functions are generated for."""

_SHORTEST_DURATION = 300  # seconds: what Vercel gives a function that says nothing


def generate_app(plan: Plan) -> tuple[GeneratedFile, ...]:
    """Return the app's files, in its style: functions, their index, the endpoint, the dispatcher.

    A client and an endpoint that the app has already are not among them.

    Raises:
        CronshiftError: without a router, for an SDK that Inngest refuses or whose major is another,
            or for a client whose id nothing tells.
    """
    app = app_of(plan)
    if not plan.runnable and not app.sessions:
        return ()  # an endpoint would import a package that nobody added
    if app.endpoint_file is None and app.code.serve_file is None:
        raise CronshiftError(
            "There is neither an `app` nor a `pages` folder to serve the functions from.",
            reason="no-router",
            hint="Name the app with -C, or use --target python.",
        )
    refuse_sdk(plan)
    refuse_unknown_id(plan)
    return tuple(
        GeneratedFile(path, seal(restyle(written, app.code.style), "//"))
        for path, written in _in_language(_files(plan, app), app.routers.language)
    )


def _in_language(files: Iterable[tuple[str, str]], language: str) -> Iterator[tuple[str, str]]:
    """Yield the files in the app's own language: JavaScript without the types."""
    for path, written in files:
        if language == "js":
            stem = path.removesuffix(".ts")
            yield (path if stem == path else f"{stem}.js"), untyped(written)
        else:
            yield path, written


def _files(plan: Plan, app: NextApp) -> Iterator[tuple[str, str]]:
    """Yield the generated files, before they are written in the app's style."""
    dispatching = dispatchers(plan)
    yield from _library(plan, dispatching).items()
    for job in plan.runnable:
        yield f"{plan.out}/functions/{job.id}.ts", job_module(plan, job, function_name(job.id))
    yield f"{plan.out}/functions/index.ts", _index(plan)
    if plan.runnable:
        yield f"{plan.out}/cancelled.ts", cancelled_module(plan)
    for dispatcher in dispatching:
        yield dispatcher.file, _dispatcher(plan, dispatcher)
    if app.endpoint_file and not app.code.serve_file:
        yield app.endpoint_file, _endpoint(plan, app.endpoint_file)


def refuse_sdk(plan: Plan) -> None:
    """Refuse versions that Inngest's server does, and majors that the templates are not for."""
    manager = app_of(plan).manager
    refused = next((finding for finding in plan.findings if finding.code == REFUSED_SDK.code), None)
    if refused is not None:
        raise CronshiftError(
            f"{refused.message} {REFUSED_SDK.summary}",
            reason="refused-sdk",
            hint=f"{add_command(manager, 'inngest@^3.54.0')} (or inngest@latest, which is v4)",
            where="package.json",
        )
    major = app_of(plan).sdk_major
    if major == 0:
        raise CronshiftError(
            "Which major of inngest the app has is not known: package.json leaves it open, and neither"
            " a lock nor node_modules tells.",
            reason="unknown-sdk",
            hint=f"{add_command(manager, 'inngest@latest')}, and commit the lock",
            where="package.json",
        )
    if major not in SDK_MAJORS:
        raise CronshiftError(
            f"The app has version {major} of inngest; functions are generated for v3 and v4.",
            reason="unknown-sdk",
            hint=add_command(manager, "inngest@latest"),
            where="package.json",
        )


def _index(plan: Plan) -> str:
    functions = [(function_name(job.id), job.id) for job in plan.runnable]
    names = [
        *(name for name, _ in functions),
        *(["cronshiftCancelled"] if functions else []),
        *(["...sessionFunctions"] if app_of(plan).sessions else []),
    ]
    return _render(
        "index",
        config_file=comment(plan.config_file),
        functions=functions,
        sessions=app_of(plan).sessions,
        listed=listed("export const functions = [", names, "];"),
    )


def _library(plan: Plan, dispatching: tuple[Dispatcher, ...]) -> dict[str, str]:
    """Return the modules that functions and dispatcher share, by path; none that neither needs."""
    bridge, app = plan.bridge, app_of(plan)
    base_path, code = app.routers.base_path, app.code
    secret_env = text(bridge.secret_env)
    in_pages = any(callee(plan, job).paged for job in plan.runnable)
    in_pages = in_pages or any(dispatcher.pages for dispatcher in dispatching)
    has_client = code.client is not None and code.client.module is not None
    wanted: dict[str, dict[str, Any]] = {
        **({} if has_client else {"client": {"app_id": text(plan.app_id)}}),
        "ownership": {
            "ownership": text(import_path(OWNERSHIP_NAME, f"{plan.out}/ownership.ts", code.alias)),
            "secret_env": secret_env,
        },
        "routes": {"base_path": text(base_path) if base_path else None},
        "cronshift": {
            "secret_env": secret_env,
            "base": f"process.env[{text(bridge.base_url_env)}]"
            + (f" ?? {text(bridge.base_url)}" if bridge.base_url else ""),
            "no_base_url": text(f"{bridge.base_url_env} is not set"),
            "secret_name": in_template(bridge.secret_env),
            "bad_secret": text(
                f"{bridge.secret_env} has characters that no header can carry, or spaces around it"
            ),
        },
        **(
            {"guard": {"secret_env": secret_env}, "dispatch": {"base_path": base_path}}
            if dispatching
            else {}
        ),
        **(
            {"pages": {"dispatching": bool(dispatching), "base_path": base_path}}
            if in_pages or not app_of(plan).routers.app
            else {}
        ),
    }
    return {f"{plan.out}/{name}.ts": _render(name, **values) for name, values in wanted.items()}


def _endpoint(plan: Plan, file: str) -> str:
    return _render(
        "endpoint" if app_of(plan).routers.app else "endpoint-pages",
        client=client_import(plan, file),
        library=import_path(plan.out, file, app_of(plan).code.alias),
        serve_path=text(path) if (path := app_of(plan).endpoint_path) != ENDPOINT else None,
        max_duration=max([_SHORTEST_DURATION, *map(_duration, plan.runnable)]),
    )


def _duration(job: Job) -> int:
    return (job.handler.max_duration if job.handler else None) or 0


def _dispatcher(plan: Plan, dispatcher: Dispatcher) -> str:
    """Return one route of the dispatcher, which runs where and as long as the handler does."""
    job = dispatcher.jobs[0]
    called = callee(plan, job)
    is_edge = job.handler is not None and job.handler.runtime == "edge"
    limits: dict[str, Any] = {
        **({"runtime": "edge"} if is_edge else {}),
        **({"maxDuration": _duration(job)} if _duration(job) else {}),
    }
    params = [data(called.params)] if called.params else []
    return _render(
        "dispatcher-pages" if dispatcher.pages else "dispatcher-app",
        path=comment(dispatcher.path),
        handler=called.module_from(dispatcher.file, app_of(plan).code.alias),
        library=import_path(plan.out, dispatcher.file, app_of(plan).code.alias),
        jobs=[list(guarded(each)) for each in dispatcher.jobs],
        arguments=", ".join(["JOBS", *(["route"] if called.file else []), *params]),
        **(
            {"edge": is_edge, "config": data(limits) if limits else None}
            if dispatcher.pages
            else {
                "export": called.export,
                "max_duration": _duration(job),
                "runtime": text("edge") if is_edge else None,
            }
        ),
    )


def _render(template: str, **values: Any) -> str:
    return render("nextjs", f"{template}.ts", **values)

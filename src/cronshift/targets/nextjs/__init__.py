"""The Next.js target: the app's own TypeScript, on the Inngest SDK.

Each function calls the route's own ``GET`` with a real ``NextRequest``; a route that cannot be
called so (another language, ``next/headers``) is called over HTTP. The entries of jobs that are on
their way point to the dispatcher, whose guard asks whose tick it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.errors import CronshiftError
from cronshift.plan.findings.inngest import REFUSED_SDK
from cronshift.runtime.ownership import OWNERSHIP_NAME
from cronshift.targets import GeneratedFile
from cronshift.targets.nextjs.calling import callee
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

if TYPE_CHECKING:
    from cronshift.model import Job, Plan

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
    if plan.endpoint_file is None and plan.code.serve_file is None:
        raise CronshiftError(
            "There is neither an `app` nor a `pages` folder to serve the functions from.",
            reason="no-router",
            hint="Name the app with -C, or use --target python.",
        )
    _refuse_sdk(plan)
    refuse_unknown_id(plan)
    dispatching = dispatchers(plan)
    files = {
        **_library(plan, dispatching),
        **{
            f"{plan.out}/functions/{job.id}.ts": job_module(plan, job, function_name(job.id))
            for job in plan.runnable
        },
        f"{plan.out}/functions/index.ts": _index(plan),
        **{one.file: _dispatcher(plan, one) for one in dispatching},
    }
    if plan.endpoint_file and not plan.code.serve_file:
        files[plan.endpoint_file] = _endpoint(plan, plan.endpoint_file)
    if plan.routers.language == "js":
        files = {
            f"{path.removesuffix('.ts')}.js" if path.endswith(".ts") else path: untyped(written)
            for path, written in files.items()
        }
    return tuple(
        GeneratedFile(path, seal(restyle(written, plan.code.style), "//"))
        for path, written in files.items()
    )


def _refuse_sdk(plan: Plan) -> None:
    """Refuse versions that Inngest's server does, and majors that the templates are not for."""
    refused = next((one for one in plan.findings if one.code == REFUSED_SDK.code), None)
    if refused is not None:
        raise CronshiftError(
            f"{refused.message} {REFUSED_SDK.summary}",
            reason="refused-sdk",
            hint="npm install inngest@^3.54.0 (or inngest@latest, which is v4)",
            where="package.json",
        )
    if plan.sdk_major not in SDK_MAJORS:
        raise CronshiftError(
            f"The app has version {plan.sdk_major} of inngest; functions are generated for v3 and v4.",
            reason="unknown-sdk",
            hint="npm install inngest@latest",
            where="package.json",
        )


def _index(plan: Plan) -> str:
    functions = [(function_name(job.id), job.id) for job in plan.runnable]
    names = [name for name, _ in functions] + ["...sessionFunctions"] * plan.sessions
    return _render(
        "index",
        config_file=comment(plan.config_file),
        functions=functions,
        sessions=plan.sessions,
        listed=listed("export const functions = [", names, "];"),
    )


def _library(plan: Plan, dispatching: tuple[Dispatcher, ...]) -> dict[str, str]:
    """Return what functions and dispatcher share, by path; nothing that neither needs."""
    bridge, base_path = plan.bridge, plan.routers.base_path
    secret_env = text(bridge.secret_env)
    in_pages = any(callee(plan, job).paged for job in plan.runnable)
    has_client = plan.code.client is not None and plan.code.client.module is not None
    wanted: dict[str, dict[str, Any]] = {
        **({} if has_client else {"client": {"app_id": text(plan.app_id)}}),
        "ownership": {
            "ownership": text(
                import_path(OWNERSHIP_NAME, f"{plan.out}/ownership.ts", plan.code.alias)
            ),
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
            if in_pages or not plan.routers.app
            else {}
        ),
    }
    return {f"{plan.out}/{name}.ts": _render(name, **given) for name, given in wanted.items()}


def _endpoint(plan: Plan, file: str) -> str:
    return _render(
        "endpoint" if plan.routers.app else "endpoint-pages",
        client=client_import(plan, file),
        library=import_path(plan.out, file, plan.code.alias),
        max_duration=max([_SHORTEST_DURATION, *map(_duration, plan.runnable)]),
    )


def _duration(job: Job) -> int:
    return (job.handler.max_duration if job.handler else None) or 0


def _dispatcher(plan: Plan, one: Dispatcher) -> str:
    """Return one route of the dispatcher, which runs where and as long as the handler does."""
    job = one.jobs[0]
    called = callee(plan, job)
    is_edge = job.handler is not None and job.handler.runtime == "edge"
    limits: dict[str, Any] = {
        **({"runtime": "edge"} if is_edge else {}),
        **({"maxDuration": _duration(job)} if _duration(job) else {}),
    }
    params = [data(called.params)] if called.params else []
    return _render(
        "dispatcher-pages" if one.pages else "dispatcher-app",
        path=comment(one.path),
        handler=called.module_from(one.file, plan.code.alias),
        library=import_path(plan.out, one.file, plan.code.alias),
        jobs=[list(guarded(each)) for each in one.jobs],
        arguments=", ".join(["JOBS", *(["route"] if called.file else []), *params]),
        **(
            {"edge": is_edge, "config": data(limits) if limits else None}
            if one.pages
            else {
                "export": called.name,
                "max_duration": _duration(job),
                "runtime": text("edge") if is_edge else None,
            }
        ),
    )


def _render(template: str, **values: Any) -> str:
    return render("nextjs", f"{template}.ts", **values)

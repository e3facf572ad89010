"""The Next.js target: the app's own TypeScript, on the Inngest SDK.

Each function calls the route's own ``GET`` with a real ``NextRequest``; a route that cannot be
called so (another language, a dynamic segment, ``next/headers``) is called over HTTP.
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from cronshift.durations import format_duration
from cronshift.errors import CronshiftError
from cronshift.model import FanOutMode, Mode
from cronshift.ownership import OWNERSHIP_NAME
from cronshift.targets import GeneratedFile
from cronshift.targets.nextjs.naming import function_name
from cronshift.targets.nextjs.sources import in_comment as _comment
from cronshift.targets.nextjs.sources import relative as _relative
from cronshift.targets.nextjs.sources import text as _text
from cronshift.targets.rendering import render
from cronshift.targets.seal import seal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.model import Job, JobOptions, Plan, RateLimit, Throttle

_SHORTEST_DURATION = 300  # seconds: what Vercel gives a function that says nothing


def generate_app(plan: Plan) -> tuple[GeneratedFile, ...]:
    """Return the app's files: client, functions, their index and the endpoint.

    Raises:
        CronshiftError: without an app router, or for an SDK that Inngest refuses.
    """
    if plan.endpoint_file is None:
        raise CronshiftError(
            "There is no `app` folder, and functions are served from the app router.",
            reason="no-app-router",
            hint="Name the app with -C, or use --target python.",
        )
    if any(finding.code == "CS423" for finding in plan.findings):
        raise CronshiftError(
            "Inngest refuses the installed version of its TypeScript SDK.",
            reason="refused-sdk",
            hint="npm install inngest@latest",
            where="package.json",
        )
    jobs = [(job, function_name(job.id)) for job in plan.runnable]
    files = {
        f"{plan.out}/client.ts": _render("client", app_id=_text(plan.app_id)),
        f"{plan.out}/cronshift.ts": _support(plan),
        **{f"{plan.out}/functions/{job.id}.ts": _job(plan, job, name) for job, name in jobs},
        f"{plan.out}/functions/index.ts": _render(
            "index",
            config_file=_comment(plan.config_file),
            functions=[(name, job.id) for job, name in jobs],
            sessions=plan.sessions,
        ),
        plan.endpoint_file: _render(
            "endpoint",
            library=_relative(plan.out, plan.endpoint_file),
            max_duration=max([_SHORTEST_DURATION, *map(_duration, plan.runnable)]),
        ),
    }
    return tuple(GeneratedFile(path, seal(text, "//")) for path, text in files.items())


def _support(plan: Plan) -> str:
    bridge = plan.bridge
    return _render(
        "cronshift",
        ownership=_relative(OWNERSHIP_NAME, f"{plan.out}/cronshift.ts"),
        secret_env=_text(bridge.secret_env),
        base_url_env=_text(bridge.base_url_env),
        base_url=_text(bridge.base_url) if bridge.base_url else None,
        no_base_url=_text(f"{bridge.base_url_env} is not set"),
    )


def _duration(job: Job) -> int:
    return (job.handler.max_duration if job.handler else None) or 0


def _job(plan: Plan, job: Job, name: str) -> str:
    """Return the module of one job."""
    if job.schedule is None:
        raise CronshiftError(f"{job.id} has no schedule.", reason="not-runnable", where=job.id)
    options, file = job.options, f"{plan.out}/functions/{job.id}.ts"
    is_direct = job.mode is Mode.DIRECT and job.handler is not None
    handler = job.handler.file if is_direct and job.handler else None
    described = job.schedule.describe()
    source = f"GET {job.entry.path}, from {job.entry.source}."
    trigger = {"cron": job.schedule.trigger}
    if options.jitter is not None:
        trigger["jitter"] = format_duration(options.jitter)
    in_options = plan.sdk_major >= 4  # noqa: PLR2004 - v4 takes triggers in the options
    imported = ["type Job", "bridged" if handler is None else "direct", "callOf", "ping"]
    if options.fan_out:
        imported += ["together", "withParameter"]
    return _render(
        "job",
        summary=_comment(f"{job.id}: {described[0].lower()}{described[1:]} (UTC)."),
        source=_comment(source),
        how=_comment(
            f"Answered by GET of {handler}, called in process."
            if handler
            else "Called over HTTP, as Vercel did."
        ),
        handler=_relative(str(PurePosixPath(handler).with_suffix("")), file) if handler else None,
        imports=sorted(imported, key=lambda one: one.removeprefix("type ").lower()),
        job=list(_description(job)),
        values=_data(list(options.fan_out.values)) if options.fan_out else None,
        name=name,
        options=[
            *_options(job.id, options),
            *([f"triggers: [{_object(trigger)}]"] if in_options else []),
            'onFailure: async ({ step }) => step.run("heartbeat", () => ping(JOB, true))',
        ],
        trigger=None if in_options else _object(trigger),
        work=list(_work(options, "bridged(" if handler is None else "direct(GET, ")),
    )


def _description(job: Job) -> Iterator[str]:
    yield f"id: {_text(job.id)}"
    yield f"path: {_text(job.entry.path)}"
    yield f"schedule: {_text(job.entry.schedule)}"
    if job.options.stale_after is not None:
        yield f"staleAfter: {int(job.options.stale_after.total_seconds() * 1000)}"
    if job.options.heartbeat_env is not None:
        yield f"heartbeat: {_text(job.options.heartbeat_env)}"


def _options(job_id: str, options: JobOptions) -> Iterator[str]:
    """Yield the options of ``createFunction``, in the SDK's own words."""
    yield f"id: {_text(job_id)}"
    yield f"name: {_text(job_id)}"
    yield f"retries: {options.retries}"
    timeouts = {
        name: format_duration(value)
        for name, value in (("start", options.start_timeout), ("finish", options.finish_timeout))
        if value is not None
    }
    if timeouts:
        yield f"timeouts: {_object(timeouts)}"
    if options.concurrency is not None:
        yield f"concurrency: [{{ limit: {options.concurrency} }}]"
    if options.throttle is not None:
        burst = {"burst": options.throttle.burst} if options.throttle.burst != 1 else {}
        yield f"throttle: {_object({**_limit(options.throttle), **burst})}"
    if options.rate_limit is not None:
        yield f"rateLimit: {_object(_limit(options.rate_limit))}"
    if options.idempotency is not None:
        yield f"idempotency: {_text(options.idempotency)}"


def _limit(limit: Throttle | RateLimit) -> dict[str, Any]:
    key = {"key": limit.key} if limit.key is not None else {}
    return {"limit": limit.limit, "period": format_duration(limit.period), **key}


def _work(options: JobOptions, answering: str) -> Iterator[str]:
    """Yield the lines behind the call's making."""
    fan_out = options.fan_out
    if fan_out is None:
        yield f'const answer = await step.run("call", () => {answering}call));'
    else:
        param = _text(fan_out.param)
        one = f"withParameter(call, {param}, value)"
        step = f"step.run(`call ${{{param}}}=${{value}}`, () => {answering}{one}))"
        if fan_out.mode is FanOutMode.PARALLEL:
            yield f"const outcomes = await Promise.allSettled(VALUES.map((value) => {step}));"
        else:
            yield "const outcomes = [];"
            yield "for (const value of VALUES) {"
            yield f"  outcomes.push(...(await Promise.allSettled([{step}])));"
            yield "}"
        yield "const answer = together(outcomes);"
    if options.heartbeat_env is not None:
        yield 'await step.run("heartbeat", () => ping(JOB));'
    yield "return answer;"


def _data(value: object) -> str:
    return json.dumps(value)


def _object(values: dict[str, Any]) -> str:
    return "{ " + ", ".join(f"{key}: {json.dumps(value)}" for key, value in values.items()) + " }"


def _render(template: str, **values: Any) -> str:
    return render("nextjs", f"{template}.ts", **values)

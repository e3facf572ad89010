"""The module of one job: its function, calling the work in durable steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.durations import format_duration
from cronshift.errors import CronshiftError
from cronshift.model import FanOutMode
from cronshift.targets.nextjs.calling import Callee, callee
from cronshift.targets.nextjs.client import client_import
from cronshift.targets.nextjs.source import comment, data, in_template, record, text
from cronshift.targets.rendering import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.model import Job, JobOptions, Plan, RateLimit, Throttle

_FAILURE = 'onFailure: async ({ step }) => step.run("heartbeat", () => ping(JOB, true))'


def job_module(plan: Plan, job: Job, name: str) -> str:
    """Return the module of one job, whose function is the constant ``name``.

    Raises:
        CronshiftError: for a job without a schedule.
    """
    if job.schedule is None:
        raise CronshiftError(f"{job.id} has no schedule.", reason="not-runnable", where=job.id)
    options, file = job.options, f"{plan.out}/functions/{job.id}.ts"
    called = callee(plan, job)
    described = job.schedule.describe()
    trigger = {"cron": job.schedule.trigger}
    if options.jitter is not None:
        trigger["jitter"] = format_duration(options.jitter)
    in_options = plan.sdk_major >= 4  # noqa: PLR2004 - v4 takes triggers in the options
    imported = ["type Job", "direct" if called.file else "bridged", "callOf"]
    imported += ["ping"] if options.heartbeat_env else []
    if options.fan_out:
        imported += ["together", "withParameter"]
    return render(
        "nextjs",
        "job.ts",
        summary=comment(f"{job.id}: {described[0].lower()}{described[1:]} (UTC)."),
        source=comment(f"GET {job.entry.path}, from {job.entry.source}."),
        how=comment(
            f"Answered by {called.file}, called in process."
            if called.file
            else "Called over HTTP, as Vercel did."
        ),
        clause=called.clause,
        client=client_import(plan, file),
        handler=called.module_from(file, plan.code.alias),
        paged=called.paged,
        imports=sorted(imported, key=lambda one: one.removeprefix("type ").lower()),
        job=list(_description(job)),
        values=data(list(options.fan_out.values)) if options.fan_out else None,
        name=name,
        options=[
            *_options(job.id, options),
            # Of one request each, so that every value may take all the time that the endpoint has.
            *(["checkpointing: false"] if in_options and options.fan_out else []),
            *([f"triggers: [{record(trigger)}]"] if in_options else []),
            *([_FAILURE] if options.heartbeat_env else []),
        ],
        trigger=None if in_options else record(trigger),
        work=list(_work(options, called)),
    )


def _description(job: Job) -> Iterator[str]:
    yield f"id: {text(job.id)}"
    yield f"path: {text(job.entry.path)}"
    yield f"schedule: {text(job.entry.schedule)}"
    if job.options.stale_after is not None:
        yield f"staleAfter: {int(job.options.stale_after.total_seconds() * 1000)}"
    if job.options.heartbeat_env is not None:
        yield f"heartbeat: {text(job.options.heartbeat_env)}"


def _options(job_id: str, options: JobOptions) -> Iterator[str]:
    """Yield the options of ``createFunction``, in the SDK's own words."""
    yield f"id: {text(job_id)}"
    yield f"name: {text(job_id)}"
    yield f"retries: {options.retries}"
    timeouts = {
        name: format_duration(value)
        for name, value in (("start", options.start_timeout), ("finish", options.finish_timeout))
        if value is not None
    }
    if timeouts:
        yield f"timeouts: {record(timeouts)}"
    if options.concurrency is not None:
        yield f"concurrency: [{{ limit: {options.concurrency} }}]"
    if options.throttle is not None:
        burst = {"burst": options.throttle.burst} if options.throttle.burst != 1 else {}
        yield f"throttle: {record({**_limit(options.throttle), **burst})}"
    if options.rate_limit is not None:
        yield f"rateLimit: {record(_limit(options.rate_limit))}"
    if options.idempotency is not None:
        yield f"idempotency: {text(options.idempotency)}"


def _limit(limit: Throttle | RateLimit) -> dict[str, Any]:
    key = {"key": limit.key} if limit.key is not None else {}
    return {"limit": limit.limit, "period": format_duration(limit.period), **key}


def _work(options: JobOptions, called: Callee) -> Iterator[str]:
    """Yield the lines behind the call's making."""
    fan_out = options.fan_out
    if fan_out is None:
        yield f'const answer = await step.run("call", () => {called.answering("call")});'
    else:
        one = f"withParameter(call, {text(fan_out.param)}, value)"
        yield "const one = (value: string) =>"
        yield (
            f"  step.run(`call {in_template(fan_out.param)}=${{value}}`, "
            f"() => {called.answering(one)});"
        )
        if fan_out.mode is FanOutMode.PARALLEL:
            yield "const outcomes = await Promise.allSettled(VALUES.map(one));"
        else:
            yield "const outcomes = [];"
            yield "for (const value of VALUES) {"
            yield "  outcomes.push(...(await Promise.allSettled([one(value)])));"
            yield "}"
        yield "const answer = together(outcomes);"
    if options.heartbeat_env is not None:
        yield 'await step.run("heartbeat", () => ping(JOB));'
    yield "return answer;"

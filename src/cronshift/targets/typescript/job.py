"""The module of one job: its function, calling the work in durable steps."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, Any

from cronshift.errors import ConfigError, CronshiftError
from cronshift.model import Missed, Overlap, RowSource
from cronshift.plan.functions import function_ids, has_runs, is_rehearsed, receiving, sending
from cronshift.runtime.jobs import row_event, row_function
from cronshift.runtime.schedule.durations import format_duration
from cronshift.targets.rendering import render
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.calling import callee
from cronshift.targets.typescript.client import client_import
from cronshift.targets.typescript.dispatching import (
    dispatcher_file,
    due,
    rehearsal_member,
    shared_members,
)
from cronshift.targets.typescript.fanning import (
    fan_out_work,
    library_names,
    row_failure,
    row_work,
    rows_import,
)
from cronshift.targets.typescript.library import library_import
from cronshift.targets.typescript.naming import function_name
from cronshift.targets.typescript.source import (
    braced,
    broken,
    comment,
    data,
    listed,
    member,
    running,
    text,
)
from cronshift.vercel.dispatcher import dispatched_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.model import Job, JobOptions, Plan, RateLimit, Throttle
    from cronshift.targets.typescript.framework import Callee

_JOB, _OPTIONS, _WORK = 2, 4, 4  # columns in
_FAILURE = """onFailure: async ({{ error, step }}) =>
  step.run("report", () => reportFailure(JOB, error))"""
_WATCHED_FAILURE = """onFailure: async ({{ error, event, step }}) =>
  step.run("report", () => pingFailure(JOB, error, event.data))"""
_DEATH = """onFailure: async ({{ error, event, step }}) =>
  step.run("report", async () => {{
    {}
    return {}(JOB, error{});
  }})"""


def job_module(plan: Plan, job: Job, name: str) -> str:
    """Return the module of one job, whose function is the constant ``name``.

    Raises:
        CronshiftError: for a job without a schedule.
    """
    if job.schedule is None:
        raise CronshiftError(f"{job.id} has no schedule.", reason="not-runnable", where=job.id)
    file, called, described = (
        f"{plan.out}/functions/{job.id}.ts",
        callee(plan, job),
        job.schedule.describe(),
    )
    options, fan_out = job.options, job.options.fan_out
    trigger = {"cron": job.schedule.trigger}
    if options.jitter is not None:
        trigger["jitter"] = format_duration(options.jitter)
    in_options = app_of(plan).sdk_major >= 4  # noqa: PLR2004 - v4 takes triggers in the options
    taken = {called.name, name, function_name(row_function(job.id))}
    rows = rows_import(fan_out, file, app_of(plan).code.alias, taken) if fan_out else None
    arguments = function_options(job.id, sending(options) if has_runs(options) else options)
    if in_options:
        # Every value of a fan-out has a request of its own, and all the time of the endpoint.
        arguments |= {"checkpointing": False} if fan_out and not has_runs(options) else {}
        arguments |= {"triggers": [trigger]}
    return render(
        "typescript",
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
        handler=called.module_from(file, app_of(plan).code.alias),
        support="\n".join(_imports(plan, job, file)),
        job=[member(key, value, _JOB) for key, value in _description(plan, job).items()],
        values=listed("const VALUES = [", [text(value) for value in fan_out.values], "];")
        if fan_out and not isinstance(fan_out.values, RowSource)
        else None,
        missed=_missed(plan, job),
        rows=rows[0] if rows else None,
        row=_row(plan, job, called),
        name=name,
        options=[
            *(member(key, value, _OPTIONS) for key, value in arguments.items()),
            _on_failure(plan, job),
        ],
        trigger=None if in_options else data(trigger),
        work=list(_work(plan, job, called, rows)),
        claims=app_of(plan).claims is not None,
        context=["attempt"] if app_of(plan).has_ledger and fan_out is None else [],
    )


_NAMES = {"bridge": ["bridged"]}
"""What a job's module takes from a module of the library, where that is always the same."""


def _imports(plan: Plan, job: Job, file: str) -> Iterator[str]:
    """Yield the module's imports from the library, as formatters sort them."""
    watched, wrapper = job.options.heartbeat_env is not None, callee(plan, job).wrapper
    names = {
        **_NAMES,
        **({wrapper.module: [wrapper.name]} if wrapper else {}),
        **(library_names(job.options.fan_out) if job.options.fan_out else {}),
        "calls": [
            "callOf",
            *(["direct"] if callee(plan, job).file else []),
            *(["due"] if job.options.missed is Missed.ALL else []),
            "type Job",
            *([] if watched else ["reportFailure"]),
        ],
        "dead-letters": ["bury"],
        "heartbeat": ["pingDue", "pingFailure", "pingSuccess"],
        "missed": ["dueInTime", "type Missed"],
        "ledger": [*([] if job.options.fan_out else ["toldCall"]), "toldDue"],
        "claims": ["claimedCall", "claimedDue", "released"],
        "rehearsal": ["rehearseBehind", "rehearseBeside"],
    }
    for module in sorted(modules_of(plan, job)):
        end = f"}} from {text(library_import(plan, module, file))};"
        yield listed("import {", names[module], end)


def names_of(job: Job) -> list[str]:
    """Return the constants that hold a job's functions."""
    return [function_name(function_id) for function_id in function_ids(job)]


def modules_of(plan: Plan, job: Job) -> set[str]:
    """Return the names of the library's modules that the job's module imports."""
    called = callee(plan, job)
    return {
        "calls",
        *(["bridge"] if called.file is None else []),
        *([called.wrapper.module] if called.wrapper else []),
        *(library_names(job.options.fan_out) if job.options.fan_out else ()),
        *(["heartbeat"] if job.options.heartbeat_env else []),
        *(["dead-letters", "ledger"] if app_of(plan).has_ledger else []),
        *(["claims"] if app_of(plan).claims else []),
        *(["rehearsal"] if is_rehearsed(job) else []),
        *(["missed"] if job.options.missed is not Missed.ALL else []),
    }


def _description(plan: Plan, job: Job) -> dict[str, Any]:
    late, heartbeat = job.options.stale_after, job.options.heartbeat_env
    return {
        "id": job.id,
        "path": job.entry.path,
        "schedule": job.entry.schedule,
        **({"staleAfter": int(late.total_seconds() * 1000)} if late is not None else {}),
        **({"heartbeat": heartbeat} if heartbeat is not None else {}),
        **shared_members(plan),
        **_told_members(plan, job),
    }


def _told_members(plan: Plan, job: Job) -> dict[str, Any]:
    """Return the members for the ledger: the job's dry run, and the path that a function looks at."""
    there = dispatched_path(job.entry.path, app_of(plan).routers.base_path)
    has_guard = app_of(plan).has_ledger and dispatcher_file(plan, job) is not None
    return {**({"guard": there} if has_guard else {}), **rehearsal_member(job)}


def function_options(job_id: str, options: JobOptions) -> dict[str, Any]:
    """Return the options of ``createFunction``, in the SDK's own words."""
    timeouts = {
        name: format_duration(value)
        for name, value in (("start", options.start_timeout), ("finish", options.finish_timeout))
        if value is not None
    }
    throttle, rate_limit = options.throttle, options.rate_limit
    burst = {"burst": throttle.burst} if throttle and throttle.burst != 1 else {}
    optional = {
        "timeouts": timeouts or None,
        "concurrency": options.concurrency and [{"limit": options.concurrency}],
        "singleton": {"mode": "skip"} if options.overlap is Overlap.SKIP else None,
        "throttle": throttle and {**_limit(throttle), **burst},
        "rateLimit": rate_limit and _limit(rate_limit),
        "idempotency": options.idempotency,
    }
    return {
        "id": job_id,
        "retries": options.retries,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _limit(limit: Throttle | RateLimit) -> dict[str, Any]:
    key = {"key": limit.key} if limit.key is not None else {}
    return {"limit": limit.limit, "period": format_duration(limit.period), **key}


def _asked_and_answered(plan: Plan, job: Job, called: Callee) -> tuple[str, str]:
    """Return the expressions that say whether a run does its work, and that do it."""
    app, within = app_of(plan), _WORK + 2
    asked, answer = "due(call, ownership)", called.answering("call")
    if job.options.missed is not Missed.ALL:
        asked = "dueInTime(call, ownership, MISSED)"
    is_watched = job.options.heartbeat_env is not None
    inner = within + 2 if app.has_ledger else within
    outer = within + 2 if is_watched else within
    if app.claims:
        answer = broken("claimedCall", ["claims", "call", answer], inner)
        asked = broken("claimedDue", ["claims", "call", asked], outer + inner - within)
    if app.has_ledger:
        answer = broken("toldCall", ["call", "ownership", answer, "attempt"], within)
        asked = broken("toldDue", ["call", "ownership", asked, "event.ts"], outer)
    if is_watched:
        asked = broken("pingDue", ["call", asked], within)
    return asked, answer


def _work(plan: Plan, job: Job, called: Callee, rows: tuple[str, str] | None) -> Iterator[str]:
    """Yield the statements behind the call's making."""
    options, (asked, answer) = job.options, _asked_and_answered(plan, job, called)
    yield running('const skipped = await step.run("due",', asked, ");", _WORK)
    if is_rehearsed(job):
        beside = "await rehearseBeside(step, call, ownership, skipped, event.ts,"
        yield "if (skipped) {"
        yield indent(running(beside, called.answering("dry"), ");", _WORK + 2, "dry"), "  ")
        yield "  return { skipped };"
        yield "}"
    else:
        yield "if (skipped) return { skipped };"
    if options.fan_out is None and options.heartbeat_env is None and not is_rehearsed(job):
        yield running('return step.run("call",', answer, ");", _WORK)
        return
    if options.fan_out is None:
        step = 'const answer = await step.run("call",'
        yield running(step, answer, ");", _WORK)
    else:
        event = row_event(plan.app_id, job.id)
        claims = app_of(plan).claims is not None
        yield from fan_out_work(options, event, called, rows[1] if rows else None, claims=claims)
    if options.heartbeat_env is not None:
        yield 'await step.run("heartbeat", () => pingSuccess(JOB, call));'
    if is_rehearsed(job):
        behind = "await rehearseBehind(step, call, ownership,"
        yield running(behind, called.answering("dry"), ");", _WORK, "dry")
    if options.heartbeat_env is not None or is_rehearsed(job):
        yield "return answer;"


def _missed(plan: Plan, job: Job) -> str | None:
    """Return the constant that says which late ticks are made up for, where not all are.

    Raises:
        ConfigError: for a schedule that is not in UTC, which the library cannot tell the ticks of.
    """
    if job.options.missed is Missed.ALL or job.schedule is None:
        return None
    if job.schedule.zone != "UTC":
        raise ConfigError(
            f"`jobs.{job.id}.missed` needs a schedule in UTC in a {app_of(plan).framework.title} app.",
            reason="invalid-config",
            hint="Take it out, or set `stale_after`, which needs no schedule.",
            where=job.id,
        )
    lines = [
        member("policy", str(job.options.missed), 2),
        braced("due: {", [member(*pair, 4) for pair in due(job.schedule).items()], "}"),
    ]
    return braced("const MISSED: Missed = {", lines, "};")


def _row(plan: Plan, job: Job, called: Callee) -> str | None:
    """Return the function that does one value's work, where every value has a run of its own."""
    fan_out = job.options.fan_out
    if fan_out is None or not has_runs(job.options):
        return None
    trigger = {"event": row_event(plan.app_id, job.id)}
    arguments = function_options(row_function(job.id), receiving(job.options))
    in_options = app_of(plan).sdk_major >= 4  # noqa: PLR2004 - v4 takes triggers in the options
    arguments |= {"triggers": [trigger]} if in_options else {}
    return render(
        "typescript",
        "row.ts",
        name=function_name(row_function(job.id)),
        param=comment(fan_out.param),
        options=[
            *(member(key, value, _OPTIONS) for key, value in arguments.items()),
            row_failure(fan_out, _report(job), is_buried=app_of(plan).has_ledger),
        ],
        trigger=None if in_options else data(trigger),
        work=row_work(fan_out, called),
    )


def _on_failure(plan: Plan, job: Job) -> str:
    """Return the option that gives a tick back, keeps a letter and tells that a run failed for good."""
    watched, app = job.options.heartbeat_env is not None, app_of(plan)
    steps = [
        *(["await released(claims, JOB, event.data);"] if app.claims else []),
        *(["await bury(JOB, event.data, error);"] if app.has_ledger else []),
    ]
    if not steps:
        return (_WATCHED_FAILURE if watched else _FAILURE).format()
    return _DEATH.format("\n    ".join(steps), _report(job), ", event.data" if watched else "")


def _report(job: Job) -> str:
    return "pingFailure" if job.options.heartbeat_env else "reportFailure"

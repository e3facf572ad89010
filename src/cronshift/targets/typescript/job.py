"""The module of one job: its function, calling the work in durable steps."""

from __future__ import annotations

from datetime import timedelta
from textwrap import indent
from typing import TYPE_CHECKING, Any

from cronshift.errors import ConfigError, CronshiftError, path_to_show
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
    WIDTH,
    braced,
    broken,
    comment,
    data,
    imported,
    in_template,
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
_LOGGED = """onFailure: ({{ error }}) =>
  {}"""
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
        summary=comment(
            f"{described} (UTC): GET {path_to_show(job.entry.path)}, from {job.entry.source}."
        ),
        clause=called.clause,
        client=client_import(plan, file),
        handler=called.module_from(file, app_of(plan).code.alias),
        support="\n".join(_imports(plan, job, file)),
        job=list(_description(plan, job, called)),
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


_NAMES = {
    "bridge": ["bridged"],
    "dead-letters": ["bury"],
    "failures": ["reportFailure"],
    "heartbeat": ["pingDue", "pingFailure", "pingSuccess"],
    "missed": ["inTime", "type Missed"],
    "params": ["withParams"],
    "retry-after": ["retryAfter"],
    "stale": ["fresh"],
}
"""What a job's module takes from a module of the library, where that is always the same."""


def _imports(plan: Plan, job: Job, file: str) -> Iterator[str]:
    """Yield the module's imports from the library, as formatters sort them."""
    wrapper = callee(plan, job).wrapper
    names = {
        **_NAMES,
        **(wrapper.imported if wrapper else {}),
        **(library_names(job.options.fan_out) if job.options.fan_out else {}),
        "calls": ["callOf", *(["direct"] if callee(plan, job).file else []), "due"],
        "ledger": [*([] if job.options.fan_out else ["toldCall"]), "toldDue"],
        "claims": ["claimedCall", "claimedDue", "released"],
        "rehearsal": ["rehearseBehind", "rehearseBeside"],
    }
    for module in sorted(modules_of(plan, job)):
        yield imported(names[module], library_import(plan, module, file))


def names_of(job: Job) -> list[str]:
    """Return the constants that hold a job's functions."""
    return [function_name(function_id) for function_id in function_ids(job)]


def modules_of(plan: Plan, job: Job) -> set[str]:
    """Return the names of the library's modules that the job's module imports."""
    called, options = callee(plan, job), job.options
    app = app_of(plan)
    is_reported = app.has_ledger or app.claims is not None or has_runs(options)
    return {
        "calls",
        *called.modules,
        *(["retry-after"] if _waits(job, called) else []),
        *(library_names(options.fan_out) if options.fan_out else ()),
        *(["heartbeat"] if options.heartbeat_env else ["failures"] if is_reported else []),
        *(["dead-letters", "ledger"] if app.has_ledger else []),
        *(["claims"] if app.claims else []),
        *(["rehearsal"] if is_rehearsed(job) else []),
        *(["stale"] if options.stale_after is not None else []),
        *(["missed"] if options.missed is not Missed.ALL else []),
    }


def _waits(job: Job, called: Callee) -> bool:
    """Return whether an answer may say when to try again: one over HTTP, or of who speaks of it."""
    return called.file is None or (job.handler is not None and "retry-after" in job.handler.answers)


def _description(plan: Plan, job: Job, called: Callee) -> Iterator[str]:
    """Yield the members of the constant that describes a job."""
    path, heartbeat = job.entry.path, job.options.heartbeat_env
    members = {
        "id": job.id,
        "path": path if called.file is None else app_of(plan).routers.in_app(path),
        "schedule": job.entry.schedule,
        **({"heartbeat": heartbeat} if heartbeat is not None else {}),
        **shared_members(plan),
        **_told_members(plan, job),
    }
    yield from (member(key, value, _JOB) for key, value in members.items())
    yield "ownership"
    if _waits(job, called):
        yield "failure: retryAfter"


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
    options, app, within = job.options, app_of(plan), _WORK + 2
    asked, answer = "due(call)", called.answering("call")
    if options.stale_after is not None:
        asked = f"fresh(call, {options.stale_after // timedelta(milliseconds=1)}, {asked})"
    if options.missed is not Missed.ALL:
        asked = f"inTime(call, MISSED, {asked})"
    is_watched = options.heartbeat_env is not None
    inner = within + 2 if app.has_ledger else within
    outer = within + 2 if is_watched else within
    if app.claims:
        answer = broken("claimedCall", ["claims", "call", answer], inner)
        asked = broken("claimedDue", ["claims", "call", asked], outer + inner - within)
    if app.has_ledger:
        answer = broken("toldCall", ["call", answer, "attempt"], within)
        asked = broken("toldDue", ["call", asked, "event.ts"], outer)
    if is_watched:
        asked = broken("pingDue", ["call", asked], within)
    return asked, answer


def _work(plan: Plan, job: Job, called: Callee, rows: tuple[str, str] | None) -> Iterator[str]:
    """Yield the statements behind the call's making."""
    options, (asked, answer) = job.options, _asked_and_answered(plan, job, called)
    yield running('const skipped = await step.run("due",', asked, ");", _WORK)
    if is_rehearsed(job):
        beside = "await rehearseBeside(step, call, skipped, event.ts,"
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
        behind = "await rehearseBehind(step, call,"
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
    if steps:
        return _DEATH.format("\n    ".join(steps), _report(job), ", event.data" if watched else "")
    if watched:
        return _WATCHED_FAILURE.format()
    words = f"`{in_template(job.id)} failed: ${{error.message}}`"
    line = f"console.error({words})"
    is_short = _OPTIONS + 2 + len(line) < WIDTH
    return _LOGGED.format(line if is_short else f"console.error(\n    {words},\n  )")


def _report(job: Job) -> str:
    return "pingFailure" if job.options.heartbeat_env else "reportFailure"

"""The source of one job's module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import CronshiftError, path_to_show
from cronshift.model import FanOutMode, Handler, HandlerKind, Job, Missed, Mode, Overlap, RowSource
from cronshift.plan.functions import has_runs, is_rehearsed, receiving, sending
from cronshift.runtime.jobs import row_event, row_function
from cronshift.runtime.schedule.durations import format_duration
from cronshift.targets.python import names
from cronshift.targets.python.source import (
    WIDTH,
    Expression,
    Group,
    call,
    duration,
    laid_out,
    listed,
    literal,
    paragraph,
    url,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cronshift.model import FanOut, JobOptions, RateLimit, Throttle
    from cronshift.runtime.schedule import Schedule

APP_KINDS = frozenset({HandlerKind.ASGI, HandlerKind.WSGI})
_CLASSES = {
    HandlerKind.ASGI: "AsgiHandler",
    HandlerKind.WSGI: "WsgiHandler",
    HandlerKind.HTTP_HANDLER: "HttpServerHandler",
    HandlerKind.CALLABLE: "CallableHandler",
}
_INDENT = 4
USUAL_SECRET = "CRON_SECRET"  # noqa: S105 - the variable's name


class JobModule(Struct, frozen=True):
    """The parts of a job's module that differ from job to job, each a piece of source.

    Attributes:
        handler: the handler's definition, where it belongs to this module.
        arguments: those of ``create_function``, one a line.
        work: the lines that do the job's work.
    """

    name: str
    function: str
    docstring: str
    uses_apps: bool
    client: str
    uses_timedelta: bool
    job: str
    handler: str | None
    arguments: tuple[str, ...]
    signature: str
    summary: str
    work: tuple[str, ...]
    row: RowFunction | None = None

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of the functions that Inngest is told of."""
        return (self.function, *([self.row.function] if self.row else []))


class RowFunction(Struct, frozen=True):
    """The function that does one row of a job, each a piece of source."""

    function: str
    param: str
    report: str
    arguments: tuple[str, ...]
    signature: str
    summary: str
    call: str
    work: str


def job_module(job: Job, app_id: str, apps: Mapping[Group, str], secret_env: str) -> JobModule:
    """Return the module of a runnable job.

    Args:
        job: a job that nothing blocks.
        app_id: the app's.
        apps: the names in ``apps.py``, by the app's definition.
        secret_env: the variable that holds the bearer.

    Raises:
        CronshiftError: if the job's id is no identifier, or the job cannot run.
    """
    if job.schedule is None:
        raise CronshiftError(f"{job.id} has no schedule.", reason="not-runnable", where=job.id)
    answering, definition = _answering(job, apps, secret_env)
    function = names.job_function(job.id)
    arguments = tuple(
        laid_out(value, before=f"{name}=", after=",", indent=_INDENT)
        for name, value in function_arguments(job, job.schedule)
    )
    row = _row(job, app_id, answering) if has_runs(job.options) else None
    description = laid_out(_description(job), before="JOB = ")
    return JobModule(
        name=names.job_module(job.id),
        function=function,
        docstring=_docstring(job, job.schedule),
        uses_apps=answering.startswith("apps."),
        client="bridge, client" if answering == "bridge" else "client",
        uses_timedelta=any(
            "timedelta(" in text
            for text in (description, *arguments, *(row.arguments if row else ()))
        ),
        job=description,
        handler=definition,
        arguments=arguments,
        signature=laid_out(
            call(function, "ctx: inngest.Context"), before="async def ", after=" -> runtime.Answer:"
        ),
        summary=_summary(job),
        work=tuple(_work(job, app_id, answering)),
        row=row,
    )


def handler_of(job: Job) -> Handler | None:
    """Return the handler that a direct job calls in process.

    Raises:
        CronshiftError: if it is nothing that Python can call.
    """
    if job.mode is not Mode.DIRECT:
        return None
    if job.handler is None or job.handler.kind not in _CLASSES:
        raise CronshiftError(
            f"{job.id} has no Python handler to call directly.",
            reason="no-handler",
            hint='Set mode = "bridge" for it in cronshift.toml.',
            where=job.id,
        )
    return job.handler


def handler_definition(handler: Handler, secret_env: str) -> Group:
    """Return the call that makes the runtime's handler; nothing is imported before its first use."""
    reference = literal(names.reference(handler.file, handler.export))
    named = {} if secret_env == USUAL_SECRET else {"secret_env": literal(secret_env)}
    return call(f"runtime.{_CLASSES[handler.kind]}", reference, **named)


def _answering(job: Job, apps: Mapping[Group, str], secret_env: str) -> tuple[str, str | None]:
    """Return the name of the handler that answers, and its definition where it is the job's own."""
    handler = handler_of(job)
    if handler is None:
        return "bridge", None
    definition = handler_definition(handler, secret_env)
    if handler.kind in APP_KINDS:
        return f"apps.{apps[definition]}", None
    return "handler", laid_out(definition, before="handler = ")


def _description(job: Job) -> Expression:
    """Return the call that describes the job to the runtime."""
    keywords: dict[str, Expression] = {
        "id": literal(job.id),
        "path": literal(job.entry.path),
        "schedule": literal(job.entry.schedule),
    }
    if job.options.stale_after is not None:
        keywords["stale_after"] = duration(job.options.stale_after)
    if job.options.overlap is not Overlap.QUEUE:
        keywords["queues"] = literal(value=False)
    if job.options.missed is not Missed.ALL:
        keywords["missed"] = literal(str(job.options.missed))
    if job.options.heartbeat_env is not None:
        keywords["heartbeat_env"] = literal(job.options.heartbeat_env)
    return call("runtime.JobSpec", **keywords, **rehearsal(job))


def rehearsal(job: Job) -> dict[str, Expression]:
    """Return the arguments by which both sides know the dry run that a handler allows."""
    options = job.options
    if not is_rehearsed(job):
        return {}
    ignored = listed(map(literal, options.rehearsal_ignore))
    return {
        "rehearsal": literal(options.rehearsal or ""),
        **({"rehearsal_ignore": ignored} if options.rehearsal_ignore else {}),
    }


def function_arguments(job: Job, schedule: Schedule) -> Iterator[tuple[str, Expression]]:
    """Yield the arguments of ``create_function``, in the SDK's own words."""
    options = sending(job.options) if has_runs(job.options) else job.options
    trigger: dict[str, Expression] = {"cron": literal(schedule.trigger)}
    if options.jitter is not None:
        trigger["jitter"] = literal(format_duration(options.jitter))
    yield from _options(job.id, call("inngest.TriggerCron", **trigger), options)
    yield "on_failure", "on_failure"


def row_arguments(job: Job, app_id: str) -> Iterator[tuple[str, Expression]]:
    """Yield the arguments of ``create_function`` for the function that does one value's work."""
    trigger = call("inngest.TriggerEvent", event=literal(row_event(app_id, job.id)))
    yield from _options(row_function(job.id), trigger, receiving(job.options))


def _options(
    function_id: str, trigger: Expression, options: JobOptions
) -> Iterator[tuple[str, Expression]]:
    yield "fn_id", literal(function_id)
    yield "name", literal(function_id)
    yield "trigger", trigger
    yield "retries", literal(options.retries)
    timeouts = {
        name: duration(value)
        for name, value in (("start", options.start_timeout), ("finish", options.finish_timeout))
        if value is not None
    }
    if timeouts:
        yield "timeouts", call("inngest.Timeouts", **timeouts)
    if options.concurrency is not None:
        yield (
            "concurrency",
            listed([call("inngest.Concurrency", limit=literal(options.concurrency))]),
        )
    if options.overlap is Overlap.SKIP:
        yield "singleton", call("inngest.Singleton", mode=literal("skip"))
    if options.throttle is not None:
        burst = {"burst": literal(options.throttle.burst)} if options.throttle.burst != 1 else {}
        yield "throttle", call("inngest.Throttle", **_limit(options.throttle), **burst)
    if options.rate_limit is not None:
        yield "rate_limit", call("inngest.RateLimit", **_limit(options.rate_limit))
    if options.idempotency is not None:
        yield "idempotency", literal(options.idempotency)


def _limit(limit: Throttle | RateLimit) -> dict[str, Expression]:
    key = {"key": literal(limit.key)} if limit.key is not None else {}
    return {"limit": literal(limit.limit), "period": duration(limit.period), **key}


def _work(job: Job, app_id: str, answering: str) -> Iterator[str]:
    """Yield the lines between the call's making and the function's end."""
    options, fan_out = job.options, job.options.fan_out
    step: Expression = call("await ctx.step.run", '"call"', f"{answering}.answer", "call.begun")
    if fan_out is None:
        yield f"if skipped := await runtime.due(ctx, call, {answering}):"
        yield "    return skipped"
    elif has_runs(options):
        event = literal(row_event(app_id, job.id))
        step = call(
            "await runtime.send_rows", "ctx", "call", answering, event, values=_values(fan_out)
        )
    else:
        parallel = fan_out.mode is FanOutMode.PARALLEL
        step = call(
            "await runtime.fan_out",
            "ctx",
            "call",
            answering,
            param=literal(fan_out.param),
            values=_values(fan_out),
            **({"parallel": literal(True)} if parallel else {}),
        )
    if options.heartbeat_env is None and not is_rehearsed(job):
        yield laid_out(step, before="return ", indent=_INDENT)
        return
    yield laid_out(step, before="answer = ", indent=_INDENT)
    if options.heartbeat_env is not None:
        yield 'if "skipped" not in answer:'
        yield '    await ctx.step.run("heartbeat", runtime.report_success, JOB, call)'
    if is_rehearsed(job):
        yield f"await runtime.rehearse(ctx, call, {answering})"
    yield "return answer"


def _values(fan_out: FanOut) -> Expression:
    if not isinstance(fan_out.values, RowSource):
        return listed(map(literal, fan_out.values))
    module, _, function = fan_out.values.function.rpartition(":")
    is_file = module.endswith(".py") or "/" in module
    reference = names.reference(module, function) if is_file else fan_out.values.function
    key = {"key": literal(fan_out.values.key)} if fan_out.values.key else {}
    return call("runtime.Rows", literal(reference), **key)


def _row(job: Job, app_id: str, answering: str) -> RowFunction | None:
    """Return the function that does one value's work, in a run of its own."""
    fan_out = job.options.fan_out
    if fan_out is None:
        return None
    arguments = row_arguments(job, app_id)
    function, param = names.row_function(job.id), literal(fan_out.param)
    step = call("await ctx.step.run", '"call"', f"{answering}.answer", "call")
    return RowFunction(
        function=function,
        param=param,
        report=laid_out(
            call("await runtime.report_row_failure", "JOB", "ctx", param), indent=_INDENT
        ),
        arguments=tuple(
            laid_out(value, before=f"{name}=", after=",", indent=_INDENT)
            for name, value in (*arguments, ("on_failure", "on_row_failure"))
        ),
        signature=laid_out(
            call(function, "ctx: inngest.Context"), before="async def ", after=" -> runtime.Answer:"
        ),
        summary=f"Make the call for one {url(fan_out.param, longest=20)}, in a run of its own.",
        call=laid_out(
            call("runtime.row_call", "JOB", "ctx", param), before="call = ", indent=_INDENT
        ),
        work=laid_out(step, before="return ", indent=_INDENT),
    )


def _docstring(job: Job, schedule: Schedule) -> str:
    """Return the docstring of a job's module: the job, its entry and its handler."""
    zone = " (UTC)" if schedule.zone == "UTC" else ""
    described = schedule.describe()
    summary = f"{job.id}: {described[0].lower()}{described[1:]}{zone}."
    if len(summary) > WIDTH - len('"""'):
        summary = f"{job.id}: {schedule.expression} ({schedule.zone})."
    entry = job.entry
    source = f"{url(entry.source.file)}:{entry.source.line}"
    handler = handler_of(job)
    how = "Called over HTTP, as Vercel did."
    if handler is not None:
        how = f"Answered by {url(handler.export)} in {url(handler.file)}, called in process."
    body = paragraph(f"{url(entry.method)} {url(path_to_show(entry.path))}, from {source}. {how}")
    return f'"""{summary}\n\n{body}\n"""'


def _summary(job: Job) -> str:
    each = (
        f", once for every {url(job.options.fan_out.param, longest=20)}"
        if job.options.fan_out
        else ""
    )
    return f"Make the call that Vercel made{each}, with retries."

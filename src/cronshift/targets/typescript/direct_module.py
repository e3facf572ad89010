"""The module of a job that is the app's own: the work, and its function as the SDK has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import CronshiftError
from cronshift.handlers.tree import language, parse, span_of
from cronshift.model import FanOutMode
from cronshift.runtime.schedule.durations import format_duration
from cronshift.targets.direct.javascript.converting import with_import
from cronshift.targets.rendering import render
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.client import client_import
from cronshift.targets.typescript.job import function_options
from cronshift.targets.typescript.naming import function_name
from cronshift.targets.typescript.source import comment, data, in_template, listed, member, text
from cronshift.targets.typescript.style import restyle
from cronshift.targets.typescript.untyped import untyped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cronshift.model import Job, Plan
    from cronshift.targets.direct import Converted

_OPTIONS, _VERSION_4 = 4, 4
_STALE = "stale"


class OwnFunction(Struct, frozen=True):
    """The function of one job in a module that is the app's own.

    Attributes:
        converted: its work.
        name: the function's.
        event: what starts it too.
    """

    job: Job
    converted: Converted
    name: str
    event: str | None = None


def free_name(job: Job, taken: Collection[str]) -> str:
    """Return the name of a job's function that its module has no other use for."""
    name = function_name(job.id)
    return name if name not in taken else f"{name}Job"


def direct_module(plan: Plan, file: str, functions: Sequence[OwnFunction]) -> str:
    """Return the module ``file`` of jobs that are the app's own, whose work is the same.

    Raises:
        CronshiftError: for a job without a schedule.
    """
    style = app_of(plan).code.style
    source = functions[0].converted.text
    if functions[0].job.options.fan_out and "NonRetriableError" not in source:
        source = with_import(source, file)
    written = "".join(_function(plan, file, each) for each in functions)
    client = restyle(f"{client_import(plan, file)}\n", style)
    return _with_client(source, file, client) + written


def _function(plan: Plan, file: str, function: OwnFunction) -> str:
    """Return the part of a module that is one job's."""
    job, converted, event = function.job, function.converted, function.event
    if job.schedule is None:
        raise CronshiftError(f"{job.id} has no schedule.", reason="not-runnable", where=job.id)
    style, options = app_of(plan).code.style, job.options
    described = job.schedule.describe()
    trigger = {"cron": job.schedule.trigger}
    if options.jitter is not None:
        trigger["jitter"] = format_duration(options.jitter)
    triggers = [trigger, *([{"event": event}] if event is not None else [])]
    in_options = app_of(plan).sdk_major >= _VERSION_4
    arguments = function_options(job.id, options)
    if in_options:
        arguments |= {"checkpointing": False} if options.fan_out else {}
        arguments |= {"triggers": triggers}
    lines = list(_lines(job, converted))
    written = render(
        "typescript",
        "direct.ts",
        ping=text(options.heartbeat_env) if options.heartbeat_env else None,
        values=listed("const VALUES = [", [text(value) for value in options.fan_out.listed], "];")
        if options.fan_out
        else None,
        summary=comment(f"{job.id}: {described[0].lower()}{described[1:]} (UTC)."),
        name=function.name,
        options=[
            *(member(key, value, _OPTIONS) for key, value in arguments.items()),
            *(
                ['onFailure: async ({ step }) => step.run("report", () => ping("/fail"))']
                if options.heartbeat_env
                else []
            ),
        ],
        trigger=None if in_options else data(triggers if event is not None else trigger),
        context=", ".join(["event, step" if options.stale_after else "step"]),
        lines=lines,
    )
    is_script = language(file) == "javascript"
    return restyle(untyped(written) if is_script else written, style)


def _lines(job: Job, converted: Converted) -> Iterator[str]:
    """Yield the statements of a function that does a job's work."""
    options, fan_out = job.options, job.options.fan_out
    if options.stale_after is not None:
        limit = int(options.stale_after.total_seconds() * 1000)
        yield 'const isStale = await step.run("due", () => {'
        yield f"  return Date.now() - (event.ts ?? Date.now()) > {limit};"
        yield "});"
        yield f'if (isStale) return {{ skipped: "{_STALE}" }};'
    if fan_out is not None:
        step = f"step.run(`{in_template(fan_out.param)}=${{value}}`, () =>"
        yield "const run = (value: string) =>"
        yield f"  {step} {converted.function}(value));"
        if fan_out.mode is FanOutMode.PARALLEL:
            yield "const outcomes = await Promise.allSettled(VALUES.map(run));"
        else:
            yield "const outcomes = [];"
            yield "for (const value of VALUES) {"
            yield "  outcomes.push(...(await Promise.allSettled([run(value)])));"
            yield "}"
        yield "const failures = outcomes.flatMap((outcome) =>"
        yield '  outcome.status === "rejected" ? [String(outcome.reason)] : [],'
        yield ");"
        yield "if (failures.length > 0) {"
        yield "  const count = `${failures.length} of ${outcomes.length} failed`;"
        yield '  throw new NonRetriableError(`${count}: ${failures.join("; ")}`);'
        yield "}"
        result = "{ succeeded: outcomes.length }"
    elif converted.steps:
        result = f"{converted.function}(step)"
    elif converted.arguments:
        work = f"{converted.function}({', '.join(converted.arguments)})"
        result = f'step.run("work", () => {work})'
    else:
        result = f'step.run("work", {converted.function})'
    if options.heartbeat_env is None:
        yield f"return {result};"
        return
    if fan_out is None:
        yield f"const result = await {result};"
    yield 'await step.run("heartbeat", () => ping());'
    yield f"return {result};" if fan_out is not None else "return result;"


def _with_client(source: str, file: str, line: str) -> str:
    """Return a module that imports the client too, behind the last of its imports."""
    root = parse(source, language(file))
    statements = (
        [node for node in root.children() if node.kind() == "import_statement"] if root else []
    )
    if not statements:
        return f"{line}\n{source}"
    at = source.find("\n", span_of(statements[-1])[1]) + 1 or len(source)
    return f"{source[:at]}{line}{source[at:]}"

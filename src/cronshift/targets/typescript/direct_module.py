"""The module of a job that is the app's own: the work, and its function as the SDK has it."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import CronshiftError
from cronshift.handlers.tree import language, parse, span_of
from cronshift.model import FanOutMode, RowSource
from cronshift.runtime.schedule.durations import format_duration
from cronshift.targets.direct.javascript.module_heads import with_import
from cronshift.targets.direct.javascript.module_kinds import commonjs
from cronshift.targets.rendering import render
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.client import client_import
from cronshift.targets.typescript.fanning import rows_import
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.job import function_options
from cronshift.targets.typescript.naming import function_name
from cronshift.targets.typescript.source import (
    comment,
    data,
    in_template,
    listed,
    member,
    running,
    text,
)
from cronshift.targets.typescript.style import restyle
from cronshift.targets.typescript.untyped import untyped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cronshift.model import FanOut, Job, Plan
    from cronshift.targets.direct import Converted

_OPTIONS, _VERSION_4 = 4, 4
_BODY, _STEP = 4, 6  # columns in
MONITOR = "monitor"
"""The module by which own functions tell a monitor how they go, in their folder and in the library."""
_STALE = "stale"


class WorkingFunction(Struct, frozen=True):
    """The function of one job in a module that is the app's own.

    Attributes:
        converted: its work.
        name: the function's.
        event: what starts it too.
        rows: the import of the function that gives the rows of its fan-out, and its name.
    """

    job: Job
    converted: Converted
    name: str
    event: str | None = None
    rows: tuple[str, str] | None = None


def free_name(job: Job, taken: Collection[str]) -> str:
    """Return the name of a job's function that its module has no other use for."""
    name = function_name(job.id)
    return name if name not in taken else f"{name}Job"


def direct_module(plan: Plan, file: str, functions: Sequence[WorkingFunction]) -> str:
    """Return the module ``file`` of jobs that are the app's own, whose work is the same.

    Raises:
        CronshiftError: for a job without a schedule.
    """
    style = app_of(plan).code.style
    source = functions[0].converted.text
    if functions[0].job.options.fan_out and "NonRetriableError" not in source:
        source = with_import(source, file)
    written = "".join(_function(plan, file, each) for each in functions)
    lines = [client_import(plan, file)]
    lines += [each.rows[0] for each in functions if each.rows is not None]
    if any(each.job.options.heartbeat_env for each in functions):
        path = import_path(f"{plan.out}/{MONITOR}", file, None)
        lines.append(f"import {{ tellMonitor }} from {text(path)};")
    whole = _with_client(source, file, restyle("\n".join([*lines, ""]), style)) + written
    mount = app_of(plan).routers.mount
    return commonjs(whole) if mount is not None and mount.is_commonjs else whole


def rows_of(plan: Plan, job: Job, file: str) -> tuple[str, str] | None:
    """Return the import of the function that gives a job's rows, in ``file``, and its name there."""
    fan_out, taken = job.options.fan_out, {function_name(job.id)}
    return rows_import(fan_out, file, app_of(plan).code.alias, taken) if fan_out else None


def _function(plan: Plan, file: str, function: WorkingFunction) -> str:
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
    lines = list(_lines(job, converted, function.rows[1] if function.rows else None))
    written = render(
        "typescript",
        "direct.ts",
        values=listed("const VALUES = [", [text(value) for value in options.fan_out.listed], "];")
        if options.fan_out and options.fan_out.listed
        else None,
        summary=comment(f"{job.id}: {described[0].lower()}{described[1:]} (UTC)."),
        name=function.name,
        options=[
            *(member(key, value, _OPTIONS) for key, value in arguments.items()),
            *([_failure(options.heartbeat_env)] if options.heartbeat_env else []),
        ],
        trigger=None if in_options else data(triggers if event is not None else trigger),
        context=", ".join(
            [
                *(["event"] if options.stale_after else []),
                *(["runId"] if options.heartbeat_env else []),
                "step",
            ]
        ),
        lines=lines,
    )
    is_script = language(file) == "javascript"
    return restyle(untyped(written) if is_script else written, style)


def _lines(job: Job, converted: Converted, rows: str | None) -> Iterator[str]:
    """Yield the statements of a function that does a job's work."""
    options, fan_out = job.options, job.options.fan_out
    if options.stale_after is not None:
        limit = int(options.stale_after.total_seconds() * 1000)
        yield 'const isStale = await step.run("due", () => {'
        yield f"  return Date.now() - (event.ts ?? Date.now()) > {limit};"
        yield "});"
        yield f'if (isStale) return {{ skipped: "{_STALE}" }};'
    if options.heartbeat_env is not None:
        yield _telling("start", _tell(options.heartbeat_env, "start", "runId"), _BODY)
    if fan_out is not None:
        values = "VALUES" if rows is None else "values"
        if rows is not None:
            yield from _row_values(fan_out, rows)
        step = f"step.run(`{in_template(fan_out.param)}=${{value}}`, () =>"
        yield "const run = (value: string) =>"
        yield f"  {step} {converted.function}(value));"
        if fan_out.mode is FanOutMode.PARALLEL:
            yield f"const outcomes = await Promise.allSettled({values}.map(run));"
        else:
            yield "const outcomes = [];"
            yield f"for (const value of {values}) {{"
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
    yield _telling("heartbeat", _tell(options.heartbeat_env, "success", "runId"), _BODY)
    yield f"return {result};" if fan_out is not None else "return result;"


def _row_values(fan_out: FanOut, rows: str) -> Iterator[str]:
    """Yield the step that gives the values of the app's rows, each once."""
    key = fan_out.values.key if isinstance(fan_out.values, RowSource) else None
    value = "row" if key is None else f"row.{key}" if key.isidentifier() else f"row[{text(key)}]"
    yield 'const values = await step.run("items", async () => {'
    yield f"  const rows = await {rows}();"
    yield '  const kinds = ["string", "number", "bigint"];'
    yield "  const odd = rows.findIndex("
    yield f"    (row) => !kinds.includes(typeof {value}),"
    yield "  );"
    yield "  if (odd >= 0) {"
    yield f"    throw new NonRetriableError(`row ${{odd}} has no {in_template(key or 'text or number')}`);"
    yield "  }"
    yield f"  return Array.from(new Set(rows.map((row) => String({value}))));"
    yield "});"


def _tell(variable: str, signal: str, run: str) -> str:
    return f"tellMonitor({text(variable)}, {text(signal)}, {run})"


def _telling(step: str, work: str, depth: int) -> str:
    return running(f"await step.run({text(step)},", work, ");", depth)


def _failure(variable: str) -> str:
    """Return the option by which a monitor hears that a run has failed for good."""
    work = _tell(variable, "fail", "event.data.run_id")
    step = indent(running('step.run("report",', work, ")", _STEP), "  ")
    return f"onFailure: async ({{ event, step }}) =>\n{step}"


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

"""The module of a Python job that is the app's own: its function, and how it calls the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.errors import CronshiftError
from cronshift.model import FanOutMode
from cronshift.plan.functions import has_runs
from cronshift.runtime.jobs import row_event
from cronshift.targets.python import names
from cronshift.targets.python.job import function_arguments, row_arguments
from cronshift.targets.python.source import call, laid_out, listed, literal
from cronshift.targets.rendering import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.model import Job, JobOptions
    from cronshift.targets.direct import Converted
    from cronshift.targets.python.source import Expression

_INDENT = 4
_BATCH = 500  # events that one step sends
_LATE = "  # late: the app imports this package"
_ENCODERS = {
    "fastapi": ("fastapi.encoders", "jsonable_encoder"),
    "django": ("django.core.serializers.json", "DjangoJSONEncoder"),
    "rest_framework": ("rest_framework.utils.encoders", "JSONEncoder"),
}
"""The module that makes results JSON, and its name in it, by framework; Flask's is its app's."""


class DirectRows(Struct, frozen=True):
    """The rows of the app that a job's work is done for.

    Attributes:
        module: the name that Python imports, of the function that gives them.
        key: what of a row is its value; ``None`` where the row itself is.
        is_async: whether the function is to be awaited.
    """

    module: str
    function: str
    key: str | None
    is_async: bool


def direct_module(  # noqa: PLR0913 - what a module is made of
    job: Job,
    module: str,
    converted: Converted,
    rows: DirectRows | None = None,
    *,
    app_id: str,
    mounted: bool,
    app: str | None = None,
    event: str | None = None,
) -> str:
    """Return the module of a job whose work is ``converted.function`` of ``module``.

    Args:
        job: what is planned of it.
        module: the name that Python imports.
        converted: what it holds.
        rows: those that its values come from, where they are not listed.
        app_id: the app's, by which an event for one of its values is named.
        mounted: whether the app imports this package, so that it is imported late.
        app: the module that sets Django up, without which nothing of its project is imported.
        event: what starts it too.

    Raises:
        CronshiftError: for a job without a schedule.
    """
    if job.schedule is None:
        raise CronshiftError(f"{job.id} has no schedule.", reason="not-runnable", where=job.id)
    described = job.schedule.describe()
    options = widened(job.options, converted.width)
    zone = " (UTC)" if job.schedule.zone == "UTC" else ""
    arguments = _laid_out(
        (name, listed([value, call("inngest.TriggerEvent", event=literal(event))]))
        if name == "trigger" and event is not None
        else (name, value)
        for name, value in function_arguments(replace(job, options=options), job.schedule)
    )
    work = list(_work(converted))
    is_parallel = options.fan_out is not None and options.fan_out.mode is FanOutMode.PARALLEL
    is_threaded = not converted.is_async or (rows is not None and not rows.is_async)
    row = _laid_out(row_arguments(job, app_id)) if has_runs(job.options) else []
    standard = [
        *(["import asyncio"] if is_threaded else []),
        *(["import functools"] if is_parallel else []),
        "import os",
        *(["import time"] if options.stale_after else []),
        *(["from uuid import UUID"] if rows is not None else []),
        *(
            ["from datetime import timedelta"]
            if any("timedelta(" in line for line in [*arguments, *row])
            else []
        ),
        "from typing import Any",
    ]
    imports = list(_imports(module, converted))
    is_late = mounted or app is not None
    preparing = [f"import {app}  # noqa: F401 - sets Django up"] if app is not None else []
    loading = f"from {rows.module} import {rows.function} as load_rows" if rows is not None else ""
    packages = [] if is_late else [*imports, *([loading] if loading else [])]
    if converted.encoder in _ENCODERS:
        packages.append("from {} import {}".format(*_ENCODERS[converted.encoder]))
        standard += [] if converted.encoder == "fastapi" else ["import json"]
    return render(
        "python",
        "direct.py",
        docstring=f'"""{job.id}: {described[0].lower()}{described[1:]}{zone}."""',
        standard=sorted(standard, key=lambda line: (line.startswith("from"), line)),
        packages=sorted(packages),
        values=laid_out(listed(map(literal, options.fan_out.listed)), before="VALUES = ")
        if options.fan_out and rows is None
        else None,
        items=list(_items(rows, loading if is_late else "")) if rows is not None else [],
        stale=int(options.stale_after.total_seconds()) if options.stale_after else None,
        signature=", ".join(_parameters(converted)),
        each=_each(converted),
        inner=[*preparing, *(f"{line}{_LATE}" for line in imports), ""] if is_late else [],
        work=work,
        arguments=arguments,
        name=names.job_function(job.id),
        lines=list(_lines(job, converted)),
        event=literal(row_event(app_id, job.id)) if row else None,
        row=row,
        row_name=names.row_function(job.id),
        row_of=options.fan_out.param if options.fan_out else "",
        run=", ctx.run_id" if converted.run else "",
    )


def _laid_out(arguments: Iterable[tuple[str, Expression]]) -> list[str]:
    """Return the arguments of a function, as they stand where it is made."""
    return [
        laid_out(value, before=f"{name}=", after=",", indent=_INDENT)
        for name, value in arguments
        if name != "on_failure"
    ]


def _imports(module: str, converted: Converted) -> Iterator[str]:
    """Yield the imports of the work, and of the app in whose context it is done."""
    file, _, app = (converted.encoder or "").rpartition(":")
    imported = {"work" if converted.function == "work" else f"{converted.function} as work"}
    if file:
        yield f"from {_module_of(file, app)} import {app}"
    elif converted.encoder is not None and converted.encoder not in _ENCODERS:
        imported.add(converted.encoder)
    yield f"from {module} import {', '.join(sorted(imported))}"


def _module_of(file: str, name: str) -> str:
    """Return the module that Python imports for a name of a file."""
    return names.reference(file, name).partition(":")[0]


def _each(converted: Converted) -> str:
    if converted.steps:
        return ", in durable steps"
    return f", for one {converted.parameter}" if converted.parameter else ""


def widened(options: JobOptions, width: int) -> JobOptions:
    """Return the options with room for steps at once: the engine's concurrency counts steps."""
    is_narrow = options.concurrency is not None and options.concurrency < width
    return replace(options, concurrency=width) if is_narrow else options


def _parameters(converted: Converted) -> Iterator[str]:
    if converted.steps:
        yield "ctx: inngest.Context"
    if converted.parameter is not None:
        yield f"{converted.parameter}: str"
    if converted.run:
        yield "run_id: str"


def _work(converted: Converted) -> Iterator[str]:
    """Yield the statements that call the work, in whatever way it wants to be called."""
    arguments = [*(["ctx"] if converted.steps else []), *converted.arguments]
    if converted.parameter is not None:
        arguments.append(f"{converted.parameter}={converted.parameter}")
    if converted.run:
        arguments.append("run_id=run_id")
    is_flask = converted.encoder is not None and converted.encoder not in _ENCODERS
    flask = (converted.encoder or "").rpartition(":")[2]
    if converted.is_async:
        result = f"await work({', '.join(arguments)})"
    else:
        result = f"await asyncio.to_thread({', '.join(['work', *arguments])})"
    if is_flask:
        if converted.steps:
            yield f"with {flask}.app_context():"
            yield f"    return {flask}.json.loads({flask}.json.dumps({result}))"
            return
        yield f"def in_context() -> Any:"  # noqa: F541 - reads like the lines below
        yield f"    with {flask}.app_context():"
        yield f"        return {flask}.json.loads({flask}.json.dumps(work({', '.join(arguments)})))"
        yield ""
        yield "return await asyncio.to_thread(in_context)"
        return
    if converted.encoder is None or converted.encoder == "fastapi":
        yield f"return jsonable_encoder({result})" if converted.encoder else f"return {result}"
        return
    _, encoder = _ENCODERS[converted.encoder]
    yield f"return json.loads(json.dumps({result}, cls={encoder}))"


def _items(rows: DirectRows, late: str) -> Iterator[str]:
    """Yield the statements that return the values of the app's rows, each once."""
    if late:
        yield f"{late}{_LATE}"
        yield ""
    yield f"rows = {'await load_rows()' if rows.is_async else 'await asyncio.to_thread(lambda: list(load_rows()))'}"
    value = "row"
    if rows.key is not None:
        key = literal(rows.key)
        value = "value"
        yield f"values = [row.get({key}) if isinstance(row, dict) else getattr(row, {key}, None) for row in rows]"
    yield f"for at, {value} in enumerate({'rows' if rows.key is None else 'values'}):"
    yield f"    if isinstance({value}, bool) or not isinstance({value}, str | int | UUID):"
    yield f'        raise inngest.NonRetriableError(f"row {{at}} has no {rows.key or "text or number"}")'
    yield f"return list(dict.fromkeys(map(str, {'rows' if rows.key is None else 'values'})))"


def _lines(job: Job, converted: Converted) -> Iterator[str]:
    """Yield the statements of the function."""
    options, fan_out = job.options, job.options.fan_out
    run = ", ctx.run_id" if converted.run else ""
    if options.stale_after is not None:
        yield 'if await ctx.step.run("due", is_stale, ctx):'
        yield '    return {"skipped": "stale"}'
    if converted.steps:
        yield f"return await do_the_work(ctx{run})"
        return
    if fan_out is None:
        yield f'return await ctx.step.run("work", do_the_work{run})'
        return
    values = "VALUES" if fan_out.listed else "values"
    if not fan_out.listed:
        yield 'values = await ctx.step.run("items", items)'
    if fan_out.mode is FanOutMode.RUNS:
        yield from _sending(values)
        return
    yield ""
    yield "async def attempted(value: str) -> str | None:"
    yield "    try:"
    yield f"        await do_the_work(value{run})"
    yield "    except inngest.NonRetriableError as error:  # inside a step it would fail the whole run"
    yield '        return f"{value}: {error}"'
    yield "    return None"
    yield ""
    yield "async def branch(value: str) -> str | None:"
    yield "    try:"
    yield f'        return await ctx.step.run(f"{fan_out.param}={{value}}", attempted, value)'
    yield "    except inngest.StepError as error:"
    yield '        return f"{value}: {error.message}"'
    yield ""
    if fan_out.mode is FanOutMode.PARALLEL:
        yield f"branches = tuple(functools.partial(branch, value) for value in {values})"
        yield f"outcomes = await ctx.group.parallel(branches){'' if fan_out.listed else ' if branches else ()'}"
    else:
        yield f"outcomes = [await branch(value) for value in {values}]"
    yield "if failures := [outcome for outcome in outcomes if outcome]:"
    yield f'    count = f"{{len(failures)}} of {{len({values})}} failed"'
    yield "    raise inngest.NonRetriableError(f\"{count}: {'; '.join(failures)}\")"
    yield f'return {{"succeeded": len({values})}}'


def _sending(values: str) -> Iterator[str]:
    """Yield the statements that send an event for every value, each but once in a run."""
    yield f'events = [inngest.Event(id=f"{{ctx.run_id}} {{value}}", name=EVENT, data={{"value": value}}) for value in {values}]'
    yield f"for at in range(0, len(events), {_BATCH}):"
    yield f'    await ctx.step.send_event(f"send {{at // {_BATCH}}}", events[at : at + {_BATCH}])'
    yield f'return {{"sent": len({values})}}'

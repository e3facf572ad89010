"""The fan-out of a job as TypeScript: over values that are written down, or over rows of the app."""

from __future__ import annotations

from pathlib import PurePosixPath
from textwrap import indent
from typing import TYPE_CHECKING

from cronshift.model import FanOutMode, RowSource
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.naming import TAKEN
from cronshift.targets.typescript.source import broken, in_template, running, text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cronshift.model import FanOut, JobOptions
    from cronshift.project.conventions.code import Alias
    from cronshift.targets.typescript.framework import Callee

_WORK, _STEP, _FAILURE = 4, 6, 7  # columns in
_CODE = frozenset({".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs"})


def rows_import(
    fan_out: FanOut, file: str, alias: Alias | None, taken: Collection[str]
) -> tuple[str, str] | None:
    """Return the import of the function that gives the rows, in ``file``, and its name there."""
    if not isinstance(fan_out.values, RowSource):
        return None
    module, _, export = fan_out.values.function.rpartition(":")
    path = PurePosixPath(module)
    target = str(path.with_suffix("") if path.suffix in _CODE else path)
    name = "items" if export in TAKEN or export in taken else export
    clause = export if name == export else f"{export} as {name}"
    return f"import {{ {clause} }} from {text(import_path(target, file, alias))};", name


def library_names(fan_out: FanOut) -> dict[str, list[str]]:
    """Return the names that a fan-out takes from the library, by module."""
    sends, loads = fan_out.mode is FanOutMode.RUNS, isinstance(fan_out.values, RowSource)
    rows = [
        *(["eventsOf"] if sends else []),
        *(["inSteps"] if loads and not sends else []),
        *(["ofRow", "rowOf"] if sends else []),
        *(["valuesOf"] if loads else []),
    ]
    steps = ["withParameter"] if sends else ["together", "withParameter"]
    return {"fan-out": steps, **({"rows": rows} if rows else {})}


def fan_out_work(
    options: JobOptions, event: str, called: Callee, rows: str | None, *, claims: bool = False
) -> Iterator[str]:
    """Yield the statements that do a job's work once for every value; ``answer`` is what comes of it.

    Args:
        options: the job's.
        event: what asks for one row.
        called: what does the work.
        rows: the name of the function that gives the rows.
        claims: whether the claim of the tick ends with the work.
    """
    fan_out = options.fan_out
    if fan_out is None:
        return
    end = "return" if options.heartbeat_env is None else "const answer ="
    values = "VALUES"
    if rows is not None and isinstance(fan_out.values, RowSource):
        values = "values"
        key = f", {text(fan_out.values.key)}" if fan_out.values.key else ""
        texts = f"valuesOf(await {rows}(){key})"
        work = texts if fan_out.mode is FanOutMode.RUNS else f"inSteps({texts})"
        step = 'const values = await step.run("items", async'
        yield running(step, work, ");", _WORK)
    if fan_out.mode is FanOutMode.RUNS:
        yield f"const events = eventsOf(call, {text(event)}, {values});"
        yield "for (const [number, some] of events.entries()) {"
        yield "  await step.sendEvent(`send ${number}`, some);"
        yield "}"
        yield _ending(end, f"{{ sent: {values}.length }}", claims=claims)
        return
    work = called.answering(f"withParameter(call, {text(fan_out.param)}, value)")
    step = f"step.run(`call {in_template(fan_out.param)}=${{value}}`,"
    yield "const one = (value: string) =>"
    yield indent(running(step, work, ");", _STEP), "  ")
    if fan_out.mode is FanOutMode.PARALLEL:
        yield f"const outcomes = await Promise.allSettled({values}.map(one));"
    else:
        yield "const outcomes = [];"
        yield f"for (const value of {values}) {{"
        yield "  outcomes.push(...(await Promise.allSettled([one(value)])));"
        yield "}"
    outcome = f"together({text(fan_out.param)}, {values}, outcomes)"
    yield _ending(end, outcome, claims=claims)


def _ending(end: str, outcome: str, *, claims: bool) -> str:
    """Return the last statement of a fan-out, with which the claim of its tick ends."""
    if not claims:
        return f"{end} {outcome};"
    return f"{broken(f'{end} await claimedCall', ['claims', 'call', outcome], _WORK)};"


def row_work(fan_out: FanOut, called: Callee) -> str:
    """Return the statement that does one value's work, in its own run."""
    work = called.answering(f"withParameter(call, {text(fan_out.param)}, rowOf(event))")
    return running('return step.run("call",', work, ");", _WORK)


def row_failure(fan_out: FanOut, report: str, *, is_buried: bool) -> str:
    """Return the option by which a value's own run tells that it failed for good."""
    ended = ", event.data" if report == "pingFailure" else ""
    work = f"{report}(ofRow(JOB, {text(fan_out.param)}, event.data.event), error{ended})"
    step = running('step.run("report",', work, ")", _FAILURE)
    if is_buried:
        step = f"""step.run("report", async () => {{
  await bury(JOB, event.data, error);
  return {work};
}})"""
    return f"onFailure: async ({{ error, event, step }}) =>\n{indent(step, '  ')}"

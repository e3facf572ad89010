"""Modules of jobs that become the app's own: the work of a handler, once for all of its jobs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from msgspec import Struct
from msgspec.structs import replace

from cronshift.model import FanOutMode, Location, Mode
from cronshift.targets.direct import Converted, Entry, Kept
from cronshift.targets.direct.javascript.converting import convert
from cronshift.targets.direct.javascript.handler import names_in
from cronshift.targets.direct.javascript.sending import sending_route
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.client import client_import
from cronshift.targets.typescript.direct_module import (
    MONITOR,
    WorkingFunction,
    direct_module,
    free_name,
    rows_of,
)
from cronshift.targets.typescript.relocating import relocated
from cronshift.targets.typescript.retiring import callers_of
from cronshift.targets.typescript.source import text
from cronshift.targets.typescript.style import restyle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler, Job, Plan
    from cronshift.targets.direct.conversion import Conversion
    from cronshift.targets.target import Wishes


class OwnModule(Struct, frozen=True):
    """A job's own module.

    Attributes:
        name: of its function.
        unoffered: why its work is one step, where steps were asked for.
        route: what its route holds from then on, where others call it.
    """

    job: Job
    file: str
    text: str
    name: str
    unoffered: str | None = None
    route: str | None = None


class _StaysError(Exception):
    """A handler stays as it is; the reason reads on from its job."""


def own_modules(
    plan: Plan, tree: SourceTree, jobs: Sequence[Job], wishes: Wishes
) -> tuple[list[OwnModule], dict[str, str]]:
    """Return the own modules of jobs, and why the others stay as they are, by job.

    Jobs of one handler have one module: the work is there once.
    """
    written: list[OwnModule] = []
    kept: dict[str, str] = {}
    by_file: defaultdict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        by_file[job.handler.file if job.handler is not None else job.id].append(job)
    for together in by_file.values():
        try:
            written += _modules(plan, tree, together, wishes)
        except _StaysError as error:
            kept |= {job.id: f"{job.id} stays as it is{error}." for job in together}
    return written, kept


def _modules(
    plan: Plan, tree: SourceTree, jobs: Sequence[Job], wishes: Wishes
) -> Iterator[OwnModule]:
    """Yield the own module of a handler, for each of its jobs.

    Raises:
        _StaysError: where it stays as it is.
    """
    first, handler = jobs[0], jobs[0].handler
    if handler is not None:
        _refuse_others(plan, jobs)
    for job in jobs:
        _refuse(plan, tree, job, wishes)
    if handler is None:
        return
    root = tree.parsed(handler.file)
    taken = {node.text() for node in names_in(root)} if root is not None else set()
    monitor = f"{plan.out}/{MONITOR}.{app_of(plan).routers.language}"
    is_watched = any(job.options.heartbeat_env for job in jobs)
    if is_watched and monitor in tree.files and "tellMonitor" not in tree.read(monitor):
        raise _StaysError(f": {monitor} is in its way")
    file = _moved_to(plan, first, handler.file)
    works = _works(plan, tree, jobs, file, steps=wishes.steps)
    if file != handler.file and file in tree.files:
        raise _StaysError(f": {handler.file} cannot go to {file}")
    route = _route_left(plan, tree, first, wishes) if file != handler.file else None
    if isinstance(route, Kept):
        raise _StaysError(f". {route}")
    if route is not None and len(jobs) > 1:
        raise _StaysError(f": others call {handler.file} too, which is {_named(jobs)}")
    event = _event(plan, first) if route is not None else None
    rows = rows_of(plan, first, file)
    _refuse_taken(handler, taken, ("inngest", "tellMonitor", rows[1] if rows else "inngest"))
    functions = [
        WorkingFunction(
            job,
            _called(job, jobs, work),
            free_name(job, {*taken, work.function, rows[1] if rows else ""}),
            event,
            rows,
        )
        for job, work in zip(jobs, works, strict=True)
    ]
    text = direct_module(plan, file, functions)
    for each in functions:
        yield OwnModule(each.job, file, text, each.name, each.converted.unoffered, route)


def _works(
    plan: Plan, tree: SourceTree, jobs: Sequence[Job], file: str, *, steps: bool
) -> list[Converted]:
    """Return the work of jobs with one handler, in the same words for all of them."""
    handler = jobs[0].handler
    if handler is None:
        return []
    for entries in (_entries(jobs), _entries(jobs, _differing(jobs))):
        works = [
            _work(
                plan,
                convert(
                    tree,
                    handler.file,
                    handler.export,
                    entry,
                    steps=steps,
                    event=app_of(plan).framework.event,
                ),
                handler,
                file,
            )
            for entry in entries
        ]
        if len({work.text for work in works}) == 1:
            return works
    raise _StaysError(f": the work of {_named(jobs)} in {handler.file} differs")


def _work(plan: Plan, conversion: Conversion, handler: Handler, new: str) -> Converted:
    """Return a conversion as it is in its new place."""
    if isinstance(conversion, Kept):
        raise _StaysError(f". {conversion}")
    framework = app_of(plan).framework
    work = conversion.text
    untied = framework.untied(work) if framework.abilities.retires else work
    source = relocated(untied, handler.file, new) if untied is not None else None
    if source is None:
        raise _StaysError(f": {handler.file} cannot go to {new}")
    return replace(conversion, text=source)


def _refuse(plan: Plan, tree: SourceTree, job: Job, wishes: Wishes) -> None:
    """Refuse a job whose function calls over HTTP, or whose route others need."""
    handler = job.handler
    kinds = app_of(plan).framework.kinds
    if job.mode is not Mode.DIRECT or handler is None or handler.kind not in kinds:
        raise _StaysError(f": it calls {job.entry.path} over HTTP")
    why = _held_back(plan, tree, job, wishes)
    if why is not None:
        raise _StaysError(f": {why}")


def _refuse_taken(handler: Handler, taken: Collection[str], names: Sequence[str]) -> None:
    """Refuse a module that calls something else by a name that a function of its own needs."""
    for name in names:
        if name in taken:
            raise _StaysError(f": {handler.file} has a name `{name}` already")


def _refuse_others(plan: Plan, jobs: Sequence[Job]) -> None:
    """Refuse jobs that share a handler with others, where that has no one meaning for all."""
    file = jobs[0].handler.file if jobs[0].handler is not None else ""
    sharing = [job for job in plan.jobs if job.handler is not None and job.handler.file == file]
    if len(sharing) > len(jobs):
        raise _StaysError(f": {_named(sharing)} share {file}, and become so together")
    fan_outs = [job.options.fan_out for job in jobs if job.options.fan_out is not None]
    if fan_outs and len(jobs) > 1:
        raise _StaysError(f": {_named(jobs)} share {file}, and fan out")
    if any(fan_out.mode is FanOutMode.RUNS for fan_out in fan_outs):
        raise _StaysError(": its values have runs of their own")


def _named(jobs: Sequence[Job]) -> str:
    return " and ".join(job.id for job in jobs)


def _entries(jobs: Sequence[Job], name: str | None = None) -> list[Entry]:
    """Return the entries of jobs with one handler; the value of ``name`` is what its work is called with."""
    fan_out = jobs[0].options.fan_out
    if fan_out is not None or name is None:
        param = fan_out.param if fan_out is not None else None
        return [Entry(job.entry.path, job.entry.schedule, param) for job in jobs]
    return [Entry(_without(job.entry.path, name), job.entry.schedule, name) for job in jobs]


def _differing(jobs: Sequence[Job]) -> str | None:
    """Return the one value of their queries by which jobs of one handler differ."""
    queries = [Entry(job.entry.path, job.entry.schedule).query for job in jobs]
    if all(query == queries[0] for query in queries):
        return None
    names = {name for query in queries for name, _ in query}
    differing = [name for name in names if len({_values(query, name) for query in queries}) > 1]
    if len(differing) > 1 or any(len(_values(query, differing[0])) != 1 for query in queries):
        raise _StaysError(f": the queries of {_named(jobs)} differ by more than one value")
    return differing[0]


def _values(query: list[tuple[str, str]], name: str) -> tuple[str, ...]:
    return tuple(value for key, value in query if key == name)


def _without(path: str, name: str) -> str:
    """Return a path without a value of its query."""
    bare, _, query = path.partition("?")
    parts = [
        part
        for part in query.split("&")
        if dict(parse_qsl(part, keep_blank_values=True)).keys() != {name}
    ]
    return f"{bare}?{'&'.join(parts)}" if parts else bare


def _called(job: Job, jobs: Sequence[Job], work: Converted) -> Converted:
    """Return the work with what one of its jobs calls it with."""
    if work.parameter is None or job.options.fan_out is not None:
        return work
    value = Entry(job.entry.path, job.entry.schedule).value(work.parameter)
    unoffered = f"{_named(jobs)} share it" if work.unoffered is not None else None
    return replace(work, arguments=(text(value or ""),), unoffered=unoffered)


def _held_back(plan: Plan, tree: SourceTree, job: Job, wishes: Wishes) -> str | None:
    """Return the reason that keeps a route where ending Vercel's part has left it."""
    file = job.handler.file if job.handler is not None else ""
    if file.startswith(f"{plan.out}/jobs/"):
        return None
    if "[" in file:
        return f"{file} answers other paths too"
    framework = app_of(plan).framework
    if framework.event is None and not framework.abilities.retires and job.handler is not None:
        place = job.handler.route or Location(file, 1)
        return f"{place}: {framework.title} answers by the app itself, in which its route stays"
    callers = callers_of(tree, plan, job)
    may_send = callers is not None and "imported" not in callers
    if callers is None or (wishes.events and may_send):
        return None
    offer = "; with --callers event the route stays, and sends one" if may_send else ""
    return f"{file}: {callers}{offer}"


def _moved_to(plan: Plan, job: Job, file: str) -> str:
    """Return the path of a job's own module."""
    if file.startswith(f"{plan.out}/jobs/"):
        return file
    return f"{plan.out}/jobs/{job.id}.{file.rpartition('.')[2]}"


def _route_left(plan: Plan, tree: SourceTree, job: Job, wishes: Wishes) -> str | Kept | None:
    """Return the route of a job that others call too, as one that sends an event."""
    handler = job.handler
    if handler is None or not wishes.events or callers_of(tree, plan, job) is None:
        return None
    client = restyle(f"{client_import(plan, handler.file)}\n", app_of(plan).code.style).rstrip()
    return sending_route(tree, handler.file, handler.export, client, text(_event(plan, job)))


def _event(plan: Plan, job: Job) -> str:
    return f"{plan.app_id}/{job.id}"

"""Modules of jobs that become the app's own: the work of a handler, once for all of its jobs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.model import FanOutMode, HandlerKind, Location, Mode
from cronshift.targets.direct import Converted, Entry, Kept
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.coded_routes import without_routes
from cronshift.targets.direct.javascript.converting import convert
from cronshift.targets.direct.javascript.handler import names_in
from cronshift.targets.direct.javascript.sending import sending_route
from cronshift.targets.direct.other_callers import offered, told_of_event
from cronshift.targets.target import CallerFate
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
from cronshift.targets.typescript.shared_wrapping import by_wrapper, called_elsewhere, differing
from cronshift.targets.typescript.source import text
from cronshift.targets.typescript.style import restyle
from cronshift.targets.typescript.work_entries import (
    StaysError,
    differing_value,
    entries_of,
    named,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler, Job, Plan
    from cronshift.targets.direct.conversion import Conversion
    from cronshift.targets.direct.javascript.shared_wrappers import SharedWrapper
    from cronshift.targets.target import Wishes
    from cronshift.targets.typescript.shared_wrapping import WrapperName


class OwnModule(Struct, frozen=True):
    """A job's own module.

    Attributes:
        work: the part of the text that is the handler's.
        name: of its function.
        notes: what is to be told of it, in sentences.
        route: what its route's file holds from then on, where that stays: others call it, or others
            stand in it.
        sends: whether that sends an event.
        wrapper: what hears of its work, and is to be without HTTP too.
    """

    job: Job
    file: str
    text: str
    work: str
    name: str
    notes: tuple[str, ...] = ()
    route: str | None = None
    sends: bool = False
    wrapper: SharedWrapper | None = None

    @property
    def is_declared(self) -> bool:
        """True when its route was one of many in that file."""
        return _is_declared(self.job)

    @property
    def old(self) -> str:
        """The file that its route stands in."""
        return place_of(self.job)[0]


def own_modules(
    plan: Plan, tree: SourceTree, jobs: Sequence[Job], wishes: Wishes
) -> tuple[list[OwnModule], dict[str, str]]:
    """Return the own modules of jobs, and why the others stay as they are, by job.

    Jobs of one handler have one module: the work is there once.
    """
    beside: set[WrapperName] = set()
    while True:
        written, kept = _written(plan, tree, jobs, wishes, beside)
        modules = by_wrapper(written)
        more = called_elsewhere(tree, modules) - beside
        if not more:
            break
        beside |= more
    for (file, name), together in modules.items():
        if differing(together):
            written = [each for each in written if each not in together]
            why = f": {name} of {file} does something else for each of its jobs"
            kept |= _staying([each.job for each in together], why)
    return written, kept


def _written(
    plan: Plan, tree: SourceTree, jobs: Sequence[Job], wishes: Wishes, beside: set[WrapperName]
) -> tuple[list[OwnModule], dict[str, str]]:
    """Return the own modules of jobs by themselves, and why the others stay as they are."""
    written: list[OwnModule] = []
    kept: dict[str, str] = {}
    by_place: defaultdict[tuple[str, int], list[Job]] = defaultdict(list)
    for job in jobs:
        by_place[place_of(job)].append(job)
    for together in by_place.values():
        try:
            written += _modules(plan, tree, together, wishes, beside)
        except StaysError as error:
            kept |= _staying(together, str(error))
    by_file: defaultdict[str, list[OwnModule]] = defaultdict(list)
    for each in written:
        by_file[each.old].append(each)
    for file, declared in by_file.items():
        if not declared[0].is_declared or not (rest := _rest(tree, file, declared)):
            continue
        written = [each for each in written if each not in declared]
        if isinstance(rest, Kept):
            kept |= _staying([each.job for each in declared], f". {rest}")
        else:
            written += [replace(each, route=rest) for each in declared]
    return written, kept


def _staying(jobs: Sequence[Job], why: str) -> dict[str, str]:
    return {job.id: f"{job.id} stays as it is{why}." for job in jobs}


def place_of(job: Job) -> tuple[str, int]:
    """Return the file of a job's route and its line there; 0 for a file that is nothing else."""
    handler = job.handler
    if handler is None:
        return job.id, 0
    route = handler.route if _is_declared(job) else None
    return (route.file, route.line) if route is not None else (handler.file, 0)


def _is_declared(job: Job) -> bool:
    """Return whether a job's route is declared in code, among others."""
    return job.handler is not None and job.handler.route is not None


def _rest(tree: SourceTree, file: str, written: Sequence[OwnModule]) -> str | Kept:
    """Return a module without the routes that it declares and whose work is elsewhere now."""
    lines = sorted({place_of(each.job)[1] for each in written})
    try:
        return without_routes(tree, file, lines, {each.work for each in written})
    except NotCertainError as error:
        return Kept(Location(file, error.line), error.why)


def _modules(
    plan: Plan, tree: SourceTree, jobs: Sequence[Job], wishes: Wishes, beside: set[WrapperName]
) -> Iterator[OwnModule]:
    """Yield the own module of a handler, for each of its jobs.

    Raises:
        StaysError: where it stays as it is.
    """
    first, handler = jobs[0], jobs[0].handler
    if handler is not None:
        _refuse_others(plan, jobs)
    for job in jobs:
        _refuse(plan, tree, job, wishes)
    if handler is None:
        return
    root = tree.parsed(place_of(first)[0])
    taken = {node.text() for node in names_in(root)} if root is not None else set()
    monitor = f"{plan.out}/{MONITOR}.{app_of(plan).routers.language}"
    is_watched = any(job.options.heartbeat_env for job in jobs)
    if is_watched and monitor in tree.files and "tellMonitor" not in tree.read(monitor):
        raise StaysError(f": {monitor} is in its way")
    file = _moved_to(plan, first, place_of(first)[0])
    works = _works(plan, tree, jobs, file, wishes, beside)
    old = place_of(first)[0]
    if file != old and file in tree.files:
        raise StaysError(f": {old} cannot go to {file}")
    route = _route_left(plan, tree, first, wishes) if file != old else None
    if isinstance(route, Kept):
        raise StaysError(f". {route}")
    if route is not None and len(jobs) > 1:
        raise StaysError(f": others call {handler.file} too, which is {named(jobs)}")
    callers = {job.id: callers_of(tree, plan, job) for job in jobs} if file != old else {}
    rows = rows_of(plan, first, file)
    _refuse_taken(handler, taken, ("inngest", "tellMonitor", rows[1] if rows else "inngest"))
    functions = [
        WorkingFunction(
            job,
            _called(job, jobs, work),
            free_name(job, {*taken, work.function, rows[1] if rows else ""}),
            _event(plan, job) if callers.get(job.id) else None,
            rows,
        )
        for job, work in zip(jobs, works, strict=True)
    ]
    text = direct_module(plan, file, functions)
    for each in functions:
        work, left = each.converted, each.converted.rest if route is None else route
        sentences = _caller_notes(each, callers.get(each.job.id), is_sent=route is not None)
        notes = (
            *sentences,
            *([f"{each.job.id} is one step: {work.unoffered}."] if work.unoffered else []),
        )
        yield OwnModule(
            each.job, file, text, work.text, each.name, notes, left, route is not None, work.wrapper
        )


def _caller_notes(function: WorkingFunction, callers: str | None, *, is_sent: bool) -> list[str]:
    """Return the sentences about the other callers of a function's route."""
    if callers is None or function.event is None:
        return []
    path = function.job.entry.path.partition("?")[0]
    return [told_of_event(path, function.event, callers, is_sent=is_sent)]


def _works(  # noqa: PLR0913, PLR0917 - each is a part of the question
    plan: Plan,
    tree: SourceTree,
    jobs: Sequence[Job],
    file: str,
    wishes: Wishes,
    beside: set[WrapperName],
) -> list[Converted]:
    """Return the work of jobs with one handler, in the same words for all of them."""
    handler = jobs[0].handler
    if handler is None:
        return []
    old, shape = place_of(jobs[0])[0], app_of(plan).framework.shape_of(handler)
    for entries in (entries_of(jobs), entries_of(jobs, differing_value(jobs))):
        works = [
            _work(
                plan,
                convert(
                    tree,
                    old,
                    handler.export,
                    entry,
                    steps=wishes.steps,
                    event=shape,
                    beside=beside,
                ),
                old,
                file,
            )
            for entry in entries
        ]
        if len({work.text for work in works}) == 1:
            return works
    raise StaysError(f": the work of {named(jobs)} in {handler.file} differs")


def _work(plan: Plan, conversion: Conversion, old: str, new: str) -> Converted:
    """Return a conversion as it is in its new place."""
    if isinstance(conversion, Kept):
        raise StaysError(f". {conversion}")
    framework = app_of(plan).framework
    work = conversion.text
    untied = framework.untied(work) if framework.abilities.retires else work
    source = relocated(untied, old, new) if untied is not None else None
    if source is None:
        raise StaysError(f": {old} cannot go to {new}")
    return replace(conversion, text=source)


def _refuse(plan: Plan, tree: SourceTree, job: Job, wishes: Wishes) -> None:
    """Refuse a job whose function calls over HTTP, or whose route others need."""
    handler = job.handler
    framework = app_of(plan).framework
    if handler is not None and _is_declared(job) and framework.shape_of(handler) is None:
        place = f"{handler.route}: {framework.title}"
        raise StaysError(f": {place} answers by the app itself, in which its route stays")
    if not _is_read(plan, job) or handler is None:
        raise StaysError(f": it calls {job.entry.path} over HTTP")
    why = _held_back(plan, tree, job, wishes)
    if why is not None:
        raise StaysError(f": {why}")


def _is_read(plan: Plan, job: Job) -> bool:
    """Return whether a job's handler is the framework's, called in process or told as a function all the same."""
    app, handler = app_of(plan), job.handler
    if handler is None:
        return False
    if _is_declared(job) and app.framework.shape_of(handler) is not None:
        return _unreachable(plan, job, handler) is None
    is_called = job.mode is Mode.DIRECT or _may_ask(plan, job, handler)
    return is_called and handler.kind in app.framework.kinds


def _may_ask(plan: Plan, job: Job, handler: Handler) -> bool:
    """Return whether a handler is called over HTTP only as it may ask Next for its caller: work asks the endpoint's."""
    is_scoped = handler.kind is HandlerKind.NEXT_ROUTE and app_of(plan).routers.app is not None
    is_reason = job.bridged_because == _unreachable(plan, job, handler)
    alone = replace(handler, ambient=())
    return is_scoped and is_reason and _unreachable(plan, job, alone) is None


def _unreachable(plan: Plan, job: Job, handler: Handler) -> str | None:
    app, path = app_of(plan), job.entry.path.partition("?")[0]
    return app.framework.unreachable(app.routers, handler, path)


def _refuse_taken(handler: Handler, taken: Collection[str], names: Sequence[str]) -> None:
    """Refuse a module that calls something else by a name that a function of its own needs."""
    for name in names:
        if name in taken:
            raise StaysError(f": {handler.file} has a name `{name}` already")


def _refuse_others(plan: Plan, jobs: Sequence[Job]) -> None:
    """Refuse jobs that share a handler with others, where that has no one meaning for all."""
    file, _ = place = place_of(jobs[0])
    sharing = [job for job in plan.jobs if place_of(job) == place]
    if len(sharing) > len(jobs):
        raise StaysError(f": {named(sharing)} share {file}, and become so together")
    fan_outs = [job.options.fan_out for job in jobs if job.options.fan_out is not None]
    if fan_outs and len(jobs) > 1:
        raise StaysError(f": {named(jobs)} share {file}, and fan out")
    if any(fan_out.mode is FanOutMode.RUNS for fan_out in fan_outs):
        raise StaysError(": its values have runs of their own")


def _called(job: Job, jobs: Sequence[Job], work: Converted) -> Converted:
    """Return the work with what one of its jobs calls it with."""
    if work.parameter is None or job.options.fan_out is not None:
        return work
    value = Entry(job.entry.path, job.entry.schedule).value(work.parameter)
    unoffered = f"{named(jobs)} share it" if work.unoffered is not None else None
    return replace(work, arguments=(text(value or ""),), unoffered=unoffered)


def _held_back(plan: Plan, tree: SourceTree, job: Job, wishes: Wishes) -> str | None:
    """Return the reason that keeps a route where ending Vercel's part has left it."""
    file, _ = place_of(job)
    if file.startswith(f"{plan.out}/jobs/"):
        return None
    if "[" in file:
        return f"{file} answers other paths too"
    callers = callers_of(tree, plan, job)
    if callers is None:
        return None
    if "imported" in callers:
        return f"{file}: {callers}"
    may_send = not _is_declared(job)
    if wishes.callers is CallerFate.TELL or (wishes.callers is CallerFate.EVENT and may_send):
        return None
    return f"{file}: {callers}; {offered(may_send=may_send)}"


def _moved_to(plan: Plan, job: Job, file: str) -> str:
    """Return the path of a job's own module."""
    if file.startswith(f"{plan.out}/jobs/"):
        return file
    return f"{plan.out}/jobs/{job.id}.{file.rpartition('.')[2]}"


def _route_left(plan: Plan, tree: SourceTree, job: Job, wishes: Wishes) -> str | Kept | None:
    """Return the route of a job that others call too, as one that sends an event."""
    handler = job.handler
    if (
        handler is None
        or wishes.callers is not CallerFate.EVENT
        or callers_of(tree, plan, job) is None
    ):
        return None
    client = restyle(f"{client_import(plan, handler.file)}\n", app_of(plan).code.style).rstrip()
    return sending_route(tree, handler.file, handler.export, client, text(_event(plan, job)))


def _event(plan: Plan, job: Job) -> str:
    return f"{plan.app_id}/{job.id}"

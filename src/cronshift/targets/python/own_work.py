"""The work of jobs in a Python package: a handler becomes work once, for all entries that it answers."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.tree import SourceTree
from cronshift.model import HandlerKind, Location
from cronshift.plan.job_ids import module_name
from cronshift.targets.direct import Conversion, Converted, Entry, Kept
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.converting import convert, in_steps
from cronshift.targets.direct.python.django import convert_view, is_django
from cronshift.targets.direct.python.django_settings import missed_middleware
from cronshift.targets.direct.python.http_sending import sending_class
from cronshift.targets.python import names
from cronshift.targets.python.serving import served_by
from cronshift.targets.python.work_module import work_module

if TYPE_CHECKING:
    from cronshift.model import Handler, Job, Plan
    from cronshift.targets.direct.python.sending import Sending
    from cronshift.targets.target import Wishes


class Shared(Struct, frozen=True):
    """A handler that became work for one of its entries: the files before, and where the work is."""

    before: dict[str, bytes | None]
    file: str
    conversion: Converted


class WorkWritten(Struct, frozen=True):
    """The outcome for the jobs so far: the app's files, the jobs' modules, and what is to be told.

    Attributes:
        planned: the files as the plan found them, before any became work.
        handlers: those that became work, by where they stand.
    """

    files: dict[str, bytes | None]
    modules: dict[str, str]
    notes: list[str]
    planned: SourceTree
    handlers: dict[tuple[str, str | int], Shared] = {}


def written_work(  # noqa: PLR0913, PLR0917 - what a job is known by
    plan: Plan,
    tree: SourceTree,
    job: Job,
    handler: Handler,
    written: WorkWritten,
    wishes: Wishes,
    sending: Sending | None = None,
) -> Shared | str:
    """Return the place of a job's work from now on, and note its files; or the reason why it stays.

    Args:
        plan: of all jobs.
        tree: the project's files.
        job: one of them.
        handler: what answers it.
        written: what has become of those before.
        wishes: how they become work.
        sending: the event that its route sends from then on, where it stays.
    """
    handlers = [_stands_at(each.handler) for each in plan.jobs if each.handler is not None]
    place = _stands_at(handler)
    shared, is_shared = written.handlers.get(place), handlers.count(place) > 1
    if is_shared and sending is not None:
        return f"Others call {job.entry.path} too, which does the work of several entries"
    before = shared.before if shared is not None else dict(written.files)
    again = WorkWritten(dict(before), {}, [], written.planned)
    file, conversion = _converted(
        SourceTree(tree.root, before),
        job,
        handler,
        again,
        wishes,
        sending,
        is_shared=is_shared,
        is_mounted=served_by(plan).mount is not None,
    )
    if isinstance(conversion, Kept):
        return str(conversion)
    if shared is not None:
        if conversion.text != shared.conversion.text:
            return f"{file} does the work of several entries, each with values of its own"
        return replace(shared, conversion=conversion)
    if handler.kind is HandlerKind.HTTP_HANDLER:
        name = PurePosixPath(file).stem if is_shared else module_name(job.id)
        moved = work_module(plan.out, tree, file, name, conversion.text)
        if moved.why is not None:
            return moved.why
        route = _route_left(tree, handler, sending)
        if isinstance(route, Kept):
            return str(route)
        again.files.update({file: route, **moved.packages})
        file = moved.file
    if ".py:" in names.reference(file, conversion.function):
        return f"{file} cannot be imported by its name"
    again.files[file] = conversion.text.encode()
    written.files.update(again.files)
    written.handlers[place] = Shared(before, file, conversion)
    return written.handlers[place]


def _stands_at(handler: Handler) -> tuple[str, str | int]:
    """Return the place of a handler, by which entries with the same one know each other."""
    if handler.route is not None:
        return handler.route.file, handler.route.line
    return handler.file, handler.export


def _route_left(tree: SourceTree, handler: Handler, sending: Sending | None) -> bytes | Kept | None:
    """Return the rest of a handler of http.server that others call too, which sends an event."""
    if sending is None:
        return None
    try:
        return sending_class(tree, handler.file, handler.export, sending).encode()
    except NotCertainError as error:
        return Kept(Location(handler.file, error.line), error.why)


def _converted(  # noqa: PLR0913, PLR0917 - what a job is known by
    tree: SourceTree,
    job: Job,
    handler: Handler,
    written: WorkWritten,
    wishes: Wishes,
    sending: Sending | None,
    *,
    is_shared: bool,
    is_mounted: bool,
) -> tuple[str, Conversion]:
    """Return the module of a job's work, and what becomes of it; of Django, its urls.py is noted."""
    fan_out = job.options.fan_out
    parameter = fan_out.param if fan_out else None
    entry = Entry(job.entry.path, job.entry.schedule, parameter, is_shared)
    route = handler.route
    if route is not None and is_django(tree, route.file):
        missed = missed_middleware(tree, urlsplit(entry.path).path, is_mounted=is_mounted)
        if missed is not None:
            return missed.place.file, missed
        try:
            view = convert_view(tree, route, entry, written.planned, sending)
        except NotCertainError as error:
            return route.file, Kept(route, error.why)
        written.files[route.file] = view.urls.encode()
        work = in_steps(tree, view.file, view.converted) if wishes.steps else view.converted
        return view.file, work
    file = route.file if route is not None else handler.file
    app = None if handler.kind is HandlerKind.HTTP_HANDLER else handler.file
    return file, convert(
        tree,
        file,
        entry,
        handler.export,
        app,
        steps=wishes.steps,
        is_mounted=is_mounted,
        sending=sending if app is not None else None,
    )


def django_app(tree: SourceTree, handler: Handler) -> str | None:
    """Return the module that sets Django up, of a handler that is a view of Django's."""
    if handler.route is None or not is_django(tree, handler.route.file):
        return None
    return names.reference(handler.file, handler.export).partition(":")[0]

"""A guard stands before every entry: else Vercel runs Inngest's ticks too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.python_guard import GUARD_MODULE, Absent, PythonGuards, Stands
from cronshift.model import HandlerKind, Location, Origin
from cronshift.plan.decided import way_in
from cronshift.readiness.kinds import GUARD
from cronshift.targets.registry import target_named
from cronshift.targets.target import GuardByHand, GuardRoute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.model import Handler, Job
    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject

_WITHOUT = "cronshift cutover --no-guard takes the entry out of the Vercel configuration instead."
_NEXT = {HandlerKind.NEXT_ROUTE, HandlerKind.NEXT_PAGES}


def guards(subject: Subject) -> Iterator[Fact]:
    """Yield, for each job that Vercel still calls, whether a guard stands before its entry."""
    target = target_named(subject.plan.target)
    for job in subject.jobs:
        if job.entry.origin is Origin.MOVED:
            continue
        if job.entry.origin is Origin.WORKFLOW:
            yield _of_workflow(subject, job)
            continue
        if job.function is not None:
            yield _of_own(subject, job)
            continue
        match target.guard(subject.plan, job):
            case GuardRoute(file):
                yield _route(subject, job, file)
            case GuardByHand():
                yield _by_hand(subject, job)
            case _:
                yield _impossible(subject, job, job.handler)


def by_hand(subject: Subject) -> list[Job]:
    """Return the jobs that Vercel calls and whose guard stands in the app's own code."""
    target = target_named(subject.plan.target)
    return [
        job
        for job in subject.jobs
        if job.entry.origin not in {Origin.MOVED, Origin.WORKFLOW}
        and job.function is None
        and isinstance(target.guard(subject.plan, job), GuardByHand)
    ]


def _of_workflow(subject: Subject, job: Job) -> Fact:
    text = (
        f"{job.entry.workflow} calls {job.entry.path}, and a guard looks at Vercel's calls only: GitHub would"
        f" go on calling {job.id} beside Inngest."
    )
    remedy = "cronshift cutover --no-guard takes the schedule out of the workflow instead."
    return subject.bad(GUARD, text, job.entry.source, remedy, job.id)


def _of_own(subject: Subject, job: Job) -> Fact:
    text = f"{job.module} is the app's own and asks nobody: Vercel would go on calling {job.id} beside it."
    return subject.bad(GUARD, text, job.entry.source, _WITHOUT, job.id)


def _route(subject: Subject, job: Job, file: str) -> Fact:
    if not (subject.project.root / file).is_file():
        text = f"{file}, where the guard asks whose tick it is, is not there."
        return subject.bad(GUARD, text, job.entry.source, way_in(subject.plan, job), job.id)
    return subject.good(GUARD, f"{file} asks whose the tick is.", Location(file, 1), job.id)


def _by_hand(subject: Subject, job: Job) -> Fact:
    handler = answering(subject, job)
    if handler is None or handler.language != "python":
        return _impossible(subject, job, handler)
    sight = PythonGuards(subject.tree).before(handler)
    if isinstance(sight, Absent):
        text = (
            f"{handler.file} never asks the guard, so Vercel would go on calling {job.id} beside"
            " Inngest."
        )
        remedy = f"cronshift migrate --fix puts it there (--dry-run shows the lines); or {_WITHOUT}"
        return subject.bad(GUARD, text, sight.place, remedy, job.id)
    if not isinstance(sight, Stands):
        text = f"Whether the guard stands before {handler.file} cannot be told: it {sight.why}."
        remedy = f"Put it there in plain sight: app.add_middleware(guard.asgi); or {_WITHOUT}"
        return subject.unknown(GUARD, text, sight.place, remedy, job.id)
    file = next(name for name in _guard_files(subject))
    if f'"{job.id}"' not in subject.tree.read(file):
        text = f"The guard stands before {handler.file}, and {file} does not name {job.id}."
        return subject.bad(GUARD, text, Location(file, 1), "cronshift migrate", job.id)
    return subject.good(GUARD, f"The guard stands before {handler.file}.", sight.place, job.id)


def _guard_files(subject: Subject) -> Iterator[str]:
    """Yield the guard's module, and where it would be."""
    name = f"{GUARD_MODULE}.py"
    yield from sorted(file for file in subject.tree.files if file.rpartition("/")[2] == name)
    yield name


def answering(subject: Subject, job: Job) -> Handler | None:
    """Return the handler that answers a job's entry: its own, or of the route that starts it."""
    if job.handler is None or job.handler.kind is not HandlerKind.CALLABLE:
        return job.handler
    return subject.resolver.resolve(job.entry.path).handler


def _impossible(subject: Subject, job: Job, handler: Handler | None = None) -> Fact:
    is_next = handler is not None and handler.kind in _NEXT
    where = f" ({handler.file})" if handler else ""
    text = (
        f"No guard can stand before {job.entry.path}{where}, so Vercel would go on calling {job.id}"
        " beside Inngest."
    )
    remedy = f"{'cronshift migrate --target nextjs brings one; else ' if is_next else ''}{_WITHOUT}"
    return subject.bad(GUARD, text, job.entry.source, remedy, job.id)

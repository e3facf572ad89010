"""A guard stands before every entry: else Vercel runs what Inngest runs too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.python_guard import GUARD_MODULE, Absent, PythonGuards, Stands
from cronshift.model import PYTHON_KINDS, HandlerKind, Location, Origin
from cronshift.plan.placement import NEXTJS
from cronshift.readiness.fact import Kind, Stage
from cronshift.targets.nextjs.dispatching import dispatcher_file
from cronshift.targets.python import guard_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.model import Handler, Job
    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject

GUARD = Kind(
    "R101",
    "guard",
    "A guard stands before every entry and asks whose the tick is; without one both sides run it.",
    "no-guard",
    frozenset({Stage.SHARE}),
)
WITHOUT = "cronshift cutover --no-guard takes the entry out of the Vercel configuration instead."


def guards(subject: Subject) -> Iterator[Fact]:
    """Yield, for each job that Vercel still calls, whether a guard stands before its entry."""
    for job in subject.jobs:
        if job.entry.origin is Origin.MOVED:
            continue
        if subject.plan.target == NEXTJS:
            yield _dispatcher(subject, job)
        else:
            yield _python(subject, job)


def _dispatcher(subject: Subject, job: Job) -> Fact:
    file = dispatcher_file(subject.plan, job)
    if file is None:
        return _impossible(subject, job)
    if not (subject.project.root / file).is_file():
        text = f"{file}, where the guard asks whose tick it is, is not there."
        return subject.bad(GUARD, text, job.entry.source, f"cronshift migrate {job.id}", job.id)
    return subject.good(GUARD, f"{file} asks whose the tick is.", Location(file, 1), job.id)


def _python(subject: Subject, job: Job) -> Fact:
    handler = answering(subject, job)
    if handler is None or handler.kind not in PYTHON_KINDS - {HandlerKind.CALLABLE}:
        return _impossible(subject, job, handler)
    sight = PythonGuards(subject.tree).before(handler.file, handler.export)
    if isinstance(sight, Absent):
        text = (
            f"{handler.file} never asks the guard, so Vercel would go on calling {job.id} beside"
            " Inngest."
        )
        remedy = f"cronshift migrate --fix puts it there (--dry-run shows the lines); or {WITHOUT}"
        return subject.bad(GUARD, text, sight.place, remedy, job.id)
    if not isinstance(sight, Stands):
        text = f"Whether the guard stands before {handler.file} cannot be told: it {sight.why}."
        remedy = f"Put it there in plain sight: app.add_middleware(guard.asgi); or {WITHOUT}"
        return subject.unknown(GUARD, text, sight.place, remedy, job.id)
    file = guard_path(subject.plan.out)
    if f'"{job.id}"' not in subject.tree.read(file):
        text = f"The guard stands before {handler.file}, and {file} does not name {job.id}."
        return subject.bad(GUARD, text, Location(file, 1), "cronshift migrate", job.id)
    return subject.good(GUARD, f"The guard stands before {handler.file}.", sight.place, job.id)


def answering(subject: Subject, job: Job) -> Handler | None:
    """Return the handler that answers a job's entry: its own, or of the route that starts it."""
    if job.handler is None or job.handler.kind is not HandlerKind.CALLABLE:
        return job.handler
    return subject.resolver.resolve(job.entry.path).handler


def _impossible(subject: Subject, job: Job, handler: Handler | None = None) -> Fact:
    is_next = handler is not None and handler.kind in {
        HandlerKind.NEXT_ROUTE,
        HandlerKind.NEXT_PAGES,
    }
    where = f" ({handler.file})" if handler else ""
    text = (
        f"No guard can stand before {job.entry.path}{where}, so Vercel would go on calling {job.id}"
        " beside Inngest."
    )
    remedy = f"{'cronshift migrate --target nextjs brings one; else ' if is_next else ''}{WITHOUT}"
    return subject.bad(GUARD, text, job.entry.source, remedy, job.id)


__all__ = ["GUARD", "GUARD_MODULE", "answering", "guards"]

"""The code that stands before a path: an entry's, the endpoint's, the dispatcher's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.standing import (
    Front,
    LetsBy,
    PathCaller,
    Stops,
    Untold,
    code_before,
    front_of,
)
from cronshift.handlers.middleware import NotExactError, leave_out
from cronshift.model import Location, Mode, Origin, Severity
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.plan.findings.rule import Evidence, Rule
from cronshift.vercel.dispatcher import MOUNT, dispatched_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.handlers import Resolver
    from cronshift.model import Job
    from cronshift.plan.findings.subject import ProjectSubject


def _entries(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the jobs whose own paths nobody without a session gets to."""
    for job, front in _before_entries(project):
        if isinstance(front.answer, Stops):
            yield Evidence(
                f"{front.answer.place} {front.answer.how} before {job.entry.path} is reached: the job"
                " does not run today, and calling its handler in process would start it.",
                front.answer.place,
                job=job.id,
            )


def _untold(project: ProjectSubject) -> Iterator[Evidence]:
    for job, front in _before_entries(project):
        if isinstance(front.answer, Untold):
            yield _of(front.answer, job.entry.path, job.id)
    for path, front in _standing(project).items():
        if isinstance(front.answer, Untold):
            yield _of(front.answer, path, None)


def _of(answer: Untold, path: str, job: str | None) -> Evidence:
    return Evidence(f"{answer.place} {answer.why}; it stands before {path}.", answer.place, job=job)


def _intercepted(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the fronts of paths that Inngest or Vercel calls, where they turn callers away."""
    standing = _standing(project)
    stops = {
        path: f"{front.answer.place} {front.answer.how}"
        for path, front in standing.items()
        if isinstance(front.answer, Stops)
    }
    if stops:
        first = next(iter(stops))
        front = standing[first]
        yield Evidence(
            f"{front.file} stands before {' and '.join(stops)} and turns away callers without a"
            f" session: {stops[first]}.",
            Location(front.file, front.line),
            fix=_way_past(project.judge.resolver, front.file, list(stops)),
        )


def _before_entries(project: ProjectSubject) -> Iterator[tuple[Job, Front]]:
    for job in project.jobs:
        if job.entry.origin is not Origin.MOVED or job.mode is not Mode.DIRECT:
            yield job, code_before(project.judge.resolver, job.entry.path)


def _standing(project: ProjectSubject) -> dict[str, Front]:
    if not (project.knows_routes and project.has_next and project.is_moving):
        return {}  # what is called is served elsewhere
    return turned_away(project.judge.resolver, project.paths, project.jobs)


def turned_away(
    resolver: Resolver, paths: Sequence[str], jobs: Sequence[Job] = ()
) -> dict[str, Front]:
    """Return the fronts of those of ``paths`` that callers may not get to."""
    fronts = {}
    for path in paths:
        there = [place for job in jobs if (place := dispatched_path(job.entry.path, ""))]
        called = (there or [f"{MOUNT}/a"]) if path == MOUNT else [path]
        caller = PathCaller.INNGEST if path == ENDPOINT else PathCaller.VERCEL
        candidates = (front_of(resolver, target, caller) for target in called)
        front = next((each for each in candidates if not isinstance(each.answer, LetsBy)), None)
        if front is not None:
            fronts[path] = front
    return fronts


def _way_past(resolver: Resolver, file: str, paths: Sequence[str]) -> str:
    """Return the edit of a middleware that lets callers by, as an instruction."""
    try:
        edit = leave_out(resolver.tree.read(file), file, paths, plain_routes(resolver))
    except NotExactError as error:
        return str(error)
    return f"In {file} {edit.summary}; cronshift migrate --fix does so."


def plain_routes(resolver: Resolver) -> list[str]:
    """Return the paths of a project's routes, those with parameters left out."""
    return [path for path, _ in resolver.routes() if "[" not in path]


ENTRY_INTERCEPTED = Rule(
    "CS310",
    "entry-intercepted",
    Severity.ERROR,
    "The app's own code answers before the entry's route does, because Vercel's cron has no session: "
    "this job has never run, and calling its handler in process would start it.",
    "Let the path by, if the job is meant to run; else remove the entry.",
    of_project=_entries,
    asked_first=True,
)
FRONT_UNTOLD = Rule(
    "CS311",
    "front-untold",
    Severity.NOTE,
    "Whether the code that stands before the path lets a caller without a session by cannot be told "
    "without running it.",
    "Ask it: curl the path without a cookie; 401, 403 or a redirect is a stop.",
    of_project=_untold,
)
INTERCEPTED = Rule(
    "CS430",
    "endpoint-intercepted",
    Severity.ERROR,
    "The middleware runs before /api/inngest and sends callers away. Inngest's calls would end there, "
    "and no function would ever run.",
    "Leave /api/inngest out of the middleware's matcher; cronshift migrate --fix does so.",
    of_project=_intercepted,
)

"""The rules of leftovers that speak of the old routes, ``CS6xx``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.model import Severity
from cronshift.plan.findings.callers import callers
from cronshift.plan.findings.rule import Evidence, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.plan.findings.subject import ProjectSubject


def _still_called(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the first line of every caller of a job's route."""
    by_path = {job.entry.path.partition("?")[0]: job.id for job in project.jobs}
    paths = [path for path in by_path if path.count("/") > 1]
    for file, place, path in callers(project, paths):
        yield Evidence(f"{file} calls {path}.", place, job=by_path[path])


def _globs_left_behind(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the patterns that match nothing once the routes are gone.

    Next builds its own functions, so that a pattern of routes which are gone does no harm there.
    """
    for pattern in project.globs:
        goes = bool(pattern.files) and pattern.files <= project.removable
        if goes and not project.has_next:
            matched = ", ".join(sorted(pattern.files)[:3])
            text = f"{pattern.text!r} in `functions` matches only {matched}."
            yield Evidence(text, pattern.location)


STILL_CALLED = Rule(
    "CS601",
    "still-called",
    Severity.NOTE,
    "Something beside Vercel's cron calls the route: code, a script, a workflow. It goes on doing "
    "so when the job has moved, and breaks when the route is removed.",
    "Point it at `cronshift run`, or keep the route.",
    of_project=_still_called,
)
UNUSED_SUPPRESSION = Rule(
    "CS602",
    "unused-suppression",
    Severity.NOTE,
    "A suppression in cronshift.toml matches no finding.",
    "Remove it.",
)
GLOB_LEFT_BEHIND = Rule(
    "CS603",
    "glob-left-behind",
    Severity.NOTE,
    "A pattern in `functions` matches only the routes of jobs. Once these are removed it matches "
    "nothing, and Vercel refuses the deployment.",
    "Remove the pattern together with the routes.",
    of_project=_globs_left_behind,
)

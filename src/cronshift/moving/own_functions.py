"""Jobs whose function is the app's own: it asks nobody whose a tick is, and no guard of ours stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.errors import RefusedError
from cronshift.moving.matching import handler_at

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cronshift.model import Job, Plan
    from cronshift.project import Project


def refuse_own(jobs: Sequence[Job]) -> None:
    """Refuse what asks a function whose a tick is, of one that does not ask: the app's own."""
    by_hand = [job for job in jobs if job.function is not None]
    if by_hand:
        places = ", ".join(f"{job.id} ({job.module})" for job in by_hand)
        raise RefusedError(
            f"{places}: a function of the app's own does not ask whose a tick is.",
            reason="own-function",
            hint="It has all ticks, or none: cronshift rollback gives them back to Vercel.",
        )


def still_firing(plan: Plan, jobs: Collection[str]) -> Iterator[str]:
    """Yield the functions of the app's own that go on firing, whoever the ticks belong to."""
    for job in plan.jobs:
        if job.id in jobs and job.function is not None:
            line = job.handler.line if job.handler else 1
            place = f"{job.function.file}:{line}"
            yield (
                f"{job.function.id} ({place}) is the"
                " app's own and asks nobody: take it out of what is served in the same deploy, or both"
                f" sides run the ticks of {job.id}."
            )


def unanswered(project: Project, plan: Plan, jobs: Collection[str]) -> Iterator[str]:
    """Yield the entries that come back and whose routes are gone, with the commit that had them."""
    resolver = project.resolver()
    for job in plan.jobs:
        settings = project.settings.jobs.get(job.id)
        commit = settings.moved.commit if settings and settings.moved else None
        if job.id in jobs and commit and resolver.resolve(job.entry.path).handler is None:
            handler = handler_at(project.root, project.config_file, commit, job.entry.path)
            bring = f": git checkout {commit[:10]} -- {handler.file}" if handler else ""
            yield f"Nothing here answers {job.entry.path} any more; bring its route back first{bring}"

"""Expand: the files that a project's plan becomes, beside what is on disk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError
from cronshift.model import Job, Mode, Plan
from cronshift.operations import Edit, Operation, build_operation
from cronshift.ownership import OWNERSHIP_NAME, Ownership, dump_ownership
from cronshift.planning import make_plan
from cronshift.targets import generate
from cronshift.targets.changes import FileChange, compare, edits
from cronshift.targets.nextjs.extending import as_edit, extend_app

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from cronshift.project import Project


@dataclass(frozen=True, slots=True)
class Migration:
    """What ``migrate`` would write.

    Attributes:
        plan: the whole plan.
        asked: the jobs asked for; those among them that are blocked generate nothing.
        changes: one for each file of the generated package, and for each of the app's own files
            that it needs something in.
        operation: what writes them; without changes when there is nothing to write.
        copies: the files that keep what was changed by hand.
    """

    plan: Plan
    asked: tuple[Job, ...]
    changes: tuple[FileChange, ...]
    operation: Operation
    copies: tuple[str, ...] = ()

    @property
    def blocked(self) -> tuple[Job, ...]:
        """The jobs asked for that an error-level finding stops."""
        return tuple(job for job in self.asked if job.mode is Mode.BLOCKED)


def prepare_migration(  # noqa: PLR0913 - each is an option of the command
    project: Project,
    jobs: Collection[str],
    now: datetime,
    *,
    target: str | None = None,
    out: str | None = None,
    force: bool = False,
    only_look: bool = False,
) -> Migration:
    """Return what migrating ``jobs`` (all when empty) writes; nothing is written here.

    Jobs that were generated before stay part of the package.

    Args:
        project: the project.
        jobs: ids.
        now: the present instant.
        target: another target than the settings say.
        out: another package than the settings say.
        force: overwrite files changed by hand, with a copy beside each.
        only_look: leave such files out of the operation instead of refusing.

    Raises:
        CronshiftError: for a job that is not in the plan, or a file of the app that cannot be
            extended.
        RefusedError: when files were changed by hand, without ``force``.
    """
    settings = project.settings
    settings = replace(settings, target=target or settings.target, out=out or settings.out)
    plan = make_plan(replace(project, settings=settings))
    asked = pick_jobs(plan, jobs)
    kept = tuple(
        job
        for job in plan.jobs
        if job in asked or (job.module and (project.root / job.module).is_file())
    )
    files = generate(replace(plan, jobs=kept))
    changes = compare(project.root, files, plan.out)
    wanted = [change for change in changes if not (only_look and change.conflict)]
    written, copies = edits(project.root, wanted, force=force)
    extended = extend_app(project.root, replace(plan, jobs=kept)) if kept else ()
    written += [as_edit(change) for change in extended]
    if not (project.root / OWNERSHIP_NAME).exists():
        # Without the file both sides would run; with it, every tick stays Vercel's for now.
        text = dump_ownership(Ownership()).encode()
        written.append(Edit(OWNERSHIP_NAME, text, based_on=None))
    operation = build_operation(
        project.root,
        " ".join(["migrate", *jobs]),
        written,
        now,
        jobs=[job.id for job in asked if job.module],
        allow_dirty=True,  # what was changed by hand is seen by its seal, committed or not
    )
    return Migration(plan, asked, (*changes, *extended), operation, tuple(copies))


def pick_jobs(plan: Plan, names: Collection[str]) -> tuple[Job, ...]:
    """Return the plan's jobs of those names, in the plan's order; all for no names.

    Raises:
        CronshiftError: for a name that is no job.
    """
    unknown = [name for name in names if plan.job(name) is None]
    if unknown:
        raise unknown_job(unknown[0], [job.id for job in plan.jobs])
    return tuple(job for job in plan.jobs if not names or job.id in names)


def unknown_job(name: str, known: Sequence[str]) -> CronshiftError:
    """Return the error for a job that is not there, with the one that was probably meant."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return CronshiftError(
        f"There is no job {name!r}.",
        reason="no-such-job",
        hint=f"Did you mean {close[0]}?" if close else f"The jobs are: {', '.join(known)}.",
    )

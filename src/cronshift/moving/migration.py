"""Expand: the files that a project's plan becomes, beside those on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.moving.entries import unused
from cronshift.moving.fixing.acceptance import accepted_of, read_acceptance, remember
from cronshift.moving.fixing.guard_insertion import guarded_texts
from cronshift.moving.fixing.mending import MENDABLE, mend
from cronshift.moving.renaming import (
    read_rename,
    renamed_epochs,
    renamed_jobs,
    renamed_settings,
)
from cronshift.operations import Edit, Intent, Operation, build_operation
from cronshift.plan.decided import is_left_out
from cronshift.plan.findings import ASKED_FIRST
from cronshift.plan.job_ids import unknown_job
from cronshift.plan.planning import make_plan
from cronshift.project.conventions import code_of
from cronshift.project.workflows.sources import with_workflows
from cronshift.readiness.guards import answering, by_hand
from cronshift.readiness.subject import Subject
from cronshift.runtime.ownership import OWNERSHIP_NAME, Ownership, dump_ownership
from cronshift.targets import DEFAULT_TARGET, generate, target_named
from cronshift.targets.changes import FileAction, FileChange, as_edit, compare, edits

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from cronshift.model import Finding, Job, Plan
    from cronshift.moving.fixing.acceptance import Acceptance
    from cronshift.moving.fixing.mending import Mending
    from cronshift.operations import FileImage
    from cronshift.project import Project
    from cronshift.project.settings import Suppression


class Migration(Struct, frozen=True):
    """The plan of a ``migrate``.

    Attributes:
        plan: the whole plan.
        asked: the jobs asked for; those of them that are left out generate nothing.
        changes: one for each file of the generated package, for the ownership file that is not
            there yet, and for each of the app's own files that the package needs something in.
        operation: what writes them; without changes when there is nothing to write.
        copies: the files that keep what was changed by hand.
        accepted: the findings that are accepted from now on.
        idle: what was to be accepted, and is not found.
        mending: what ``--fix`` makes of the sources.
    """

    plan: Plan
    asked: tuple[Job, ...]
    changes: tuple[FileChange, ...]
    operation: Operation
    copies: tuple[str, ...] = ()
    accepted: tuple[Suppression, ...] = ()
    idle: tuple[Acceptance, ...] = ()
    mending: Mending | None = None

    @property
    def left_out(self) -> tuple[Job, ...]:
        """The jobs asked for that a finding keeps out of the package."""
        return tuple(job for job in self.asked if is_left_out(self.plan, job))

    @property
    def doubtful(self) -> tuple[Finding, ...]:
        """The findings of jobs that stay in the package all the same, being in service."""
        return tuple(
            finding
            for finding in self.plan.findings
            if finding.code in ASKED_FIRST and finding.job in self.plan.in_service
        )

    @property
    def is_first(self) -> bool:
        """True when the project was never migrated: it has no ownership file yet."""
        return any(change.path == OWNERSHIP_NAME for change in self.changes)

    @property
    def guarded(self) -> bool:
        """True when putting in the guard is all that ``--fix`` does."""
        tried = self.mending.mended or self.mending.unmended if self.mending else ()
        return bool(self.own_edits) and not tried

    @property
    def own_edits(self) -> tuple[FileImage, ...]:
        """The user's own files that change: sources that are mended, and the settings."""
        generated = {change.path for change in self.changes} | {*self.copies}
        return tuple(image for image in self.operation.images if image.path not in generated)


def prepare_migration(  # noqa: PLR0913 - each is an option of the command
    project: Project,
    jobs: Collection[str],
    now: datetime,
    *,
    target: str | None = None,
    out: str | None = None,
    force: bool = False,
    only_look: bool = False,
    accept: Sequence[str] = (),
    fix: bool = False,
    rename: Sequence[str] = (),
    workflows: Sequence[str] = (),
) -> Migration:
    """Return the plan of migrating ``jobs`` (all when empty); nothing is written here.

    Jobs that were generated before stay part of the package.

    Args:
        project: the project.
        jobs: ids.
        now: the present instant.
        target: another target than the settings say; they say it from then on.
        out: another package than the settings say; they say it from then on.
        force: overwrite files changed by hand, with a copy beside each.
        only_look: leave such files out of the operation instead of refusing.
        accept: findings to accept and remember, ``CODE`` or ``CODE:JOB``.
        fix: mend the user's sources where that can be done as text, and put the guard before
            Python apps.
        rename: other names of jobs, ``OLD=NEW``; module, settings and epochs go with them.
        workflows: files of GitHub's whose schedules become jobs too, from then on.

    Raises:
        CronshiftError: for a job that is not in the plan, a finding that there is none of, or a
            file of the app that cannot be extended.
        RefusedError: when files were changed by hand, without ``force``; when a source to mend or
            the settings to change have uncommitted changes.
    """
    own_edits: list[Edit] = []
    names = dict(map(read_rename, rename))
    if names:
        edit, project = renamed_settings(project, make_plan(project), names)
        own_edits.append(edit)
        jobs = [names.get(job, job) for job in jobs]
    written_down = project
    project = _as_asked(with_workflows(project, workflows), target, out)
    plan = make_plan(project)
    chosen = _chosen(written_down, target, out, plan, workflows)
    asked_for = [job.id for job in pick_jobs(plan, jobs)]
    acceptances = [read_acceptance(text) for text in accept]
    pick_jobs(plan, [acceptance.job for acceptance in acceptances if acceptance.job])
    accepted = accepted_of(plan, acceptances, asked_for, now)
    idle = tuple(
        acceptance
        for acceptance in acceptances
        if not any(
            (of.code, acceptance.job or of.job) == (acceptance.code, of.job) for of in accepted
        )
    )
    if accepted or chosen:
        edit, settings = remember(
            written_down, accepted, chosen, own_edits[0] if own_edits else None
        )
        own_edits = [edit]
        project = _as_asked(replace(project, settings=settings), target, out)
        plan = make_plan(project)
    mending = mend(project, plan, _mendable(plan, asked_for)) if fix else None
    if mending is not None:
        own_edits += mending.edits
        plan = mending.plan
    asked = tuple(job for job in plan.jobs if job.id in asked_for)
    renamed = renamed_jobs(project, plan, names)
    own_edits += renamed_epochs(project, renamed, now)
    kept = tuple(
        job
        for job in plan.jobs
        if job.function is None
        and (
            (job in asked and not is_left_out(plan, job))
            or any(
                job.id == each.new and (project.root / each.module).is_file() for each in renamed
            )
            or (job.module and (project.root / job.module).is_file())
        )
    )
    if not (kept or accepted or names or target or out or workflows):
        own_edits = [*mending.edits] if mending else []  # an id is pinned with the first functions
    extending = target_named(plan.target).extend
    extended = tuple(extending(project.root, replace(plan, jobs=kept))) if kept else ()
    if fix:
        own_edits += _guarded(Subject(project, plan, kept, now), mending, extended)
    extended = tuple(
        change for change in extended if change.path not in {edit.path for edit in own_edits}
    )
    is_needed = bool(kept) or (project.root / plan.out).exists()
    files = generate(replace(plan, jobs=kept)) if is_needed else ()
    changes = compare(project.root, files, plan.out)
    wanted = [change for change in changes if not (only_look and change.conflict)]
    written, copies = edits(project.root, wanted, force=force)
    renamed_away = [each for each in changes if each.path in {job.module for job in renamed}]
    gone = [*renamed_away, *unused(project.root, plan, changes)]
    removed, kept_copies = edits(project.root, gone, force=force, remove_stale=True)
    written, copies = [*written, *removed], [*copies, *kept_copies]
    if kept and not (project.root / OWNERSHIP_NAME).exists():
        # Without the file both sides would run; with it, every tick stays Vercel's for now.
        text = dump_ownership(Ownership())
        extended = (FileChange(OWNERSHIP_NAME, FileAction.CREATE, None, text), *extended)
    written += [as_edit(change) for change in extended]
    operation = build_operation(
        project.root,
        " ".join(
            [
                "migrate",
                *jobs,
                *(f"--accept {acceptance}" for acceptance in accept),
                *(f"--rename {renaming}" for renaming in rename),
                *(f"--workflow {file}" for file in workflows),
                *(["--fix"] if fix else []),
            ]
        ),
        [*written, *own_edits],
        now,
        intent=Intent.MIGRATE,
        jobs=[job.id for job in asked if job in kept],
        # What was changed by hand in generated files is seen by their seal, committed or not.
        allow_dirty={edit.path for edit in written},
    )
    return Migration(
        plan, asked, (*changes, *extended), operation, tuple(copies), accepted, idle, mending
    )


def _guarded(
    subject: Subject, mending: Mending | None, extended: Sequence[FileChange]
) -> list[Edit]:
    """Return the edits that put the guard before the apps that Vercel calls."""
    mended_texts = mending.texts if mending else {}
    edited = {
        **subject.project.edited,
        **{
            change.path: change.after.encode(errors="surrogateescape")
            for change in extended
            if change.after is not None
        },
        **{file: text.encode() for file, text in mended_texts.items()},
    }
    handlers = [handler for job in by_hand(subject) if (handler := answering(subject, job))]
    return [
        Edit(file, text.encode(), summary=f"{file}: the guard is asked first")
        for file, text in guarded_texts(subject.project.root, handlers, edited).items()
        if file not in mended_texts
    ]


def _as_asked(project: Project, target: str | None, out: str | None) -> Project:
    settings = project.settings
    settings = replace(settings, target=target or settings.target, out=out or settings.out)
    return replace(project, settings=settings, is_planned=True)


def _chosen(
    written_down: Project,
    target: str | None,
    out: str | None,
    plan: Plan,
    workflows: Sequence[str],
) -> dict[str, str | list[str]]:
    """Return the settings that cronshift.toml needs for later commands to find the package.

    The app's id is pinned unless the app has a client of its own, whose id counts: another id is another
    app of Inngest's.
    """
    settings = written_down.settings
    target_before = settings.target or (None if target else DEFAULT_TARGET)
    named = list(dict.fromkeys([*settings.workflows, *workflows]))
    own_client = code_of(written_down.resolver().tree).client
    is_pinned = settings.app_id is not None or own_client is not None
    return {
        **({} if is_pinned else {"app_id": plan.app_id}),
        **({"target": plan.target} if {plan.target} - {target_before} else {}),
        **({"out": out} if out and out != settings.out else {}),
        **({"workflows": named} if len(named) > len(settings.workflows) else {}),
    }


def _mendable(plan: Plan, jobs: Collection[str]) -> list[Finding]:
    """Return the findings of jobs, and of none, that mending is tried of."""
    return [
        finding
        for finding in plan.findings
        if finding.code in MENDABLE and (not finding.job or finding.job in jobs)
    ]


def pick_jobs(plan: Plan, names: Collection[str]) -> tuple[Job, ...]:
    """Return the plan's jobs of those names, in the plan's order; all for no names.

    Raises:
        CronshiftError: for a name that is no job.
    """
    unknown = [name for name in names if plan.job(name) is None]
    if unknown:
        raise unknown_job(unknown[0], [job.id for job in plan.jobs])
    return tuple(job for job in plan.jobs if not names or job.id in names)

"""Rename: a job's other name, with its module, its settings and its epochs."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.errors import CronshiftError, RefusedError
from cronshift.model import Origin
from cronshift.operations import ChangeKind, Edit, Seen
from cronshift.operations.files import content, inside
from cronshift.plan.job_ids import job_ids, unknown_job
from cronshift.project.ownership_file import ownership_of, percent_now
from cronshift.project.settings import parse_settings
from cronshift.project.settings_edit import editable_settings, rename_job
from cronshift.runtime.ownership import OWNERSHIP_NAME, dump_ownership
from cronshift.targets import target_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cronshift.model import Plan
    from cronshift.project import Project

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MADE = re.compile(r"-[0-9a-f]{6}$")
_WHOLE = {0, 100}  # percent


class Renamed(Struct, frozen=True):
    """A job with its new name.

    Attributes:
        module: the file that its function had.
    """

    old: str
    new: str
    module: str


def read_rename(text: str) -> tuple[str, str]:
    """Return the old and the new name that ``OLD=NEW`` spells.

    Raises:
        CronshiftError: for anything else.
    """
    old, equals, new = text.partition("=")
    if not (equals and _ID.fullmatch(old) and _ID.fullmatch(new)):
        raise CronshiftError(
            f"{text!r} is no OLD=NEW of job ids: lower-case words and numbers, joined by hyphens.",
            reason="usage",
            where="--rename",
        )
    return old, new


def proposals(plan: Plan) -> tuple[str, ...]:
    """Return the jobs whose names nobody would choose: a digest stands in them."""
    return tuple(job.id for job in plan.jobs if _MADE.search(job.id))


def renamed_settings(
    project: Project, plan: Plan, names: Mapping[str, str]
) -> tuple[Edit, Project]:
    """Return the edit of cronshift.toml that gives jobs other names, and the project with it.

    Raises:
        CronshiftError: for a job that there is not, or a name that another job has.
        RefusedError: if the settings were read from outside the project.
    """
    file, data = editable_settings(project, "the name", "Rename the job's table in it by hand.")
    text = (data or b"").decode()
    times = Counter(job.entry.path for job in plan.jobs)
    for old, new in names.items():
        job = plan.job(old)
        if job is None:
            raise unknown_job(old, [each.id for each in plan.jobs])
        if plan.job(new) is not None:
            raise CronshiftError(f"There is a job {new} already.", reason="taken-id", where=new)
        entry = {} if job.entry.origin is Origin.MOVED else {"path": job.entry.path}
        if entry and times[job.entry.path] > 1:
            entry["vercel_schedule"] = job.entry.schedule
        text = rename_job(text, old, new, entry)
    summary = ", ".join(f"{old} is called {new}" for old, new in names.items())
    edit = Edit(file, text.encode(), ChangeKind.EDIT_CONFIG, summary, based_on=Seen(data))
    return edit, replace(project, settings=parse_settings(text, file))


def renamed_jobs(project: Project, plan: Plan, names: Mapping[str, str]) -> tuple[Renamed, ...]:
    """Return the jobs that have functions or epochs under another name: asked for, or by settings.

    A name that cronshift.toml gives to an entry stands in place of the one that the entry would have.
    """
    target, resolver = target_named(plan.target), project.resolver()
    placement = target.place(project, resolver)
    ownership = ownership_of(content(inside(project.root, OWNERSHIP_NAME)))
    ids = {job.id for job in plan.jobs}
    usual = job_ids([job.entry for job in plan.jobs], target.taken_ids)
    before = dict(zip((job.id for job in plan.jobs), usual, strict=True))
    before |= {new: old for old, new in names.items()}
    candidates = [
        Renamed(old, new, target.module(placement, old))
        for new, old in before.items()
        if old != new and old not in ids and new not in ownership.jobs
    ]
    return tuple(
        each
        for each in candidates
        if each.old in names or each.old in ownership.jobs or (project.root / each.module).is_file()
    )


def renamed_epochs(project: Project, jobs: Sequence[Renamed], now: datetime) -> list[Edit]:
    """Return the edit of the ownership file that keeps the epochs of renamed jobs.

    Raises:
        RefusedError: for a job that both sides share, whose ticks go by its name, or whose next epoch
            is still to come.
    """
    data = content(inside(project.root, OWNERSHIP_NAME))
    ownership = ownership_of(data)
    epochs = dict(ownership.jobs)
    for job in jobs:
        moved = epochs.pop(job.old, None)
        if moved is None:
            continue
        percent = percent_now(ownership, job.old, now)
        if percent not in _WHOLE or any(epoch.effective_at > now for epoch in moved):
            raise RefusedError(
                f"{job.old} is shared at {percent} %, or its next epoch is still to come: which ticks are"
                " whose goes by its name.",
                reason="shared-job",
                hint=f"cronshift cutover {job.old} --percent 100, or cronshift rollback {job.old}; then"
                " rename it.",
                where=OWNERSHIP_NAME,
            )
        epochs[job.new] = moved
    text = dump_ownership(ownership.with_jobs(epochs))
    if epochs == dict(ownership.jobs):
        return []
    return [Edit(OWNERSHIP_NAME, text.encode(), summary="epochs kept", based_on=Seen(data))]

"""Schedules on their way out of GitHub's workflows, and back."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from cronshift.errors import RefusedError
from cronshift.model import Origin
from cronshift.operations import ChangeKind, Edit, Seen
from cronshift.project.workflows.editing import with_schedule, without_schedules
from cronshift.project.workflows.reading import schedules_of
from cronshift.vercel import ConfigFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.model import Job
    from cronshift.project import Project
    from cronshift.project.settings import MovedEntry


def workflows_without(project: Project, jobs: Sequence[Job]) -> list[Edit]:
    """Return the edits that take the jobs' schedules out of their workflows.

    Raises:
        RefusedError: where a schedule makes other calls too, or cannot be taken out as text.
    """
    leaving = [job for job in jobs if job.entry.origin is Origin.WORKFLOW]
    by_file = sorted(leaving, key=lambda job: job.entry.source.file)
    return [
        _without(project, file, list(group))
        for file, group in groupby(by_file, key=lambda job: job.entry.source.file)
    ]


def _without(project: Project, file: str, jobs: Sequence[Job]) -> Edit:
    workflows = (each for each in project.sources if each.format is ConfigFormat.WORKFLOW)
    source = next(each for each in workflows if each.file == file)
    entries = [job.entry for job in jobs]
    numbers = {entry.index for entry in entries if entry.index is not None}
    left = [e.path for e in source.entries if e.index in numbers and e not in entries]
    if left:
        raise RefusedError(
            f"{file} calls {', '.join(left)} on the same schedule as {', '.join(job.id for job in jobs)}.",
            reason="not-editable",
            hint="Move these jobs together.",
            where=file,
        )
    text = without_schedules(source.text, numbers)
    if text is None:
        raise RefusedError(
            f"The schedules of {file} are written in a way that cannot be edited as text.",
            reason="not-editable",
            hint="Write each as `- cron: '…'` on a line of its own, below `schedule:`.",
            where=file,
        )
    sentence = f"take {', '.join(job.id for job in jobs)} out of {file}"
    before = Seen(source.text.encode())
    return Edit(file, text.encode(), ChangeKind.EDIT_ENTRY, sentence, based_on=before)


def workflow_with(
    text: bytes | None, file: str, befores: Sequence[bytes], entries: Sequence[MovedEntry]
) -> bytes:
    """Return a workflow with schedules back, as and where they were in ``befores``, newest first.

    Raises:
        RefusedError: where the workflow is gone, or cannot be edited as text.
    """
    now: str | None = (text or b"").decode(errors="surrogateescape")
    for cron, zone in dict.fromkeys((entry.schedule, entry.timezone) for entry in entries):
        if now and (cron, zone) not in schedules_of(now):
            restored = (
                _restored(now, before.decode(errors="surrogateescape"), (cron, zone))
                for before in befores
            )
            whole = next((each for each in restored if each is not None), None)
            now = whole if whole is not None else with_schedule(now, cron, zone)
        if not now:
            raise RefusedError(
                f"{file} is not as it was left, so its schedule {cron!r} cannot come back as text.",
                reason="not-editable",
                hint=f"Write `- cron: '{cron}'` below its `schedule:` by hand, or bring the file back from git.",
                where=file,
            )
    return (now or "").encode(errors="surrogateescape")


def _restored(now: str, before: str, schedule: tuple[str, str]) -> str | None:
    """Return a workflow as it was before, less those schedules that are still out."""
    there, left = schedules_of(before), schedules_of(now)
    if schedule not in there:
        return None
    out = [number for number, each in enumerate(there) if each not in left]
    if without_schedules(before, out) != now:
        return None
    still = [number for number in out if there[number] != schedule]
    return without_schedules(before, still) if still else before

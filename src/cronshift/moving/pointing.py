"""The paths of entries: the dispatcher's, which asks whose the tick is, or the job's own route."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cronshift.errors import ConfigError, RefusedError
from cronshift.operations import ChangeKind, Edit, Seen
from cronshift.targets import GuardRoute, target_named
from cronshift.vercel import ConfigFormat, VercelConfig, edit, parse_config, script, toml_edit
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cronshift.model import CronEntry, Job
    from cronshift.plan.snapshot import Snapshot
    from cronshift.project import Project


_EDITING = {ConfigFormat.JSON: edit, ConfigFormat.TOML: toml_edit, ConfigFormat.SCRIPT: script}
"""The module that edits each format as text."""


def dispatch(project: Project, routed: Sequence[tuple[Job, GuardRoute]]) -> list[Edit]:
    """Return the edit that points the jobs' entries to their guards; none where they all do.

    Raises:
        RefusedError: if an entry stands where it cannot be edited as text.
    """
    source = project.sources[0]
    text = source.text
    for job, guard in routed:
        if job.entry.called is None:
            base = guard.base_path
            text = _repointed(source, text, job.entry, base, base + MOUNT)
    _refuse_misread(source, text, {job.entry.pointer: True for job, _ in routed})
    sentence = f"{', '.join(job.id for job, _ in routed)}: called through the guard"
    return _edited(source, text, sentence)


def repoint(
    before: Snapshot, planned: Sequence[Edit], jobs: Collection[str], waiting: Collection[str] = ()
) -> list[Edit]:
    """Return ``planned`` with the jobs' entries pointing to their own routes again.

    Those of jobs that are ``waiting`` go to their guards, where there are any: ticks may still be
    Inngest's. An entry that a script makes in another way than by a text is left as it is: the
    dispatcher lets all ticks of Vercel's by.

    Args:
        before: the project as it is.
        planned: edits of its two configurations, among others.
        jobs: ids.
        waiting: of these, the ids of those whose ticks are not all Vercel's yet.

    Raises:
        RefusedError: if an entry cannot be edited as text.
    """
    after = before.after(planned)
    source = after.project.sources[0]
    text = source.text
    there = [
        job for job in after.plan.jobs if job.id in jobs and job.entry.source.file == source.file
    ]
    back = [job for job in there if job.entry.called and job.id not in waiting]
    on_the_way = [
        (job, guard)
        for job in there
        if job.id in waiting
        and job.entry.called is None
        and isinstance(guard := target_named(after.plan.target).guard(after.plan, job), GuardRoute)
    ]
    if not (back or on_the_way) or source.format not in _EDITING:
        return list(planned)
    guarded = {job.entry.pointer: False for job in back}
    guarded |= {job.entry.pointer: True for job, _ in on_the_way}
    try:
        for job in back:
            base = (job.entry.called or "").partition(f"{MOUNT}/")[0]
            text = _repointed(source, text, job.entry, base + MOUNT, base)
        for job, guard in on_the_way:
            text = _repointed(source, text, job.entry, guard.base_path, guard.base_path + MOUNT)
        _refuse_misread(source, text, guarded)
    except RefusedError:
        if source.format is ConfigFormat.SCRIPT:
            return list(planned)
        raise
    sentences = [edit.summary for edit in planned if edit.path == source.file]
    for group, how in (
        (back, "called at their own routes"),
        ([job for job, _ in on_the_way], "called through the guard"),
    ):
        sentences += [f"{', '.join(job.id for job in group)}: {how}"] if group else []
    return [
        *(edit for edit in planned if edit.path != source.file),
        *_edited(before.project.sources[0], text, "; ".join(sentences)),
    ]


def _edited(source: VercelConfig, text: str, summary: str) -> list[Edit]:
    if text == source.text:
        return []
    before = source.text.encode()
    return [Edit(source.file, text.encode(), ChangeKind.EDIT_ENTRY, summary, based_on=Seen(before))]


def _repointed(source: VercelConfig, text: str, entry: CronEntry, old: str, new: str) -> str:
    editing = _EDITING.get(source.format)
    if editing is not None and entry.index is not None:
        with suppress(ConfigError):
            repointed: str = editing.replace_path_start(
                text, entry.index, old, new, file=source.file
            )
            return repointed
    there = new + (entry.called or entry.path).removeprefix(old)
    raise RefusedError(
        f"{source.file} makes {entry.pointer} in a way that cannot be edited as text.",
        reason="not-editable",
        hint=f"Let its path be {there}, by hand.",
        where=source.file,
    )


def _refuse_misread(source: VercelConfig, text: str, guarded: Mapping[str, bool]) -> None:
    """Refuse a text whose entries would mean anything else than in ``source``.

    Args:
        source: as it is.
        text: as it would be.
        guarded: whether an entry is called through the dispatcher from now on, by its pointer.
    """
    wanted = [
        (entry.path, entry.schedule, guarded.get(entry.pointer, entry.called is not None))
        for entry in source.entries
    ]
    entries = parse_config(text, source.file).entries
    if [(entry.path, entry.schedule, entry.called is not None) for entry in entries] != wanted:
        raise RefusedError(
            f"The entries of {source.file} are written in a way that cannot be edited as text.",
            reason="not-editable",
            hint="Write each path on one line, in plain quotes.",
            where=source.file,
        )

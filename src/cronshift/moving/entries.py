"""Entries on their way: out of the Vercel configuration into cronshift.toml, and back.

Every function returns edits and changes nothing. What is generated follows from the files as they
will be, so that no function is ever left out of the package.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.errors import RefusedError
from cronshift.handlers.tree import IMPORT, SourceTree, language
from cronshift.model import Origin
from cronshift.moving.configuration import entries_of, key_of, with_entries, without_entries
from cronshift.moving.workflows import workflow_with, workflows_without
from cronshift.operations import ChangeKind, Edit, Seen, State
from cronshift.operations.files import content, inside
from cronshift.plan.snapshot import settings_file
from cronshift.project import settings_edit
from cronshift.project.history import contents
from cronshift.targets import generate, target_named
from cronshift.targets.changes import OF_MODULES, FileAction, compare, edits
from cronshift.targets.seal import is_untouched

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cronshift.model import Job, Plan
    from cronshift.operations import FileImage, Operation
    from cronshift.plan.snapshot import Snapshot
    from cronshift.project import Project
    from cronshift.project.settings import MovedEntry, Settings
    from cronshift.targets.changes import FileChange
    from cronshift.vercel import VercelConfig


def take_out(
    project: Project,
    jobs: Sequence[Job],
    more: Mapping[str, Mapping[str, str | int]] = MappingProxyType({}),
) -> list[Edit]:
    """Return the edits that take the jobs' entries out of Vercel's file, and keep them in ours.

    Args:
        project: the project.
        jobs: those that Vercel still calls, among others.
        more: what else is to be kept of an entry, by job: where its route's module goes.

    Raises:
        RefusedError: if an entry stands where it cannot be taken out as text.
    """
    jobs = [job for job in jobs if job.entry.origin is not Origin.MOVED]
    if not jobs:
        return []
    source = project.sources[0]
    theirs = [job for job in jobs if job.entry.origin is not Origin.WORKFLOW]
    edited = [*_vercels_without(source, theirs), *workflows_without(project, jobs)]
    on_disk = content(inside(project.root, settings_file(project)))
    settings = (on_disk or b"").decode()
    for job in jobs:
        settings = settings_edit.add_moved(
            settings, job.id, {**_kept(job), **(more.get(job.id, {}))}
        )
    return [
        *edited,
        Edit(
            settings_file(project),
            settings.encode(),
            ChangeKind.EDIT_CONFIG,
            "keep them here",
            based_on=Seen(on_disk),
        ),
    ]


def _vercels_without(source: VercelConfig, jobs: Sequence[Job]) -> list[Edit]:
    """Return the edit that takes entries out of Vercel's file."""
    if not jobs:
        return []
    foreign = [job.id for job in jobs if job.entry.source.file != source.file]
    text = None if foreign else without_entries(source, [job.entry for job in jobs])
    if text is None:
        raise RefusedError(
            f"The entries of {', '.join(foreign or [job.id for job in jobs])} do not stand in the"
            " `crons` or `schedules` of a vercel.json, or the `crons` of a vercel.toml, so they must be"
            " removed by hand.",
            reason="not-editable",
            hint="Remove them in the file that makes them.",
            where=source.file,
        )
    sentence = f"take {', '.join(job.id for job in jobs)} out of {source.file}"
    before = Seen(source.text.encode())
    return [Edit(source.file, text.encode(), ChangeKind.EDIT_ENTRY, sentence, based_on=before)]


def _kept(job: Job) -> dict[str, str | int]:
    """Return the settings by which a job keeps its entry."""
    entry = job.entry
    return {
        "path": entry.path,
        "schedule": entry.schedule,
        **({"timezone": entry.timezone} if entry.timezone != "UTC" else {}),
        **({"jitter_minutes": entry.jitter_minutes} if entry.jitter_minutes else {}),
        **({"workflow": entry.workflow} if entry.workflow else {}),
    }


def put_back(project: Project, jobs: Collection[str], past: Sequence[Operation]) -> list[Edit]:
    """Return the edits that put the jobs' entries back at their places, byte for byte.

    Where somebody edited Vercel's file since, an entry comes back in the layout of its neighbours.

    Args:
        project: the project.
        jobs: ids; those whose entries Vercel still has need nothing.
        past: the operations of before, the oldest first: some of them took the entries out.
    """
    source, file = project.sources[0], settings_file(project)
    moved = {
        job: job_settings.moved
        for job, job_settings in project.settings.jobs.items()
        if job_settings.moved
    }
    wanted = [job for job in moved if job in jobs]
    if not wanted:
        return []
    now: dict[str, bytes | None] = {source.file: source.text.encode()}
    workflows = [entry.workflow for job in wanted if (entry := moved[job]).workflow]
    now |= {path: content(inside(project.root, path)) for path in workflows}
    texts: dict[str, bytes | None] = {}
    settings = on_disk = content(inside(project.root, file))
    for path, text in now.items():
        of_file = {
            job: entry for job, entry in moved.items() if (entry.workflow or source.file) == path
        }
        after, befores = (
            text,
            [*_befores(past, path), *_remembered(project, of_file.values(), path)],
        )
        for operation, taken in _taken(of_file, past, path, project.settings):
            group = [job for job in taken if job in jobs]
            whole = (
                all(job in jobs for job in operation.jobs if job in moved) if operation else False
            )
            ours, theirs = _image(operation, file), _image(operation, path)
            if whole and ours is not None and settings == ours.after:
                settings = ours.before
            else:
                settings = _settled(settings, group)
            if len(group) == len(taken) and theirs is not None and after == theirs.after:
                after = theirs.before
            elif group and path == source.file:
                after = with_entries(source, after or b"", befores, [moved[job] for job in group])
            elif group:
                _refuse_parts(path, of_file, group)
                after = workflow_with(after, path, befores, [moved[job] for job in group])
        texts[path] = after
    kept = [image.before for operation in reversed(past) if (image := _image(operation, file))]
    settings = settings_edit.as_before((settings or b"").decode(), kept)
    back = [
        Edit(
            path,
            text,
            ChangeKind.EDIT_ENTRY,
            f"put {', '.join(job for job in wanted if (moved[job].workflow or source.file) == path)}"
            f" back into {path}",
            based_on=Seen(now[path]),
        )
        for path, text in texts.items()
    ]
    return [
        *(change for change in back if change.after != now[change.path]),
        Edit(
            file, settings, ChangeKind.EDIT_CONFIG, "Vercel has them again", based_on=Seen(on_disk)
        ),
    ]


def _befores(past: Sequence[Operation], path: str) -> list[bytes]:
    """Return the states of a file before operations, the newest first."""
    images = [image for operation in reversed(past) if (image := _image(operation, path))]
    return [image.before for image in images if image.before]


def _remembered(project: Project, entries: Iterable[MovedEntry], path: str) -> list[bytes]:
    """Return the states of a file in the commits that entries left behind."""
    commits = dict.fromkeys(entry.commit for entry in entries if entry.commit)
    texts = contents(project.root, [f"{commit}:./{path}" for commit in commits]) if commits else []
    return [text for text in texts if text is not None]


def _refuse_parts(path: str, of_file: Mapping[str, MovedEntry], group: Sequence[str]) -> None:
    """Refuse to bring a workflow's schedule back for some of the jobs that it calls."""
    schedules = {of_file[job].schedule for job in group}
    others = [
        job for job, entry in of_file.items() if entry.schedule in schedules and job not in group
    ]
    if others:
        raise RefusedError(
            f"{path} calls {', '.join(others)} on the same schedule as {', '.join(group)}.",
            reason="not-editable",
            hint=f"cronshift rollback {' '.join([*group, *others])}",
            where=path,
        )


def regenerated(before: Snapshot, planned: Sequence[Edit]) -> list[Edit]:
    """Return the edits of generated files, as they follow from the files after ``planned``.

    Modules that were changed by hand are left alone.
    """
    root, plan = before.project.root, before.after(planned).plan
    ours = (job for job in plan.jobs if job.function is None)
    kept = [job for job in ours if job.module and (root / job.module).is_file()]
    if not kept:
        return []
    changes = compare(root, generate(replace(plan, jobs=tuple(kept))), plan.out)
    written, _ = edits(root, [change for change in changes if not change.conflict])
    before_that = {file.path for file in generate(before.plan)}  # `abandoned` tells of these
    left = [change for change in changes if change.path not in before_that]
    gone, _ = edits(root, unused(root, plan, left), remove_stale=True)
    return [*written, *gone]


def unused(root: Path, plan: Plan, changes: Sequence[FileChange]) -> list[FileChange]:
    """Return the files beside the jobs' modules that are not generated any more and nothing imports.

    What was changed by hand stays.
    """
    stale = {
        change.path: change
        for change in changes
        if change.action is FileAction.STALE
        and PurePosixPath(change.path).parent.name not in OF_MODULES
        and is_untouched(change.before or "")
    }
    if not stale or not target_named(plan.target).removes_unused:
        return []
    texts = {change.path: change.after.encode() for change in changes if change.after is not None}
    tree = SourceTree(root, texts)
    imported = _imported(tree, [file for file in tree.files - stale.keys() if language(file)])
    return [change for path, change in stale.items() if path not in imported]


def abandoned(before: Snapshot, planned: Sequence[Edit]) -> tuple[list[Edit], list[str]]:
    """Return the edits that delete files no longer generated after ``planned``.

    Beside them stands what of it was changed by hand, and stays.
    """
    if not target_named(before.plan.target).removes_unused:
        return [], []
    after = before.after(planned)
    tree = SourceTree(before.project.root, after.project.edited)
    still = {file.path for file in generate(after.plan)}
    unused = [file.path for file in generate(before.plan) if file.path in tree.files - still]
    edited = [path for path in unused if not is_untouched(tree.read(path))]
    kept = _imported(tree, edited)
    return [
        Edit(path, None, ChangeKind.REMOVE_GUARD, f"{path}: nothing calls it any more")
        for path in unused
        if path not in kept
    ], edited


def _imported(tree: SourceTree, files: Sequence[str]) -> set[str]:
    """Return the files, and all of the project that they import."""
    reached, left = set[str](), list(files)
    while left:
        file = left.pop()
        reached.add(file)
        for match in IMPORT.finditer(tree.read(file)):
            target = tree.imported(file, match[1])
            if target is not None and target not in reached:
                left.append(target)
    return reached


def _taken(
    moved: Mapping[str, MovedEntry], past: Sequence[Operation], file: str, settings: Settings
) -> Iterator[tuple[Operation | None, list[str]]]:
    """Yield the operations that took moved entries out, the newest first, each with its jobs.

    Last come the jobs that no operation is known of.
    """
    left = dict(moved)
    for operation in reversed(past):
        image = _image(operation, file)
        if image is None or image.before is None or operation.state is not State.APPLIED:
            continue
        entries = entries_of(image.before, file, settings)
        group = [job for job in operation.jobs if job in left and key_of(left[job]) in entries]
        if group:
            yield operation, group
        for job in group:
            del left[job]
    if left:
        yield None, list(left)


def _image(operation: Operation | None, path: str) -> FileImage | None:
    images = operation.images if operation else ()
    return next((image for image in images if image.path == path), None)


def _settled(settings: bytes | None, jobs: Sequence[str]) -> bytes:
    text = (settings or b"").decode()
    for job in jobs:
        text = settings_edit.drop_moved(text, job)
    return text.encode()

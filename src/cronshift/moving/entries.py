"""Entries on their way: out of the Vercel configuration into cronshift.toml, and back.

Every function returns edits and changes nothing. What is generated follows from the files as they
will be, so that no function is ever left out of the package.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.errors import ConfigError, RefusedError
from cronshift.handlers.tree import IMPORT, SourceTree, language
from cronshift.model import Origin
from cronshift.operations import ChangeKind, Edit, Seen, State
from cronshift.operations.files import content, inside
from cronshift.plan.snapshot import settings_file
from cronshift.project import settings_edit
from cronshift.targets import generate, target_named
from cronshift.targets.changes import OF_MODULES, FileAction, compare, edits
from cronshift.targets.seal import is_untouched
from cronshift.vercel import ConfigFormat, VercelConfig, edit, parse_config, toml_edit
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from cronshift.model import Job, Plan
    from cronshift.operations import FileImage, Operation
    from cronshift.plan.snapshot import Snapshot
    from cronshift.project import Project
    from cronshift.project.settings import MovedEntry
    from cronshift.targets.changes import FileChange

SIDE_BY_SIDE = {ConfigFormat.JSON, ConfigFormat.TOML}


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
    indexes = [job.entry.index for job in jobs if job.entry.index is not None]
    foreign = [job.id for job in jobs if job.entry.source.file != source.file]
    if foreign or source.format not in SIDE_BY_SIDE or len(indexes) != len(jobs):
        raise RefusedError(
            f"The entries of {', '.join(foreign or [job.id for job in jobs])} do not stand in the"
            " `crons` of a vercel.json or vercel.toml, so they must be removed by hand.",
            reason="not-editable",
            hint="Remove them in the file that makes them.",
            where=source.file,
        )
    on_disk = content(inside(project.root, settings_file(project)))
    settings = (on_disk or b"").decode()
    for job in jobs:
        kept = {"path": job.entry.path, "schedule": job.entry.schedule}
        settings = settings_edit.add_moved(settings, job.id, {**kept, **(more.get(job.id, {}))})
    sentence = f"take {', '.join(job.id for job in jobs)} out of {source.file}"
    return [
        Edit(
            source.file,
            _without(source, indexes).encode(),
            ChangeKind.EDIT_ENTRY,
            sentence,
            based_on=Seen(source.text.encode()),
        ),
        Edit(
            settings_file(project),
            settings.encode(),
            ChangeKind.EDIT_CONFIG,
            "keep them here",
            based_on=Seen(on_disk),
        ),
    ]


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
    vercel: bytes | None = source.text.encode()
    settings = on_disk = content(inside(project.root, file))
    images = [image for operation in reversed(past) if (image := _image(operation, source.file))]
    befores = [image.before for image in images if image.before]
    for operation, taken in _taken(moved, past, source.file):
        group = [job for job in taken if job in jobs]
        whole = len(group) == len(taken)
        ours = _image(operation, file)
        theirs = _image(operation, source.file)
        if whole and ours is not None and settings == ours.after:
            settings = ours.before
        else:
            settings = _settled(settings, group)
        if whole and theirs is not None and vercel == theirs.after:
            vercel = theirs.before
        else:
            vercel = _with_entries(source, vercel or b"", befores, [moved[job] for job in group])
    kept = [image.before for operation in reversed(past) if (image := _image(operation, file))]
    settings = settings_edit.as_before((settings or b"").decode(), kept)
    sentence = f"put {', '.join(wanted)} back into {source.file}"
    return [
        Edit(
            source.file,
            vercel,
            ChangeKind.EDIT_ENTRY,
            sentence,
            based_on=Seen(source.text.encode()),
        ),
        Edit(
            file, settings, ChangeKind.EDIT_CONFIG, "Vercel has them again", based_on=Seen(on_disk)
        ),
    ]


def regenerated(before: Snapshot, planned: Sequence[Edit]) -> list[Edit]:
    """Return the edits of generated files, as they follow from the files after ``planned``.

    Modules that were changed by hand are left alone.
    """
    root, plan = before.project.root, before.after(planned).plan
    kept = [job for job in plan.jobs if job.module and (root / job.module).is_file()]
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
    moved: Mapping[str, MovedEntry], past: Sequence[Operation], file: str
) -> Iterator[tuple[Operation | None, list[str]]]:
    """Yield the operations that took moved entries out, the newest first, each with its jobs.

    Last come the jobs that no operation is known of.
    """
    left = dict(moved)
    for operation in reversed(past):
        image = _image(operation, file)
        if image is None or image.before is None or operation.state is not State.APPLIED:
            continue
        entries = _entries_of(image.before, file)
        group = [job for job in operation.jobs if job in left and _key(left[job]) in entries]
        if group:
            yield operation, group
        for job in group:
            del left[job]
    if left:
        yield None, list(left)


def _image(operation: Operation | None, path: str) -> FileImage | None:
    images = operation.images if operation else ()
    return next((image for image in images if image.path == path), None)


def _entries_of(data: bytes, file: str) -> list[tuple[str, str]]:
    try:
        entries = parse_config(data.decode(), file).entries
    except (ConfigError, UnicodeDecodeError):
        return []
    return [(entry.path, entry.schedule) for entry in entries]


def _key(entry: MovedEntry) -> tuple[str, str]:
    return entry.path, entry.schedule


def _settled(settings: bytes | None, jobs: Sequence[str]) -> bytes:
    text = (settings or b"").decode()
    for job in jobs:
        text = settings_edit.drop_moved(text, job)
    return text.encode()


def _with_entries(
    source: VercelConfig, now: bytes, befores: Sequence[bytes], entries: Sequence[MovedEntry]
) -> bytes:
    """Return Vercel's file with entries back, as and where they were in ``befores``, newest first."""
    text, file = now.decode(), source.file
    insert = edit.insert_entry if source.format is ConfigFormat.JSON else toml_edit.insert_entry
    for entry in entries:
        key = _key(entry)
        holding = [before for before in befores if key in _entries_of(before, file)]
        there = _entries_of(text.encode(), file)
        if there.count(key) >= max(
            [_entries_of(before, file).count(key) for before in holding[:1]], default=1
        ):
            continue  # somebody has put it back by hand
        whole = (_restored(text, before.decode(), key, source) for before in holding)
        restored = next((whole_text for whole_text in whole if whole_text is not None), None)
        if restored is None:
            restored = insert(text, _place(key, holding, there, file), *key, file=file)
        text = restored
    return text.encode()


def _restored(text: str, before: str, key: tuple[str, str], source: VercelConfig) -> str | None:
    if source.format is not ConfigFormat.JSON:
        return None
    original = _called_as_in(text, before, source.file)
    index = _entries_of(before.encode(), source.file).index(key)
    return edit.restore_entries(text, original, [index])


def _place(
    key: tuple[str, str], befores: Sequence[bytes], now: Sequence[tuple[str, str]], file: str
) -> int:
    """Return the index behind the entries that stood before this one, where most are known."""
    orders = [_entries_of(before, file) for before in befores]
    order = max(orders, key=lambda candidate: len(set(candidate) & set(now)), default=None)
    if order is None:
        return len(now)
    sooner = order[: order.index(key)]
    return max((at for at, entry in enumerate(now, 1) if entry in sooner), default=0)


def _called_as_in(text: str, original: str, file: str) -> str:
    """Return ``original`` with the entries that ``text`` has too called where they are called there.

    Some may have gone to the dispatcher, or come back from it, since; that is no edit by hand.
    """
    called = {(e.path, e.schedule): e.called for e in parse_config(text, file).entries}
    for entry in parse_config(original, file).entries:
        now = called.get((entry.path, entry.schedule), entry.called)
        if entry.index is None or (now is None) == (entry.called is None):
            continue
        base = (now or entry.called or "").partition(f"{MOUNT}/")[0]
        old, new = (base, base + MOUNT) if now else (base + MOUNT, base)
        original = edit.replace_path_start(original, entry.index, old, new, file=file)
    return original


def _without(source: VercelConfig, indexes: Sequence[int]) -> str:
    if source.format is ConfigFormat.TOML:
        return toml_edit.remove_entries(source.text, indexes, file=source.file)
    return edit.remove_entries(source.text, indexes, drop_empty=True, file=source.file)

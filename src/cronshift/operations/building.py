"""The building of an operation from edits: images, folders, and a look at git."""

from __future__ import annotations

import subprocess
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import RefusedError
from cronshift.operations.changes import (
    FILE_CHANGES,
    Call,
    Change,
    ChangeKind,
    DeleteFile,
    FileImage,
    MoveFile,
    RunSql,
    WriteFile,
)
from cronshift.operations.files import content, inside, mode_of
from cronshift.operations.journal import past_operations
from cronshift.operations.lock import actor
from cronshift.operations.model import Intent, Operation, State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path


class Seen(Struct, frozen=True):
    """The content of a file when it was looked at; ``None`` where it was not there."""

    data: bytes | None


class Edit(Struct, frozen=True):
    """The content that a file is to have; ``None`` deletes it.

    Attributes:
        moved_from: the path whose content this was; it is deleted.
        mode: permission bits, where they are to differ from what the file has.
        based_on: what the edit was worked out from; ``None`` where that is no matter.
            A file that holds something else by now is refused, so that no edit is lost.
    """

    path: str
    after: bytes | None
    kind: ChangeKind = ChangeKind.WRITE
    summary: str = ""
    moved_from: str | None = None
    mode: int | None = None
    based_on: Seen | None = None


def build_operation(  # noqa: PLR0913 - all of it goes into the record
    root: Path,
    command: str,
    edits: Iterable[Edit],
    now: datetime,
    *,
    intent: Intent,
    jobs: Sequence[str] = (),
    operation_id: str | None = None,
    allow_dirty: bool | Collection[str] = False,
    batches: Iterable[RunSql | Call] = (),
    write_by: datetime | None = None,
) -> Operation:
    """Return the operation that makes ``edits``; those that change nothing are left out.

    Args:
        root: the project's folder.
        command: what the user asked for, in words.
        edits: each path at most once.
        now: the instant of its id.
        intent: what it is for.
        jobs: the jobs it is about.
        operation_id: its id, where the edits already carry it.
        allow_dirty: change files with uncommitted changes too: all, or those of these paths.
        batches: changes of rows, which come after the files and are taken back before them; and calls.
        write_by: the last instant at which it may be applied.

    Raises:
        RefusedError: for a path outside the project, one behind a symbolic link, or a file with
            uncommitted changes that cronshift did not make.
    """
    changes = tuple(change for edit in edits if (change := _change(root, edit)))
    images = [image for change in changes for image in change.images]
    paths = [image.path for image in images]
    if len(set(paths)) != len(paths):
        raise ValueError("an operation changes each file once")
    if allow_dirty is not True:
        spared = allow_dirty or ()
        _refuse_dirty(root, [image for image in images if image.path not in spared])
    return Operation(
        id=operation_id or new_operation_id(now),
        intent=intent,
        command=command,
        actor=actor(),
        created=now,
        state=State.APPLYING,
        changes=(*changes, *batches),
        jobs=tuple(jobs),
        made=_made(root, images),
        emptied=_emptied(root, images),
        write_by=write_by,
    )


def new_operation_id(now: datetime) -> str:
    """Return an id for an operation that is made at ``now``: a ULID, so that ids sort by time."""
    from ulid import ULID

    return str(ULID.from_datetime(now))


def _change(root: Path, edit: Edit) -> Change | None:
    image = _image(root, edit.path, edit.after, edit.mode)
    if edit.based_on is not None and image.before != edit.based_on.data:
        raise RefusedError(
            f"{edit.path} was changed while this was being planned; nothing was touched.",
            reason="changed-file",
            hint="Run the command again.",
            where=edit.path,
        )
    summary = edit.summary or edit.path
    is_new = image.before != image.after
    if edit.moved_from is not None:
        left = _image(root, edit.moved_from, None, None)
        return MoveFile(image, left, summary) if is_new else DeleteFile(left, summary)
    if not is_new:
        return None
    if edit.kind in {ChangeKind.WRITE, ChangeKind.MOVE, ChangeKind.DELETE}:
        return (WriteFile if image.after is not None else DeleteFile)(image, summary)
    return FILE_CHANGES[edit.kind](image, summary)


def _image(root: Path, path: str, after: bytes | None, mode: int | None) -> FileImage:
    file = inside(root, path)
    if file.is_dir():
        raise RefusedError(f"{path} is a folder.", reason="not-a-file", where=path)
    return FileImage(path, content(file), after, mode if mode is not None else mode_of(file))


def _made(root: Path, images: Sequence[FileImage]) -> tuple[str, ...]:
    """Return the folders that must be made first, outermost first."""
    needed = {
        str(parent)
        for image in images
        if image.after is not None
        for parent in PurePosixPath(image.path).parents
        if str(parent) != "." and not inside(root, str(parent)).exists()
    }
    return tuple(sorted(needed))


def _emptied(root: Path, images: Sequence[FileImage]) -> tuple[str, ...]:
    """Return the folders that hold nothing once the deleted files are gone, innermost first."""
    deleted = {image.path for image in images if image.after is None}
    written = {image.path for image in images if image.after is not None}
    gone: list[str] = []
    candidates = {parent for path in deleted for parent in PurePosixPath(path).parents}
    for folder in sorted(candidates - {PurePosixPath()}, key=lambda path: -len(path.parts)):
        names = {f"{folder}/{entry.name}" for entry in inside(root, str(folder)).iterdir()}
        filled = any(path.startswith(f"{folder}/") for path in written)
        if not filled and names <= deleted | set(gone):
            gone.append(str(folder))
    return tuple(gone)


def _refuse_dirty(root: Path, images: Sequence[FileImage]) -> None:
    """Refuse files that hold uncommitted changes which cronshift did not make itself."""
    dirty = _uncommitted(root, [image.path for image in images if image.before is not None])
    if not dirty:
        return
    recorded = {
        (image.path, data)
        for operation in past_operations(root)
        for image in operation.images
        for data in (image.before, image.after)
    }
    for image in images:
        if image.path in dirty and (image.path, image.before) not in recorded:
            raise RefusedError(
                f"{image.path} has uncommitted changes.",
                reason="dirty-file",
                hint="Commit or stash them first, so that what cronshift does can be told apart.",
                where=image.path,
            )


# Nothing that the repository's own configuration names as a program is started.
_CHANGED_FILES = (
    *("git", "-c", "core.fsmonitor=false"),
    *("diff", "--no-ext-diff", "--name-only", "-z", "--relative", "HEAD", "--"),
)


def _uncommitted(root: Path, paths: Sequence[str]) -> set[str]:
    """Return those of ``paths`` that git tracks and that differ from the last commit."""
    if not paths:
        return set()
    try:
        changed = subprocess.run(  # noqa: S603 - a constant
            _CHANGED_FILES,
            cwd=root,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return set()  # no git, no repository, or no commit yet
    return set(changed.stdout.decode(errors="surrogateescape").split("\0")) & set(paths)

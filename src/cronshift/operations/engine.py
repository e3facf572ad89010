"""Apply, revert, and finish what was interrupted.

The order is what makes it safe: the journal first, then every new content beside its place (a
full disk or a read-only folder stops here, with nothing changed), then renames and removals only.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cronshift.errors import RefusedError
from cronshift.operations import sql
from cronshift.operations.files import content, inside, stage, staged_path, sync_folder
from cronshift.operations.journal import forget_operation, refuse_unfinished, write_operation
from cronshift.operations.lock import project_lock
from cronshift.operations.model import Operation, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cronshift.operations.changes import FileImage

    Observer = Callable[[FileImage], None]


def apply(root: Path, operation: Operation, observer: Observer = lambda _: None) -> Operation:
    """Apply a new operation and return it as recorded.

    Args:
        root: the project's folder.
        operation: what to do; its id names its journal.
        observer: told of each file as it takes its new content.

    Raises:
        RefusedError: if a file is not what the operation was made from, another operation is
            unfinished or running, or the disk does not take the new contents. Nothing has been
            changed then.
    """
    with project_lock(root):
        refuse_unfinished(root)
        _refuse_strangers(root, operation.images, done_is_fine=False)
        for _, batch in operation.batches:
            sql.check(batch)
        started = replace(operation, state=State.APPLYING)
        try:
            write_operation(root, started)
            _stage(root, started.id, started.images, started.made)
        except OSError as error:
            _clear_stage(root, started)
            _remove_folders(root, started.made[::-1])
            forget_operation(root, started)
            raise _not_writable(error) from error
        return _run(root, started, observer)


def finish(root: Path, operation: Operation, observer: Observer = lambda _: None) -> Operation:
    """Take an interrupted operation to the end it was heading for, and return it.

    Raises:
        RefusedError: if a file is neither as before nor as after; nothing has been changed then.
    """
    with project_lock(root):
        return _drive(root, operation, observer)


def revert(root: Path, operation: Operation, observer: Observer = lambda _: None) -> Operation:
    """Take an operation back, finished or not, and return it.

    Raises:
        RefusedError: if a file is neither as before nor as after; nothing has been changed then.
    """
    with project_lock(root):
        return _drive(root, replace(operation, state=State.REVERTING), observer)


def _drive(root: Path, operation: Operation, observer: Observer) -> Operation:
    heading = _heading(operation)
    _refuse_strangers(root, heading.images, done_is_fine=True)
    try:
        _clear_stage(root, operation)
        write_operation(root, operation)
        pending = [
            image for image in heading.images if content(inside(root, image.path)) != image.after
        ]
        _stage(root, operation.id, pending, heading.made)
    except OSError as error:
        raise _not_writable(error) from error
    return _run(root, operation, observer)


def _run(root: Path, operation: Operation, observer: Observer) -> Operation:
    """Rename and remove; everything new is staged."""
    heading = _heading(operation)
    backwards = operation.state is State.REVERTING
    if backwards:
        _settle_batches(operation, done=False)
    try:
        for image in heading.images:
            _settle(inside(root, image.path), operation.id, image)
            observer(image)
        for folder in {inside(root, image.path).parent for image in heading.images}:
            if folder.is_dir():
                sync_folder(folder)
        _remove_folders(root, heading.emptied)
    except OSError as error:
        raise RefusedError(
            f"Operation {operation.id} stopped half-way: {error}.",
            reason="interrupted",
            hint="cronshift resume finishes it; cronshift resume --revert undoes it.",
        ) from error
    if not backwards:
        _settle_batches(operation, done=True)
    ended = State.REVERTED if backwards else State.APPLIED
    done = replace(operation, state=ended)
    write_operation(root, done)
    return done


def _settle_batches(operation: Operation, *, done: bool) -> None:
    for number, batch in operation.batches if done else operation.batches[::-1]:
        sql.settle(batch, operation.id, number, done=done)


def _heading(operation: Operation) -> Operation:
    """Return what is to be done: the operation, or its inverse where it is taken back."""
    return operation.inverse() if operation.state is State.REVERTING else operation


def _refuse_strangers(root: Path, images: Sequence[FileImage], *, done_is_fine: bool) -> None:
    """Refuse when a file is not what the operation was made from."""
    for image in images:
        now = content(inside(root, image.path))
        if now != image.before and not (done_is_fine and now == image.after):
            raise RefusedError(
                f"{image.path} was changed since this was planned; nothing was touched.",
                reason="changed-file",
                hint="Look at the file, then plan again.",
                where=image.path,
            )


def _stage(root: Path, token: str, images: Sequence[FileImage], made: Sequence[str]) -> None:
    for folder in made:
        inside(root, folder).mkdir(exist_ok=True)
    for image in images:
        if image.after is not None:
            stage(inside(root, image.path), token, image.after, image.mode)


def _clear_stage(root: Path, operation: Operation) -> None:
    for image in operation.images:
        waiting = staged_path(inside(root, image.path), operation.id)
        with suppress(OSError):  # it was never there, or is written anew
            waiting.unlink(missing_ok=True)


def _settle(path: Path, token: str, image: FileImage) -> None:
    """Let ``path`` take its new content, unless it already has."""
    if image.after is None:
        path.unlink(missing_ok=True)
        return
    waiting = staged_path(path, token)
    if waiting.exists():
        os.replace(waiting, path)  # noqa: PTH105 - what tests kill at


def _remove_folders(root: Path, folders: Sequence[str]) -> None:
    """Remove the folders that hold nothing; what somebody put there stays."""
    for folder in folders:
        with suppress(OSError):
            inside(root, folder).rmdir()


def _not_writable(error: OSError) -> RefusedError:
    place = Path(error.filename).name if isinstance(error.filename, str) else None
    return RefusedError(
        f"The new files cannot be written ({error.strerror}), so nothing was changed.",
        reason="not-writable",
        hint="Free some space or make the folder writable, then try again.",
        where=place,
    )

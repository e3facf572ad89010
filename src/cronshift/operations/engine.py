"""The engine of operations: apply, revert, and finish interrupted ones.

The order is what makes it safe: the journal first, then every new content beside its place (a
full disk or a read-only folder stops here, with nothing changed), then each takes its place.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.errors import CronshiftError, RefusedError, TooLateError
from cronshift.operations import calling, sql, staging
from cronshift.operations.changes import AddEpoch
from cronshift.operations.files import read_project_file
from cronshift.operations.journal import (
    forget_operation,
    is_own,
    is_recorded,
    refuse_unfinished,
    write_operation,
)
from cronshift.operations.lock import project_lock
from cronshift.operations.model import Operation, State

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from cronshift.operations.changes import FileImage

    Observer = Callable[[FileImage], None]


def apply(
    root: Path, operation: Operation, observer: Observer = lambda _: None, *, is_own: bool = True
) -> Operation:
    """Apply a new operation and return it as recorded.

    Args:
        root: the project's folder.
        operation: what to do; its id names its journal.
        observer: told of each file as it takes its new content.
        is_own: whether this user made it, here.

    Raises:
        RefusedError: if a file is not what the operation was made from, another operation is
            unfinished or running, or the disk does not take the new contents. Nothing has been
            changed then.
    """
    with project_lock(root):
        refuse_unfinished(root, operation.intent)
        _refuse_foreign_rows(operation, is_own=is_own)
        _refuse_strangers(root, operation, done_is_fine=False)
        if is_recorded(root, operation.id):
            raise RefusedError(
                f"Operation {operation.id} was carried out before.",
                reason="applied-before",
                hint=f"cronshift operations show {operation.id} says what became of it.",
            )
        for _, batch in operation.batches:
            sql.check(batch)
        calling.check(operation.calls)
        started = replace(operation, state=State.APPLYING)
        try:
            write_operation(root, started, is_own=is_own)
            _stage(root, started, started.images)
        except OSError as error:
            clear_stage(root, started)
            staging.remove_folders(root, started.made[::-1])
            forget_operation(root, started)
            raise _not_writable(error) from error
        return _run(root, started, observer, is_own=is_own)


def refuse_late(root: Path, operation: Operation, now: datetime) -> None:
    """Make sure that epochs are written before both sides need them; those that stand may be ended.

    Raises:
        TooLateError: if they are still to be written, and their time is over.
    """
    if _is_late(operation, now) and not _stand(root, operation):
        raise TooLateError(
            f"It had to be written by {operation.write_by:%Y-%m-%d %H:%M:%S} UTC, for both sides to"
            " hold the file in time.",
            reason="too-late",
            hint="Run the command again; cronshift operations resume --revert undoes what was interrupted.",
        )


def refuse_begun(root: Path, operation: Operation, now: datetime) -> None:
    """Make sure that no epoch is taken back which a side may go by before both hold the older file.

    Raises:
        TooLateError: if one is written, and its time is over.
    """
    if _is_late(operation, now) and _stand(root, operation):
        forth = operation.state is State.APPLYING
        raise TooLateError(
            f"Its epochs were to be taken back by {operation.write_by:%Y-%m-%d %H:%M:%S} UTC; since"
            " then a side may go by them before the other forgets them.",
            reason="too-late",
            hint=f"cronshift operations {'resume' if forth else f'abandon {operation.id}'}, then cronshift"
            f" rollback {' '.join(operation.jobs)}",
        )


def _is_late(operation: Operation, now: datetime) -> bool:
    return operation.write_by is not None and now > operation.write_by


def _stand(root: Path, operation: Operation) -> bool:
    """Return whether an operation's epochs are written."""
    epochs = [change.image for change in operation.changes if isinstance(change, AddEpoch)]
    return all(read_project_file(root, image.path) == image.after for image in epochs)


def finish(root: Path, operation: Operation, observer: Observer = lambda _: None) -> Operation:
    """Take an interrupted operation to the end it was heading for, and return it.

    Raises:
        RefusedError: if a file is neither as before nor as after; nothing has been changed then.
    """
    with project_lock(root):
        return _drive(root, operation, observer, is_own=is_own(root, operation))


def revert(root: Path, operation: Operation, observer: Observer = lambda _: None) -> Operation:
    """Take an operation back, finished or not, and return it.

    Raises:
        RefusedError: if a file is neither as before nor as after; nothing has been changed then.
    """
    backwards = replace(operation, state=State.REVERTING)
    with project_lock(root):
        return _drive(root, backwards, observer, is_own=is_own(root, operation))


def _drive(
    root: Path,
    operation: Operation,
    observer: Observer,
    *,
    is_own: bool,
    spared: Collection[str] = (),
) -> Operation:
    """Bring the files, but those ``spared``, to the state that an operation is heading for."""
    _refuse_foreign_rows(operation, is_own=is_own)
    try:
        clear_stage(root, operation)
        _refuse_strangers(root, operation, done_is_fine=True, spared=spared)
        write_operation(root, operation, is_own=is_own)
        images = [image for image in _heading(operation).images if image.path not in spared]
        _stage(root, operation, [image for image in images if not staging.is_done(root, image)])
    except OSError as error:
        raise _not_writable(error) from error
    return _run(root, operation, observer, is_own=is_own, spared=spared)


def _run(
    root: Path,
    operation: Operation,
    observer: Observer,
    *,
    is_own: bool,
    spared: Collection[str] = (),
) -> Operation:
    """Let every file take its place; everything new is staged."""
    heading = _heading(operation)
    backwards = operation.state is State.REVERTING
    if backwards:
        _settle_batches(operation, done=False)
    try:
        for image in heading.images:
            if image.path not in spared:
                staging.settle(root, image, operation.id)
                observer(image)
        staging.sync_folders(root, [image.path for image in heading.images])
        staging.remove_folders(root, heading.emptied)
    except OSError as error:
        raise RefusedError(
            f"Operation {operation.id} stopped half-way: {error}.",
            reason="interrupted",
            hint=_WAYS_ON,
        ) from error
    except RefusedError as error:
        if operation.state is State.APPLYING and error.where is not None and not spared:
            taken_back = replace(operation, state=State.REVERTING)
            _drive(root, taken_back, lambda _: None, is_own=is_own, spared={error.where})
        raise
    if not backwards:
        _settle_batches(operation, done=True)
        _make_calls(root, operation, is_own=is_own)
    done = replace(operation, state=State.REVERTED if backwards else State.APPLIED)
    write_operation(root, done, is_own=is_own)
    return done


_WAYS_ON = (
    "cronshift operations resume finishes it; cronshift operations resume --revert undoes it."
)


def _settle_batches(operation: Operation, *, done: bool) -> None:
    for number, batch in operation.batches if done else operation.batches[::-1]:
        sql.settle(batch, operation.id, number, done=done)


def _make_calls(root: Path, operation: Operation, *, is_own: bool) -> None:
    """Make the calls of an operation; after one that fails, it has come to its end as it stands."""
    try:
        calling.make(operation.calls)
    except CronshiftError:
        write_operation(root, replace(operation, state=State.ABANDONED), is_own=is_own)
        raise


def _heading(operation: Operation) -> Operation:
    """Return the operation to carry out: itself, or its inverse where it is taken back."""
    return operation.inverse() if operation.state is State.REVERTING else operation


def _refuse_foreign_rows(operation: Operation, *, is_own: bool) -> None:
    if (operation.batches or operation.calls) and not is_own:
        what = "changes rows of a database" if operation.batches else "calls services as you"
        raise RefusedError(
            f"Operation {operation.id} {what}, and you did not make it here.",
            reason="foreign-operation",
            hint=f"cronshift operations abandon {operation.id} gives it up; make the change anew.",
        )


def _refuse_strangers(
    root: Path, operation: Operation, *, done_is_fine: bool, spared: Collection[str] = ()
) -> None:
    """Refuse when a file differs from the one that the operation was made from."""
    for image in _heading(operation).images:
        present = read_project_file(root, image.path)
        as_planned = present == image.before or (done_is_fine and present == image.after)
        if not as_planned and image.path not in spared:
            error = staging.changed(image.path)
            if done_is_fine:
                error.hint = (
                    f"Put it as it was, or give up: cronshift operations abandon {operation.id}"
                )
            raise error


def _stage(root: Path, operation: Operation, images: Collection[FileImage]) -> None:
    staging.make_folders(root, _heading(operation).made)
    for image in images:
        staging.stage(root, image, operation.id)


def clear_stage(root: Path, operation: Operation) -> None:
    """Remove the files that a killed operation left beside its own."""
    for image in operation.images:
        staging.clear(root, image, operation.id)


def _not_writable(error: OSError) -> RefusedError:
    place = Path(error.filename).name if isinstance(error.filename, str) else None
    return RefusedError(
        f"The new files cannot be written ({error.strerror}), so nothing was changed.",
        reason="not-writable",
        hint="Free some space or make the folder writable, then try again.",
        where=place,
    )

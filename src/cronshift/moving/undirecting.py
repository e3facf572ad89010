"""The way back from functions of the app's own: the files as they were before ``finalize --direct``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.errors import RefusedError
from cronshift.operations import ChangeKind, Edit, Intent, Operation, State
from cronshift.operations.files import content, inside

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path


def standing(root: Path, jobs: Collection[str], past: Sequence[Operation]) -> Operation | None:
    """Return the newest operation that made jobs functions of the app's own and was not taken back.

    Args:
        root: the project's folder.
        jobs: their ids; any when empty.
        past: the operations of before, the oldest first.

    Raises:
        RefusedError: if a file is neither as it left it nor as it was before.
    """
    for operation in reversed(past):
        if operation.intent is not Intent.DIRECT or operation.state is not State.APPLIED:
            continue
        if jobs and not set(jobs) & set(operation.jobs):
            continue
        now = {image.path: content(inside(root, image.path)) for image in operation.images}
        if all(now[image.path] == image.before for image in operation.images):
            continue
        changed = [image.path for image in operation.images if now[image.path] != image.after]
        if not changed:
            return operation
        if not any(other.intent is Intent.ROLLBACK for other in past[past.index(operation) :]):
            raise RefusedError(
                f"{changed[0]} was changed since {' and '.join(operation.jobs)} became your own.",
                reason="changed-file",
                hint=f"cronshift operations show {operation.id} has it as it was left; bring it back to that first.",
                where=changed[0],
            )
    return None


def files_back(operation: Operation) -> list[Edit]:
    """Return the edits that bring the files of an operation back, byte for byte."""
    return [
        Edit(
            image.path,
            image.before,
            ChangeKind.DELETE if image.before is None else ChangeKind.WRITE,
            f"{image.path}: as before finalize --direct",
            mode=image.mode,
        )
        for image in operation.images
    ]

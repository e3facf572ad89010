"""Give an operation up: the way out that is always open."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.errors import RefusedError
from cronshift.operations.engine import clear_stage
from cronshift.operations.files import open_folder, parts_of, read_project_file
from cronshift.operations.journal import ABANDONED, Record, set_aside, write_operation
from cronshift.operations.lock import STATE_FOLDER, project_lock
from cronshift.operations.model import State
from cronshift.operations.staging import write_new

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.operations.changes import FileImage
    from cronshift.operations.journal import UnreadableRecord
    from cronshift.operations.model import Operation


class FileStanding(StrEnum):
    """The state of a file, compared with an operation that touches it."""

    BEFORE = "as before it"
    AFTER = "as after it"
    OTHER = "changed by somebody else"


class Abandoned(Struct, frozen=True):
    """The outcome of abandoning an operation.

    Attributes:
        copies: where the contents lie that its files had before, and where they would have had
            others; for a file of the journal that cannot be read, that file.
    """

    copies: tuple[str, ...]


def standings(root: Path, operation: Operation) -> dict[str, FileStanding]:
    """Return the state of each file against an operation, by its path."""
    return {image.path: _standing(root, image) for image in operation.images}


def abandon(root: Path, record: Record | UnreadableRecord) -> Abandoned:
    """Give an operation up: its files stay as they are, and copies of their contents are kept.

    A file of the journal that cannot be read is moved to where nothing reads it.

    Raises:
        RefusedError: if the copies cannot be written; the operation is as it was then.
    """
    with project_lock(root):
        if not isinstance(record, Record):
            return Abandoned((set_aside(root, record.name),))
        operation = record.operation
        with suppress(RefusedError):  # what a link stands in the way of is not cleaned
            clear_stage(root, operation)
        try:
            copies = [
                path
                for image in operation.images
                if _standing(root, image) is not FileStanding.BEFORE
                for path in _keep(root, operation.id, image)
            ]
            done = replace(operation, state=State.ABANDONED)
            write_operation(root, done, is_own=record.is_own)
        except OSError as error:
            raise RefusedError(
                f"The copies cannot be kept: {error.strerror}.",
                reason="not-writable",
                hint=f"Make {STATE_FOLDER} writable, and free some space.",
            ) from error
        return Abandoned(tuple(copies))


def _standing(root: Path, image: FileImage) -> FileStanding:
    try:
        present = read_project_file(root, image.path)
    except (OSError, RefusedError):
        return FileStanding.OTHER
    if present == image.before:
        return FileStanding.BEFORE
    return FileStanding.AFTER if present == image.after else FileStanding.OTHER


def _keep(root: Path, operation_id: str, image: FileImage) -> list[str]:
    """Keep both contents of a file; return their paths in the project."""
    kept = []
    for name, data in (("before", image.before), ("after", image.after)):
        *above, file = parts_of(image.path)
        folders = (STATE_FOLDER, ABANDONED, operation_id, name, *above)
        if data is not None:
            with open_folder(root, folders, make=True) as folder:
                write_new(folder, file, data)
            kept.append("/".join((*folders, file)))
    return kept

"""The journal: ``.cronshift/operations/<ULID>.json``, one file an operation.

What lies there may come from anybody who can commit to the repository. It is opened without
following links, read strictly, and what cannot be read stands beside the rest and bars nothing.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cronshift.errors import CronshiftError, RefusedError
from cronshift.operations.documents import (
    ULID,
    NewerVersionError,
    dump_operation,
    load_operation,
    parse_json,
)
from cronshift.operations.files import open_folder, parts_of
from cronshift.operations.lock import STATE_FOLDER
from cronshift.operations.model import UNFINISHED, Intent, Operation
from cronshift.operations.staging import replace_durably
from cronshift.operations.under_way import is_under_way, note_begun, note_ended
from cronshift.operations.user_key import hmac_of, is_marked
from cronshift.runtime.regular_files import read_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPERATIONS = "operations"
ABANDONED = "abandoned"
LARGEST = 256 * 1024 * 1024
_SUFFIX = ".json"


class Record(Struct, frozen=True):
    """An operation as the journal has it.

    Attributes:
        is_own: whether this user began it, in this folder of this machine; where it is unfinished,
            whether it has not come to an end since.
    """

    operation: Operation
    is_own: bool


class UnreadableRecord(Struct, frozen=True):
    """A file of the journal that holds no operation which this cronshift reads.

    Attributes:
        name: the file's name without its suffix.
        cause: why not, reading on from the file's name.
    """

    name: str
    cause: str
    is_newer: bool = False

    @property
    def sentence(self) -> str:
        """The sentence for a reader: which record is left out, and why."""
        return f"The journal's {self.name}{_SUFFIX} is left out: {self.cause}."

    @property
    def remedy(self) -> str:
        """The remedy: a newer cronshift, a restored file, or ``abandon``."""
        if self.is_newer:
            return "Upgrade cronshift to read it."
        return f"Restore it from version control, or set it aside: cronshift operations abandon {self.name}"


class Journal(Struct, frozen=True):
    """The records of a project's journal, the oldest first."""

    records: tuple[Record, ...]
    unreadable: tuple[UnreadableRecord, ...]

    def unfinished(self) -> Record | None:
        """Return the operation that was interrupted, if one was; this user's own before others."""
        waiting = [record for record in self.records if record.operation.state in UNFINISHED]
        return max(waiting, key=lambda record: (record.is_own, record.operation.id), default=None)


def read_journal(root: Path) -> Journal:
    """Return everything that is recorded.

    Raises:
        RefusedError: if the journal's folder is none, or behind a link.
    """
    records, unreadable = [], []
    with _open(root) as folder:
        names = sorted(os.listdir(folder)) if folder is not None else []
        for name in names:
            if not name.endswith(_SUFFIX) or name.startswith("."):
                continue
            match _read(root, folder, name.removesuffix(_SUFFIX)):
                case Record() as record:
                    records.append(record)
                case UnreadableRecord() as broken:
                    unreadable.append(broken)
    return Journal(tuple(records), tuple(unreadable))


def write_operation(root: Path, operation: Operation, *, is_own: bool = True) -> None:
    """Record an operation as it now is; on disk when this returns.

    Args:
        root: the project's folder.
        operation: what to record.
        is_own: whether this user began it here, so that it is marked as such.
    """
    is_unfinished = operation.state in UNFINISHED
    if is_own and is_unfinished:
        note_begun(root, operation.id)
    with open_folder(root, (STATE_FOLDER, OPERATIONS), make=True) as folder:
        for name in os.listdir(folder):
            if name.startswith(".") and name.endswith(".cronshift-next"):  # of a kill
                with suppress(OSError):
                    os.unlink(name, dir_fd=folder)
        replace_durably(folder, f"{operation.id}{_SUFFIX}", encode(root, operation, is_own=is_own))
    if not is_unfinished:
        note_ended(root, operation.id)


def encode(root: Path, operation: Operation, *, is_own: bool = True) -> bytes:
    """Return an operation's file: its document, and where it is this user's own, the user's mark."""
    mark = hmac_of(root, operation) if is_own else None
    document = dump_operation(operation) | ({"hmac": mark} if mark else {})
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def decode(root: Path, data: bytes) -> Record:
    """Return the operation of a file, and whether it is this user's own.

    Raises:
        ValueError: if it holds none, or one that touches what is not the project's.
    """
    document = parse_json(data)
    operation = load_operation(document)
    _refuse_strange_paths(operation)
    mark: Any = document.get("hmac") if isinstance(document, dict) else None
    return Record(operation, is_marked(root, operation, mark))


def forget_operation(root: Path, operation: Operation) -> None:
    """Remove the record of an operation that changed nothing."""
    with _open(root) as folder, suppress(FileNotFoundError):
        if folder is not None:
            os.unlink(f"{operation.id}{_SUFFIX}", dir_fd=folder)
    note_ended(root, operation.id)


def is_recorded(root: Path, operation_id: str) -> bool:
    """Return whether there is a file for an operation of that id."""
    with _open(root) as folder:
        return folder is not None and f"{operation_id}{_SUFFIX}" in os.listdir(folder)


def is_own(root: Path, operation: Operation) -> bool:
    """Return whether an operation is recorded just so, by this user, in this folder."""
    with _open(root) as folder:
        record = _read(root, folder, operation.id) if folder is not None else None
    if not isinstance(record, Record) or not record.is_own:
        return False
    recorded = hmac_of(root, record.operation)
    return recorded is not None and recorded == hmac_of(root, operation)


def read_record(root: Path, operation_id: str) -> Record:
    """Return the record of the operation whose id starts with ``operation_id``.

    Raises:
        CronshiftError: if there is none, more than one, or it cannot be read.
    """
    match find(root, operation_id):
        case UnreadableRecord() as broken:
            raise _broken(broken)
        case record:
            return record


def read_operation(root: Path, operation_id: str) -> Operation:
    """Return the operation of :func:`read_record`."""
    return read_record(root, operation_id).operation


def find(root: Path, operation_id: str) -> Record | UnreadableRecord:
    """Return the record of the journal with an id, or the only one whose id starts so.

    Raises:
        CronshiftError: if there is none, or more than one.
    """
    journal = read_journal(root)
    by_name: dict[str, Record | UnreadableRecord] = {
        **{record.operation.id: record for record in journal.records},
        **{broken.name: broken for broken in journal.unreadable},
    }
    if operation_id in by_name:
        return by_name[operation_id]
    names = [name for name in by_name if operation_id and name.startswith(operation_id.upper())]
    if len(names) != 1:
        raise CronshiftError(
            f"{'Several operations start' if names else 'No operation starts'} with {operation_id!r}.",
            reason="no-such-operation",
            hint="cronshift operations list lists them.",
        )
    return by_name[names[0]]


def history(root: Path) -> list[Operation]:
    """Return all of the project's operations, the oldest first.

    Raises:
        RefusedError: if one cannot be read.
    """
    journal = read_journal(root)
    for broken in journal.unreadable:
        raise _broken(broken)
    return [record.operation for record in journal.records]


def past_operations(root: Path) -> list[Operation]:
    """Return the project's operations that can be read, the oldest first: no other bars a way."""
    return [record.operation for record in read_journal(root).records]


def unfinished(root: Path) -> Operation | None:
    """Return the operation that was interrupted, if one was."""
    record = read_journal(root).unfinished()
    return record.operation if record is not None else None


def refuse_unfinished(root: Path, intent: Intent | None = None) -> None:
    """Refuse to begin anything while an operation is unfinished.

    One that somebody else began, or that a commit has brought, does not bar the way back.

    Args:
        root: the project's folder.
        intent: what is to begin.

    Raises:
        RefusedError: naming the ways on.
    """
    record = read_journal(root).unfinished()
    if record is None or (intent is Intent.ROLLBACK and not record.is_own):
        return
    operation = record.operation
    if record.is_own:
        hint = (
            "cronshift operations resume finishes it; cronshift operations resume --revert undoes it; cronshift operations abandon"
            f" {operation.id} gives it up."
        )
    else:
        hint = (
            f"You did not begin it here. cronshift operations show {operation.id} shows it; cronshift operations resume"
            f" --operation {operation.id} finishes it; cronshift operations abandon {operation.id} gives it up."
        )
    raise RefusedError(
        f"Operation {operation.id} ({operation.command}) is unfinished.",
        reason="unfinished-operation",
        hint=hint,
    )


def set_aside(root: Path, name: str) -> str:
    """Move a file of the journal to where nothing reads it, and return its path in the project."""
    file = f"{name}{_SUFFIX}"
    with (
        open_folder(root, (STATE_FOLDER, OPERATIONS)) as source,
        open_folder(root, (STATE_FOLDER, ABANDONED), make=True) as target,
    ):
        os.rename(file, file, src_dir_fd=source, dst_dir_fd=target)
    return f"{STATE_FOLDER}/{ABANDONED}/{file}"


def _broken(broken: UnreadableRecord) -> RefusedError:
    return RefusedError(
        broken.sentence, reason="broken-journal", hint=broken.remedy, where=broken.name
    )


@contextmanager
def _open(root: Path) -> Iterator[int | None]:
    """Open the journal's folder; ``None`` while there is none."""
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(open_folder(root, (STATE_FOLDER, OPERATIONS)))
        except FileNotFoundError:
            folder = None
        except NotADirectoryError:
            raise RefusedError(
                f"{STATE_FOLDER}/{OPERATIONS} is no folder, so nothing is recorded there.",
                reason="broken-journal",
                hint="Remove the file that stands in its place.",
            ) from None
        yield folder


def _read(root: Path, folder: int | None, name: str) -> Record | UnreadableRecord:
    """Return the record in a file of the journal."""
    if not ULID.fullmatch(name):
        return UnreadableRecord(name, "its name is no id of an operation")
    try:
        record = decode(root, read_at(folder or 0, f"{name}{_SUFFIX}", LARGEST))
    except NewerVersionError as error:
        return UnreadableRecord(name, str(error), is_newer=True)
    except ValueError as error:
        return UnreadableRecord(name, str(error))
    except OSError as error:
        return UnreadableRecord(name, error.strerror or os.strerror(error.errno or errno.EIO))
    if record.operation.id != name:
        return UnreadableRecord(name, "it holds an operation of another id")
    if record.is_own and record.operation.state in UNFINISHED:
        return replace(record, is_own=is_under_way(root, name))
    return record


def _refuse_strange_paths(operation: Operation) -> None:
    """Refuse paths outside the project, and folders that no file of the operation lies in."""
    try:
        above = [parts_of(image.path)[:-1] for image in operation.images]
    except RefusedError as error:
        raise ValueError(error.message.rstrip(".")) from None
    parents = {"/".join(parts[:end]) for parts in above for end in range(1, len(parts) + 1)}
    strange = {*operation.made, *operation.emptied} - parents
    if strange:
        raise ValueError(f"{min(strange)} is no folder of its files")

"""The changes of an operation: a union of values, each with its inverse.

``kind`` names a change in the journal and for a reader. A change touches files (``images``), except
for :class:`RunSql`, which touches rows.
"""

from __future__ import annotations

from difflib import unified_diff
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Self

from msgspec import Struct
from msgspec.structs import replace

from cronshift.operations.services.monitoring import DueByCron, Monitor, MonitorService
from cronshift.runtime.ownership import OWNERSHIP_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator


class ChangeKind(StrEnum):
    """The kind of a change, as a reader calls it."""

    WRITE = "write"
    MOVE = "move"
    DELETE = "delete"
    EDIT_ENTRY = "edit-entry"
    EDIT_CONFIG = "edit-config"
    ADD_EPOCH = "add-epoch"
    REMOVE_GUARD = "remove-guard"
    SQL = "sql"
    CALL = "call"
    MONITOR = "monitor"


class FileImage(Struct, frozen=True):
    """A file before and after; ``None`` where it is not there.

    Attributes:
        path: POSIX, relative to the project's root.
        mode: the permission bits it has, or had before it is deleted; ``None`` for a new file.
    """

    path: str
    before: bytes | None
    after: bytes | None
    mode: int | None = None

    def inverse(self) -> FileImage:
        """Return the image that takes this one back."""
        return FileImage(self.path, self.after, self.before, self.mode)

    @property
    def is_program(self) -> bool:
        """True when the file that is written may be executed."""
        return self.after is not None and bool((self.mode or 0) & 0o111)

    def diff(self) -> Iterator[str]:
        """Yield the lines of a unified diff; bytes that are no text are spelt out."""
        old, new = (_lines(data) for data in (self.before, self.after))
        old_name = "/dev/null" if self.before is None else f"a/{self.path}"
        new_name = "/dev/null" if self.after is None else f"b/{self.path}"
        yield from unified_diff(old, new, old_name, new_name)


class _OneFile(Struct, frozen=True):
    """The fields that every change of a single file has."""

    image: FileImage
    summary: str

    @property
    def images(self) -> tuple[FileImage, ...]:
        """The one file it touches."""
        return (self.image,)

    def inverse(self) -> Self:
        """Return the change of the same kind that takes this one back."""
        return replace(self, image=self.image.inverse())


class WriteFile(_OneFile, frozen=True):
    """A change that writes a file, or makes it."""

    kind: ClassVar = ChangeKind.WRITE

    def __post_init__(self) -> None:
        if self.image.after is None:
            raise ValueError("a written file has a content")

    def inverse(self) -> WriteFile | DeleteFile:  # type: ignore[override] # a made file goes
        """Return the change that gives the file its old content, or deletes it."""
        undo = DeleteFile if self.image.before is None else WriteFile
        return undo(self.image.inverse(), self.summary)


class DeleteFile(_OneFile, frozen=True):
    """A change that deletes a file."""

    kind: ClassVar = ChangeKind.DELETE

    def __post_init__(self) -> None:
        if self.image.before is None or self.image.after is not None:
            raise ValueError("a deleted file has a content before, and none after")

    def inverse(self) -> WriteFile:  # type: ignore[override] # a deleted file is made
        """Return the change that makes the file again."""
        return WriteFile(self.image.inverse(), self.summary)


class EditEntries(_OneFile, frozen=True):
    """A change of entries in Vercel's configuration: out of it, back, or called elsewhere."""

    kind: ClassVar = ChangeKind.EDIT_ENTRY


class EditSettings(_OneFile, frozen=True):
    """A change of cronshift's own settings."""

    kind: ClassVar = ChangeKind.EDIT_CONFIG


class AddEpoch(_OneFile, frozen=True):
    """A change of the ownership file, by new epochs."""

    kind: ClassVar = ChangeKind.ADD_EPOCH

    def __post_init__(self) -> None:
        if self.image.path != OWNERSHIP_NAME:
            raise ValueError(f"epochs stand in {OWNERSHIP_NAME}, not in {self.image.path}")


class RemoveGuard(_OneFile, frozen=True):
    """A change that removes a guard: a file of its own, or its lines in another one."""

    kind: ClassVar = ChangeKind.REMOVE_GUARD


class MoveFile(Struct, frozen=True):
    """A change that moves a file, which may be edited on the way.

    Attributes:
        new: the place it goes to.
        old: the place it leaves.
    """

    new: FileImage
    old: FileImage
    summary: str
    kind: ClassVar = ChangeKind.MOVE

    def __post_init__(self) -> None:
        if self.new.after is None or self.old.before is None:
            raise ValueError("a moved file has a content at both ends")

    @property
    def images(self) -> tuple[FileImage, ...]:
        """Both places, the new one first, so that the content is always in one of them."""
        return (self.new, self.old)

    def inverse(self) -> MoveFile:
        """Return the move back."""
        return MoveFile(self.old.inverse(), self.new.inverse(), self.summary)


class AddToNumber(Struct, frozen=True):
    """A statement that adds an amount to a number in one row.

    Attributes:
        key: the column that ``value`` finds the row by.
        column: the column that ``amount`` is added to.
    """

    table: str
    key: str
    value: int | str
    column: str
    amount: int

    def inverse(self) -> AddToNumber:
        """Return the statement that takes the amount away again."""
        return replace(self, amount=-self.amount)


class RunSql(Struct, frozen=True):
    """A change of rows in one transaction.

    There is no SQL text in it: statements are of kinds that cronshift knows, names in them are
    quoted and values are parameters.

    Attributes:
        database_env: the variable that holds the database's address.
    """

    database_env: str
    statements: tuple[AddToNumber, ...]
    summary: str
    kind: ClassVar = ChangeKind.SQL

    @property
    def images(self) -> tuple[FileImage, ...]:
        """No file."""
        return ()

    def lines(self) -> Iterator[str]:
        """Yield each statement as a reader is shown it."""
        for statement in self.statements:
            yield (
                f"{statement.table}.{statement.column} {statement.amount:+} where"
                f" {statement.key} = {statement.value!r}, in the database of {self.database_env}"
            )

    def inverse(self) -> RunSql:
        """Return the statements that take these back, in the opposite order."""
        undone = tuple(statement.inverse() for statement in reversed(self.statements))
        return replace(self, statements=undone)


class RemoteAction(StrEnum):
    """The things that are done at Vercel and Inngest; each can be done again without harm."""

    SET_VARIABLE = "set-variable"
    MAKE_BYPASS = "make-bypass"
    SYNC = "sync"


class CallService(Struct, frozen=True):
    """A call changes something at Vercel or Inngest; it is not taken back with the files.

    No secret is in it: the value of a variable is read from here when the call is made.

    Attributes:
        project: of Vercel.
        team: of Vercel; empty for a personal account.
        name: of the variable.
        target: that the variable is set for.
        app: of Inngest.
        url: of the endpoint.
        environment: of Inngest; empty for that of the key.
    """

    action: RemoteAction
    summary: str
    project: str = ""
    team: str = ""
    name: str = ""
    target: str = ""
    app: str = ""
    url: str = ""
    environment: str = ""
    kind: ClassVar = ChangeKind.CALL

    @property
    def images(self) -> tuple[FileImage, ...]:
        """No file."""
        return ()

    def lines(self) -> Iterator[str]:
        """Yield each call as a reader is shown it."""
        match self.action:
            case RemoteAction.SET_VARIABLE:
                yield f"{self.name} of {self.project} at Vercel, for {self.target}, to its value here"
            case RemoteAction.MAKE_BYPASS:
                yield f"protection bypass for automation of {self.project} at Vercel"
            case RemoteAction.SYNC:
                yield f"Inngest registers the functions of {self.app} at {self.url}"

    def inverse(self) -> CallService:
        """Return the call itself: taking an operation back makes no call."""
        return self


class KeptAt(Struct, frozen=True, forbid_unknown_fields=True):
    """The variable at Vercel that keeps a monitor's address, unless it is set already.

    Attributes:
        team: of Vercel; empty for a personal account.
    """

    name: str
    project: str
    team: str
    target: str


class MakeMonitor(Struct, frozen=True):
    """A change that makes a monitor, or changes that of its name; it is not taken back with the files.

    Its address is a secret, which is kept at Vercel or nowhere.

    Attributes:
        kept_at: where its address goes; ``None`` where a person copies it.
    """

    service: MonitorService
    monitor: Monitor
    summary: str
    kept_at: KeptAt | None = None
    kind: ClassVar = ChangeKind.MONITOR

    @property
    def images(self) -> tuple[FileImage, ...]:
        """No file."""
        return ()

    def lines(self) -> Iterator[str]:
        """Yield the lines that a reader is shown."""
        due, grace = self.monitor.due, self.monitor.grace
        if isinstance(due, DueByCron):
            yield f"due {due.expression} ({due.zone}), and {grace} s of grace"
        else:
            yield f"due every {due.seconds} s at the latest, and {grace} s of grace"
        if self.kept_at is not None:
            kept = self.kept_at
            yield f"its address into {kept.name} of {kept.project} at Vercel, for {kept.target}"

    def inverse(self) -> MakeMonitor:
        """Return the change itself: taking an operation back makes no call."""
        return self


Call = CallService | MakeMonitor
"""The changes that call a service."""

Change = (
    WriteFile
    | MoveFile
    | DeleteFile
    | EditEntries
    | EditSettings
    | AddEpoch
    | RemoveGuard
    | RunSql
    | CallService
    | MakeMonitor
)
FILE_CHANGES: dict[
    ChangeKind,
    type[WriteFile | DeleteFile | EditEntries | EditSettings | AddEpoch | RemoveGuard],
] = {
    change.kind: change
    for change in (WriteFile, DeleteFile, EditEntries, EditSettings, AddEpoch, RemoveGuard)
}
"""The changes of a single file, by their kind."""


def _lines(data: bytes | None) -> list[str]:
    return (data or b"").decode(errors="backslashreplace").splitlines(keepends=True)

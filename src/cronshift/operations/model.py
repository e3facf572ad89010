"""Operations as data."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cronshift.operations.changes import Call, RunSql

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cronshift.operations.changes import Change, FileImage


class Intent(StrEnum):
    """The intent of an operation: the command that made it."""

    INIT = "init"
    MIGRATE = "migrate"
    SCAFFOLD = "scaffold"
    CUTOVER = "cutover"
    ROLLBACK = "rollback"
    FINALIZE = "finalize"
    DIRECT = "direct"
    PAUSE = "pause"
    BASELINE = "baseline"
    RESUME_JOB = "resume-job"
    LINK = "link"
    SETUP = "setup"
    MONITORS = "monitors"


class State(StrEnum):
    """The state of an operation; the two in ``-ing`` mean that it was interrupted."""

    APPLYING = "applying"
    APPLIED = "applied"
    REVERTING = "reverting"
    REVERTED = "reverted"
    ABANDONED = "abandoned"


UNFINISHED = frozenset({State.APPLYING, State.REVERTING})


class Operation(Struct, frozen=True):
    """A list of changes that is applied as one.

    Attributes:
        id: a ULID; ids sort by time.
        intent: what it is for.
        command: what the user asked for, in words for a reader.
        jobs: the jobs it is about.
        made: folders that do not exist before it, outermost first.
        emptied: folders that hold nothing after it and are removed, innermost first.
        write_by: the last instant at which what it says of the future can still be kept.
    """

    id: str
    intent: Intent
    command: str
    actor: str
    created: datetime
    state: State
    changes: tuple[Change, ...]
    jobs: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    write_by: datetime | None = None

    @property
    def images(self) -> tuple[FileImage, ...]:
        """Every file it touches, each once."""
        return tuple(image for change in self.changes for image in change.images)

    @property
    def batches(self) -> tuple[tuple[int, RunSql], ...]:
        """Every change of rows, with its number among the changes."""
        return tuple(
            (number, change)
            for number, change in enumerate(self.changes)
            if isinstance(change, RunSql)
        )

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call to a service."""
        return tuple(change for change in self.changes if isinstance(change, Call))

    def inverse(self) -> Operation:
        """Return the operation that takes this one back; its state stays."""
        return replace(
            self,
            changes=tuple(change.inverse() for change in reversed(self.changes)),
            made=self.emptied[::-1],
            emptied=self.made[::-1],
        )

    def to_json(self) -> dict[str, Any]:
        """Return the journal's document."""
        from cronshift.operations.documents import dump_operation

        return dump_operation(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Operation:
        """Return the operation of a journal's document.

        Raises:
            ValueError: if it is not one.
        """
        from cronshift.operations.documents import load_operation

        return load_operation(document)

"""Operations and changes as data, and their JSON."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import unified_diff
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSION = 1


class ChangeKind(StrEnum):
    """What a change does, as a reader calls it."""

    WRITE = "write"
    MOVE = "move"
    DELETE = "delete"
    EDIT_ENTRY = "edit-entry"
    EDIT_CONFIG = "edit-config"
    ADD_EPOCH = "add-epoch"
    REMOVE_GUARD = "remove-guard"
    SQL = "sql"


class State(StrEnum):
    """How far an operation is; the two in ``-ing`` mean that it was interrupted."""

    APPLYING = "applying"
    APPLIED = "applied"
    REVERTING = "reverting"
    REVERTED = "reverted"


UNFINISHED = frozenset({State.APPLYING, State.REVERTING})


@dataclass(frozen=True, slots=True)
class FileImage:
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

    def diff(self) -> Iterator[str]:
        """Yield the lines of a unified diff; one line for what is not text."""
        old, new = (_lines(data) for data in (self.before, self.after))
        if old is None or new is None:
            yield f"Binary file {self.path} changes"
            return
        old_name = "/dev/null" if self.before is None else f"a/{self.path}"
        new_name = "/dev/null" if self.after is None else f"b/{self.path}"
        yield from unified_diff(old, new, old_name, new_name)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL of cronshift's own making; values are parameters, never part of its text."""

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SqlBatch:
    """Statements that are run in one transaction, and those that take them back.

    ``database_env`` names the variable that holds the database's address.
    """

    database_env: str
    forward: tuple[Statement, ...]
    backward: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an operation does.

    A move has two images, a batch of SQL none, everything else one.
    """

    kind: ChangeKind
    summary: str
    images: tuple[FileImage, ...] = ()
    batch: SqlBatch | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A list of changes that is applied as one.

    Attributes:
        id: a ULID; ids sort by time.
        command: what the user asked for, in words.
        jobs: the jobs it is about.
        made: folders that do not exist before it, outermost first.
        emptied: folders that hold nothing after it and are removed, innermost first.
        write_by: the last instant at which what it says of the future can still be kept.
    """

    id: str
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
    def batches(self) -> tuple[tuple[int, SqlBatch], ...]:
        """Every batch of SQL, with its number among the changes."""
        return tuple(
            (number, change.batch) for number, change in enumerate(self.changes) if change.batch
        )

    @property
    def images(self) -> tuple[FileImage, ...]:
        """Every file it touches, each once."""
        return tuple(image for change in self.changes for image in change.images)

    def to_json(self) -> dict[str, Any]:
        """Return the journal's document."""
        return {
            "version": VERSION,
            "id": self.id,
            "command": self.command,
            "actor": self.actor,
            "created": _instant(self.created),
            **({"write_by": _instant(self.write_by)} if self.write_by else {}),
            "state": self.state.value,
            "jobs": list(self.jobs),
            "made": list(self.made),
            "emptied": list(self.emptied),
            "changes": [
                {
                    "kind": change.kind.value,
                    "summary": change.summary,
                    "images": [_image_to_json(image) for image in change.images],
                    **({"batch": _batch_to_json(change.batch)} if change.batch else {}),
                }
                for change in self.changes
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Operation:
        """Return the operation of a journal's document.

        Raises:
            KeyError, TypeError, ValueError: if it is not one.
        """
        if document["version"] != VERSION:
            raise ValueError(f"version {document['version']} of the journal")
        return cls(
            id=document["id"],
            command=document["command"],
            actor=document["actor"],
            created=datetime.fromisoformat(document["created"]),
            state=State(document["state"]),
            changes=tuple(
                Change(
                    ChangeKind(change["kind"]),
                    change["summary"],
                    tuple(_image_from_json(image) for image in change["images"]),
                    _batch_from_json(change["batch"]) if "batch" in change else None,
                )
                for change in document["changes"]
            ),
            jobs=tuple(document["jobs"]),
            made=tuple(document["made"]),
            emptied=tuple(document["emptied"]),
            write_by=datetime.fromisoformat(document["write_by"])
            if "write_by" in document
            else None,
        )


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _batch_to_json(batch: SqlBatch) -> dict[str, Any]:
    def statements(these: tuple[Statement, ...]) -> list[dict[str, Any]]:
        return [{"sql": one.sql, "parameters": dict(one.parameters)} for one in these]

    return {
        "database_env": batch.database_env,
        "forward": statements(batch.forward),
        "backward": statements(batch.backward),
    }


def _batch_from_json(document: Mapping[str, Any]) -> SqlBatch:
    def statements(these: list[dict[str, Any]]) -> tuple[Statement, ...]:
        return tuple(Statement(one["sql"], one["parameters"]) for one in these)

    return SqlBatch(
        document["database_env"],
        statements(document["forward"]),
        statements(document["backward"]),
    )


def _image_to_json(image: FileImage) -> dict[str, Any]:
    return {
        "path": image.path,
        "mode": image.mode,
        "before": _content_to_json(image.before),
        "after": _content_to_json(image.after),
    }


def _image_from_json(document: Mapping[str, Any]) -> FileImage:
    return FileImage(
        document["path"],
        _content_from_json(document["before"]),
        _content_from_json(document["after"]),
        document["mode"],
    )


def _content_to_json(data: bytes | None) -> dict[str, str] | None:
    if data is None:
        return None
    content = {"sha256": hashlib.sha256(data).hexdigest()}
    try:
        return content | {"text": data.decode()}
    except UnicodeDecodeError:
        return content | {"base64": base64.b64encode(data).decode()}


def _content_from_json(document: Mapping[str, str] | None) -> bytes | None:
    if document is None:
        return None
    data = document["text"].encode() if "text" in document else base64.b64decode(document["base64"])
    if hashlib.sha256(data).hexdigest() != document["sha256"]:
        raise ValueError("a recorded content does not match its hash")
    return data


def _lines(data: bytes | None) -> list[str] | None:
    """Return the lines of a text, ``None`` for what is none."""
    try:
        text = (data or b"").decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text.splitlines(keepends=True)

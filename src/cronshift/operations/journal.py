"""The journal: ``.cronshift/operations/<ULID>.json``, one file an operation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError, RefusedError
from cronshift.operations.files import replace_durably
from cronshift.operations.lock import STATE_FOLDER
from cronshift.operations.model import UNFINISHED, Operation

if TYPE_CHECKING:
    from pathlib import Path


def journal_folder(root: Path) -> Path:
    """Return where the project's operations are recorded."""
    return root / STATE_FOLDER / "operations"


def write_operation(root: Path, operation: Operation) -> None:
    """Record an operation as it now is; on disk when this returns."""
    folder = journal_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(operation.to_json(), indent=1, ensure_ascii=False) + "\n"
    replace_durably(folder / f"{operation.id}.json", text.encode())


def forget_operation(root: Path, operation: Operation) -> None:
    """Remove the record of an operation that changed nothing."""
    (journal_folder(root) / f"{operation.id}.json").unlink(missing_ok=True)


def read_operation(root: Path, operation_id: str) -> Operation:
    """Return the operation whose id starts with ``operation_id``.

    Raises:
        CronshiftError: if there is none, or more than one.
    """
    found = [path for path in _files(root) if path.stem.startswith(operation_id.upper())]
    if len(found) != 1:
        raise CronshiftError(
            f"{'Several operations start' if found else 'No operation starts'} with {operation_id!r}.",
            reason="no-such-operation",
            hint="cronshift history lists them.",
        )
    return _read(found[0])


def history(root: Path) -> list[Operation]:
    """Return the project's operations, the oldest first."""
    return [_read(path) for path in _files(root)]


def unfinished(root: Path) -> Operation | None:
    """Return the operation that was interrupted, if one was."""
    return next((one for one in reversed(history(root)) if one.state in UNFINISHED), None)


def refuse_unfinished(root: Path) -> None:
    """Refuse to begin anything while an operation is unfinished.

    Raises:
        RefusedError: naming the two ways on.
    """
    operation = unfinished(root)
    if operation is not None:
        raise RefusedError(
            f"Operation {operation.id} ({operation.command}) is unfinished.",
            reason="unfinished-operation",
            hint="cronshift resume finishes it; cronshift resume --revert undoes it.",
        )


def _files(root: Path) -> list[Path]:
    return sorted(journal_folder(root).glob("*.json"))


def _read(path: Path) -> Operation:
    try:
        return Operation.from_json(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise RefusedError(
            f"The journal's {path.name} cannot be read: {type(error).__name__}: {error}.",
            reason="broken-journal",
            hint="Restore it from version control.",
            where=str(path),
        ) from error

"""The record of a set-up, beside the journal of operations: which steps are done, by whom, since when."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from cronshift.errors import RefusedError
from cronshift.operations.files import content_at, open_folder
from cronshift.operations.lock import STATE_FOLDER, actor, project_lock
from cronshift.operations.staging import replace_durably
from cronshift.runtime.ownership import tick_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

_FOLDER = (STATE_FOLDER, "setup")


class StepMark(Struct, frozen=True):
    """A step that is done.

    Attributes:
        by: ``user@host``.
        at: when that was seen or said first.
        by_word: whether a person said so, and nothing showed it.
    """

    by: str
    at: str
    by_word: bool = False


class _Record(Struct, frozen=True):
    version: int
    steps: dict[str, StepMark]


def read_marks(root: Path, environment: str) -> dict[str, StepMark]:
    """Return the steps that are recorded as done.

    Raises:
        RefusedError: if the record is none.
    """
    name = f"{environment}.json"
    try:
        with open_folder(root, _FOLDER) as folder:
            data = content_at(folder, name, "/".join((*_FOLDER, name)))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    if data is None:
        return {}
    try:
        return msgspec.json.decode(data, type=_Record).steps
    except (msgspec.DecodeError, RecursionError):
        raise RefusedError(
            f"{'/'.join((*_FOLDER, name))} is no record of a set-up.",
            reason="broken-journal",
            hint="Restore it from version control, or remove it: it is made anew.",
        ) from None


def mark_done(
    root: Path,
    environment: str,
    steps: Mapping[str, bool],
    open_steps: Iterable[str],
    now: datetime,
) -> None:
    """Record steps as done; those that are open again are forgotten.

    Args:
        root: the project's folder.
        environment: its name.
        steps: what is done, and whether a person said so.
        open_steps: what is not done any more.
        now: the present instant.
    """
    before = read_marks(root, environment)
    forgotten = set(open_steps) - steps.keys()
    marks = {name: mark for name, mark in before.items() if name not in forgotten}
    marks |= {
        name: StepMark(actor(), tick_text(now), by_word)
        for name, by_word in steps.items()
        if name not in marks
    }
    if marks == before:
        return
    document = {
        "version": 1,
        "steps": {name: msgspec.to_builtins(marks[name]) for name in sorted(marks)},
    }
    data = (json.dumps(document, indent=1) + "\n").encode()
    with project_lock(root), open_folder(root, _FOLDER, make=True) as folder:
        replace_durably(folder, f"{environment}.json", data)

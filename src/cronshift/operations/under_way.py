"""The operation that this user has under way in a project, on this machine.

That is noted outside the project, where no commit reaches: an operation that came to its end is not
taken up again because somebody sets its record, or a kept plan, to a state from before that end.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from cronshift.operations.staging import replace_durably
from cronshift.operations.user_key import open_user_folder, read_private

if TYPE_CHECKING:
    from pathlib import Path

_LENGTH = 26  # of a ULID
_MODE = 0o600


def note_begun(root: Path, operation_id: str) -> None:
    """Note an operation as begun; on disk on return, where the user has a folder for it."""
    if not is_under_way(root, operation_id):
        with suppress(OSError), open_user_folder() as folder:
            replace_durably(folder, _name(root), operation_id.encode(), _MODE)


def note_ended(root: Path, operation_id: str) -> None:
    """Note an operation as ended."""
    if is_under_way(root, operation_id):
        with suppress(OSError), open_user_folder() as folder:
            os.unlink(_name(root), dir_fd=folder)


def is_under_way(root: Path, operation_id: str) -> bool:
    """Return whether this user began an operation here and has not ended it."""
    try:
        with open_user_folder() as folder:
            return read_private(folder, _name(root), _LENGTH) == operation_id.encode()
    except OSError:
        return False


def _name(root: Path) -> str:
    """Return the note's name: a project has one operation under way at a time."""
    return f"under-way.{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()}"

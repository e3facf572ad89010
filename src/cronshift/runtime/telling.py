"""The outcomes of asking a side about the ownership file that it holds."""

from __future__ import annotations

from enum import StrEnum


class Telling(StrEnum):
    """The outcome of asking one side; after all but the first two its ticks are not known."""

    FILE = "file"
    NO_FILE = "no-file"
    UNREACHABLE = "did-not-answer"
    WRONG_SECRET = "wrong-secret"  # noqa: S105 - what was found
    PROTECTED = "protected"
    SILENT = "no-guard"
    NOT_ASKED = "not-asked"

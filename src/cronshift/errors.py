"""The one error users see, and its few children.

Every error carries a stable ``reason`` slug, one sentence, and where it can a hint with the next
command and the place (``file``, ``file:line``, ``crons[3].schedule``). The command line turns it
into text or JSON once, at its boundary.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the process answers (DESIGN, section 4)."""

    OK = 0
    NOT_WELL = 1
    USAGE = 2
    REFUSED = 3
    INTERRUPTED = 130


class CronshiftError(Exception):
    """Something cronshift cannot do as asked."""

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE
    default_reason: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        hint: str | None = None,
        where: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.hint = hint
        self.where = where

    def to_dict(self) -> dict[str, str | None]:
        """Return the body of ``{"error": …}`` as printed under ``--json``."""
        return {
            "reason": self.reason,
            "message": self.message,
            "hint": self.hint,
            "where": self.where,
        }


class ConfigError(CronshiftError):
    """A file the user wrote cannot be read as what it should be."""

    default_reason = "invalid-config"


class ScheduleError(CronshiftError):
    """A cron expression that its reader (Vercel or Inngest) does not accept.

    Attributes:
        field: ``minute``, ``hour``, ``day-of-month``, ``month``, ``day-of-week``, ``zone`` or
            ``expression`` when the whole is at fault.
    """

    default_reason = "invalid-schedule"

    def __init__(self, message: str, *, field: str, reason: str | None = None) -> None:
        super().__init__(message, reason=reason, where=field)
        self.field = field


class NotWellError(CronshiftError):
    """What was asked about is not well: a failed run, invalid modules, drift."""

    exit_code = ExitCode.NOT_WELL
    default_reason = "not-well"


class RefusedError(CronshiftError):
    """Refused, to protect state: a file changed since it was recorded, a lock is held."""

    exit_code = ExitCode.REFUSED
    default_reason = "refused"


class TooLateError(RefusedError):
    """Refused, because what was planned for the future can no longer be kept: plan it again."""

    default_reason = "too-late"

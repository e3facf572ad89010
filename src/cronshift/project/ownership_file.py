"""The project's ownership file: who owns which ticks, as it lies on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.operations.files import content, inside
from cronshift.runtime.ownership import OWNERSHIP_NAME, Ownership, parse_ownership, percent_at

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def read_ownership(root: Path) -> Ownership:
    """Return the project's ownership; empty when there is no file yet.

    Raises:
        ConfigError: if the file is broken.
    """
    return ownership_of(content(inside(root, OWNERSHIP_NAME)))


def ownership_of(data: bytes | None) -> Ownership:
    """Return the ownership in the bytes of a file; empty for no file.

    Raises:
        ConfigError: if they are broken.
    """
    return Ownership() if data is None else parse_ownership(data.decode(errors="replace"))


def percent_now(ownership: Ownership, job: str, now: datetime) -> int:
    """Return the percentage of a job's ticks that are Inngest's at ``now``."""
    return percent_at(ownership.jobs.get(job, ()), now)

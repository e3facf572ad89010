"""The dry run that a job's handler declares: a parameter of the query, or a header.

``?dry_run=1`` stands behind the entry's query; ``X-Dry-Run: 1`` is sent beside its headers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.runtime.ownership import bucket, tick_text
from cronshift.runtime.wire import OWNER_PREFIX

if TYPE_CHECKING:
    from datetime import datetime

FLOOR = "-rehearsal"
"""Behind the run's id, in the record of a rehearsal by the side that acted."""


def dry_path(path: str, rehearsal: str) -> str:
    """Return the path of a job's dry run."""
    if not rehearsal.startswith("?"):
        return path
    base, mark, fragment = path.partition("#")
    joint = "&" if "?" in base else "?"
    return f"{base}{joint}{rehearsal[1:]}{mark}{fragment}"


def dry_headers(rehearsal: str) -> dict[str, str]:
    """Return the headers that a job's dry run has besides the usual ones, with lower-case names."""
    if rehearsal.startswith("?"):
        return {}
    name, _, value = rehearsal.partition(":")
    return {name.strip().lower(): value.strip()}


def goes_first(job: str, tick: datetime) -> bool:
    """Return whether the side that stands by rehearses a tick before the other acts: at random."""
    return bucket(f"{job} rehearsal", tick_text(tick)) % 2 == 0


def is_others(reason: str, other: str) -> bool:
    """Return whether a tick is skipped because the other side, and nobody else, runs it."""
    return reason == OWNER_PREFIX + other

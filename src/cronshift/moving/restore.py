"""Restore: the edits that bring back what cutover and finalize took away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.moving.entries import put_back, regenerated
from cronshift.moving.pointing import undispatch
from cronshift.targets import target_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.operations import Edit, Operation
    from cronshift.plan.snapshot import Snapshot


def restored(before: Snapshot, jobs: Sequence[str], past: Sequence[Operation]) -> list[Edit]:
    """Return the edits that bring back what is gone of the jobs: entries, routes, guards.

    Args:
        before: the project as it is.
        jobs: ids.
        past: the operations of before, the oldest first.

    Raises:
        RefusedError: if a file that is to come back is not as it was left.
    """
    if not jobs:
        return []
    target = target_named(before.plan.target)
    entries = undispatch(before, put_back(before.project, jobs, past), jobs)
    back = target.bring_back(before.project, jobs, past)
    written = regenerated(before, [*entries, *back])
    paths = {edit.path for edit in written}  # what is generated again is as it is to be now
    return [*entries, *(edit for edit in back if edit.path not in paths), *written]

"""Restore: the edits that bring back entries, routes and guards after cutover and finalize."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.moving.entries import put_back, regenerated
from cronshift.moving.pointing import repoint
from cronshift.targets import target_named

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cronshift.model import Plan
    from cronshift.operations import Edit, Operation
    from cronshift.plan.snapshot import Snapshot


class Restoration(Struct, frozen=True):
    """The edits that bring back entries, routes and guards after cutover and finalize.

    Attributes:
        edits: of entries, routes, guards, and what is generated.
        plan: as it is with them.
    """

    edits: tuple[Edit, ...]
    plan: Plan


def restored(
    before: Snapshot,
    jobs: Sequence[str],
    past: Sequence[Operation],
    waiting: Collection[str] = (),
) -> Restoration:
    """Return the edits that bring back the jobs' entries, routes and guards.

    Args:
        before: the project as it is.
        jobs: ids.
        past: the operations of before, the oldest first.
        waiting: the ids of those that are still to be asked whose a tick is: their entries go to
            the guard.

    Raises:
        RefusedError: if a file that is to come back is not as it was left.
    """
    if not jobs:
        return Restoration((), before.plan)
    target = target_named(before.plan.target)
    back = target.bring_back(before.project, jobs, past)
    returned = [*put_back(before.project, jobs, past), *back]
    returned = repoint(before, returned, jobs, waiting)
    written = regenerated(before, returned)
    paths = {edit.path for edit in written}  # what is generated again is as it is to be now
    files = {edit.path for edit in back}
    edits = (*(edit for edit in returned if edit.path not in paths & files), *written)
    return Restoration(edits, before.after(returned).plan)

"""Roll back: the operation that gives ticks to Vercel again, at once, and restores its files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from cronshift.config import CONFIG_NAME
from cronshift.cutover import ownership_of
from cronshift.entries import put_back, regenerated, undispatch
from cronshift.errors import RefusedError
from cronshift.migration import unknown_job
from cronshift.operations import (
    Change,
    ChangeKind,
    Edit,
    Operation,
    State,
    build_operation,
    history,
    new_operation_id,
)
from cronshift.operations.files import content, inside
from cronshift.ownership import OWNERSHIP_NAME, Epoch, Ownership, dump_ownership, percent_at
from cronshift.placing import NEXTJS
from cronshift.planning import make_plan
from cronshift.targets.nextjs.relocating import relocated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from cronshift.operations import FileImage
    from cronshift.project import Project


@dataclass(frozen=True, slots=True)
class Rollback:
    """What ``rollback`` would do.

    Attributes:
        jobs: those that change owner.
        done: those whose ticks are all Vercel's already.
        restored: files that come back.
        advice: what to do next, in sentences.
    """

    jobs: tuple[str, ...]
    done: tuple[str, ...]
    restored: tuple[str, ...]
    operation: Operation
    advice: tuple[str, ...]


def prepare_rollback(project: Project, jobs: Collection[str], now: datetime) -> Rollback:
    """Return the operation that gives all ticks of the jobs back to Vercel.

    Nothing but the project's own files is needed: no network, no database.

    Args:
        project: the project.
        jobs: their ids; all that ever moved when empty.
        now: the present instant.

    Raises:
        CronshiftError: for a job that is neither planned nor in the ownership file.
        RefusedError: if a file that is to come back is not as it was left.
    """
    held = content(inside(project.root, OWNERSHIP_NAME))
    ownership, past = ownership_of(held), history(project.root)
    plan = make_plan(project)
    known = [*(job.id for job in plan.jobs), *(job for job in ownership.jobs if not plan.job(job))]
    unknown = [job for job in jobs if job not in known]
    if unknown:
        raise unknown_job(unknown[0], known)
    chosen = [job for job in known if job in jobs or not jobs]
    moved = {job for job, one in project.settings.jobs.items() if one.moved}
    moved |= {job.id for job in plan.jobs if job.entry.called is not None}
    back = [job for job in chosen if _is_away(ownership, job, now) or job in moved]
    operation_id = new_operation_id(now)
    after = _taken_back(ownership, back, now, operation_id)
    edits = _file_edits(project, back, past)
    if after != ownership:
        said = f"{', '.join(back)}: 0 % from now on"
        text = dump_ownership(after).encode()
        edits.append(Edit(OWNERSHIP_NAME, text, ChangeKind.ADD_EPOCH, said, based_on=held))
    operation = build_operation(
        project.root,
        f"rollback {' '.join(back)}",
        edits,
        now,
        jobs=tuple(back),
        operation_id=operation_id,
        allow_dirty=True,  # a way back must be open whatever is uncommitted
    )
    restored = tuple(image.path for image in operation.images if image.path != OWNERSHIP_NAME)
    return Rollback(
        jobs=tuple(back),
        done=tuple(job for job in chosen if job not in back),
        restored=restored,
        operation=operation,
        advice=_advice(back, restored),
    )


def _is_away(ownership: Ownership, job: str, now: datetime) -> bool:
    """Return whether a tick of the job may be Inngest's, now or later."""
    epochs = ownership.jobs.get(job, ())
    return percent_at(epochs, now) > 0 or any(epoch.effective_at > now for epoch in epochs)


def _taken_back(
    ownership: Ownership, jobs: Sequence[str], now: datetime, operation: str
) -> Ownership:
    """Return the ownership without what is still to come, and with 0 % from now on."""
    start = now.replace(microsecond=0) + timedelta(seconds=bool(now.microsecond))
    after = dict(ownership.jobs)
    for job in jobs:
        begun = tuple(epoch for epoch in after.get(job, ()) if epoch.effective_at <= now)
        if percent_at(begun, now) > 0:
            at = max(start, begun[-1].effective_at + timedelta(seconds=1))
            begun = (*begun, Epoch(at, 0, operation))
        after[job] = begun
        if not begun:
            del after[job]
    return replace(ownership, jobs=after)


def _file_edits(project: Project, jobs: Sequence[str], past: Sequence[Operation]) -> list[Edit]:
    """Return the edits that bring back what is gone: entries, routes, guards."""
    if not jobs:
        return []
    edits = undispatch(project, put_back(project, jobs, past), jobs)
    edits += _routes_back(project, jobs, past)
    written = regenerated(project, edits)
    if project.settings.target != NEXTJS:  # there, all that was removed is generated again
        paths = {edit.path for edit in written}
        edits += [edit for edit in _removed(project, jobs, past) if edit.path not in paths]
    return [*edits, *written]


def _routes_back(
    project: Project, jobs: Sequence[str], past: Sequence[Operation]
) -> Iterator[Edit]:
    """Yield the edits that move the modules of finalized jobs back to their routes.

    A module that was changed since keeps the change. One that another job still calls stays too.
    """
    handlers = {
        job: one.moved.handler.rpartition(":")[0]
        for job, one in project.settings.jobs.items()
        if one.moved is not None and one.moved.handler is not None
    }
    staying = {file for job, file in handlers.items() if job not in jobs}
    for file in sorted({handlers[job] for job in jobs if job in handlers}):
        image = _route_before(past, file)
        now = content(inside(project.root, file))
        if image is None or image.before is None or now is None:
            continue
        route, moved = image.path, now.decode(errors="surrogateescape")
        data: bytes | None = image.before
        if now != _moved_to(past, file):
            back = relocated(moved, file, route)
            data = None if back is None else back.encode(errors="surrogateescape")
        if data is None or content(inside(project.root, route)) is not None:
            raise RefusedError(
                f"{file} cannot go back to {route}: the one was changed, or the other is taken.",
                reason="route-changed",
                hint=f"Move it by hand, and take `handler` out of its `moved` in {CONFIG_NAME}.",
                where=file,
            )
        said = f"{file} → {route}: a route again"
        gone = None if file in staying else file
        yield Edit(route, data, ChangeKind.MOVE, said, moved_from=gone)


def _route_before(past: Sequence[Operation], file: str) -> FileImage | None:
    """Return the image of the route that became ``file``, the newest one."""
    for change in _moves(past, file):
        return next(image for image in change.images if image.path != file)
    return None


def _moved_to(past: Sequence[Operation], file: str) -> bytes | None:
    """Return what ``file`` held when it was moved there."""
    for change in _moves(past, file):
        return next(image for image in change.images if image.path == file).after
    return None


def _moves(past: Sequence[Operation], file: str) -> Iterator[Change]:
    """Yield the moves that made ``file``, the newest first."""
    for operation in reversed(past):
        for change in operation.changes if operation.state is State.APPLIED else ():
            made = any(image.path == file and image.after is not None for image in change.images)
            if change.kind is ChangeKind.MOVE and made:
                yield change


def _removed(project: Project, jobs: Sequence[str], past: Sequence[Operation]) -> list[Edit]:
    """Return the edits that bring back what finalizing the jobs removed: routes and guards."""
    edits: dict[str, Edit] = {}
    for operation in reversed(past):
        if operation.state is not State.APPLIED or not operation.command.startswith("finalize"):
            continue
        if not set(jobs) & set(operation.jobs):
            continue
        for change in operation.changes:
            if change.kind is not ChangeKind.DELETE and change.kind is not ChangeKind.REMOVE_GUARD:
                continue
            for image in change.images:
                now = content(inside(project.root, image.path))
                if image.path not in edits and now == image.after:
                    said = f"bring {image.path} back"
                    edits[image.path] = Edit(image.path, image.before, ChangeKind.WRITE, said)
    return list(edits.values())


def _advice(jobs: Sequence[str], restored: Sequence[str]) -> tuple[str, ...]:
    if not jobs:
        return ()
    advice = ["Commit and deploy both sides: each goes by the file that it holds."]
    if restored:
        advice.append("Vercel calls again once the deployment with its entries is live.")
    return tuple(advice)

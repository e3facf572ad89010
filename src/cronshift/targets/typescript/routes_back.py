"""The return of routes: modules that retiring moved beside the functions go back."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cronshift.errors import RefusedError
from cronshift.handlers.tree import SourceTree
from cronshift.operations import ChangeKind, Edit, MoveFile, Operation, State
from cronshift.operations.files import content, inside
from cronshift.project.settings import CONFIG_NAME
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.relocating import relocated
from cronshift.targets.typescript.retiring import importers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.operations import FileImage
    from cronshift.project import Project


def routes_back(project: Project, jobs: Sequence[str], past: Sequence[Operation]) -> Iterator[Edit]:
    """Yield the edits that move the modules of finalized jobs back to their routes.

    A module that was changed since keeps the change. One that another job still calls stays too,
    and where a file that was changed by hand imports it, the route is found there as well.
    """
    handlers = {
        job: settings.moved.handler.rpartition(":")[0]
        for job, settings in project.settings.jobs.items()
        if settings.moved is not None and settings.moved.handler is not None
    }
    staying = {file for job, file in handlers.items() if job not in jobs}
    tree = SourceTree(project.root)
    imported = {file for file, *_ in importers(tree, set(handlers.values()))}
    back: dict[str, bytes] = {}
    for file in sorted({handlers[job] for job in jobs if job in handlers}):
        image = _route_before(past, file)
        now = content(inside(project.root, file))
        if image is None or now is None:
            raise _stuck(file, "its route", "where that was is not recorded here")
        route, data = image.path, _route(past, file, image, now)
        there = back.get(route, content(inside(project.root, route)))
        if data is None or there not in {None, data}:
            raise _stuck(file, route, "the one was changed, or the other is taken")
        if file in imported - staying:
            summary = f"{file}: what imports it finds {route}"
            yield Edit(file, _passing_on(route, file), ChangeKind.WRITE, summary)
        gone = None if file in staying | imported else file
        if route not in back:
            summary = f"{file} → {route}: a route again"
            yield Edit(route, data, ChangeKind.MOVE, summary, moved_from=gone, mode=image.mode)
        elif gone:
            yield Edit(gone, None, ChangeKind.DELETE, f"{file}: {route} does this again")
        back[route] = data


def _passing_on(route: str, file: str) -> bytes:
    """Return a module that is another one."""
    path = PurePosixPath(route)
    there = f'from "{import_path(str(path.with_suffix("")), file)}";\n'
    is_page = path.stem != "route"
    return f"export * {there}{f'export {{ default }} {there}' if is_page else ''}".encode()


def _stuck(file: str, route: str, why: str) -> RefusedError:
    return RefusedError(
        f"{file} cannot go back to {route}: {why}.",
        reason="route-changed",
        hint=f"Move it by hand, and take `handler` out of its `moved` in {CONFIG_NAME}.",
        where=file,
    )


def _route(past: Sequence[Operation], file: str, image: FileImage, now: bytes) -> bytes | None:
    """Return the content of a route once ``file`` is it again; ``None`` where it cannot be."""
    if now == _moved_to(past, file):
        return image.before
    back = relocated(now.decode(errors="surrogateescape"), file, image.path)
    return None if back is None else back.encode(errors="surrogateescape")


def _route_before(past: Sequence[Operation], file: str) -> FileImage | None:
    """Return the image of the route that became ``file``, the newest one."""
    return next((move.old for move in _moves(past, file)), None)


def _moved_to(past: Sequence[Operation], file: str) -> bytes | None:
    """Return the content of ``file`` when it was moved there."""
    return next((move.new.after for move in _moves(past, file)), None)


def _moves(past: Sequence[Operation], file: str) -> Iterator[MoveFile]:
    """Yield the moves that made ``file``, the newest first."""
    for operation in reversed(past):
        for change in operation.changes if operation.state is State.APPLIED else ():
            if isinstance(change, MoveFile) and change.new.path == file:
                yield change

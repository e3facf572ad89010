"""The routes and guards of a Python app: their removal after the move, and their return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.model import HandlerKind, Job, Mode
from cronshift.moving.ending import each_once, staying
from cronshift.moving.entries import regenerated, take_out
from cronshift.moving.fixing.guard_removal import without_guard
from cronshift.operations import (
    ChangeKind,
    DeleteFile,
    Edit,
    Intent,
    Operation,
    RemoveGuard,
    State,
)
from cronshift.operations.files import content, inside
from cronshift.runtime.regular_files import is_regular
from cronshift.targets.python.dead_globs import without_dead_globs
from cronshift.targets.python.package import GUARD_NAME, guard_path
from cronshift.targets.registry import generate
from cronshift.targets.target import Retirement
from cronshift.vercel import ConfigFormat

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cronshift.plan.snapshot import Snapshot
    from cronshift.project import Project


def retire(before: Snapshot, jobs: Sequence[Job]) -> Retirement:
    """Return the end of Vercel's part of the jobs.

    Raises:
        RefusedError: if an entry stands where it cannot be taken out as text.
    """
    project, plan = before.project, before.plan
    planned = take_out(project, jobs)
    routes = _dead_routes(project, jobs)
    planned = _without_globs(project, planned, routes)
    written = regenerated(before, planned)
    generated = [file.path for file in generate(before.after(planned).plan)]
    guards, stuck = _guards(project, plan.out, generated)
    removed = [
        Edit(path, None, ChangeKind.DELETE, f"the route of {job}, whose work runs in its function")
        for path, job in routes.items()
    ]
    guards = [guard for guard in guards if guard.path not in routes]
    edits = [*planned, *removed, *each_once(written, guards)]
    return Retirement(edits, [*staying(project, jobs, routes), *stuck])


def bring_back(project: Project, jobs: Sequence[str], past: Sequence[Operation]) -> list[Edit]:
    """Return the edits that bring back the routes and guards that finalizing the jobs removed."""
    edits: dict[str, Edit] = {}
    for operation in reversed(past):
        if operation.state is not State.APPLIED or operation.intent is not Intent.FINALIZE:
            continue
        if not set(jobs) & set(operation.jobs):
            continue
        for change in operation.changes:
            if not isinstance(change, DeleteFile | RemoveGuard):
                continue
            image = change.image
            now = content(inside(project.root, image.path))
            if image.path not in edits and now == image.after:
                summary = f"bring {image.path} back"
                edits[image.path] = Edit(image.path, image.before, ChangeKind.WRITE, summary)
    return list(edits.values())


def _dead_routes(project: Project, jobs: Sequence[Job]) -> dict[str, str]:
    """Return the route files that only started work which a function now does itself, by path."""
    resolver = project.resolver()
    routes = {}
    for job in jobs:
        route = resolver.resolve(job.entry.path).handler
        named = job.handler
        if (
            job.mode is Mode.DIRECT
            and named is not None
            and named.kind is HandlerKind.CALLABLE
            and route is not None
            and route.kind is HandlerKind.HTTP_HANDLER
            and route.file != named.file
        ):
            routes[route.file] = job.id
    return routes


def _without_globs(
    project: Project, planned: Sequence[Edit], routes: Collection[str]
) -> list[Edit]:
    """Drop the ``functions`` globs that match nothing any more: Vercel refuses such a file."""
    source = project.sources[0]
    files = [path.relative_to(project.root).as_posix() for path in project.root.glob("api/**/*")]
    return [
        replace(change, after=without_dead_globs(change.after.decode(), routes, files).encode())
        if change.path == source.file
        and change.after is not None
        and source.format is ConfigFormat.JSON
        else change
        for change in planned
    ]


def _guards(project: Project, out: str, generated: Collection[str]) -> tuple[list[Edit], list[str]]:
    """Return the edits that remove a guard which has no job left, and where that is not possible."""
    path = guard_path(out)
    if path in generated or content(inside(project.root, path)) is None:
        return [], []
    edits, stuck = [], []
    module = GUARD_NAME.removesuffix(".py")
    for file in _python_files(project):
        source = content(inside(project.root, file)) or b""
        if module.encode() not in source or file == path:
            continue
        try:
            text = without_guard(source.decode(), module)
        except UnicodeDecodeError:
            text = None
        if text is None:
            stuck.append(f"{file} uses the guard in a way that only you can take out.")
        elif text.encode() != source:
            edits.append(Edit(file, text.encode(), ChangeKind.REMOVE_GUARD, f"{file}: no guard"))
    if not stuck:
        edits.append(Edit(path, None, ChangeKind.REMOVE_GUARD, f"{path}: no job is left in it"))
    return edits, stuck


def _python_files(project: Project) -> Iterator[str]:
    hidden = {"node_modules", "venv", "__pycache__", "site-packages"}
    for file in sorted(project.root.rglob("*.py")):
        if file.is_symlink() or not is_regular(file):
            continue
        relative = file.relative_to(project.root)
        if not any(part.startswith(".") or part in hidden for part in relative.parts):
            yield relative.as_posix()

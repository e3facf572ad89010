"""Contract: the operation after which nothing of Vercel cron is left for a job."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cronshift.errors import RefusedError
from cronshift.handlers import Resolver
from cronshift.handlers.tree import SourceTree
from cronshift.model import HandlerKind, Job, Mode, Origin, Plan
from cronshift.moving.cutover import read_ownership
from cronshift.moving.entries import abandoned, project_after, regenerated, take_out
from cronshift.moving.fixing.guard_removal import without_guard
from cronshift.moving.migration import pick_jobs
from cronshift.operations import ChangeKind, Edit, Intent, Operation, build_operation
from cronshift.operations.files import content, inside
from cronshift.plan.leftovers import Leftover, find_leftovers
from cronshift.plan.placement import NEXTJS
from cronshift.plan.planning import make_plan
from cronshift.readiness.checking import Decisions, check, refuse_bad
from cronshift.readiness.fact import Stage
from cronshift.readiness.subject import Subject
from cronshift.runtime.ownership import tick_text
from cronshift.targets import generate
from cronshift.targets.nextjs.retiring import retire
from cronshift.targets.python import GUARD_NAME, guard_path
from cronshift.vercel import ConfigFormat, edit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import datetime

    from cronshift.project import Project
    from cronshift.readiness.fact import Fact
    from cronshift.runtime.ownership import Ownership

    HasRun = Callable[[str, datetime], bool]

_EVERYTHING = 100
_NONE = Decisions()


@dataclass(frozen=True, slots=True)
class Finalization:
    """What ``finalize`` would do.

    Attributes:
        jobs: those that it ends Vercel's part of.
        done: those that have no such part any more.
        stays: what is left on purpose, and why, in sentences.
        leftovers: lines that may have lost their reason.
        entries_left: how many entries Vercel still has afterwards.
        facts: what it depends on, and what is known of that.
    """

    jobs: tuple[str, ...]
    done: tuple[str, ...]
    stays: tuple[str, ...]
    leftovers: tuple[Leftover, ...]
    entries_left: int
    operation: Operation
    facts: tuple[Fact, ...] = ()


def prepare_finalization(
    project: Project,
    jobs: Collection[str],
    now: datetime,
    has_run: HasRun,
    *,
    decisions: Decisions = _NONE,
) -> Finalization:
    """Return the operation that removes the jobs' entries, guards and dead routes.

    Args:
        project: the project.
        jobs: their ids; all when empty.
        now: the present instant.
        has_run: tells whether Inngest ran a job's tick.
        decisions: which known bad facts stop nothing.

    Raises:
        RefusedError: for jobs that are not wholly and visibly Inngest's yet, each with its reason.
        CronshiftError: for a job that is not in the plan.
    """
    plan = make_plan(project)
    chosen = pick_jobs(plan, jobs)
    ready = [job for job in chosen if job.entry.origin is not Origin.MOVED]
    ownership = read_ownership(project.root)
    reasons = [
        f"{job.id} {why}" for job in ready if (why := _not_yet(ownership, job, now, has_run))
    ]
    if reasons:
        raise RefusedError(
            f"Not yet: {'; '.join(reasons)}.",
            reason="not-ready",
            hint="cronshift status shows where each job stands.",
        )
    facts = check(Subject(project, plan, ready, now, Stage.REMOVE)) if ready else ()
    refuse_bad(facts, decisions)
    ending = _end_nextjs if plan.target == NEXTJS else _end_python
    edits, stays = ending(project, plan, ready) if ready else ([], [])
    new_plan = make_plan(project_after(project, edits))
    operation = build_operation(
        project.root,
        f"finalize {' '.join(job.id for job in ready)} {decisions.in_words(facts)}".strip(),
        edits,
        now,
        intent=Intent.FINALIZE,
        jobs=[job.id for job in ready],
    )
    gone = {image.path for image in operation.images if image.after is None}
    left = (
        find_leftovers(project.root, [job.entry.path for job in ready], plan.out) if ready else []
    )
    return Finalization(
        jobs=tuple(job.id for job in ready),
        done=tuple(job.id for job in chosen if job not in ready),
        stays=tuple(stays),
        leftovers=tuple(line for line in left if line.file not in gone),
        entries_left=sum(job.entry.origin is not Origin.MOVED for job in new_plan.jobs),
        operation=operation,
        facts=facts,
    )


def _end_python(project: Project, plan: Plan, jobs: Sequence[Job]) -> tuple[list[Edit], list[str]]:
    """Return the edits that end Vercel's part of the jobs, and what stays."""
    planned = take_out(project, jobs)
    routes = _dead_routes(project, jobs)
    planned = _without_globs(project, planned, routes)
    new_plan = make_plan(project_after(project, planned))
    written = regenerated(project, planned)
    guards, stuck = _guards(project, plan.out, [file.path for file in generate(new_plan)])
    removed = [
        Edit(path, None, ChangeKind.DELETE, f"the route of {job}, whose work runs in its function")
        for path, job in routes.items()
    ]
    guards = [one for one in guards if one.path not in routes]
    edits = [*planned, *removed, *_once(written, guards)]
    return edits, [*_stays(project, jobs, routes), *stuck]


def _end_nextjs(project: Project, plan: Plan, jobs: Sequence[Job]) -> tuple[list[Edit], list[str]]:
    """Return the edits that end Vercel's part of the jobs, and what stays, in a Next.js app.

    The routes' modules move to where their functions are; the dispatcher's routes go.
    """
    entries_gone = project_after(project, take_out(project, jobs))
    moves, stay = retire(SourceTree(project.root, entries_gone.edited), plan, jobs)
    kept = {job: move.kept for move in moves for job in move.jobs}
    planned = take_out(project, jobs, kept)
    planned += [
        Edit(
            move.new,
            move.text.encode(),
            ChangeKind.MOVE,
            f"{move.old} → {move.new}: no route any more",
            moved_from=move.old,
        )
        for move in moves
    ]
    written = regenerated(project, planned)
    gone, edited = abandoned(project, planned)
    edits = [*planned, *_once(written, gone)]
    return edits, [
        *(f"{file} stays: {reason}." for file, reason in stay.items()),
        *_stays(project, [job for job in jobs if job.mode is Mode.BRIDGE], ()),
        *(f"{path} is no longer needed, but was changed by hand." for path in edited),
    ]


def _not_yet(ownership: Ownership, job: Job, now: datetime, has_run: HasRun) -> str | None:
    """Return why a job cannot be finalized now, reading on from its name."""
    epochs = ownership.jobs.get(job.id, ())
    if not epochs or epochs[-1].percent != _EVERYTHING:
        return f"is at {epochs[-1].percent if epochs else 0} %"
    start = epochs[-1].effective_at
    if start > now:
        return f"changes owner only at {tick_text(start)}"
    tick = job.schedule.latest(now) if job.schedule else None
    if tick is None or tick < start:
        return "has had no tick since it became Inngest's"
    if not has_run(job.id, tick):
        return f"was due at {tick_text(tick)}, and nobody has seen that it ran"
    return None


def _dead_routes(project: Project, jobs: Sequence[Job]) -> dict[str, str]:
    """Return the route files that only started work which a function now does itself, by path."""
    resolver = Resolver(project.root, project.sources[0].document)
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
    globs = source.document.get("functions")
    if source.format is not ConfigFormat.JSON or not isinstance(globs, dict):
        return list(planned)
    files = [path.relative_to(project.root).as_posix() for path in project.root.glob("api/**/*")]
    kept = [file for file in files if file not in routes]
    dead = [
        glob
        for glob in globs
        if any(fnmatchcase(file, glob) for file in routes)
        and not any(fnmatchcase(file, glob) for file in kept)
    ]
    edits = []
    for one in planned:
        if one.path == source.file and one.after is not None:
            text = one.after.decode()
            for glob in dead:
                whole = len(dead) == len(globs)
                text = edit.remove_member(text, "functions", *([] if whole else [glob]))
                if whole:
                    break
            one = replace(one, after=text.encode())  # noqa: PLW2901 - the same edit, narrowed
        edits.append(one)
    return edits


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
        relative = file.relative_to(project.root)
        if not any(part.startswith(".") or part in hidden for part in relative.parts):
            yield relative.as_posix()


def _once(written: Sequence[Edit], guards: Sequence[Edit]) -> list[Edit]:
    """Return all edits, each path once; removing a guard beats writing it anew."""
    paths = {one.path for one in guards}
    return [*(one for one in written if one.path not in paths), *guards]


def _stays(project: Project, jobs: Sequence[Job], routes: Collection[str]) -> Iterator[str]:
    for job in jobs:
        if job.mode is Mode.BRIDGE:
            yield f"The route {job.entry.path} stays: {job.id} calls it over HTTP."
        elif job.handler is not None and job.handler.kind is not HandlerKind.CALLABLE:
            yield f"{job.handler.file} stays: {job.id} calls it in process."
    if project.framework and not routes and any(job.mode is Mode.DIRECT for job in jobs):
        yield "CRON_SECRET stays as long as a route asks for it."

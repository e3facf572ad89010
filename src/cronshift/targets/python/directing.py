"""Jobs of a Python package that become the app's own: all of them at once, or none."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cronshift.handlers.tree import SourceTree
from cronshift.model import HandlerKind, Origin, RowSource
from cronshift.moving.directing import merged, settled, told_of_secret
from cronshift.operations import ChangeKind, Edit
from cronshift.plan.functions import has_runs
from cronshift.plan.job_ids import module_name
from cronshift.project.requirements import manifest_of, without_runtime
from cronshift.targets.direct.other_callers import offered, told_of_event
from cronshift.targets.direct.python.called import ModuleScope
from cronshift.targets.direct.python.emptied import without_emptied
from cronshift.targets.direct.python.sending import Sending
from cronshift.targets.direct.python.source import own_nodes
from cronshift.targets.python import names
from cronshift.targets.python.callers import uses_of
from cronshift.targets.python.dead_globs import without_dead_globs
from cronshift.targets.python.direct_module import DirectRows, direct_module
from cronshift.targets.python.mounting import MOUNT_MODULE, Framework
from cronshift.targets.python.own_work import WorkWritten, django_app, written_work
from cronshift.targets.python.package import client_module
from cronshift.targets.python.serving import served_by
from cronshift.targets.registry import generate
from cronshift.targets.rendering import render
from cronshift.targets.seal import is_untouched
from cronshift.targets.target import CallerFate, Directing
from cronshift.vercel import ConfigFormat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cronshift.model import Job, Plan
    from cronshift.plan.snapshot import Snapshot
    from cronshift.targets.direct import Converted
    from cronshift.targets.python.callers import PathUses
    from cronshift.targets.target import Wishes

_APPS = {HandlerKind.ASGI, HandlerKind.WSGI}
_AGE = "The endpoint is the SDK's alone: that a signature is older than five minutes, it does not mind."
_ASYNC_VIEWS = "asgiref>=3.2"
"""What Flask needs for views that are awaited, as the SDK's is."""
_SERVED = {"fastapi": ("fast_api", "fastapi", "FastAPI"), "flask": ("flask", "flask", "Flask")}
"""The SDK's module, the framework's, and its app, by the framework that serves the functions."""


def direct(
    before: Snapshot, ending: Sequence[Edit], jobs: Sequence[Job], wishes: Wishes
) -> Directing:
    """Return the way of all jobs of a package to the app's own.

    The package goes on to be served; where one of its jobs stays, all do, with the reasons.

    Args:
        before: the project as it is.
        ending: the edits that end Vercel's part of some of them.
        jobs: as they are planned after those.
        wishes: how they are to be so.
    """
    ended = before.after(ending)
    plan, root = ended.plan, before.project.root
    chosen = {job.id for job in jobs}
    others = [
        job.id for job in plan.jobs if job.id not in chosen or job.entry.origin is not Origin.MOVED
    ]
    if others:
        why = f"{', '.join(others)} still needs the package: all of its jobs go at once, or none"
        return Directing(kept={job.id: f"{job.id} stays as it is: {why}." for job in jobs})
    edited: dict[str, bytes | None] = dict(ended.project.edited)
    written = WorkWritten(edited, {}, [], SourceTree(root, dict(edited)), {})
    kept: dict[str, str] = {}
    for job in jobs:
        reason = _job(plan, SourceTree(root, edited), job, written, wishes)
        if reason is not None:
            kept[job.id] = f"{job.id} stays as it is. {reason}."
    if kept:
        rest = {
            job.id: f"{job.id} stays as it is, with the others."
            for job in jobs
            if job.id not in kept
        }
        return Directing(kept={**kept, **rest})
    tree = SourceTree(root, ended.project.edited)
    written_files = [
        path for path, data in edited.items() if path.endswith(".py") and data is not None
    ]
    emptied = without_emptied(tree, SourceTree(root, dict(edited)), written_files)
    edited |= {path: text.encode() for path, text in emptied.items()}
    work = [
        Edit(path, data, ChangeKind.WRITE, f"{path}: the work itself, without HTTP")
        for path, data in edited.items()
        if data
        != ended.project.edited.get(path, tree.read(path).encode() if path in tree.files else None)
    ]
    edits = merged(
        ending, [*work, *_package(plan, tree, jobs, written.modules), *settled(ended, jobs)]
    )
    edits = merged(edits, list(_gone(before, edits)))
    edits = merged(edits, list(_without_globs(before, edits)))
    notes = [told_of_secret(before, edits), _AGE, *written.notes]
    return Directing(edits, [job.id for job in jobs], {}, notes)


def _job(
    plan: Plan, tree: SourceTree, job: Job, written: WorkWritten, wishes: Wishes
) -> str | None:
    """Note what becomes of a job's files; return why it stays, if it does."""
    handler = job.handler
    if handler is None or handler.kind not in {*_APPS, HandlerKind.HTTP_HANDLER}:
        return f"What answers {job.entry.path} is neither a route of FastAPI or Flask nor a class of http.server"
    if job.options.heartbeat_env is not None:
        return "Its heartbeat is told by cronshift"
    place = handler.route.file if handler.route is not None else handler.file
    path = urlsplit(job.entry.path).path
    uses = uses_of(tree, plan.out, path)
    if uses.callers is not None and wishes.callers is CallerFate.REFUSE:
        return f"{place}: {uses.callers}; {offered(may_send=True)}"
    event = f"{plan.app_id}/{job.id}" if uses.calls else None
    sending = None
    if event is not None and wishes.callers is CallerFate.EVENT:
        sending = Sending(event, f"{names.package_of(plan.out)}.client")
    rows = _rows(tree, job)
    if isinstance(rows, str):
        return rows
    work = written_work(plan, tree, job, handler, written, wishes, sending)
    if isinstance(work, str):
        return work
    conversion = work.conversion
    for alias in conversion.aliases:
        callers = uses_of(tree, plan.out, alias).callers
        if callers is not None and wishes.callers is not CallerFate.TELL:
            return f"{place}: it answers {alias} too, and {callers}"
    written.notes.extend(_sentences(job, conversion, uses, event, is_sent=sending is not None))
    written.modules[job.id] = direct_module(
        job,
        names.reference(work.file, conversion.function).partition(":")[0],
        conversion,
        rows,
        app_id=plan.app_id,
        mounted=served_by(plan).mount is not None or wishes.callers is CallerFate.EVENT,
        app=django_app(tree, handler),
        event=event,
    )
    return None


def _sentences(
    job: Job, conversion: Converted, uses: PathUses, event: str | None, *, is_sent: bool
) -> Iterator[str]:
    """Yield the differences for a route's callers, and the reason of a single step, in sentences."""
    path = urlsplit(job.entry.path).path
    for alias in conversion.aliases:
        yield f"{alias} was a path of {job.id} too, and answers nobody any more."
    if conversion.unoffered is not None:
        yield f"{job.id} is one step: {conversion.unoffered}."
    if event is not None and uses.callers is not None:
        yield told_of_event(path, event, uses.callers, is_sent=is_sent)
    if uses.mentions and not is_sent:
        places = ", ".join(uses.mentions)
        yield f"{path} answers nobody any more, and is told of still: {places}."


def _rows(tree: SourceTree, job: Job) -> DirectRows | str | None:
    """Return the rows that a job's values come from, or why they are not read; ``None`` for none."""
    fan_out = job.options.fan_out
    if fan_out is None or not isinstance(fan_out.values, RowSource):
        return None
    module, _, name = fan_out.values.function.rpartition(":")
    path = module if module.endswith(".py") else f"{module.replace('.', '/')}.py"
    file = next(
        (each for each in (path, path.replace(".py", "/__init__.py")) if each in tree.files), ""
    )
    defined = ModuleScope(tree, file, tree.python(file)).function(name) if file else None
    reference = names.reference(file, name)
    if defined is None or ".py:" in reference:
        return f"Its rows come from {fan_out.values.function}, which is no function that is read"
    function = defined[0]
    is_async = isinstance(function, ast.AsyncFunctionDef)
    if is_async and any(isinstance(node, ast.Yield) for node in own_nodes(function)):
        return f"Its rows come from {fan_out.values.function}, which yields them one by one"
    return DirectRows(reference.partition(":")[0], name, fan_out.values.key, is_async)


def _package(
    plan: Plan, tree: SourceTree, jobs: Sequence[Job], modules: Mapping[str, str]
) -> Iterator[Edit]:
    """Yield the package's files, which are the app's own from then on."""
    out = plan.out
    for job in jobs:
        path = f"{out}/jobs/{module_name(job.id)}.py"
        yield Edit(path, modules[job.id].encode(), ChangeKind.WRITE, f"{path}: your own")
    functions = {
        names.job_module(job.id): [
            names.job_function(job.id),
            *([names.row_function(job.id)] if has_runs(job.options) else []),
        ]
        for job in jobs
    }
    imports = [
        f"from .jobs.{module} import {', '.join(functions[module])}"
        for module in sorted(functions, key=names.natural)
    ]
    texts = {
        "__init__.py": render(
            "python",
            "direct-package.py",
            imports=imports,
            functions=[each for named in functions.values() for each in named],
        ),
        "asgi.py": render("python", "direct-asgi.py", package=names.package_of(out)),
        "client.py": client_module(plan),
        "jobs/__init__.py": '"""The jobs, a module each."""\n',
    }
    mount = served_by(plan).mount
    if mount is not None:
        texts[f"{MOUNT_MODULE}.py"] = _mount_module(mount.framework)
    for name, text in texts.items():
        if is_untouched(tree.read(f"{out}/{name}")):
            yield Edit(f"{out}/{name}", text.encode(), ChangeKind.WRITE, f"{out}/{name}: your own")
    manifest = manifest_of(tree)
    if manifest is not None:
        before = tree.read(manifest)
        is_flask = mount is not None and mount.framework is Framework.FLASK
        after = without_runtime(before, manifest, *([_ASYNC_VIEWS] if is_flask else []))
        if after != before:
            yield Edit(
                manifest,
                after.encode(),
                ChangeKind.WRITE,
                f"{manifest}: the SDK, and no runtime of cronshift's",
            )


def _mount_module(framework: Framework) -> str:
    if framework is Framework.DJANGO:
        return render("python", "direct-mount-django.py")
    module, package, app = _SERVED[framework]
    return render("python", "direct-mount.py", module=module, package=package, app=app)


def _gone(before: Snapshot, edits: Sequence[Edit]) -> Iterator[Edit]:
    """Yield the removal of what was generated and is nobody's any more."""
    tree = SourceTree(before.project.root, before.after(edits).project.edited)
    for file in generate(before.plan):
        if is_untouched(tree.read(file.path)):
            summary = f"{file.path}: nothing imports it any more"
            yield Edit(file.path, None, ChangeKind.DELETE, summary)


def _without_globs(before: Snapshot, edits: Sequence[Edit]) -> Iterator[Edit]:
    """Yield the edit of Vercel's configuration where it speaks of functions that are there no more."""
    source = before.project.sources[0]
    if source.format is not ConfigFormat.JSON:
        return
    tree = SourceTree(before.project.root, before.after(edits).project.edited)
    gone = [edit.path for edit in edits if edit.after is None]
    text = without_dead_globs(tree.read(source.file), gone, tree.files)
    if text != tree.read(source.file):
        summary = f"{source.file}: no functions that are there no more"
        yield Edit(source.file, text.encode(), ChangeKind.EDIT_CONFIG, summary)

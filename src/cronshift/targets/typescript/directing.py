"""Jobs that become functions of the app's own: routes' modules, the list, the endpoint, and what then goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import constant
from cronshift.handlers.middleware import let_in
from cronshift.handlers.tree import IMPORT, SourceTree, parse
from cronshift.moving.directing import merged, reader_of, settled, told_of_secret
from cronshift.moving.entries import abandoned, regenerated
from cronshift.operations import ChangeKind, Edit
from cronshift.plan.findings.inngest import KEYS
from cronshift.runtime.regular_files import read_regular
from cronshift.targets.rendering import render
from cronshift.targets.seal import is_untouched
from cronshift.targets.target import Directing, Wishes
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.direct_module import MONITOR
from cronshift.targets.typescript.env_example import env_examples, variables, without_names
from cronshift.targets.typescript.files import naming_files
from cronshift.targets.typescript.framework import OwnEndpoint
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.lasting import SHORTEST
from cronshift.targets.typescript.library import source
from cronshift.targets.typescript.own_modules import OwnModule, own_modules
from cronshift.targets.typescript.retiring import importers
from cronshift.targets.typescript.shared_wrapping import wrapper_edits
from cronshift.targets.typescript.source import listed
from cronshift.targets.typescript.style import restyle
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.model import Job, Plan
    from cronshift.plan.snapshot import Snapshot

_MIDDLEWARE = re.compile(r"(?:^|/)(?:middleware|proxy)\.[cm]?[jt]s$")
_LISTED = re.compile(r"^import \{([\w$,\s]+)\} from [\"']\./([\w.-]+)[\"'];?$", re.MULTILINE)


def direct(
    before: Snapshot, ending: Sequence[Edit], jobs: Sequence[Job], wishes: Wishes
) -> Directing:
    """Return the way of jobs to functions of the app's own.

    Args:
        before: the project as it is.
        ending: the edits that end Vercel's part of some of them.
        jobs: as they are planned after those.
        wishes: how they are to be so.
    """
    ended = before.after(ending)
    plan, tree = ended.plan, SourceTree(before.project.root, ended.project.edited)
    written, kept = own_modules(plan, tree, jobs, wishes)
    reason = _served_otherwise(plan, tree) if written else None
    if reason is not None:
        return Directing(kept={**kept, **{each.job.id: reason for each in written}})
    if not written:
        return Directing(kept=kept)
    modules = [*_modules(plan, tree, written), *settled(ended, [each.job for each in written])]
    modules += wrapper_edits(tree, written)
    edits = merged(ending, modules)
    rest = before.after(edits).plan
    edits = merged(edits, _served(plan, rest, tree))
    edits = merged(edits, regenerated(before, edits))
    gone, _ = abandoned(before, edits)
    after = SourceTree(before.project.root, before.after(edits).project.edited)
    left = [edit for edit in gone if is_untouched(after.read(edit.path))]
    edits = merged(edits, left)
    edits = merged(edits, list(_unused(before, written, edits)))
    edits = merged(edits, list(_unnamed(before, rest, edits)))
    if not rest.runnable:
        edits = merged(edits, list(_let_in(before, edits)))
    names = [each.job.id for each in written]
    return Directing(edits, names, kept, list(_notes(before, written, edits)))


def _served_otherwise(plan: Plan, tree: SourceTree) -> str | None:
    """Return the reason why the endpoint cannot list own functions, where it cannot."""
    app = app_of(plan)
    file = app.code.serve_file or app.endpoint_file
    if file is None:
        return "Nothing serves its functions."
    if app.code.serve_file is None and is_untouched(tree.read(file)):
        return None
    partial = _endpoint(plan, tree, file, is_whole=False)
    if tree.read(file) == partial:
        return None
    return (
        f"{file} is the app's own: list the function there by hand, then take it out of cronshift."
    )


def _modules(plan: Plan, tree: SourceTree, written: Sequence[OwnModule]) -> Iterator[Edit]:
    """Yield the edits of the own modules, of their list, and of the client."""
    for each in written:
        summary = f"{each.file}: the work itself, without HTTP"
        module = naming_files(plan, each.file, each.text)
        yield Edit(each.file, module.encode(), ChangeKind.WRITE, summary)
        old = each.old
        if old != each.file:
            data = each.route.encode() if each.route is not None else None
            is_left = data is not None and not each.is_declared
            words = "its other methods alone" if is_left else "no route any more"
            words = f"{old}: {'sends an event' if each.sends else words}"
            yield Edit(
                old, data, ChangeKind.WRITE if data is not None else ChangeKind.DELETE, words
            )
    if any(each.job.options.heartbeat_env for each in written):
        file = f"{plan.out}/{MONITOR}.{app_of(plan).routers.language}"
        telling = source(MONITOR, app_of(plan).framework.library)
        yield Edit(file, naming_files(plan, file, _in_style(plan, telling)).encode())
    index = _index_file(plan)
    functions = {each.name: _stem(each.file) for each in written}
    for names, file in _LISTED.findall(tree.read(index)):
        functions |= {name.strip(): file for name in names.split(",") if name.strip()}
    by_file = {
        file: sorted(name for name, there in functions.items() if there == file)
        for file in sorted({*functions.values()})
    }
    written_list = _styled(plan, "direct-index", modules=sorted(by_file.items(), key=_first_name),
        listed=listed("export const jobs = [", sorted(functions), "];"))  # fmt: skip
    yield Edit(index, naming_files(plan, index, written_list).encode())
    client = f"{plan.out}/client.{app_of(plan).routers.language}"
    if is_untouched(tree.read(client)):
        yield Edit(client, tree.read(client).partition("\n")[2].encode())


def _first_name(module: tuple[str, list[str]]) -> list[str]:
    return module[1]


def _stem(file: str) -> str:
    return file.rpartition("/")[2].rpartition(".")[0]


def _index_file(plan: Plan) -> str:
    return f"{plan.out}/jobs/index.{app_of(plan).routers.language}"


def _served(plan: Plan, rest: Plan, tree: SourceTree) -> list[Edit]:
    """Return the edit of the endpoint, which serves the app's own functions and what is generated."""
    file = app_of(plan).code.serve_file or app_of(plan).endpoint_file
    if file is None:
        return []
    whole = not rest.runnable
    return [
        Edit(
            file,
            _endpoint(plan, tree, file, is_whole=whole).encode(),
            ChangeKind.WRITE,
            f"{file}: your own functions",
        )
    ]


def _endpoint(plan: Plan, tree: SourceTree, file: str, *, is_whole: bool) -> str:
    """Return the endpoint with the app's own functions, and what is generated unless that is all."""
    app = app_of(plan)
    alias = app.code.alias
    in_pages = not app.routers.app
    root = parse(tree.read(file), "typescript")
    seconds = constant(root, "config" if in_pages else "maxDuration") if root is not None else None
    seconds = seconds.get("maxDuration") if isinstance(seconds, dict) else seconds
    durations = [job.handler.max_duration or 0 for job in plan.runnable if job.handler]
    longest = max([seconds if isinstance(seconds, int) else SHORTEST, *durations])
    generated = None if is_whole else import_path(f"{plan.out}/functions", file, alias)
    jobs = import_path(f"{plan.out}/jobs", file, alias)
    serving = OwnEndpoint(file, jobs, generated, longest)
    return naming_files(plan, file, _in_style(plan, app.framework.own_endpoint(plan, serving)))


def _styled(plan: Plan, template: str, **values: object) -> str:
    return _in_style(plan, render("typescript", f"{template}.ts", **values))


def _in_style(plan: Plan, written: str) -> str:
    return restyle(app_of(plan).routers.in_language(written), app_of(plan).code.style)


def _unused(
    before: Snapshot, written: Sequence[OwnModule], edits: Sequence[Edit]
) -> Iterator[Edit]:
    """Yield the removal of the app's files that only the routes imported, for their checks."""
    after = before.after(edits)
    tree_before = SourceTree(before.project.root, before.after(()).project.edited)
    tree = SourceTree(before.project.root, after.project.edited)
    imported = set[str]()
    for each in written:
        source = each.job.handler.file if each.job.handler else each.file
        for edit in edits:
            if edit.path == each.file and edit.moved_from:
                source = edit.moved_from
        imported |= set(_imports_of(tree_before, source))
        if each.wrapper is not None:
            imported |= set(_imports_of(tree_before, each.wrapper.use.file))
    candidates = {
        file for file in imported if file in tree.files and file.rpartition(".")[2] in {"ts", "js"}
    }
    still = {module for module, *_ in importers(tree, candidates)}
    still |= {file for file in candidates if _is_named(tree, file)}
    for file in sorted(candidates - still):
        yield Edit(file, None, ChangeKind.DELETE, f"{file}: nothing imports it any more")


def _unnamed(before: Snapshot, rest: Plan, edits: Sequence[Edit]) -> Iterator[Edit]:
    """Yield the env examples without the names that ``migrate`` gave them and nothing reads any more."""
    after = before.after(edits)
    needed = {*KEYS, *(variables(rest) if rest.runnable else ())}
    names = [name for name in variables(before.plan) if name not in needed]
    names = [name for name in names if reader_of(after, name) is None]
    root = before.project.root
    for file in env_examples(root, app_of(before.plan).folder) if names else ():
        text = read_regular(root / file).decode("latin-1")  # every byte of it as it is
        left = without_names(text, names)
        if left != text:
            summary = f"{file}: nothing reads {', '.join(names)}"
            yield Edit(file, left.encode("latin-1"), ChangeKind.WRITE, summary)


def _let_in(before: Snapshot, edits: Sequence[Edit]) -> Iterator[Edit]:
    """Yield the middleware that leaves the guard's routes out no more, of which there are none."""
    tree = SourceTree(before.project.root, before.after(edits).project.edited)
    for file in sorted(filter(_MIDDLEWARE.search, tree.files)):
        text = tree.read(file)
        admitted = let_in(text, file, MOUNT)
        if admitted != text:
            summary = f"{file}: no routes of the guard's to leave out"
            yield Edit(file, admitted.encode(), ChangeKind.WRITE, summary)


def _is_named(tree: SourceTree, file: str) -> bool:
    """Return whether another file names a module's path: a script, a configuration."""
    stem = file.rpartition(".")[0]
    return any(stem in tree.read(other) for other in tree.files if other != file)


def _imports_of(tree: SourceTree, file: str) -> Iterator[str]:
    for match in IMPORT.finditer(tree.read(file)):
        target = tree.imported(file, match[1])
        if target is not None:
            yield target


def _notes(before: Snapshot, written: Sequence[OwnModule], edits: Sequence[Edit]) -> Iterator[str]:
    """Yield the differences from then on, in sentences."""
    yield told_of_secret(before, edits)
    for each in written:
        yield from each.notes
    watched = [each.job.id for each in written if each.job.options.heartbeat_env]
    if watched:
        yield (
            f"Who waits for {', '.join(watched)} is told of runs that begin, succeed and fail as before; one that"
            " Inngest cancels is told by the ping that does not come."
        )

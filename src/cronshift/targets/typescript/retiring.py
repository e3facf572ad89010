"""The retirement of routes: a route whose work a function does itself moves to that function.

A route stays where something else may need it: another job, another method, code or a script that
names it, an import. Which one is told.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import METHODS, constant, exports
from cronshift.handlers.tree import IMPORT, SourceTree, is_in_comment, language
from cronshift.model import Job, Mode
from cronshift.targets.direct.other_callers import in_words
from cronshift.targets.seal import is_untouched
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.relocating import relocated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cronshift.model import Handler, Plan

_CALLING = (".sh", ".bash", ".yml", ".yaml", ".http", ".rest", ".json", ".toml")
_CALLING_NAMES = frozenset({"Makefile", "justfile", "Procfile", "crontab"})
_MADE_OF_ROUTES = "routeTree.gen.ts"
"""The list of all routes, which a build of TanStack Start makes anew."""
_NEVER_CALLING = frozenset(
    {"cronshift.toml", "cronshift.ownership.json", "package-lock.json", _MADE_OF_ROUTES}
)
_NO_TEXT = "\ufffd"


class RouteRetirement(Struct, frozen=True):
    """One route's module, on its way to where only its function finds it.

    Attributes:
        jobs: whose work it does.
        old: the route's file.
        new: where it goes.
        text: what it holds there.
        export: the name that does the work.
        max_duration: in seconds, where only the Vercel configuration says it.
    """

    jobs: tuple[str, ...]
    old: str
    new: str
    text: str
    export: str
    max_duration: int | None

    @property
    def kept(self) -> dict[str, str | int]:
        """The settings to keep of the route."""
        values = {"max_duration": self.max_duration} if self.max_duration else {}
        return {"handler": f"{self.new}:{self.export}", **values}


class _Route(Struct, frozen=True):
    handler: Handler
    jobs: tuple[Job, ...]
    paths: tuple[str, ...]

    @property
    def file(self) -> str:
        """The file that it is written in."""
        return self.handler.route.file if self.handler.route is not None else self.handler.file


def retire(
    tree: SourceTree, plan: Plan, jobs: Sequence[Job]
) -> tuple[list[RouteRetirement], dict[str, str]]:
    """Return the moves of the routes that nothing else needs, and why the others stay, by file.

    Args:
        tree: the project's files without the entries of ``jobs``.
        plan: as it is before.
        jobs: those that are wholly Inngest's.
    """
    routes = list(_routes(plan, jobs))
    named = _named(tree, routes)
    moves, stay = [], {}
    for route in routes:
        reason = _own_reason(tree, plan, route, jobs) or named.get(route.handler.file)
        new = f"{plan.out}/jobs/{route.jobs[0].id}{PurePosixPath(route.handler.file).suffix}"
        untied = app_of(plan).framework.untied(tree.read(route.handler.file))
        text = relocated(untied, route.handler.file, new) if untied is not None else None
        if reason is None and new in tree.files:
            reason = f"{new} is in its way"
        if reason is None and _NO_TEXT in tree.read(route.handler.file):
            reason = "it holds bytes that are no text"
        if reason is None and untied is None:
            reason = "its framework needs it where it is"
        if reason is None and text is None:
            reason = "its code asks where it stands"
        if reason is not None or text is None:
            stay[route.handler.file] = reason or ""
            continue
        moves.append(_retirement(tree, route, new, text))
    return moves, stay


def _routes(plan: Plan, jobs: Sequence[Job]) -> Iterator[_Route]:
    """Yield the routes that functions call in process, each with the jobs it does."""
    grouped: defaultdict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        kinds = app_of(plan).framework.kinds
        if job.mode is Mode.DIRECT and job.handler and job.handler.kind in kinds:
            grouped[job.handler.file].append(job)
    for routes in grouped.values():
        handler = routes[0].handler
        paths = tuple(
            job.entry.path.partition("?")[0].removeprefix(app_of(plan).routers.base_path)
            for job in routes
        )
        if handler is not None:
            yield _Route(handler, tuple(routes), paths)


def _retirement(tree: SourceTree, route: _Route, new: str, text: str) -> RouteRetirement:
    root = tree.parsed(route.handler.file)
    config = constant(root, "config") if root is not None else None
    in_config = isinstance(config, dict) and "maxDuration" in config
    is_said = root is not None and (in_config or constant(root, "maxDuration") is not None)
    return RouteRetirement(
        tuple(job.id for job in route.jobs),
        route.handler.file,
        new,
        text,
        route.handler.export,
        None if is_said else route.handler.max_duration,
    )


def _own_reason(tree: SourceTree, plan: Plan, route: _Route, leaving: Sequence[Job]) -> str | None:
    """Return the reason in a route itself, or in the plan, that keeps it where it is."""
    file = route.handler.file
    others = [
        job.id
        for job in plan.jobs
        if job not in leaving and job.handler is not None and job.handler.file == file
    ]
    if others:
        return f"{', '.join(others)} still calls it"
    if "[" in file:
        return "it answers other paths too"
    root = tree.parsed(file)
    methods = sorted(exports(root).keys() & set(METHODS) - {"GET"}) if root is not None else []
    if methods:
        return f"it answers {' and '.join(methods)} too"
    edited = [
        job.module for job in route.jobs if job.module and not is_untouched(tree.read(job.module))
    ]
    return f"{edited[0]}, which imports it, was changed by hand" if edited else None


def _named(tree: SourceTree, routes: Collection[_Route]) -> dict[str, str]:
    """Return the other places that import the routes or name their paths, by the route's file."""
    if not routes:
        return {}
    by_path = {path: route.file for route in routes for path in route.paths}
    alone = {route.file for route in routes if route.handler.route is None}
    spoken = re.compile("|".join(rf"{re.escape(path)}(?![\w/-])" for path in by_path))
    places: defaultdict[str, list[str]] = defaultdict(list)
    for module, file, line in importers(tree, alone):
        places[module].append(f"imported by {file}:{line}")
    for file in sorted(tree.files):
        text = tree.read(file) if _may_call(file) else ""
        if not text or is_untouched(text):
            continue
        for match in spoken.finditer(text):
            route = by_path[match[0]]
            if file != route and not is_in_comment(tree.parsed(file), match.start()):
                places[route].append(f"called by {file}:{_line(text, match.start())}")
    return {file: in_words(uses) or "" for file, uses in places.items()}


def callers_of(tree: SourceTree, plan: Plan, job: Job) -> str | None:
    """Return the other places where a job's route is imported or its path named, beginning with its file."""
    handler = job.handler
    if handler is None:
        return None
    path = job.entry.path.partition("?")[0].removeprefix(app_of(plan).routers.base_path)
    route = _Route(handler, (job,), (path,))
    return _named(tree, [route]).get(route.file)


def importers(tree: SourceTree, modules: Collection[str]) -> Iterator[tuple[str, str, int]]:
    """Yield each import of a module: the module, and where it is imported.

    What is generated follows a module wherever it goes, until it is changed by hand.
    """
    stems = {name for file in modules for name in _names(file)}
    for file in sorted(tree.files) if modules else ():
        text = tree.read(file) if language(file) is not None else ""
        matches = [match for match in IMPORT.finditer(text) if _ends(match[1], stems)]
        if not matches or is_untouched(text) or file.endswith(f"/{_MADE_OF_ROUTES}"):
            continue
        for match in matches:
            target = tree.imported(file, match[1])
            if target is not None and target in modules and target != file:
                yield target, file, _line(text, match.start())


def _may_call(file: str) -> bool:
    name = PurePosixPath(file).name
    if name in _NEVER_CALLING:
        return False
    return language(file) is not None or file.endswith(_CALLING) or name in _CALLING_NAMES


def _names(file: str) -> tuple[str, str]:
    """Return the last words that an import of a file may have; a folder stands for its index."""
    path = PurePosixPath(file)
    return path.stem, path.parent.name


def _ends(specifier: str, stems: Collection[str]) -> bool:
    return PurePosixPath(specifier).stem in stems


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1

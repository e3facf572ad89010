"""Additions to files that are the app's own: package.json, tsconfig.json, env example, serve route."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError
from cronshift.model import Library
from cronshift.runtime.regular_files import read_regular
from cronshift.targets.changes import FileAction, FileChange
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.env_example import env_examples, variables, with_names
from cronshift.targets.typescript.files import refuse_sdk
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.library import package_named
from cronshift.targets.typescript.mounting import with_mount
from cronshift.targets.typescript.package_json import with_dependency
from cronshift.targets.typescript.serve_route import extend_route
from cronshift.targets.typescript.tsconfig import TSCONFIG, with_json_modules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cronshift.model import Plan

_PACKAGE = "package.json"


def extend_app(root: Path, plan: Plan) -> tuple[FileChange, ...]:
    """Return a change for every file of the app that must be extended for the plan's jobs.

    Only reads; the same app extended once has none. Files behind symbolic links are left alone.

    Raises:
        CronshiftError: for an SDK that nothing is generated for, a file that cannot be read, or a serve route that cannot be extended.
    """
    refuse_sdk(plan)  # before what an older one's serve route is written like
    extensions = defaultdict[str, list[Callable[[str], str]]](list)
    for path, extended in _extended(root, plan):
        extensions[path].append(extended)
    changes = (_change(root, path, extended) for path, extended in extensions.items())
    return tuple(change for change in changes if change is not None)


def served_as(plan: Plan, file: str) -> tuple[str, ...]:
    """Return the import paths of the functions' index in ``file``, the app's own way first."""
    index = f"{plan.out}/functions"
    alias = app_of(plan).code.alias
    paths = (import_path(index, file, alias), import_path(index, file))
    every = [*paths, *(f"{path}/index" for path in paths)]
    return tuple(dict.fromkeys([f"{every[-1]}{_named(plan)}", *every] if _named(plan) else every))


def _named(plan: Plan) -> str:
    """Return the end of import paths, where the app's own name files."""
    return ".js" if app_of(plan).imports_files else ""


def _extended(root: Path, plan: Plan) -> Iterator[tuple[str, Callable[[str], str]]]:
    """Yield the files, each with the function that extends its text."""
    folder = app_of(plan).folder
    yield f"{folder}/{_PACKAGE}".lstrip("/"), lambda text: _with_packages(text, plan)
    if app_of(plan).lacks_json_modules:
        yield f"{folder}/{TSCONFIG}".lstrip("/"), with_json_modules
    names = variables(plan)
    for file in env_examples(root, folder):
        yield file, lambda text: with_names(text, names)
    site, endpoint = app_of(plan).routers.mount, app_of(plan).endpoint_file
    if site is not None and endpoint is not None:
        stem = endpoint.rpartition(".")[0]
        module = import_path(stem, site.file) + site.extension
        yield site.file, lambda text: with_mount(text, site, module)
    route = app_of(plan).code.serve_file
    if route is not None:
        durations = [job.handler.max_duration for job in plan.runnable if job.handler]
        longest = max((seconds for seconds in durations if seconds is not None), default=None)
        app = app_of(plan)
        ownership = import_path(f"{plan.out}/ownership", route, app.code.alias) + _named(plan)
        additions = app.framework.additions(app.routers, route, longest, ownership)
        yield route, lambda text: extend_route(text, route, served_as(plan, route), additions)


def _with_packages(text: str, plan: Plan) -> str:
    """Return package.json with what the functions import."""
    extended = with_dependency(text)
    is_installed = app_of(plan).library is Library.NPM
    return with_dependency(extended, *package_named()) if is_installed else extended


def _change(root: Path, path: str, extensions: Sequence[Callable[[str], str]]) -> FileChange | None:
    file = root / path
    if file.is_symlink() or not file.is_file():
        return None
    try:
        data = read_regular(file)
        before = data.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise CronshiftError(
            f"{path} cannot be read: {error}.",
            reason="disk-error",
            hint="Save it as text in UTF-8 that may be read.",
            where=path,
        ) from error
    after = reduce(lambda text, extended: extended(text), extensions, before)
    return FileChange(path, FileAction.UPDATE, before, after, data) if after != before else None

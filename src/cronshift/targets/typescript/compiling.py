"""The project's own TypeScript compiler on the project's own code: types only, nothing executed."""

from __future__ import annotations

import re
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.model import Location
from cronshift.plan.findings import registration as rules
from cronshift.project import node
from cronshift.project.counting import counted
from cronshift.project.locks import install_command, range_of
from cronshift.runtime.regular_files import read_text
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.dispatching import dispatchers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.model import Finding, Plan

_COMPILER = "typescript/bin/tsc"
_ONLY_REFERS = re.compile(r'"files"\s*:\s*\[\s*\]')
_GRACE = timedelta(seconds=1)
_DIAGNOSTIC = re.compile(
    r"^(?:(?P<file>.+?)\((?P<line>\d+),(?P<column>\d+)\): )?error (?P<code>TS\d+): (?P<text>.*)$"
)
_NO_MODULE = re.compile(r"^Cannot find module '([^'.][^']*)'")
_BUILD_FIRST = "Build the app, and validate again."
_BUILT_INSTEAD = "JavaScript has no types to check: cronshift validate --build builds the app."


class Diagnostic(Struct, frozen=True):
    """One error of the compiler; ``location`` is ``None`` for one of the project as a whole."""

    code: str
    text: str
    location: Location | None


class NotCompiledError(Exception):
    """The compiler could not be run; its text says why, as a sentence goes on."""


def check_types(root: Path, plan: Plan, *, label: str | None = None) -> Iterator[Finding]:
    """Yield the compiler's errors in the files of the Inngest side, and their number elsewhere.

    Args:
        root: the project's folder, with its tsconfig.json.
        plan: tells which files are of the Inngest side, and how long the compiler may take.
        label: what cronshift added to the status of the app's sessions.
    """
    app = app_of(plan)
    untyped = app.framework.untyped_yet(root / app.folder, plan)
    if untyped is not None:
        yield rules.NOT_COMPILED.finding(
            f"The types were not checked: {untyped}.", fix=_BUILD_FIRST
        )
        return
    try:
        diagnostics = [
            _below(app.folder, diagnostic)
            for diagnostic in compile_types(root / app.folder, app.compile_timeout)
            if not _is_left_behind(diagnostic)
        ]
    except NotCompiledError as error:
        fix = _BUILT_INSTEAD if app.routers.language == "js" else None
        yield rules.NOT_COMPILED.finding(f"The types were not checked: {error}.", fix=fix)
        return
    ours, elsewhere = [], []
    for diagnostic in diagnostics:
        if _is_ours(diagnostic, plan):
            ours.append(diagnostic)
        elif label and _names(diagnostic, label):
            text = f"{diagnostic.code}: {diagnostic.text}"
            yield rules.LABEL_DOES_NOT_COMPILE.finding(text, location=diagnostic.location)
        else:
            elsewhere.append(diagnostic)
    yield from _ours(root / app.folder, plan, ours)
    if elsewhere:
        first = elsewhere[0]
        where = f"{first.location}: " if first.location else ""
        count = counted(len(elsewhere), "error")
        text = f"tsc finds {count} in other files, first {where}{first.code}: {first.text}"
        yield rules.ERRORS_ELSEWHERE.finding(text, location=first.location)


def _is_left_behind(diagnostic: Diagnostic) -> bool:
    """Return whether it is of a route that has gone, in the last build's types of all routes."""
    place = diagnostic.location
    return (
        place is not None
        and diagnostic.code == "TS2307"
        and (place.file.startswith(".next/") or place.file.endswith("/routeTree.gen.ts"))
    )


def _below(folder: str, diagnostic: Diagnostic) -> Diagnostic:
    """Return a diagnostic of an app with its place in the project."""
    if not folder or diagnostic.location is None:
        return diagnostic
    place = replace(diagnostic.location, file=f"{folder}/{diagnostic.location.file}")
    return replace(diagnostic, location=place)


def _ours(root: Path, plan: Plan, diagnostics: Sequence[Diagnostic]) -> Iterator[Finding]:
    """Yield a finding a cause: a package that is not installed, or code that is refused alike."""
    missing = next((name for each in diagnostics if (name := _not_installed(root, each))), None)
    if missing is not None:
        count = counted(len(diagnostics), "error")
        text = f"{missing} is not installed, and {count} of tsc may come of that: {install_command(root)}"
        yield rules.DOES_NOT_COMPILE.finding(text, location=diagnostics[0].location)
        return
    alike: dict[tuple[str, str], list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        alike.setdefault((diagnostic.code, diagnostic.text), []).append(diagnostic)
    for first, *others in alike.values():
        more = f" (and in {counted(len(others), 'more place')})" if others else ""
        job = next((job.id for job in plan.jobs if _at(first) == job.module), None)
        text = f"{first.code}: {first.text}{more}"
        yield rules.DOES_NOT_COMPILE.finding(
            text, job=None if others else job, location=first.location
        )


def _not_installed(root: Path, diagnostic: Diagnostic) -> str | None:
    """Return the package that package.json names and that the compiler does not find."""
    module = _NO_MODULE.search(diagnostic.text)
    if module is None:
        return None
    scope = 2 if module[1].startswith("@") else 1
    package = "/".join(module[1].split("/")[:scope])
    is_there = node.installed(root, f"{package}/package.json") is not None
    return package if range_of(root, package) is not None and not is_there else None


def compile_types(root: Path, timeout: timedelta) -> tuple[Diagnostic, ...]:
    """Run ``tsc --noEmit`` of the project and return its errors; nothing is written into it.

    Raises:
        NotCompiledError: without Node.js, the compiler or tsconfig.json, or if it ends otherwise.
    """
    program, compiler = node.node_program(), node.installed(root, _COMPILER)
    if program is None:
        raise NotCompiledError("Node.js was not found")
    if compiler is None:
        raise NotCompiledError("typescript is not installed in node_modules")
    if not (root / "tsconfig.json").is_file():
        raise NotCompiledError("there is no tsconfig.json")
    if _ONLY_REFERS.search(read_text(root / "tsconfig.json")):
        raise NotCompiledError("tsconfig.json has no files of its own, and refers to others")
    with tempfile.TemporaryDirectory(prefix="cronshift-") as folder:
        kept = str(Path(folder, "tsbuildinfo"))  # `incremental` would write it into the project
        options = ["--noEmit", "--pretty", "false", "--incremental", "--tsBuildInfoFile", kept]
        output, code = _run([program, str(compiler), "-p", ".", *options], root, timeout)
    diagnostics = tuple(_diagnostics(output))
    if code != 0 and not diagnostics:
        last = (output.strip().splitlines() or [f"exit code {code}"])[-1]
        raise NotCompiledError(f"tsc failed ({last})")
    return diagnostics


def _run(command: list[str], root: Path, timeout: timedelta) -> tuple[str, int]:
    """Return the compiler's output, and its exit code."""
    with tempfile.TemporaryFile() as output:
        try:
            process = node.start(command, root, {}, output)
        except OSError as error:
            raise NotCompiledError(f"Node.js cannot be started ({error.strerror})") from error
        try:
            code = process.wait(timeout.total_seconds())
        except subprocess.TimeoutExpired:
            text = f"tsc took longer than {timeout.total_seconds():g} seconds"
            raise NotCompiledError(text) from None
        finally:
            if process.poll() is None:
                node.stop(process, _GRACE)
        output.seek(0)
        return output.read().decode(errors="replace"), code


def _diagnostics(output: str) -> Iterator[Diagnostic]:
    for line in output.splitlines():
        match = _DIAGNOSTIC.match(line)
        if match is not None:
            file = match["file"]
            place = Location(file, int(match["line"]), int(match["column"])) if file else None
            yield Diagnostic(match["code"], match["text"], place)


def _names(diagnostic: Diagnostic, label: str) -> bool:
    """Return whether a diagnostic is about a label: a key that is missing, a value that fits no type."""
    return any(f"{quote}{label}{quote}" in diagnostic.text for quote in "'\"")


def _at(diagnostic: Diagnostic) -> str | None:
    return diagnostic.location.file if diagnostic.location else None


def _is_ours(diagnostic: Diagnostic, plan: Plan) -> bool:
    """Return whether a diagnostic is about code that serves, holds or calls the functions."""
    file = _at(diagnostic)
    if file is None:
        return False
    app = app_of(plan)
    written = {app.code.serve_file, app.endpoint_file, *(each.file for each in dispatchers(plan))}
    if file in written:
        return True
    folders = [plan.out, *(f"{top}pages/api/cronshift" for top in ("", "src/"))]
    endpoint_file = app.endpoint_file
    if endpoint_file is not None:
        api = PurePosixPath(endpoint_file).parents[1]
        folders += [str(api / "inngest"), str(api / "cronshift")]
    return any(PurePosixPath(file).is_relative_to(folder) for folder in folders)

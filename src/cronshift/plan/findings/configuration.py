"""The rules of configurations, their places and Vercel's reading of them, ``CS118`` and on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from cronshift.handlers import Resolver, Verdict
from cronshift.handlers.app_folder import MANIFESTS
from cronshift.handlers.stand_ins import stand_in_of, stand_in_of_path
from cronshift.model import Location, Origin, Severity
from cronshift.plan.findings.rule import Evidence, Rule
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.regular_files import is_regular, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cronshift.model import Job
    from cronshift.plan.findings.subject import JobSubject, ProjectSubject

_NAME = "vercel.json"
_HIGHEST = 8  # folders above
_BUILT_BY = (
    *MANIFESTS,
    "Pipfile",
    "go.mod",
    "Gemfile",
    "composer.json",
    "Cargo.toml",
    "index.html",
)
_CREDENTIAL = lazy_pattern(
    r"(?i:(?:^|[-_])(?:secret|token|passw(?:or)?d|pwd|auth(?:orization)?|(?:api|cron|access|warm|job)[-_]?key))$|"
    r"[a-z](?:Secret|(?<!age)Token|Password)$|(?:Api|Cron|Access|Warm|Job)Key$"
)
_LONGEST_DURATION = 1800  # seconds; vercel/vercel, build-utils/src/max-duration.ts
_SHORTEST_CREDENTIAL = 6  # characters
_ROUTED = {"app", "pages", "routes", "server", "src"}
"""Folders of a project's routes, which have an ``api`` of their own."""
_SAMPLES = lazy_pattern(
    r"(?:^|/)(?:__tests__|__mocks__|tests?|e2e|fixtures|examples?|templates?|docs?)/"
)
"""Folders whose configurations are written to be read or tried, and deployed by nobody here."""


def _misplaced(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield configurations with crons in folders that are no project, inside of one that is."""
    tree = project.tree
    for file in _others_below(project):
        folder = file.rpartition("/")[0]
        if not _is_project(folder, tree.files) and [*_crons(tree.data(file))]:
            yield Evidence(
                f"{file} stands in no project's folder, so its crons are not registered.",
                tree.place_of(file, '"crons"'),
            )
    root = tree.root.resolve()
    is_read = _is_project("", tree.files) or project.config_file != _NAME
    above = next((parent for parent in root.parents[:_HIGHEST] if _has_manifest(parent)), None)
    if not is_read and above is not None and project.jobs:
        yield Evidence(
            f"{project.config_file} stands in {root.relative_to(above).as_posix()}, which is no "
            "project: Vercel reads it beside the package.json above.",
            Location(project.config_file, 1),
        )


def _is_project(folder: str, files: frozenset[str]) -> bool:
    """Return whether a folder has a project for Vercel to build.

    One without a manifest has functions below ``api/``, and is not where a framework has its routes.
    """
    place = f"{folder}/" if folder else ""
    if any(f"{place}{name}" in files for name in _BUILT_BY):
        return True
    above, _, name = folder.rpartition("/")
    is_routed = name in _ROUTED and f"{above}/package.json".removeprefix("/") in files
    return not is_routed and any(file.startswith(f"{place}api/") for file in files)


def _has_manifest(folder: Any) -> bool:
    return any((folder / name).is_file() for name in MANIFESTS)


def _scheduled_twice(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the entries that another project's configuration has too."""
    tree = project.tree
    for file in _others_below(project):
        folder = file.rpartition("/")[0]
        paths = set(_crons(tree.data(file)) if _is_project(folder, tree.files) else ())
        yield from _twice(
            [
                job
                for job in project.jobs
                if job.entry.path in paths
                and (job.handler is None or job.handler.file.startswith(f"{folder}/"))
            ],
            file,
        )
    for name, above, document in _above(project):
        paths = set(_crons(document))
        resolver = Resolver(above, document, app="")
        yield from _twice(
            [
                job
                for job in project.jobs
                if job.entry.path in paths and resolver.resolve(job.entry.path).handler is None
            ],
            name,
        )


def _twice(jobs: list[Job], file: str) -> Iterator[Evidence]:
    """Yield one piece of evidence for all the entries that a file has too."""
    for first, *others in [jobs] if jobs else ():
        paths = (
            f"{first.entry.path} and {len(others)} more are" if others else f"{first.entry.path} is"
        )
        text = f"{paths} scheduled in {file} too: two projects, two calls."
        yield Evidence(text, first.entry.source, job=first.id)


def _others_below(project: ProjectSubject) -> list[str]:
    return sorted(
        file
        for file in project.tree.files
        if file.endswith(f"/{_NAME}") and not _SAMPLES.search(file)
    )


def _above(project: ProjectSubject) -> list[tuple[str, Path, dict[str, Any]]]:
    """Return the configurations above the root, up to the repository's."""
    evidence = []
    inner, up = project.tree.root.resolve(), ".."
    for above in inner.parents[:_HIGHEST]:
        if (inner / ".git").exists():
            break
        file = above / _NAME
        try:
            document = json.loads(read_regular(file)) if is_regular(file) else {}
        except (OSError, ValueError, RecursionError):
            document = {}
        if isinstance(document, dict):
            evidence.append((f"{up}/{_NAME}", above, document))
        inner, up = above, f"{up}/.."
    return evidence


def _crons(document: dict[str, Any]) -> Iterator[str]:
    listed = document.get("crons")
    for entry in listed if isinstance(listed, list) else ():
        path = entry.get("path") if isinstance(entry, dict) else None
        if isinstance(path, str):
            yield path


def _pattern_in_path(job: JobSubject) -> Iterator[Evidence]:
    text = stand_in_of_path(job.entry.path)
    if text is not None:
        yield Evidence(f"{job.entry.path} holds `{text}`, and Vercel calls it as it is written.")


def _credential_in_path(job: JobSubject) -> Iterator[Evidence]:
    path, _, query = job.entry.path.partition("?")
    for name, value in parse_qsl(query):
        is_written = len(value) >= _SHORTEST_CREDENTIAL and stand_in_of(value) is None
        if is_written and _CREDENTIAL.search(name):
            yield Evidence(f"The query of {path} spells out its `{name}`.")


def _duration_refused(job: JobSubject) -> Iterator[Evidence]:
    seconds = job.handler.max_duration if job.handler is not None else None
    if job.handler is not None and seconds is not None and not 1 <= seconds <= _LONGEST_DURATION:
        yield Evidence(
            f"{job.handler.file} may run for {seconds} s.", Location(job.handler.file, 1)
        )


def _made_by_build(job: JobSubject) -> Iterator[Evidence]:
    is_found = job.handler is not None
    if job.entry.origin is Origin.BUILD_OUTPUT and not is_found and _is_open(job):
        text = f"{job.entry.path} stands in {job.entry.source.file} only, and in no source here."
        yield Evidence(text)


def _is_open(job: JobSubject) -> bool:
    return job.resolution.verdict in {Verdict.DEAD, Verdict.UNKNOWN}


MISPLACED_CONFIG = Rule(
    "CS118",
    "misplaced-config",
    Severity.WARNING,
    "Vercel reads the configuration of a project's Root Directory only. This one stands in a folder "
    "that is no project, so that its crons have never been registered.",
    "Move it beside the package.json, or put its crons into the configuration there.",
    of_project=_misplaced,
)
SCHEDULED_TWICE = Rule(
    "CS119",
    "scheduled-twice",
    Severity.WARNING,
    "The configurations of two projects schedule one path, so that every tick calls it twice: once "
    "in each deployment.",
    "Keep the entry in the configuration of the project that is meant to run it.",
    of_project=_scheduled_twice,
)
PATTERN_IN_PATH = Rule(
    "CS120",
    "pattern-in-path",
    Severity.WARNING,
    "The path holds a variable or a pattern. Vercel fills in nothing: the handler gets the text as it "
    "is written.",
    "Write an entry for each value. A secret needs none: Vercel sends it in the Authorization header.",
    of_job=_pattern_in_path,
)
CREDENTIAL_IN_PATH = Rule(
    "CS123",
    "credential-in-path",
    Severity.WARNING,
    "The path of the entry carries a credential, which whoever reads the repository or a log of its "
    "calls may use.",
    "Compare the Authorization header with `Bearer ${CRON_SECRET}`, which Vercel and Inngest's calls "
    "carry; take the query out, and change the credential.",
    of_job=_credential_in_path,
)
REPEATED_KEY = Rule(
    "CS124",
    "repeated-key",
    Severity.WARNING,
    "A key stands twice in one object. JSON keeps the last, so that what stands before it is lost, "
    "without a word from Vercel.",
    "Bring the two together, or remove the one that is not meant.",
)
DURATION_REFUSED = Rule(
    "CS125",
    "duration-refused",
    Severity.ERROR,
    "The `maxDuration` of the route, in its file or in `functions`, is not one that Vercel takes: a whole "
    'number from 1 to 1800, or "max". The build of such a deployment fails.',
    "Write at most 300 on Hobby, 800 on Pro, and let durable steps carry work that takes longer.",
    of_job=_duration_refused,
)
MADE_BY_BUILD = Rule(
    "CS121",
    "made-by-build",
    Severity.ERROR,
    "The entry was made by the build, and so is what answers it; neither stands in a source here. The "
    "next build may give it another path.",
    "Give the work a route of its own and an entry in `crons`, or leave this schedule with Vercel.",
    of_job=_made_by_build,
)
COMPILED_CONFIG = Rule(
    "CS122",
    "compiled-config",
    Severity.NOTE,
    "The configuration is a script that computes its entries. They were read from .vercel/vercel.json, "
    "which Vercel's command line wrote when it last ran that script, or from what it made when "
    "cronshift audit --run-config ran it.",
    "Build again when the script has changed since: vercel build.",
)

"""The rules of entries' paths and whatever answers them, ``CS3xx``."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cronshift.handlers import Verdict
from cronshift.handlers.app_folder import apps, config_in, has_config
from cronshift.handlers.tree import IMPORT
from cronshift.model import HandlerKind, Location, Origin, Severity
from cronshift.plan.findings.rule import Evidence, Rule, at
from cronshift.project.conventions.sources import is_test
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cronshift.plan.findings.subject import JobSubject, ProjectSubject

_RENDERED = {HandlerKind.NEXT_PAGE, HandlerKind.STATIC}
_CODE = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".py", ".go", ".rb", ".rs", ".php")
_SOURCES = (".py", ".ts", ".js", ".mjs")
_UNREAD = {".go": "Go", ".rb": "Ruby", ".rs": "Rust", ".php": "PHP"}
"""The languages whose handlers are not followed, by the ends of their files."""
_PROSE = (".md", ".mdx", ".txt", ".lock", ".css", ".svg", ".snap")
_SCHEDULED_BY_OTHERS = lazy_pattern(
    r"upstash-signature|verifyQstash|verifySignature|qstash|trigger\.dev|inngest/|zeplo|mergent|"
    r"defer\.run|cloudscheduler|x-cloudscheduler|github-actions",
    re.IGNORECASE,
)
"""What a route says that another scheduler or queue calls."""
_SCHEDULED_BY_VERCEL = lazy_pattern(
    r"cron_?secret|vercel[- ]?cron|cron[- ]?(?:auth|guard|handler|request)|"
    r"(?:verify|require|with|assert|check|is|authorize|valid\w*)\w*cron",
    re.IGNORECASE,
)
"""What a route says that waits for Vercel's call."""
_SCHEDULED_NAME = lazy_pattern(r"/(crons?|cron-?jobs?|scheduled)/", re.IGNORECASE)


def _dead(job: JobSubject) -> Iterator[Evidence]:
    resolution = job.resolution
    is_built = job.entry.origin is Origin.BUILD_OUTPUT
    if resolution.verdict is Verdict.DEAD and not job.elsewhere and not is_built:
        is_inside = resolution.why.endswith(_SOURCES)
        inside = f", not even in {resolution.why}" if is_inside else ""
        behind = f" behind {resolution.why}" if resolution.why and not is_inside else ""
        near = " or ".join(resolution.nearest)
        astray = next(_named_like(job), None) if not resolution.why else None
        unread = f"; {astray} lies where no route is read" if astray else ""
        unread = f"; {resolution.passed}" if resolution.passed else unread
        yield Evidence(
            f"Nothing answers {job.entry.path}{inside}{behind}{unread}.",
            fix=f"Did you mean {near}? Else remove the entry." if near else None,
        )


def _named_like(job: JobSubject) -> Iterator[str]:
    """Yield the sources whose names say that they are meant to answer a path."""
    path = job.entry.path.partition("?")[0].rstrip("/")
    endings = tuple(f"{path}{end}." for end in ("", "/route", "/index", "/+server"))
    read = {handler.file for _, handler in job.resolver.routes()}
    for file in sorted(job.resolver.tree.files - read) if path else ():
        stem, _, suffix = f"/{file}".rpartition(".")
        if f"{stem}.".endswith(endings) and f".{suffix}" in _CODE:
            yield file


def _services_without_file(project: ProjectSubject) -> Iterator[Evidence]:
    for service in project.services():
        if service.file is None and project.tree.files - {project.config_file}:
            yield Evidence(
                f"`experimentalServices.{service.name}` starts {service.entrypoint or 'nothing'}, "
                "which is not there.",
                service.location,
            )


def _without_get(job: JobSubject) -> Iterator[Evidence]:
    """Yield a route that has no GET, and one whose code refuses it."""
    path, resolution, handler = job.entry.path, job.resolution, job.resolution.handler
    if resolution.verdict is Verdict.WRONG_METHOD and handler is not None:
        methods = ", ".join(resolution.methods)
        answers = f"answers only {methods}" if methods else f"exports no {handler.export}"
        file = handler.route.file if handler.route else handler.file
        yield Evidence(f"{file} {answers}; {path} is called with GET.")
    refusal = f"The code answers only {{}}; {path} is called with GET."
    yield from at([job.behaviour.refuses_get], refusal)


def _redirected(job: JobSubject) -> Iterator[Evidence]:
    resolution = job.resolution
    if resolution.verdict is Verdict.REDIRECTED:
        path, target = job.entry.path, resolution.target or ""
        yield Evidence(
            f"{path} is redirected to {target} by {resolution.why}.",
            fix=f"Write {target} as the path."
            if target.startswith("/") and not target.startswith("//")
            else f"Take {path} out of the redirect: the path of an entry cannot name another host.",
        )


def _external(job: JobSubject) -> Iterator[Evidence]:
    resolution = job.resolution
    if resolution.verdict is Verdict.EXTERNAL:
        passed = f"; {resolution.passed}" if resolution.passed else ""
        text = f"{job.entry.path} is passed on to {resolution.target} by {resolution.why}{passed}."
        yield Evidence(text)


def _unread_language(job: JobSubject) -> Iterator[Evidence]:
    """Yield a handler in a language that is not followed: nothing is said of it, good or bad."""
    handler = job.handler
    language = _UNREAD.get(PurePosixPath(handler.file).suffix) if handler is not None else None
    if handler is not None and language is not None:
        place = Location(handler.file, handler.line)
        yield Evidence(
            f"{handler.file} is {language}, of which no more than its route is read.", place
        )


def _unknown(job: JobSubject) -> Iterator[Evidence]:
    path, resolution, handler = job.entry.path, job.resolution, job.resolution.handler
    if resolution.verdict is Verdict.UNKNOWN and not job.elsewhere:
        if path.startswith("/_svc/"):
            yield Evidence(f"{path} is {resolution.why}.")
        elif handler is not None and resolution.target:
            text = f"Whether {handler.file} answers {path} cannot be told: {resolution.why}."
            yield Evidence(text)
        elif handler is not None:
            yield Evidence(f"{path} lies inside {handler.file}: {resolution.why}.")
        elif job.entry.origin is not Origin.BUILD_OUTPUT and _has_sources(job):
            yield Evidence(f"What answers {path} cannot be told: {resolution.why}.")


def _has_sources(job: JobSubject) -> bool:
    """Return whether there is any source; a configuration alone has nothing to be asked about."""
    return any(file.endswith(_CODE) for file in job.resolver.tree.files)


def _elsewhere(job: JobSubject) -> Iterator[Evidence]:
    app, tree = job.resolver.app, job.resolver.tree
    is_inside = job.handler is not None and job.handler.file.startswith(f"{app}/")
    config = config_in(tree, app) if app and is_inside else None
    if config is not None:
        yield Evidence(
            f"The entries here are answered in {app}, which has a configuration of its own.",
            Location(config, 1),
            fix=f"Move the entries there if {app} is the Root Directory.",
        )
    if job.elsewhere:
        files = ", ".join(job.elsewhere)
        configured = [
            folder
            for folder in apps(tree)
            if has_config(tree, folder) and files.startswith(f"{folder}/")
        ]
        fix = (
            f"{configured[0]} has a configuration of its own: cronshift -C {configured[0]} audit."
            if configured
            else None
        )
        text = f"{job.entry.path} is answered in {files}, and not in this folder."
        yield Evidence(text, fix=fix)


def _unscheduled(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the routes that a GET would reach, that are named like jobs, and that nothing calls."""
    if not project.knows_routes:
        return
    seen, unscheduled = set(project.called), {}
    for path, handler in project.judge.resolver.routes():
        is_ours = path.startswith(f"{MOUNT}/")
        if handler.kind in _RENDERED or "[" in path or is_ours or handler.file in seen:
            continue
        if _SCHEDULED_NAME.search(path) and project.judge.resolver.answers_get(path):
            seen.add(handler.file)
            unscheduled[path] = handler.file
    named = _named_elsewhere(project, unscheduled)
    for path, file in unscheduled.items():
        text = project.tree.read(file)
        is_others = _SCHEDULED_BY_OTHERS.search(text) or not _SCHEDULED_BY_VERCEL.search(text)
        if path not in named and not is_others:
            yield Evidence(f"No entry calls {path}.", Location(file, 1))


def _named_elsewhere(project: ProjectSubject, files: Mapping[str, str]) -> set[str]:
    """Return those of some paths that the project names, or whose route it imports, anywhere but there."""
    if not files:
        return set()
    longest = sorted(map(re.escape, files), key=len, reverse=True)
    spoken = re.compile(rf"({'|'.join(longest)})(?![\w/-])")
    paths = {file: path for path, file in files.items()}
    stems = tuple({PurePosixPath(file).stem for file in files.values()})
    named = set()
    for file in project.tree.files:
        if file.endswith(_PROSE):
            continue
        text = project.tree.read(file)
        named |= {path for path in spoken.findall(text) if files[path] != file}
        if file.endswith(_CODE) and not is_test(file):
            specifiers = (name for name in IMPORT.findall(text) if name.endswith(stems))
            imported = {project.tree.imported(file, name) for name in specifiers}
            named |= {paths[route] for route in imported & paths.keys() if route is not None}
    return named


def _page(job: JobSubject) -> Iterator[Evidence]:
    handler = job.resolution.handler
    is_answered = job.resolution.verdict is Verdict.ANSWERED
    if is_answered and handler is not None and handler.kind in _RENDERED:
        yield Evidence(f"{job.entry.path} ends at {handler.file}.")


def _unmatched_globs(project: ProjectSubject) -> Iterator[Evidence]:
    for pattern in project.globs:
        if not pattern.files:
            yield Evidence(f"{pattern.text!r} in `functions` matches no file.", pattern.location)


DEAD_PATH = Rule(
    "CS301",
    "dead-path",
    Severity.ERROR,
    "No route answers the path: every tick ends in 404, and Vercel goes on calling.",
    "Correct the path, or remove the entry.",
    of_job=_dead,
    of_project=_services_without_file,
)
WRONG_METHOD = Rule(
    "CS302",
    "wrong-method",
    Severity.ERROR,
    "The route does not answer GET, which is what Vercel sends: every tick ends in 405 or 404. "
    "Moving the job would start one that has never run.",
    "Let the route answer GET if the job is meant to run; else remove the entry.",
    of_job=_without_get,
    asked_first=True,
)
REDIRECTED = Rule(
    "CS303",
    "redirected",
    Severity.ERROR,
    "A redirect answers before the route does. Vercel's cron does not follow it and shows nothing, "
    "so the job never runs.",
    "Write the path that the redirect leads to.",
    of_job=_redirected,
)
EXTERNAL = Rule(
    "CS304",
    "external",
    Severity.NOTE,
    "A rewrite passes the call on to another host; what it does there cannot be read here.",
    "Call that host itself: set base_url for the bridge, or leave the rewrite as it is.",
    of_job=_external,
)
UNKNOWN_HANDLER = Rule(
    "CS305",
    "handler-unknown",
    Severity.NOTE,
    "What answers the path cannot be told from the files here.",
    "Name it: `handler` of the job in cronshift.toml; a bridged job needs none.",
    of_job=_unknown,
)
UNREAD_LANGUAGE = Rule(
    "CS543",
    "handler-not-read",
    Severity.NOTE,
    "Who may call the handler, what its GET does, and whether a failure ends in success is not told: its "
    "language is not followed. That nothing is found there says nothing.",
    "Look yourself: it compares the Authorization header with `Bearer ${CRON_SECRET}`, does the work on GET, "
    "and answers 500 when the work failed.",
    of_job=_unread_language,
)
AMBIGUOUS_ROOT = Rule(
    "CS306",
    "root-ambiguous",
    Severity.WARNING,
    "Nothing here answers the path, but an app in a folder below does. Only Vercel's dashboard knows "
    "which folder is the project's Root Directory; the configuration of any other is not read.",
    "Choose that folder with -C, or remove the entry if it is not the root.",
    of_job=_elsewhere,
)
UNSCHEDULED = Rule(
    "CS307",
    "unscheduled-route",
    Severity.NOTE,
    "The route looks like a scheduled job, and no entry calls it.",
    "Add an entry if it is meant to run; else remove the route.",
    of_project=_unscheduled,
)
PAGE = Rule(
    "CS308",
    "page-answers",
    Severity.WARNING,
    "The path ends at a page or a file, not at a route: nothing but rendering happens.",
    "Correct the path, or leave the entry if keeping the page warm is its purpose.",
    of_job=_page,
)
UNMATCHED_GLOB = Rule(
    "CS309",
    "functions-glob-unmatched",
    Severity.WARNING,
    "A pattern in `functions` matches no file, so its settings hold for nothing; outside of Next the "
    "deployment fails.",
    "Correct or remove the pattern.",
    of_project=_unmatched_globs,
)

"""The rules of routes that another scheduler than Vercel's calls: GitHub's workflows."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cronshift.errors import path_to_show
from cronshift.handlers.tree import IMPORT
from cronshift.model import Origin, Severity
from cronshift.plan.findings.rule import Evidence, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.plan.findings.subject import ProjectSubject

_MODULES = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".mts", ".cjs")


def _workflows(project: ProjectSubject) -> Iterator[Evidence]:
    from cronshift.project.workflows.reading import scheduled_calls

    taken = {(job.entry.source.file, job.entry.path, job.entry.schedule) for job in project.jobs}
    for each in scheduled_calls(project.tree):
        call, file = each.call, each.location.file
        handler = project.judge.resolver.resolve(call.path).handler
        if handler is None or (file, call.path, each.schedule) in taken:
            continue
        where = f"{handler.file}:{handler.line}"
        text = f"{file} calls {call.method} {call.path} ({where}) on {each.schedule!r}."
        why = each.unlike(project.bridge.secret_env, project.addresses)
        fix = f"It stays with GitHub: {why}." if why else f"cronshift migrate --workflow {file}"
        yield Evidence(text, each.location, fix)


def _own_functions(project: ProjectSubject) -> Iterator[Evidence]:
    for job in project.jobs:
        if job.function is not None and job.entry.origin is not Origin.MOVED:
            caller = job.entry.workflow or "Vercel"
            text = (
                f"{job.function.id} ({job.function.file}) fires by itself, and"
                f" {caller} calls {job.entry.path}: both run each tick of {job.id}."
            )
            yield Evidence(text, job.entry.source, job=job.id)
    if project.is_moving:
        yield from _functions_untold(project)


def _functions_untold(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the entries whose work a served function does as well, which no setting names."""
    from cronshift.plan.same_work import (
        handler_uses,
        names_path,
        same_ticks,
        schedule_of,
        used_by_several,
        work_shared,
    )
    from cronshift.project.conventions.cron_functions import cron_functions

    tree = project.tree
    named = {job.function.id for job in project.jobs if job.function is not None}
    jobs = [
        (job, handler_uses(tree, job.handler) if job.handler else frozenset())
        for job in project.jobs
        if job.function is None and job.entry.origin is not Origin.MOVED
    ]
    common = used_by_several((job.entry.path, uses) for job, uses in jobs)
    for function in cron_functions(tree):
        schedule, _ = schedule_of(function)
        asks_whose = any("cronshift" in module for module, _ in function.uses)
        if schedule is None or function.id in named or asks_whose:
            continue
        for job, uses in jobs:
            entry, evidence = job.entry, work_shared(function, schedule, job.entry, uses - common)
            is_double = same_ticks(entry, schedule) or names_path(function, entry)
            if evidence and is_double and _is_imported(tree, function.location.file):
                text = (
                    f"{function.id} ({function.location}) fires on {function.crons[0]!r}, and Vercel calls"
                    f" {entry.path}: {evidence}."
                )
                yield Evidence(text, entry.source, job=job.id)


def _functions_of_one_id(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the entries whose function would be given the id that a served one of the app's own has."""
    from cronshift.project.conventions.cron_functions import cron_functions

    jobs = {
        job.id: job
        for job in project.jobs
        if job.function is None and job.entry.origin is not Origin.MOVED
    }
    for function in cron_functions(project.tree) if project.is_moving else ():
        job, file = jobs.get(function.id), function.location.file
        if job is None or file == job.module or not _is_imported(project.tree, file):
            continue
        text = (
            f"{function.location} has the id {job.id}, as the function of {job.entry.path} would."
        )
        fix = f'Else, to have both: [jobs.OTHER] with path = "{path_to_show(job.entry.path)}" in cronshift.toml.'
        yield Evidence(text, job.entry.source, f"{FUNCTION_OF_ONE_ID.fix} {fix}", job=job.id)


def _is_imported(tree: SourceTree, file: str) -> bool:
    """Return whether a file serves, or another module loads it; else what is in it is served by nobody."""
    stem = PurePosixPath(file).stem
    return (
        "serve(" in tree.read(file)
        or any(
            stem in text and file in {tree.imported(other, name) for name in IMPORT.findall(text)}
            for other in tree.files
            if other != file and other.endswith(_MODULES) and (text := tree.read(other))
        )
        or (file.endswith(".py") and _is_named(tree, file, stem))
    )


def _is_named(tree: SourceTree, file: str, stem: str) -> bool:
    """Return whether another Python module imports something by a module's name."""
    mention = re.compile(rf"^\s*(?:from|import)\s.*\b{re.escape(stem)}\b", re.MULTILINE)
    return any(
        mention.search(tree.read(other))
        for other in tree.files
        if other.endswith(".py") and other != file
    )


WORKFLOW_SCHEDULE = Rule(
    "CS559",
    "workflow-schedule",
    Severity.NOTE,
    "A scheduled workflow of GitHub Actions calls a route of the app. GitHub makes no second attempt, may "
    "start late or not at all, and ends the schedule of a public repository without commits for 60 days.",
    "Take it over as a job: cronshift migrate --workflow FILE.",
    of_project=_workflows,
)
FUNCTION_OF_ONE_ID = Rule(
    "CS557",
    "function-of-one-id",
    Severity.WARNING,
    "A function of the app's own has the id that the job's would be given, and Inngest would take one for "
    "the other.",
    "Where it does the job, take the entry out, after which cronshift baseline takes the function over.",
    of_project=_functions_of_one_id,
    asked_first=True,
)
OWN_FUNCTION_TWICE = Rule(
    "CS560",
    "own-function-twice",
    Severity.WARNING,
    "A job has an Inngest function of the app's own, which asks nobody whose a tick is, and an entry that "
    "calls its route as well: every tick runs twice.",
    "Take the entry out, after which cronshift baseline takes the function over, or the function out of "
    "what is served.",
    of_project=_own_functions,
)

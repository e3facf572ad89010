"""The rules of routes that another scheduler than Vercel's calls: GitHub's workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.model import Origin, Severity
from cronshift.plan.findings.rule import Evidence, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.plan.findings.subject import ProjectSubject


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
            text = (
                f"{job.function.id} ({job.function.file}) fires by itself, and"
                f" {job.entry.workflow or 'Vercel'} calls {job.entry.path}: both run each tick of {job.id}."
            )
            yield Evidence(text, job.entry.source, job=job.id)


WORKFLOW_SCHEDULE = Rule(
    "CS559",
    "workflow-schedule",
    Severity.NOTE,
    "A scheduled workflow of GitHub Actions calls a route of the app. GitHub makes no second attempt, may "
    "start late or not at all, and ends the schedule of a public repository without commits for 60 days.",
    "Take it over as a job: cronshift migrate --workflow FILE.",
    of_project=_workflows,
)
OWN_FUNCTION_TWICE = Rule(
    "CS560",
    "own-function-twice",
    Severity.WARNING,
    "A job has an Inngest function of the app's own, which asks nobody whose a tick is, and an entry that "
    "calls its route as well: every tick runs twice.",
    "Take the entry out (cronshift cutover JOB --no-guard), or the function out of what is served.",
    of_project=_own_functions,
)

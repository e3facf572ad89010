"""The rules of monitors that watch Vercel's crons, ``CS535`` and on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.model import HandlerKind, Location, Severity
from cronshift.plan.findings.rule import Evidence, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.plan.findings.subject import ProjectSubject

_OPTION = "automaticVercelMonitors"


def _going_silent(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the option by which Sentry makes monitors of the entries, where it does.

    It watches routes of the pages router alone (facts: operate 3).
    """
    watched = [
        job.id
        for job in project.jobs
        if job.handler is not None and job.handler.kind is HandlerKind.NEXT_PAGES
    ]
    file = project.judge.resolver.next.config.file
    root = project.tree.parsed(file) if file and watched else None
    if root is None or file is None:
        return
    for pair in root.find_all(kind="pair"):
        key, value = pair.field("key"), pair.field("value")
        is_option = key is not None and key.text().strip("\"'") == _OPTION
        if is_option and value is not None and value.text() not in {"false", "undefined"}:
            start = pair.range().start
            text = f"Sentry watches {', '.join(watched)} by the entries of Vercel's crons."
            yield Evidence(text, Location(file, start.line + 1, start.column + 1))


GOING_SILENT = Rule(
    "CS535",
    "monitors-go-silent",
    Severity.WARNING,
    "Sentry makes monitors of Vercel's crons (`automaticVercelMonitors`). They go silent, without an "
    "alarm, when the jobs leave Vercel.",
    "Set `heartbeat` for the jobs, or keep a check-in in their handlers, before finalize takes the entries out.",
    of_project=_going_silent,
)

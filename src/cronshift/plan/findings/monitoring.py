"""The rules of monitors that watch Vercel's crons: ``CS535``, ``CS548``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import IMPORT
from cronshift.model import HandlerKind, Location, Severity
from cronshift.plan.findings.pings import Pings
from cronshift.plan.findings.rule import Evidence, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.plan.findings.subject import ProjectSubject

_OPTION = "automaticVercelMonitors"


def _going_silent(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the option by which Sentry makes monitors of the entries, where it does.

    It watches routes of the pages router alone (facts: operate 3).
    """
    watched = [
        job.id
        for job in project.jobs
        if job.handler is not None
        and job.handler.kind is HandlerKind.NEXT_PAGES
        and job.options.heartbeat_env is None
    ]
    config = project.judge.resolver.next.config.file
    if config is None or not watched:
        return
    text = f"Sentry watches {', '.join(watched)} by the entries of Vercel's crons."
    for file in _with_imports(project.tree, config):
        root = project.tree.parsed(file) if _OPTION in project.tree.read(file) else None
        for pair in root.find_all(kind="pair") if root is not None else ():
            key, value = pair.field("key"), pair.field("value")
            is_option = key is not None and key.text().strip("\"'") == _OPTION
            if is_option and value is not None and value.text() not in {"false", "undefined"}:
                yield Evidence(text, _place(file, pair))


def _by_hand(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the first ping that the handler of a job sends itself, where nothing else watches the job."""
    pings = Pings(project.tree)
    for job in project.jobs:
        if job.handler is None or job.options.heartbeat_env is not None:
            continue
        if (ping := pings.first(job.handler)) is not None:
            file, node = ping
            text = f"The handler of {job.id} pings a monitor itself."
            yield Evidence(text, _place(file, node), job=job.id)


def _with_imports(tree: SourceTree, file: str) -> list[str]:
    """Return a file and those of the project's that it imports."""
    imported = (tree.imported(file, name) for name in IMPORT.findall(tree.read(file)))
    return list(dict.fromkeys([file, *(path for path in imported if path)]))


def _place(file: str, node: SgNode) -> Location:
    start = node.range().start
    return Location(file, start.line + 1, start.column + 1)


GOING_SILENT = Rule(
    "CS535",
    "monitors-go-silent",
    Severity.WARNING,
    "Sentry makes monitors of Vercel's crons (`automaticVercelMonitors`). They go silent, without an "
    "alarm, when the jobs leave Vercel.",
    "Set `heartbeat` for the jobs, or keep a check-in in their handlers, before finalize takes the entries out.",
    of_project=_going_silent,
)
PINGED_BY_HAND = Rule(
    "CS548",
    "pinged-by-hand",
    Severity.NOTE,
    "A handler pings a monitor itself. The ping goes silent, which raises an alarm, when the work no longer "
    "comes through this handler; until then it is sent for a run by hand too, and not when Inngest cancels a run.",
    "`cronshift monitors create`, or name the variable of its address as the job's `heartbeat`; then take the "
    "ping out of the handler.",
    of_project=_by_hand,
)

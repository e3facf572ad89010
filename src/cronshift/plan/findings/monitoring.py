"""The rules of monitors that watch Vercel's crons: ``CS535``, ``CS548``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import IMPORT
from cronshift.lazy_pattern import lazy_pattern
from cronshift.model import HandlerKind, Location, Severity
from cronshift.plan.findings.rule import Evidence, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.plan.findings.subject import ProjectSubject

_OPTION = "automaticVercelMonitors"
_ADDRESS = lazy_pattern(
    r"hc-ping\.com/|healthchecks\.io/ping|/api/v1/heartbeat/|cronitor\.link/|nosnch\.in/"
    r"|/api/[^/]+/cron/[^/]+/|heartbeat\.uptimerobot\.com|push\.statuscake\.com|cronhub\.io/ping"
    r"|api\.honeybadger\.io/v1/check_in|heartbeat\.checkly-analytics\.com"
)
"""The addresses at which services that watch jobs are pinged."""
_VARIABLE = lazy_pattern(
    r"\b[A-Z0-9_]*(?:HEARTBEAT|HEALTHCHECKS|HC_PING|CRONITOR|SNITCH)[A-Z0-9_]*\b"
)
_CHECK_IN = lazy_pattern(
    r"(?:^|\.)(?:captureCheckIn|withMonitor|capture_checkin)$|(?:^|\.)crons\.monitor$"
)
_ENVIRONMENT = lazy_pattern(r"\benv\b|environ|getenv")
_CALLS = {"call_expression", "call"}
_TEXTS = {"string", "template_string"}
_LONGEST_READ = 80  # characters of a call that reads a variable


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
    for job in project.jobs:
        if job.handler is None or job.options.heartbeat_env is not None:
            continue
        for file in _with_imports(project.tree, job.handler.file):
            if (ping := _ping(project.tree, file)) is not None:
                text = f"The handler of {job.id} pings a monitor itself."
                yield Evidence(text, _place(file, ping), job=job.id)
                break


def _ping(tree: SourceTree, file: str) -> SgNode | None:
    """Return the ping in a file: an address, a variable that holds one, or an SDK's check-in."""
    text = tree.read(file)
    if not (_ADDRESS.search(text) or _VARIABLE.search(text) or "heck" in text or "onitor" in text):
        return None
    root = tree.parsed(file)
    pings = (node for node in _nodes(root) if _is_ping(node)) if root is not None else ()
    return next(iter(pings), None)


def _nodes(node: SgNode) -> Iterator[SgNode]:
    """Yield a node and all below it, in their order."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting += reversed(current.children())


def _is_ping(node: SgNode) -> bool:
    kind = node.kind()
    if kind in _TEXTS and _ADDRESS.search(node.text()):
        return True
    if kind in _CALLS:
        function = node.field("function")
        name = function.text() if function is not None else ""
        is_variable = _ENVIRONMENT.search(name) and _VARIABLE.search(node.text())
        return bool(_CHECK_IN.search(name) or (is_variable and len(node.text()) < _LONGEST_READ))
    is_read = kind in {"member_expression", "subscript_expression", "subscript"}
    return bool(is_read and _ENVIRONMENT.search(node.text()) and _VARIABLE.search(node.text()))


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

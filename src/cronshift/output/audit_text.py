"""The audit as people read it: a table of the jobs, and the findings, the worst first.

Everything where it fits one screen. Else a line a job and a few lines a rule; ``--all`` shows the
rest. Ids and expressions are never cut; files are, from their beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from cronshift.errors import path_to_show
from cronshift.model import Mode, Severity
from cronshift.output.console import plain
from cronshift.output.plan_document import next_ticks
from cronshift.output.spots import spots
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from cronshift.model import Finding, Job, Plan
    from cronshift.output.spots import Spot

SEVERITY_STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.NOTE: "cyan",
}
SCREEN = 50  # lines
_CALLERS = {
    "cron-secret": "secret",
    "cron-secret-constant-time": "secret",
    "fail-open": "if set",
    "bearer-undefined": "if set",
    "written-secret": "if set",
    "spoofable": "anybody",
    "none": "anybody",
    "other": "checked",
    "wrong-credential": "not Vercel",
}
_UNKNOWN = "?"
_GAP = "  "
_SHORTEST_FILE = 8  # characters that are still worth showing
_ROUTE = lazy_pattern(r"/(route|\+server|index)\.\w+$")
_PLACES = 2  # of a rule, in a few words


def audit_text(plan: Plan, now: datetime, width: int, *, every: bool = False) -> Text:
    """Return the table and the findings, in few words where many would not fit one screen.

    Args:
        plan: the plan.
        now: what "next" counts from.
        width: of the screen, in characters.
        every: all words, however many lines they take.
    """
    whole = Text("\n").join([jobs_text(plan, now, width), findings_text(plan.findings)])
    if every or str(whole).count("\n") <= SCREEN:
        return whole
    brief = Text("\n").join([_brief_jobs(plan.jobs, width), _brief_findings(plan.findings, width)])
    return brief.append("--all shows every place, with what to do about it.\n", style="dim")


def jobs_text(plan: Plan, now: datetime, width: int) -> Text:
    """Return two lines a job: its schedule and authentication; its path and handler."""
    jobs = plan.jobs
    rows = [("Job", "Schedule (UTC)", "Next", "Caller", "Mode"), *(_row(job, now) for job in jobs)]
    sizes = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(sizes) + len(_GAP) * (len(sizes) - 1) > width:
        sizes[2] = 0  # the next tick is what one can do without
    text = Text(no_wrap=True)
    for number, row in enumerate(rows):
        cells = [plain(cell).ljust(size) for cell, size in zip(row, sizes, strict=True) if size]
        text.append(_GAP.join(cells).rstrip() + "\n", style="" if number else "bold")
        if number:
            for line in _where(jobs[number - 1], width - len(_GAP)):
                text.append(f"{_GAP}{plain(line)}\n", style="dim")
    return text


def _row(job: Job, now: datetime) -> tuple[str, str, str, str, str]:
    upcoming = next_ticks(job, now, 1)
    tick = f"{upcoming[0]:%d %b %H:%M}" if upcoming else "never"
    return job.id, job.entry.schedule, tick, _caller(job), job.mode.value


def _caller(job: Job) -> str:
    """Return the authentication of a job's handler, in a word or two."""
    if job.handler is None:
        return _UNKNOWN
    return _CALLERS.get(job.handler.auth or "", _UNKNOWN)


def _where(job: Job, room: int) -> Iterator[str]:
    """Yield a job's path and handler, in lines that fit, and the reason for its bridge."""
    handler = job.handler
    file = "nothing that is known" if handler is None else handler.file
    if handler is not None and handler.route is not None:
        file = str(handler.route)
    when = f"{job.schedule.describe()}: " if job.schedule is not None else ""
    way = f"{path_to_show(job.entry.path)} → {file}"
    if len(when + way) <= room:
        yield when + way
    elif len(way) <= room:
        yield way
    else:
        yield path_to_show(job.entry.path)
        yield f"→ {file}"
    if job.mode is Mode.BRIDGE and job.bridged_because:
        yield f"bridged: {job.bridged_because}"


def _brief_jobs(jobs: Sequence[Job], width: int) -> Text:
    """Return a line a job; its handler is cut from the beginning."""
    rows = [(job.id, job.entry.schedule, _caller(job)) for job in jobs]
    heads = ("Job", "Schedule", "Caller")
    columns = zip(heads, *rows, strict=True)
    ids, schedules, callers = (max(map(len, column)) for column in columns)
    room = width - ids - schedules - callers - 3 * len(_GAP)
    text = Text(no_wrap=True)
    cells = ["Job".ljust(ids), "Schedule".ljust(schedules), "Caller".ljust(callers), "Handler"]
    text.append(_GAP.join(cells)[:width].rstrip() + "\n", style="bold")
    for job, (name, schedule, caller) in zip(jobs, rows, strict=True):
        file = _ROUTE.sub("", job.handler.file) if job.handler else "?"
        cut = f"…{file[-(room - 1) :]}" if room >= _SHORTEST_FILE else ""
        shown = file if len(file) <= room else cut
        cells = [name.ljust(ids), schedule.ljust(schedules), caller.ljust(callers), shown]
        style = "red" if job.mode is Mode.BLOCKED else ""
        text.append(plain(_GAP.join(cells)).rstrip() + "\n", style=style)
    return text


def findings_text(findings: Iterable[Finding]) -> Text:
    """Return the findings, worst first, each with its place, its meaning and its remedy.

    Those of one rule with one remedy stand together, and the remedy once.
    """
    text = Text()
    alike: dict[tuple[str, str], list[Spot]] = {}
    for spot in spots(findings):
        alike.setdefault((spot.finding.code, spot.finding.fix), []).append(spot)
    for first, *others in alike.values():
        finding = first.finding
        head = f"{finding.severity.value} {finding.code} {finding.name}"
        text.append(head, style=SEVERITY_STYLES[finding.severity])
        text.append(f"  {len(others) + 1} times\n" if others else "\n")
        for spot in (first, *others):
            place = " · ".join(part for part in (", ".join(spot.jobs), spot.place) if part)
            text.append(f"  {plain(place)}\n" if place else "")
            text.append(f"  {'  ' if others else ''}{plain(spot.finding.message)}\n")
        text.append(f"  → {plain(finding.fix)}\n", style="dim")
    return text


def _brief_findings(findings: Iterable[Finding], width: int) -> Text:
    """Return a line a rule, and below it the first places of errors and warnings."""
    text = Text(no_wrap=True)
    alike: dict[str, list[Spot]] = {}
    for spot in spots(findings):
        alike.setdefault(spot.finding.code, []).append(spot)
    for some in alike.values():
        finding = some[0].finding
        times = f"  {len(some)} times" if len(some) > 1 else ""
        head = f"{finding.severity.value} {finding.code} {finding.name}{times}"
        text.append(head, style=SEVERITY_STYLES[finding.severity])
        if finding.severity is Severity.NOTE:
            text.append("\n")
            continue
        text.append("\n")
        for spot in some[:_PLACES]:
            line = plain(f"  {spot.place or ', '.join(spot.jobs)}  {spot.finding.message}")
            text.append((line if len(line) <= width else f"{line[: width - 1]}…") + "\n")
    return text

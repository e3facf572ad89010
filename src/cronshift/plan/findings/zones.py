"""Two UTC ticks for one local time: a pair of entries, an hour apart, behind a gate on the local hour."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cronshift.handlers.tree import IMPORT
from cronshift.model import Severity
from cronshift.plan.findings.rule import Evidence, Rule
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Job
    from cronshift.plan.findings.subject import ProjectSubject

_ZONE = lazy_pattern(
    r"""["'`]((?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Pacific|US)/[\w/+-]+)["'`]"""
)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_WINTER, _SUMMER = datetime(2026, 1, 15), datetime(2026, 7, 15)  # noqa: DTZ001 - zones are put in


def _pairs(project: ProjectSubject) -> Iterator[Evidence]:
    by_path: defaultdict[tuple[str, str], list[tuple[timedelta, Job]]] = defaultdict(list)
    for job in project.jobs:
        minute, hours, *others = (*job.entry.schedule.split(), "", "")[:5]
        for hour in hours.split(","):
            if minute.isdecimal() and hour.isdecimal() and "," not in minute:
                at = timedelta(hours=int(hour), minutes=int(minute))
                by_path[job.entry.path, " ".join(others)].append((at, job))
    for (path, days), times in by_path.items():
        times.sort(key=lambda pair: pair[0])
        for (first, job), (second, other) in pairwise(times):
            zone = _zone(project.tree, job) if second - first == _HOUR else None
            if zone is not None and len(times) == 2:  # noqa: PLR2004 - a pair
                yield _evidence(path, days, first, (job, other), zone)


def _evidence(
    path: str, days: str, first: timedelta, jobs: tuple[Job, Job], zone: ZoneInfo
) -> Evidence:
    """Return the evidence about a pair; the earlier of its ticks is that of the summer."""
    offsets = [when.replace(tzinfo=zone).utcoffset() or timedelta() for when in (_WINTER, _SUMMER)]
    local = first + max(offsets)
    minutes = (local % _DAY) // timedelta(minutes=1)
    schedule = f"TZ={zone.key} {minutes % 60} {minutes // 60} {days}"
    keeps = jobs[0] if jobs[0] == jobs[1] else jobs[1]
    gone = "" if jobs[0] == jobs[1] else f" Take out the entry of {jobs[0].id}, and write"
    fix = f'{gone or "Write"} schedule = "{schedule}" under [jobs.{keeps.id}].'.strip()
    if local // _DAY and days != "* * *":
        fix += " Its day is another one there: look at the days too."
    text = (
        f"{path} comes due twice, an hour apart, and its handler looks at the time in {zone.key}."
    )
    return Evidence(text, keeps.entry.source, fix=fix, job=keeps.id)


def _zone(tree: SourceTree, job: Job) -> ZoneInfo | None:
    """Return the zone that a handler, or a module that it imports, names; one that changes its clock."""
    if job.handler is None:
        return None
    text = tree.read(job.handler.file)
    imported = (tree.imported(job.handler.file, name) for name in IMPORT.findall(text))
    names = dict.fromkeys(
        name
        for file in (job.handler.file, *(path for path in imported if path))
        for name in _ZONE.findall(tree.read(file))
    )
    if len(names) != 1:
        return None
    try:
        zone = ZoneInfo(next(iter(names)))
    except (KeyError, ValueError, OSError):
        return None
    winter, summer = (when.replace(tzinfo=zone).utcoffset() for when in (_WINTER, _SUMMER))
    return zone if winter != summer else None


ZONED_PAIR = Rule(
    "CS517",
    "zoned-pair",
    Severity.NOTE,
    "Two UTC ticks, an hour apart, stand for one local time, and the handler lets one of them do nothing. "
    "On Inngest one schedule has a zone, and every run counts.",
    "Keep one entry and give its job a schedule with the zone; then the gate in the handler can go.",
    of_project=_pairs,
)

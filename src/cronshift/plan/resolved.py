"""Stage 3, resolved: the meaning of each entry: its ticks, its options, and its handler.

A question that takes the entry and the settings, but not the handler's own code, stands here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.errors import Reason, ScheduleError
from cronshift.handlers.tree import language
from cronshift.model import Handler, HandlerKind
from cronshift.plan.findings import entries as rules
from cronshift.runtime.schedule import Schedule

if TYPE_CHECKING:
    from cronshift.handlers import Resolution
    from cronshift.model import CronEntry, Finding, JobOptions
    from cronshift.plan.findings import Rule
    from cronshift.plan.handler_findings import Judge
    from cronshift.plan.identified import Identified, IdentifiedEntry
    from cronshift.plan.opened import Opened
    from cronshift.project.settings import JobSettings, Settings

_SCRIPTS = (".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs")
_LONGEST_JITTER = timedelta(minutes=5)
_SCHEDULE_RULES = {
    Reason.SIX_FIELDS: rules.SIX_FIELDS,
    Reason.NAMES: rules.NAMES,
    Reason.BOTH_DAY_FIELDS: rules.BOTH_DAY_FIELDS,
}


class ResolvedEntry(Struct, frozen=True):
    """The meaning of one entry.

    Attributes:
        set_here: the names of the options that the user gives.
        schedule: ``None`` where its text has no meaning.
        answer: the handler that the settings name, else the resolution of the path.
    """

    job: str
    entry: CronEntry
    options: JobOptions
    set_here: frozenset[str]
    schedule: Schedule | None
    answer: Handler | Resolution


class Resolved(Struct, frozen=True):
    """The meaning of all entries, and the findings so far."""

    opened: Opened
    entries: tuple[ResolvedEntry, ...]
    findings: tuple[Finding, ...]


def resolve(identified: Identified) -> Resolved:
    """Return the meaning of the entries.

    Raises:
        ConfigError: if cronshift.toml names a handler that does not exist.
    """
    opened, findings = identified.opened, list(identified.findings)
    entries = []
    for each in identified.entries:
        entry, about = _resolved(each, opened.project.settings, opened.judge)
        entries.append(entry)
        findings += about
    return Resolved(opened, tuple(entries), tuple(findings))


def _resolved(
    identified: IdentifiedEntry, settings: Settings, judge: Judge
) -> tuple[ResolvedEntry, list[Finding]]:
    job, entry = identified.job, identified.entry
    job_settings = settings.jobs.get(job)
    options, set_here = settings.options_of(job)
    schedule, findings = _schedule(job, entry, job_settings.schedule if job_settings else None)
    if entry.jitter_minutes:
        asked = timedelta(minutes=entry.jitter_minutes)
        options = replace(options, jitter=min(asked, _LONGEST_JITTER))
        if asked > _LONGEST_JITTER:
            message = f"{entry.pointer} asks for {entry.jitter_minutes} minutes of jitter."
            findings.append(rules.JITTER_TOO_LONG.finding(message, job=job, location=entry.source))
    if entry.method != "GET":
        message = f"{entry.pointer} calls {entry.path} with {entry.method}."
        findings.append(rules.NOT_GET.finding(message, job=job, location=entry.source))
    named = _named_handler(job_settings, judge) if job_settings else None
    answer = judge.resolver.resolve(entry.path) if named is None else named
    return ResolvedEntry(job, entry, options, set_here, schedule, answer), findings


def _named_handler(job_settings: JobSettings, judge: Judge) -> Handler | None:
    """Return the handler that the settings name: the user's, where its route was moved to, or the function."""
    if job_settings.function is not None:
        file = job_settings.function.file
        place = judge.resolver.tree.place_of(file, job_settings.function.id)
        name = language(file) or "typescript"
        return Handler(file, HandlerKind.INNGEST, job_settings.function.id, name, place.line)
    reference = job_settings.handler or (job_settings.moved.handler if job_settings.moved else None)
    if reference is None:
        return None
    if reference.rpartition(":")[0].endswith(_SCRIPTS):
        handler = judge.named(reference)
        seconds = job_settings.moved.max_duration if job_settings.moved else None
        return replace(handler, max_duration=handler.max_duration or seconds)
    return judge.resolver.python.named(reference, job_settings.handler_kind)


def _schedule(
    job: str, entry: CronEntry, override: str | None
) -> tuple[Schedule | None, list[Finding]]:
    """Return the schedule that the engine reads from an entry, and the findings about it."""

    def here(rule: Rule, message: str) -> Finding:
        return rule.finding(message, job=job, location=entry.source)

    try:
        schedule = _meaning(entry, override)
    except ScheduleError as error:
        rule = _SCHEDULE_RULES.get(error.reason, rules.INVALID_SCHEDULE)
        return None, [here(rule, f"{entry.pointer}.schedule {entry.schedule!r}: {error.message}")]
    if schedule.never:
        text = f"{schedule.expression!r} matches no date, so {entry.path} has never been called."
        return schedule, [here(rules.NEVER_FIRES, text)]
    if schedule.translated:
        text = f"{entry.schedule!r} becomes {schedule.expression!r}: the same ticks."
        return schedule, [here(rules.DAY_SEVEN, text)]
    return schedule, []


def _meaning(entry: CronEntry, override: str | None) -> Schedule:
    if override is not None:
        return Schedule.parse(Schedule.parse(override).trigger)  # the trigger is what is registered
    if entry.workflow is not None:  # five fields as POSIX has them, and the engine
        return Schedule.parse(f"TZ={entry.timezone} {entry.schedule}")
    if entry.timezone != "UTC":
        schedule = Schedule.from_vercel(entry.schedule)
        return Schedule.parse(f"TZ={entry.timezone} {schedule.expression}")
    return Schedule.from_vercel(entry.schedule)

"""PLAN: entries, handlers and settings become jobs and findings.

No network, and none of the user's code is run. An error-level finding blocks its job only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from cronshift.errors import ConfigError, ScheduleError
from cronshift.model import (
    CronEntry,
    Finding,
    Handler,
    HandlerKind,
    Job,
    Location,
    Mode,
    Origin,
    Plan,
    Problem,
    Routers,
    Severity,
)
from cronshift.plan.findings import ASKED_FIRST, AUDITED, BY_NAME, Rule, leftovers
from cronshift.plan.findings import entries as rules
from cronshift.plan.findings.routing import WRONG_METHOD
from cronshift.plan.handler_findings import Judge
from cronshift.plan.job_ids import job_ids, module_name
from cronshift.plan.placement import (
    NEXTJS,
    app_code,
    called_paths,
    endpoint_of,
    is_callable,
    out_folder,
    routers_of,
)
from cronshift.plan.project_findings import survey
from cronshift.project.inngest_sdk import sdk_major
from cronshift.project.settings import CONFIG_NAME, Settings
from cronshift.runtime.ownership import OWNERSHIP_NAME, parse_ownership
from cronshift.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cronshift.project import Project
    from cronshift.project.settings import JobSettings

_SCRIPTS = (".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs")
_LONGEST_JITTER = timedelta(minutes=5)
_SCHEDULE_RULES = {
    "six-fields": rules.SIX_FIELDS,
    "names": rules.NAMES,
    "both-day-fields": rules.BOTH_DAY_FIELDS,
}


def make_plan(project: Project) -> Plan:
    """Return the plan of a project: one job for every entry, and all that was found.

    Raises:
        ConfigError: if cronshift.toml names an entry or a handler that does not exist.
    """
    settings = project.settings
    moved = _moved(settings)
    entries = [entry for source in project.sources for entry in source.entries]
    entries += moved.values()
    problems = [problem for source in project.sources for problem in source.problems]
    ids = _ids(entries, moved, settings)
    _refuse_unknown_jobs(settings, ids)
    found = [*_from_problems(problems, entries, ids), *_between(entries, ids)]
    settings = replace(settings, out=out_folder(project, settings))
    judge = Judge(project.root, project.sources[0].document, project.edited)
    made_jobs = []
    for job_id, entry in zip(ids, entries, strict=True):
        job, own = _job(settings, judge, job_id, entry)
        made_jobs.append(job)
        found += own
    code = app_code(judge, settings)
    found += survey(judge, made_jobs, project.config_file, called_paths(settings.target))
    found, suppressed = suppress(found, settings)
    found += _unused(settings, suppressed)
    doubted = {finding.job for finding in found if finding.code in ASKED_FIRST}
    serving = _in_service(project, [job for job in made_jobs if job.id in doubted])
    blocked = {
        finding.job
        for finding in found
        if finding.severity is Severity.ERROR
        and not (finding.code in ASKED_FIRST and finding.job in serving)
    }
    blocked |= {job.id for job in made_jobs if job.schedule is None}  # accepted or not
    without_get = {one.job for one in (*found, *suppressed) if one.code == WRONG_METHOD.code}
    bridged = without_get if settings.target == NEXTJS else set()  # there is no GET to import
    jobs = [
        replace(job, mode=Mode.BLOCKED, module=None)
        if job.id in blocked
        else replace(job, mode=Mode.BRIDGE if job.id in bridged else job.mode)
        for job in made_jobs
    ]
    return Plan(
        framework=project.framework,
        config_file=project.config_file,
        target=settings.target,
        app_id=(code.client and code.client.app_id) or replace(project, settings=settings).app_id,
        out=settings.out,
        jobs=tuple(jobs),
        findings=tuple(sorted(found, key=reading_order)),
        suppressed=tuple(sorted(suppressed, key=reading_order)),
        bridge=settings.bridge,
        endpoint_file=endpoint_of(judge) if settings.target == NEXTJS else None,
        sdk_major=sdk_major(judge.resolver.tree) or 4,
        routers=routers_of(judge) if settings.target == NEXTJS else Routers(),
        code=code,
        in_service=serving,
        sessions=f"{settings.out}/sessions/index.ts" in judge.resolver.tree.files,
    )


def _in_service(project: Project, jobs: Sequence[Job]) -> frozenset[str]:
    """Return those of the doubted jobs that Inngest may already be running.

    A finding about what a handler does keeps a job from being started, and never stops one that is
    in service: that has its module in the package, or ticks that an epoch gave to Inngest. Leaving
    it out would lose those ticks, which is worse than what was found.

    Raises:
        ConfigError: for an ownership file that cannot be read.
    """
    if not jobs:
        return frozenset()
    file = project.root / OWNERSHIP_NAME
    epochs = parse_ownership(file.read_text()).jobs if file.is_file() else {}
    return frozenset(
        job.id
        for job in jobs
        if (job.module and (project.root / job.module).is_file())
        or any(epoch.percent for epoch in epochs.get(job.id, ()))
    )


def _moved(settings: Settings) -> dict[str, CronEntry]:
    """Return the entries that Vercel no longer has, by their job."""
    file = settings.file or CONFIG_NAME
    return {
        job_id: CronEntry(
            job.moved.path,
            job.moved.schedule,
            Location(file, job.moved.line),
            f"jobs.{job_id}.moved",
            Origin.MOVED,
        )
        for job_id, job in settings.jobs.items()
        if job.moved is not None
    }


def _ids(
    entries: Sequence[CronEntry], moved: Mapping[str, CronEntry], settings: Settings
) -> list[str]:
    """Return an id for each entry: the user's, the one that it moved with, else one of its path.

    Entries that moved count when the others are named, so that a twin's going renames nothing.
    """
    by_user = _named_by_the_user(entries, settings)
    by_user |= {id(moved[job]): job for job in moved if settings.jobs[job].path is not None}
    named = {**by_user, **{id(entry): job for job, entry in moved.items()}}
    rest = [entry for entry in entries if id(entry) not in by_user]
    made = dict(zip(map(id, rest), job_ids(rest, set(named.values())), strict=True))
    return [named.get(id(entry)) or made[id(entry)] for entry in entries]


def _named_by_the_user(entries: Sequence[CronEntry], settings: Settings) -> dict[int, str]:
    """Return the ids that cronshift.toml gives to entries, by the entry's identity."""
    named: dict[int, str] = {}
    for job_id, job in settings.jobs.items():
        if job.path is None or job.moved is not None:
            continue
        matching = [entry for entry in entries if _is_meant(entry, job)]
        if len(matching) != 1:
            several = "several entries; add vercel_schedule" if matching else "no entry"
            raise ConfigError(
                f"`jobs.{job_id}` names {job.path!r}, which is {several}.",
                reason="no-such-entry",
                hint="cronshift audit lists the entries with their paths.",
                where=settings.file,
            )
        named[id(matching[0])] = job_id
    return named


def _is_meant(entry: CronEntry, job: JobSettings) -> bool:
    return entry.path == job.path and job.vercel_schedule in (None, entry.schedule)


def _refuse_unknown_jobs(settings: Settings, ids: Sequence[str]) -> None:
    unknown = sorted(set(settings.jobs) - set(ids))
    if unknown:
        raise ConfigError(
            f"`jobs.{unknown[0]}` is no job of this project.",
            reason="no-such-job",
            hint=f"The jobs are: {', '.join(ids) or 'none'}.",
            where=settings.file,
        )


def _job(
    settings: Settings, judge: Judge, job_id: str, entry: CronEntry
) -> tuple[Job, list[Finding]]:
    """Return the job of one entry, and what its own text gives to say."""
    own = settings.jobs.get(job_id)
    options = own.over(settings.defaults) if own else settings.defaults
    schedule, found = _schedule(job_id, entry, own.schedule if own else None)
    if entry.jitter_minutes:
        asked = timedelta(minutes=entry.jitter_minutes)
        options = replace(options, jitter=min(asked, _LONGEST_JITTER))
        if asked > _LONGEST_JITTER:
            message = f"{entry.pointer} asks for {entry.jitter_minutes} minutes of jitter."
            found.append(rules.JITTER_TOO_LONG.found(message, job=job_id, location=entry.source))
    if entry.method != "GET":
        message = f"{entry.pointer} calls {entry.path} with {entry.method}."
        found.append(rules.NOT_GET.found(message, job=job_id, location=entry.source))
    handler = _named_handler(own, judge) if own else None
    if handler is None:
        handler, said = judge.of(entry, schedule, job_id)
        found += said
    wanted = (own.mode if own else None) or settings.mode
    can_be_direct = handler is not None and is_callable(
        handler, entry.path, settings, routers_of(judge)
    )
    mode = _mode(job_id, handler, wanted, settings.target, can_be_direct=can_be_direct)
    module = f"{settings.out}/jobs/{module_name(job_id)}.py"
    if settings.target == NEXTJS:
        module = f"{settings.out}/functions/{job_id}.{routers_of(judge).language}"
    return Job(job_id, entry, schedule, mode, handler, options, module), found


def _named_handler(own: JobSettings, judge: Judge) -> Handler | None:
    """Return the handler that the settings name: the user's, or where its route was moved to."""
    reference = own.handler or (own.moved.handler if own.moved else None)
    if reference is None:
        return None
    if reference.rpartition(":")[0].endswith(_SCRIPTS):
        handler = judge.named(reference)
        told = own.moved.max_duration if own.moved else None
        return replace(handler, max_duration=handler.max_duration or told)
    return judge.resolver.python.named(reference, own.handler_kind)


def _mode(
    job_id: str, handler: Handler | None, asked: Mode | None, target: str, *, can_be_direct: bool
) -> Mode:
    if asked is Mode.DIRECT and not can_be_direct:
        raise ConfigError(
            f"`jobs.{job_id}` is to be called directly, but no handler that can be answers its path.",
            reason="no-handler",
            hint=f'Set handler = "module:attribute" under [jobs.{job_id}], or mode = "bridge".',
        )
    if handler and handler.kind is HandlerKind.CALLABLE and target != NEXTJS:
        return Mode.DIRECT  # a plain function answers no request
    return asked or (Mode.DIRECT if can_be_direct else Mode.BRIDGE)


def _schedule(
    job_id: str, entry: CronEntry, override: str | None
) -> tuple[Schedule | None, list[Finding]]:
    """Return what the entry's schedule means to the engine, and the findings about it."""

    def found(rule: Rule, message: str) -> Finding:
        return rule.found(message, job=job_id, location=entry.source)

    try:
        schedule = _meaning(entry, override)
    except ScheduleError as error:
        rule = _SCHEDULE_RULES.get(error.reason, rules.INVALID_SCHEDULE)
        return None, [found(rule, f"{entry.pointer}.schedule {entry.schedule!r}: {error.message}")]
    if schedule.never:
        text = f"{schedule.expression!r} matches no date, so {entry.path} has never been called."
        return schedule, [found(rules.NEVER_FIRES, text)]
    if schedule.translated:
        text = f"{entry.schedule!r} becomes {schedule.expression!r}: the same ticks."
        return schedule, [found(rules.DAY_SEVEN, text)]
    return schedule, []


def _meaning(entry: CronEntry, override: str | None) -> Schedule:
    if override is not None:
        return Schedule.parse(Schedule.parse(override).trigger)  # the trigger is what is registered
    if entry.origin is Origin.SCHEDULES and entry.timezone != "UTC":
        schedule = Schedule.from_vercel(entry.schedule)
        return Schedule.parse(f"TZ={entry.timezone} {schedule.expression}")
    return Schedule.from_vercel(entry.schedule)


def _from_problems(
    problems: Iterable[Problem], entries: Sequence[CronEntry], ids: Sequence[str]
) -> Iterable[Finding]:
    """Turn what the reader could not accept into findings, of a job where there is one."""
    jobs = {
        (entry.source.file, entry.pointer): job_id
        for entry, job_id in zip(entries, ids, strict=True)
    }
    for problem in problems:
        pointer = problem.pointer
        while pointer and (problem.location.file, pointer) not in jobs:
            pointer = pointer.rpartition(".")[0]
        rule = BY_NAME.get(problem.rule, rules.INVALID_ENTRY)
        yield rule.found(
            f"Invalid {problem.location.file} - {problem.message}",
            job=jobs.get((problem.location.file, pointer)),
            location=problem.location,
        )


def _between(entries: Sequence[CronEntry], ids: Sequence[str]) -> Iterable[Finding]:
    """Return the findings that take more than one entry to see."""
    by_path: defaultdict[str, list[tuple[CronEntry, str]]] = defaultdict(list)
    for entry, job_id in zip(entries, ids, strict=True):
        by_path[entry.path].append((entry, job_id))
    for path, group in by_path.items():
        times = Counter(" ".join(entry.schedule.split()) for entry, _ in group)
        for entry, job_id in group[1:]:
            twice = times[" ".join(entry.schedule.split())] > 1
            rule = rules.DUPLICATE_ENTRY if twice else rules.SAME_PATH
            text = f"{path} is also listed at line {group[0][0].source.line}."
            yield rule.found(text, job=job_id, location=entry.source)
    modern = [entry for entry in entries if entry.origin is Origin.SCHEDULES]
    if modern:
        text = f"{len(modern)} of {len(entries)} entries come from `schedules`."
        yield rules.SCHEDULES_IN_USE.found(text, location=modern[0].source)


def suppress(found: Iterable[Finding], settings: Settings) -> tuple[list[Finding], list[Finding]]:
    """Part the findings in those that are shown and those that the user has accepted."""
    shown: list[Finding] = []
    hidden: list[Finding] = []
    for finding in found:
        accepted = any(
            one.code == finding.code and one.job in {None, finding.job}
            for one in settings.suppressions
        )
        (hidden if accepted else shown).append(finding)
    return shown, hidden


def _unused(settings: Settings, suppressed: Sequence[Finding]) -> Iterable[Finding]:
    """Yield the suppressions that hide nothing; those of ``validate`` are not judged here."""
    hidden = {(finding.code, job) for finding in suppressed for job in (finding.job, None)}
    for one in settings.suppressions:
        if one.code in AUDITED and (one.code, one.job) not in hidden:
            place = Location(settings.file or CONFIG_NAME, 1)
            text = f"{one.code} is suppressed{f' for {one.job}' if one.job else ''} and not found."
            yield leftovers.UNUSED_SUPPRESSION.found(text, location=place)


def reading_order(finding: Finding) -> tuple[int, str, int, str]:
    """Return what findings are sorted by: the worst first, then their place."""
    place = finding.location
    return (
        list(Severity).index(finding.severity),
        place.file if place else "",
        place.line if place else 0,
        finding.code,
    )

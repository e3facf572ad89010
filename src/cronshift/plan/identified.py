"""Stage 2, identified: every entry with the id of the job that it becomes.

A question about the entries alone, each or together, stands here: only their text is known yet.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import ConfigError
from cronshift.model import CronEntry, Finding, Location, Origin, Problem
from cronshift.plan.findings import BY_NAME
from cronshift.plan.findings import entries as rules
from cronshift.plan.job_ids import job_ids
from cronshift.project.conventions.own_functions import function_ids
from cronshift.project.counting import counted
from cronshift.project.ownership_file import read_ownership
from cronshift.project.settings import CONFIG_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from cronshift.plan.opened import Opened
    from cronshift.project.settings import JobSettings, Settings


class IdentifiedEntry(Struct, frozen=True):
    """An entry and the id of its job."""

    job: str
    entry: CronEntry


class Identified(Struct, frozen=True):
    """All entries of a project, those that Vercel no longer has among them, and their findings."""

    opened: Opened
    entries: tuple[IdentifiedEntry, ...]
    findings: tuple[Finding, ...]


def identify(opened: Opened) -> Identified:
    """Return the entries with their ids.

    Raises:
        ConfigError: if cronshift.toml names an entry or a job that does not exist, or gives a job
            an id that the target needs.
    """
    project = opened.project
    moved = _moved(project.settings)
    declared = [entry for source in project.sources for entry in source.entries]
    problems = [problem for source in project.sources for problem in source.problems]
    needed = opened.target.taken_ids
    ours = read_ownership(project.root).jobs.keys() | project.settings.jobs.keys()
    by_hand = function_ids(opened.judge.resolver.tree) - ours
    ids = _ids(declared, moved, project.settings, needed, by_hand)
    named = [
        IdentifiedEntry(job, entry)
        for job, entry in zip(ids, [*declared, *moved.values()], strict=True)
    ]
    _refuse_unknown_jobs(project.settings, ids)
    return Identified(
        opened, tuple(named), (*_from_problems(problems, named), *_between_entries(named))
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
            timezone=job.moved.timezone,
            jitter_minutes=job.moved.jitter_minutes,
            workflow=job.moved.workflow,
        )
        for job_id, job in settings.jobs.items()
        if job.moved is not None
    }


def _ids(
    declared: Sequence[CronEntry],
    moved: Mapping[str, CronEntry],
    settings: Settings,
    taken: Collection[str],
    by_hand: Collection[str],
) -> list[str]:
    """Return an id for each entry: the user's, the one that it moved with, else one of its path.

    Ids that ``taken`` are the target's, ``by_hand`` those of the app's own functions; a job that is on its
    way keeps its id all the same. Entries that moved count when the others are named, so that a twin's going renames nothing.
    """
    entries = [*declared, *moved.values()]
    by_move = dict(enumerate(moved, len(declared)))
    by_user = _named_by_the_user(entries, settings)
    by_user |= {at: job for at, job in by_move.items() if settings.jobs[job].path is not None}
    named = {**by_user, **by_move}
    _refuse_taken(named.values(), taken, settings)
    rest = [at for at in range(len(entries)) if at not in by_user]
    made = job_ids([entries[at] for at in rest], {*named.values(), *taken, *by_hand})
    return [job for _, job in sorted({**dict(zip(rest, made, strict=True)), **named}.items())]


def _named_by_the_user(entries: Sequence[CronEntry], settings: Settings) -> dict[int, str]:
    """Return the ids that cronshift.toml gives to entries, by the entry's place."""
    named: dict[int, str] = {}
    for job_id, job in settings.jobs.items():
        if job.path is None or job.moved is not None:
            continue
        matching = [at for at, entry in enumerate(entries) if _is_meant(entry, job)]
        if len(matching) != 1:
            several = "several entries; add vercel_schedule" if matching else "no entry"
            raise ConfigError(
                f"`jobs.{job_id}` names {job.path!r}, which is {several}.",
                reason="no-such-entry",
                hint="cronshift audit lists the entries with their paths.",
                where=settings.file,
            )
        named[matching[0]] = job_id
    return named


def _is_meant(entry: CronEntry, job: JobSettings) -> bool:
    return entry.path == job.path and job.vercel_schedule in (None, entry.schedule)


def _refuse_taken(ids: Iterable[str], taken: Collection[str], settings: Settings) -> None:
    for job_id in ids:
        if job_id in taken:
            raise ConfigError(
                f"`jobs.{job_id}` gives a job an id that the target needs for a file of its own.",
                reason="taken-id",
                hint=f"Name the job otherwise than {job_id}.",
                where=settings.file,
            )


def _refuse_unknown_jobs(settings: Settings, ids: Sequence[str]) -> None:
    unknown = sorted(set(settings.jobs) - set(ids))
    if unknown:
        raise ConfigError(
            f"`jobs.{unknown[0]}` is no job of this project.",
            reason="no-such-job",
            hint=f"The jobs are: {', '.join(ids) or 'none'}.",
            where=settings.file,
        )


_ACCEPTED = {"compiled-config", "repeated-key"}
"""Problems with which Vercel takes the file."""


def _from_problems(
    problems: Iterable[Problem], entries: Sequence[IdentifiedEntry]
) -> Iterable[Finding]:
    """Turn the reader's problems into findings, of a job where there is one."""
    jobs: dict[tuple[str, str | None], str] = {
        (each.entry.source.file, each.entry.pointer): each.job for each in entries
    }
    for problem in problems:
        rule = BY_NAME.get(problem.rule, rules.INVALID_ENTRY)
        yield rule.finding(
            problem.message
            if problem.rule in _ACCEPTED
            else f"Invalid {problem.location.file} - {problem.message}",
            job=jobs.get((problem.location.file, problem.entry)),
            location=problem.location,
        )


def _between_entries(entries: Sequence[IdentifiedEntry]) -> Iterable[Finding]:
    """Yield the findings that take more than one entry to see."""
    by_path: defaultdict[str, list[IdentifiedEntry]] = defaultdict(list)
    for each in entries:
        by_path[each.entry.path].append(each)
    for path, group in by_path.items():
        times = Counter(" ".join(each.entry.schedule.split()) for each in group)
        for each in group[1:]:
            twice = times[" ".join(each.entry.schedule.split())] > 1
            rule = rules.DUPLICATE_ENTRY if twice else rules.SAME_PATH
            text = f"{path} is also listed at line {group[0].entry.source.line}."
            yield rule.finding(text, job=each.job, location=each.entry.source)
    modern = [each.entry for each in entries if each.entry.origin is Origin.SCHEDULES]
    if modern:
        text = f"{len(modern)} of {counted(len(entries), 'entry')} come from `schedules`."
        yield rules.SCHEDULES_IN_USE.finding(text, location=modern[0].source)

"""The rules of cost and load, ``CS5xx``: the jobs taken together."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from cronshift.model import Location, Severity
from cronshift.plan import forecast
from cronshift.plan.findings.rule import Evidence, Rule
from cronshift.plan.lasting import longest
from cronshift.runtime.schedule.durations import format_duration
from cronshift.runtime.schedule.fields import minutes_of_day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.model import Job
    from cronshift.plan.findings.subject import JobSubject, ProjectSubject
    from cronshift.runtime.schedule import Schedule

_LONGEST_LADDER_STEP = 180  # minutes between two rungs of retries made by hand
_FEWEST_RUNGS = 3
_CROWD = 5  # jobs in one minute
_NAMED = 4
_FEWEST_TOGETHER = 3
_TICKS_LOOKED_AT = 300
_DAY = 24 * 60  # minutes
_CLOCK_CHANGE = timedelta(hours=2)  # none is longer


def _over_free_plan(project: ProjectSubject) -> Iterator[Evidence]:
    free, *_ = forecast.allowances()
    total = forecast.monthly(project.jobs)
    if total > free.executions:
        yield Evidence(
            f"About {total:,} executions in 30 days; the {free.name} plan has {free.executions:,}.",
            Location(project.config_file, 1),
        )


def _concurrency(project: ProjectSubject) -> Iterator[Evidence]:
    free, *_ = forecast.allowances()
    if len(project.jobs) > free.concurrency < project.load.peak:
        yield Evidence(
            f"{project.load.peak} jobs come due at once; the {free.name} plan runs {free.concurrency}.",
            Location(project.config_file, 1),
        )


def _crowded_minute(project: ProjectSubject) -> Iterator[Evidence]:
    if len(project.jobs) < _CROWD:
        return
    for minute in project.load.busiest[:1] if project.load.peak >= _CROWD else ():
        due = forecast.due_in(project.jobs, minute, forecast.SOME_DAY)
        names = ", ".join(job.id for job in due[:_NAMED])
        more = f" and {len(due) - _NAMED} more" if len(due) > _NAMED else ""
        yield Evidence(
            f"{minute.jobs} jobs come due at {minute} UTC: {names}{more}. "
            f"Spread over five minutes they would be {project.load.staggered_peak} at once.",
            Location(project.config_file, 1),
        )


def _untold_duration(job: JobSubject) -> Iterator[Evidence]:
    place = job.handler.untold_duration if job.handler is not None else None
    if place is not None:
        yield Evidence(f"{place} computes maxDuration.", place)


def _overlap(job: JobSubject) -> Iterator[Evidence]:
    """Yield whether a run may still go on when the next one is due."""
    longest = job.handler.max_duration if job.handler is not None else None
    if job.schedule is None or job.schedule.never or not longest:
        return
    if is_sparse(job.schedule, timedelta(seconds=longest)):
        return
    shortest = shortest_gap(job.schedule)
    if shortest is not None and shortest < timedelta(seconds=longest):
        yield Evidence(
            f"{job.entry.path} is due again after {format_duration(shortest)} and may run for "
            f"{format_duration(timedelta(seconds=longest))}."
        )


def is_sparse(schedule: Schedule, gap: timedelta) -> bool:
    """Return whether the minutes of a day lie so far apart that no two ticks come within a gap."""
    minutes = minutes_of_day(schedule.fields.minutes, schedule.fields.hours)
    apart = min(after - before for before, after in pairwise([*minutes, minutes[0] + _DAY]))
    return timedelta(minutes=apart) - _CLOCK_CHANGE >= gap


def shortest_gap(schedule: Schedule) -> timedelta | None:
    """Return the shortest time between two ticks, among the next few hundred."""
    ticks = list(islice(schedule.after(forecast.SOME_DAY), _TICKS_LOOKED_AT))
    return min((after - before for before, after in pairwise(ticks)), default=None)


def _too_short(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the jobs whose runs may be cancelled before their last attempt has ended."""
    for job in project.jobs:
        limit, needed = job.options.finish_timeout, longest(job.options, job.handler)
        if limit is not None and limit < needed:
            yield Evidence(
                f"A run of {job.entry.path} may take {format_duration(needed)} with all its attempts,"
                f" and is cancelled after {format_duration(limit)}.",
                job.entry.source,
                job=job.id,
            )


def _jitter_lost(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the minutes at which several jobs would come together, in a project that Hobby allows."""
    by_minute: defaultdict[tuple[str, ...], list[Job]] = defaultdict(list)
    for job in project.jobs:
        fields = job.entry.schedule.split()
        if len(fields) < 2 or not (fields[0].isdecimal() and fields[1].isdecimal()):  # noqa: PLR2004 - minute and hour
            return  # more often than once a day: not a Hobby project
        by_minute[fields[0], fields[1]].append(job)
    for (minute, hour), group in by_minute.items():
        if len(group) >= _FEWEST_TOGETHER:
            yield Evidence(
                f"{len(group)} jobs come at {int(hour):02}:{int(minute):02}; on Vercel's Hobby plan "
                "they were spread over that hour.",
                group[0].entry.source,
                job=group[0].id,
            )


def _retry_ladders(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the paths that are called once a day, and again a little later, and again."""
    by_path: defaultdict[tuple[str, ...], list[tuple[int, Job]]] = defaultdict(list)
    for job in project.jobs:
        minute, hour, *days = (*job.entry.schedule.split(), "", "")[:5]
        if minute.isdecimal() and hour.isdecimal():
            by_path[job.entry.path, *days].append((int(hour) * 60 + int(minute), job))
    for key, rungs in by_path.items():
        times = sorted(minutes for minutes, _ in rungs)
        gaps = [later - earlier for earlier, later in pairwise(times)]
        if len(times) >= _FEWEST_RUNGS and all(0 < gap <= _LONGEST_LADDER_STEP for gap in gaps):
            job = rungs[0][1]
            text = f"{key[0]} is called {len(times)} times, {gaps[0]} min apart at first."
            yield Evidence(text, job.entry.source, job=job.id)


OVER_FREE_PLAN = Rule(
    "CS501",
    "over-free-plan",
    Severity.WARNING,
    "The jobs need more executions in 30 days than Inngest's free plan includes.",
    "Choose a plan that includes them, or run the busiest jobs less often.",
    of_project=_over_free_plan,
)
CONCURRENCY = Rule(
    "CS502",
    "concurrency-over-plan",
    Severity.NOTE,
    "More jobs may run at one moment than the free plan lets run at once; the others wait.",
    "Stagger the schedules, give the jobs jitter, or choose a larger plan.",
    of_project=_concurrency,
)
CROWDED_MINUTE = Rule(
    "CS503",
    "crowded-minute",
    Severity.NOTE,
    "Many jobs come due in the same minute, and meet at the database and at upstreams.",
    "Move some by a minute or two, or set `jitter` for them.",
    of_project=_crowded_minute,
)
OVERLAPS = Rule(
    "CS504",
    "overlapping-runs",
    Severity.WARNING,
    "The job comes due again before it must have ended: Vercel starts a second run beside the first. "
    "On Inngest a concurrency of 1 counts steps, not runs: a second run goes on between the attempts "
    "of the first.",
    'Set `overlap`: "skip" drops the second run, "queue" lets it wait where claims are on.',
    of_job=_overlap,
)
JITTER_LOST = Rule(
    "CS505",
    "hobby-jitter-lost",
    Severity.NOTE,
    "On Vercel's Hobby plan jobs come at any time within their hour; on Inngest they come at the exact "
    "minute, all those of one minute together.",
    "Nothing to do for few jobs; set `jitter` where many share a minute.",
    of_project=_jitter_lost,
)
UNTOLD_DURATION = Rule(
    "CS513",
    "untold-duration",
    Severity.WARNING,
    "How long the handler may run is computed, so that only running it would tell: neither the timeout "
    "of its function nor the route that serves it is known to be long enough.",
    "Write maxDuration as a number, as Next.js asks for; or set finish_timeout, and the serve route's.",
    of_job=_untold_duration,
)
FINISH_TOO_SHORT = Rule(
    "CS507",
    "finish-too-short",
    Severity.WARNING,
    "A run whose attempts take all the time that the handler has is cancelled before the last of them: "
    "no failure handler hears of that, and the work may have been done.",
    "Leave finish_timeout out, so that it follows from retries and maxDuration, or raise it.",
    of_project=_too_short,
)
RETRY_LADDER = Rule(
    "CS506",
    "retry-ladder",
    Severity.NOTE,
    "Several entries call one path a little later each time: retries made by hand. Inngest retries by "
    "itself, and every rung would be retried as well.",
    "Keep the first entry and remove the others.",
    of_project=_retry_ladders,
)

"""The dispatcher's routes: one for every path that Vercel's cron calls, in the handler's own router.

Their folders repeat the path below ``/api/cronshift``, so that Next has nothing to match and leaves
the query as it came.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.model import BridgeSettings, Job, Origin
from cronshift.plan.functions import is_rehearsed
from cronshift.runtime.schedule import Schedule
from cronshift.runtime.schedule.fields import minutes_of_day, runs, values
from cronshift.runtime.ticks import lateness
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.library import library_import
from cronshift.targets.typescript.source import WIDTH, braced, broken, data, imported, member, text
from cronshift.vercel.dispatcher import dispatched_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cronshift.model import Plan
    from cronshift.targets.typescript.framework import WayOn

_MINUTE = 60_000  # milliseconds
_DAY = 24 * 60  # minutes
_THURSDAY = 4 * _DAY  # of a week that begins with Sunday; 1970 began with one
_INNER = 4  # columns in
_FEWEST = 3  # numbers in a row that are worth a range
_PLAIN = re.compile(r"[A-Za-z0-9~-][A-Za-z0-9._~-]{,199}")  # what a file can be called
_FULL = {"minutes": (0, 59), "hours": (0, 23), "days": (1, 31), "months": (1, 12), "weekdays": (0, 6)}  # fmt: skip


class Dispatcher(Struct, frozen=True):
    """One route of the dispatcher.

    Attributes:
        file: its source, to be written.
        path: what it stands for, without the query.
        jobs: those that Vercel calls it for.
        pages: whether it belongs to the pages router.
    """

    file: str
    path: str
    jobs: tuple[Job, ...]
    pages: bool


def dispatchers(plan: Plan) -> tuple[Dispatcher, ...]:
    """Return the routes for all jobs that Vercel still calls and that a dispatcher can answer for."""
    grouped: defaultdict[str, list[Job]] = defaultdict(list)
    for job in plan.runnable:
        file = dispatcher_file(plan, job)
        if file is not None:
            grouped[file].append(job)
    return tuple(
        Dispatcher(
            file,
            jobs[0].entry.path.partition("?")[0],
            tuple(jobs),
            pages=not file.startswith(f"{app_of(plan).routers.app}/"),
        )
        for file, jobs in grouped.items()
    )


def dispatcher_modules(plan: Plan, dispatcher: Dispatcher) -> set[str]:
    """Return the names of the library's modules that a dispatcher's route imports."""
    return app_of(plan).framework.dispatcher_modules(plan, dispatcher)


def dispatcher_file(plan: Plan, job: Job) -> str | None:
    """Return the file of the route that a job's entry is to point to; ``None`` where none can be."""
    routers = app_of(plan).routers
    there = dispatched_path(job.entry.path, routers.base_path)
    if job.entry.origin is not Origin.CRONS or there is None:
        return None
    path = job.entry.path.partition("?")[0]
    parts = path.removeprefix(routers.base_path).removeprefix("/").removesuffix("/").split("/")
    if not all(_PLAIN.fullmatch(part) for part in parts):
        return None
    return app_of(plan).framework.dispatcher_file(routers, job, parts)


def is_shared(plan: Plan, dispatcher: Dispatcher) -> bool:
    """Return whether a dispatcher is written for several jobs, as it is where they are told or claimed."""
    app = app_of(plan)
    return len(dispatcher.jobs) > 1 or app.has_ledger or app.claims is not None


def claims_here(plan: Plan, way: WayOn) -> bool:
    """Return whether a dispatcher claims the ticks of Vercel's calls: no driver runs on the Edge, an address does."""
    app = app_of(plan)
    return app.claims_afar or (app.claims is not None and not way.is_edge)


def answering(plan: Plan, dispatcher: Dispatcher, way: WayOn, depth: int = _INNER) -> str:
    """Return the expression of what answers Vercel's calls: guarded, claimed, told and rehearsed as is asked for.

    It stands ``depth`` columns in.
    """
    context = [way.context] if way.context else []
    again = broken("forwarding", dry_arguments(dispatcher, way.base_path), _INNER)
    dry = again if way.is_once else way.expression
    several = is_shared(plan, dispatcher)
    guard = ("guardedTwins", ["JOBS"]) if several else ("guarded", ["JOB"])
    layers = [
        *([("claimed", ["claims", "JOBS"], [])] if claims_here(plan, way) else []),
        (*guard, context),
        *([("toldGet", ["JOBS"], [])] if app_of(plan).has_ledger else []),
        *([("rehearsedGet", ["JOBS"], [dry, *context])] if _has_dry_run(dispatcher) else []),
    ]
    answer = way.expression
    for layer, (name, before, behind) in enumerate(layers, start=1):
        room = depth if layer == len(layers) else _INNER
        answer = broken(name, [*before, answer, *behind], room)
    return answer


def answering_names(plan: Plan, dispatcher: Dispatcher, way: WayOn) -> dict[str, list[str]]:
    """Return the names that such an expression takes from the library, by module, but those of its way on."""
    is_rehearsed_here = _has_dry_run(dispatcher)
    return {
        **_guard_names(plan, dispatcher),
        **({"claims": ["claimed"]} if claims_here(plan, way) else {}),
        **({"ledger": ["toldGet"]} if app_of(plan).has_ledger else {}),
        **({"rehearsal": ["rehearsedGet"]} if is_rehearsed_here else {}),
        **({"forward": ["forwarding"]} if is_rehearsed_here and way.is_once else {}),
    }


def _guard_names(plan: Plan, dispatcher: Dispatcher) -> dict[str, list[str]]:
    """Return the names of what guards a route, and tells the ticks of its jobs, by module."""
    times = [evenly(Schedule.from_vercel(job.entry.schedule)) for job in dispatcher.jobs]
    several = is_shared(plan, dispatcher)
    names = [*(["every"] if any(times) else []), *([] if several else ["guarded"])]
    return {
        **({"ticks": ["scheduled"]} if None in times else {}),
        **({"guard": names} if names else {}),
        **({"twins": ["guardedTwins"]} if several else {}),
    }


def _has_dry_run(dispatcher: Dispatcher) -> bool:
    """Return whether a side makes dry runs of a job of the dispatcher's."""
    return any(map(is_rehearsed, dispatcher.jobs))


def dry_arguments(dispatcher: Dispatcher, base_path: str) -> list[str]:
    """Return the arguments by which what is asked over HTTP hears of a dry run that is a header."""
    dry_runs = [job.options.rehearsal or "?" for job in dispatcher.jobs]
    headers = sorted({dry.partition(":")[0] for dry in dry_runs if not dry.startswith("?")})
    if headers:
        return [text(base_path), data(headers)]
    return [text(base_path)] if base_path else []


def library_lines(plan: Plan, file: str, names: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the imports of names from the library, by module."""
    return [imported(names[module], library_import(plan, module, file)) for module in sorted(names)]


def guard_constant(plan: Plan, dispatcher: Dispatcher) -> str:
    """Return the constant that tells the guard of the path's jobs."""
    several, routers = is_shared(plan, dispatcher), app_of(plan).routers
    described = [
        list(
            guarded(
                job,
                {
                    "id": job.id,
                    "path": routers.in_app(job.entry.path),
                    "schedule": job.entry.schedule,
                    **shared_members(plan),
                    **rehearsal_member(job),
                },
                depth=4 if several else 2,
            )
        )
        for job in dispatcher.jobs
    ]
    if not several:
        return braced("const JOB = {", described[0], "};")
    return braced("const JOBS = [", [braced("{", lines, "}") for lines in described], "];")


def shared_members(plan: Plan) -> dict[str, str]:
    """Return the app's settings that every job is told, where they are not as usual."""
    secret = plan.bridge.secret_env
    return {"secret": secret} if secret != BridgeSettings().secret_env else {}


def rehearsal_member(job: Job) -> dict[str, Any]:
    """Return the member by which both sides know a job's dry run; none for a job without."""
    if not is_rehearsed(job):
        return {}
    ignored = [*job.options.rehearsal_ignore]
    return {"rehearsal": {"dryRun": job.options.rehearsal, "ignore": ignored}}


def guarded(job: Job, members: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Yield the lines that tell the guard about a job, ``depth`` columns in."""
    yield from (member(name, value, depth) for name, value in members.items())
    yield "ownership"
    schedule = Schedule.from_vercel(job.entry.schedule)
    late = lateness(schedule) // timedelta(milliseconds=1)
    even = evenly(schedule)
    if even is None:
        first = f"tick: scheduled({late}, "
        spelled = data(due(schedule))
        is_short = depth + len(f"{first}{spelled}),") <= WIDTH
        lines = [member(name, value, depth + 2) for name, value in due(schedule).items()]
        yield first + (spelled if is_short else braced("{", lines, "}")) + ")"
    else:
        yield f"tick: every({even[0]}, {even[1]}, {early(even[0], late)})"


def early(period: int, late: int) -> int:
    """Return the milliseconds that a call may come early, where the clock here is behind Vercel's.

    Up to a minute; less where the ticks are so close that a late call could be meant.
    """
    return min(_MINUTE, max(0, (period - late) // 2))


def evenly(schedule: Schedule) -> tuple[int, int] | None:
    """Return the time between any two ticks, and the first since 1970, in milliseconds in UTC.

    Only for ticks that are a part of a week apart, and all as far from the one before.
    """
    fields = schedule.fields
    is_daily = values(fields.months) == [*range(1, 13)] and values(fields.days) == [*range(1, 32)]
    if not is_daily or fields.either_day or fields.never:
        return None
    minutes = [
        weekday * _DAY + minute
        for weekday in values(fields.weekdays)
        for minute in minutes_of_day(fields.minutes, fields.hours)
    ]
    apart = {later - sooner for sooner, later in pairwise([*minutes, minutes[0] + 7 * _DAY])}
    if len(apart) > 1:
        return None
    period = apart.pop()
    return period * _MINUTE, (minutes[0] - _THURSDAY) % period * _MINUTE


def due(schedule: Schedule) -> dict[str, str | bool]:
    """Return the fields of a schedule, in the spelling that the guard reads."""
    spelled: dict[str, str | bool] = {}
    for name, bits in zip(_FULL, schedule.fields, strict=False):
        first, last = _FULL[name]
        numbers = values(bits)
        spelled[name] = "*" if numbers == list(range(first, last + 1)) else _spelled(numbers)
    return {**spelled, **({"eitherDay": True} if schedule.fields.either_day else {})}


def _spelled(numbers: list[int]) -> str:
    steps = {later - sooner for sooner, later in pairwise(numbers)}
    if len(numbers) > _FEWEST and len(steps) == 1 and (step := steps.pop()) > 1:
        return f"{numbers[0]}-{numbers[-1]}/{step}"
    return ",".join(runs(numbers, _FEWEST))

"""SURVEY: what only the whole project shows: routes nobody calls, the Inngest side, leftovers.

The findings of single jobs are made in ``judging``; these take all jobs, or none.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from contextlib import suppress
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cronshift.handlers import Verdict
from cronshift.handlers.javascript import arguments, constant, line_of
from cronshift.handlers.literals import pairs
from cronshift.handlers.middleware import NotExactError, leave_out
from cronshift.handlers.standing import Caller, Front, LetsBy, Stops, Untold, code_before, front_of
from cronshift.model import HandlerKind, Location, Mode, Origin
from cronshift.plan import forecast
from cronshift.plan.findings import entries, inngest, leftovers, load, routing
from cronshift.project import node
from cronshift.vercel.dispatcher import MOUNT, dispatched_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.handlers import Resolver
    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Finding, Job
    from cronshift.plan.handler_findings import Judge

ENDPOINT = "/api/inngest"
_DEFAULT_DURATION = 300  # seconds; Vercel's documented default (facts: Vercel, section 3)
_LONGEST_LADDER_STEP = 180  # minutes between two rungs of retries made by hand
_FEWEST_RUNGS = 3
_CROWD = 5  # jobs in one minute
_NAMED = 4
_FEWEST_TOGETHER = 3
_REFUSED = ((3, 22, 0), (3, 53, 1))  # CVE-2026-42047 (inngest/inngest pkg/deploy/deploy.go)
_SCHEDULED_NAME = re.compile(r"/(crons?|cron-?jobs?|scheduled)/", re.IGNORECASE)
_EXACT = re.compile(r"=?v?(\d+)\.(\d+)\.(\d+)")
_MAJOR = re.compile(r"[\^~>=v\s]*(\d+)(\.|$)")
ENV_EXAMPLE = re.compile(
    r"(^|/)(\.env(\.\w+)?\.(example|sample|template|dist)|(example|sample)\.env|env\.example)$"
)
_SPEAKING = (".sh", ".bash", ".md", ".mdx", ".yml", ".yaml", ".http", ".rest", ".txt")
_SPEAKING_NAMES = {"Makefile", "justfile", "package.json", "Procfile", "crontab"}
_NITRO_CONFIG = re.compile(r"(nuxt|nitro)\.config\.(ts|js|mts|mjs)")
KEYS = ("INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY")
"""The variables that the SDK reads in production."""


def survey(
    judge: Judge, jobs: Sequence[Job], config_file: str, paths: Sequence[str] = (ENDPOINT,)
) -> Iterator[Finding]:
    """Yield what the project as a whole gives to say; findings of no job block nothing.

    Args:
        judge: of the project.
        jobs: all of them.
        config_file: Vercel's.
        paths: what no middleware may stand before.
    """
    yield from _services(judge, config_file)
    yield from _nitro_tasks(judge.resolver.tree)
    yield from _load(jobs, config_file)
    yield from _retry_ladders(jobs)
    yield from _jitter_lost(jobs)
    if not judge.resolver.knows_routes:
        return
    tree = judge.resolver.tree
    yield from _unscheduled(judge, jobs)
    yield from _globs(judge, jobs, config_file)
    yield from _sdk(tree)
    yield from _intercepted(judge, paths, jobs)
    yield from _entries_intercepted(judge, jobs)
    yield from _serve_duration(judge, jobs)
    yield from _missing_keys(tree)
    yield from _still_called(tree, jobs)


def _services(judge: Judge, config_file: str) -> Iterator[Finding]:
    """Yield what services run on a schedule, and those whose file is not there."""
    tree, services = judge.resolver.tree, judge.resolver.document.get("experimentalServices")
    for name, service in services.items() if isinstance(services, dict) else ():
        kind = service.get("type") if isinstance(service, dict) else None
        if kind != "cron" and not (kind == "job" and service.get("trigger") == "schedule"):
            continue
        place = Location(config_file, tree.line_of(config_file, json.dumps(name)))
        told = service.get("entrypoint")
        entry = told if isinstance(told, str) else ""
        stem, _, export = entry.partition(":")
        folders = [one for key in ("root", "workspace") if isinstance(one := service.get(key), str)]
        names = [stem, f"{stem.replace('.', '/')}.py"]
        files = [f"{folder.strip('/')}/{one}" for folder in folders for one in names] + names
        file = next((one for one in files if one in tree.files), None)
        schedule = service.get("schedule")
        if file is None and tree.files - {config_file}:
            text = f"`experimentalServices.{name}` starts {entry or 'nothing'}, which is not there."
            yield routing.DEAD_PATH.found(text, location=place)
        text = (
            f"`experimentalServices.{name}` runs {file or entry or 'its service'}"
            f"{f' ({export})' if export else ''} on {schedule!r}."
        )
        yield entries.SERVICE_CRON.found(text, location=place)


def _nitro_tasks(tree: SourceTree) -> Iterator[Finding]:
    for file in sorted(tree.files):
        if _NITRO_CONFIG.fullmatch(file) and "scheduledTasks" in tree.read(file):
            place = Location(file, tree.line_of(file, "scheduledTasks"))
            yield entries.NITRO_TASKS.found(f"{file} has `scheduledTasks`.", location=place)


def _load(jobs: Sequence[Job], config_file: str) -> Iterator[Finding]:
    """Yield what the jobs together are too much for, on the free plan."""
    free, *_ = forecast.allowances()
    place = Location(config_file, 1)
    total = sum(forecast.executions(job, forecast.SOME_DAY) for job in jobs)
    if total > free.executions:
        text = (
            f"About {total:,} executions in 30 days; the {free.name} plan has {free.executions:,}."
        )
        yield load.OVER_FREE_PLAN.found(text, location=place)
    if len(jobs) < _CROWD:
        return
    together = forecast.load_of(jobs, forecast.SOME_DAY)
    for minute in together.busiest[:1] if together.peak >= _CROWD else ():
        names = [job.id for job in forecast.due_in(jobs, minute, forecast.SOME_DAY)]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        text = (
            f"{minute.jobs} jobs come due at {minute} UTC: {', '.join(names[:_NAMED])}{more}. "
            f"Spread over five minutes they would be {together.staggered_peak} at once."
        )
        yield load.CROWDED_MINUTE.found(text, location=place)
    if together.peak > free.concurrency:
        text = (
            f"{together.peak} jobs come due at once; the {free.name} plan runs {free.concurrency}."
        )
        yield load.CONCURRENCY.found(text, location=place)


def _unscheduled(judge: Judge, jobs: Sequence[Job]) -> Iterator[Finding]:
    """Yield the routes that are named like jobs and that no entry calls."""
    called = {job.handler.file for job in jobs if job.handler is not None}
    seen: set[str] = set()
    for path, handler in judge.resolver.routes():
        is_route = handler.kind not in {HandlerKind.NEXT_PAGE, HandlerKind.STATIC}
        dynamic = "[" in path
        ours = path.startswith(f"{MOUNT}/")
        if not is_route or dynamic or ours or handler.file in called | seen:
            continue
        if _SCHEDULED_NAME.search(path):
            seen.add(handler.file)
            text = f"No entry calls {path}."
            yield routing.UNSCHEDULED.found(text, location=Location(handler.file, 1))


def _globs(judge: Judge, jobs: Sequence[Job], config_file: str) -> Iterator[Finding]:
    """Yield the patterns of ``functions`` that match nothing, now or once the routes are gone.

    Next builds its own functions, so that a pattern of routes which are gone does no harm there.
    """
    tree = judge.resolver.tree
    called = {job.handler.file for job in jobs if job.handler is not None}
    for name, pattern in judge.globs:
        matched = {file for file in tree.files if pattern.fullmatch(file)}
        place = Location(config_file, tree.line_of(config_file, json.dumps(name)))
        if not matched:
            message = f"{name!r} in `functions` matches no file."
            yield routing.UNMATCHED_GLOB.found(message, location=place)
        elif matched <= called and not judge.resolver.next.present:
            message = f"{name!r} in `functions` matches only {', '.join(sorted(matched)[:3])}."
            yield leftovers.GLOB_LEFT_BEHIND.found(message, location=place)


def sdk_version(tree: SourceTree) -> tuple[int, int, int] | None:
    """Return the exact version of the TypeScript SDK: installed, locked, or pinned; else nothing."""
    if "inngest" not in tree.dependencies:
        return None
    installed = node.installed(tree.root, "inngest/package.json")
    locked = tree.data("package-lock.json").get("packages")
    given = locked.get("node_modules/inngest") if isinstance(locked, dict) else None
    told = given.get("version") if isinstance(given, dict) else tree.dependencies["inngest"]
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        told = json.loads(installed.read_bytes())["version"] if installed else told
    exact = _EXACT.fullmatch(told) if isinstance(told, str) else None
    return (int(exact[1]), int(exact[2]), int(exact[3])) if exact else None


def is_refused(version: tuple[int, ...]) -> bool:
    """Return whether Inngest's server refuses that version of the TypeScript SDK."""
    return _REFUSED[0] <= version <= _REFUSED[1]


def sdk_major(tree: SourceTree) -> int | None:
    """Return the major version of the TypeScript SDK, as far as package.json tells."""
    version = sdk_version(tree)
    ranged = _MAJOR.match(tree.dependencies.get("inngest", ""))
    return version[0] if version else int(ranged[1]) if ranged else None


def _sdk(tree: SourceTree) -> Iterator[Finding]:
    """Yield what is wrong with the version of the TypeScript SDK, and with calls of the other's."""
    version = sdk_version(tree)
    if version is not None and is_refused(version):
        line = tree.line_of("package.json", '"inngest"')
        text = f"inngest {'.'.join(map(str, version))} is refused by Inngest's server."
        yield inngest.REFUSED_SDK.found(text, location=Location("package.json", line))
    major = sdk_major(tree)
    if major not in {3, 4}:
        return
    for file in sorted(tree.files):
        if file.endswith((".ts", ".js", ".tsx", ".mts", ".mjs")):
            text = tree.read(file)
            if "createFunction(" in text and "inngest" in text.lower():
                yield from _other_major(tree, file, major)


def _other_major(tree: SourceTree, file: str, major: int) -> Iterator[Finding]:
    root = tree.parsed(file)
    for call in root.find_all(kind="call_expression") if root is not None else ():
        called, given = call.field("function"), arguments(call)
        if called is None or not called.text().endswith(".createFunction") or not given:
            continue
        options = dict(pairs(given[0])) if given[0].kind() == "object" else {}
        if "id" not in options:
            continue
        in_options = "triggers" in options and len(given) == 2  # noqa: PLR2004 - options and handler
        if (major == 4 and len(given) == 3) or (major == 3 and in_options):  # noqa: PLR2004 - majors and arguments
            text = f"createFunction is written for v{7 - major}, and inngest {major} is in use."
            yield inngest.OTHER_MAJOR.found(text, location=Location(file, line_of(call)))


def _intercepted(judge: Judge, paths: Sequence[str], jobs: Sequence[Job]) -> Iterator[Finding]:
    """Yield the code that stands before what Inngest or Vercel calls, and turns callers away."""
    if not judge.resolver.next.present:
        return  # the functions are served elsewhere
    standing = turned_away(judge.resolver, paths, jobs)
    stopping = {}
    for path, front in standing.items():
        if isinstance(front.answer, Stops):
            stopping[path] = f"{front.answer.place} {front.answer.how}"
        elif isinstance(front.answer, Untold):
            yield _untold(path, front.answer, None)
    if not stopping:
        return
    front = standing[next(iter(stopping))]
    text = (
        f"{front.file} stands before {' and '.join(stopping)} and turns away callers without a "
        f"session: {next(iter(stopping.values()))}."
    )
    fix = _way_past(judge, front.file, list(stopping))
    yield inngest.INTERCEPTED.found(text, location=Location(front.file, front.line), fix=fix)


def _entries_intercepted(judge: Judge, jobs: Sequence[Job]) -> Iterator[Finding]:
    """Yield the jobs whose own paths are not reached, or may not be."""
    for job in jobs:
        if job.entry.origin is Origin.MOVED and job.mode is Mode.DIRECT:
            continue  # nobody calls the path any more
        answer = code_before(judge.resolver, job.entry.path).answer
        if isinstance(answer, Stops):
            text = (
                f"{answer.place} {answer.how} before {job.entry.path} is reached: the job does not run"
                " today, and calling its handler in process would start it."
            )
            yield routing.ENTRY_INTERCEPTED.found(text, job=job.id, location=answer.place)
        elif isinstance(answer, Untold):
            yield _untold(job.entry.path, answer, job.id)


def _untold(path: str, answer: Untold, job: str | None) -> Finding:
    text = f"{answer.place} {answer.why}; it stands before {path}."
    return routing.FRONT_UNTOLD.found(text, job=job, location=answer.place)


def turned_away(
    resolver: Resolver, paths: Sequence[str], jobs: Sequence[Job] = ()
) -> dict[str, Front]:
    """Return what stands before those of ``paths`` that callers may not get to."""
    fronts = {}
    for path in paths:
        dispatched = [path_ for job in jobs if (path_ := dispatched_path(job.entry.path, ""))]
        called = dispatched or [f"{MOUNT}/a"] if path == MOUNT else [path]
        caller = Caller.INNGEST if path == ENDPOINT else Caller.VERCEL
        for one in called:
            front = front_of(resolver, one, caller)
            if not isinstance(front.answer, LetsBy):
                fronts[path] = front
                break
    return fronts


def _way_past(judge: Judge, file: str, paths: Sequence[str]) -> str:
    """Return the edit of a middleware that lets callers by, as an instruction."""
    routes = plain_routes(judge.resolver)
    try:
        edit = leave_out(judge.resolver.tree.read(file), file, paths, routes)
    except NotExactError as error:
        return str(error)
    return f"In {file} {edit.said}; cronshift migrate --fix does so."


def plain_routes(resolver: Resolver) -> list[str]:
    """Return the paths of a project's routes, those with parameters left out."""
    return [path for path, _ in resolver.routes() if "[" not in path]


def _serve_duration(judge: Judge, jobs: Sequence[Job]) -> Iterator[Finding]:
    """Yield an endpoint that must end before a handler that it replaces would."""
    resolution = judge.resolver.resolve(ENDPOINT)
    served = resolution.handler
    longest = max(
        (job.handler.max_duration or 0 for job in jobs if job.handler is not None), default=0
    )
    if served is None or resolution.verdict is not Verdict.ANSWERED:
        return
    root = judge.resolver.tree.parsed(served.file)
    own = constant(root, "maxDuration") if root is not None else None
    told = own if isinstance(own, int) else judge.configured_duration(served.file)
    if longest > (told or _DEFAULT_DURATION):
        said = f"may run for {told} s" if told else f"says no maxDuration ({_DEFAULT_DURATION} s)"
        text = f"{served.file} {said}; a handler that it replaces may run for {longest} s."
        yield inngest.SERVE_DURATION.found(text, location=Location(served.file, 1))


def _missing_keys(tree: SourceTree) -> Iterator[Finding]:
    for file in sorted(tree.files):
        if ENV_EXAMPLE.search(file):
            text = tree.read(file)
            missing = [
                key
                for key in KEYS
                if not re.search(rf"^\s*#?\s*(export\s+)?{key}\b", text, re.MULTILINE)
            ]
            if missing:
                message = f"{file} does not name {' and '.join(missing)}."
                yield inngest.MISSING_KEYS.found(message, location=Location(file, 1))


def _still_called(tree: SourceTree, jobs: Sequence[Job]) -> Iterator[Finding]:
    """Yield the first line of every script, workflow or document that calls a job's route."""
    by_path = {job.entry.path.partition("?")[0]: job.id for job in jobs}
    named = [re.escape(path) for path in by_path if path.count("/") > 1]
    if not named:
        return
    spoken = re.compile(rf"({'|'.join(sorted(named, key=len, reverse=True))})(?![\w/-])")
    for file in sorted(tree.files):
        place = PurePosixPath(file)
        speaks = place.suffix in _SPEAKING or place.name in _SPEAKING_NAMES
        if not speaks or place.name == "vercel.json":
            continue
        seen = set()
        for number, line in enumerate(tree.read(file).splitlines(), 1):
            for path in spoken.findall(line):
                if path not in seen:
                    seen.add(path)
                    yield leftovers.STILL_CALLED.found(
                        f"{file} calls {path}.", job=by_path[path], location=Location(file, number)
                    )


def _retry_ladders(jobs: Sequence[Job]) -> Iterator[Finding]:
    """Yield the paths that are called once a day, and again a little later, and again."""
    by_path: defaultdict[tuple[str, ...], list[tuple[int, Job]]] = defaultdict(list)
    for job in jobs:
        minute, hour, *days = (*job.entry.schedule.split(), "", "")[:5]
        if minute.isdecimal() and hour.isdecimal():
            by_path[job.entry.path, *days].append((int(hour) * 60 + int(minute), job))
    for key, rungs in by_path.items():
        times = sorted(minutes for minutes, _ in rungs)
        gaps = [later - earlier for earlier, later in pairwise(times)]
        if len(times) >= _FEWEST_RUNGS and all(0 < gap <= _LONGEST_LADDER_STEP for gap in gaps):
            job = rungs[0][1]
            text = f"{key[0]} is called {len(times)} times, {gaps[0]} min apart at first."
            yield load.RETRY_LADDER.found(text, job=job.id, location=job.entry.source)


def _jitter_lost(jobs: Sequence[Job]) -> Iterator[Finding]:
    """Yield the minutes at which several jobs would come together, in a project that Hobby allows."""
    by_minute: defaultdict[tuple[str, ...], list[Job]] = defaultdict(list)
    for job in jobs:
        fields = job.entry.schedule.split()
        if len(fields) < 2 or not (fields[0].isdecimal() and fields[1].isdecimal()):  # noqa: PLR2004 - minute and hour
            return  # more often than once a day: not a Hobby project
        by_minute[fields[0], fields[1]].append(job)
    for (minute, hour), group in by_minute.items():
        if len(group) >= _FEWEST_TOGETHER:
            text = (
                f"{len(group)} jobs come at {int(hour):02}:{int(minute):02}; on Vercel's Hobby plan "
                "they were spread over that hour."
            )
            place = group[0].entry.source
            yield load.JITTER_LOST.found(text, job=group[0].id, location=place)


__all__ = [
    "ENDPOINT",
    "ENV_EXAMPLE",
    "KEYS",
    "plain_routes",
    "sdk_major",
    "sdk_version",
    "survey",
    "turned_away",
]

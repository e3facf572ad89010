"""A month of both schedulers, through the real guard code.

Vercel calls late, twice, or not at all; Inngest is down for hours and catches up; clocks are off;
the two sides deploy apart, and sometimes too late. For every tick it is counted who ran it.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.live import mishaps
from cronshift.moving.migration import prepare_migration
from cronshift.moving.rollback import prepare_rollback
from cronshift.operations import apply
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime import calls as runtime_calls
from cronshift.runtime.calls import Call
from cronshift.runtime.guard import Guard
from cronshift.runtime.held import Held, Source
from cronshift.runtime.jobs import JobSpec
from cronshift.runtime.ownership import Ownership, dump_ownership
from cronshift.runtime.store.claims import Claims
from cronshift.runtime.ticks import lateness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.model import Job as PlannedJob

EXAMPLES = Path(__file__).parents[1] / "examples"
START = datetime(2026, 11, 1, 0, 30, tzinfo=UTC)
MONTH = timedelta(days=30)
DEPLOY = timedelta(minutes=15)
STAGES = {timedelta(days=2): 10, timedelta(days=9): 50, timedelta(days=16): 100}
ROLLBACK = timedelta(days=25)
DOWN = (timedelta(days=18), timedelta(days=18, hours=6))


@dataclass(frozen=True, slots=True)
class Scenario:
    """What goes wrong.

    Attributes:
        late: how much of the lateness that Vercel allows itself is used, 0 to 1.
        skew: how far the app's clock is off, either way.
        vercel_deploys: how long after a commit the app holds the new file.
        engine_down: whether Inngest is away for six hours, and fires all it missed then.
    """

    name: str
    late: float = 0.99
    skew: timedelta = timedelta(seconds=60)
    duplicates: float = 0
    losses: float = 0
    vercel_deploys: timedelta = timedelta(minutes=4)
    inngest_deploys: timedelta = timedelta(minutes=9)
    engine_down: bool = False
    claims: bool = False


SCENARIOS = (
    Scenario("calls late, clocks a minute off", late=0.99),
    Scenario("Inngest down for 6 hours, then all at once", engine_down=True),
    Scenario("1 % delivered twice", duplicates=0.01),
    Scenario("1 % delivered twice, claims on", duplicates=0.01, claims=True),
    Scenario("2 % of Vercel's calls lost", losses=0.02),
    Scenario("app deployed 10 hours late", vercel_deploys=timedelta(hours=10)),
    Scenario(
        "app deployed 10 hours late, claims on", vercel_deploys=timedelta(hours=10), claims=True
    ),
)


@dataclass(slots=True)
class Outcome:
    """What became of the month's ticks.

    Attributes:
        missed: run by nobody, though both platforms delivered.
        doubled: run twice or more.
        between: missed or doubled while the sides held different files.
        reported: of those, how many ``status --live`` lists.
        lost: run by nobody because its owner's platform did not deliver.
    """

    ticks: int = 0
    missed: int = 0
    doubled: int = 0
    between: int = 0
    reported: int = 0
    lost: int = 0
    runs: dict[tuple[str, datetime], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One call that a platform makes."""

    at: datetime
    job: PlannedJob
    tick: datetime
    by_vercel: bool
    number: int


def simulate(scenario: Scenario, seed: int = 7) -> Outcome:
    """Return what became of every tick of the example's six jobs in a month."""
    chance = random.Random(seed)  # noqa: S311 - a simulation, repeatable
    with tempfile.TemporaryDirectory() as folder:
        jobs, versions = _history(Path(folder, "predictions"))
        claims = Claims.open(f"sqlite:///{folder}/claims.db") if scenario.claims else None
        try:
            return _run(scenario, jobs, versions, chance, claims)
        finally:
            if claims:
                claims.close()


def _history(root: Path) -> tuple[list[PlannedJob], list[tuple[datetime, Ownership]]]:
    """Return the jobs, and every ownership file with the instant it was committed."""
    ignored = shutil.ignore_patterns("demo.py", "__pycache__", "inngest_app")
    shutil.copytree(EXAMPLES, root, ignore=ignored)
    apply(root, prepare_migration(load_project(root), (), START, fix=True).operation)
    versions = [(START - timedelta(days=1), read_ownership(root))]
    for after, percent in STAGES.items():
        now = START + after
        project = load_project(root)
        apply(root, prepare_cutover(project, (), now, percent=percent, deploy=DEPLOY).operation)
        versions.append((now, read_ownership(root)))
    # Back at a time without a tick: a rollback takes effect as each side deploys it.
    now = START + ROLLBACK + timedelta(minutes=31)
    apply(root, prepare_rollback(load_project(root), ["update-ai-models"], now).operation)
    versions.append((now, read_ownership(root)))
    return list(make_plan(load_project(root)).runnable), versions


def _deliveries(
    scenario: Scenario, jobs: list[PlannedJob], chance: random.Random
) -> Iterator[Delivery]:
    for job in jobs:
        if job.schedule is None:
            continue
        late = lateness(job.schedule)
        for tick in takewhile(lambda tick: tick <= START + MONTH, job.schedule.after(START)):
            for number in range(1 + (chance.random() < scenario.duplicates)):
                if chance.random() >= scenario.losses:
                    delay = late * (scenario.late * chance.random())
                    yield Delivery(tick + delay, job, tick, by_vercel=True, number=number)
            for number in range(1 + (chance.random() < scenario.duplicates)):
                at = tick + timedelta(seconds=2 * chance.random())
                if scenario.engine_down and START + DOWN[0] <= tick < START + DOWN[1]:
                    at = START + DOWN[1] + timedelta(seconds=chance.random())
                yield Delivery(at, job, tick, by_vercel=False, number=number)


def _run(
    scenario: Scenario,
    jobs: list[PlannedJob],
    versions: list[tuple[datetime, Ownership]],
    chance: random.Random,
    claims: Claims | None,
) -> Outcome:
    calls: Any = runtime_calls  # its view of the file is what the simulation sets
    held = {True: _at(versions, START), False: _at(versions, START)}
    now = START
    skew = timedelta(0)
    source = Source(lambda: "", lambda: 0.0)
    guard = Guard(
        *(JobSpec(id=job.id, path=job.entry.path, schedule=job.entry.schedule) for job in jobs),
        source=source,
        clock=lambda: now + skew,
    )
    source._good_until = float("inf")  # noqa: SLF001 - the simulation says what is held when
    runs: defaultdict[tuple[str, datetime], int] = defaultdict(int)
    delivered: defaultdict[tuple[str, datetime], set[bool]] = defaultdict(set)
    real = calls.held_ownership
    calls.held_ownership = lambda: held[False].ownership
    try:
        for one in sorted(_deliveries(scenario, jobs, chance), key=lambda one: one.at):
            now = one.at
            skew = scenario.skew * chance.uniform(-1, 1)
            held[True] = _at(versions, now - scenario.vercel_deploys)
            held[False] = _at(versions, now - scenario.inngest_deploys)
            source._held = held[True]  # noqa: SLF001 - the same
            delivered[one.job.id, one.tick].add(one.by_vercel)
            if _runs(one, guard) and _may(one, claims):
                runs[one.job.id, one.tick] += 1
    finally:
        calls.held_ownership = real
    return _counted(scenario, jobs, versions, runs, delivered)


def _runs(one: Delivery, guard: Guard) -> bool:
    """Return whether the side that is called goes on; its real code decides."""
    entry = one.job.entry
    if one.by_vercel:
        headers = {"user-agent": "vercel-cron/1.0", "x-vercel-cron-schedule": entry.schedule}
        return guard.reason_to_skip(entry.path, headers) is None
    job = JobSpec(id=one.job.id, path=entry.path, schedule=entry.schedule)
    call = Call(
        job=job, path=job.path, tick=one.tick, scheduled=True, run_id=str(one.number), attempt=0
    )
    return call.reason_to_skip(one.at) is None


def _may(one: Delivery, claims: Claims | None) -> bool:
    if claims is None:
        return True
    holder = f"{one.by_vercel}-{one.number}"
    taken = claims.take(one.job.id, one.tick, holder)
    if taken:
        claims.finish(one.job.id, one.tick, holder)
    return taken


def _at(versions: list[tuple[datetime, Ownership]], instant: datetime) -> Held:
    newest = [ownership for committed, ownership in versions if committed <= instant][-1]
    return Held(newest, dump_ownership(newest))


def _counted(
    scenario: Scenario,
    jobs: list[PlannedJob],
    versions: list[tuple[datetime, Ownership]],
    runs: dict[tuple[str, datetime], int],
    delivered: dict[tuple[str, datetime], set[bool]],
) -> Outcome:
    outcome = Outcome(ticks=len(delivered), runs=dict(runs))
    reported = {
        (mishap.job, mishap.tick)
        for start, end, vercel, inngest in _apart(scenario, versions)
        for mishap in mishaps(jobs, vercel, inngest, start, end)
    }
    for key, sides in delivered.items():
        count = runs.get(key, 0)
        if count == 1:
            continue
        if count == 0 and len(sides) == 1:
            outcome.lost += 1
        elif key in reported:
            outcome.between += 1
            outcome.reported += 1
        elif count == 0:
            outcome.missed += 1
        else:
            outcome.doubled += 1
    return outcome


def _apart(
    scenario: Scenario, versions: list[tuple[datetime, Ownership]]
) -> Iterator[tuple[datetime, datetime, Ownership, Ownership]]:
    """Yield the times in which the sides held different files, and which."""
    early = min(scenario.vercel_deploys, scenario.inngest_deploys)
    late = max(scenario.vercel_deploys, scenario.inngest_deploys)
    for (_, before), (committed, after) in pairwise(versions):
        files = (after, before)
        if scenario.vercel_deploys > scenario.inngest_deploys:
            files = (before, after)
        yield committed + early, committed + late, *files

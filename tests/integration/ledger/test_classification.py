"""3,000 ticks of known fate, told from the shapes of both platforms' APIs alone: right, or not known."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.ledger.platforms import (
    KEY,
    SECOND,
    START,
    TOKEN,
    World,
    inngest,
    make_world,
    vercel,
)
from tests.integration.sockets import serving

from cronshift.model import CronEntry, Job, Location, Mode
from cronshift.observing.fates import Fate, TickFate
from cronshift.observing.gathering import SourceName, SpanEvidence, TickQuery, fates, gather
from cronshift.runtime.ownership import Epoch, Ownership
from cronshift.runtime.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SCHEDULES = ("*/5 * * * *", "*/10 * * * *", "7 * * * *")
END = START + timedelta(days=30)


def a_job(name: str, text: str) -> Job:
    entry = CronEntry(f"/api/cron/{name}", text, Location("vercel.json", 1), "crons[0]")
    return Job(id=name, entry=entry, schedule=Schedule.from_vercel(text), mode=Mode.BRIDGE)


JOBS = tuple(a_job(f"job-{number}", SCHEDULES[number % 3]) for number in range(6))


def told(world: World, **more: str) -> tuple[dict[tuple[str, datetime], TickFate], SpanEvidence]:
    """Return the fates that both APIs tell, and what became of asking them."""
    query = TickQuery("app", world.jobs, world.ownership, START, END)

    async def ask(environ: Mapping[str, str]) -> SpanEvidence:
        return await gather(query, environ)

    with serving(inngest(world)) as inngest_url, serving(vercel(world)) as vercel_url:
        environ = {
            "INNGEST_API_BASE_URL": inngest_url,
            "INNGEST_SIGNING_KEY": KEY,
            "VERCEL_TOKEN": TOKEN,
            "VERCEL_PROJECT_ID": "prj_1",
            "VERCEL_TEAM_ID": "team_1",
            "VERCEL_LOGS_URL": vercel_url,
            **more,
        }
        evidence = asyncio.run(ask(environ))
    known = fates(query, evidence, END + timedelta(days=1))
    return {(fate.job, fate.tick): fate for fate in known}, evidence


@pytest.mark.parametrize("seed", [1, 2])
def test_every_tick_is_told_right_or_not_known(seed: int) -> None:
    world = make_world(JOBS, 3_000, seed)
    by_tick, _ = told(world)
    fate_by_tick = {key: by_tick[key].fate for key in world.fates}
    assert len(fate_by_tick) == 3_000
    wrong = {
        key: (fate, world.fates[key])
        for key, fate in fate_by_tick.items()
        if fate not in {world.fates[key], Fate.NOT_KNOWN}
    }
    assert wrong == {}
    count = Counter(fate_by_tick.values())
    assert count[Fate.NOT_KNOWN] < 150
    assert all(count[fate] > 50 for fate in Fate if fate is not Fate.NOT_KNOWN)


@pytest.mark.parametrize(("traces", "fate"), [(True, Fate.ON_TIME), (False, Fate.NOT_KNOWN)])
def test_of_runs_that_save_their_steps_the_trace_tells_that_they_stood_by(
    *, traces: bool, fate: Fate
) -> None:
    world = World((JOBS[0],), Ownership(), traces=traces, saves_steps=True)
    ticks = [START + timedelta(minutes=5) * number for number in range(1, 4)]
    for tick in ticks:
        world.run("job-0", tick, tick, "COMPLETED", {"skipped": "owner vercel"})
        world.row("/api/cron/job-0", tick + SECOND, 200)
    by_tick, _ = told(world)
    assert [by_tick["job-0", tick].fate for tick in ticks] == [fate] * 3


def test_what_failed_is_told_by_its_name() -> None:
    world = World((JOBS[0],), Ownership({"job-0": (Epoch(START - SECOND, 100, "01"),)}))
    for number, output in enumerate(
        [{"name": "ValueError", "message": "s3cret"}, {"error": {"name": "TypeError"}}, "", {}]
    ):
        tick = START + timedelta(minutes=5) * number
        world.run("job-0", tick, tick, "FAILED", output)
    _, evidence = told(world)
    assert [record.error_class for record in evidence.records] == [
        "ValueError",
        "TypeError",
        None,
        None,
    ]


def an_outage(*, traces: bool) -> World:
    """Return a world in which the engine was down for twelve minutes, and fired all it missed then."""
    job = a_job("job", "*/5 * * * *")
    world = World((job,), Ownership({"job": (Epoch(START - SECOND, 100, "01"),)}), traces=traces)
    back = START + timedelta(minutes=22, seconds=30)
    for number in range(12):
        tick = START + timedelta(minutes=5) * number
        was_down = 2 <= number <= 4
        late = back - tick if was_down else timedelta(seconds=1)
        world.fates["job", tick] = Fate.LATE if was_down else Fate.ON_TIME
        world.run("job", tick, tick + late, "COMPLETED", {"status": 200})
    return world


def test_behind_an_outage_the_traces_tell_which_run_was_for_which_tick() -> None:
    world = an_outage(traces=True)
    by_tick, _ = told(world)
    assert {key: by_tick[key].fate for key in world.fates} == world.fates


def test_where_they_do_not_the_ticks_of_the_outage_are_not_known() -> None:
    world = an_outage(traces=False)
    by_tick, _ = told(world)
    hidden = {
        key: Fate.NOT_KNOWN if fate is Fate.LATE else fate for key, fate in world.fates.items()
    }
    assert {key: by_tick[key].fate for key in world.fates} == hidden


def test_what_lies_before_the_oldest_run_and_behind_the_newest_request_is_not_known() -> None:
    world = World((JOBS[0],), Ownership())
    tick = START + timedelta(hours=2)
    world.run("job-0", tick, tick, "COMPLETED", {"skipped": "owner vercel"})
    world.row("/api/cron/job-0", tick + SECOND, 200)
    by_tick, _ = told(world)
    known = [key for key, fate in by_tick.items() if fate.fate is not Fate.NOT_KNOWN]
    assert known == [("job-0", tick)]


def test_a_refused_key_leaves_everything_unknown_and_is_told() -> None:
    world = make_world(JOBS, 60, 1)
    by_tick, evidence = told(world, INNGEST_SIGNING_KEY="signkey-test-00", VERCEL_TOKEN="another")
    assert {by_tick[key].fate for key in world.fates} == {Fate.NOT_KNOWN}
    problems = {source.name: source.problem for source in evidence.sources}
    assert "401" in problems[SourceName.INNGEST]
    assert "403" in problems[SourceName.VERCEL]
    assert "CRONSHIFT_LEDGER_URL is not set" in problems[SourceName.LEDGER]
    assert "another" not in str(problems)


def test_of_a_run_that_goes_on_nothing_is_claimed() -> None:
    world = World((JOBS[0],), Ownership({"job-0": (Epoch(START - SECOND, 100, "01"),)}))
    for status, tick in (("QUEUED", START), ("COMPLETED", START + timedelta(minutes=5))):
        world.run("job-0", tick, tick, status, {"status": 200})
    by_tick, _ = told(world)
    assert by_tick["job-0", START].fate is Fate.NOT_KNOWN

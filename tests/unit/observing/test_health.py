"""How a job has been doing: counted from the fates of its ticks, and read from a ledger."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cronshift.model import CronEntry, Job, Location, Mode
from cronshift.observing.fates import Fate, TickFate
from cronshift.observing.gathering import TickQuery
from cronshift.observing.health import SHOWN, Health, JobHealth, ask_health, health_of
from cronshift.output.health_text import health_table, strip
from cronshift.readiness.fact import Knowledge
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.ownership import Owner, Ownership
from cronshift.runtime.schedule import Schedule
from cronshift.runtime.store.ledger import TickLedger

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 11, 20, tzinfo=UTC)


def ticks(*fates: Fate) -> list[TickFate]:
    return [
        TickFate("job", START + timedelta(hours=number), Owner.INNGEST, fate)
        for number, fate in enumerate(fates)
    ]


def a_record(tick: datetime, seconds: float, job: str = "job") -> TickRecord:
    return TickRecord(
        job=job,
        tick=tick,
        side=Side.VERCEL,
        owner="vercel",
        role=Role.ACTED,
        arrived=tick,
        started=tick,
        ended=tick + timedelta(seconds=seconds),
        status=TickStatus.COMPLETED,
        attempts=1,
        run_id=f"{tick:%d%H%M}",
    )


def test_what_is_not_known_or_skipped_counts_neither_as_well_nor_as_wrong() -> None:
    fates = ticks(Fate.ON_TIME, Fate.LATE, Fate.FAILED, Fate.SKIPPED, Fate.NOT_KNOWN, Fate.MISSED)
    health = health_of("job", fates, [])
    assert (health.well, health.ended, health.missed) == (2, 4, 1)
    assert health.success_rate == 0.5
    assert strip(health).plain == "✓l✗·?m"


@pytest.mark.parametrize(
    ("fates", "answer"),
    [
        ([Fate.ON_TIME, Fate.SKIPPED], Knowledge.GOOD),
        ([Fate.ON_TIME, Fate.DOUBLED], Knowledge.BAD),
        ([Fate.MISSED, Fate.ON_TIME], Knowledge.BAD),
        ([Fate.FAILED] + [Fate.ON_TIME] * SHOWN, Knowledge.GOOD),  # it is no longer shown
        ([Fate.NOT_KNOWN] * 3, Knowledge.UNKNOWN),
        ([], Knowledge.UNKNOWN),
    ],
)
def test_the_ticks_that_are_shown_are_judged(fates: list[Fate], answer: Knowledge) -> None:
    assert health_of("job", ticks(*fates), []).answer is answer


def test_nothing_known_is_no_figure() -> None:
    health = health_of("job", ticks(Fate.NOT_KNOWN), [])
    assert (health.success_rate, health.missed, health.took) == (None, None, None)


def test_times_are_those_of_completed_runs() -> None:
    records = [a_record(START + timedelta(hours=number), number) for number in range(1, 101)]
    took = health_of("job", [], records).took
    assert took is not None
    assert (took.p50, took.p95) == (timedelta(seconds=50), timedelta(seconds=95))


def test_a_share_is_never_rounded_to_all() -> None:
    health = Health({"job": JobHealth("job", well=99_999, ended=100_000)})
    cells = list(health_table(health).columns[2].cells)
    assert cells == ["99.9 % of 100,000"]


def a_job(name: str, text: str) -> Job:
    entry = CronEntry(f"/api/cron/{name}", text, Location("vercel.json", 1), "crons[0]")
    return Job(id=name, entry=entry, schedule=Schedule.from_vercel(text), mode=Mode.BRIDGE)


def test_a_job_of_few_ticks_is_looked_at_for_a_month(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    often, rarely = a_job("often", "*/10 * * * *"), a_job("rarely", "0 3 * * *")
    now = START + timedelta(days=31)
    with_ledger = TickLedger.open(url)
    with_ledger.write(
        a_record(tick, 2, job.id)
        for job, days in ((often, 3), (rarely, 29))
        for tick in (now - timedelta(days=day) for day in range(days, 0, -1))
        for tick in [next(job.schedule.after(tick))]  # type: ignore[union-attr]
    )
    with_ledger.close()
    query = TickQuery("app", (often, rarely), Ownership(), now, now)
    health = asyncio.run(ask_health(query, {"CRONSHIFT_LEDGER_URL": url}, now))
    assert (health.jobs["often"].ended, health.jobs["rarely"].ended) == (1, 29)
    assert len(health.jobs["rarely"].ticks) == SHOWN
    assert health.jobs["rarely"].answer is Knowledge.GOOD
    assert not health.is_bad


def test_without_a_ledger_it_is_not_known_and_nobody_else_is_asked() -> None:
    query = TickQuery("app", (a_job("job", "0 3 * * *"),), Ownership(), START, START)
    environ = {"INNGEST_DEV": "http://127.0.0.1:9", "CRONSHIFT_LEDGER_URL": ""}
    health = asyncio.run(ask_health(query, environ, START))
    assert health.problem == "CRONSHIFT_LEDGER_URL is not set here."
    assert health.of("job") is None

"""The executions of a month, counted from a ledger of known runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cronshift.model import CronEntry, Job, JobOptions, Location, Mode
from cronshift.observing.spending import read_spending
from cronshift.output.health_text import spending_text
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.schedule import Schedule
from cronshift.runtime.store.ledger import TickLedger

if TYPE_CHECKING:
    from pathlib import Path

MONTH = datetime(2026, 11, 1, tzinfo=UTC)
NOW = MONTH + timedelta(days=15)
RUN = TickRecord(
    job="beating",
    tick=MONTH,
    side=Side.INNGEST,
    owner="inngest",
    role=Role.ACTED,
    arrived=MONTH,
    status=TickStatus.COMPLETED,
    attempts=1,
    run_id="1",
)


def a_job(name: str, *, beats: bool = False) -> Job:
    entry = CronEntry(f"/api/cron/{name}", "0 * * * *", Location("vercel.json", 1), "crons[0]")
    options = JobOptions(heartbeat_env="PING" if beats else None)
    schedule = Schedule.from_vercel("0 * * * *")
    return Job(id=name, entry=entry, schedule=schedule, mode=Mode.BRIDGE, options=options)


JOBS = (a_job("plain"), a_job("beating", beats=True))


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger = TickLedger.open(url)
    hour = timedelta(hours=1)
    ledger.write(
        [
            RUN,  # 1 + 3 steps: due, call, heartbeat
            replace(RUN, job="plain", tick=MONTH + hour),  # 1 + 2
            replace(RUN, job="plain", tick=MONTH, status=TickStatus.FAILED, attempts=4),  # 3, and 2
            replace(RUN, job="plain", tick=MONTH + 2 * hour, status=TickStatus.CANCELLED),  # 3, 2
            replace(  # 2: the run, and the step that sees whose it is
                RUN,
                tick=MONTH + hour,
                role=Role.STOOD_BY,
                status=TickStatus.SKIPPED,
                attempts=0,
            ),
            replace(RUN, side=Side.VERCEL, run_id="2"),  # Vercel's are no executions
            replace(RUN, tick=MONTH - hour),  # last month's
            replace(RUN, job="gone", tick=MONTH),  # of no job that there is
        ]
    )
    ledger.close()
    return url


def test_runs_and_steps_are_counted_retries_and_failures_told_apart(url: str) -> None:
    spending = read_spending(JOBS, {"CRONSHIFT_LEDGER_URL": url}, NOW)
    assert (spending.executions, spending.failures, spending.retries) == (19, 4, 3)
    assert spending.projected == 38
    assert spending.forecast == 720 * 3 + 720 * 4
    assert spending.to_json()["plans"][0] == {"name": "Free", "executions": 50_000, "fits": True}
    text = spending_text(spending)
    assert text.startswith("Inngest executions since 01 Nov: 19, 4 of them for runs that failed")
    assert "3 retries besides" in text


def test_a_plan_that_is_too_small_is_told(url: str) -> None:
    spending = read_spending(JOBS, {"CRONSHIFT_LEDGER_URL": url}, MONTH + timedelta(seconds=30))
    assert spending.projected is not None
    assert spending.projected > 1_000_000
    assert "Pro 1,000,000 (too small)" in spending_text(spending)


@pytest.mark.parametrize("address", ["", "inngest", "https://app/api/inngest"])
def test_where_nobody_counts_it_is_not_known(address: str) -> None:
    spending = read_spending(JOBS, {"CRONSHIFT_LEDGER_URL": address}, NOW)
    assert (spending.executions, spending.projected) == (None, None)
    assert spending.to_json()["plans"][0]["fits"] is None
    assert "CRONSHIFT_LEDGER_URL" in spending.problem


def test_december_ends_with_the_year() -> None:
    spending = read_spending(JOBS, {}, datetime(2026, 12, 31, 23, tzinfo=UTC))
    assert (spending.since.month, spending.month) == (12, 31)

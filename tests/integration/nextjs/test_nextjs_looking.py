"""What the functions of a real app see of the other side at 0 %: each fact once good, once bad, and what observe says."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.sockets import serving

from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.executor.events import tick_event
from cronshift.engine.server.endpoint import Endpoint
from cronshift.observing.fates import DueTick, Watch, fate_of
from cronshift.observing.judging import JobSight, judge
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.readiness.fact import Knowledge
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.ownership import Owner
from cronshift.runtime.schedule import Schedule

from .conftest import App, started
from .test_nextjs_ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.node
JOB, CRON = "daily-generate-batch-predictions", "0 6 * * *"
TICK = datetime(2026, 11, 25, 6, tzinfo=UTC)
NOW, PATIENCE = timedelta(), 60  # seconds
OTHER = (
    '{"version": 1, "jobs": {"update-ai-models": [{"effective_at": "2026-01-01T00:00:00Z",'
    ' "percent": 10, "operation": "01"}]}}'
)
GOOD = {"reason": "owner vercel", "app": "file", "file": "same"}


@pytest.fixture(scope="module")
def ledger() -> Iterator[tuple[Ledger, str]]:
    ledger = Ledger()
    with serving(ledger.app) as address:
        yield ledger, f"{address}/api/inngest"


@pytest.fixture(scope="module")
def functions(
    built_app: App, node_packages: Path, ledger: tuple[Ledger, str]
) -> Iterator[dict[str, App]]:
    """The functions of the built app, well and in three kinds of trouble; the guard they look at is another process's."""
    at_the_guard = {"CRONSHIFT_BASE_URL": built_app.url, "CRONSHIFT_LEDGER_URL": ledger[1]}
    kinds = {
        "well": at_the_guard,
        "unreachable": {**at_the_guard, "CRONSHIFT_BASE_URL": "http://127.0.0.1:9"},
        "another-secret": {**at_the_guard, "CRON_SECRET": "another"},
        "another-file": {
            **at_the_guard,
            "CRONSHIFT_OWNERSHIP": OTHER,
            "PREDICTIONS_PING_URL": "",
        },
    }
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                started(built_app.root, node_packages, built_app.upstream, **variables)
            )
            for name, variables in kinds.items()
        }


def seen_by(app: App, ledger: Ledger, waited: timedelta = NOW) -> TickRecord:
    """Let the schedule wake a function for a tick of Vercel's; return what it tells of it."""
    ledger.records.clear()

    async def wake() -> object:
        event = tick_event(f"TZ=UTC {CRON}", TICK, datetime.now(UTC) - waited)
        del event["data"]["cronshift"]  # the schedule's own
        app_id = make_plan(load_project(app.root)).app_id
        async with Endpoint.http(f"{app.url}/api/inngest", None) as endpoint:
            run = await execute(endpoint, RunTarget(f"{app_id}-{JOB}", attempts=1), event)
        return run.output

    assert asyncio.run(wake()) == {"skipped": "owner vercel"}
    end = time.monotonic() + PATIENCE
    while not ledger.records and time.monotonic() < end:
        time.sleep(0.1)
    (record,) = ledger.records
    assert (record.job, record.tick, record.side) == (JOB, TICK, Side.INNGEST)
    assert (record.role, record.status) == (Role.STOOD_BY, TickStatus.SKIPPED)
    return record


def sight(record: TickRecord) -> JobSight:
    """Return what ``observe`` says, where Vercel has run the tick."""
    acted = TickRecord(
        job=JOB,
        tick=TICK,
        side=Side.VERCEL,
        owner="vercel",
        role=Role.ACTED,
        arrived=TICK,
        status=TickStatus.COMPLETED,
        run_id="vercel-1",
    )
    on_time = [acted, replace(record, arrived=TICK + timedelta(seconds=1))]
    due = DueTick(JOB, Schedule.from_vercel(CRON), TICK, Owner.VERCEL)
    fate = fate_of(due, on_time, Watch(), TICK + timedelta(hours=3))
    return judge(JOB, [fate], on_time, Watch())


def test_a_function_that_could_do_the_work_sees_that_all_is_well(
    functions: dict[str, App], ledger: tuple[Ledger, str]
) -> None:
    record = seen_by(functions["well"], ledger[0])
    assert record.seen == GOOD
    assert record.numbers["queued"] < 60
    assert (sight(record).answer, sight(record).problems) == (Knowledge.GOOD, ())


TROUBLES = [
    ("unreachable", {"app": "did-not-answer"}, "the app tells no ownership file: did not answer."),
    ("another-secret", {"app": "wrong-secret"}, "the app tells no ownership file: wrong secret."),
    (
        "another-file",
        {"app": "file", "file": "another", "missing": "PREDICTIONS_PING_URL"},
        "these are not set: PREDICTIONS_PING_URL.",
    ),
    ("another-file", None, "The app holds another ownership file than the functions: deploy both."),
]


@pytest.mark.parametrize(("kind", "seen", "problem"), TROUBLES)
def test_a_function_in_trouble_says_which(
    functions: dict[str, App],
    ledger: tuple[Ledger, str],
    kind: str,
    seen: dict[str, str] | None,
    problem: str,
) -> None:
    record = seen_by(functions[kind], ledger[0])
    if seen is not None:
        assert record.seen == {"reason": "owner vercel", **seen}
    assert sight(record).answer is Knowledge.BAD
    assert any(problem in told for told in sight(record).problems)


def test_a_run_that_a_limit_held_back_says_how_long(
    functions: dict[str, App], ledger: tuple[Ledger, str]
) -> None:
    record = seen_by(functions["well"], ledger[0], timedelta(minutes=7))
    assert record.seen == GOOD
    assert record.numbers["queued"] >= 420
    assert any("A limit holds Inngest's runs back: p95 " in told for told in sight(record).problems)

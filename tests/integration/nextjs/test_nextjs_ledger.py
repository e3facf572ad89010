"""What a Next.js app tells the ledger: by its guard and by its functions, to a worker or to Inngest."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI, Request, Response
from tests.integration.sockets import serving

from cronshift.errors import ConfigError
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.runtime import Call, JobSpec, wire
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus, parse_record
from cronshift.runtime.ownership import digest, parse_ownership
from cronshift.targets import generate

from .conftest import library
from .test_nextjs_library import app as an_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Tell = Callable[..., tuple[list[TickRecord], Any, str]]

pytestmark = pytest.mark.node
TOLD = Path(__file__).with_name("told.ts")
TICK = datetime(2026, 11, 27, 12, tzinfo=UTC)
BODY = b'{"checked":7,"users":{"active":0.5}}'


class Ledger:
    """Where records arrive: an address of a worker's, and Inngest's event API."""

    def __init__(self) -> None:
        self.records: list[TickRecord] = []
        self.headers: list[dict[str, str]] = []
        self.status = 202
        self.app = FastAPI()
        self.app.post("/e/{key}")(self.take_event)
        self.app.post("/api/inngest")(self.take)

    async def take(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        self.records += map(parse_record, await request.json())
        return Response(status_code=self.status)

    async def take_event(self, key: str, request: Request) -> dict[str, Any]:
        event = await request.json()
        assert (key, event["name"]) == ("a-key", "cronshift/tick.seen")
        self.records.append(parse_record(event["data"]))
        return {"status": 200}


@pytest.fixture(scope="module")
def folder(node_packages: Path) -> Iterator[Path]:
    with library(node_packages) as root:
        (root / "told.ts").write_text(TOLD.read_text())
        yield root


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def tell(folder: Path, node_packages: Path, ledger: Ledger) -> Iterator[Tell]:
    loader = (node_packages / "node_modules/tsx/dist/loader.mjs").as_uri()
    with serving(ledger.app) as address:

        def run(percent: int, kind: str = "", **variables: str) -> Any:
            done = subprocess.run(
                ["node", "--import", loader, "told.ts", str(percent), kind],
                cwd=folder,
                env={
                    **os.environ,
                    "CRON_SECRET": "s3cret",
                    "CRONSHIFT_LEDGER_URL": f"{address}/api/inngest",
                    "INNGEST_DEV": address,
                    "INNGEST_EVENT_KEY": "a-key",
                    **variables,
                },
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            assert done.returncode == 0, done.stderr
            return ledger.records, json.loads(done.stdout), done.stderr

        yield run


def ends(records: list[TickRecord]) -> dict[Side, TickRecord]:
    """Return each side's last record."""
    return {record.side: record for record in records if record.status is not TickStatus.RUNNING}


def test_at_0_percent_the_guard_acts_and_the_function_stands_by(tell: Tell, ledger: Ledger) -> None:
    records, said, _ = tell(0)
    assert said == [200, "owner vercel"]
    by_side = ends(records)
    acted, stood = by_side[Side.VERCEL], by_side[Side.INNGEST]
    assert (acted.job, acted.owner, acted.role) == ("tally", "vercel", Role.ACTED)
    assert (acted.status, acted.http_status) == (TickStatus.COMPLETED, 200)
    assert (acted.size, acted.digest) == (len(BODY), hashlib.sha256(BODY).hexdigest()[:16])
    assert acted.numbers == {"checked": 7.0, "users.active": 0.5}
    assert (stood.tick, stood.role, stood.run_id) == (TICK, Role.STOOD_BY, "01RUN")
    assert stood.seen == {"reason": "owner vercel"}
    epoch = '{"effective_at": "2026-01-01T00:00:00Z", "percent": 0, "operation": "01"}'
    file = f'{{"version": 1, "jobs": {{"tally": [{epoch}]}}}}'
    assert {record.ownership_digest for record in records} == {digest(parse_ownership(file))}
    assert {headers["authorization"] for headers in ledger.headers} == {"Bearer s3cret"}
    assert {headers["x-cronshift-tell"] for headers in ledger.headers} == {"ticks"}


def test_at_100_percent_the_function_acts_and_the_guard_stands_by(tell: Tell) -> None:
    records, said, _ = tell(100)
    assert said == [200, {"status": 200, "body": json.loads(BODY), "bytes": 36, "cut": False}]
    by_side = ends(records)
    acted, stood = by_side[Side.INNGEST], by_side[Side.VERCEL]
    assert (acted.tick, acted.status, acted.http_status) == (TICK, TickStatus.COMPLETED, 200)
    assert acted.digest == hashlib.sha256(BODY).hexdigest()[:16]
    assert (stood.role, stood.seen) == (Role.STOOD_BY, {"reason": "owner inngest"})
    running = [record for record in records if record.status is TickStatus.RUNNING]
    assert [record.side for record in running] == [Side.INNGEST]


@pytest.mark.parametrize("percent", [0, 100])
@pytest.mark.parametrize(
    ("kind", "status", "error"), [("fails", 500, None), ("throws", None, "TypeError")]
)
def test_failures_are_told_without_their_words(
    tell: Tell, percent: int, kind: str, status: int | None, error: str | None
) -> None:
    records, _, _ = tell(percent, kind)
    (acted,) = [record for record in ends(records).values() if record.role is Role.ACTED]
    assert acted.side is (Side.VERCEL if percent == 0 else Side.INNGEST)
    assert acted.status is TickStatus.FAILED
    assert (acted.http_status, acted.error_class) == (status, error)
    assert "s3cret" not in repr(records)


def test_events_go_to_inngest_where_there_is_no_database(tell: Tell) -> None:
    records, _, _ = tell(0, CRONSHIFT_LEDGER_URL="inngest")
    assert {*ends(records)} == {*Side}


def test_without_the_variable_nothing_is_told(tell: Tell) -> None:
    assert tell(0, CRONSHIFT_LEDGER_URL="")[0] == []


def test_where_no_secret_is_set_nothing_is_told_of_vercels_calls(tell: Tell) -> None:
    records, _, _ = tell(0, CRON_SECRET="")
    assert {record.side for record in records} == {Side.INNGEST}


def test_a_ledger_that_is_away_fails_nothing(tell: Tell, ledger: Ledger) -> None:
    ledger.status = 503
    assert tell(0)[1] == [200, "owner vercel"]
    _, said, warned = tell(0, CRONSHIFT_LEDGER_URL="http://user:hush@127.0.0.1:9/x")
    assert said == [200, "owner vercel"]
    assert "records dropped" in warned
    assert "hush" not in warned


@pytest.mark.parametrize("has_ledger", [True, False])
def test_an_app_has_the_ledger_where_it_is_asked_for(tmp_path: Path, has_ledger: bool) -> None:
    root = an_app(tmp_path, "ledger = true\n" if has_ledger else "")
    files = {file.path: file.text for file in generate(make_plan(load_project(root)))}
    assert ("lib/inngest/cronshift/ledger.ts" in files) is has_ledger
    job, route = (
        files["lib/inngest/functions/report.ts"],
        files["app/api/cronshift/api/cron/report/route.ts"],
    )
    assert ("toldDue(call, due(call), event.ts)" in job) is has_ledger
    assert ("toldCall(call, direct(GET, call), attempt)" in job) is has_ledger
    assert ("toldGet(JOBS, guardedTwins(JOBS, route))" in route) is has_ledger


LATE = [
    ("latest", timedelta(minutes=59)),
    ("latest", timedelta(hours=1)),
    ("none", timedelta(minutes=15)),
    ("none", timedelta(minutes=16)),
    ("none", timedelta(hours=3)),
]


def test_late_ticks_are_passed_over_as_in_python(folder: Path, node_packages: Path) -> None:
    (folder / "passed.ts").write_text(TOLD.with_name("passed.ts").read_text())
    loader = (node_packages / "node_modules/tsx/dist/loader.mjs").as_uri()
    cases = [
        {"policy": policy, "tick": TICK.isoformat(), "now": (TICK + late).isoformat()}
        for policy, late in LATE
    ]
    done = subprocess.run(
        ["node", "--import", loader, "passed.ts"],
        cwd=folder,
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    call = Call(
        job=JobSpec(id="x", path="/x", schedule="0 * * * *"),
        path="/x",
        tick=TICK,
        scheduled=True,
        run_id="01RUN",
        attempt=0,
        cron="TZ=UTC 0 * * * *",
    )
    python = [
        replace(call, job=replace(call.job, missed=policy)).reason_to_skip(TICK + late)
        for policy, late in LATE
    ]
    assert [bool(reason) for reason in json.loads(done.stdout)] == [*map(bool, python)]
    assert json.loads(done.stdout)[1] == "missed: due 2026-11-27T12:00:00Z"


def test_a_job_says_which_late_ticks_it_makes_up_for(tmp_path: Path) -> None:
    root = an_app(tmp_path, 'ledger = true\n[jobs.report]\nmissed = "latest"\n', "0 9 * * 1-5")
    job = {file.path: file.text for file in generate(make_plan(load_project(root)))}[
        "lib/inngest/functions/report.ts"
    ]
    assert 'policy: "latest"' in job
    assert 'weekdays: "1-5"' in job
    assert "inTime(call, MISSED, due(call))" in job
    settings = root / "cronshift.toml"
    settings.write_text(settings.read_text() + 'schedule = "TZ=Europe/Berlin 0 9 * * 1-5"\n')
    with pytest.raises(ConfigError, match="needs a schedule in UTC"):
        generate(make_plan(load_project(root)))


def test_a_function_of_the_app_makes_up_for_nothing(folder: Path, node_packages: Path) -> None:
    (folder / "replayed.ts").write_text(TOLD.with_name("replayed.ts").read_text())
    loader = (node_packages / "node_modules/tsx/dist/loader.mjs").as_uri()
    command = ["node", "--import", loader, "replayed.ts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == wire.UNCLAIMED

"""Claims of a Next.js app stand in the table that Python's are in, and keep a tick from running twice."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text
from tests.integration.store.claims_server import claims_served

from cronshift.errors import ConfigError
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.readiness.fact import Stage
from cronshift.readiness.subject import Subject
from cronshift.readiness.variables import variables
from cronshift.runtime.addressed_claims import AddressedClaims
from cronshift.runtime.store.claims import LEASE, Claims
from cronshift.runtime.wire import CLAIMED, UNASKED
from cronshift.targets import generate
from cronshift.targets.typescript.library import source

from .conftest import library
from .test_nextjs_library import app as an_app

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.node
HERE = Path(__file__).parent
LINES: list[dict[str, Any]] = json.loads((HERE.parents[1] / "data" / "claims.json").read_text())
TICK = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(node_packages: Path) -> Iterator[Path]:
    with library(node_packages) as root:
        for name in ("claimed.ts", "claiming.ts", "racing.ts"):
            (root / name).write_text((HERE / name).read_text())
        yield root


@pytest.fixture
def url(postgresql_url: str) -> str:
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS cronshift_claims"))
    engine.dispose()
    return postgresql_url


def ran(
    folder: Path, packages: Path, name: str, url: str, *words: str, told: Any = None, **more: str
) -> Any:
    loader = (packages / "node_modules/tsx/dist/loader.mjs").as_uri()
    done = subprocess.run(
        ["node", "--import", loader, name, *words],
        cwd=folder,
        env={
            **os.environ,
            "CRON_SECRET": "s3cret",
            "CRONSHIFT_CLAIMS_URL": url.replace("+psycopg", ""),
            **more,
        },
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def in_python(claims: Claims, line: dict[str, Any]) -> Any:
    tick = datetime.fromisoformat(line["tick"])
    return getattr(claims, line["do"])(line["job"], tick, line["holder"])


def test_python_claims_as_the_data_file_says(url: str, tmp_path: Path) -> None:
    for database in (url, f"sqlite:///{tmp_path / 'claims.db'}"):
        engine = create_engine(database)
        answers = []
        for line in LINES:
            now = datetime.fromtimestamp(line["at"] / 1000, UTC)
            answers.append(in_python(Claims(engine, clock=lambda: now), line))  # noqa: B023 - used at once
        engine.dispose()
        assert answers == [line["answer"] for line in LINES]


@pytest.mark.parametrize("client", ["pg", "drizzle", "prisma", "postgres"])
def test_typescript_claims_as_the_data_file_says_and_one_of_twenty_wins(
    folder: Path, node_packages: Path, url: str, client: str
) -> None:
    told = ran(folder, node_packages, "claimed.ts", url, client, told=LINES)
    assert told["answers"] == [line["answer"] for line in LINES]
    assert told["winners"] == 1
    claims = Claims.open(url)  # what one of them has finished, the other does not run
    assert claims.has_run("mail", TICK)
    assert not claims.take("mail", TICK, "python")
    assert not claims.take("race", TICK, "python")
    claims.close()


def test_the_lease_is_the_same() -> None:
    assert f"const LEASE = {LEASE.total_seconds() // 60:.0f} * 60_000;" in source("claims")
    assert f'"{CLAIMED}"' in source("claims")


@pytest.mark.parametrize("is_afar", [False, True])
def test_a_tick_that_comes_twice_runs_once_and_a_replay_with_its_claim(
    folder: Path, node_packages: Path, url: str, is_afar: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    with claims_served(url) if is_afar else nullcontext(url) as place:
        told = ran(folder, node_packages, "claiming.ts", place)
    first, second, replay, again, failed, retried = told["answers"]
    assert first == [200, {"calls": 1}]
    assert second == [200, {"skipped": CLAIMED}]
    assert (replay, again) == (200, CLAIMED)
    assert failed.startswith("GET /api/cron/tally answered 500")
    assert retried == 200  # the tick was given back
    assert told["calls"] == 4


AWAY = ["postgresql://u:hush@127.0.0.1:9/d", "http://127.0.0.1:9/api/inngest"]


@pytest.mark.parametrize("place", AWAY)
@pytest.mark.parametrize("away", ["run", "wait"])
def test_while_its_claims_are_away_a_call_runs_or_waits_as_is_named_and_a_replay_does_not(
    folder: Path, node_packages: Path, place: str, away: str
) -> None:
    told = ran(folder, node_packages, "claiming.ts", place, CRONSHIFT_CLAIMS_AWAY=away)
    first, second, *replays = told["answers"]
    if away == "run":
        assert (first[0], second[0], told["calls"]) == (200, 200, 2)
    else:
        assert (first, second, told["calls"]) == ([503, {"skipped": UNASKED}],) * 2 + (0,)
    assert replays == [UNASKED] * 4


def test_one_of_forty_wins_in_both_languages_at_one_address(
    folder: Path, node_packages: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    with claims_served(url) as address, ThreadPoolExecutor(8) as threads:
        afar = AddressedClaims(address, "CRON_SECRET", 60)
        racing = threads.submit(ran, folder, node_packages, "racing.ts", address)
        taken = [
            *threads.map(lambda number: afar.take("race", TICK, f"python-{number}"), range(20))
        ]
        assert sum([*taken, *racing.result()]) == 1
        # Who does not know the secret takes nothing, and is told nothing of it.
        answers = ran(folder, node_packages, "racing.ts", address, CRON_SECRET="no")
        assert all("answered 4" in answer for answer in answers)


def test_an_app_asks_an_address_where_it_says_so_on_the_edge_too(tmp_path: Path) -> None:
    root = an_app(tmp_path, 'claims = "environment"\n[bridge]\nsecret_env = "OWN_SECRET"\n')
    files = {file.path: file.text for file in generate(make_plan(load_project(root)))}
    assert 'export const claims = claimsAfar("OWN_SECRET");' in files["lib/inngest/claims.ts"]
    assert "lib/inngest/cronshift/claims-afar.ts" in files
    route = files["app/api/cronshift/api/cron/report/route.ts"]
    assert "claimed(claims, JOBS, route)" in route
    source = root / "app/api/cron/report/route.ts"
    source.write_text('export const runtime = "edge";\n' + source.read_text())
    edge = {file.path: file.text for file in generate(make_plan(load_project(root)))}[
        "app/api/cronshift/api/cron/report/route.ts"
    ]
    assert 'export const runtime = "edge";' in edge
    assert "claimed(claims, JOBS, route)" in edge
    (root / "cronshift.toml").write_text(
        (root / "cronshift.toml").read_text().replace("environment", "lib/db.ts:pool")
    )
    driven = {file.path: file.text for file in generate(make_plan(load_project(root)))}
    assert "claims" not in driven["app/api/cronshift/api/cron/report/route.ts"]


def test_what_asks_an_address_needs_its_variable(tmp_path: Path) -> None:
    root = an_app(tmp_path, 'claims = "environment"\n')
    project = load_project(root)
    plan = make_plan(project)
    subject = Subject(project, plan, plan.jobs, TICK, Stage.SHARE, 10)
    assert any("CRONSHIFT_CLAIMS_URL" in fact.message for fact in variables(subject))


def test_an_app_claims_where_cronshift_toml_names_its_client(tmp_path: Path) -> None:
    root = an_app(tmp_path, 'claims = "lib/db.ts:pool"\nledger = true\n')
    files = {file.path: file.text for file in generate(make_plan(load_project(root)))}
    module = files["lib/inngest/claims.ts"]
    assert 'import { pool } from "../db";' in module
    assert "export const claims = claimsIn(pool);" in module
    job = files["lib/inngest/functions/report.ts"]
    route = files["app/api/cronshift/api/cron/report/route.ts"]
    assert "claimedDue(claims, call, due(call))" in job
    assert "claimedCall(claims, call, direct(GET, call))" in job
    assert "await released(claims, JOB, event.data);" in job
    assert "await released(claims, job, data);" in files["lib/inngest/cancelled.ts"]
    assert "guardedTwins(JOBS, claimed(claims, JOBS, route))" in route


def test_without_it_an_app_has_nothing_of_claims(tmp_path: Path) -> None:
    files = {file.path: file.text for file in generate(make_plan(load_project(an_app(tmp_path))))}
    assert not [path for path in files if "claim" in path]


def test_what_names_no_export_is_refused(tmp_path: Path) -> None:
    root = an_app(tmp_path, 'claims = "lib/db.ts"\n')
    with pytest.raises(ConfigError, match=r"project\.claims"):
        load_project(root)

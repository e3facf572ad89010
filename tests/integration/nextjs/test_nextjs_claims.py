"""Claims of a Next.js app stand in the table that Python's are in, and keep a tick from running twice."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text

from cronshift.errors import ConfigError
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.runtime.store.claims import LEASE, Claims
from cronshift.runtime.wire import CLAIMED
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
        for name in ("claimed.ts", "claiming.ts"):
            (root / name).write_text((HERE / name).read_text())
        yield root


@pytest.fixture
def url(postgresql_url: str) -> str:
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS cronshift_claims"))
    engine.dispose()
    return postgresql_url


def ran(folder: Path, packages: Path, name: str, url: str, *words: str, told: Any = None) -> Any:
    loader = (packages / "node_modules/tsx/dist/loader.mjs").as_uri()
    done = subprocess.run(
        ["node", "--import", loader, name, *words],
        cwd=folder,
        env={
            **os.environ,
            "CRON_SECRET": "s3cret",
            "CRONSHIFT_CLAIMS_URL": url.replace("+psycopg", ""),
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


def test_a_tick_that_comes_twice_runs_once_and_a_replay_with_its_claim(
    folder: Path, node_packages: Path, url: str
) -> None:
    told = ran(folder, node_packages, "claiming.ts", url)
    first, second, replay, again, failed, retried = told["answers"]
    assert first == [200, {"calls": 1}]
    assert second == [200, {"skipped": CLAIMED}]
    assert (replay, again) == (200, CLAIMED)
    assert failed.startswith("GET /api/cron/tally answered 500")
    assert retried == 200  # the tick was given back
    assert told["calls"] == 4


def test_without_its_database_a_call_runs_and_a_replay_does_not(
    folder: Path, node_packages: Path
) -> None:
    told = ran(folder, node_packages, "claiming.ts", "postgresql://u:hush@127.0.0.1:9/d")
    first, second, *replays = told["answers"]
    assert (first[0], second[0]) == (200, 200)
    assert all(isinstance(each, str) and "claimed" not in each for each in replays)
    assert told["calls"] == 2


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

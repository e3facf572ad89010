"""The letters that a Next.js app leaves of its dead runs, where a Python worker has the database."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI, Request
from tests.integration.sockets import serving

from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.runtime.dead_letters import DeadLetter, parse_letter
from cronshift.runtime.ledger import TickStatus
from cronshift.runtime.store.dead_letters import DeadLetters
from cronshift.runtime.tell import TellOwnership
from cronshift.targets import generate

from .conftest import library
from .test_nextjs_library import app as an_app
from .typescript_app import migrated, project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Bury = Callable[..., str]

BURIED = Path(__file__).with_name("buried.ts")


@pytest.fixture(scope="module")
def folder(node_packages: Path) -> Iterator[Path]:
    with library(node_packages) as root:
        (root / "buried.ts").write_text(BURIED.read_text())
        yield root


@pytest.fixture
def bury(folder: Path, node_packages: Path) -> Bury:
    loader = (node_packages / "node_modules/tsx/dist/loader.mjs").as_uri()

    def run(url: str, status: str = "failed", kind: str = "", **variables: str) -> str:
        ran = subprocess.run(
            ["node", "--import", loader, "buried.ts", status, kind],
            cwd=folder,
            env={**os.environ, "CRON_SECRET": "s3cret", "CRONSHIFT_LEDGER_URL": url, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ran.returncode == 0, ran.stderr
        assert "hush" not in ran.stdout + ran.stderr
        return ran.stdout.strip()

    return run


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", url)
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    return url


def kept(url: str) -> list[DeadLetter]:
    letters = DeadLetters.open(url)
    try:
        return letters.read()
    finally:
        letters.close()


@pytest.mark.node
@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_letter_arrives_where_the_database_is(bury: Bury, url: str, status: str) -> None:
    worker = FastAPI()
    worker.add_middleware(TellOwnership)
    with serving(worker) as address:
        assert bury(address, status) == "kept"
        assert bury(address, status) == "kept"
        assert bury(address, status, "by hand") == "a run by hand"
    (letter,) = kept(url)
    assert (letter.run_id, letter.job, letter.status) == ("01RUN", "tally", TickStatus(status))
    assert letter.tick == datetime(2026, 11, 27, 12, tzinfo=UTC)
    assert letter.error == "TypeError: postgres://***@db/app refused once more"
    assert (letter.event, letter.event_id) == ("inngest/scheduled.timer", "01EVENT")


@pytest.mark.node
def test_a_run_that_another_event_began_has_no_tick(bury: Bury) -> None:
    events: list[DeadLetter] = []
    app = FastAPI()

    @app.post("/e/a-key")
    async def take(request: Request) -> None:
        event = await request.json()
        assert event["name"] == "cronshift/run.dead"
        events.append(parse_letter(event["data"]))

    with serving(app) as address:
        sent = bury("inngest", "failed", "event", INNGEST_DEV=address, INNGEST_EVENT_KEY="a-key")
    assert sent == "kept"
    assert [(letter.tick, letter.event) for letter in events] == [(None, "shop/paid")]


@pytest.mark.node
def test_where_it_cannot_be_kept_nothing_is_thrown(bury: Bury) -> None:
    assert bury("http://user:hush@127.0.0.1:9/x") == "not kept: TypeError"
    assert bury("") == "no ledger is set"


def test_an_app_buries_its_dead_where_it_has_a_ledger(tmp_path: Path) -> None:
    for name, settings in (("with", "ledger = true\n"), ("without", "")):
        root = an_app(tmp_path / name, settings)
        files = {file.path: file.text for file in generate(make_plan(load_project(root)))}
        has_ledger = name == "with"
        assert ("lib/inngest/cronshift/dead-letters.ts" in files) is has_ledger
        job = files["lib/inngest/functions/report.ts"]
        assert ("await bury(JOB, event.data, error);" in job) is has_ledger
        cancelled = files.get("lib/inngest/cancelled.ts", "")
        assert ('await bury(job, data, why, "cancelled");' in cancelled) is has_ledger


@pytest.mark.node
@pytest.mark.parametrize("major", [4, 3])
def test_that_app_is_strict_typescript_as_prettier_writes_it(
    tmp_path: Path, node_packages: Path, major: int
) -> None:
    root = project(tmp_path, node_packages, major=major)
    settings = root / "cronshift.toml"
    settings.write_text(settings.read_text().replace("[project]\n", "[project]\nledger = true\n"))
    written = migrated(root).operation.images
    assert "bury" in (root / "lib/inngest/functions/echo.ts").read_text()
    tsc = str(node_packages / "node_modules/typescript/bin/tsc")
    compiled = subprocess.run(
        ["node", tsc, "-p", "."], cwd=root, capture_output=True, text=True, check=False
    )
    assert (compiled.stdout, compiled.returncode) == ("", 0)
    files = [image.path for image in written if image.path.endswith(".ts")]
    prettier = str(node_packages / "node_modules/prettier/bin/prettier.cjs")
    listed = subprocess.run(
        ["node", prettier, "--no-config", "--list-different", *files],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (listed.stdout, listed.returncode) == ("", 0)

"""Fan-outs over rows on a real Inngest server, in both languages: `INNGEST_DEV_URL` names it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.integration.fan_out_apps import (
    MODES,
    ROWS,
    fastapi_app,
    nextjs_app,
    python_app,
    upstream,
)
from tests.integration.nextjs.typescript_app import TSCONFIG, link_packages, served

from cronshift import operations
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.finalize import Directness, prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.project import load_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.fan_out_apps import Upstream

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
SERVER = os.environ.get("INNGEST_DEV_URL", "").rstrip("/")
PATIENCE = 90.0  # seconds
ENDED = {"COMPLETED", "FAILED", "CANCELLED"}
pytestmark = pytest.mark.skipif(
    not SERVER, reason="INNGEST_DEV_URL is not set: there is no Inngest server to test with"
)


@contextmanager
def served_in_python(root: Path, **variables: str) -> Iterator[str]:
    command = [sys.executable, "-m", "cronshift", "-C", str(root), "serve", "--port", "0", "--json"]
    own = os.environ | {"PYTHONPATH": str(root)} | variables
    process = subprocess.Popen(command, env=own, stdout=subprocess.PIPE)
    with process:
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def become_the_work(root: Path) -> None:
    """Take an app all the way to functions of its own."""
    cutover = prepare_cutover(load_project(root), (), LONG_AGO, percent=100)
    operations.apply(root, cutover.operation)
    done = prepare_finalization(
        load_project(root), (), datetime.now(UTC), lambda *_: True, direct=Directness.WHOLE
    )
    assert len(done.direct) == len(MODES), done.kept
    operations.apply(root, done.operation)


@pytest.fixture(scope="module", params=["python", "direct", "nextjs"])
def asked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Upstream]:
    """An app that a server knows, each with an id of its own."""
    root, app_id = tmp_path_factory.mktemp("app"), f"rows-{request.param}-{os.getpid()}"
    if request.param == "python":
        python_app(root)
    elif request.param == "direct":
        fastapi_app(root)
    else:
        packages: Path = request.getfixturevalue("node_packages")
        link_packages(nextjs_app(root, TSCONFIG), packages)
    settings = (root / "cronshift.toml").read_text()
    (root / "cronshift.toml").write_text(settings.replace('"rows"', f'"{app_id}"'))
    operations.apply(root, prepare_migration(load_project(root), (), LONG_AGO).operation)
    if request.param == "direct":
        become_the_work(root)
    with upstream() as app:
        app.seconds = 0.7
        own = {"UPSTREAM": app.url, "CRON_SECRET": "s3cret", "INNGEST_DEV": SERVER}
        serving: Callable[..., Any] = served_in_python
        arguments: list[Any] = [root]
        if request.param == "nextjs":
            serving = served
            arguments.append(packages)
        with serving(*arguments, **own) as url:
            answer = httpx.put(url, timeout=30)
            assert answer.is_success, answer.text
            app.app_id = app_id
            yield app


def runs(app_id: str, function: str, count: int = 1) -> list[dict[str, Any]]:
    """Return a function's runs once so many of them have ended; the server's list lags behind."""
    deadline = time.monotonic() + PATIENCE
    listed: list[dict[str, Any]] = []
    while time.monotonic() < deadline:
        path = f"/api/v2/apps/{app_id}/functions/{function}/runs"
        listed = httpx.get(SERVER + path).json().get("data", [])
        ended = [run for run in listed if str(run.get("status", "")).upper() in ENDED]
        if len(ended) >= count:
            return ended
        time.sleep(0.5)
    pytest.fail(
        f"{function}: {len(listed)} runs, not all ended in {PATIENCE:.0f} seconds: {listed}"
    )


def statuses(ended: list[dict[str, Any]]) -> list[str]:
    return sorted(str(run["status"]).upper() for run in ended)


def start(asked: Upstream, function: str) -> None:
    asked.calls.clear()
    asked.at_once = 0
    answer = httpx.post(f"{SERVER}/invoke/{asked.app_id}-{function}", json={"data": {}})
    assert answer.is_success, answer.text


def test_parallel_rows_are_worked_on_beside_each_other_and_the_failed_one_fails_the_run(
    asked: Upstream,
) -> None:
    start(asked, "parallel")
    assert statuses(runs(asked.app_id, "parallel")) == ["FAILED"]
    assert asked.at_once > 1
    assert {row: asked.calls[row] for row in ROWS} == dict.fromkeys(ROWS, 1)


def test_rows_in_sequence_are_worked_on_one_by_one(asked: Upstream) -> None:
    start(asked, "sequence")
    assert statuses(runs(asked.app_id, "sequence")) == ["FAILED"]
    assert asked.at_once == 1
    assert {row: asked.calls[row] for row in ROWS} == dict.fromkeys(ROWS, 1)


def test_every_row_has_a_run_of_its_own_beside_the_others(asked: Upstream) -> None:
    start(asked, "runs")
    assert statuses(runs(asked.app_id, "runs")) == ["COMPLETED"]
    each = runs(asked.app_id, "runs--row", len(ROWS))
    assert statuses(each) == ["COMPLETED"] * 3 + ["FAILED"]
    assert asked.at_once > 1
    assert {row: asked.calls[row] for row in ROWS} == dict.fromkeys(ROWS, 1)

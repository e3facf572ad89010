"""A real Inngest server (``inngest dev``) calls what cronshift serves.

Start one with ``npx inngest-cli@latest dev --no-discovery`` and set ``INNGEST_DEV_URL`` to its address.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SERVER = os.environ.get("INNGEST_DEV_URL", "").rstrip("/")
PATIENCE = 60.0
pytestmark = pytest.mark.skipif(
    not SERVER, reason="INNGEST_DEV_URL is not set: there is no Inngest server to test with"
)


@contextmanager
def served(project: Path) -> Iterator[str]:
    """Generate and serve the example, and register it with the server."""
    program = Path(sys.executable).with_name("cronshift")
    environment = os.environ | {"INNGEST_DEV": SERVER}
    subprocess.run([program, "migrate", "--yes"], cwd=project, check=True, capture_output=True)
    process = subprocess.Popen(
        [program, "serve", "--port", "0", "--json"],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        try:
            answer = httpx.put(url)
            assert answer.is_success, answer.text
            assert "error" not in answer.json(), answer.text
            yield url
        finally:
            process.terminate()


def wait_for_runs(function: str) -> list[dict[str, Any]]:
    """Return a function's runs once one of them has ended; the server's list lags behind."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        path = f"/api/v2/apps/predictions/functions/{function}/runs"
        runs: list[dict[str, Any]] = httpx.get(SERVER + path).json().get("data", [])
        if any(str(run.get("status", "")).upper() in {"COMPLETED", "FAILED"} for run in runs):
            return runs
        time.sleep(0.5)
    pytest.fail(f"{function} did not come to an end in {PATIENCE:.0f} seconds")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("demo.py", "__pycache__", "inngest_app")
    return Path(shutil.copytree(ROOT / "examples", tmp_path / "predictions", ignore=ignored))


def test_the_server_registers_every_function(project: Path) -> None:
    with served(project):
        functions = httpx.get(f"{SERVER}/v1/apps/predictions/functions").json()
    told = json.dumps(functions)
    for job in ("prediction-check", "session-recovery", "update-ai-models"):
        assert job in told


def test_a_run_that_the_server_starts_comes_to_its_end(project: Path) -> None:
    with served(project):
        httpx.post(f"{SERVER}/invoke/predictions-update-active-events", json={"data": {}})
        runs = wait_for_runs("update-active-events")
    assert any(str(run["status"]).upper() == "COMPLETED" for run in runs)

"""A real Inngest server (``inngest dev``) calls what cronshift serves.

Start one with ``npx inngest-cli@latest dev --no-discovery`` and set ``INNGEST_DEV_URL`` to its address.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.integration.inngest_runs import AT_HAND, SERVER, ended_runs, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
pytestmark = AT_HAND


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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns(
        "demo.py", "sessions", "nextjs", "sveltekit", "__pycache__", "inngest_app"
    )
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
        runs = ended_runs("predictions", "update-active-events")
    assert any(status_of(run) == "COMPLETED" for run in runs)


def test_sessions_are_processed_within_the_goal(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    example = ROOT / "examples/sessions"
    url = f"sqlite:///{tmp_path / 'app.db'}"
    with sqlite3.connect(tmp_path / "app.db") as database:
        database.executescript((example / "schema.sqlite.sql").read_text())
        database.execute("INSERT INTO users VALUES ('ada', 'ada', 100, 0)")
    ownership = {
        "version": 1,
        "jobs": {},
        "flows": {
            "prediction-session": [
                {"effective_at": "2026-01-01T00:00:00Z", "percent": 100, "operation": "01"}
            ]
        },
    }
    environment = os.environ | {
        "INNGEST_DEV": SERVER,
        "DATABASE_URL": url,
        "CRONSHIFT_OWNERSHIP": json.dumps(ownership),
    }
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "uvicorn", "app:app", "--fd", str(listener.fileno())]
        process = subprocess.Popen(
            command, cwd=example, env=environment, pass_fds=[listener.fileno()]
        )
        with process:
            try:
                address = f"http://127.0.0.1:{listener.getsockname()[1]}"
                assert httpx.put(f"{address}/api/inngest", timeout=PATIENCE).is_success
                user = {"x-user": "ada"}
                made = [
                    httpx.post(f"{address}/sessions", json=["gpt-5"], headers=user).json()["id"]
                    for _ in range(20)
                ]
                deadline = time.monotonic() + PATIENCE
                while time.monotonic() < deadline:
                    answers = [
                        httpx.get(f"{address}/sessions/{one}", headers=user).json() for one in made
                    ]
                    if all(answer["done"] for answer in answers):
                        break
                    time.sleep(0.5)
            finally:
                process.terminate()
    with sqlite3.connect(tmp_path / "app.db") as database:
        waits = database.execute(
            "SELECT (julianday(started_at) - julianday(created_at)) * 86400 FROM prediction_sessions"
            " WHERE status = 'finished' ORDER BY 1"
        ).fetchall()
    record_property("figures", f"queue to processing: {[round(wait[0], 2) for wait in waits]} s")
    assert len(waits) == len(made)

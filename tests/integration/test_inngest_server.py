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


STEPS = """import asyncio
import os
from pathlib import Path

from fastapi import FastAPI

from cronshift_guard import guard

MODELS = ["gpt-5", "claude-opus", "gemini-pro"]
app = FastAPI()
app.add_middleware(guard.asgi)


async def note(words: str) -> int:
    with Path(os.environ["NOTES"]).open("a", encoding="utf-8") as file:
        file.write(f"{words}\\n")
    return len(words)


@app.get("/api/cron/x")
async def x():
    total = await note("begun")
    for model in MODELS:
        total += await note(f"asked {model}")
    left, right = await asyncio.gather(note("left"), note("right"))
    await asyncio.gather(*(note(model) for model in MODELS))
    return {"total": total + left + right}
"""
DIRECT = """
from datetime import UTC, datetime, timedelta
from pathlib import Path
from cronshift import operations
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.finalize import Directness, prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.project import load_project
root, long_ago = Path.cwd(), datetime.now(UTC) - timedelta(days=90)
operations.apply(root, prepare_migration(load_project(root), (), long_ago).operation)
operations.apply(root, prepare_cutover(load_project(root), (), long_ago, percent=100).operation)
done = prepare_finalization(load_project(root), (), datetime.now(UTC), lambda *_: True, direct=Directness.STEPS)
operations.apply(root, done.operation)
"""


def test_work_of_python_is_done_in_the_steps_that_its_code_shows(tmp_path: Path) -> None:
    """Every step once, those that run at once included."""
    (tmp_path / "api").mkdir()
    (tmp_path / "api/index.py").write_text(STEPS)
    crons = [{"path": "/api/cron/x", "schedule": "0 0 * * *"}]
    rewrites = [{"source": "/(.*)", "destination": "/api/index"}]
    (tmp_path / "vercel.json").write_text(json.dumps({"crons": crons, "rewrites": rewrites}))
    (tmp_path / "requirements.txt").write_text("fastapi\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = f"steps-{os.getpid()}"
    (tmp_path / "cronshift.toml").write_text(f'[project]\napp_id = "{app}"\n')
    subprocess.run([sys.executable, "-c", DIRECT], cwd=tmp_path, check=True)
    environment = os.environ | {"INNGEST_DEV": SERVER, "NOTES": str(tmp_path / "notes")}
    command = [sys.executable, "-m", "uvicorn", "api.index:app", "--port", str(port)]
    url = f"http://127.0.0.1:{port}/api/inngest"
    with subprocess.Popen(command, cwd=tmp_path, env=environment) as process:
        try:
            with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
                answer = client.put(url)
            assert answer.is_success, answer.text
            httpx.post(f"{SERVER}/invoke/{app}-x", json={"data": {}})
            runs = ended_runs(app, "x")
        finally:
            process.terminate()
    assert [status_of(run) for run in runs] == ["COMPLETED"]
    notes = (tmp_path / "notes").read_text().splitlines()
    models = ["gpt-5", "claude-opus", "gemini-pro"]
    assert notes[:4] == ["begun", *(f"asked {model}" for model in models)]
    assert sorted(notes[4:]) == sorted(["left", "right", *models])


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

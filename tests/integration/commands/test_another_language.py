"""``migrate`` where functions cannot go into the app's own language: it says so, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cronshift.cli import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SERVER = """import express from "express";
const app = express();
app.get("/api/cron/tides", async (request, response) => response.json({ done: await work() }));
app.listen(3000);
"""


def test_migrate_tells_why_it_writes_python(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = {"path": "/api/cron/tides", "schedule": "0 3 * * *"}
    (tmp_path / "vercel.json").write_text(json.dumps({"crons": [entry]}))
    (tmp_path / "package.json").write_text('{"dependencies": {"express": "5.0.0"}}')
    (tmp_path / "server.mjs").write_text(SERVER)
    assert run(["-C", str(tmp_path), "migrate", "--dry-run"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "CS558" in printed
    assert (
        "Functions go into a Python package: the Express app's module says by its name which kind Node takes it for."
        in printed
    )

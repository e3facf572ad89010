"""Looking at a project, and moving it, runs none of its code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.cli import run

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = [
    ("audit",),
    ("status",),
    ("init", "--dry-run"),
    ("migrate", "--yes"),
    ("cutover", "--all", "--yes"),
    ("finalize", "--all", "--ticks-ran", "--yes"),
    ("rollback", "--all", "--yes"),
    ("history",),
    ("resume", "--yes"),
]


@pytest.mark.parametrize("script", ["vercel.ts", "vercel.json"])
def test_planning_and_moving_run_none_of_the_projects_code(tmp_path: Path, script: str) -> None:
    ran = tmp_path / "ran"
    python = f"open({str(ran)!r}, 'w')\nfrom fastapi import FastAPI\napp = FastAPI()\n"
    node = f"require('fs').writeFileSync({json.dumps(str(ran))}, '')\n"
    crons = [{"path": "/api/a", "schedule": "0 6 * * *"}]
    files = {
        script: json.dumps({"crons": crons}),
        "api/a.py": python,
        "conftest.py": python,
        "sitecustomize.py": python,
        "requirements.txt": "fastapi\n",
        "next.config.js": node,
        "middleware.ts": node,
        "package.json": json.dumps({"scripts": {"postinstall": f"touch {ran}", "build": "false"}}),
    }
    if script == "vercel.ts":
        files[script] = f"{node}export const config = {json.dumps({'crons': crons})};\n"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    for words in COMMANDS:
        run(["-C", str(tmp_path), *words])
        assert not ran.exists(), words

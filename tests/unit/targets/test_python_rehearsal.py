"""A job's dry run stands in its module and in the guard, until Vercel's part has ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets import generate

if TYPE_CHECKING:
    from pathlib import Path

HANDLER = """from http.server import BaseHTTPRequestHandler


class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if "dry_run=1" not in self.path:
            send_report()
        self.send_response(200)
        self.end_headers()
"""


def generated(root: Path, settings: str, crons: bool = True) -> dict[str, str]:
    entries = [{"path": "/api/report", "schedule": "0 3 * * *"}] if crons else []
    files = {
        "api/report.py": HANDLER,
        "requirements.txt": "",
        "vercel.json": json.dumps({"crons": entries}),
        "cronshift.toml": settings,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return {file.path: file.text for file in generate(make_plan(load_project(root)))}


def test_both_sides_know_the_dry_run(tmp_path: Path) -> None:
    settings = '[jobs.report]\nrehearsal = "?dry_run=1"\nrehearsal_ignore = ["took"]\n'
    files = generated(tmp_path, settings)
    job, guard = files["inngest_app/jobs/report.py"], files["cronshift_guard.py"]
    for text in (job, guard):
        assert 'rehearsal="?dry_run=1"' in text
        assert 'rehearsal_ignore=["took"]' in text
    assert "await runtime.rehearse(ctx, call, handler)" in job


def test_a_job_that_declares_none_has_none(tmp_path: Path) -> None:
    files = generated(tmp_path, "")
    assert not [path for path, text in files.items() if "rehears" in text]


def test_once_its_entry_is_gone_nothing_is_rehearsed(tmp_path: Path) -> None:
    settings = (
        '[jobs.report]\nrehearsal = "?dry_run=1"\n'
        'moved = { path = "/api/report", schedule = "0 3 * * *" }\n'
    )
    files = generated(tmp_path, settings, crons=False)
    assert "inngest_app/jobs/report.py" in files
    assert not [path for path, text in files.items() if "rehears" in text]

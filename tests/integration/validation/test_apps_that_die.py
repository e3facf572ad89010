"""An app that dies when it is imported: told as bad, or as not known where something may be missing."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift.engine.validation.project import has_unchecked, validate_package
from cronshift.engine.validation.served import check_served
from cronshift.moving.migration import prepare_migration
from cronshift.operations import apply
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, tzinfo=UTC)
APP = """from fastapi import FastAPI
{0}
app = FastAPI()


@app.get("/api/cron/mail")
def mail() -> dict[str, bool]:
    return {{"sent": True}}
"""


@pytest.fixture(autouse=True)
def no_package_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Import the package of this test's project, whatever this process has imported before."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "inngest_app"]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", None),
        ("undefined_name()", "CS515"),
        ("from lib import nothing", "CS515"),
        ("import not_installed_here", "CS516"),
        ('import os; os.environ["NOT_SET_HERE"]', "CS516"),
        ("raise SystemExit(1)", "CS516"),
    ],
)
def test_an_app_that_dies_at_import_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, code: str | None
) -> None:
    monkeypatch.setenv("INNGEST_DEV", "1")
    files = {
        "vercel.json": json.dumps({"crons": [{"path": "/api/cron/mail", "schedule": "0 3 * * *"}]}),
        "requirements.txt": "fastapi\n",
        "cronshift.toml": '[project]\napp_id = "shop"\nserve = "worker"\n',
        "lib.py": "",
        "api/index.py": APP.format(line),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    apply(tmp_path, prepare_migration(load_project(tmp_path), (), NOW).operation)
    plan = make_plan(load_project(tmp_path))
    assert [job.mode for job in plan.jobs] == ["direct"]
    _, found = validate_package(tmp_path, plan)
    assert [finding.code for finding in found] == ([code] if code else [])
    assert has_unchecked(found) is (code == "CS516")
    if code == "CS515":
        assert str(found[0].location) == "api/index.py:2"
        checked = asyncio.run(check_served(tmp_path, plan))
        assert checked.bad

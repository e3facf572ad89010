"""The function that a fan-out has its rows from: there, not there, or not known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("items", "files", "message"),
    [
        ("lib/models:active", {"lib/models.ts": "export const active = () => [];\n"}, None),
        ("lib/models.ts:active", {"lib/models.ts": "export { active } from './x';\n"}, None),
        ("lib/models:active", {"lib/models/index.ts": "export * from './x';\n"}, None),
        ("lib/models:active", {"lib/models.js": "module.exports = { active };\n"}, None),
        ("lib/models:active", {}, "lib/models is no file of the project."),
        ("lib/models:active", {"lib/models.ts": "const active = 1;\n"}, "lib/models.ts has no active."),
        ("app.models:active", {"app/models.py": "async def active():\n    return []\n"}, None),
        ("app.models:active", {"app/models.py": "from x import *\n"}, None),
        ("app.models:active", {"app/models.py": "active: object = print\n"}, None),
        ("app.models:active", {}, None),  # a package that is installed elsewhere may have it
        ("app/models.py:active", {}, "app/models.py is no file of the project."),
        ("app.models:active", {"app/models/__init__.py": "import active_now\n"}, "app/models/__init__.py has no active."),
    ],
)  # fmt: skip
def test_rows_come_from_a_function_that_is_there(
    tmp_path: Path, items: str, files: dict[str, str], message: str | None
) -> None:
    crons = [{"path": "/api/cron/report", "schedule": "0 3 * * *"}]
    settings = f'[jobs.report]\nfan_out = {{ items = "{items}", param = "model" }}\n'
    written = {"vercel.json": json.dumps({"crons": crons}), "cronshift.toml": settings, **files}
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    findings = [
        finding for finding in make_plan(load_project(tmp_path)).findings if finding.code == "CS518"
    ]
    assert [finding.message for finding in findings] == ([message] if message else [])
    assert all(finding.job == "report" for finding in findings)

"""Small projects with one entry, and what the audit says of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cronshift.model import Finding, Plan

LIBRARY = """export async function sendReports(x?: unknown) { await fetch("https://e.example", { method: "POST" }); }
export async function purgeRows() { await fetch("https://e.example", { method: "POST" }); }
export const db = { rows: { findMany: async () => [1], count: async () => 1 } };
"""


@pytest.fixture
def audited(tmp_path: Path) -> Callable[..., Plan]:
    """Return what audits files with one entry."""

    def audit(files: dict[str, str], path: str = "/api/cron/x") -> Plan:
        whole = {
            "vercel.json": json.dumps({"crons": [{"path": path, "schedule": "0 3 * * *"}]}),
            "lib/work.ts": LIBRARY,
            **files,
        }
        if not any(name.endswith(".py") for name in files):
            whole.setdefault("package.json", '{"dependencies": {"next": "16.0.0"}}')
        for name, text in whole.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return make_plan(load_project(tmp_path))

    return audit


@pytest.fixture
def told(audited: Callable[..., Plan]) -> Callable[..., list[Finding]]:
    """Return what tells the findings about handlers, those of ``CS2xx``, ``CS310``, ``CS540`` and ``CS541``."""

    def tell(files: dict[str, str], path: str = "/api/cron/x") -> list[Finding]:
        plan = audited(files, path)
        return [
            one for one in plan.findings if one.code.startswith(("CS2", "CS310", "CS540", "CS541"))
        ]

    return tell

"""The audit's words: all of them where they fit one screen, few where they do not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift.output.audit_text import SCREEN, audit_text
from cronshift.output.plan_document import plan_document
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.model import Plan

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ROUTE = "export async function GET(request: Request) {\n  await run();\n  return Response.json({});\n}\n"


def plan_of(root: Path, entries: list[tuple[str, str]], file: str = "") -> Plan:
    crons = [{"path": path, "schedule": schedule} for path, schedule in entries]
    (root / "package.json").write_text('{"dependencies": {"next": "16.0.0"}}')
    (root / "vercel.json").write_text(json.dumps({"crons": crons}, indent=1))
    for path, _ in entries:
        route = root / (file or f"app{path.partition('?')[0]}/route.ts")
        route.parent.mkdir(parents=True, exist_ok=True)
        route.write_text(ROUTE)
    return make_plan(load_project(root))


def test_a_job_has_its_path_its_handler_and_who_may_call_it_in_the_files_order(
    tmp_path: Path,
) -> None:
    plan = plan_of(tmp_path, [("/api/z/mail", "0 3 * * *"), ("/api/gone/x", "0 4 * * *")])
    (tmp_path / "app/api/gone/x/route.ts").unlink()
    plan = make_plan(load_project(tmp_path))
    lines = str(audit_text(plan, NOW, 80)).splitlines()
    assert lines[0].split() == ["Job", "Schedule", "(UTC)", "Next", "Caller", "Mode"]
    assert lines[1].split() == ["z-mail", *["0", "3", "*", "*", "*"], "26", "Nov", "03:00", "anybody", "bridge"]  # fmt: skip
    assert lines[2].strip().startswith("At 03:00: /api/z/mail → app/api/z/mail/route.ts")
    assert any(line.endswith("/api/gone/x → nothing that is known") for line in lines)
    severities = [line.split()[0] for line in lines if line.startswith(("error", "warn", "note"))]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)


@pytest.mark.parametrize("count", [24, 40])
def test_many_jobs_take_one_screen_and_all_shows_the_rest(tmp_path: Path, count: int) -> None:
    entries = [
        (f"/api/cron/a-long-name-of-a-job-{number}/run", f"{number} 0,8,12,20 * * *")
        for number in range(count)
    ]
    plan = plan_of(tmp_path, entries)
    brief = str(audit_text(plan, NOW, 80))
    assert brief.count("\n") <= count + 20
    assert all(len(line) <= 80 for line in brief.splitlines())
    for job in plan.jobs:
        assert any(
            line.startswith(f"{job.id} ") and job.entry.schedule in line
            for line in brief.splitlines()
        )
    assert "--all" in brief
    whole = str(audit_text(plan, NOW, 80, every=True))
    assert whole.count("\n") > SCREEN
    assert all(str(finding.location) in whole for finding in plan.findings)


def test_one_spot_is_told_once_with_all_its_jobs(tmp_path: Path) -> None:
    entries = [("/api/cron/mail?to=a", "0 3 * * *"), ("/api/cron/mail?to=b", "0 4 * * *")]
    plan = plan_of(tmp_path, entries)
    assert len([one for one in plan.findings if one.code == "CS206"]) == 2
    text = str(audit_text(plan, NOW, 80))
    assert text.count("checks nobody") == 1
    assert "mail-a, mail-b · app/api/cron/mail/route.ts" in text
    found = plan_document(plan, NOW)["findings"]
    (spot,) = [one for one in found if one["code"] == "CS206"]
    assert (spot["job"], spot["jobs"]) == ("mail-a", ["mail-a", "mail-b"])
    assert spot["column"] >= 1

"""Pairs of UTC entries that stand for one local time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

GATE = 'export function GET() {{ if (localHour("{}") === 7) work(); return new Response(); }}\n'
PACKAGE = '{"dependencies": {"next": "16.0.0"}}'


def fixes(
    root: Path, schedules: tuple[str, ...], zone: str, path: str = "/api/cron/x"
) -> list[str]:
    crons = [{"path": path, "schedule": schedule} for schedule in schedules]
    files = {
        "vercel.json": json.dumps({"crons": crons}),
        "package.json": PACKAGE,
        "app/api/cron/x/route.ts": GATE.format(zone),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    found = make_plan(load_project(root)).findings
    return [finding.fix for finding in found if finding.code == "CS517"]


@pytest.mark.parametrize(
    ("schedules", "zone", "expected"),
    [
        (("0 11 * * *", "0 12 * * *"), "America/New_York", "TZ=America/New_York 0 7 * * *"),
        (("30 6,7 * * *",), "Europe/Berlin", "TZ=Europe/Berlin 30 8 * * *"),
        (("0 5 * * 1", "0 6 * * 1"), "Europe/Berlin", "TZ=Europe/Berlin 0 7 * * 1"),
    ],
)
def test_one_schedule_with_its_zone_is_proposed(
    tmp_path: Path, schedules: tuple[str, ...], zone: str, expected: str
) -> None:
    (fix,) = fixes(tmp_path, schedules, zone)
    assert f'schedule = "{expected}"' in fix


@pytest.mark.parametrize(
    ("schedules", "zone"),
    [
        (("0 11 * * *", "0 13 * * *"), "America/New_York"),
        (("0 11 * * *", "0 12 * * 1"), "America/New_York"),
        (("0 11 * * *", "0 12 * * *", "0 13 * * *"), "America/New_York"),
        (("0 11 * * *", "0 12 * * *"), "Asia/Tokyo"),  # its clock never changes
        (("0 11 * * *", "0 12 * * *"), "no zone"),
        (("0 11 * * *", "0 12 * * *"), "Europe/Nowhere"),
        (("0 11 * * *",), "America/New_York"),
    ],
)
def test_other_schedules_are_what_they_are(
    tmp_path: Path, schedules: tuple[str, ...], zone: str
) -> None:
    assert fixes(tmp_path, schedules, zone) == []

"""Errors of the compiler that have one cause are one line."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift.moving.migration import prepare_migration
from cronshift.operations import apply
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets.typescript.compiling import check_types

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not here")


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[..., list[str]]:
    """Have a compiler say some lines about a migrated app; return what is found."""

    def find(lines: list[str], code: str = "CS435") -> list[str]:
        files = {
            "vercel.json": '{"crons": [{"path": "/api/cron/a", "schedule": "0 6 * * *"}]}',
            "package.json": '{"name": "shop", "dependencies": {"next": "16.0.0"}}',
            "tsconfig.json": "{}",
            "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
            "app/api/cron/a/route.ts": "export async function GET() { return new Response(); }\n",
            "node_modules/typescript/bin/tsc": f"console.log({json.dumps(chr(10).join(lines))}); process.exit(2);",
        }
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        apply(tmp_path, prepare_migration(load_project(tmp_path), (), NOW).operation)
        findings = check_types(tmp_path, make_plan(load_project(tmp_path)))
        return [finding.message for finding in findings if finding.code == code]

    return find


def error(number: int, code: str, text: str) -> str:
    return f"lib/inngest/functions/a.ts({number},1): error {code}: {text}"


def test_a_package_that_is_not_installed_is_one_line(
    compiled: Callable[..., list[str]],
) -> None:
    lines = [error(1, "TS2307", "Cannot find module 'inngest' or its corresponding types.")]
    lines += [error(each, "TS7031", f"Binding '{each}' implicitly is any.") for each in range(14)]
    assert compiled(lines) == [
        "inngest is not installed, and 15 errors of tsc may come of that: pnpm install"
    ]


def test_what_is_refused_alike_in_many_places_is_one_line(
    compiled: Callable[..., list[str]],
) -> None:
    lines = [error(each, "TS2322", "Type 'A' is no 'B'.") for each in range(1, 16)]
    assert compiled([*lines, error(20, "TS1005", "';' expected.")]) == [
        "TS2322: Type 'A' is no 'B'. (and in 14 more places)",
        "TS1005: ';' expected.",
    ]


def test_what_the_last_build_wrote_of_a_route_that_has_gone_is_no_error(
    compiled: Callable[..., list[str]],
) -> None:
    gone = "Cannot find module '../../app/api/cron/b/route.js' or its declarations."
    lines = [
        f".next/types/validator.ts(7,3): error TS2307: {gone}",
        ".next/types/validator.ts(9,3): error TS2344: Type 'A' is no route.",
    ]
    (found,) = compiled(lines, "CS436")
    assert "1 error in other files" in found
    assert "TS2344" in found

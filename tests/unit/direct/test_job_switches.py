"""Switches of a job beside the check of its caller: they hold for work too, so that the route stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry, Kept
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "app/api/cron/x/route.ts"
WORK = "async function work() {\n  return {};\n}\n"
STRANGER = 'request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`'
KNOWN = STRANGER.replace("!==", "===")


def judged(root: Path, condition: str, before: str = "") -> Converted | Kept:
    route = root / ROUTE
    route.parent.mkdir(parents=True)
    route.write_text(
        f"{before}export async function GET(request: Request) {{\n"
        f"  if ({condition}) return Response.json({{}}, {{ status: 401 }});\n  return Response.json({{}});\n}}\n"
    )
    return convert(SourceTree(root), ROUTE, "GET", Entry("/api/cron/x", "0 6 * * *"))


ALLOWING = f"function allowed(request: Request) {{\n  %s\n  return {KNOWN};\n}}\n"
DENYING = f"function denied(request: Request) {{\n  return %s || {STRANGER};\n}}\n"


@pytest.mark.parametrize(
    ("condition", "before"),
    [
        (f'process.env.PAUSED === "1" || {STRANGER}', ""),
        (f"!process.env.SEND_MAILS || ({STRANGER})", ""),
        (f"PAUSED || {STRANGER}", "const PAUSED = true;\n"),
        (f"PAUSED || {STRANGER}", 'const PAUSED = process.env.PAUSED === "1";\n'),
        ("!allowed(request)", ALLOWING % "if (process.env.PAUSED) return false;"),
        ("!allowed(request)", ALLOWING % 'if (!process.env.DATABASE_URL) throw new Error("none");'),
        ("denied(request)", DENYING % "process.env.PAUSED"),
    ],
)
def test_a_switch_that_stops_a_caller_who_is_known_keeps_a_route(
    tmp_path: Path, condition: str, before: str
) -> None:
    assert isinstance(judged(tmp_path, condition, before), Kept)


@pytest.mark.parametrize(
    ("condition", "before"),
    [
        (f'process.env.CHECK_CALLERS !== "0" && {STRANGER}', ""),
        (f"!process.env.CRON_SECRET || {STRANGER}", ""),
        (f'process.env.NODE_ENV === "production" && ({STRANGER})', ""),
        ("!allowed(request)", ALLOWING % "if (!process.env.CRON_SECRET) return false;"),
        ("denied(request)", DENYING % "!process.env.CRON_SECRET"),
    ],
)
def test_what_only_lets_callers_by_goes_with_the_check(
    tmp_path: Path, condition: str, before: str
) -> None:
    conversion = judged(tmp_path, condition, before)
    assert isinstance(conversion, Converted), conversion
    assert conversion.text == WORK

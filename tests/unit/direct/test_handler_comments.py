"""Comments above a handler lose what they say of the check of its caller, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "app/api/cron/x/route.ts"
HANDLER = """export async function GET(request: Request) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    return Response.json({}, { status: 401 });
  }
  return Response.json({ rows: 1 });
}
"""
WORK = "async function work() {\n  return { rows: 1 };\n}\n"


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("// Protected by CRON_SECRET\n", ""),
        ("// Protected by CRON_SECRET\n// Sweeps the rows.\n", "// Sweeps the rows.\n"),
        ("// Sweeps the rows; protected by CRON_SECRET.\n", "// Sweeps the rows.\n"),
        ("/** Called by Vercel Cron daily. */\n", ""),
        ("/** Sweeps. Called by Vercel Cron daily. */\n", "/** Sweeps. */\n"),
        (
            "/**\n * Sweeps the rows, which is\n * done twice. Secured with a header.\n */\n",
            "/**\n * Sweeps the rows, which is done twice.\n */\n",
        ),
        (
            "/**\n * Needs:\n *   - CRON_SECRET, of Vercel\n *   - a switch\n */\n",
            "/**\n * Needs:\n *   - a switch\n */\n",
        ),
        ("/**\n * Sweeps.\n *\n * Guarded by\n * CRON_SECRET\n */\n", "/**\n * Sweeps.\n */\n"),
        ("// Sweeps daily (with CRON_SECRET).\n", "// Sweeps daily.\n"),
        ("// A run is guarded by the state.\n", "// A run is guarded by the state.\n"),
        ("// Vercel cron: sweeps the rows at 6.\n", "// Vercel cron: sweeps the rows at 6.\n"),
        (
            "/**\n * Sweeps the rows\n * that nobody wants.\n */\n",
            "/**\n * Sweeps the rows\n * that nobody wants.\n */\n",
        ),
    ],
)
@pytest.mark.parametrize("between", ["", 'import "./rows";\n\n'], ids=["above", "at the head"])
def test_what_is_said_of_the_caller_goes(
    tmp_path: Path, comment: str, left: str, between: str
) -> None:
    (tmp_path / ROUTE).parent.mkdir(parents=True)
    (tmp_path / ROUTE).write_text(f"{comment}{between}{HANDLER}")
    there = convert(SourceTree(tmp_path), ROUTE, "GET", Entry("/api/cron/x", "0 6 * * *"))
    assert isinstance(there, Converted), there
    assert there.text == f"{left}{between}{WORK}"


def test_what_other_code_says_of_itself_stays(tmp_path: Path) -> None:
    helper = "// Protected by CRON_SECRET, as all.\nconst rows = 1;\n"
    (tmp_path / ROUTE).parent.mkdir(parents=True)
    (tmp_path / ROUTE).write_text(
        f'import "./rows";\n\n{helper}\n{HANDLER.replace("rows: 1", "rows")}'
    )
    there = convert(SourceTree(tmp_path), ROUTE, "GET", Entry("/api/cron/x", "0 6 * * *"))
    assert isinstance(there, Converted), there
    assert helper in there.text

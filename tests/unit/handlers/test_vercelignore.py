"""A file that is left out of the deployment answers nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Plan

ROUTE = (
    "export async function GET() { await store.rows.insertMany([1]); return new Response('ok'); }\n"
)


@pytest.mark.parametrize(
    ("ignored", "is_dead"),
    [
        ("app/api/cron", True),
        ("/app/api/\n", True),
        ("cron\n", True),
        ("**/x/route.ts", True),
        ("*.ts", True),
        ("# app\n\nscripts/\n", False),
        ("src/app/api", False),
        ("app/api\n!app/api\n", False),
        ("/*\n!/app\n!/package.json\n", False),
        ("route.ts/\n", False),
    ],
)
def test_what_the_deployment_leaves_out(
    audited: Callable[..., Plan], ignored: str, *, is_dead: bool
) -> None:
    plan = audited({"app/api/cron/x/route.ts": ROUTE, ".vercelignore": ignored})
    dead = [finding.message for finding in plan.findings if finding.code == "CS301"]
    assert bool(dead) is is_dead
    assert all(".vercelignore, which leaves app/api/cron/x/route.ts out" in text for text in dead)

"""Addresses that a route reads of its request: the app's own in production, or the route stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry, Kept
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "app/api/cron/x/route.ts"
ENTRY = Entry("/api/cron/x?day=monday", "0 6 * * *")
HOST = "process.env.VERCEL_PROJECT_PRODUCTION_URL"
READ = {
    "request.nextUrl.origin": f"`https://${{{HOST}}}`",
    "`${new URL(request.url).origin}/x`": f"`https://${{{HOST}}}/x`",
    "request.url": f"`https://${{{HOST}}}/api/cron/x?day=monday`",
    'new URL("/x", request.url)': f'new URL("/x", `https://${{{HOST}}}/api/cron/x?day=monday`)',
    "`${url.protocol}//${url.host}`": f"`https://${{{HOST}}}`",
    "url.pathname": '"/api/cron/x"',
    'request.headers.get("host") ?? "localhost"': f'{HOST} ?? "localhost"',
    '`${request.headers.get("x-forwarded-proto")}://${request.headers.get("host")}`': f"`https://${{{HOST}}}`",
}
KEPT = {
    "request.nextUrl": "needs the address that it was called at",
    "request.nextUrl.clone()": "needs the address that it was called at",
    "url.toString()": "needs the address that it was called at",
    "url.href": "needs the address that it was called at",
    '(url.pathname = "/other")': "needs the address that it was called at",
    "url": "needs the address that it was called at",
    'request.headers.get("x-real-ip")': "needs the header x-real-ip",
}


def judged(root: Path, asked: str, entry: Entry = ENTRY) -> Converted | Kept:
    above = "  const url = new URL(request.url);\n" if "url" in asked.replace(".url", "") else ""
    route = root / ROUTE
    route.parent.mkdir(parents=True)
    route.write_text(
        "export async function GET(request: NextRequest) {\n"
        f"{above}  return Response.json(await ask({asked}));\n}}\n"
    )
    return convert(SourceTree(root), ROUTE, "GET", entry)


@pytest.mark.parametrize("asked", READ)
def test_an_address_is_the_one_of_production(tmp_path: Path, asked: str) -> None:
    conversion = judged(tmp_path, asked)
    assert isinstance(conversion, Converted), str(conversion)
    assert conversion.text == f"async function work() {{\n  return await ask({READ[asked]});\n}}\n"


@pytest.mark.parametrize("asked", KEPT)
def test_more_of_an_address_keeps_a_route(tmp_path: Path, asked: str) -> None:
    kept = judged(tmp_path, asked)
    assert isinstance(kept, Kept), kept.text
    assert kept.why == KEPT[asked]


def test_a_whole_address_that_a_fan_out_changes_keeps_a_route(tmp_path: Path) -> None:
    kept = judged(tmp_path, "request.url", Entry("/api/cron/x", "0 6 * * *", parameter="model"))
    assert isinstance(kept, Kept), kept.text
    assert kept.why == "reads its whole query, which differs from run to run"

"""Methods that do other work than the one whose work goes: they stay in the route, with what only they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry, Kept
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "app/api/cron/x/route.ts"
ENTRY = Entry("/api/cron/x", "0 6 * * *")
BOTH = """import { NextResponse } from "next/server";
import { prune, pruneAll } from "@/lib/prune";

export const maxDuration = 60;

function isAllowed(request: Request) {
  return request.headers.get("authorization") === `Bearer ${process.env.CRON_SECRET}`;
}

/** Prunes what is old. */
export async function GET(request: Request) {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  return NextResponse.json(await prune());
}

/** Prunes all that a person names. */
export async function POST(request: Request) {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  return NextResponse.json(await pruneAll(await request.json()));
}
"""
REST = """import { NextResponse } from "next/server";
import { pruneAll } from "@/lib/prune";

export const maxDuration = 60;

function isAllowed(request: Request) {
  return request.headers.get("authorization") === `Bearer ${process.env.CRON_SECRET}`;
}

/** Prunes all that a person names. */
export async function POST(request: Request) {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  return NextResponse.json(await pruneAll(await request.json()));
}
"""
WORK = """import { prune } from "@/lib/prune";

/** Prunes what is old. */
async function work() {
  return await prune();
}
"""


def judged(root: Path, text: str) -> Converted | Kept:
    route = root / ROUTE
    route.parent.mkdir(parents=True)
    route.write_text(text)
    return convert(SourceTree(root), ROUTE, "GET", ENTRY)


def test_each_method_keeps_what_it_needs(tmp_path: Path) -> None:
    conversion = judged(tmp_path, BOTH)
    assert isinstance(conversion, Converted), str(conversion)
    assert (conversion.text, conversion.rest) == (WORK, REST)


def test_a_method_that_does_the_same_goes_too(tmp_path: Path) -> None:
    conversion = judged(tmp_path, f"{BOTH}export const PUT = GET;\n")
    assert isinstance(conversion, Converted), str(conversion)
    assert (conversion.text, conversion.rest) == (WORK, REST)


WORDS = "answers POST too, "
BESIDE = {
    "a function that both need": (
        "const run = async () => 1;\n",
        "return Response.json(await run());",
        "await told();\n  return Response.json(await run());",
        "which shares run with it",
    ),
    "what they keep together": (
        "let runs = 0;\n",
        "runs += 1;\n  return Response.json({ runs });",
        "return Response.json({ count: runs });",
        "which shares runs with it",
    ),
    "a method that asks this one": (
        "",
        "return Response.json({});",
        "await told();\n  return GET(request);",
        "with other work",
    ),
    "a method that this one asks": (
        "",
        'return POST(new Request(request.url, { method: "POST" }));',
        "return Response.json({});",
        "with other work",
    ),
    "work of a function that both end with": (
        "async function run(by: string) {\n  await told(by);\n  return Response.json({ by });\n}\n",
        'return run("cron");',
        'return run("hand");',
        "which shares run with it",
    ),
}


@pytest.mark.parametrize("what", BESIDE)
def test_what_would_be_there_twice_or_not_at_all_keeps_a_route(tmp_path: Path, what: str) -> None:
    above, first, second, why = BESIDE[what]
    kept = judged(
        tmp_path,
        f"{above}export async function GET(request: Request) {{\n  {first}\n}}\n"
        f"export async function POST(request: Request) {{\n  {second}\n}}\n",
    )
    assert isinstance(kept, Kept), kept.text
    assert kept.why == f"{WORDS}{why}"

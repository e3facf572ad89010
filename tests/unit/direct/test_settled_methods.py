"""Branches that ask for the method: a call by Vercel's cron takes one of them, or the route stays."""

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

SETTLED = {
    "one of several": (
        """if (!["GET", "POST"].includes(request.method ?? "")) return refused();
  return Response.json({});""",
        "return {};",
    ),
    "another than two": (
        """if (request.method !== "GET" && request.method !== "POST") {
    return refused();
  }
  return Response.json({});""",
        "return {};",
    ),
    "this one, and what is behind it": (
        """if (request.method?.toUpperCase() === "GET") {
    const rows = await run();
    // all of them
    return Response.json({
      rows,
    });
  }
  return refused();""",
        """const rows = await run();
  // all of them
  return {
    rows,
  };""",
    ),
    "a chain": (
        """if (request.method === "POST") {
    return refused();
  } else if (request.method === "GET") {
    return Response.json(await run());
  } else {
    return refused();
  }""",
        "return await run();",
    ),
    "a text of several lines": (
        """if (request.method === "GET") {
    const text = `a
    b`;
    return Response.json({ text });
  }
  return refused();""",
        """const text = `a
    b`;
    return { text };""",
    ),
    "what the other way would ask first": (
        """if (request.method !== "GET" && (await late())) return refused();
  return Response.json({});""",
        "return {};",
    ),
}
KEPT = {
    "more than the method": 'if (request.method !== "GET" || late()) return refused();',
    "a name that would mean something else": """if (request.method === "GET") {
    const rows = await run();
    await told(rows);
  }
  if (rows()) return refused();""",
    "a method that is handed on": "if (!known(request.method)) return refused();",
    "a branch of another function": """const tell = () => {
    if (request.method === "POST") other();
  };
  tell();""",
}


def judged(root: Path, body: str) -> Converted | Kept:
    route = root / ROUTE
    route.parent.mkdir(parents=True)
    route.write_text(f"export async function GET(request: Request) {{\n  {body}\n}}\n")
    return convert(SourceTree(root), ROUTE, "GET", ENTRY)


@pytest.mark.parametrize("what", SETTLED)
def test_the_branch_of_get_stands_for_all(tmp_path: Path, what: str) -> None:
    body, becomes = SETTLED[what]
    conversion = judged(tmp_path, body)
    assert isinstance(conversion, Converted), str(conversion)
    assert conversion.text == f"async function work() {{\n  {becomes}\n}}\n"


@pytest.mark.parametrize("what", KEPT)
def test_what_a_method_does_not_settle_stays(tmp_path: Path, what: str) -> None:
    kept = judged(tmp_path, f"{KEPT[what]}\n  return Response.json({{}});")
    assert isinstance(kept, Kept), kept.text
    assert kept.why == "tells methods apart"

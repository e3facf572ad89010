"""The caller told in words: what is said of a call of Vercel's is all that is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry, Kept
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "app/api/cron/x/route.ts"
TELLING = """export async function GET(request: Request) {
  const isCron = CONDITION;
  return Response.json({ by: isCron ? "cron" : "hand" });
}
"""
MARK = 'request.headers.get("x-vercel-cron")'


def conversion(root: Path, source: str) -> Converted | Kept:
    """Return the conversion of a route."""
    (root / ROUTE).parent.mkdir(parents=True)
    (root / ROUTE).write_text(source)
    return convert(SourceTree(root), ROUTE, "GET", Entry("/api/cron/x", "0 6 * * *"))


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (f'{MARK} === "1"', "cron"),
        (f"Boolean({MARK})", "cron"),
        (f"{MARK} !== null", "cron"),
        (f'!{MARK} && {MARK} !== "1"', "hand"),
        (
            f'{MARK} === "0" || request.headers.get("x-vercel-cron-schedule") === "0 6 * * *"',
            "cron",
        ),
        ('request.headers.get("user-agent") === "curl"', "hand"),
    ],
)
def test_one_of_two_words_is_that_for_vercel(tmp_path: Path, condition: str, said: str) -> None:
    there = conversion(tmp_path, TELLING.replace("CONDITION", condition))
    assert isinstance(there, Converted), there
    assert there.text == f'async function work() {{\n  return {{ by: "{said}" }};\n}}\n'


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (f"{MARK} === mark()", '"cron" : "hand"'),
        (f'{MARK} === "1"', "all() : some()"),
        ('request.headers.get("x-trigger") === "1"', '"cron" : "hand"'),
    ],
    ids=["not known", "work", "another header"],
)
def test_what_is_done_by_who_calls_keeps_a_route(tmp_path: Path, condition: str, told: str) -> None:
    source = TELLING.replace("CONDITION", condition).replace('"cron" : "hand"', told)
    kept = conversion(tmp_path, source)
    assert isinstance(kept, Kept)
    assert kept.why.startswith("needs the header x-")

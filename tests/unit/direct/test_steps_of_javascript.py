"""Steps whose results come back as JSON has them, and what is not made of them for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "app/api/cron/x/route.ts"
ENTRY = Entry("/api/cron/x", "0 6 * * *")
WORK = """import {{ prepare, run }} from "@/lib/run";

export async function GET() {{
  await prepare();
  const rows = await run();
  return Response.json({answer});
}}
"""
MAY_BE_NOTHING = {
    "nothing at the end": "export async function run() {\n  if (x) return 1;\n}",
    "a bare return": "export async function run() {\n  if (x) return;\n  return 1;\n}",
    "a type that says so": "export const run = async (): Promise<number | undefined> => find();",
}


def made(root: Path, run: str, answer: str) -> Converted:
    (root / "lib").mkdir()
    (root / "lib/run.ts").write_text(f"export async function prepare() {{}}\n{run}\n")
    (root / ROUTE).parent.mkdir(parents=True)
    (root / ROUTE).write_text(WORK.format(answer=answer))
    conversion = convert(SourceTree(root), ROUTE, "GET", ENTRY, steps=True)
    assert isinstance(conversion, Converted), str(conversion)
    return conversion


@pytest.mark.parametrize("what", MAY_BE_NOTHING)
@pytest.mark.parametrize("answer", ["{ rows }", "{ done: rows }"])
def test_a_member_that_may_be_left_out_is_no_steps_result(
    tmp_path: Path, what: str, answer: str
) -> None:
    conversion = made(tmp_path, MAY_BE_NOTHING[what], answer)
    assert conversion.steps == ()
    assert "left out where a step would make it null" in (conversion.unoffered or "")


def test_a_value_that_is_there_for_certain_may_be(tmp_path: Path) -> None:
    run = "export async function run() {\n  if (x) return 1;\n  return 2;\n}"
    assert made(tmp_path, run, "{ rows }").steps == ("prepare", "run")


def test_nothing_as_the_whole_answer_is_null_either_way(tmp_path: Path) -> None:
    assert made(tmp_path, MAY_BE_NOTHING["a bare return"], "rows").steps == ("prepare", "run")

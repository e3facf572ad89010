"""Causes of errors: a caught one stays with the one that it becomes, where the compiler knows of that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

TRYING = """export async function GET() {
  try {
    const done = await sweep();
    if (!done) return Response.json({ error: "none" }, { status: 503 });
    return Response.json({ done });
  } catch (CAUGHT) {
    return Response.json({ error: "failed" }, { status: 500 });
  }
}
"""
GIVEN = 'throw new Error("failed", { cause: error });'
BARE = 'throw new Error("failed");'


def work_of(root: Path, source: str, file: str = "app/api/cron/x/route.ts") -> str:
    """Return what a route becomes."""
    (root / file).parent.mkdir(parents=True)
    (root / file).write_text(source)
    there = convert(SourceTree(root), file, "GET", Entry("/api/cron/x", "0 6 * * *"))
    assert isinstance(there, Converted), there
    return there.text


@pytest.mark.parametrize(
    ("options", "is_given"),
    [
        ({"target": "es2022"}, True),
        ({"target": "ES2017", "lib": ["dom", "esnext"]}, True),
        ({"lib": ["ES2021", "ES2022.Error"]}, True),
        ({"target": "ESNext", "lib": ["es2020"]}, False),
        ({"target": "ES2021"}, False),
        ({}, False),
    ],
)
def test_an_error_keeps_the_one_that_it_was_made_for(
    tmp_path: Path, options: dict[str, object], *, is_given: bool
) -> None:
    (tmp_path / "base.json").write_text(json.dumps({"compilerOptions": options}))
    (tmp_path / "tsconfig.json").write_text('{"extends": "./base"}')
    text = work_of(tmp_path, TRYING.replace("CAUGHT", "error"))
    assert (GIVEN if is_given else BARE) in text
    assert 'return Promise.reject(new Error("none"));' in text


@pytest.mark.parametrize(
    "source",
    [
        TRYING.replace("CAUGHT", "{ message }"),
        TRYING.replace("(CAUGHT) ", ""),
        TRYING.replace("CAUGHT) {", "error) {\n    error = await told(error);"),
    ],
    ids=["taken apart", "not named", "changed"],
)
def test_an_error_without_a_name_of_its_own_is_no_cause(tmp_path: Path, source: str) -> None:
    assert BARE in work_of(tmp_path, source, "app/api/cron/x/route.js")

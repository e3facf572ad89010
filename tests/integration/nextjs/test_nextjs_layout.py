"""What is generated stands as prettier would write it, in whatever of its styles the app has."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.unit.targets.test_nextjs_generated import PLANS
from tests.unit.targets.typescript.test_restyle import words

from cronshift.handlers.tree import parse
from cronshift.project.conventions.code import CodeStyle, TrailingCommas
from cronshift.targets import generate
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.layout import joined

if TYPE_CHECKING:
    from pathlib import Path

STYLES = [
    (CodeStyle(), "ts", []),
    (CodeStyle(), "js", []),
    (CodeStyle(width=90), "ts", ["--print-width=90"]),
    (CodeStyle(width=100), "js", ["--print-width=100"]),
    (CodeStyle(width=100, indent="    "), "ts", ["--print-width=100", "--tab-width=4"]),
    (
        CodeStyle(width=120, double_quotes=False, semicolons=False),
        "ts",
        ["--print-width=120", "--single-quote", "--no-semi"],
    ),
    (CodeStyle(indent="\t"), "ts", ["--use-tabs"]),
    (CodeStyle(trailing_commas=TrailingCommas.ES5), "ts", ["--trailing-comma=es5"]),
    (
        CodeStyle(width=100, trailing_commas=TrailingCommas.NONE),
        "js",
        ["--print-width=100", "--trailing-comma=none"],
    ),
]


@pytest.mark.node
@pytest.mark.parametrize(("style", "suffix", "options"), STYLES, ids=str)
def test_prettier_leaves_every_line_where_it_is(
    tmp_path: Path, node_packages: Path, style: CodeStyle, suffix: str, options: list[str]
) -> None:
    for name, plan in PLANS.items():
        app = app_of(plan)
        routers = replace(app.routers, suffix=suffix)
        data = replace(app, code=replace(app.code, style=style), routers=routers)
        for file in generate(replace(plan, data=data)):
            path = tmp_path / name / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text)
    prettier = node_packages / "node_modules/prettier/bin/prettier.cjs"
    done = subprocess.run(
        ["node", str(prettier), "--no-config", "--list-different", *options, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("", "")


LONG = """\
import {
  one,
  type Two,
} from "three";
export type Four =
  | { five: 6 }
  | { seven: 8 };
const nine = {
  ten: 11,
};
call(
  // why
  a,
);
const text =
  `a
b`;
things
  .map((thing) => thing)
  .filter(Boolean)
  .join();
const several =
  first === "what is compared, at some length" &&
  second === "what is compared with it, at some length" &&
  third;
if (
  left &&
  right
) {
  run(
    first,
    second,
  ); // a comment does not count, however long it may be, or whatever it says of what stands before it
}
"""
JOINED = """\
import { one, type Two } from "three";
export type Four = { five: 6 } | { seven: 8 };
const nine = {
  ten: 11,
};
call(
  // why
  a,
);
const text =
  `a
b`;
things
  .map((thing) => thing)
  .filter(Boolean)
  .join();
const several =
  first === "what is compared, at some length" &&
  second === "what is compared with it, at some length" &&
  third;
if (left && right) {
  run(first, second); // a comment does not count, however long it may be, or whatever it says of what stands before it
}
"""


def test_only_what_was_broken_for_want_of_room_is_joined() -> None:
    assert joined(LONG, CodeStyle(width=100)) == JOINED
    assert joined(JOINED, CodeStyle(width=100)) == JOINED
    assert joined(LONG, CodeStyle(width=10)) == LONG


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_joining_means_the_same(width: int) -> None:
    for plan in PLANS.values():
        for file in generate(plan):
            text = file.text.partition("\n")[2]
            again = joined(text, CodeStyle(width=width))
            assert parse(again, "typescript") is not None
            plain = [word for word in words(again) if word[1] not in {",", "|"}]
            assert plain == [word for word in words(text) if word[1] not in {",", "|"}]

"""Generated TypeScript in any style: the same code, and the way back."""

from __future__ import annotations

import json
from ast import literal_eval
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.handlers.tree import parse
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.conventions.code import CodeStyle
from cronshift.targets import generate
from cronshift.targets.seal import is_untouched, seal
from cronshift.targets.typescript.style import GENERATED, restyle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

STYLES = [
    CodeStyle(double_quotes=quotes, semicolons=ends, indent=indent)
    for quotes, ends, indent in product((True, False), (True, False), ("  ", "    ", "\t"))
]
HARD = r"""import a, { b } from "c";

type Held = {
  a: string; // it's
  b(): void;
  [key: string]: unknown;
};
export type One = { x: number; y: "it's" } | "z";
interface Two {
  a: string;

  b: number;
}
const x = 1; // it's "so"
[1, 2].forEach((n) => {
  console.log(`a;
  b "${x["q"]}" it's;`);
});
(async () => {})();
`t`.length;
/re;"'/.test("x");
+x;
for (let i = 0; i < 3; i++) {
  if (x) continue;
  else break;
}
do {
  debugger;
} while (x);
/*
 * A comment; with "quotes".
 */
export function f(): string {
  if (!x) return;
  return "it's" + 'say "hi"' + "a'b\"c" + "\\" + "\n";
}
export class Three {
  a = 1;
  ["b"] = 2;
}
export default f;
export const { GET, POST } = a({ b });
let y;
export { y };
export * from "d";
while (x);
namespace N {
  export const z = 1;
}
throw new Error("x");
"""


@cache
def generated() -> tuple[str, ...]:
    """Return what is generated for jobs with every option there is."""
    options = """
[project]
target = "nextjs"
[jobs.a]
heartbeat = "PING"
stale_after = "9m"
throttle = { limit = 10, period = "1m", key = "event.data.x" }
fan_out = { param = "it's \\"so\\"", values = ["a", "b'c"], mode = "parallel" }
[jobs.b]
fan_out = { param = "m", values = ["1"] }
concurrency = 3
idempotency = 'event.data.a + "x"'
"""
    route = "export async function GET() {\n  return Response.json({});\n}\n"
    crons = [{"path": f"/api/{name}", "schedule": "0 3 * * *"} for name in ("a", "b", "c?d='e'")]
    with TemporaryDirectory() as folder:
        for name, text in {
            "app/api/a/route.ts": route,
            "app/api/b/route.ts": route,
            "vercel.json": json.dumps({"crons": crons}),
            "cronshift.toml": options,
        }.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        files = generate(make_plan(load_project(Path(folder))))
    return tuple(file.text.partition("\n")[2] for file in files)


def words(text: str) -> list[tuple[str, str]]:
    """Return a text's tree without what is a matter of style: its leaves, and how they are held."""
    return [word for node in parsed(text).children() for word in _words(node)]


def _words(node: SgNode) -> Iterator[tuple[str, str]]:
    kind, text = node.kind(), node.text()
    if kind == "string" and node.is_named():  # the type's name is of this kind too
        yield kind, str(literal_eval(text))
    elif kind == "comment":
        yield kind, "\n".join(line.strip() for line in text.splitlines())
    elif not node.children():
        if kind != ";":
            yield kind, text
    else:
        yield kind, ""
        for child in node.children():
            yield from _words(child)


def parsed(text: str) -> SgNode:
    root = parse(text, "typescript")
    assert root is not None
    assert root.find(kind="ERROR") is None
    return root


@pytest.mark.parametrize("style", STYLES, ids=repr)
def test_what_is_generated_means_the_same_in_every_style_and_comes_back(style: CodeStyle) -> None:
    for text in (*generated(), HARD):
        styled = restyle(text, style)
        assert words(styled) == words(text)
        assert restyle(styled, style, style) == styled
        assert restyle(styled, GENERATED, style) == text


def test_a_file_in_another_style_is_not_changed_by_hand() -> None:
    for text, style in product(generated(), STYLES):
        assert is_untouched(restyle(seal(text, "//"), style))


def test_what_is_generated_is_already_in_its_own_style() -> None:
    assert all(restyle(text, GENERATED) == text for text in generated())


def test_lines_that_would_go_on_with_the_one_before_begin_with_a_semicolon() -> None:
    styled = restyle(HARD, CodeStyle(double_quotes=False, semicolons=False, indent="\t"))
    lines = styled.splitlines()
    assert [line for line in lines if line.startswith(";")] == [
        ";[1, 2].forEach((n) => {",
        ";(async () => {})()",
        ";`t`.length",
        ";/re;\"'/.test('x')",
        ";+x",
    ]
    assert "\tb(): void;" in lines  # the member below would be its index
    assert "export type One = { x: number; y: \"it's\" } | 'z'" in lines
    assert "\ta: string // it's" in lines
    assert "  b \"${x['q']}\" it's;`)" in lines  # a template's line keeps its beginning
    assert "while (x);" in lines
    assert ' * A comment; with "quotes".' in lines


STATEMENTS = st.lists(
    st.sampled_from(
        [
            "const a = 1;",
            "let b;",
            "a();",
            "(b)();",
            "[a][0];",
            "`${a}`;",
            "-a;",
            "/x/.test(b);",
            "if (a) b();",
            "if (a) {\n  (b)();\n}",
            "function c() {\n  return;\n}",
            'type D = "d";',
            "type E = {\n  [k: string]: D;\n  a: D;\n};",
            "// it's; a comment",
            "for (;;) break;",
        ]
    ),
    max_size=6,
)


@given(STATEMENTS, st.sampled_from(STYLES))
def test_any_statements_in_any_order_mean_the_same(lines: list[str], style: CodeStyle) -> None:
    text = "".join(f"{line}\n" for line in lines)
    styled = restyle(text, style)
    assert words(styled) == words(text)
    assert restyle(styled, GENERATED, style) == text


@given(st.text("ab'\"\\n ", max_size=12))
def test_a_string_keeps_its_value_in_either_quotes(value: str) -> None:
    text = f"a({json.dumps(value)});\n"
    for style in STYLES[:1] + STYLES[-1:]:
        styled = restyle(text, style)
        assert words(styled) == words(text)

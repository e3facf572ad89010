"""Results as their maintainer reads them: what was said in an answer, how deep it stands, what nobody waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry, Kept
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "app/api/cron/x/route.ts"


def conversion(root: Path, source: str) -> Converted | Kept:
    """Return the conversion of a route."""
    (root / ROUTE).parent.mkdir(parents=True)
    (root / ROUTE).write_text(source)
    return convert(SourceTree(root), ROUTE, "GET", Entry("/api/cron/x", "0 6 * * *"))


def converted(root: Path, source: str) -> str:
    """Return the text of a route's module without HTTP."""
    there = conversion(root, source)
    assert isinstance(there, Converted), there
    return there.text


def test_comments_in_an_answer_stay_and_its_lines_stand_where_it_did(tmp_path: Path) -> None:
    text = converted(
        tmp_path,
        """export async function GET() {
  const rows = await sweep();
  if (!rows) {
    return Response.json({
      // as the pager reads it
      error: "nothing there",
    }, { status: 500 });
  }
  return Response.json(
    // the dashboard's
    {
      rows, // all of them
      text: "as it is",
    },
    // nobody keeps it
    { headers: { "cache-control": "no-store" } },
  );
}
""",
    )
    assert (
        text
        == """async function work() {
  const rows = await sweep();
  if (!rows) {
    // as the pager reads it
    throw new Error("nothing there");
  }
  // the dashboard's
  return {
    rows, // all of them
    text: "as it is",
  };
}
"""
    )


def test_a_long_text_in_an_answer_stays_as_it_is(tmp_path: Path) -> None:
    body = """{
      text: `a
      b`,
    }"""
    source = f"export async function GET() {{\n  return Response.json(\n    {body},\n  );\n}}\n"
    assert f"  return {body};\n" in converted(tmp_path, source)


CHECKED = """{comment}export const {setting};

export async function GET(request: Request) {{
  // Nobody but Vercel:
  // see the handbook about secrets.
  if (request.headers.get("authorization") !== `Bearer ${{process.env.CRON_SECRET}}`) {{
    return Response.json({{}}, {{ status: 401 }});
  }}
  return Response.json({{}});
}}
"""


@pytest.mark.parametrize(
    ("comment", "setting", "left"),
    [
        ("// At most a minute\n// (see the plan).\n", "maxDuration = 60", ""),
        ("// Sweeps old rows.\n", "maxDuration = 60", "// Sweeps old rows.\n\n"),
    ],
)
def test_a_comment_goes_as_a_whole_with_the_line_of_which_it_speaks(
    tmp_path: Path, comment: str, setting: str, left: str
) -> None:
    text = converted(tmp_path, CHECKED.format(comment=comment, setting=setting))
    assert text == f"{left}async function work() {{\n  return {{}};\n}}\n"


@pytest.mark.parametrize(
    ("call", "others"),
    [
        ("sweep()", "async function sweep() {\n  return 1;\n}\n"),
        ("sweep()", "function sweep(): Promise<number> {\n  return later();\n}\n"),
        ("sweep()", 'import { sweep } from "elsewhere";\n'),
        ("(rows.load() as Rows)", ""),
    ],
)
def test_a_promise_that_an_answer_is_made_of_keeps_the_route(
    tmp_path: Path, call: str, others: str
) -> None:
    source = f"{others}export async function GET() {{\n  return Response.json({call});\n}}\n"
    kept = str(conversion(tmp_path, source))
    assert kept.endswith("which it may not wait for")


@pytest.mark.parametrize(
    ("call", "others"),
    [
        ("summary()", "function summary() {\n  return { rows: 1 };\n}\n"),
        ("rows.map(String)", ""),
        ("Object.fromEntries(rows)", ""),
        ("await sweep()", ""),
    ],
)
def test_a_body_that_is_there_already_becomes_the_result(
    tmp_path: Path, call: str, others: str
) -> None:
    source = f"{others}export async function GET() {{\n  return Response.json({call});\n}}\n"
    assert f"  return {call};\n" in converted(tmp_path, source)


def test_a_method_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    source = "export async function POST() {\n  return Response.json({});\n}\n"
    assert str(conversion(tmp_path, source)) == f"{ROUTE}:1: exports no GET"


def test_a_comparison_of_two_statuses_is_settled(tmp_path: Path) -> None:
    source = """const told = (body: object, status = 200) =>
  Response.json({ success: status === 200, ok: status < 400, ...body }, { status });
export async function GET() {
  return told({ rows: 1 });
}
"""
    assert "return { success: true, ok: true, rows: 1 };" in converted(tmp_path, source)


def test_comments_of_answers_that_a_condition_chooses_stay(tmp_path: Path) -> None:
    text = converted(
        tmp_path,
        """export async function GET() {
  const rows = await sweep();
  if (rows > 1) {
    return rows
      ? Response.json({ rows }) // some
      : Response.json({ error: "none" /* due */ }, { status: 500 });
  }
  return Response.json(
    // in short
    { rows },
    { status: rows ? 200 : 500 },
  );
}
""",
    )
    assert (
        text
        == """async function work() {
  const rows = await sweep();
  if (rows > 1) {
    // some
    /* due */
    if (rows) return { rows };
    throw new Error("none");
  }
  // in short
  const result = { rows };
  if (!rows) throw new Error(JSON.stringify(result));
  return result;
}
"""
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ('error instanceof Error ? error.message : "unknown"', None),
        ('error.message || "failed"', None),
        ("(error as Error).message", None),
        ("error?.trim()", "JSON.stringify({ success: false, error: error?.trim() })"),
        ("error.message", "JSON.stringify({ success: false, error: error.message })"),
    ],
)
def test_an_error_says_the_words_of_its_answer_where_they_surely_are_a_text(
    tmp_path: Path, words: str, message: str | None
) -> None:
    source = f"""export async function GET() {{
  try {{
    return Response.json({{ rows: await rows() }});
  }} catch (error) {{
    return Response.json({{ success: false, error: {words} }}, {{ status: 500 }});
  }}
}}
"""
    assert f"    throw new Error({message or words});\n" in converted(tmp_path, source)


WEEKDAYS = """export async function GET() {{
  switch (new Date().getUTCDay()) {{
    case 0:
      await rest();{break_}
    case 1: {{
      return Response.json({{ rows: await rows() }});
    }}
    {last}: return Response.json({{}});
  }}
}}
"""


@pytest.mark.parametrize(
    ("break_", "last", "is_kept"),
    [("", "default", False), (" break;", "default", True), ("", "case 2", True)],
)
def test_a_switch_of_which_every_way_ends_is_an_end(
    tmp_path: Path, break_: str, last: str, *, is_kept: bool
) -> None:
    there = conversion(tmp_path, WEEKDAYS.format(break_=break_, last=last))
    assert str(there).endswith("may end without an answer") is is_kept

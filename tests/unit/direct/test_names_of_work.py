"""Names that work needs still, or needs anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "app/api/cron/x/route.ts"


def converted(root: Path, text: str) -> str:
    route = root / ROUTE
    route.parent.mkdir(parents=True)
    route.write_text(text)
    conversion = convert(SourceTree(root), ROUTE, "GET", Entry("/api/cron/x", "0 6 * * *"))
    assert isinstance(conversion, Converted), conversion
    return conversion.text


def test_a_status_that_an_error_is_told_by_is_declared_still(tmp_path: Path) -> None:
    text = """export async function GET() {
  const status = process.env.STRICT ? 500 : 200;
  return Response.json({ done: true }, { status });
}
"""
    assert (
        converted(tmp_path, text)
        == """async function work() {
  const status = process.env.STRICT ? 500 : 200;
  const result = { done: true };
  if (status >= 400) throw new Error(JSON.stringify(result));
  return result;
}
"""
    )


def test_a_name_is_found_where_the_usual_ones_are_taken(tmp_path: Path) -> None:
    text = "const work = 1, doWork = 2, workOfJob = 3;\nexport const GET = () => Response.json([work, doWork, workOfJob]);\n"
    assert "const work2 = () => [work, doWork, workOfJob];" in converted(tmp_path, text)


def test_headers_that_are_awaited_are_awaited_still(tmp_path: Path) -> None:
    answer = "Response.json({}, { headers: await marked() })"
    text = f"export async function GET() {{\n  return {answer};\n}}\n"
    assert f"return resultOf({answer});" in converted(tmp_path, text)

"""Answers that a function of the project builds, as what they spell out; and those that stay built."""

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

BUILT = {
    "all that is given": (
        "export const ok = (data: unknown, status = 200) => Response.json({ data }, { status });",
        "return ok(await run());",
        "return { data: await run() };",
    ),
    "members that nothing is given for": (
        """export function ok(data: unknown, note?: string, more?: object, init?: ResponseInit) {
  return Response.json({ data, note, more: more ?? null, ...(note ? { read: true } : {}) }, init);
}""",
        "const rows = await run();\n  return ok(rows);",
        "const rows = await run();\n  return { data: rows, more: null };",
    ),
    "a text that is always there": (
        """export function ok(data: object, note?: string) {
  return Response.json({ ...(note && { note }), ...data });
}""",
        'return ok({ rows: 1 }, "well");',
        'return { note: "well", rows: 1 };',
    ),
    "names that would be said twice": (
        "export const ok = (data: object) => Response.json({ rows: 0, ...data });",
        "return ok({ rows: 1 });",
        "return { rows: 0, ...{ rows: 1 } };",
    ),
    "a member of a class": (
        """export class ok {
  static done<T>(data: T) {
    return NextResponse.json<Answer<T>>({ ok: true, data } satisfies Answer<T>);
  }
}""",
        "return ok.done(1 + 2);",
        "return { ok: true, data: 1 + 2 };",
    ),
    "an awaited answer, built on another": (
        """const json = (body: object, status: number) => new Response(JSON.stringify(body), {
  status, headers: { "content-type": "application/json" } });
export async function ok(body: object) {
  return json(body, 200);
}""",
        "return await ok({ done: true });",
        "return { done: true };",
    ),
    "an error with what it writes to the log": (
        """export function ok(error: string, status = 500, code?: string) {
  const body: Body = { error };
  if (code) body.code = code;
  console.error("failed", error);
  return Response.json(body, { status });
}""",
        'if (await run()) return ok("too late", 503);\n  return Response.json({});',
        """if (await run()) {
    console.error("failed", "too late");
    throw new Error("too late");
  }
  return {};""",
    ),
}
STAYS = {
    "work of its own": (
        """export async function ok(data: unknown) {
  await fetch("https://log.test");
  return Response.json({ data });
}""",
        "return ok(await run());",
    ),
    "a name of its module": (
        """const started = Date.now();
export const ok = (data: unknown) => Response.json({ data, started });""",
        "return ok(1);",
    ),
    "an order that would change": (
        "export const ok = (a: unknown, b: unknown) => Response.json({ b, a });",
        "let count = 0;\n  return ok(await run(() => count++), count);",
    ),
    "what may not be done": (
        "export const ok = (a: boolean, b: unknown) => Response.json({ a: a ? b : null });",
        "return ok(true, await run());",
    ),
    "what would be done twice": (
        "export const ok = (a: unknown) => Response.json({ first: a, second: a });",
        "return ok(await run());",
    ),
    "what would be done no more": (
        "export const ok = (a: unknown, b?: unknown) => Response.json({ a });",
        "return ok(1, await run());",
    ),
    "a default that another module knows": (
        "export const ok = (a: unknown, b = LIMIT) => Response.json({ a, b });",
        "return ok(1);",
    ),
    "more than one answer": (
        """export function ok(a: unknown) {
  if (!a) return Response.json({}, { status: 404 });
  return Response.json({ a });
}""",
        "return ok(await run());",
    ),
    "a condition that may hold": (
        """export function ok(a: unknown, code?: string) {
  const body: Body = { a };
  if (code) body.code = code;
  return Response.json(body);
}""",
        'return ok(1, "late");',
    ),
}


def judged(root: Path, builder: str, body: str) -> Converted | Kept:
    (root / "lib").mkdir()
    (root / "lib/answers.ts").write_text(
        f'import {{ NextResponse }} from "next/server";\n{builder}\n'
    )
    route = root / ROUTE
    route.parent.mkdir(parents=True)
    route.write_text(
        'import { ok } from "@/lib/answers";\nimport { run } from "@/lib/run";\n\n'
        f"export async function GET() {{\n  {body}\n}}\n"
    )
    return convert(SourceTree(root), ROUTE, "GET", ENTRY)


@pytest.mark.parametrize("what", BUILT)
def test_an_answer_that_is_built_becomes_what_it_spells_out(tmp_path: Path, what: str) -> None:
    builder, body, becomes = BUILT[what]
    conversion = judged(tmp_path, builder, body)
    assert isinstance(conversion, Converted), str(conversion)
    _, _, work = conversion.text.partition("async function work() {\n  ")
    assert work == f"{becomes}\n}}\n"
    assert "answers" not in conversion.text


@pytest.mark.parametrize("what", STAYS)
def test_what_does_more_than_to_build_an_answer_is_asked_for_it_still(
    tmp_path: Path, what: str
) -> None:
    builder, body = STAYS[what]
    conversion = judged(tmp_path, builder, body)
    assert isinstance(conversion, Converted), str(conversion)
    before, _, call = body.removesuffix(";").partition("return ")
    assert f"{before}return resultOf({call});" in conversion.text


def test_lines_that_are_given_stand_where_they_would_be_written(tmp_path: Path) -> None:
    builder = """export function ok(data: object) {
  return Response.json({
    success: true,
    data,
  });
}"""
    body = "const text = `a\n  b`;\n  if (text) {\n    return ok({\n      text,\n    });\n  }\n  return ok({});"
    conversion = judged(tmp_path, builder, body)
    assert isinstance(conversion, Converted), str(conversion)
    assert (
        """    return {
      success: true,
      data: {
        text,
      },
    };
"""
        in conversion.text
    )

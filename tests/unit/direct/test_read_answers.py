"""Answers that a route's module does not spell out: read where they are returned, or the route stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry, Kept
from cronshift.targets.direct.javascript.converting import convert
from cronshift.targets.direct.javascript.events import EventShape

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "app/api/cron/x/route.ts"
ENTRY = Entry("/api/cron/x", "0 6 * * *")
IMPORT = 'import { NonRetriableError, RetryAfterError } from "inngest";'


def judged(root: Path, body: str, above: str = "", *, steps: bool = False) -> Converted | Kept:
    route = root / ROUTE
    route.parent.mkdir(parents=True)
    route.write_text(f"{above}export async function GET() {{\n{body}\n}}\n")
    return convert(SourceTree(root), ROUTE, "GET", ENTRY, steps=steps)


READ = {
    "a call": ("  return done(await run());", "  return resultOf(done(await run()));"),
    "an awaited call": ("  return await done();", "  return resultOf(await done());"),
    "a variable": (
        '  const answer = NextResponse.json({});\n  answer.headers.set("x", "y");\n  return answer;',
        '  const answer = NextResponse.json({});\n  answer.headers.set("x", "y");\n  return resultOf(answer);',
    ),
    "a status that only running tells": (
        "  const { body, status } = await run();\n  return Response.json(body, { status });",
        "  const { body, status } = await run();\n  return resultOf(Response.json(body, { status }));",
    ),
    "one of two": (
        "  return (await run()) ? done() : Response.json({}, { status: 500 });",
        "  return resultOf((await run()) ? done() : Response.json({}, { status: 500 }));",
    ),
    "in front of a catch, which hears no error of an answer's": (
        "  try {\n    return await done();\n  } catch {\n    return done();\n  }",
        "  try {\n    return resultOf(await done());\n  } catch {\n    return resultOf(done());\n  }",
    ),
    "in front of a finally, which waits": (
        "  try {\n    return await done();\n  } finally {\n    close();\n  }",
        "  try {\n    return await resultOf(await done());\n  } finally {\n    close();\n  }",
    ),
}


@pytest.mark.parametrize("what", READ)
def test_an_answer_is_read_where_it_is_returned(tmp_path: Path, what: str) -> None:
    body, becomes = READ[what]
    conversion = judged(tmp_path, body)
    assert isinstance(conversion, Converted), str(conversion)
    work, _, reader = conversion.text.partition("\n/** Returns what an answer says")
    assert work == f"{IMPORT}\n\nasync function work() {{\n{becomes}\n}}\n"
    assert "async function resultOf(answer: Response | Promise<Response>)" in reader
    assert ".then<unknown>(JSON.parse)" in reader  # what it gives is nobody's `any`


KEPT = {
    "a stream": ("  return new Response(open());", "answers with `open()`, which may be a stream"),
    "data, which a route cannot answer with": ("  return {};", "returns `{}`"),
    "an answer that leads elsewhere": (
        "  return new Response(null, { status: 302 });",
        "answers 302, which leads elsewhere",
    ),
    "an answer that says when to try again": (
        '  return Response.json({}, { status: code, headers: { "retry-after": "9" } });',
        "says when to try again",
    ),
    "what a finally does not wait for": (
        "  try {\n    return done();\n  } finally {\n    close();\n  }",
        "returns `done()`",
    ),
    "an error that nobody would wait for": (
        "  try {\n    return await done();\n  } catch {\n    return done();\n  } finally {\n    close();\n  }",
        "returns `await done()`",
    ),
    "an answer that is not returned": ("  await done();", "may end without an answer"),
}


@pytest.mark.parametrize("what", KEPT)
def test_what_cannot_be_read_for_certain_stays(tmp_path: Path, what: str) -> None:
    body, why = KEPT[what]
    kept = judged(tmp_path, body)
    assert isinstance(kept, Kept), kept.text
    assert kept.why.startswith(why)


TEXTS = {
    "an error's words": 'error instanceof Error ? error.message : "failed"',
    "lines": 'rows.map(String).join("\\n")',
    "a sum": '"rows: " + rows.length',
    "a date": "new Date().toISOString()",
}


@pytest.mark.parametrize("what", TEXTS)
def test_a_text_is_told_from_a_stream_by_how_it_is_made(tmp_path: Path, what: str) -> None:
    body = f"  const text = {TEXTS[what]};\n  return new Response(text);"
    conversion = judged(tmp_path, body)
    assert isinstance(conversion, Converted), str(conversion)
    assert "  return text;\n" in conversion.text


@pytest.mark.parametrize("made", ["await run()", "late ? error.message : 1", "rows.length + 1"])
def test_what_may_be_no_text_stays(tmp_path: Path, made: str) -> None:
    kept = judged(tmp_path, f"  const text = {made};\n  return new Response(text);")
    assert isinstance(kept, Kept), kept.text
    assert kept.why == "answers with `text`, which may be a stream"


def test_what_may_be_spelled_out_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/answers.ts").write_text(
        "export const ok = (data: object) => Response.json({ ok: true, ...data });\n"
    )
    conversion = judged(
        tmp_path, "  return ok({ rows: 1 });", 'import { ok } from "@/lib/answers";\n'
    )
    assert isinstance(conversion, Converted)
    assert conversion.text == "async function work() {\n  return { ok: true, rows: 1 };\n}\n"


def test_a_name_that_the_module_has_is_not_taken(tmp_path: Path) -> None:
    conversion = judged(
        tmp_path, "  return done();", "const resultOf = 1;\nconsole.log(resultOf);\n"
    )
    assert isinstance(conversion, Converted)
    assert "return resultOfAnswer(done());" in conversion.text


def test_an_answer_is_no_result_of_a_step(tmp_path: Path) -> None:
    body = "  await first();\n  const answer = await second();\n  return answer;"
    conversion = judged(tmp_path, body, steps=True)
    assert isinstance(conversion, Converted)
    assert not conversion.steps
    assert conversion.unoffered == "it reads an answer that other code makes"


@pytest.mark.parametrize("is_data", [False, True])
def test_only_what_is_an_answer_for_certain_is_read(tmp_path: Path, is_data: bool) -> None:
    """What a loader of Remix returns may be data, too."""
    route = tmp_path / "app/x.ts"
    route.parent.mkdir()
    route.write_text("export async function loader() {\n  return run();\n}\n")
    shape = EventShape("Remix", frozenset(), takes_data=is_data)
    conversion = convert(SourceTree(tmp_path), "app/x.ts", "loader", ENTRY, event=shape)
    assert isinstance(conversion, Kept) is is_data


HEADERS = """import { cookies, headers } from "next/headers";
import * as all from "next/headers";
export async function caller() {
  return (await headers()).get("authorization");
}
export async function rows() {
  return [await cookies()];
}
export async function late() {
  const { headers: asked } = await import("next/headers");
  return asked();
}
export const whole = () => all.headers();
"""


@pytest.mark.parametrize(
    ("asked", "line"), [("caller", 4), ("rows", None), ("late", 10), ("whole", 13)]
)
def test_work_that_asks_for_its_callers_headers_far_below_stays(
    tmp_path: Path, asked: str, line: int | None
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/request.ts").write_text(HEADERS)
    (tmp_path / "lib/work.ts").write_text(
        f'import {{ {asked} }} from "./request";\nexport const run = async () => ({{ of: await {asked}() }});\n'
    )
    conversion = judged(
        tmp_path, "  return Response.json(await run());", 'import { run } from "@/lib/work";\n'
    )
    assert isinstance(conversion, Kept) is (line is not None)
    if isinstance(conversion, Kept):
        assert conversion.why == f"asks for its caller's headers, in lib/request.ts:{line}"

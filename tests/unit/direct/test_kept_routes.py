"""Routes that stay as they are, each with the reason and its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry, Kept
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "app/api/cron/x/route.ts"
ENTRY = Entry("/api/cron/x?day=monday", "0 6 * * *")

KEPT = {
    "a stream": (
        """export async function GET() {
  const stream = await opened();
  return new Response(stream);
}""",
        3,
        "answers with `stream`, which may be a stream",
    ),
    "a query that is changed": (
        """export async function GET(request: Request) {
  const query = new URL(request.url).searchParams;
  query.delete("day");
  const day = query.get("day");
  return Response.json({ day });
}""",
        3,
        "changes its query",
    ),
    "another query of the same name": (
        """export async function GET(request: Request) {
  const { searchParams } = new URL(request.url);
  for (const { searchParams } of await links()) {
    const day = searchParams.get("day");
    await visit(day);
  }
  return Response.json({ day: searchParams.get("day") });
}""",
        3,
        "declares searchParams once more",
    ),
    "a request that is a member by its own name": (
        """export async function GET(request: Request) {
  return Response.json(await handle({ request }));
}""",
        2,
        "needs its request (`request`)",
    ),
    "a query that is a member by its own name": (
        """export async function GET(request: Request) {
  const { searchParams } = new URL(request.url);
  return Response.json(await handle({ searchParams }));
}""",
        3,
        "needs its request (`searchParams`)",
    ),
    "all that it is called with": (
        """export async function GET() {
  return Response.json({ given: arguments.length });
}""",
        2,
        "needs its request (`arguments`)",
    ),
    "answers of its own making": (
        """class Response extends Answer {}
export async function GET() {
  return Response.json(await work());
}""",
        3,
        "answers by Response, which is not read",
    ),
    "another package's answers": (
        """import { NextResponse } from "elsewhere";
export async function GET() {
  return NextResponse.json(await work());
}""",
        3,
        "answers by NextResponse, which is not read",
    ),
    "an error that is answered out of a loop that is awaited": (
        """export async function GET() {
  try {
    for await (const row of rows()) {
      if (!row) {
        return row === null ? Response.json({}) : Response.json({}, { status: 500 });
      }
    }
    return Response.json({});
  } catch {
    return Response.json({ caught: true });
  }
}""",
        5,
        "answers with an error between a catch and a finally",
    ),
    "two expressions in one": (
        """export async function GET() {
  return counted(), Response.json(await work());
}""",
        2,
        "returns `counted(), Response.json(await work())`, which is not spelled out",
    ),
    "a request that is handed on": (
        """export async function GET(request: Request) {
  return Response.json(await proxy(request, "/daily"));
}""",
        2,
        "needs its request (`request`)",
    ),
    "a check that is not read": (
        """import { verify } from "elsewhere";
export async function GET(request: Request) {
  if (!verify(request)) return new Response("no", { status: 401 });
  return Response.json({});
}""",
        3,
        "needs its request (`request`)",
    ),
    "a POST that does more": (
        """async function run() {
  return Response.json(await work());
}
export async function GET(request: Request) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    return new Response("no", { status: 401 });
  }
  return run();
}
export async function POST(request: Request) {
  await told();
  return run();
}""",
        10,
        "answers POST too, which shares run with it",
    ),
    "work for a caller that is let by, and other work for any other": (
        """export async function GET(request: Request) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    return new Response("no", { status: 401 });
  } else if (!process.env.FEATURE) {
    return Response.json({ error: "off" }, { status: 503 });
  }
  return Response.json({});
}""",
        2,
        "needs the header authorization for more than a check",
    ),
    "a body in whose place something is asked": (
        """export async function GET(request: Request) {
  const body = await request.json().catch(() => asked());
  return Response.json(body);
}""",
        2,
        "needs its request (`request.json`)",
    ),
    "a check that does more": (
        """async function allowed(request: Request) {
  await fetch("https://log.test");
  return request.headers.get("authorization") === "Bearer x";
}
export async function GET(request: Request) {
  if (!(await allowed(request))) return new Response("no", { status: 401 });
  return Response.json({});
}""",
        6,
        "needs its request (`request`)",
    ),
    "work for those who are let by": (
        """export async function GET(request: Request) {
  if (request.headers.get("authorization") === `Bearer ${process.env.CRON_SECRET}`) {
    return Response.json(await run());
  }
  return new Response("no", { status: 401 });
}""",
        2,
        "needs the header authorization for more than a check",
    ),
    "a check of what may change": (
        """let isOpen = true;
export async function GET(request: Request) {
  if (!isOpen || request.headers.get("authorization") !== "Bearer x") {
    return new Response("no", { status: 401 });
  }
  return Response.json({});
}""",
        3,
        "needs the header authorization for more than a check",
    ),
    "a body that is read": (
        """export async function POST(request: Request) {
  const body = await request.json();
  return Response.json({ body });
}
export const GET = POST;""",
        2,
        "needs its request (`request.json`)",
    ),
    "its own address": (
        """export async function GET(request: Request) {
  const { origin } = new URL(request.url);
  return Response.json(await call(origin));
}""",
        2,
        "reads origin of its address",
    ),
    "a redirect": (
        """export async function GET() {
  return new Response(null, { status: 302, headers: { location: "/" } });
}""",
        2,
        "answers 302, which leads elsewhere",
    ),
    "when to try again": (
        """export async function GET() {
  return Response.json({}, { status: 429, headers: { "Retry-After": "60" } });
}""",
        2,
        "says when to try again",
    ),
    "work behind the answer": (
        """import { after } from "next/server";
export async function GET() {
  after(() => run());
  return Response.json({ started: true });
}""",
        3,
        "leaves work behind its answer (after)",
    ),
    "cookies": (
        """import { cookies } from "next/headers";
export async function GET() {
  const jar = await cookies();
  return Response.json({ who: jar.get("who") });
}""",
        3,
        "needs cookies of next/headers, which a request gives",
    ),
    "an export of its own": (
        """export function run() {
  return 1;
}
export async function GET() {
  return Response.json(run());
}""",
        1,
        "exports run too, for other modules",
    ),
    "a request that is taken apart": (
        """export async function GET({ url }: Request) {
  return Response.json({ url });
}""",
        1,
        "takes its request apart where it is declared",
    ),
    "a way without an answer": (
        """export async function GET() {
  if (await due()) {
    return Response.json({});
  }
}""",
        1,
        "may end without an answer",
    ),
    "an error between catch and finally where its name is taken": (
        """export async function GET() {
  try {
    if (!(await due(failure))) return Response.json({}, { status: 404 });
    return Response.json({});
  } catch {
    return Response.json({}, { status: 500 });
  } finally {
    await unlock();
  }
}""",
        3,
        "answers with an error between a catch and a finally",
    ),
    "a wrapper that is not read": (
        """import { withMonitor } from "elsewhere";
export const GET = withMonitor(async () => Response.json({}));""",
        2,
        "is wrapped by withMonitor, which is not read",
    ),
    "a handler of another module": ('export { GET } from "./other";', 1, "GET is another module's"),
    "a generator": (
        """export async function* GET() {
  yield 1;
}""",
        1,
        "is no function that stands in this module",
    ),
    "a header of its own": (
        """export async function GET(request: Request) {
  return Response.json({ region: request.headers.get("x-vercel-id") });
}""",
        2,
        "needs the header x-vercel-id",
    ),
    "its path's parameters": (
        """export async function GET(request: Request, context: { params: unknown }) {
  return Response.json({ params: context.params });
}""",
        2,
        "needs its path's parameters",
    ),
    "text that does not parse": (
        "export async function GET( {",
        1,
        "does not parse without errors",
    ),
}


def judged(root: Path, text: str, entry: Entry = ENTRY) -> Converted | Kept:
    file = root / ROUTE
    file.parent.mkdir(parents=True)
    file.write_text(text + "\n")
    return convert(SourceTree(root), ROUTE, "GET", entry)


@pytest.mark.parametrize("what", KEPT)
def test_a_route_stays_and_says_where_and_why(tmp_path: Path, what: str) -> None:
    text, line, why = KEPT[what]
    assert str(judged(tmp_path, text)) == f"{ROUTE}:{line}: {why}"


HANDED = """async function run(request: Request) {{
  {first}
  return Response.json({{}});
}}
export async function GET(request: Request) {{
  if (request.headers.get("authorization") !== `Bearer ${{process.env.CRON_SECRET}}`) {{
    return new Response("no", {{ status: 401 }});
  }}
  {last}
}}"""


@pytest.mark.parametrize(
    ("first", "last", "is_taken"),
    [
        ("await ask();", "return run(request);", True),
        ("await ask();", "return await run(request);", True),
        ("request = await changed();", "return run(request);", False),
        ("await ask();", "await run(request);", False),
    ],
)
def test_work_that_is_handed_on_behind_a_check(
    tmp_path: Path, first: str, last: str, is_taken: bool
) -> None:
    conversion = judged(tmp_path, HANDED.format(first=first, last=last))
    assert isinstance(conversion, Converted) is is_taken
    if isinstance(conversion, Converted):
        assert conversion.text == "async function work() {\n  await ask();\n  return {};\n}\n"


@pytest.mark.parametrize(
    ("declared", "last"),
    [("list", "return run();"), ("list", "return run(await changed());"), ("ask", "return run();")],
    ids=[
        "a name that means something else",
        "another value",
        "a function that means something else",
    ],
)
def test_work_whose_names_mean_something_else_stays_where_it_is(
    tmp_path: Path, declared: str, last: str
) -> None:
    text = f"""async function run(of?: string) {{
  return Response.json({{ list: list(), of, asked: ask() }});
}}
export async function GET(request: Request) {{
  const {declared} = request.headers.get("authorization");
  if ({declared} !== `Bearer ${{process.env.CRON_SECRET}}`) return new Response("no", {{ status: 401 }});
  {last}
}}"""
    conversion = judged(tmp_path, text)
    assert isinstance(conversion, Converted), str(conversion)
    assert "async function run(of?: string) {" in conversion.text
    call = last.removeprefix("return ").removesuffix(";")
    assert f"async function work() {{\n  return resultOf({call});\n}}" in conversion.text


WRAPPED = """import { withTiming } from "../../../../lib/cron";
export const GET = withTiming(async () => Response.json({}));"""


def test_a_wrapper_that_needs_its_request_keeps_a_route(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/cron.ts").write_text(
        "export function withTiming(work: any) {\n  return async (request: Request) => {\n"
        "    await log(request.body);\n    return await work(request);\n  };\n}\n"
    )
    assert (
        str(judged(tmp_path, WRAPPED))
        == f"{ROUTE}:2: is wrapped by withTiming, which needs its request (`request.body`) (lib/cron.ts:3)"
    )


def test_a_value_that_a_fan_out_gives_is_the_functions_parameter(tmp_path: Path) -> None:
    text = """export async function GET(request: Request) {
  const { searchParams } = new URL(request.url);
  const chosen = searchParams.get("model") ?? "all";
  return Response.json({ chosen, day: searchParams.get("day") || "none" });
}"""
    entry = Entry("/api/cron/x?day=monday", "0 6 * * *", parameter="model")
    conversion = judged(tmp_path, text, entry)
    assert isinstance(conversion, Converted)
    assert conversion.text == (
        "async function work(model: string) {\n"
        "  const chosen = model;\n"
        '  return { chosen, day: "monday" };\n'
        "}\n"
    )


def test_a_whole_query_that_a_fan_out_changes_keeps_a_route(tmp_path: Path) -> None:
    text = """export async function GET(request: Request) {
  const { searchParams } = new URL(request.url);
  return Response.json(Object.fromEntries(searchParams));
}"""
    kept = judged(tmp_path, text, Entry("/api/cron/x", "0 6 * * *", parameter="model"))
    assert str(kept) == f"{ROUTE}:3: reads its query in a way that only a request answers"


def test_headers_of_next_are_a_check_of_the_caller_too(tmp_path: Path) -> None:
    text = """import { headers } from "next/headers";

export async function GET() {
  const list = await headers();
  if (list.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    return new Response("no", { status: 401 });
  }
  return Response.json(await run());
}"""
    conversion = judged(tmp_path, text)
    assert isinstance(conversion, Converted)
    assert conversion.text == "async function work() {\n  return await run();\n}\n"


@pytest.mark.parametrize("there", ['import { day } from "@/lib/day";', "const day = () => 1;"])
def test_a_value_whose_name_its_module_needs_is_not_given(tmp_path: Path, there: str) -> None:
    route = tmp_path / ROUTE
    route.parent.mkdir(parents=True)
    route.write_text(
        f"""{there}
export async function GET(request: Request) {{
  const which = new URL(request.url).searchParams.get("day");
  return Response.json({{ which, at: day() }});
}}
"""
    )
    entry = Entry("/api/cron/x", "0 6 * * *", "day")
    kept = convert(SourceTree(tmp_path), ROUTE, "GET", entry)
    assert str(kept) == f"{ROUTE}:2: is given day, which its module calls otherwise"


ASKED = """  if (request.headers.get("authorization") !== `Bearer ${ours}`) {
    return Response.json({ error: "no" }, { status: 401 });
  }
  if (!token) return Response.json({ error: "no token" }, { status: 500 });
"""


@pytest.mark.parametrize(
    ("above", "ours", "token"),
    [
        (
            "function env(key: string) {\n  return process.env[key];\n}\n",
            'env("CRON_SECRET")',
            'env("TOKEN")',
        ),
        (
            "const config = { secret: process.env.CRON_SECRET, token: process.env.TOKEN };\n",
            "config.secret",
            "config.token",
        ),
        (
            "const config = () => ({ secret: process.env.CRON_SECRET, token: process.env.TOKEN });\n",
            "config().secret",
            "config().token",
        ),
    ],
    ids=["by name", "of an object", "of a function"],
)
def test_only_what_the_check_compares_goes_with_it(
    tmp_path: Path, above: str, ours: str, token: str
) -> None:
    """Two variables that come the same way are two."""
    asked = ASKED.replace("ours", ours).replace("token)", f"{token})")
    route = (
        f"export async function GET(request: Request) {{\n{asked}  return Response.json({{}});\n}}"
    )
    conversion = judged(tmp_path, above + route)
    assert isinstance(conversion, Converted)
    assert conversion.text.endswith(f"""
async function work() {{
  if (!{token}) throw new Error("no token");
  return {{}};
}}
""")

"""Whether a GET does the work, what nobody waits for, and how failures end: firing and not firing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding

ROUTE = "app/api/cron/x/route.ts"
WORK = 'import { sendReports, purgeRows, db } from "@/lib/work";\n'
CHECK = """  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) return new Response("no", { status: 401 });
"""


def route(body: str, head: str = "") -> dict[str, str]:
    return {ROUTE: f"{WORK}{head}\nexport async function GET(request: Request) {{\n{CHECK}  {body}\n}}\n"}  # fmt: skip


def both(get: str, post: str) -> dict[str, str]:
    return {
        ROUTE: f"{WORK}export async function GET(request: Request) {{\n{CHECK}  {get}\n}}\n"
        f"export async function POST(request: Request) {{\n{CHECK}  {post}\n}}\n"
    }


DONE = "return Response.json({ ok: true });"
POST = f"await sendReports();\n  {DONE}"
LOOP = "for (const row of await db.rows.findMany())"
CASES: dict[str, tuple[dict[str, str], str, set[str]]] = {
    # does a GET do the work
    "a GET that counts": (both("return Response.json({ n: await db.rows.count() });", POST), "", {"CS210"}),
    "a GET that says use POST": (both('return Response.json({ error: "use POST" }, { status: 405 });', POST), "", {"CS302"}),
    "a GET that refuses with another status": (both('return Response.json({ error: "use POST" }, { status: 400 });', POST), "", {"CS210"}),
    "a GET that asks whether the database is there": (both("await pool.execute(sql`SELECT 1`);\n  return Response.json({ healthy: true });", POST), "", {"CS210"}),
    "a GET that does the same work": (both(POST, POST), "", set()),
    "one function for both methods, and a logger that may send": ({ROUTE: 'import { makeLogger } from "@/lib/log";\nconst logger = makeLogger();\nasync function handle(request: Request) {\n' + CHECK + '  await fetch("https://a.example/z");\n  logger.error("late");\n  return Response.json({ ok: true });\n}\nexport { handle as GET, handle as POST };\n', "lib/log.ts": 'import { sink } from "@acme/sink";\nexport const makeLogger = () => ({ error(text: string) { if (sink) sink(text); } });\n'}, "", set()),
    "work behind a default that settings replace": (route(f'const settings = {{ ...{{ enabled: false }}, ...(await kv.get("x")) }};\n  if (settings.enabled) {{\n    try {{ await sendReports(); }} catch (error) {{ console.error(error); }}\n  }}\n  {DONE}', 'import { kv } from "@vercel/kv";'), "", {"CS204"}),
    "a GET that sends a request on": (both(f'const sent = await fetch("https://jobs.example/run", {{ method: "POST" }});\n  if (!sent.ok) throw new Error("no");\n  {DONE}', POST), "", set()),
    "a GET that only asks another side": (both('const told = await fetch("https://jobs.example/state");\n  return Response.json(await told.json());', POST), "", {"CS210"}),
    "a GET that calls a procedure of the database": (both(f'const {{ error }} = await supabase.rpc("close_stale_rows");\n  if (error) throw error;\n  {DONE}', POST), "", set()),
    "a GET that does other work": (both(f"await purgeRows();\n  {DONE}", POST), "", set()),
    "a GET that looks, beside a POST that looks": (both("return Response.json(await db.rows.findMany());", "return Response.json(await db.rows.findMany());"), "", set()),
    "a flag that the entry lacks, asked at once": ({ROUTE: f'{WORK}export async function GET(request: Request) {{\n  if (new URL(request.url).searchParams.get("run") === "1") await sendReports();\n  return Response.json({{}});\n}}\n'}, "", {"CS206", "CS218"}),
    "a kind that the entry lacks": ({ROUTE: f'{WORK}export async function GET(request: Request) {{\n  switch (new URL(request.url).searchParams.get("kind")) {{\n    case "all":\n      await sendReports();\n      return Response.json({{}});\n    default:\n      return Response.json({{}}, {{ status: 400 }});\n  }}\n}}\n'}, "", {"CS206", "CS218"}),
    "a body that no tick has": (route(f"const {{ rows }} = await request.json();\n  await sendReports(rows);\n  {DONE}"), "", {"CS540"}),
    "a body that no tick has, and an answer that says so": (route(f'let rows;\n  try {{ rows = (await request.json()).rows; }} catch {{ return new Response("no body", {{ status: 400 }}); }}\n  await sendReports(rows);\n  {DONE}'), "", {"CS540"}),
    "a body that may be missing": (route(f"const {{ rows }} = await request.json().catch(() => ({{ rows: 1 }}));\n  await sendReports(rows);\n  {DONE}"), "", set()),
    "a flag that the entry lacks": (route(f'if (new URL(request.url).searchParams.get("run") !== "1") return Response.json({{}});\n  {POST}'), "", {"CS218"}),
    "a flag that the entry carries": (route(f'if (new URL(request.url).searchParams.get("run") !== "1") return Response.json({{}});\n  {POST}'), "?run=1", set()),
    "a flag that only narrows": (route(f'const limit = Number(new URL(request.url).searchParams.get("limit") ?? 10);\n  await sendReports(limit);\n  {DONE}'), "", set()),
    # work that nobody waits for
    "left in a variable": (route(f"const sending = sendReports();\n  {DONE}"), "", {"CS201"}),
    "kept and awaited later": (route(f"const sending = sendReports();\n  await db.rows.findMany();\n  await sending;\n  {DONE}"), "", set()),
    "collected and awaited": (route(f"const all = [];\n  {LOOP} all.push(sendReports(row));\n  await Promise.all(all);\n  {DONE}"), "", set()),
    "left behind what was prepared": (route(f"const job = await createJob();\n  sendReports(job).catch(console.error);\n  {DONE}", 'import { createJob } from "@/lib/jobs";'), "", {"CS201"}),
    "left behind an import": (route(f'const {{ sendReports: send }} = await import("@/lib/work");\n  send();\n  {DONE}'), "", {"CS201"}),
    "left two calls away": (route(f"await begin();\n  {DONE}", "async function begin() { await step(); }\nasync function step() { sendReports().then(() => 1); }"), "", {"CS201"}),
    "a metric beside the work": (route(f"await sendReports();\n  trackRun();\n  {DONE}", "async function trackRun() { await fetch('https://m.example'); }"), "", {"CS202"}),
    "handled early, awaited later": (route(f"const sending = sendReports();\n  sending.catch(() => {{}});\n  await Promise.race([sending, sleep()]);\n  {DONE}", "const sleep = () => new Promise((resolve) => setTimeout(resolve, 10));"), "", {"CS202"}),
    "a map of promises in flight": (route(f"await plan();\n  {DONE}", "const flying = new Map();\nasync function plan() {\n  const old = flying.get(1);\n  if (old) return old;\n  const made = (async () => { await sendReports(); })();\n  flying.set(1, made);\n  return made;\n}"), "", set()),
    "after() in a helper": (route("return begin();", 'import { after } from "next/server";\nfunction begin() { after(() => purgeRows()); return Response.json({}); }'), "", {"CS203"}),
    "after() for a log": (route(f"await sendReports();\n  after(() => console.log(1));\n  {DONE}", 'import { after } from "next/server";'), "", set()),
    "a process that is waited for": (route(f'await new Promise((resolve) => spawn("node", ["x.js"]).on("close", resolve));\n  {DONE}', 'import { spawn } from "node:child_process";'), "", set()),
    # failures that end well
    "caught and answered": (route(f"try {{\n    await sendReports();\n    {DONE}\n  }} catch (error) {{\n    return Response.json({{ success: false }});\n  }}"), "", {"CS205"}),
    "caught and answered with 500": (route(f"try {{\n    await sendReports();\n    {DONE}\n  }} catch (error) {{\n    return Response.json({{}}, {{ status: 500 }});\n  }}"), "", set()),
    "logged and forgotten, each": (route(f"{LOOP} {{ try {{ await sendReports(row); }} catch (error) {{ console.error(error); }} }}\n  {DONE}"), "", {"CS204"}),
    "counted": (route(f"let failed = 0;\n  {LOOP} {{ try {{ await sendReports(row); }} catch {{ failed++; }} }}\n  return Response.json({{ failed }});"), "", {"CS205"}),
    "counted and refused": (route(f"let failed = 0;\n  {LOOP} {{ try {{ await sendReports(row); }} catch {{ failed++; }} }}\n  return Response.json({{ failed }}, {{ status: failed > 0 ? 500 : 200 }});"), "", set()),
    "collected and thrown": (route(f"const errors: unknown[] = [];\n  {LOOP} {{ try {{ await sendReports(row); }} catch (error) {{ errors.push(error); }} }}\n  if (errors.length) throw new Error('some');\n  {DONE}"), "", set()),
    "collected in a helper": (route("return Response.json(await all());", "async function all() {\n  const results = { sent: 0, errors: [] as string[] };\n  for (const row of await db.rows.findMany()) {\n    try { await sendReports(row); results.sent++; } catch (error) { results.errors.push(String(error)); }\n  }\n  return results;\n}"), "", {"CS205"}),
    "settled and unread": (route(f"await Promise.allSettled([1, 2].map((row) => sendReports(row)));\n  {DONE}"), "", {"CS204"}),
    "settled and looked at": (route(f"const results = await Promise.allSettled([1, 2].map((row) => sendReports(row)));\n  if (results.some((one) => one.status === 'rejected')) return Response.json({{}}, {{ status: 500 }});\n  {DONE}"), "", set()),
    "awaited behind a catch that logs": (route(f"await sendReports().catch(console.error);\n  {DONE}"), "", {"CS204"}),
    "tried again, then thrown": (route(f"for (let turn = 0; turn < 3; turn++) {{\n    try {{ await sendReports(); {DONE} }} catch (error) {{ if (turn < 2) continue; throw error; }}\n  }}"), "", set()),
    "one error told from another": (route(f"try {{ await sendReports(); }} catch (error) {{ if (!isGone(error)) throw error; }}\n  {DONE}", 'import { isGone } from "@acme/errors";'), "", set()),
    "another way where one fails": (route(f"try {{ await sendReports(); }} catch {{ await sendByPost(); }}\n  {DONE}", 'import { sendByPost } from "@acme/post";'), "", set()),
    "a log of the run that may fail": (route(f"await sendReports();\n  await logRun();\n  {DONE}", "async function logRun() { try { await db.insert({}); } catch (error) { console.error(error); } }"), "", set()),
    "a look that may fail": (route(f"let rows: unknown[] = [];\n  try {{ rows = await db.rows.findMany(); }} catch {{}}\n  await sendReports(rows);\n  {DONE}"), "", set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_exactly_what_happens_is_told(told: Callable[..., list[Finding]], name: str) -> None:
    files, query, codes = CASES[name]
    found = told(files, f"/api/cron/x{query}")
    assert {one.code for one in found if one.code != "CS302"} == codes - {"CS302"}


def test_a_failure_is_told_where_it_is_caught(told: Callable[..., list[Finding]]) -> None:
    body = f"try {{\n    await sendReports();\n  }} catch (error) {{\n    console.error(error);\n  }}\n  {DONE}"
    (finding,) = told(route(body))
    assert (
        finding.message
        == "An error of `sendReports` ends in success, and nothing in the answer tells of it."
    )
    assert finding.location is not None
    assert (finding.location.line, finding.location.column) == (8, 5)


def test_work_that_is_left_is_told_where_it_is_left(told: Callable[..., list[Finding]]) -> None:
    head = "async function begin() {\n  sendReports().catch(console.error);\n}"
    (finding,) = told(route(f"await begin();\n  {DONE}", head))
    assert finding.message == "`sendReports().catch(console.error)` is started and not awaited."
    assert finding.location is not None
    assert finding.location.line == 3


def test_what_an_edge_page_leaves_to_its_event_is_work_behind_the_answer(
    told: Callable[..., list[Finding]],
) -> None:
    page = (
        f"{WORK}export const config = {{ runtime: 'edge' }};\n"
        f"export default async function handler(request, event) {{\n{CHECK}"
        "  event.waitUntil(sendReports());\n  return Response.json({ ok: true });\n}\n"
    )
    codes = {finding.code for finding in told({"pages/api/cron/x.ts": page})}
    assert codes & {"CS201", "CS203"} == {"CS203"}

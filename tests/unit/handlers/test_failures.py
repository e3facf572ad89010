"""Failures that end well: which are told, as what, and which are not the work's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.flow.code import CodePlace
from cronshift.handlers.flow.ledger import Site
from cronshift.handlers.flow.work import throws_nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding

ROUTE = "app/api/cron/x/route.ts"
PAGE = "pages/api/cron/x.ts"
HEAD = 'import { sendReports, purgeRows, db } from "@/lib/work";\n'
CHECK = """  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) return new Response("no", { status: 401 });
"""
PAGE_CHECK = """  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.authorization !== `Bearer ${secret}`) return response.status(401).end();
"""
DEEP = "\n".join(
    f"function step{number}(rows) {{ return rows.map((row) => step{number + 1}([row, row, row, row, row]));"
    f" }}"
    for number in range(12)
)


def route(body: str, head: str = "") -> dict[str, str]:
    return {ROUTE: f"{HEAD}{head}\nexport async function GET(request: Request) {{\n{CHECK}  {body}\n}}\n"}  # fmt: skip


def page(body: str, head: str = "") -> dict[str, str]:
    return {PAGE: f"{HEAD}{head}\nexport default async function handler(request, response) {{\n{PAGE_CHECK}  {body}\n}}\n"}  # fmt: skip


SENDER = 'async function send(row) { const answer = await fetch("https://m.example", { method: "POST" }); if (!answer.ok) return { ok: false, error: answer.status }; return { ok: true }; }'
SUPABASE = 'import { createClient } from "@supabase/supabase-js";\nconst supabase = createClient("u", "k");'
SETTLED = "const results = await Promise.allSettled((await db.rows.findMany()).map((row) => mailer.send(row)));"
MAILER = 'import { mailer } from "@acme/mail";'
LOOP = "for (const row of await db.rows.findMany())"
PASSING = "function pass(row) { return mailer.messages.create(row); }"
LOGGED = "catch (error) { console.error(error); }\n  return Response.json({ ok: true });"
CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    # a promise that is handed on: who waits for it catches its failure
    "handed on by a function": (route(f"try {{ await pass(1); }} {LOGGED}", f"{MAILER}\n{PASSING}"), {"CS204"}),
    "handed on by two": (route(f"try {{ await outer(1); }} {LOGGED}", f"{MAILER}\n{PASSING}\nconst outer = async (row) => pass(row);"), {"CS204"}),
    "waited for together": (route(f"try {{ await Promise.all([1, 2].map((row) => mailer.messages.create(row))); }} {LOGGED}", MAILER), {"CS204"}),
    "waited for by its name": (route(f"try {{ const sent = mailer.messages.create(1); await sent; }} {LOGGED}", MAILER), {"CS204"}),
    "handed on, and its error goes on": (route("try { await pass(1); } catch (error) { console.error(error); throw error; }\n  return Response.json({ ok: true });", f"{MAILER}\n{PASSING}"), set()),
    "told on one way of two": (route("const result = { mail: '' };\n  if (Math.random() > 0.5) { try { await sendReports(); } catch (error) { result.mail = error.message; } }\n  return Response.json({ result });"), {"CS205"}),
    # told in the answer, whatever else the catch does
    "counted beside a note of it": (route(f"let failed = 0;\n  {LOOP} {{ try {{ await sendReports(row); }} catch (error) {{ await alertDesk(row, error); failed += 1; }} }}\n  return Response.json({{ failed }});", 'import { alertDesk } from "./desk";'), {"CS205"}),
    "a second way, which is taken": (route("let sent;\n  try { sent = await sendReports(); } catch { sent = await purgeRows(); }\n  return Response.json({ sent });"), set()),
    "a look, counted": (route("const errors = [];\n  for (const site of await db.rows.findMany()) { try { await fetch(site.url); } catch (error) { errors.push(site.id); } }\n  await purgeRows();\n  return Response.json({ errors });"), {"CS205"}),
    "a look with a value to fall back to": (route('let rates = {};\n  try { rates = await fetch("https://r.example"); } catch { rates = {}; }\n  await sendReports(rates);\n  return Response.json({ ok: true });'), set()),
    # forgotten: a list of errors in the answer that does not hold this one
    "forgotten beside a list of errors": (route("const errors = [];\n  try { await sendReports(); } catch (error) { console.error(error); }\n  return Response.json({ errors });"), {"CS204"}),
    # a call whose every way out is caught inside cannot fail
    "a catch around what catches": (route("const errors = [];\n  try { await quietly(); } catch (error) { errors.push(error); }\n  return Response.json({ errors });", "async function quietly() { try { await purgeRows(); } catch {} }"), {"CS204"}),
    "a cache that fails": (route("const rows = await cachedRows();\n  await sendReports(rows);\n  return Response.json({ ok: true });", 'import { cache } from "./store";\nasync function cachedRows() { const rows = await db.rows.findMany(); try { await cache.set("rows", rows); } catch {} return rows; }'), set()),
    # notes of the run, and what is only read
    "a note of the run in SQL": (route("await sendReports();\n  try { await pool.execute(sql`INSERT INTO cron_logs VALUES (1)`); } catch {}\n  return Response.json({ ok: true });"), set()),
    "rows of logs that are deleted": (route("try { await pool.execute(sql`DELETE FROM cron_logs`); } catch {}\n  return Response.json({ ok: true });"), {"CS204"}),
    "a table of posts that is read": (route("let posts = [];\n  try { posts = await pool.post.findMany(); } catch {}\n  await sendReports(posts);\n  return Response.json({ ok: true });"), set()),
    # a handler that answers by calling, on two ways
    "caught below, beside an answer of its own": (page("try {\n    await apply();\n    response.status(200).json({ ok: true });\n  } catch (error) {\n    response.status(500).json({ ok: false });\n  }", "async function apply() {\n  const rows = (await db.rows.findMany()).map((row) => cut(row.size));\n  try { await sendReports(rows); } catch (error) { console.error(error); }\n}\nfunction cut(size) { const found = size.toString().match(/1/); if (!found) throw new Error('size'); return found[0]; }"), {"CS204"}),
    "answered 500 by calling": (page("try {\n    await sendReports();\n    response.status(200).json({ ok: true });\n  } catch (error) {\n    response.status(500).json({ ok: false });\n  }"), set()),
    # more than is followed to its end
    "caught above much that is computed": (route("try { await sendReports(); } catch (error) { console.error(error); }\n  return Response.json({ n: step0([1, 2, 3, 4, 5]) });", DEEP), {"CS204"}),
    "behind a check of another header, above much": ({ROUTE: f"{HEAD}{DEEP}\nexport async function GET(request: Request) {{\n  if (request.headers.get('x-job-key') !== process.env.JOB_KEY) return new Response('no', {{ status: 401 }});\n  try {{ await sendReports(); }} catch (error) {{ console.error(error); }}\n  return Response.json({{ n: step0([1, 2, 3, 4, 5]) }});\n}}\n"}, {"CS204", "CS217"}),
    "a table's function that cannot fail, above much": (route("let failed = 0;\n  for (const feed of FEEDS) for (const key of feed.keys) { let rows = []; try { rows = await load(feed, key); } catch (error) { failed++; } for (const row of rows) await sendReports(row); }\n  return Response.json({ failed, n: step0([1, 2, 3, 4, 5]) });", f"{DEEP}\nconst FEEDS = [{{ keys: KEYS, mapper: (data) => [data.a] }}, {{ keys: KEYS, mapper: (data) => [data.b] }}, {{ keys: KEYS, mapper: (data) => [data.c] }}];\nconst KEYS = ['a', 'b'];\nasync function load(feed, key) {{ try {{ const answer = await fetch(key); return feed.mapper(await answer.json()); }} catch (error) {{ console.error(error); return []; }} }}"), {"CS204"}),
    "a row of the run, above much that is computed": (route("const run = await logRunStart('x');\n  try { await sendReports(); } catch (error) { console.error(error); }\n  return Response.json({ run: run.id, n: step0([1, 2, 3, 4, 5]) });", f"{DEEP}\nasync function logRunStart(name) {{ return db.rows.create({{ name }}); }}"), {"CS204"}),
    # a key chooses among more than are told apart
    "behind the last of many lists": (route(f"{LOOP} {{ if (!PLANS[row.plan]?.includes('mail')) continue; sendReports(row); }}\n  return Response.json({{ ok: true }});", "const PLANS = { free: [], small: ['web'], large: ['web'], all: ['web', 'mail'] };"), {"CS201"}),
    "said to fail open": (route("try { await sendReports(); } catch (error) { console.warn('reports: fail open', error); }\n  await purgeRows();\n  return Response.json({ ok: true });"), set()),
    # what begins with a well-known client, and what is set elsewhere
    "rows that a client is told to delete, and nobody waits": (route("prisma.invite.deleteMany({});\n  return Response.json({ ok: true });"), {"CS201"}),
    "rows that a transaction waits for": (route("const done = [prisma.invite.deleteMany({}), prisma.code.deleteMany({})];\n  await prisma.$transaction(done);\n  return Response.json({ ok: true });"), set()),
    "a client that is made later": ({ROUTE: "import { PrismaClient } from '@prisma/client';\nlet client: PrismaClient;\nif (process.env.FAST) { client = new PrismaClient(); } else { client = globalThis.made; }\nexport async function GET() { await client.jar.update({}); return Response.json({ ok: true }); }\n"}, {"CS206"}),
    # behind a credential or a query that no tick carries
    "counted behind another credential": ({ROUTE: f'{HEAD}export async function GET(request: Request) {{\n  if (request.headers.get("x-job-key") !== process.env.JOB_KEY) return new Response("no", {{ status: 401 }});\n  const failed = [];\n  {LOOP} {{ try {{ await sendReports(row); }} catch (error) {{ failed.push(error); }} }}\n  return Response.json({{ failed }});\n}}\n'}, {"CS217", "CS205"}),
    "left behind a query, for anybody": ({ROUTE: f'{HEAD}export async function GET(request: Request) {{\n  const part = new URL(request.url).searchParams.get("part");\n  if (part === null) return Response.json({{}});\n  sendReports(part).catch(console.error);\n  return Response.json({{ ok: true }});\n}}\n'}, {"CS218", "CS201", "CS206"}),
    "a secret in the query": ({ROUTE: f'{HEAD}export async function GET(request: Request) {{\n  if (request.nextUrl.searchParams.get("secret") !== process.env.CRON_SECRET) return new Response("no", {{ status: 401 }});\n  await sendReports();\n  return Response.json({{}});\n}}\n'}, {"CS217"}),
    # told without an exception: a status that is looked at, an `{ error }`
    "a helper's { ok: false } that nobody reads": (route("await send(1);\n  return Response.json({ ok: true });", SENDER), {"CS204"}),
    "a helper's { ok: false } as the answer": (route("return Response.json(await send(1));", SENDER), {"CS205"}),
    "a helper's { ok: false }, counted": (route(f"let failed = 0;\n  {LOOP} {{ const sent = await send(row); if (!sent.ok) failed++; }}\n  return Response.json({{ failed }});", SENDER), {"CS205"}),
    "a helper's { ok: false }, counted in a choice": (route(f"let sent = 0, failed = 0;\n  {LOOP} {{ const result = await send(row); result.ok ? sent++ : failed++; }}\n  return Response.json({{ sent, failed }});", SENDER), {"CS205"}),
    "a helper's error, collected": (route(f"const errors = [];\n  {LOOP} {{ const sent = await send(row); if (!sent.ok) errors.push(sent.error); }}\n  return Response.json({{ errors }});", SENDER), {"CS205"}),
    "a helper's { ok: false }, answered 500": (route("const sent = await send(1);\n  if (!sent.ok) return Response.json(sent, { status: 500 });\n  return Response.json(sent);", SENDER), set()),
    "a helper's { ok: false }, thrown": (route("const sent = await send(1);\n  if (!sent.ok) throw new Error(sent.error);\n  return Response.json(sent);", SENDER), set()),
    "a helper's { ok: false }, and another way": (route("const sent = await send(1);\n  if (!sent.ok) await sendReports();\n  return Response.json({ ok: true });", SENDER), set()),
    "a look that answers 500, and a value to fall back to": (route('const answer = await fetch("https://r.example");\n  const rates = answer.ok ? await answer.json() : {};\n  await sendReports(rates);\n  return Response.json({ ok: true });'), set()),
    "a client's { error } as the answer": (route('const { error } = await supabase.from("rows").delete().eq("a", 1);\n  if (error) return Response.json({ error: error.message });\n  return Response.json({ ok: true });', SUPABASE), {"CS205"}),
    "a client's { error }, counted": (route(f'let failed = 0;\n  {LOOP} {{ const {{ error }} = await supabase.from("rows").insert(row); if (error) failed++; }}\n  return Response.json({{ failed }});', SUPABASE), {"CS205"}),
    "a client's { error }, answered 500": (route('const { error } = await supabase.from("rows").delete().eq("a", 1);\n  if (error) return Response.json({ error: error.message }, { status: 500 });\n  return Response.json({ ok: true });', SUPABASE), set()),
    "a row that is there already, skipped": (route(f'let skipped = 0;\n  {LOOP} {{ const {{ data: old, error }} = await supabase.from("rows").select(row); if (error) throw error; if (old) {{ skipped++; continue; }} await sendReports(row); }}\n  return Response.json({{ skipped }});', SUPABASE), set()),
    # settled
    "settled, the rejected counted": (route(f"{SETTLED}\n  return Response.json({{ failed: results.filter((result) => result.status === 'rejected').length }});", MAILER), {"CS205"}),
    "settled, the rejected pushed": (route(f"const errors = [];\n  {SETTLED}\n  results.forEach((result) => {{ if (result.status === 'rejected') errors.push(result.reason); }});\n  return Response.json({{ errors }});", MAILER), {"CS205"}),
    "settled, only the others counted": (route(f"{SETTLED}\n  return Response.json({{ sent: results.filter((result) => result.status === 'fulfilled').length }});", MAILER), {"CS204"}),
    "settled, the rejected answered 500": (route(f"{SETTLED}\n  const failed = results.filter((result) => result.status === 'rejected').length;\n  return Response.json({{ failed }}, {{ status: failed > 0 ? 500 : 200 }});", MAILER), set()),
    "settled, the rejected thrown": (route(f"{SETTLED}\n  const bad = results.find((result) => result.status === 'rejected');\n  if (bad) throw bad.reason;\n  return Response.json({{ ok: true }});", MAILER), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_exactly_these_failures_are_told(told: Callable[..., list[Finding]], name: str) -> None:
    files, codes = CASES[name]
    assert {finding.code for finding in told(files)} == codes


@pytest.mark.parametrize(("name", "fails"), [("lists.get.push", False), ("queue.push", True)])
def test_a_row_put_into_a_list_of_a_map_cannot_fail(name: str, fails: bool) -> None:
    site = Site(CodePlace("a.ts", 1, 1), name, guarded=True, depth=0, followed=False)
    assert throws_nothing(site) is not fails

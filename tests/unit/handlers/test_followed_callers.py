"""Failures of helpers, followed to what their callers do with them, and matters beside the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Plan

CHECK = """  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) return new Response("no", { status: 401 });
"""
HEAD = 'import { sendReports, purgeRows, db } from "@/lib/work";\n'
OK = "return Response.json({ ok: true });"
LOOP = "for (const row of await db.rows.findMany())"
SENDING = "async function send(row) { try { await sendReports(row); return { ok: true }; } catch (error) { return { ok: false, error: error.message || 'unknown' }; } }\n"
LATE = "function late(work) { return Promise.race([Promise.resolve(work), new Promise((_, reject) => { setTimeout(() => reject(new Error('late')), 5000); })]); }"
ASKING = "async function send(row) { const answer = await fetch('https://m.example', { method: 'POST', body: row }); if (!answer.ok) return { ok: false, status: answer.status }; return { ok: true }; }\n"


def route(body: str, head: str = "") -> dict[str, str]:
    return {"app/api/cron/x/route.ts": f"{HEAD}{head}\nexport async function GET(request: Request) {{\n{CHECK}  {body}\n}}\n"}  # fmt: skip


def counted(head: str, test: str = "!result.ok") -> dict[str, str]:
    return route(f"let sent = 0, failed = 0;\n  {LOOP} {{ const result = await send(row); if ({test}) {{ failed++; }} else {{ sent++; }} }}\n  return Response.json({{ sent, failed }});", head)  # fmt: skip


CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    # a helper's { ok: false }, and what its caller does with it
    "counted, of a catch": (counted(SENDING), {"CS205"}),
    "counted, of an answer": (counted(ASKING), {"CS205"}),
    "counted where it is good, first": (counted(SENDING, "!(result.ok === true)"), {"CS205"}),
    "success counted alone": (route(f"let sent = 0;\n  {LOOP} {{ const result = await send(row); if (result.ok) sent++; }}\n  return Response.json({{ sent }});", SENDING), {"CS204"}),
    "pushed as it is": (route(f"const results = [];\n  {LOOP} {{ results.push(await send(row)); }}\n  return Response.json({{ results }});", SENDING), {"CS205"}),
    "pushed, spread": (route(f"const results = [];\n  {LOOP} {{ const result = await send(row); results.push({{ id: row.id, ...result }}); }}\n  return Response.json({{ results }});", SENDING), {"CS205"}),
    "of Promise.all": (route("const results = await Promise.all((await db.rows.findMany()).map((row) => send(row)));\n  return Response.json({ failed: results.filter((result) => !result.ok).length });", SENDING), {"CS205"}),
    "thrown by the caller": (route(f"{LOOP} {{ const result = await send(row); if (!result.ok) throw new Error(result.error); }}\n  {OK}", SENDING), set()),
    "answered 500 by the caller": (route("const result = await send(1);\n  return Response.json(result, { status: result.ok ? 200 : 500 });", SENDING), set()),
    "the answer itself": (route("const result = await send(1);\n  return Response.json(result);", SENDING), {"CS205"}),
    "two calls away": (route("return Response.json(await all());", SENDING + f"async function all() {{ let failed = 0; {LOOP} {{ const result = await send(row); if (!result.ok) failed += 1; }} return {{ failed }}; }}"), {"CS205"}),
    "collected errors": (route(f"const errors: string[] = [];\n  {LOOP} {{ const result = await send(row); if (!result.ok) errors.push(result.error ?? 'unknown'); }}\n  return Response.json({{ ok: true, errors }});", SENDING), {"CS205"}),
    "only logged by the caller": (route(f"{LOOP} {{ const result = await send(row); if (!result.ok) console.error(result.error); }}\n  {OK}", SENDING), {"CS204"}),
    "a text of either, in the answer": (route("let note = '';\n  try { await sendReports(); } catch (error) { if (error) { note = error.message || 'error'; } }\n  return Response.json({ note });"), {"CS205"}),
    "a text of either, in a condition": (route("let error = null;\n  try { await sendReports(); } catch (e) { if (e instanceof Error) { error = e.message || 'error'; } else { error = String(e); } }\n  return Response.json({ error });"), {"CS205"}),
    "a text of either, of a helper": (route("const result = await send(1);\n  if (result.error) { return Response.json({ message: result.error || 'error' }); }\n  return Response.json({});", SENDING), {"CS205"}),
    "what is left of all": (route(f"let sent = 0, all = 0;\n  {LOOP} {{ const result = await send(row); if (result.ok) sent++; if (row.real) all++; }}\n  return Response.json({{ sent, failed: all - sent }});", SENDING), {"CS205"}),
    "a list of errors that is given back, counted alone": (route("const notes = await send(1);\n  return Response.json({ notes: notes.length });", "async function send(row) { try { await sendReports(row); return []; } catch (error) { console.error(error); return ['Error: no mail']; } }"), {"CS204"}),
    "an empty object, given back": (route("const rates = await send(1);\n  return Response.json({ rates });", "async function send(row) { try { await sendReports(row); return { sent: 1 }; } catch (error) { console.error(error); return {}; } }"), {"CS204"}),
    "false below an answer that is good": (route(f"let failed = 0;\n  {LOOP} {{ if (!(await send(row))) failed++; }}\n  return Response.json({{ failed }});", "async function send(row) { const answer = await fetch('https://m.example', { method: 'POST' }); if (answer.ok) return true; console.error(answer.status); return false; }"), {"CS205"}),
    "more rows than are gone through": (route("const results = [];\n  for (const row of [{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }, { a: 5 }, { a: 6 }]) { try { await deep(row); } catch (error) { results.push({ error: String(error) }); } }\n  return Response.json({ results });", "async function deep(row) { await sendReports(row); return step0([1, 2, 3, 4]); }\n" + "\n".join(f"function step{n}(rows) {{ return rows.map((row) => step{n + 1}([row, row, row, row])); }}" for n in range(5)) + "\nfunction step5(rows) { return rows; }"), {"CS205"}),
    # clients that throw nothing, and what only notes down the run
    "a catch around a client that throws nothing": (route(f"try {{ await supabase.from('rows').delete().eq('id', 1).select(); }} catch (error) {{ console.error(error); }}\n  await sendReports();\n  {OK}", 'import { createClient } from "@supabase/supabase-js";\nconst supabase = createClient("a", "b");'), {"CS555"}),
    "a row of a log that is not written": (route(f"const {{ data: row }} = await supabase.from('sync_log').insert({{ ran: 1 }}).select().single();\n  await sendReports(row);\n  {OK}", 'import { createClient } from "@supabase/supabase-js";\nconst supabase = createClient("a", "b");'), set()),
    "a row of a blog that is not written": (route(f"try {{ await store.blog.create({{ text: 'x' }}); }} catch (error) {{ console.error(error); }}\n  {OK}", 'import { store } from "@acme/store";'), {"CS204"}),
    "a text in the place of a model's": (route(f"let text = '';\n  try {{ text = await openai.chat.completions.create({{}}); }} catch (error) {{ text = 'no summary today'; }}\n  await sendReports(text);\n  {OK}", 'import OpenAI from "openai";\nconst openai = new OpenAI();'), set()),
    "a model without which nothing is sent": (route(f"try {{ const text = await openai.chat.completions.create({{}}); await sendReports(text); }} catch (error) {{ console.error(error); }}\n  {OK}", 'import OpenAI from "openai";\nconst openai = new OpenAI();'), {"CS204"}),
    "a body that is no JSON": (route(f"const answer = await fetch('https://m.example', {{ method: 'POST' }});\n  const data = await answer.json().catch(() => null);\n  if (!answer.ok || data?.code) throw new Error('no');\n  {OK}"), set()),
    "one of many tools": (route(f"await tool(process.env.TOOL);\n  {OK}", "async function tool(name) { switch (name) { " + " ".join(f"case 't{n}': return act({n});" for n in range(9)) + " } }\nasync function act(row) { await sendReports(row); }"), set()),
    "removed once more where it cannot be read": (route(f"for (const key of await store.keys()) {{ try {{ const row = JSON.parse(key); if (row.old) await store.del(key); }} catch (error) {{ await store.del(key); }} }}\n  {OK}", 'import { store } from "@acme/store";'), set()),
    "put off by a helper that is told why": (route(f"for (const row of await store.keys()) await handle(row);\n  {OK}", 'import { store } from "@acme/store";\nasync function handle(row) {\n  try { await sendReports(row); } catch (error) {\n    const why = String(error);\n    await retryTask(row, why);\n  }\n}\nasync function retryTask(row, why) {\n  const task = await store.rows.findFirst({ row });\n  if (!task) return false;\n  await store.rows.update({ row, why });\n  return true;\n}\n'), set()),
    "told apart, and thrown to where others are refused": (route(f"try {{\n    if (!(await store.isOpen())) throw new Error('closed');\n    await put(1);\n  }} catch (error) {{\n    return Response.json({{}}, {{ status: 500 }});\n  }}\n  {OK}", 'import { store } from "@acme/store";\nasync function put(row) {\n  try { await store.rows.create({ row }); } catch (error) {\n    if (error instanceof store.KnownError && error.code === "P2002") {\n      return;\n    }\n    throw error;\n  }\n}\n'), set()),
    "swallowed before others are refused": (route(f"try {{\n    await put(1);\n    if (!(await store.isOpen())) throw new Error('closed');\n  }} catch (error) {{\n    return Response.json({{}}, {{ status: 500 }});\n  }}\n  {OK}", 'import { store } from "@acme/store";\nasync function put(row) {\n  try { await store.rows.create({ row }); } catch (error) { console.error(error); }\n}\n'), {"CS204"}),
    "noted down where it is not removed": (route(f"for (const key of await store.keys()) {{ try {{ await store.del(key); }} catch (error) {{ await store.update(key, {{ failed: 1 }}); }} }}\n  {OK}", 'import { store } from "@acme/store";'), set()),
    "best effort, and counted all the same": (counted("/** Sends, best effort. */\n" + SENDING), {"CS205"}),
    "a kind that is told by a look, or taken for another": (route(f"const kind = await kindOf();\n  await sendReports(kind);\n  {OK}", 'import { site } from "@acme/site";\nasync function kindOf() { try { return await site.detectKind(); } catch { return "other"; } }'), set()),
    # what a comment calls beside the work
    "non-fatal, by the clause": (route(f"await sendReports();\n  try {{ await purgeRows(); }} catch (error) {{\n    // non-fatal: the next run does it\n    console.error(error);\n  }}\n  {OK}"), set()),
    "not fatal, in Spanish": (route(f"await sendReports();\n  try {{ await purgeRows(); }} catch (error) {{\n    // No fatal, seguimos\n    console.error(error);\n  }}\n  {OK}"), set()),
    "best effort, by the clause": (route(f"await sendReports();\n  try {{ await purgeRows(); }} catch {{ /* best-effort */ }}\n  {OK}"), set()),
    "not critical, in Italian": (route(f"await sendReports();\n  try {{ await purgeRows(); }} catch {{ /* pulizia non critica */ }}\n  {OK}"), set()),
    "best effort, above": (route(f"await sendReports();\n  // Best effort: losing it is fine.\n  try {{ await purgeRows(); }} catch (error) {{ console.error(error); }}\n  {OK}"), set()),
    "a promise, by its side": (route(f"await sendReports();\n  await purgeRows().catch(() => {{}}); // non-critical\n  {OK}"), set()),
    "non-fatal, by what it logs": (route(f"await sendReports();\n  try {{ await purgeRows(); }} catch (error) {{ console.warn('purge failed (non-fatal)', error); }}\n  {OK}"), set()),
    "best effort, above the binding": (route(f"await sendReports();\n  // Notes, best effort.\n  const rows = [1, 2];\n  try {{ await purgeRows(rows); }} catch (error) {{ console.error(error); }}\n  {OK}"), set()),
    "best effort, of the whole function": (route(f"await sendReports();\n  await tidy();\n  {OK}", "/** Tidies up. Best-effort. */\nasync function tidy(\n  rows = 1,\n): Promise<void> {\n  try { await purgeRows(rows); } catch (error) { console.error(error); }\n}\n"), set()),
    "best effort, of the function that fails": (route(f"await sendReports();\n  await keep(1).catch(() => {{}});\n  {OK}", "// Keeps a note. Best-effort by design: callers catch.\nasync function keep(row) {\n  await purgeRows(row);\n}\n"), set()),
    "best effort, of another function": (route(f"await sendReports();\n  await keep(1).catch(() => {{}});\n  {OK}", "// Best-effort by design.\nasync function other() {}\nasync function keep(row) {\n  await purgeRows(row);\n}\n"), {"CS204"}),
    "best effort of what stands before": (route(f"// best effort\n  await tidy();\n  await sendReports();\n  try {{ await purgeRows(); }} catch (error) {{ console.error(error); }}\n  {OK}", "async function tidy() {}\n"), {"CS204"}),
    "a comment that says otherwise": (route(f"await sendReports();\n  try {{ await purgeRows(); }} catch (error) {{\n    // log and go on\n    console.error(error);\n  }}\n  {OK}"), {"CS204"}),
    # matters beside the work
    "a log of the run": (route(f"await sendReports();\n  try {{ await store.insert(cronRuns).values({{}}); }} catch (error) {{ console.error(error); }}\n  {OK}", 'import { store, cronRuns } from "@acme/store";'), set()),
    "metrics": (route(f"await sendReports();\n  try {{ await recordMetrics({{}}); }} catch (error) {{ console.error(error); }}\n  {OK}", 'import { recordMetrics } from "@acme/watch";'), set()),
    # an empty list that leads another way
    "an empty list, and another way": (route(f"const rows = await load();\n  if (rows.length === 0) {{ await purgeRows(); {OK} }}\n  await sendReports(rows);\n  {OK}", 'import { shop } from "@acme/shop";\nasync function load() { try { return await shop.importAll(); } catch (error) { console.error(error); return []; } }'), set()),
    "an empty list, and no other way": (route(f"const rows = await load();\n  if (rows.length === 0) {{ {OK} }}\n  await sendReports(rows);\n  {OK}", 'import { shop } from "@acme/shop";\nasync function load() { try { return await shop.importAll(); } catch (error) { console.error(error); return []; } }'), {"CS204"}),
    "an empty list, and another source": (route(f"let rows = await load();\n  if (!rows.length) rows = await shop.importOthers();\n  await sendReports(rows);\n  {OK}", 'import { shop } from "@acme/shop";\nasync function load() { try { return await shop.importAll(); } catch (error) { console.error(error); return []; } }'), set()),
    # a call that calls back with an answer that tells of an error
    "an answer's error, rejected": (route(f"await new Promise((resolve, reject) => FB.api('/feed', 'post', {{}}, (answer) => {{ if (!answer || answer.error) reject(answer.error); else resolve(answer); }}));\n  {OK}", 'import FB from "fb";'), set()),
    # a package that is loaded where it is used
    "a lazy fetch whose status counts": (route("const answer = await get('https://m.example', { method: 'POST' });\n  if (!answer.ok) return Response.json({ ok: false });\n  return Response.json({ ok: true });", "const get = (...args) => import('node-fetch').then(({ default: fetch }) => fetch(...args));"), {"CS205"}),
    "a lazy fetch whose status throws": (route("const answer = await get('https://m.example', { method: 'POST' });\n  if (!answer.ok) throw new Error('no');\n  return Response.json({ ok: true });", "const get = (...args) => import('node-fetch').then(({ default: fetch }) => fetch(...args));"), set()),
    # a clock
    "a race with a clock that resolves": (route(f"await Promise.race([sendReports(), new Promise((resolve) => setTimeout(resolve, 5000))]);\n  {OK}"), {"CS202"}),
    "a race with a helper that sleeps": (route(f"await Promise.race([sendReports(), sleep(5000)]);\n  {OK}", "const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));"), {"CS202"}),
    "a result behind a race with a clock that rejects": (route(f"const {{ error }} = await late(supabase.from('rows').insert({{}}));\n  if (error) throw error;\n  {OK}", 'import { createClient } from "@supabase/supabase-js";\nconst supabase = createClient("a", "b");\n' + LATE), set()),
    "a result behind a race that nobody reads": (route(f"await late(supabase.from('rows').insert({{}}));\n  {OK}", 'import { createClient } from "@supabase/supabase-js";\nconst supabase = createClient("a", "b");\n' + LATE), {"CS555"}),
    "work that is handed to a race": (route(f"await late(sendReports());\n  {OK}", LATE), set()),
    "a race with a clock that rejects": (route(f"await Promise.race([sendReports(), new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 5000))]);\n  {OK}"), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_exactly_these_are_told(audited: Callable[..., Plan], name: str) -> None:
    files, codes = CASES[name]
    watched = {"CS201", "CS202", "CS204", "CS205", "CS310", "CS555"}
    assert {finding.code for finding in audited(files).findings} & watched == codes


CHECKED = "const secret = process.env.CRON_SECRET; if (!secret || request.headers.get('authorization') !== `Bearer ${secret}`) return new Response('no', { status: 401 });"
SWALLOWING = (
    "try { await sendReports(); } catch (error) { console.error(error); } return Response.json({});"
)


@pytest.mark.parametrize(
    ("made", "codes"),
    [
        (f"createFileRoute('/api/cron/x')({{ server: {{ handlers: {{ GET: async ({{ request }}) => {{ {CHECKED} {SWALLOWING} }} }} }} }})", {"CS204"}),
        (f"createFileRoute('/api/cron/x')({{ server: {{ handlers: {{ async GET({{ request }}) {{ {CHECKED} await sendReports(); return Response.json({{}}); }} }} }} }})", set()),
        (f"createAPIFileRoute('/api/cron/x')({{ GET: async ({{ request }}) => {{ {SWALLOWING} }} }})", {"CS204", "CS206"}),
        (f"createServerFileRoute('/api/cron/x').methods({{ GET: work }});\nasync function work({{ request }}) {{ {CHECKED} {SWALLOWING} }}", {"CS204"}),
        (f"createFileRoute('/api/cron/x')({{ server: {{ handlers: ({{ createHandlers }}) => createHandlers({{ ANY: {{ handler: async ({{ request }}) => {{ {SWALLOWING} }} }} }}) }} }})", {"CS204", "CS206"}),
        (f"createFileRoute('/api/cron/x')({{ server: {{ middleware: [guard], handlers: {{ GET: async ({{ request }}) => {{ {SWALLOWING} }} }} }} }})", {"CS204"}),
    ],
)  # fmt: skip
def test_what_a_route_of_tanstack_start_does_is_followed(
    audited: Callable[..., Plan], made: str, codes: set[str]
) -> None:
    files = {
        "package.json": '{"dependencies": {"@tanstack/react-start": "1.0.0"}}',
        "src/routes/api/cron/x.ts": f"{HEAD}export const Route = {made};\n",
    }
    told = {finding.code for finding in audited(files).findings}
    assert {code for code in told if code.startswith("CS2")} == codes


def test_a_front_that_compares_nothing_hides_no_flaw_of_the_handler(
    audited: Callable[..., Plan],
) -> None:
    front = 'import { NextResponse } from "next/server";\nexport function middleware(request) {\n  if (request.headers.get("user-agent")?.includes("sqlmap")) return new NextResponse(null, { status: 403 });\n  return NextResponse.next();\n}\n'
    check = "if (request.headers.get('authorization') !== `Bearer ${process.env.CRON_SECRET}`) return new Response('no', { status: 401 });"
    text = f"{HEAD}export async function GET(request: Request) {{\n  {check}\n  await sendReports();\n  {OK}\n}}\n"
    handler = audited({"app/api/cron/x/route.ts": text, "middleware.ts": front}).jobs[0].handler
    assert handler is not None
    assert handler.auth == "bearer-undefined"


QUERY = "const force = new URL(request.url).searchParams.get('force') === '1';"
EITHER = "const first = process.env.CRON_SECRET || process.env.VERCEL_CRON_SECRET;\n"


@pytest.mark.parametrize(
    ("before", "head", "auth"),
    [
        (f"{QUERY} if (!force && request.headers.get('authorization') !== `Bearer ${{process.env.CRON_SECRET}}`) return new Response('no', {{ status: 401 }});", "", "spoofable"),
        (f"{QUERY} if (!process.env.CRON_SECRET || request.headers.get('authorization') !== `Bearer ${{process.env.CRON_SECRET}}`) return new Response('no', {{ status: 401 }}); console.log(force);", "", "cron-secret"),
        ("const key = new URL(request.url).searchParams.get('key'); if (!process.env.CRON_SECRET || (key !== process.env.CRON_SECRET && request.headers.get('authorization') !== `Bearer ${process.env.CRON_SECRET}`)) return new Response('no', { status: 401 });", "", "cron-secret"),
        ("if (first && request.headers.get('authorization') !== `Bearer ${first}`) return new Response('no', { status: 401 });", EITHER, "fail-open"),
        ("if (!first || request.headers.get('authorization') !== `Bearer ${first}`) return new Response('no', { status: 401 });", EITHER, "cron-secret"),
        ("if (!dev && (!process.env.CRON_SECRET || request.headers.get('authorization') !== `Bearer ${process.env.CRON_SECRET}`)) return new Response('no', { status: 401 });", 'import { dev } from "$app/environment";\n', "cron-secret"),
    ],
)  # fmt: skip
def test_a_query_a_second_secret_and_the_mode_of_development_are_weighed(
    audited: Callable[..., Plan], before: str, head: str, auth: str
) -> None:
    text = f"{HEAD}{head}export async function GET(request: Request) {{\n  {before}\n  await sendReports();\n  {OK}\n}}\n"
    handler = audited({"app/api/cron/x/route.ts": text}).jobs[0].handler
    assert handler is not None
    assert handler.auth == auth

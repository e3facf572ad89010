"""What a job is for, and what it does beside: by names, in catches, with promises that begin nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Plan

HEAD = (
    'import { sendReports, purgeRows } from "@/lib/work";\nimport { store } from "@acme/store";\n'
)
CHECK = """  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) return new Response("no", { status: 401 });
"""
OK = "return Response.json({ ok: true });"


def route(body: str, head: str = "") -> dict[str, str]:
    return {"app/api/cron/x/route.ts": f"{HEAD}{head}\nexport async function GET(request: Request) {{\n{CHECK}  {body}\n}}\n"}  # fmt: skip


METRICS = "async function collectMetrics() { await store.row.upsertMany([1]); }"
LOGGER = "const stamp = () => new Date().toISOString();\nconst logger = { error: (...parts) => console.error(stamp(), ...parts) };"
RESOURCE = f"{LOGGER}\nasync function run(name, work) {{ try {{ await work(); return {{ name, synced: 3 }}; }} catch (error) {{ logger.error(error); return {{ name, CAUGHT }}; }} }}"  # fmt: skip
ALL = "const results = [await run('users', () => sendReports()), await run('rows', () => purgeRows())];\n  return Response.json({ results });"  # fmt: skip
LOCK = "let tail: Promise<void> = Promise.resolve();\nasync function turn() { const mine = tail; let free; tail = new Promise((resolve) => { free = resolve; }); await mine; free(); }"  # fmt: skip

REPORT = "function report(what) { void (async () => { const tool = await import('@acme/tool').catch(() => null); await tool?.send(what); })(); }"
REPORTER = "function reportError(error) { console.error(error); const hook = process.env.HOOK; if (hook) void fetch(hook, { method: 'POST', body: JSON.stringify({ error }) }).catch(() => {}); }"  # fmt: skip
NOTIFIER = "async function notifyTeam(text) { await fetch('https://hooks.example', { method: 'POST', body: text }); }"
HELPERS = "async function look(row) { return row > 1 ? null : row; }\nasync function save(row) { const { error } = await store.from('h').update({ row }).eq('id', row); if (error) { console.error(error); return false; } return true; }"  # fmt: skip
SENDING = 'import { waitUntil } from "@vercel/functions";\nasync function sendOne(row) { const answer = await fetch("https://m.example", { method: "POST", body: row }); if (!answer.ok) throw new Error("not sent"); }'  # fmt: skip
LIMIT = f'import pLimit from "p-limit";\nconst limit = pLimit(2);\n{SENDING}'
CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    # where nothing else is done, what is called a side matter is the work
    "metrics, and nothing else": (route(f"try {{ await collectMetrics(); }} catch (error) {{ console.error(error); }}\n  {OK}", METRICS), {"CS204"}),
    "metrics, beside the work": (route(f"await sendReports();\n  try {{ await collectMetrics(); }} catch (error) {{ console.error(error); }}\n  {OK}", METRICS), set()),
    # a logger of the project's own is no other way to the end
    "what a helper gives where it failed": (route(ALL, RESOURCE.replace("CAUGHT", "synced: 0")), {"CS204"}),
    "what a helper says where it failed": (route(ALL, RESOURCE.replace("CAUGHT", "synced: 0, error: String(error)")), {"CS205"}),
    "what a helper says in its own words": (route(ALL, RESOURCE.replace("CAUGHT", "state: 'down'")), {"CS205"}),
    # false of a helper, taken into a list that is counted
    "a helper's false, counted": (route("const errors = [];\n  for (const row of [1, 2]) {\n    const found = await look(row);\n    if (found === null) { errors.push('none'); continue; }\n    if (!(await save(row))) errors.push('not saved');\n  }\n  return Response.json({ errors: errors.length });", HELPERS), {"CS205"}),
    "a helper's false, in a list of all": (route("const all = [];\n  for (const row of [1, 2]) { all.push(await save(row)); }\n  return Response.json({ rows: all.length });", HELPERS), {"CS204"}),
    # what is let go at the end, and what a clock would do that is called off
    "a lock that nobody waits to be let go": (route(f"const rows = await load();\n  try {{ console.log(rows); }} finally {{ releaseLock(); }}\n  {OK}", "async function load() { return store.rows.findMany(); }\nasync function releaseLock() { await store.locks.set('x', null); }"), {"CS202"}),
    "work that nobody waits for": (route(f"const rows = await load();\n  cleanupRows(rows);\n  {OK}", "async function load() { return store.rows.findMany(); }\nasync function cleanupRows(rows) { await store.rows.deleteMany(rows); }"), {"CS201"}),
    "a clock that is called off": (route(f"const clock = setTimeout(async () => {{ await store.runs.update({{ late: true }}); }}, 9000);\n  await sendReports();\n  clearTimeout(clock);\n  {OK}"), set()),
    "a clock that nobody calls off": (route(f"setTimeout(async () => {{ await store.runs.update({{ late: true }}); }}, 9000);\n  await sendReports();\n  {OK}"), {"CS202"}),
    # a promise in which nothing begins
    "a lock": (route(f"await turn();\n  await sendReports();\n  {OK}", LOCK), set()),
    "work in a promise": (route(f"const sent = new Promise((resolve) => {{ sendReports().then(resolve); }});\n  await purgeRows();\n  {OK}"), {"CS202"}),
    # what is begun only where something has failed tells of it, or tries again
    "a report of an error": (route(f"await purgeRows();\n  try {{ await sendReports(); await check(); }} catch (error) {{ report(error); throw error; }}\n  {OK}", f"{REPORT}\nasync function check() {{ throw new Error('late'); }}"), {"CS202"}),
    "work of that form": (route(f"await sendReports();\n  report(1);\n  {OK}", REPORT), {"CS201"}),
    # who tells somebody of a failure does nothing about it
    "a failure that is reported": (route(f"try {{ await sendReports(); }} catch (error) {{ reportError(error); }}\n  {OK}", REPORTER), {"CS204"}),
    "a failure that is mailed": (route(f"try {{ await sendReports(); }} catch (error) {{ await store.emails.send({{ to: 'ops', text: String(error) }}); }}\n  {OK}"), {"CS204"}),
    "a failure that a team is told of": (route(f"try {{ await sendReports(); }} catch (error) {{ await notifyTeam(`failed: ${{error}}`); }}\n  {OK}", NOTIFIER), {"CS204"}),
    "another way to the readers": (route(f"try {{ await sendReports(); }} catch {{ await notifyTeam('by letter'); }}\n  {OK}", NOTIFIER), set()),
    "a failure that is queued": (route(f"try {{ await sendReports(); }} catch (error) {{ await store.queue.send({{ error: String(error) }}); }}\n  {OK}"), set()),
    "a client that is made": (route(f"let bus = null;\n  try {{ bus = store.createBusClient(); }} catch (error) {{ console.error(error); }}\n  await sendReports(bus);\n  {OK}"), set()),
    "an account that is made": (route(f"try {{ await store.createBusAccount(); }} catch (error) {{ console.error(error); }}\n  {OK}"), {"CS204"}),
    # what is let go
    "a body that is not read": (route(f"const answer = await fetch('https://feed.example');\n  await answer.body?.cancel().catch(() => {{}});\n  await sendReports();\n  {OK}"), set()),
    "a seat that is given back at the end": (route(f"try {{ await sendReports(); }} finally {{ await store.releaseSeat('1').catch(() => {{}}); }}\n  {OK}"), set()),
    "seats that are given back": (route(f"await store.releaseSeat('1').catch(() => {{}});\n  {OK}"), {"CS204"}),
    "an order that is not given up": (route(f"await store.order.cancel('1').catch(() => {{}});\n  {OK}"), {"CS204"}),
    # work that is handed on or timed is lost as a whole, and told once
    "a sending on a timer": (route(f"setTimeout(() => sendOne(1), 0);\n  {OK}", SENDING), {"CS201"}),
    "a timer behind the work": (route(f"await purgeRows();\n  setTimeout(() => sendOne(1), 0);\n  {OK}", SENDING), {"CS202"}),
    "a sending that goes on behind the answer": (route(f"waitUntil(sendOne(1));\n  {OK}", SENDING), {"CS203"}),
    "sendings that go on behind the answer": (route(f"waitUntil(Promise.all([1, 2].map(sendOne)));\n  {OK}", SENDING), {"CS203"}),
    "sendings together": (route(f"Promise.all([1, 2].map(sendOne));\n  {OK}", SENDING), {"CS201"}),
    "sendings of a helper": (route(f"sendAll();\n  {OK}", f"{SENDING}\nfunction sendAll() {{ return Promise.all([1, 2].map((row) => sendOne(row))); }}"), {"CS201"}),
    "sendings within a limit": (route(f"await Promise.all([1, 2].map((row) => limit(() => sendOne(row))));\n  {OK}", LIMIT), set()),
    "sendings within a limit that nobody waits for": (route(f"[1, 2].forEach((row) => limit(() => sendOne(row)));\n  {OK}", LIMIT), {"CS201"}),
    # a credential for the work is none of it, nor is what is made before it
    "work behind a token": (route(f"const token = await getAccessToken();\n  sendReports(token);\n  {OK}", 'async function getAccessToken() { const answer = await fetch("https://t.example", { method: "POST" }); return (await answer.json()).token; }'), {"CS201"}),
    "work behind an account whose token is kept": (route(f"const account = await getAccount();\n  sendReports(account);\n  {OK}", "async function getAccount() { const account = await store.accounts.findFirst({}); await store.accounts.update({ token: 1 }); return account; }"), {"CS201"}),
    "a client that nobody waits for": (route(f"const client = getClient();\n  await client.send();\n  {OK}", "async function getClient() { return store.connect(); }"), {"CS202"}),
    "work behind a login": (route(f"await store.login();\n  sendReports();\n  {OK}"), {"CS201"}),
    "work behind a row of the run": (route(f"await store.jobs.create({{ status: 'running' }});\n  sendReports();\n  {OK}"), {"CS201"}),
    "a message behind the work": (route(f"await store.rows.insertMany([1]);\n  purgeRows();\n  {OK}"), {"CS202"}),
    "one work behind another": (route(f"await updateRanks();\n  purgeRows();\n  {OK}", "async function updateRanks() { await store.ranks.updateMany({}); }"), {"CS202"}),
    # what the type of a result stands before
    "a typed query whose failure is caught": (route(f"const rows = await store.query<{{ id: string }}>('select id').catch(() => []);\n  await sendReports(rows);\n  {OK}"), set()),
    "a typed write whose failure is caught": (route(f"await store.insertAll<Row>([1]).catch(() => 0);\n  {OK}"), {"CS204"}),
    "a typed write that is not awaited": (route(f"store.insertAll<Row>([1]).catch(() => 0);\n  await sendReports();\n  {OK}"), {"CS202"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_exactly_these_are_told(audited: Callable[..., Plan], name: str) -> None:
    files, codes = CASES[name]
    watched = {"CS201", "CS202", "CS203", "CS204", "CS205"}
    assert {finding.code for finding in audited(files).findings} & watched == codes


def test_each_catch_has_its_turn(audited: Callable[..., Plan]) -> None:
    """Many calls in one ``try`` leave the failures of the others behind it to be tried out."""
    calls = " ".join(f"await store.part{number}.insertMany([1]);" for number in range(20))
    parts = [f"try {{ {calls} }} catch (error) {{ console.error(error); }}"]
    parts += [f"try {{ await store.other{number}.insertMany([1]); }} catch (error) {{ console.error(error); }}" for number in range(8)]  # fmt: skip
    plan = audited(route("\n  ".join([*parts, OK])))
    assert len([finding for finding in plan.findings if finding.code == "CS204"]) == len(parts)

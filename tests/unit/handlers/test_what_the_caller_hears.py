"""The law of failures: what the caller hears of one, by what a catch leaves and how that travels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Plan

CHECK = """  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) return new Response("no", { status: 401 });
"""
HEAD = 'import { mail, store } from "@acme/work";\n'
OK = "return Response.json({ ok: true });"
LOOP = "for (const row of await store.rows())"
THROWING = "await mail.send(row);"


def route(body: str, head: str = "") -> str:
    return f"{HEAD}{head}\nexport async function GET(request: Request) {{\n{CHECK}  {body}\n}}\n"


def each(caught: str, answer: str, before: str = "", after: str = "") -> str:
    """Return a handler that sends each row, and what its catch does."""
    return route(f"{before}\n  {LOOP} {{ try {{ await mail.send(row); {after} }} catch (error) {{ {caught} }} }}\n  {answer}")  # fmt: skip


def helper(body: str) -> str:
    return f"async function send(row) {{ {body} }}"


FALSE = helper("try { await mail.send(row); return true; } catch { return false; }")
NULL = helper("try { return await mail.send(row); } catch (error) { console.error(error); return null; }")  # fmt: skip
DENIED = helper("try { await mail.send(row); return { ok: true }; } catch (error) { return { ok: false, reason: error.message }; }")  # fmt: skip
WORDED = helper("try { await mail.send(row); return 'sent'; } catch (error) { console.error(error); return 'failed'; }")  # fmt: skip
TELL = "async function tell(row) { const answer = await fetch('https://t.example', { method: 'POST' }); const data = await answer.json(); return data.ok; }"  # fmt: skip
LOOK = "async function look(row) { const answer = await fetch(`https://t.example/${row}`); if (!answer.ok) return null; return answer.json(); }"  # fmt: skip
LIST = "async function list(source) { try { return await store.list(source); } catch (error) { console.error(error); return []; } }"  # fmt: skip
HEARD = {
    # what the catch leaves, in the handler
    "an answer of its own": route("try { await mail.sendAll(); } catch (error) { return Response.json({ success: false }); }\n  return Response.json({ success: true });"),
    "an answer of its own with the text": route("try { await mail.sendAll(); } catch (error) { return Response.json({ message: String(error) }); }\n  return Response.json({ message: 'sent' });"),
    "a field of the answer": route("const answer = { sent: true };\n  try { await mail.sendAll(); } catch { answer.sent = false; }\n  return Response.json(answer);"),
    "a variable that stays false": route("let sent = false;\n  try { await mail.sendAll(); sent = true; } catch (error) { console.error(error); }\n  return Response.json({ sent });"),
    "a message": route("let note = 'all sent';\n  try { await mail.sendAll(); } catch (error) { note = `not sent: ${error}`; }\n  return Response.json({ note });"),
    "a message or another": route("let problem = null;\n  try { await mail.sendAll(); } catch (error) { problem = error.message || 'unknown'; }\n  return Response.json({ problem });"),
    "a message in a condition": route("const failed = [];\n  try { await mail.sendAll(); } catch (error) { const text = error.message || 'error'; if (text.includes('gone')) failed.push('gone'); else failed.push(text); }\n  return Response.json({ failed });"),
    "an item with the error": each("results.push({ row, error: String(error) });", "return Response.json({ results });", "const results = [];"),
    "an item that says failed": each("results.push({ row, outcome: 'failed' });", "return Response.json({ results });", "const results = [];", "results.push({ row, outcome: 'sent' });"),
    "items counted by their word": each("results.push({ row, outcome: 'failed' });", "return Response.json({ failed: results.filter((r) => r.outcome === 'failed').length });", "const results = [];", "results.push({ row, outcome: 'sent' });"),
    "items counted by their denial": each("results.push({ ok: false });", "return Response.json({ failed: results.filter((r) => !r.ok).length });", "const results = [];", "results.push({ ok: true });"),
    "items reduced to a count": each("results.push({ ok: false });", "return Response.json({ failed: results.reduce((n, r) => (r.ok ? n : n + 1), 0) });", "const results = [];", "results.push({ ok: true });"),
    "a count by subtraction of lengths": each("console.error(error);", "return Response.json({ sent: good.length, failed: all.length - good.length });", "const good = []; const all = await store.rows();", "good.push(row);"),
    "a count by subtraction": each("console.error(error);", "return Response.json({ total, failed: total - good });", "let good = 0; const total = await store.count();", "good++;"),
    "a count in a map of counts": each("counts.failed++;", "return Response.json(counts);", "const counts = { sent: 0, failed: 0 };", "counts.sent++;"),
    "a count spread into the answer": each("stats.errors += 1;", "return Response.json({ ok: true, ...stats });", "const stats = { sent: 0, errors: 0 };"),
    "a set of names": each("bad.add(row.id);", "return Response.json({ failed: [...bad] });", "const bad = new Set();"),
    "a map of errors": each("bad.set(row.id, error.message);", "return Response.json({ errors: Object.fromEntries(bad) });", "const bad = new Map();"),
    # through helpers
    "false, in a list of results": route("const results = await Promise.all((await store.rows()).map(send));\n  return Response.json({ failed: results.filter((done) => !done).length });", FALSE),
    "null, that is counted": route(f"let failed = 0;\n  {LOOP} {{ if ((await send(row)) === null) failed++; }}\n  return Response.json({{ failed }});", NULL),
    "{ ok: false }, handed on": route("return Response.json(await send(1));", DENIED),
    "{ ok: false }, spread": route("const whole = await send(1);\n  return Response.json({ at: 1, ...whole });", DENIED),
    "{ ok: false }, its reason collected": route(f"const reasons = [];\n  {LOOP} {{ const sent = await send(row); if (!sent.ok) reasons.push(sent.reason); }}\n  return Response.json({{ reasons }});", DENIED),
    "a word, compared": route(f"let failed = 0;\n  {LOOP} {{ const outcome = await send(row); if (outcome === 'failed') failed++; }}\n  return Response.json({{ failed }});", WORDED),
    "a word, in a switch": route(f"let failed = 0, sent = 0;\n  {LOOP} {{ switch (await send(row)) {{ case 'sent': sent++; break; default: failed++; }} }}\n  return Response.json({{ sent, failed }});", WORDED),
    "a word, as the answer": route("return Response.json({ outcome: await send(1) });", WORDED),
    "a word, by a computed name": route(f"const counts = {{ sent: 0, failed: 0 }};\n  {LOOP} {{ counts[await send(row)]++; }}\n  return Response.json(counts);", WORDED),
    "a class that keeps its errors": route("const run = new Run();\n  await run.all();\n  return Response.json(run.summary());", "class Run { errors = []; async all() { try { await mail.sendAll(); } catch (error) { this.errors.push(error.message); } } summary() { return { errors: this.errors }; } }"),
    "settled, mapped to words": route("const settled = await Promise.allSettled((await store.rows()).map((row) => mail.send(row)));\n  const outcome = settled.map((one) => (one.status === 'rejected' ? 'failed' : 'sent'));\n  return Response.json({ outcome });"),
    "settled, of what may end before": route("const settled = await Promise.allSettled((await store.rows()).map(async (row) => { const done = await store.get(row); if (done) return; await mail.send(row); }));\n  const failed = settled.filter((one) => one.status === 'rejected').length;\n  return Response.json({ failed });"),
    "an answer of Telegram": route("const answer = await fetch('https://t.example', { method: 'POST' });\n  const data = await answer.json();\n  if (!data.ok) return Response.json({ ok: false, description: data.description });\n  return Response.json({ ok: true });"),
    "a turn that goes on where all is well": route(f"let sent = 0, failed = 0;\n  {LOOP} {{ const result = await send(row); if (result.ok) {{ sent++; continue; }} failed++; }}\n  return Response.json({{ sent, failed }});", DENIED),
    "an answer of Telegram, counted": route(f"let failed = 0;\n  {LOOP} {{ if (!(await tell(row))) failed++; }}\n  return Response.json({{ failed }});", TELL),
    "what is left of all that were settled": route("const rows = await store.rows();\n  const settled = await Promise.allSettled(rows.map((row) => mail.send(row)));\n  const sent = settled.filter((one) => one.status === 'fulfilled').length;\n  return Response.json({ sent, failed: rows.length - sent });"),
    "a text as the whole answer": route("let text = '';\n  try { await mail.sendAll(); text = 'sent'; } catch { text = 'could not send'; }\n  return new Response(text);"),
    "steps by their names": route("const outcome = {};\n  const step = async (name, run) => { try { outcome[name] = await run(); } catch (error) { outcome[name] = `${error}`; } };\n  await step('mail', () => mail.sendAll());\n  return Response.json({ ok: true, outcome });"),
    "success where none failed": each("errors.push(error);", "return Response.json({ success: errors.length === 0 });", "const errors = [];"),
    "a status in part": each("bad++;", "return Response.json({ status: bad > 0 ? 'partial' : 'ok' });", "let bad = 0;"),
    "an error that may be thrown in the code too": each("counts.failed++;", "return Response.json(counts);", "const counts = { failed: 0 };", "if (!row.id) throw new Error('no id');"),
}  # fmt: skip
UNHEARD = {
    "nothing": each("console.error(error);", OK),
    "nothing, not even a note": each("", OK),
    "a turn that goes on": each("continue;", OK),
    "the answer in advance": route("const answer = Response.json({ ok: true });\n  try { await mail.sendAll(); } catch (error) { console.error(error); }\n  return answer;"),
    "an answer of success of its own": route(f"try {{ await mail.sendAll(); }} catch (error) {{ console.error(error); {OK} }}\n  {OK}"),
    "a list that nobody answers": each("failed.push(row);", OK, "const failed = [];"),
    "a count that is only logged": each("failed++;", f"console.log(failed);\n  {OK}", "let failed = 0;"),
    "false that nobody reads": route(f"{LOOP} await send(row);\n  {OK}", FALSE),
    "{ ok: false } that nobody reads": route(f"{LOOP} {{ const sent = await send(row); console.log(sent); }}\n  {OK}", DENIED),
    "a count of what went well": each("console.error(error);", "return Response.json({ ok: true, sent });", "let sent = 0;", "sent++;"),
    "a catch of the promise": route(f"await mail.sendAll().catch((error) => console.error(error));\n  {OK}"),
    "a condition whose sides both go on": route(f"{LOOP} {{ if (await send(row)) console.log('sent'); else console.log('not sent'); }}\n  {OK}", FALSE),
    "a row of the run": each("results.push({ row, error: String(error) });", f"await store.cronRuns.create({{ results }});\n  {OK}", "const results = [];"),
    "work before a row of the run": route(f"try {{ await mail.sendAll(); }} catch (error) {{ console.error(error); }}\n  await store.cronRuns.create({{ done: true }});\n  {OK}"),
    "tried twice, and forgotten": route(f"await twice(() => mail.sendAll());\n  {OK}", "async function twice(run) { for (let turn = 0; turn < 2; turn++) { try { return await run(); } catch (error) { console.warn(error); } } }"),
    "no rows, and no work": route(f"let rows = [];\n  try {{ rows = await store.importRows(); }} catch (error) {{ console.error(error); }}\n  if (rows.length === 0) return Response.json({{ ok: true, message: 'nothing to send' }});\n  await mail.send(rows);\n  {OK}"),
    "a logger of a class": route(f"await new Jobs().run();\n  {OK}", "import { Logger } from '@nestjs/common';\nclass Jobs { logger = new Logger(Jobs.name); async run() { try { await mail.sendAll(); } catch (error) { this.logger.error('no', error.stack); } } }"),
    "the words of an answer that says nothing else": route("try { await mail.sendAll(); } catch (error) { console.error(error); return Response.json({ ok: true, message: 'done' }); }\n  return Response.json({ ok: true, message: 'done' });"),
    "skipped, which did not go up": route(f"let skipped = 0;\n  {LOOP} {{ try {{ const sent = await mail.send(row); if (!sent) skipped++; }} catch (error) {{ console.error(error); }} }}\n  return Response.json({{ skipped }});"),
    "zeros by whatever name": route("const rows = await load();\n  if (!rows) return Response.json({ sent: 0, failed: 0 });\n  await mail.send(rows);\n  return Response.json({ sent: 1, failed: 0 });", "async function load() { try { return await store.importRows(); } catch (error) { console.error(error); return null; } }"),
    "a comment on the others": each("/* one failure must not stop the others */", OK),
    "an answer of another way that has another word for it": route("const rows = await store.rows();\n  if (!rows.length) return Response.json({ ok: true, idle: true });\n  let sent = 0;\n  for (const row of rows) { try { await mail.send(row); sent++; } catch (error) { console.error(error); } }\n  return Response.json({ success: true, sent });"),
    "an update that begins with find": route(f"try {{ await Lead.findOneAndUpdate({{ id: 1 }}, {{ seen: true }}); }} catch (error) {{ console.error(error); }}\n  {OK}", 'import { Lead } from "@acme/models";'),
    "a look that is left out of a list": route(f"const all = [];\n  {LOOP} {{ const one = await look(row); if (!one) continue; all.push(one); }}\n  await store.insertMany(all);\n  {OK}", LOOK),
    "a list that is spread into another": route(f"const all = [];\n  for (const source of ['a', 'b']) all.push(...(await list(source)));\n  await store.rows.createMany({{ data: all }});\n  {OK}", LIST),
    "lists that are made one": route(f"const all = (await Promise.all(['a', 'b'].map(list))).flat();\n  await store.insertMany(all.slice(0, 50));\n  {OK}", LIST),
    "a list that is hung on another": route(f"const all = (await list('a')).concat(await list('b'));\n  await store.insertMany(all);\n  {OK}", LIST),
    "a client that another call has made": route(f"try {{ await client.send(1); }} catch (error) {{ console.error(error); }}\n  {OK}", 'import { Client } from "@acme/client";\nlet client: Client | null = null;\nexport function init() { client = new Client(); }'),
    "a field that another method sets": route(f"await service.run();\n  {OK}", "class Service { http = null; init() { this.http = store.http(); } async run() { try { await this.http!.post('/x'); } catch (error) { console.error(error); } } }\nconst service = new Service();"),
    "a set that other calls fill": route(f"{LOOP} {{ if (!wanted.has(row.id)) continue; try {{ await mail.send(row); }} catch (error) {{ console.error(error); }} }}\n  {OK}", "const wanted = new Set();\nexport function want(id) { wanted.add(id); }"),
    "a switch that another call turns": route(f"if (!ready) return Response.json({{}}, {{ status: 503 }});\n  try {{ await mail.sendAll(); }} catch (error) {{ console.error(error); }}\n  {OK}", "let ready = false;\nexport function start() { ready = true; }"),
    "what only went well is counted by a choice": route(f"let sent = 0, failed = 0;\n  {LOOP} {{ (await tell(row)) ? sent++ : failed++; }}\n  return Response.json({{ sent }});", "async function tell(row) { return (await fetch('https://t.example', { method: 'POST' })).ok; }"),
}  # fmt: skip
NOTHING = {
    "a status of 500": route("let failed = 0;\n  try { await mail.sendAll(); } catch { failed++; }\n  return Response.json({ failed }, { status: failed ? 500 : 200 });"),
    "thrown in the end": each("errors.push(error);", f"if (errors.length > 0) throw new AggregateError(errors);\n  {OK}", "const errors = [];"),
    "thrown by a helper": route(f"{LOOP} {{ if (!(await send(row))) throw new Error('not sent'); }}\n  {OK}", FALSE),
    "a row that keeps it": each("await store.rows.update({ id: row.id, status: 'failed', error: error.message });", OK),
    "a queue that tries it again": each("await store.queue.add({ id: row.id, attempts: row.attempts + 1 });", OK),
    "another feed": route(f"let rates;\n  try {{ rates = await store.loadRates(); }} catch {{ rates = await store.loadOtherRates(); }}\n  await mail.send(rates);\n  {OK}"),
    "another feed, asked after": route(f"let rates = null;\n  try {{ rates = await store.importRates(); }} catch (error) {{ console.error(error); }}\n  if (!rates) rates = await store.importOtherRates();\n  await mail.send(rates);\n  {OK}"),
    "a feed of a list": route(f"let rates = null;\n  for (const feed of [store.first, store.second]) {{ try {{ rates = await feed.importRates(); break; }} catch (error) {{ console.error(error); }} }}\n  if (!rates) throw new Error('none');\n  {OK}"),
    "a side matter by its comment": route(f"await mail.sendAll();\n  try {{ await store.rows.update({{ seen: true }}); }} catch (error) {{ /* must not break the job */ console.error(error); }}\n  {OK}"),
    "a metric": route(f"await mail.sendAll();\n  try {{ await metrics.increment('sent'); }} catch (error) {{ console.error(error); }}\n  {OK}"),
    "another value that goes on": route(f"let title;\n  try {{ title = await store.generateTitle(); }} catch {{ title = 'Weekly'; }}\n  await mail.send({{ title }});\n  {OK}"),
    "a report that keeps the errors": each("results.push({ row, error: String(error) });", f"await store.reports.create({{ results }});\n  {OK}", "const results = [];"),
    "a row that is saved": each("row.status = 'failed'; await row.save();", OK),
    "tried twice, and answered 502": route(f"const sent = await twice(() => mail.sendAll());\n  if (!sent) return Response.json({{}}, {{ status: 502 }});\n  {OK}", "async function twice(run) { for (let turn = 0; turn < 2; turn++) { try { return await run(); } catch (error) { console.warn(error); } } return null; }"),
    "thrown in the last turn": route(f"await twice(() => mail.sendAll());\n  {OK}", "async function twice(run) { let turn = 0; while (true) { try { return await run(); } catch (error) { turn++; if (turn === 2) throw error; } } }"),
    "Resend, which throws nothing": route(f"const {{ error }} = await resend.emails.send({{ to: 'a' }});\n  if (error) throw error;\n  {OK}", "import { Resend } from 'resend';\nconst resend = new Resend('k');"),
    "a side matter in another language": route(f"await mail.sendAll();\n  try {{ await store.rows.update({{ seen: true }}); }} catch (error) {{ /* 不影响主流程 */ console.error(error); }}\n  {OK}"),
    "a look whose try may answer": route("let failed = 0;\n  try { const done = await store.get('done'); if (done) return Response.json({ ok: true }); } catch { console.log('goes on'); }\n  for (const row of await store.rows()) { const sent = await mail.send(row); if (!sent.ok) failed++; }\n  return Response.json({ failed });"),
    "the last error, thrown": route(f"await thrice();\n  {OK}", "async function thrice() { let last = null; for (let turn = 0; turn < 3; turn++) { try { await mail.sendAll(); return; } catch (error) { last = error; } } if (last) throw last; }"),
    "the last error, kept": route(f"let last = null;\n  for (let turn = 0; turn < 3; turn++) {{ try {{ await mail.sendAll(); last = null; break; }} catch (error) {{ last = error; }} }}\n  if (last !== null) await store.rows.update({{ status: 'failed' }});\n  {OK}"),
    "a cache by its key": route(f"await mail.sendAll();\n  try {{ await redis.setEx(cacheKey, 60, 'x'); }} catch (error) {{ console.warn(error); }}\n  {OK}", "import { redis } from '@acme/redis';\nconst cacheKey = 'rows';"),
    "a look that is built step by step": route(f"const lead = await Lead.findOne({{ id: 1 }}).lean().catch(() => null);\n  await mail.send(lead?.name ?? 'you');\n  {OK}", 'import { Lead } from "@acme/models";'),
    "done at once where it cannot be handed on": route("try { await queue.send({ name: 'go' }); return Response.json({ ok: true }); } catch (error) { console.error(error); }\n  const result = await refreshAll();\n  return Response.json({ ok: true, ...result });", 'import { queue } from "@acme/queue";\nasync function refreshAll() { const result = { refreshed: 0, failed: 0 }; for (const row of await store.rows()) { if (await store.refresh(row)) result.refreshed++; else result.failed++; } return result; }'),
    "kept in memory where the store cannot be reached": route(f"{LOOP} await mark(row.id);\n  {OK}", 'import { Redis } from "@upstash/redis";\nconst redis = new Redis({ url: "x" });\nconst memory = new Map();\nasync function mark(id) { try { await redis.set(id, 1); } catch { memory.set(id, 1); } }'),
    "kept in a set where the store cannot be reached": route(f"{LOOP} await mark(row.id);\n  {OK}", "const seen = new Set();\nasync function mark(id) { try { await store.rows.insert({ id }); } catch { seen.add(id); } }"),
    "a side matter that says in Japanese how it is borne": route(f"await mail.sendAll();\n  try {{ await store.rows.update({{ seen: true }}); }} catch {{ /* 履歴記録の失敗は監視には影響させない */ }}\n  {OK}"),
    "a side matter that says how it is borne": route(f"await mail.sendAll();\n  try {{ await store.rows.update({{ seen: true }}); }} catch {{ /* gracefully degrade */ }}\n  {OK}"),
    "a list handed on whole after another look": route(f"let all = await store.list('a');\n  let names = [];\n  try {{ names = await store.list('b'); }} catch (error) {{ console.error(error); }}\n  await store.insertMany([all, names.length]);\n  {OK}"),
    "a side matter by a comment where its statement closes": route(f"await mail.sendAll();\n  await store.rows.update({{\n    seen: true,\n  }}).catch(() => {{ /* best-effort */ }});\n  {OK}"),
    "a key that is read": route(f"let key = null;\n  try {{ key = await importJWK({{}}); }} catch (error) {{ console.error(error); }}\n  await mail.send(key);\n  {OK}", "import { importJWK } from 'jose';"),
    "a word to the owner": route(f"await mail.sendAll();\n  await mail.sendOwnerAlert('done').catch((error) => console.error(error));\n  {OK}"),
}  # fmt: skip


def python(work: str) -> str:
    return f"""import logging
import os

from acme import mail, store
from fastapi import FastAPI, Header, HTTPException, Response

logger = logging.getLogger(__name__)
app = FastAPI()


def send(row):
    try:
        mail.send(row)
    except Exception as error:
        logger.error(error)
        return False
    return True


def deliver(row):
    try:
        mail.send(row)
        return {{"status": "ok"}}
    except Exception as error:
        return {{"status": "error", "detail": str(error)}}


@app.get("/api/cron/x")
def run(response: Response, authorization: str = Header(None)):
    secret = os.environ["CRON_SECRET"]
    if authorization != f"Bearer {{secret}}":
        raise HTTPException(401)
    {work.strip().replace(chr(10), chr(10) + "    ")}
"""


PYTHON_HEARD = {
    "an answer of its own": 'try:\n    mail.send_all()\nexcept Exception as error:\n    return {"success": False}\nreturn {"success": True}',
    "an item": 'results = []\nfor row in store.rows():\n    results.append(deliver(row))\nreturn {"results": results}',
    "items, counted": 'results = [deliver(row) for row in store.rows()]\nreturn {"failed": len([one for one in results if one["status"] == "error"])}',
    "items, summed": 'results = [send(row) for row in store.rows()]\nreturn {"failed": sum(1 for done in results if not done)}',
    "a count by subtraction": 'sent = 0\nrows = store.rows()\nfor row in rows:\n    if send(row):\n        sent += 1\nreturn {"sent": sent, "failed": len(rows) - sent}',
    "a dictionary of errors": 'errors = {}\nfor row in store.rows():\n    try:\n        mail.send(row)\n    except Exception as error:\n        errors[row.name] = str(error)\nreturn {"errors": errors}',
    "a name that stays": 'done = False\ntry:\n    mail.send_all()\n    done = True\nexcept Exception:\n    logger.exception("no")\nreturn {"done": done}',
    "a word": 'state = "sent"\ntry:\n    mail.send_all()\nexcept Exception:\n    state = "failed"\nreturn {"state": state}',
    "a counter": 'counts = {"sent": 0, "failed": 0}\nfor row in store.rows():\n    counts["sent" if send(row) else "failed"] += 1\nreturn counts',
}
PYTHON_UNHEARD = {
    "pass": 'for row in store.rows():\n    try:\n        mail.send(row)\n    except Exception:\n        pass\nreturn {"ok": True}',
    "false that nobody reads": 'for row in store.rows():\n    send(row)\nreturn {"ok": True}',
    "a count of what went well": 'sent = 0\nfor row in store.rows():\n    if send(row):\n        sent += 1\nreturn {"sent": sent}',
    "continue": 'for row in store.rows():\n    try:\n        mail.send(row)\n    except Exception as error:\n        logger.error(error)\n        continue\nreturn {"ok": True}',
}
PYTHON_NOTHING = {
    "raised": 'if not send(1):\n    raise HTTPException(500)\nreturn {"ok": True}',
    "a status": 'failed = [row for row in store.rows() if not send(row)]\nif failed:\n    response.status_code = 500\nreturn {"failed": failed}',
    "a row": 'for row in store.rows():\n    try:\n        mail.send(row)\n    except Exception as error:\n        store.update(row, status="failed", error=str(error))\nreturn {"ok": True}',
    "another feed": 'rates = None\ntry:\n    rates = store.import_rates()\nexcept Exception as error:\n    logger.error(error)\nif rates is None:\n    rates = store.import_other_rates()\nmail.send(rates)\nreturn {"ok": True}',
    "a feed of a list": 'rates = None\nfor feed in (store.first, store.second):\n    try:\n        rates = feed.import_rates()\n        break\n    except Exception as error:\n        logger.error(error)\nif rates is None:\n    raise HTTPException(502)\nreturn {"ok": True}',
}
PYTHON_PROJECT = {
    "requirements.txt": "fastapi\n",
    "vercel.json": '{"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}], "rewrites": [{"source": "/(.*)", "destination": "/api/index.py"}]}',
}


def _said(plan: Plan) -> list[str]:
    return [finding.code for finding in plan.findings if finding.code in {"CS204", "CS205"}]


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        pytest.param({"app/api/cron/x/route.ts": text}, codes, id=name)
        for cases, codes in ((HEARD, ["CS205"]), (UNHEARD, ["CS204"]), (NOTHING, []))
        for name, text in cases.items()
    ]
    + [
        pytest.param({**PYTHON_PROJECT, "api/index.py": python(text)}, codes, id=f"Python: {name}")
        for cases, codes in (
            (PYTHON_HEARD, ["CS205"]),
            (PYTHON_UNHEARD, ["CS204"]),
            (PYTHON_NOTHING, []),
        )
        for name, text in cases.items()
    ],
)
def test_one_catch_is_told_as_what_the_caller_hears_of_it(
    audited: Callable[..., Plan], files: dict[str, str], codes: list[str]
) -> None:
    assert _said(audited(files)) == codes

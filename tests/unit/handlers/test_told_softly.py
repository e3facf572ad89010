"""Failures that are told softly: in answers of success, by errors of the project's own, in lists and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Plan

CHECK = """  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) return new Response("no", { status: 401 });
"""
HEAD = 'import { sendReports, db } from "@/lib/work";\n'
OK = "return Response.json({ ok: true });"
LOOP = "for (const row of await db.rows.findMany())"


def route(body: str, head: str = HEAD) -> dict[str, str]:
    return {"app/api/cron/x/route.ts": f"{head}\nexport async function GET(request: Request) {{\n{CHECK}  {body}\n}}\n"}  # fmt: skip


def python(work: str, head: str = "") -> dict[str, str]:
    check = 'def check(authorization: str = Header(None)):\n    secret = os.environ["CRON_SECRET"]\n    if authorization != f"Bearer {secret}":\n        raise HTTPException(401)\n'  # fmt: skip
    return {
        "api/index.py": "import os\nimport requests\nfrom fastapi import Depends, FastAPI, Header, HTTPException\nfrom acme import mail\n"
        f'{head}\n\n{check}\n\n{work}\n\napp = FastAPI()\n\n\n@app.get("/api/cron/x", dependencies=[Depends(check)])\ndef run():\n    return work()\n',
        "requirements.txt": "fastapi\n",
        "vercel.json": '{"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}], "rewrites": [{"source": "/(.*)", "destination": "/api/index.py"}]}',
    }


FETCH = """def fetch():
    try:
        mail.send_all()
    except Exception as error:
        raise FetchError("no") from error


"""
CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    # an answer that says it
    "a status that says error, where a setting lacks": (route(f"if (!process.env.MAIL_KEY) return Response.json({{ status: 'error', message: 'no key' }});\n  await sendReports();\n  {OK}"), {"CS205"}),
    "an error, where a setting lacks": (route(f"if (!process.env.MAIL_KEY) return Response.json({{ error: 'no key' }});\n  await sendReports();\n  {OK}"), {"CS205"}),
    "success: false, where a constant lacks": (route(f"const key = process.env.MAIL_KEY;\n  if (!key) {{ return Response.json({{ success: false }}); }}\n  await sendReports(key);\n  {OK}"), {"CS205"}),
    "an error with its status": (route(f"if (!process.env.MAIL_KEY) return Response.json({{ error: 'no key' }}, {{ status: 500 }});\n  await sendReports();\n  {OK}"), set()),
    "an error of what is looked up": (route(f"const row = await db.rows.findFirst();\n  if (!row) return Response.json({{ error: 'none to send' }});\n  await sendReports();\n  {OK}"), {"CS205"}),
    "nothing to do": (route(f"const rows = await db.rows.findMany();\n  if (!rows.length) return Response.json({{ message: 'none', status: 'idle' }});\n  await sendReports(rows);\n  {OK}"), set()),
    "skipped, where a setting lacks": (route(f"if (!process.env.SLACK_URL) return Response.json({{ ok: true, skipped: 'no address' }});\n  await sendReports();\n  {OK}"), set()),
    "no error": (route("await sendReports();\n  return Response.json({ ok: true, error: null });"), set()),
    "a list of errors that is empty": (route("await sendReports();\n  return Response.json({ errors: [], sent: 1 });"), set()),
    "Python's, where a setting lacks": (python('def work():\n    key = os.environ.get("MAIL_KEY")\n    if not key:\n        return {"status": "error", "message": "no key"}\n    mail.send_all(key)\n    return {"status": "ok"}\n'), {"CS205"}),
    "Python's, where a setting of the module lacks": (python('def work():\n    if not KEY:\n        return {"error": "no key"}\n    mail.send_all(KEY)\n    return {"status": "ok"}\n', 'KEY = os.getenv("MAIL_KEY")\n'), {"CS205"}),
    "Python's, raised where a setting lacks": (python('def work():\n    key = os.environ.get("MAIL_KEY")\n    if not key:\n        raise HTTPException(500)\n    mail.send_all(key)\n    return {"status": "ok"}\n'), set()),
    # a clause that names an error of the project's own
    "an error of the project's own": (python(f'class FetchError(Exception):\n    pass\n\n\n{FETCH}def work():\n    try:\n        fetch()\n    except FetchError:\n        return {{"done": 0}}\n    return {{"ok": True}}\n'), {"CS205"}),
    "an error of the project's own, by its base": (python(f'class BotError(Exception):\n    pass\n\n\nclass FetchError(BotError):\n    pass\n\n\n{FETCH}def work():\n    try:\n        fetch()\n    except BotError:\n        return {{"done": 0}}\n    return {{"ok": True}}\n'), {"CS205"}),
    "another error of the project's own": (python(f'class FetchError(Exception):\n    pass\n\n\nclass OtherError(Exception):\n    pass\n\n\n{FETCH}def work():\n    try:\n        fetch()\n    except OtherError:\n        return {{"done": 0}}\n    return {{"ok": True}}\n'), set()),
    "an answer of another side, as an error of the project's own": (python('class FetchError(Exception):\n    pass\n\n\ndef fetch():\n    answer = requests.get("https://a.example")\n    if answer.status_code != 200:\n        raise FetchError("no")\n    return answer.json()\n\n\ndef work():\n    try:\n        rows = fetch()\n    except FetchError as error:\n        return {"status": "error", "message": str(error)}\n    mail.send_all(rows)\n    return {"ok": True}\n'), {"CS205"}),
    # what failed, counted and listed
    "the failed ones of a list, counted": (route(f"const results = [];\n  {LOOP} {{ try {{ await sendReports(row); results.push({{ id: row.id }}); }} catch (error) {{ results.push({{ id: row.id, error: String(error) }}); }} }}\n  const failed = results.filter((item) => item.error);\n  return Response.json({{ total: results.length, failed: failed.length }});"), {"CS205"}),
    "the good ones of a list alone, counted": (route(f"const results = [];\n  {LOOP} {{ try {{ await sendReports(row); results.push({{ id: row.id, ok: true }}); }} catch (error) {{ results.push({{ id: row.id, ok: false }}); }} }}\n  return Response.json({{ sent: results.filter((item) => item.ok).length }});"), {"CS204"}),
    "lines of a log": (route(f"const lines: string[] = [];\n  {LOOP} {{ try {{ await sendReports(row); lines.push('sent'); }} catch (error) {{ lines.push('failed ' + row.id); }} }}\n  return Response.json({{ lines }});"), {"CS205"}),
    "lines of a log, joined": (route(f"const lines: string[] = [];\n  {LOOP} {{ try {{ await sendReports(row); lines.push('sent'); }} catch (error) {{ lines.push(`failed ${{error.message}}`); }} }}\n  return new Response(lines.join('\\n'));"), {"CS205"}),
    # what comes out otherwise, and says nothing of it
    "a zero of a catch, added to what was sent": (route(f"let sent = 0;\n  {LOOP} {{ sent += await send(row).catch(() => 0); }}\n  return Response.json({{ ok: true, sent }});", HEAD + "async function send(row) { await sendReports(row); return 1; }\n"), {"CS204"}),
    "an empty list of a catch, counted": (route("const rows = await sent();\n  return Response.json({ sent: rows.length });", HEAD + "async function sent() { try { await sendReports(); return [1]; } catch { return []; } }\n"), {"CS204"}),
    "a count that goes up in one case of a catch": (route(f"let doubled = 0;\n  {LOOP} {{ try {{ await sendReports(row); }} catch (error) {{ if (error.code === 'P2002') doubled++; else console.error(error); }} }}\n  return Response.json({{ doubled }});"), {"CS204"}),
    # told on some ways only
    "false of a function with several ends, counted": (route(f"let failed = 0;\n  {LOOP} {{ const done = await send(row); if (!done) failed++; }}\n  return Response.json({{ failed }});", HEAD + "async function send(row) { try { if (await db.rows.count() > 2) return true; await sendReports(row); return true; } catch { return false; } }\n"), {"CS205"}),
    "errors of an object that is one of a few": (route("const whole = await work();\n  return Response.json({ ...whole, at: Date.now() });", HEAD + f"async function work() {{ const errors = [];\n  const rows = await fetch('https://a.example').then((answer) => answer.json());\n  if (!rows.length) return {{ sent: 0, errors: [] }};\n  {LOOP} {{ try {{ await sendReports(row); }} catch (error) {{ errors.push(error.message); }} }}\n  return {{ sent: 1, errors }}; }}\n"), {"CS205"}),
    "an error that is logged by an object of it": (route(f"{LOOP} {{ try {{ await sendReports(row); }} catch (error) {{ logFailure(error); }} }}\n  {OK}", HEAD + "function logFailure(error) { const whole = { error: error.message }; console.error(whole); return whole; }\n"), {"CS204"}),
    "a status by a computed name": (route("const states = {};\n  for (const name of ['a', 'b']) { try { await sendReports(name); states[name] = 200; } catch { states[name] = 500; } }\n  return Response.json({ ok: true, states });"), {"CS205"}),
    "helpers that are constants": (route("const sent = await send();\n  return Response.json({ ok: true, sent: sent.length });", HEAD + "const send = async () => { try { return await work(); } catch (error) { console.error(error); return []; } };\nconst work = async () => { return client.tweet('x'); };\nimport { client } from \"@acme/social\";\n"), {"CS204"}),
    # beside other failures
    "pages, of which the next is not asked for": (route(f"const rows = [];\n  for (let page = 0; page < 5; page++) {{ try {{ const answer = await store.load(page); if (!answer.more) break; rows.push(answer); }} catch (error) {{ console.error(error); break; }} }}\n  await sendReports(rows);\n  {OK}", HEAD + 'import { store } from "@acme/store";\n'), set()),
    "work that goes on no further": (route(f"for (let page = 0; page < 5; page++) {{ try {{ const answer = await sendReports(page); if (!answer.more) break; }} catch (error) {{ console.error(error); break; }} }}\n  {OK}"), {"CS204"}),
    "a request that writes, caught by itself": (route(f"await sendReports();\n  try {{ await fetch('https://mail.example', {{ method: 'POST' }}); }} catch (error) {{ console.error(error); }}\n  {OK}"), {"CS204"}),
    "a file that is made where there is none": (route(f"try {{ await fs.access('/tmp/rows'); }} catch {{ await fs.writeFile('/tmp/rows', ''); }}\n  await sendReports();\n  {OK}", HEAD + 'import { promises as fs } from "fs";\n'), set()),
    "an error of another call that is thrown later": (route(f"try {{ await sendReports(); }} catch (error) {{ console.error(error); }}\n  const answer = await fetch('https://a.example', {{ method: 'POST' }});\n  if (!answer.ok) throw new Error('no');\n  {OK}"), {"CS204"}),
    "a catch around a call that catches its own errors": (route(f"{LOOP} {{ try {{ const rows = await store.load(row); await send(rows).catch(() => null); }} catch (error) {{ console.error(error); }} }}\n  {OK}", HEAD + 'import { store } from "@acme/store";\nasync function send(rows) { const more = await store.load(rows); await sendReports(more); }\n'), {"CS204"}),
    "a cache that is not filled": (route(f"await sendReports();\n  try {{ await cacheRows(); }} catch (error) {{ console.error(error); }}\n  {OK}", HEAD + 'import { store } from "@acme/store";\nasync function cacheRows() { await store.set("rows", 1); }\n'), set()),
    "told to a counter alone": (route(f"{LOOP} {{ try {{ await sendReports(row); }} catch (error) {{ metrics.increment('reports.failed'); }} }}\n  {OK}", HEAD + 'import { metrics } from "@acme/metrics";\n'), {"CS204"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_exactly_these_are_told(audited: Callable[..., Plan], name: str) -> None:
    files, codes = CASES[name]
    watched = {"CS201", "CS202", "CS204", "CS205", "CS310", "CS555"}
    assert {finding.code for finding in audited(files).findings} & watched == codes

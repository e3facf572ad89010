"""Failures with another way behind them, in lists and objects of an answer, and beside the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cronshift.model import Finding, Plan

HEAD = 'import { sendReports, purgeRows, db } from "@/lib/work";\n'
CHECK = """  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) return new Response("no", { status: 401 });
"""
OK = "return Response.json({ ok: true });"
LOOP = "for (const row of await db.rows.findMany())"


def route(body: str, head: str = "") -> dict[str, str]:
    return {"app/api/cron/x/route.ts": f"{HEAD}{head}\nexport async function GET(request: Request) {{\n{CHECK}  {body}\n}}\n"}  # fmt: skip


SENDING = "async function send(row) { try { await sendReports(row); return true; } catch { return false; } }"
CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    # told deep in the answer
    "an error in an item of a list": (route(f"const results = [];\n  {LOOP} {{ try {{ await sendReports(row); }} catch (error) {{ results.push({{ id: row.id, details: [`${{error}}`] }}); }} }}\n  return Response.json({{ ok: true, results }});"), {"CS205"}),
    "a count that a helper gives, in a list": (route("const results = [await all()];\n  return Response.json({ results });", f"async function all() {{ let errors = 0; {LOOP} {{ try {{ await sendReports(row); }} catch {{ errors++; }} }} return {{ errors }}; }}"), {"CS205"}),
    "a list that does not hold the error": (route(f"const results = [];\n  {LOOP} {{ try {{ await sendReports(row); results.push({{ id: row.id }}); }} catch (error) {{ console.error(error); }} }}\n  return Response.json({{ results }});"), {"CS204"}),
    # false or nothing, given back from a catch
    "false of a catch, counted by the caller": (route(f"let sent = 0, failed = 0;\n  {LOOP} {{ const done = await send(row); if (done) sent++; else failed++; }}\n  return Response.json({{ sent, failed }});", SENDING), {"CS205"}),
    "false of a catch, counted in a choice": (route(f"let sent = 0, failed = 0;\n  {LOOP} {{ (await send(row)) ? sent++ : failed++; }}\n  return Response.json({{ sent, failed }});", SENDING), {"CS205"}),
    "false of a catch that nobody reads": (route(f"await send(1);\n  {OK}", SENDING), {"CS204"}),
    "false of a catch, answered 500": (route("if (!(await send(1))) return Response.json({}, { status: 500 });\n  return Response.json({ ok: true });", SENDING), set()),
    # another way to the same end
    "what follows is another way": (route(f"await draw();\n  {OK}", "async function draw() { try { return await sendReports(); } catch (error) { console.warn(error); } return await purgeRows(); }"), set()),
    "what follows is nothing": (route(f"await draw();\n  {OK}", "async function draw() { try { return await sendReports(); } catch (error) { console.warn(error); } return null; }"), {"CS204"}),
    "what follows is done in any case": (route(f"await draw();\n  await purgeRows();\n  {OK}", "async function draw() { try { return await sendReports(); } catch (error) { console.warn(error); } return null; }"), {"CS204"}),
    "work of the caller, where a helper gave nothing": (route(f"const sent = await draw();\n  if (!sent) await purgeRows();\n  {OK}", "async function draw() { try { return await sendReports(); } catch { return null; } }"), set()),
    # beside the work
    "a row of an audit": (route(f"await sendReports();\n  try {{ await store.insert(auditLog).values({{ ran: 1 }}); }} catch (error) {{ console.error(error); }}\n  {OK}", 'import { store } from "@acme/store";'), set()),
    "rows that are no audit": (route(f"await sendReports();\n  try {{ await store.insert(auditions).values({{ ran: 1 }}); }} catch (error) {{ console.error(error); }}\n  {OK}", 'import { store } from "@acme/store";'), {"CS204"}),
    "an entry of an audit": (route(f"await sendReports();\n  try {{ await writeAuditEntry({{ ran: 1 }}); }} catch (error) {{ console.error(error); }}\n  {OK}", 'import { writeAuditEntry } from "@acme/trail";'), set()),
    "an audit that is the work": (route(f"try {{ await auditShops(); }} catch (error) {{ console.error(error); }}\n  {OK}", 'import { auditShops } from "@acme/shops";'), {"CS204"}),
    "a browser that does not close": (route(f"const browser = await open();\n  try {{ await sendReports(browser); }} finally {{ try {{ await browser.close(); }} catch (error) {{ console.error(error); }} }}\n  {OK}", 'import { open } from "@acme/browser";'), set()),
    "auctions that do not close": (route(f"try {{ await auctions.close(); }} catch (error) {{ console.error(error); }}\n  {OK}", 'import { auctions } from "@acme/market";'), {"CS204"}),
    "a catch within a catch": (route("try { await sendReports(); } catch (error) {\n    try { await purgeRows(); } catch (other) { console.error(other); }\n    return Response.json({}, { status: 500 });\n  }\n  return Response.json({ ok: true });"), set()),
    # what is sent may tell of a failure; what comes back does not
    "a report that is sent with a link that failed": (route(f"const sent = [];\n  {LOOP} {{ const link = await short(row); sent.push(await mailer.send({{ link }})); }}\n  return Response.json({{ sent }});", 'import { mailer } from "@acme/mail";\nasync function short(row) { try { return await sendReports(row); } catch { return null; } }'), {"CS204"}),
    # a row's own status is no answer's
    "the status of a row": (route(f"{LOOP} {{ row.status = 'sent'; try {{ await sendReports(row); }} catch (error) {{ console.error(error); }} }}\n  {OK}"), {"CS204"}),
    # a matter beside the work, by the name of the call that leads there
    "a catch that tells a channel": (route(f"try {{ await sendReports(); }} catch (error) {{ await slackRoom.say(error); }}\n  {OK}", 'import { web } from "@acme/web";\nclass Room { async say(text) { await web.chat.submit(text); } }\nconst slackRoom = new Room();'), {"CS204"}),
    "a catch that does it by post": (route(f"try {{ await sendReports(); }} catch (error) {{ await postRoom.say(error); }}\n  {OK}", 'import { web } from "@acme/web";\nclass Room { async say(text) { await web.chat.submit(text); } }\nconst postRoom = new Room();'), set()),
    "a row of another kind, where one is not written": (route(f"try {{ await store.insert(rows).values({{}}); }} catch (error) {{ await store.update(runs).set({{ error }}).where(1); }}\n  {OK}", 'import { store, rows, runs } from "@acme/store";'), {"CS204"}),
    # looks
    "a look without which the work is left undone": (route(f"try {{ for (const row of await fetch('https://r.example')) await sendReports(row); }} catch (error) {{ console.error(error); }}\n  {OK}"), {"CS204"}),
    "a look without which less is known": (route(f"let rows = [];\n  try {{ rows = await fetch('https://r.example'); }} catch (error) {{ console.error(error); }}\n  await sendReports(rows);\n  {OK}"), set()),
    # promises that may be rejected
    "settled, of a helper that throws in some cases": (route("let failed = 0;\n  for (const result of await Promise.allSettled((await db.rows.findMany()).map((row) => send(row)))) if (result.status === 'rejected') failed++;\n  return Response.json({ failed });", 'import { mail } from "@acme/mail";\nasync function send(row) { const { error } = await mail().emails.send(row); if (error) throw new Error(error); }'), {"CS205"}),
    "all of a helper that throws in some cases": (route("await Promise.all((await db.rows.findMany()).map((row) => send(row)));\n  return Response.json({});", 'import { mail } from "@acme/mail";\nasync function send(row) { const { error } = await mail().emails.send(row); if (error) throw new Error(error); }'), set()),
    # what a catch gives back in one of two cases
    "a count of what a catch gave back": (route("let failed = 0;\n  const sent = await send(1);\n  if (!sent.done) failed++;\n  return Response.json({ failed });", "async function send(row) { try { await sendReports(row); return { done: true }; } catch (error) { if (error.name === 'AbortError') return { done: false }; return { done: false }; } }"), {"CS205"}),
    "a list that may be empty at once": (route("const failed = [];\n  for (const row of await rows()) { try { await sendReports(row); } catch (error) { failed.push(error); } }\n  return Response.json({ failed });", "async function rows() { const ids = await fetch('https://r.example'); if (!ids.length) return []; return ids.map((id) => ({ id })); }"), {"CS205"}),
    # tried again, and thrown after all
    "what is tried three times, and counted in the end": (route("let failed = 0;\n  try { await thrice(); } catch { failed++; }\n  return Response.json({ failed });", "async function thrice() { let last; for (let turn = 0; turn < 3; turn++) { try { return await sendReports(); } catch (error) { last = error; } } throw last; }"), {"CS205"}),
    "what is tried three times, and answered 500": (route("try { await thrice(); } catch { return Response.json({}, { status: 500 }); }\n  return Response.json({});", "async function thrice() { let last; for (let turn = 0; turn < 3; turn++) { try { return await sendReports(); } catch (error) { last = error; } } throw last; }"), set()),
    "an error that gets another name on its way": (route("let failed = 0;\n  try { await renamed(); } catch { failed++; }\n  return Response.json({ failed });", "async function renamed() { try { await sendReports(); } catch (error) { if (error.name === 'AbortError') throw new Error('late'); throw error; } }"), {"CS205"}),
    # what the answer says in another matter
    "a false of another matter in the answer": (route("const rows = [{ ok: false }];\n  try { await sendReports(); } catch (error) { console.error(error); }\n  return Response.json({ rows });"), {"CS204"}),
    "a text of the answer that says it": (route("const failed = [];\n  try { await sendReports(); } catch (error) { failed.push(error); }\n  return new Response(JSON.stringify({ failed }));"), {"CS205"}),
    "a text of the answer that does not": (route("const failed = [];\n  try { await sendReports(); } catch (error) { console.error(error); }\n  return new Response(JSON.stringify({ failed }));"), {"CS204"}),
    # callbacks of events
    "a pool that breaks": (route(f"pool().query('select 1');\n  await sendReports();\n  {OK}", "import { Pool } from 'pg';\nfunction pool() { const made = new Pool(); made.on('error', (error) => { void renew(error); }); return made; }\nasync function renew(error) { await purgeRows(); }"), set()),
    "rows that a stream gives": (route(f"rows.on('data', (row) => {{ void purgeRows(row); }});\n  {OK}", 'import { rows } from "@acme/rows";'), {"CS201"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_exactly_these_failures_are_told(told: Callable[..., list[Finding]], name: str) -> None:
    files, codes = CASES[name]
    assert {finding.code for finding in told(files)} == codes


PYTHON_CHECK = """def check(authorization: str = Header(None)):
    secret = os.environ["CRON_SECRET"]
    if authorization != f"Bearer {secret}":
        raise HTTPException(401)

"""
PYTHON_HEAD = "import os\nfrom fastapi import Depends, FastAPI, Header, HTTPException\nimport logging\nfrom acme import mail, store\n\nlogger = logging.getLogger(__name__)\n"
PYTHON: dict[str, tuple[str, set[str]]] = {
    "jobs that a module lists in the end": ('JOBS = []\n\ntry:\n    JOBS = [mail.first, mail.second]\nexcept Exception:\n    pass\n\n\ndef work():\n    for job in JOBS:\n        try:\n            job.send_all()\n        except Exception as error:\n            logger.error(error)\n    return {"ok": True}\n', {"CS204"}),
    "no jobs": ('JOBS = []\n\n\ndef work():\n    for job in JOBS:\n        try:\n            job.send_all()\n        except Exception as error:\n            logger.error(error)\n    return {"ok": True}\n', set()),
    "a cache that is not written": ('def save_local_cache(rows):\n    try:\n        open("/tmp/rows").write(rows)\n    except Exception as error:\n        logger.error(error)\n\n\ndef work():\n    mail.send_all()\n    save_local_cache([])\n    return {"ok": True}\n', set()),
    "rows that are not written": ('def save_rows(rows):\n    try:\n        open("/tmp/rows").write(rows)\n    except Exception as error:\n        logger.error(error)\n\n\ndef work():\n    mail.send_all()\n    save_rows([])\n    return {"ok": True}\n', {"CS204"}),
    "a number that is none": ('def work():\n    for row in store.fetch_rows():\n        try:\n            size = row.text.isdigit()\n        except Exception as error:\n            logger.error(error)\n            continue\n        mail.send(size)\n    return {"ok": True}\n', set()),
    "an error of a service, by its name": ('import requests\n\n\ndef work():\n    try:\n        mail.send_all()\n    except requests.exceptions.RequestException as error:\n        logger.error(error)\n    return {"ok": True}\n', {"CS204"}),
    "an error of a service of one's own": ('def work():\n    errors = 0\n    for row in store.fetch_rows():\n        try:\n            mail.send(row)\n        except mail.MailServiceError:\n            errors += 1\n    return {"errors": errors}\n', {"CS205"}),
    "a value that is none": ('def work():\n    for row in store.fetch_rows():\n        try:\n            mail.send(row)\n        except ValueError:\n            logger.error("no number")\n    return {"ok": True}\n', set()),
    "a row that is there already": ('def work():\n    for row in store.fetch_rows():\n        try:\n            store.insert(row)\n        except store.IntegrityError:\n            logger.info("there already")\n    return {"ok": True}\n', set()),
    "a price that another shop says": ('def work():\n    price = 0\n    try:\n        price = store.import_price()\n    except Exception as error:\n        logger.error(error)\n        price = None\n    if price is None:\n        price = store.import_other_price()\n    return {"price": price}\n', set()),
    "an answer of 500, counted": ('import requests\n\n\ndef work():\n    failed = 0\n    for row in store.fetch_rows():\n        answer = requests.post("https://e.example", json=row)\n        if answer.status_code != 200:\n            failed += 1\n    return {"failed": failed}\n', {"CS205"}),
    "an answer of 500, counted by the caller": ('import requests\n\n\ndef send(row):\n    answer = requests.post("https://e.example", json=row)\n    return answer.ok\n\n\ndef work():\n    failed = 0\n    for row in store.fetch_rows():\n        if not send(row):\n            failed += 1\n    return {"failed": failed}\n', {"CS205"}),
    "an answer of 500, raised": ('import requests\n\n\ndef work():\n    failed = 0\n    for row in store.fetch_rows():\n        answer = requests.post("https://e.example", json=row)\n        answer.raise_for_status()\n        if not answer.ok:\n            failed += 1\n    return {"failed": failed}\n', set()),
    "an answer of 500, answered 500": ('import requests\n\n\ndef work():\n    answer = requests.post("https://e.example")\n    if not answer.ok:\n        raise HTTPException(500)\n    return {"ok": True}\n', set()),
    "an answer of 500, and nothing in its place": ('import requests\n\n\ndef work():\n    answer = requests.get("https://e.example")\n    rates = answer.json() if answer.ok else {}\n    mail.send_all(rates)\n    return {"ok": True}\n', {"CS204"}),
    "an answer of 500, and another way": ('import requests\n\n\ndef work():\n    answer = requests.get("https://e.example")\n    rates = answer.json() if answer.ok else {"eur": 1}\n    mail.send_all(rates)\n    return {"ok": True}\n', set()),
    "false of an except, counted": ('def send(row):\n    try:\n        mail.send(row)\n    except Exception:\n        return False\n    return True\n\n\ndef work():\n    failed = 0\n    for row in store.fetch_rows():\n        if not send(row):\n            failed += 1\n    return {"failed": failed}\n', {"CS205"}),
}  # fmt: skip


@pytest.mark.parametrize("name", PYTHON)
def test_exactly_these_failures_of_python_are_told(
    told: Callable[..., list[Finding]], name: str
) -> None:
    work, codes = PYTHON[name]
    route_of_it = '\n\napp = FastAPI()\n\n\n@app.get("/api/cron/x", dependencies=[Depends(check)])\ndef run():\n    return work()\n'
    files = {
        "api/index.py": PYTHON_HEAD + PYTHON_CHECK + "\n" + work + route_of_it,
        "requirements.txt": "fastapi\n",
        "vercel.json": '{"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}], "rewrites": [{"source": "/(.*)", "destination": "/api/index.py"}]}',
    }
    assert {finding.code for finding in told(files)} == codes


SERVER = """import json
import os
from http.server import BaseHTTPRequestHandler

import requests


class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.headers.get("Authorization") != "Bearer " + os.environ["CRON_SECRET"]:
            self.send_response(401)
            self.end_headers()
            return
        results = []
        for site in ("https://a.example", "https://b.example"):
            try:
                requests.post(site)
            except Exception as error:
                {caught}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(results).encode())
"""


@pytest.mark.parametrize(
    ("caught", "codes"),
    [
        ('results.append({"error": str(error)})', {"CS205"}),
        ("print(error)", {"CS204"}),
    ],
)
def test_what_a_handler_of_http_server_writes_is_its_answer(
    told: Callable[..., list[Finding]], caught: str, codes: set[str]
) -> None:
    files = {"api/cron/x.py": SERVER.replace("{caught}", caught)}
    assert {finding.code for finding in told(files)} == codes


def test_a_dependency_gives_what_it_yields(audited: Callable[..., Plan]) -> None:
    text = f"""{PYTHON_HEAD}{PYTHON_CHECK}
app = FastAPI()


def session():
    with store.open() as opened:
        yield opened


@app.get("/api/cron/x", dependencies=[Depends(check)])
def run(rows=Depends(session)):
    rows.execute("delete").all()
    return {{}}
"""
    plan = audited(
        {
            "api/index.py": text,
            "requirements.txt": "fastapi\n",
            "vercel.json": '{"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}], "rewrites": [{"source": "/(.*)", "destination": "/api/index.py"}]}',
        }
    )
    assert plan.jobs[0].handler is not None
    assert plan.jobs[0].handler.auth == "cron-secret"


def test_a_variable_of_the_environment_is_no_text_to_take_apart(
    audited: Callable[..., Plan],
) -> None:
    """A test's stand-in for a secret has no ``@``; a connection's address has one."""
    body = "const [user, rest] = process.env.DATABASE_URL.split('@');\n  const [host] = rest.split('/');\n  await sendReports(host);"
    plan = audited(route(f"{body}\n  {OK}"))
    assert plan.jobs[0].handler is not None
    assert plan.jobs[0].handler.auth == "cron-secret"


@pytest.mark.parametrize(
    ("setting", "auth"),
    [("try { db = makeClient(); } catch {}", "cron-secret"), ("", None)],
)
def test_a_client_that_a_module_sets_below_is_there(
    audited: Callable[..., Plan], setting: str, auth: str | None
) -> None:
    head = f"import {{ makeClient }} from '@acme/db';\nlet db = null;\n{setting}\n"
    files = {
        "app/api/cron/x/route.ts": f"{head}export async function GET(request: Request) {{\n{CHECK}  if (!db) throw new Error('none');\n  await db.rows.delete();\n  {OK}\n}}\n"
    }
    plan = audited(files)
    assert plan.jobs[0].handler is not None
    assert plan.jobs[0].handler.auth == auth


def test_who_may_call_is_told_where_the_rest_is_too_much(audited: Callable[..., Plan]) -> None:
    deep = "\n".join(
        f"function step{number}(rows) {{ return rows.map((row) => step{number + 1}([row, row, row, row, row])); }}"
        for number in range(12)
    )
    plan = audited(route("return Response.json({ n: step0([1, 2, 3, 4, 5]) });", deep))
    assert plan.jobs[0].handler is not None
    assert plan.jobs[0].handler.auth == "cron-secret"


def test_a_header_that_lets_by_is_told_where_the_rest_is_too_much(
    audited: Callable[..., Plan],
) -> None:
    steps = " ".join(f"if (row.part{n}) store.put(row.part{n});" for n in range(60))
    once = f"for (const key of ['a', 'b', 'c', 'd']) for (const row of store[key]) {{ {steps} }}"
    check = "if (!request.headers.get('x-vercel-cron')) return new Response('no', { status: 401 });"
    text = f"import {{ store }} from '@acme/store';\nexport async function GET(request: Request) {{\n  {check}\n  {once * 20}\n  return Response.json({{}});\n}}\n"
    plan = audited({"app/api/cron/x/route.ts": text})
    assert plan.jobs[0].handler is not None
    assert plan.jobs[0].handler.auth == "spoofable"


def test_installed_packages_that_are_committed_are_no_source(tmp_path: Path) -> None:
    for name in ("lib/python3.12/site-packages/flask/app.py", "lib/work.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    assert SourceTree(tmp_path).files == {"lib/work.py"}

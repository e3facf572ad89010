"""Failures with another way behind them, in lists and objects of an answer, and beside the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

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
    # callbacks of events
    "a pool that breaks": (route(f"pool().query('select 1');\n  await sendReports();\n  {OK}", "import { Pool } from 'pg';\nfunction pool() { const made = new Pool(); made.on('error', (error) => { void renew(error); }); return made; }\nasync function renew(error) { await purgeRows(); }"), set()),
    "rows that a stream gives": (route(f"rows.on('data', (row) => {{ void purgeRows(row); }});\n  {OK}", 'import { rows } from "@acme/rows";'), {"CS201"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_exactly_these_failures_are_told(told: Callable[..., list[Finding]], name: str) -> None:
    files, codes = CASES[name]
    assert {finding.code for finding in told(files)} == codes


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

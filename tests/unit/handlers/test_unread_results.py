"""Writes that tell of a failure in their result: read, handed on, logged, counted, or not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Plan

CHECK = """  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) return new Response("no", { status: 401 });
"""
SUPABASE = """import { createClient } from "@supabase/supabase-js";
const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_KEY!);
"""
RESEND = """import { Resend } from "resend";
const resend = new Resend(process.env.RESEND_KEY);
"""
OK = "return Response.json({ ok: true });"
MARK = 'supabase.from("rows").update({ done: true }).eq("id", 1)'


def route(body: str, head: str = SUPABASE) -> dict[str, str]:
    return {"app/api/cron/x/route.ts": f"{head}\nexport async function GET(request: Request) {{\n{CHECK}  {body}\n}}\n"}  # fmt: skip


def python(body: str) -> dict[str, str]:
    return {
        "api/cron/x.py": "import os\nimport hmac\nimport requests\nimport subprocess\nfrom flask import Flask, request\n\napp = Flask(__name__)\n\n\n"
        '@app.get("/api/cron/x")\ndef x():\n    secret = os.environ["CRON_SECRET"]\n'
        '    if not hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {secret}"):\n'
        f'        return {{}}, 401\n    {body}\n    return {{"ok": True}}\n',
        "requirements.txt": "flask\nrequests\n",
    }


CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    # a client that throws nothing
    "an update of which nothing is read": (route(f"await {MARK};\n  {OK}"), {"CS555"}),
    "in a loop, before it goes on": (route(f"const {{ data, error }} = await supabase.from('rows').select();\n  if (error) throw error;\n  for (const row of data ?? []) {{ if (row.old) {{ await {MARK}; continue; }} console.log(row); }}\n  {OK}"), {"CS555"}),
    "before others that are read": (route(f"await {MARK};\n  const {{ error }} = await supabase.from('runs').delete().eq('id', 1);\n  if (error) throw error;\n  {OK}"), {"CS555"}),
    "an error that is thrown": (route(f"const {{ error }} = await {MARK};\n  if (error) throw error;\n  {OK}"), set()),
    "a query that throws": (route(f"await {MARK}.throwOnError();\n  {OK}"), set()),
    "rows that are read": (route(f"const {{ data }} = await {MARK}.select();\n  if (!data) throw new Error('none');\n  {OK}"), set()),
    "rows of which the number is answered": (route(f"const {{ data }} = await {MARK}.select();\n  return Response.json({{ updated: data?.length ?? 0 }});"), {"CS555"}),
    "rows that are gone through": (route(f"const {{ data: rows }} = await {MARK}.select();\n  for (const row of rows ?? []) console.log(row);\n  {OK}"), {"CS555"}),
    "rows whose lack is no success": (route(f"const {{ data }} = await {MARK}.select();\n  if (!data?.length) return Response.json({{}}, {{ status: 500 }});\n  {OK}"), set()),
    "a row that must be there": (route(f"const {{ data }} = await {MARK}.select().single();\n  console.log(data.id);\n  {OK}"), set()),
    "rows beside their error": (route(f"const {{ data, error }} = await {MARK}.select();\n  if (error) throw error;\n  return Response.json({{ data }});"), set()),
    "a result that is given to others": (route(f"assertDone(await {MARK});\n  {OK}", f'{SUPABASE}import {{ assertDone }} from "@acme/done";'), set()),
    "a result that is answered": (route(f"const done = await {MARK};\n  return Response.json({{ done }});"), set()),
    "results that are read together": (route(f"const all = await Promise.all([{MARK}]);\n  if (all.some((one) => one.error)) throw new Error('no');\n  {OK}"), set()),
    "a client that throws": (route(f"await knex.from('rows').update({{ done: true }});\n  {OK}", 'import { knex } from "@acme/sql";'), set()),
    "a row that is only looked up": (route(f"await supabase.from('rows').select().eq('id', 1);\n  {OK}"), set()),
    "rows that work hangs on": (route(f"const {{ data: rows }} = await supabase.from('rows').select();\n  for (const row of rows ?? []) await fetch('https://a.example', {{ method: 'POST', body: row }}).then(ok);\n  {OK}", f'{SUPABASE}import {{ ok }} from "@acme/ok";'), {"CS555"}),
    "rows without which it is all done": (route(f"const {{ data: rows }} = await supabase.from('rows').select();\n  if (!rows?.length) return Response.json({{ sent: 0 }});\n  const {{ error }} = await {MARK};\n  if (error) throw error;\n  {OK}"), {"CS555"}),
    "rows that must be there": (route(f"const {{ data: rows }} = await supabase.from('rows').select();\n  for (const row of rows) await ok(row);\n  {OK}", f'{SUPABASE}import {{ ok }} from "@acme/ok";'), set()),
    "a row that has a stand-in": (route(f"const {{ data }} = await supabase.from('settings').select().single();\n  const {{ error }} = await supabase.from('rows').delete().lt('age', data?.days ?? 30);\n  if (error) throw error;\n  {OK}"), set()),
    "a mail of which nothing is read": (route(f"await resend.emails.send({{ to: 'a' }});\n  {OK}", RESEND), {"CS555"}),
    "a mail whose error is thrown": (route(f"const {{ error }} = await resend.emails.send({{ to: 'a' }});\n  if (error) throw new Error(error.message);\n  {OK}", RESEND), set()),
    "a user that is not deleted": (route(f"await supabase.auth.admin.deleteUser('1');\n  {OK}"), {"CS555"}),
    # an error that is read, and ends in success
    "an error that is only logged": (route(f"const {{ error }} = await {MARK};\n  if (error) console.error(error);\n  {OK}"), {"CS204"}),
    "a success that alone is counted": (route(f"let done = 0;\n  const {{ error }} = await {MARK};\n  if (!error) done++;\n  return Response.json({{ done }});"), {"CS204"}),
    "an error in a list of lines": (route(f"const lines: string[] = [];\n  const {{ error }} = await {MARK};\n  if (error) lines.push(`failed: ${{error.message}}`); else lines.push('done');\n  return Response.json({{ ok: true, lines }});"), {"CS205"}),
    "an error that is counted": (route(f"let failed = 0;\n  const {{ error }} = await {MARK};\n  if (error) failed++;\n  return Response.json({{ failed }});"), {"CS205"}),
    "an error answered with 500": (route(f"const {{ error }} = await {MARK};\n  if (error) return Response.json({{}}, {{ status: 500 }});\n  {OK}"), set()),
    "an error that says ok: false": (route(f"const {{ error }} = await {MARK};\n  if (error) return Response.json({{ ok: false }});\n  {OK}"), {"CS205"}),
    # behind a list of which nobody knows how long it is
    "behind a list that is too short": (route(f"const all: number[] = [];\n  for (const row of await rows()) all.push(row.n);\n  if (all.length < 50) throw new Error('short');\n  await {MARK};\n  {OK}", f'{SUPABASE}import {{ rows }} from "@acme/rows";'), {"CS555"}),
    "behind a list that is too short, made by forEach": (route(f"const all: number[] = [];\n  (await rows()).forEach((row) => all.push(row.n));\n  if (all.length < 50) throw new Error('short');\n  await {MARK};\n  {OK}", f'{SUPABASE}import {{ rows }} from "@acme/rows";'), {"CS555"}),
    "behind what a loop counts": (route(f"let n = 0;\n  for (const row of await rows()) {{ if (row.a) n++; }}\n  if (n >= 2) await {MARK};\n  {OK}", f'{SUPABASE}import {{ rows }} from "@acme/rows";'), {"CS555"}),
    "errors in a list that is not empty": (route(f"const errors: string[] = [];\n  for (const row of await rows()) {{ const {{ error }} = await {MARK}; if (error) errors.push(row); }}\n  return Response.json({{ errors }}, {{ status: errors.length > 0 ? 500 : 200 }});", f'{SUPABASE}import {{ rows }} from "@acme/rows";'), set()),
    "errors in a list that has a length": (route(f"const errors: string[] = [];\n  for (const row of await rows()) {{ const {{ error }} = await {MARK}; if (error) errors.push(row); }}\n  if (errors.length) return Response.json({{ errors }}, {{ status: 500 }});\n  {OK}", f'{SUPABASE}import {{ rows }} from "@acme/rows";'), set()),
    # a status
    "a post by a package's fetch": (route(f"await post('https://a.example', {{ method: 'POST' }});\n  {OK}", "const post = require('node-fetch');"), {"CS556"}),
    "a post of which nothing is read": (route(f"await fetch('https://a.example', {{ method: 'POST' }});\n  {OK}", ""), {"CS556"}),
    "a look of which nothing is read": (route(f"await fetch('https://a.example');\n  {OK}", ""), set()),
    "a status that is only logged": (route(f"const answer = await fetch('https://a.example', {{ method: 'POST' }});\n  if (!answer.ok) console.error(answer.status);\n  {OK}", ""), {"CS204"}),
    "a status that is thrown": (route(f"const answer = await fetch('https://a.example', {{ method: 'POST' }});\n  if (!answer.ok) throw new Error('no');\n  {OK}", ""), set()),
    "a body that is read": (route(f"const answer = await fetch('https://a.example', {{ method: 'POST' }});\n  const body = await answer.json();\n  if (!body.done) throw new Error('no');\n  {OK}", ""), set()),
    "a client that throws where it is refused": (route(f"await $fetch('https://a.example', {{ method: 'POST' }});\n  {OK}", 'import { $fetch } from "ofetch";'), set()),
    "Python's post of which nothing is read": (python('requests.post("https://a.example", timeout=9)'), {"CS556"}),
    "Python's body that is read with a default": (python('for row in requests.post("https://a.example").json().get("rows", []):\n        requests.delete(row).raise_for_status()'), {"CS556"}),
    "Python's body that must have what is read": (python('rows = requests.post("https://a.example").json()["rows"]\n    print(rows)'), set()),
    "Python's body that is asked for an error": (python('said = requests.post("https://a.example").json()\n    if said.get("error"):\n        return {}, 500'), set()),
    "what Python's work hangs on, with a default": (python('for row in requests.get("https://a.example").json().get("rows", []):\n        requests.delete(row).raise_for_status()'), {"CS556"}),
    "what Python's work does without": (python('name = requests.get("https://a.example").json().get("name", "all")\n    requests.post(name).raise_for_status()'), set()),
    "a client of another kind": (python('redis_client.delete("rows")'), set()),
    "a program whose exit status nobody reads": (python('made = subprocess.run(["a"], capture_output=True)\n    print(made.stdout)'), {"CS542"}),
    "a program that must succeed": (python('subprocess.run(["a"], check=True)'), set()),
    "a program whose exit status is read": (python('if subprocess.run(["a"]).returncode:\n        return {}, 500'), set()),
    "a program by its exit status alone": (python('os.system("./a.sh")'), {"CS542"}),
    "a program whose exit status decides": (python('if subprocess.call(["a"]) != 0:\n        return {}, 500'), set()),
    "Python's post that raises": (python('requests.post("https://a.example", timeout=9).raise_for_status()'), set()),
    "Python's status that is read": (python('answer = requests.post("https://a.example", timeout=9)\n    if answer.status_code != 200:\n        return {}, 500'), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_exactly_what_nobody_looks_at_is_told(audited: Callable[..., Plan], name: str) -> None:
    files, codes = CASES[name]
    plan = audited(files)
    watched = {"CS201", "CS202", "CS204", "CS205", "CS542", "CS555", "CS556"}
    assert {finding.code for finding in plan.findings} & watched == codes


def test_every_one_of_many_is_told(audited: Callable[..., Plan]) -> None:
    writes = "\n  ".join(f"await {MARK.replace('rows', f'rows{number}')};" for number in range(20))
    plan = audited(route(f"{writes}\n  {OK}"))
    assert len([finding for finding in plan.findings if finding.code == "CS555"]) == 20


def test_a_client_that_the_project_makes_is_known_by_its_package(
    audited: Callable[..., Plan],
) -> None:
    files = route(f"await admin().from('rows').insert({{ a: 1 }});\n  {OK}", 'import { admin } from "@/lib/admin";')  # fmt: skip
    files["lib/admin.ts"] = 'import { createClient } from "@supabase/supabase-js";\nexport const admin = () => createClient("u", "k");\n'  # fmt: skip
    found = [finding for finding in audited(files).findings if finding.code == "CS555"]
    [finding] = found
    assert finding.location is not None
    assert (finding.location.line, finding.severity.value) == (5, "warning")


def test_a_client_that_is_made_once_and_kept_is_known_by_its_package(
    audited: Callable[..., Plan],
) -> None:
    body = (
        f"const db: any = admin();\n  for (const row of await rows()) await bump(db, row);\n  {OK}"
    )
    bump = 'async function bump(db: any, row: any) { await db.from("rows").update({ a: 1 }).eq("id", row); }'
    files = route(body, f'import {{ admin, rows }} from "@/lib/admin";\n{bump}')
    files["lib/admin.ts"] = (
        'import { createClient, type Client } from "@supabase/supabase-js";\n'
        'let kept: Client | null = null;\nexport function admin() { if (!kept) kept = createClient("u", "k"); return kept; }\n'
        'export async function rows() { const { data, error } = await admin().from("rows").select(); if (error) throw error; return data; }\n'
    )
    found = [finding for finding in audited(files).findings if finding.code == "CS555"]
    assert [one.location.line for one in found if one.location is not None] == [2]

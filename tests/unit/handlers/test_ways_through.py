"""Ways through code that are easily lost: loops that are left, lists of unknown rows, fronts that are not followed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.handlers import Resolver
from cronshift.handlers.flow.standing import LetsBy, Stops, Untold, code_before

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cronshift.model import Finding, Plan

HEAD = 'import { sendReports, purgeRows, db } from "@/lib/work";\n'
CHECK = """  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) return new Response("no", { status: 401 });
"""
OK = "return Response.json({ ok: true });"
STORE = 'import { store } from "@acme/store";\n'
WRITE = 'const { error } = await store.from("rows").upsert({ id: 1 });'
LATER = "const more = await store.rows.more();\n  if (!more.length) return Response.json({}, { status: 500 });"
SENT = "await fetch('https://mail.example/send', { method: 'POST', body: 'x' })"
ROWS = "const { rows } = await store.rows.list();"
TRYING = "try { await sendReports(row); } catch (error) { console.error(error); }"


def route(body: str, head: str = "") -> dict[str, str]:
    return {"app/api/cron/x/route.ts": f"{HEAD}{STORE}{head}\nexport async function GET(request: Request) {{\n{CHECK}  {body}\n}}\n"}  # fmt: skip


CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    # rows that may be missing
    "rows or none, turned into work": (route(f"{ROWS}\n  await Promise.all((rows ?? []).map(async (row) => {{ {TRYING} }}));\n  {OK}"), {"CS204"}),
    "rows or none, by the other sign": (route(f"{ROWS}\n  await Promise.all((rows || []).map(async (row) => {{ {TRYING} }}));\n  {OK}"), {"CS204"}),
    "rows or none, whose work fails": (route(f"{ROWS}\n  await Promise.all((rows ?? []).map(async (row) => {{ await sendReports(row); }}));\n  {OK}"), set()),
    "words of a text that may be missing": (route(f"{ROWS}\n  if (!(rows.scope ?? '').split(' ').includes('mail')) return Response.json({{ ok: true, off: true }});\n  const row = 1;\n  {TRYING}\n  {OK}"), {"CS204"}),
    "a key of a length": (route(f"const key = Buffer.from(process.env.MAIL_KEY!, 'hex');\n  if (key.length !== 32) throw new Error('key');\n  const row = 1;\n  {TRYING}\n  {OK}"), {"CS204"}),
    # workers that take work from a list
    "tasks by their number": (route("const tasks = [() => one(1)];\n  const results: any[] = [];\n  let next = 0;\n  async function worker() { while (next < tasks.length) { const n = next++; results[n] = await tasks[n](); } }\n  await Promise.all(Array.from({ length: 2 }, worker));\n  const failed = results.filter((result) => result.error);\n  return Response.json({ failed: failed.length });", "async function one(row) { try { await sendReports(row); return { error: null }; } catch (error) { return { error: String(error) }; } }"), {"CS205"}),
    "tasks by their number, whose work fails": (route(f"const tasks = [() => sendReports(1)];\n  let next = 0;\n  async function worker() {{ while (next < tasks.length) {{ const n = next++; await tasks[n](); }} }}\n  await Promise.all(Array.from({{ length: 2 }}, worker));\n  {OK}"), set()),
    # a turn that is left
    "told before the next turn": (route(f"const errors: string[] = [];\n  {ROWS}\n  for (const row of rows) {{ if (row.old) {{ try {{ await sendReports(row); }} catch (error) {{ errors.push(String(error)); }} continue; }} console.log(row); }}\n  return Response.json({{ errors }});"), {"CS205"}),
    "forgotten before the next turn": (route(f"{ROWS}\n  for (const row of rows) {{ if (row.old) {{ {TRYING} continue; }} console.log(row); }}\n  {OK}"), {"CS204"}),
    "forgotten in a case of a switch": (route(f"{ROWS}\n  for (const row of rows) {{ switch (row.kind) {{ case 'a': {TRYING} break; case 'b': console.log(row); break; default: console.info(row); }} }}\n  {OK}"), {"CS204"}),
    "thrown before the next turn": (route(f"{ROWS}\n  for (const row of rows) {{ if (row.old) {{ await sendReports(row); continue; }} console.log(row); }}\n  {OK}"), set()),
    # what each way puts into a list
    "a line of one way of three": (route(f"const lines: string[] = [];\n  {ROWS}\n  if (rows.a) {{ lines.push('a'); lines.push('b'); }} else if (rows.b) {{ try {{ await sendReports(1); lines.push('sent'); }} catch (error) {{ lines.push('not sent'); }} }} else {{ lines.push('none'); lines.push('more'); }}\n  return Response.json({{ lines }});"), {"CS205"}),
    # each promise has its own catch
    "two promises that are caught inside a try": (route(f"try {{\n    await sendReports(1).catch((error) => console.error(error));\n    await purgeRows().catch((error) => console.error(error));\n    {OK}\n  }} catch (error) {{ return Response.json({{}}, {{ status: 500 }}); }}"), {"CS204"}),
    # beside the work, and otherwise
    "a catch that counts in a metric": (route(f"try {{ await sendReports(); }} catch (error) {{ failuresTotal.inc(); }}\n  {OK}", 'import { failuresTotal } from "@acme/metrics";'), {"CS204"}),
    "a catch that does it otherwise": (route(f"try {{ await sendReports(); }} catch (error) {{ await store.invoices.submit(); }}\n  {OK}"), set()),
    # a later refusal that the failure does not decide
    "only logged, before another refusal": (route(f"{WRITE}\n  if (error) console.error(error);\n  {LATER}\n  {OK}"), {"CS204"}),
    "refused, before another refusal": (route(f"{WRITE}\n  if (error) return Response.json({{}}, {{ status: 502 }});\n  {LATER}\n  {OK}"), set()),
    "kept, and refused later": (route(f"{WRITE}\n  let broken = false;\n  if (error) broken = true;\n  {LATER}\n  if (broken) return Response.json({{}}, {{ status: 502 }});\n  {OK}"), set()),
    "kept in a list that is asked later": (route(f"{WRITE}\n  const errors: any[] = await store.old.errors();\n  if (error) errors.push(error);\n  {LATER}\n  if (errors.length) return Response.json({{}}, {{ status: 502 }});\n  {OK}"), set()),
    "kept by a row that is asked later": (route(f"{WRITE}\n  const state = await store.state();\n  if (error) state.broken = true;\n  {LATER}\n  if (state.broken) return Response.json({{}}, {{ status: 502 }});\n  {OK}"), set()),
    # sent otherwise where it was refused
    "sent again in plain text": (route(f"await sent();\n  {LATER}\n  {OK}", f"async function sent() {{ const first = {SENT}; if (first.ok) return first; const second = {SENT}; if (!second.ok) throw new Error('not sent'); return second; }}"), set()),
    "sent once, and only logged": (route(f"await sent();\n  {LATER}\n  {OK}", f"async function sent() {{ const first = {SENT}; if (first.ok) return first; console.error(first.status); }}"), {"CS204"}),
    "what is true where nothing fails": (route("const answer = { done: false };\n  answer.done = await tried();\n  return Response.json(answer);", "async function tried() { try { await sendReports(); return true; } catch { return false; } }"), {"CS205"}),
    "what is false in any case": (route("const answer = { dry: false };\n  try { await sendReports(); } catch (error) { console.error(error); }\n  return Response.json(answer);"), {"CS204"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_exactly_what_happens_is_told(told: Callable[..., list[Finding]], name: str) -> None:
    files, codes = CASES[name]
    assert {finding.code for finding in told(files)} == codes


def test_each_promise_that_is_caught_has_its_own_place(told: Callable[..., list[Finding]]) -> None:
    files, _ = CASES["two promises that are caught inside a try"]
    assert [finding.location.line for finding in told(files) if finding.location] == [8, 9]


def test_the_check_is_where_the_secret_is_compared(told: Callable[..., list[Finding]]) -> None:
    body = (
        'if (request.headers.get("origin") === process.env.APP_URL) console.log("ours");\n'
        '  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) return new Response("no", { status: 401 });\n'
        f"  await sendReports();\n  {OK}\n"
    )
    files = {"app/api/cron/x/route.ts": f"{HEAD}\nexport async function GET(request: Request) {{\n  {body}}}\n"}  # fmt: skip
    assert [(finding.code, finding.location.line) for finding in told(files) if finding.location] == [("CS208", 5)]  # fmt: skip


# a front that is not followed


def svelte(check: str, hooks: str) -> dict[str, str]:
    return {
        "package.json": '{"dependencies": {"@sveltejs/kit": "2"}}',
        "src/hooks.server.ts": hooks,
        "src/lib/work.ts": 'export async function sendReports() { await fetch("https://e.example", { method: "POST" }); }\n',
        "src/routes/api/cron/x/+server.ts": (
            'import { sendReports } from "$lib/work";\nimport { env } from "$env/dynamic/private";\n\n'
            "export async function GET({ request }) {\n  const authorization = request.headers.get('authorization');\n"
            f"  {check}\n  await sendReports();\n  return new Response('ok');\n}}\n"
        ),
    }


NOT_FOLLOWED = 'import { authGuard } from "@acme/gate";\nexport const handle = ({ event, resolve }) => authGuard(event, () => resolve(event));\n'
DEEP = "".join(f"const f{n} = (x) => {{ f{n + 1}(x); f{n + 1}(x); f{n + 1}(x); }};\n" for n in range(11))  # fmt: skip
STARTING = f"const f11 = (x) => x;\n{DEEP}export const handle = async ({{ event, resolve }}) => {{ f0(1); return resolve(event); }};\n"
REFUSE = "return new Response('no', { status: 401 });"
WEAK = {
    "only where it is set": (f"if (env.CRON_SECRET && authorization !== `Bearer ${{env.CRON_SECRET}}`) {REFUSE}", "CS207"),
    "Bearer undefined": (f"if (authorization !== `Bearer ${{process.env.CRON_SECRET}}`) {REFUSE}", "CS208"),
    "in any case": (f"if (!env.CRON_SECRET || authorization !== `Bearer ${{env.CRON_SECRET}}`) {REFUSE}", ""),
}  # fmt: skip


@pytest.mark.parametrize("hooks", [NOT_FOLLOWED, STARTING], ids=["not followed", "much to follow"])
@pytest.mark.parametrize("name", WEAK)
def test_a_front_hides_no_flaw_of_the_check_behind_it(
    told: Callable[..., list[Finding]], name: str, hooks: str
) -> None:
    check, code = WEAK[name]
    codes = {finding.code for finding in told(svelte(check, hooks)) if finding.code in {"CS206", "CS207", "CS208"}}  # fmt: skip
    assert codes == ({code} if code else set())


def test_what_cannot_be_told_of_a_front_is_no_warning(audited: Callable[..., Plan]) -> None:
    findings = audited(svelte(WEAK["in any case"][0], NOT_FOLLOWED)).findings
    assert [finding.severity.value for finding in findings if finding.code == "CS311"] == ["note"]


PATH = "/api/cron/mail"
PARAGLIDE = 'import { paraglideMiddleware } from "$lib/paraglide/server";\n'


@pytest.mark.parametrize(
    ("hooks", "answer"),
    [
        (f"{PARAGLIDE}export const handle = ({{ event, resolve }}) => paraglideMiddleware(event.request, ({{ request }}) => resolve(event));\n", LetsBy),
        (f"{PARAGLIDE}export const handle = ({{ event, resolve }}) => paraglideMiddleware(event.request, ({{ request }}) => new Response('no', {{ status: 403 }}));\n", Stops),
        (STARTING, LetsBy),
    ],
)  # fmt: skip
def test_a_hook_of_sveltekit(tmp_path: Path, hooks: str, answer: type) -> None:
    files = {
        "package.json": '{"dependencies": {"@sveltejs/kit": "2"}}',
        "src/hooks.server.ts": hooks,
        "src/routes/api/cron/mail/+server.ts": "export const GET = async () => new Response('ok');\n",
    }
    assert isinstance(front(tmp_path, files), answer)


def front(root: Path, files: dict[str, str]) -> LetsBy | Stops | Untold:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    rules = json.loads(files.get("vercel.json", "{}"))
    return code_before(Resolver(root, rules), PATH).answer


EXPRESS = {
    "vercel.json": '{"rewrites": [{"source": "/(.*)", "destination": "/api/index"}]}',
    "package.json": '{"dependencies": {"express": "4"}}',
    "src/mail.routes.ts": "import { Router } from 'express';\nconst router = Router();\nrouter.get('/cron/mail', (req, res) => res.json({ ok: true }));\nexport default router;\n",
}


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        # what stands behind the router that answers does not run before it
        ("app.use('/api', mailRoutes);\napp.use((req, res) => res.status(404).json({}));\n", LetsBy),
        ("app.use((req, res) => res.status(404).json({}));\napp.use('/api', mailRoutes);\n", Stops),
        ("app.use(createRequestLogger());\napp.use('/api', mailRoutes);\n", LetsBy),
        ("app.use(createRequestGuard());\napp.use('/api', mailRoutes);\n", Untold),
        ("app.use(async (req, res, next) => { try { await known(req); next(); } catch (error) { next(error); } });\napp.use('/api', mailRoutes);\n", LetsBy),
    ],
)  # fmt: skip
def test_middleware_of_express(tmp_path: Path, lines: str, answer: type) -> None:
    head = "import express from 'express';\nimport { createRequestLogger, createRequestGuard, known } from '@acme/web';\nimport mailRoutes from '../src/mail.routes.js';\nconst app = express();\n"
    files = {**EXPRESS, "api/index.ts": f"{head}{lines}export default app;\n"}
    assert isinstance(front(tmp_path, files), answer)


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        ("app.use(jobs);\napp.use(none);\n", LetsBy),
        ("app.use(none);\napp.use(jobs);\n", Stops),
        ("app.use(jobs);\napp.use(none);\napp.use(others);\n", LetsBy),
    ],
)
def test_a_router_of_express_that_has_no_path_of_its_own(
    tmp_path: Path, lines: str, answer: type
) -> None:
    head = "import express from 'express';\nimport jobs from '../src/mail.routes.js';\nimport others from '../src/others.js';\nconst app = express();\nconst none = (req, res) => res.status(404).json({});\n"
    files = {
        **EXPRESS,
        "src/mail.routes.ts": EXPRESS["src/mail.routes.ts"].replace("/cron/mail", PATH),
        "src/others.ts": EXPRESS["src/mail.routes.ts"].replace("/cron/mail", "/api/other"),
        "api/index.ts": f"{head}{lines}export default app;\n",
    }
    assert isinstance(front(tmp_path, files), answer)


@pytest.mark.parametrize(
    ("refusing", "auth"),
    [
        ("if (!known) { res.sendStatus(401); return; }", "cron-secret"),
        ("if (!known) return res.status(401).end();", "cron-secret"),
        ("if (!known) { res.status(401).json({}); await logDenied(); return; }", "cron-secret"),
        ("if (!known) res.sendStatus(401);\n    else", "cron-secret"),
        ("if (!known) { res.sendStatus(401); }", "none"),
        ("if (!known) res.status(401).json({ error: 'no' });", "none"),
    ],
)
def test_a_refusal_after_which_the_work_is_done_refuses_nobody(
    audited: Callable[..., Plan], refusing: str, auth: str
) -> None:
    head = "import { sendReports, logDenied, release } from '../../lib/work';\nexport default async function handler(req, res) {\n  if (!process.env.CRON_SECRET) return res.status(500).end();\n  const known = req.headers.authorization === `Bearer ${process.env.CRON_SECRET}`;\n"
    body = f"  try {{\n    {refusing}\n    {{ await sendReports(); }}\n    res.status(200).end();\n  }} finally {{ await release(); }}\n}}\n"
    [job] = audited({"package.json": "{}", "api/cron/x.ts": head + body}).jobs
    assert job.handler is not None
    assert job.handler.auth == auth


@pytest.mark.parametrize(
    ("catching", "codes"),
    [("next(error)", set()), ("res.json({ ok: true })", {"CS204"})],
)
def test_a_wrapper_of_express_hands_its_error_on(
    told: Callable[..., list[Finding]], catching: str, codes: set[str]
) -> None:
    files = {
        "package.json": '{"dependencies": {"express": "4"}}',
        "lib/wrap.ts": f"export const wrap = (run) => async (req, res, next) => {{ try {{ await run(req, res, next); }} catch (error) {{ {catching}; }} }};\n",
        "api/cron/x.ts": (
            "import express from 'express';\nimport { wrap } from '../../lib/wrap';\nimport { sendReports } from '../../lib/work';\n"
            "const app = express();\napp.get('/api/cron/x', wrap(async (req, res) => {\n"
            "  if (!process.env.CRON_SECRET || req.headers.authorization !== `Bearer ${process.env.CRON_SECRET}`) return res.status(401).end();\n"
            "  await sendReports();\n  res.json({ ok: true });\n}));\nexport default app;\n"
        ),
    }
    assert {finding.code for finding in told(files)} == codes


ASGI = "class Front:\n    def __init__(self, app):\n        self.app = app\n\n    async def __call__(self, scope, receive, send):\n"
SENDING = '        await send({"type": "http.response.start", "status": 403, "headers": []})\n'


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ('        if scope["type"] != "http":\n            await self.app(scope, receive, send)\n            return\n        try:\n            await self.app(scope, receive, send)\n        finally:\n            print("done")\n', LetsBy),
        ("        await JSONResponse({}, status_code=401)(scope, receive, send)\n", Stops),
        (SENDING, Stops),
        ('        if scope["path"].startswith("/api/cron"):\n            await self.app(scope, receive, send)\n        else:\n    ' + SENDING, LetsBy),
    ],
)  # fmt: skip
def test_a_class_that_stands_in_front_as_asgi_itself(
    tmp_path: Path, body: str, answer: type
) -> None:
    files = {
        "vercel.json": '{"rewrites": [{"source": "/(.*)", "destination": "/api/index"}]}',
        "requirements.txt": "fastapi\n",
        "api/index.py": f"from fastapi import FastAPI\nfrom fastapi.responses import JSONResponse\n\napp = FastAPI()\n\n\n{ASGI}{body}\n\napp.add_middleware(Front)\n\n\n@app.get('{PATH}')\ndef mail():\n    return {{}}\n",
    }
    assert isinstance(front(tmp_path, files), answer)


@pytest.mark.parametrize(
    ("name", "answer"), [("content-length", LetsBy), ("x-vercel-ip-country", Untold)]
)
def test_a_get_has_no_body_and_no_length_of_one(tmp_path: Path, name: str, answer: type) -> None:
    files = {
        "package.json": '{"dependencies": {"next": "16"}}',
        "proxy.ts": f"import {{ NextResponse }} from 'next/server';\nexport function proxy(request) {{\n  const said = request.headers.get('{name}');\n  if (said && parseInt(said) > 10) return new NextResponse('no', {{ status: 413 }});\n  return NextResponse.next();\n}}\n",
        "app/api/cron/mail/route.ts": "export const GET = async () => new Response('ok');\n",
    }
    assert isinstance(front(tmp_path, files), answer)


WORK = "    try:\n        mail.send_all()\n    except Exception as error:\n        print(error)\n    return {}\n"
CAUGHT = "from fastapi import FastAPI, Header, HTTPException\nfrom acme import mail\nimport os\n\napp = FastAPI()\n\n\n"
GUARD = '@app.get("/api/cron/x")\ndef run(authorization: str = Header(None)):\n    secret = os.environ["CRON_SECRET"]\n    if authorization != f"Bearer {secret}":\n        raise HTTPException(401)\n'


@pytest.mark.parametrize(
    ("given", "asked", "codes"),
    [
        # each part of a tuple is what it is on one of the ways
        ("return False, []", "    if not found:\n        return {}\n", {"CS204"}),
        ("return None", "    if not found:\n        raise HTTPException(500)\n", {"CS204"}),
        ("return False, []", "    if not seen:\n        return {}\n", set()),
    ],
)
def test_what_a_function_gives_in_pairs(
    told: Callable[..., list[Finding]], given: str, asked: str, codes: set[str]
) -> None:
    seen = "seen, found = look(1)\n" if "," in given else "found = look(1)\n"
    last = "False, ['a']" if "," in given else "['a']"
    files = {
        "requirements.txt": "fastapi\n",
        "api/cron/x.py": f"{CAUGHT}def look(key):\n    if mail.is_off(key):\n        {given}\n    return {last}\n\n\n{GUARD}    {seen}{asked}{WORK}",
    }
    assert {finding.code for finding in told(files)} == codes

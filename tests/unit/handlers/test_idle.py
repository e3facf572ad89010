"""A GET that does nothing at all is told, and none that does something: firing and not firing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Plan

ROUTE, PAGE = "app/api/cron/x/route.ts", "pages/api/cron/x.ts"
HEAD = 'import { sendReports } from "@/lib/work";\n'
DONE = "return Response.json({ ok: true });"


def route(body: str, head: str = "") -> dict[str, str]:
    return {ROUTE: f"{HEAD}{head}\nexport async function GET(request: Request) {{\n  {body}\n}}\n"}


def page(body: str) -> dict[str, str]:
    return {
        PAGE: f"{HEAD}export default async function handler(req, res) {{\n  {body}\n}}\n",
        "package.json": '{"dependencies": {"next": "16.0.0"}}',
    }


def function(body: str) -> dict[str, str]:
    return {"api/cron/x.py": f"from http.server import BaseHTTPRequestHandler\nimport requests\n\n\nclass handler(BaseHTTPRequestHandler):\n    def do_GET(self):\n        {body}\n        self.send_response(200)\n        self.end_headers()\n        self.wfile.write('ok'.encode())\n"}  # fmt: skip


def app(body: str) -> dict[str, str]:
    head = "import os\nfrom acme import rows\nfrom fastapi import FastAPI\nfrom fastapi.responses import FileResponse, HTMLResponse\n\napp = FastAPI()\n\n\n"  # fmt: skip
    return {
        "api/index.py": f'{head}@app.get("/api/cron/x")\ndef run():\n    {body}\n',
        "requirements.txt": "fastapi\n",
        "vercel.json": '{"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}], "rewrites": [{"source": "/(.*)", "destination": "/api/index"}]}',
    }


IDLE = {
    "a constant": route(DONE),
    "a constant, concisely": {ROUTE: "export const GET = () => new Response('Hello');\n"},
    "its work commented out": route(f"// await sendReports();\n  console.log('tick', new Date().toISOString());\n  {DONE}"),
    "its work behind an answer": route(f"{DONE}\n  await sendReports();"),
    "its work behind a constant that is false": route(f"if (ENABLED) await sendReports();\n  {DONE}", "const ENABLED = false;"),
    "a caller who is checked, and nothing then": route(f"if (request.headers.get('authorization') !== `Bearer ${{process.env.CRON_SECRET}}`) return new Response('no', {{ status: 401 }});\n  {DONE}"),
    "a helper that does nothing": route(f"await run();\n  {DONE}", "async function run() { console.log('nothing yet'); return []; }"),
    "a pause": route(f"await new Promise((resolve) => setTimeout(resolve, 100));\n  {DONE}"),
    "a redirect": route("return Response.redirect(new URL('/login', request.url));"),
    "an answer that it is switched off": route("return Response.json({ error: 'disabled' }, { status: 410 });"),
    "a page that only answers": page("console.log(req.headers['user-agent']);\n  res.status(200).json({ ok: true });"),
    "a class of Python's": function("print('tick')"),
    "a function that the framework's decorator marks": app("return {'ok': True}"),
    "a page of the site, whatever is asked for": app("if os.path.isfile('x.html'):\n        return FileResponse('x.html')\n    return HTMLResponse('no', status_code=404)"),
}  # fmt: skip
BUSY = {
    "work": route(f"await sendReports();\n  {DONE}"),
    "work below the framework's decorator": app("rows.purge()\n    return {'ok': True}"),
    "a look": route("return Response.json({ n: await client.rows.count() });"),
    "a look by a package": route("return Response.json(await Row.find({}));", 'import { Row } from "@acme/rows";'),
    "a statement that asks whether a database is there": route(f"await sql`SELECT 1`;\n  {DONE}", 'import { sql } from "@vercel/postgres";'),
    "a page that is made anew": route(f"revalidatePath('/');\n  {DONE}", 'import { revalidatePath } from "next/cache";'),
    "work behind a switch of the environment": route(f"if (process.env.ENABLED === 'true') await sendReports();\n  {DONE}"),
    "work behind a switch, and an answer before it": route(f"if (process.env.ENABLED !== 'true') {DONE}\n  await sendReports();\n  {DONE}"),
    "work in a helper": route(f"await run();\n  {DONE}", "async function run() { console.log('run'); await sendReports(); }"),
    "work in a callback": route(f"[1].forEach((row) => sendReports(row));\n  {DONE}"),
    "work that is handed on by its name": route(f"[1].map(sendReports);\n  {DONE}"),
    "work behind the answer": route(f"after(() => sendReports());\n  {DONE}", 'import { after } from "next/server";'),
    "something that is made": route(f"new Worker('./job.js');\n  {DONE}", 'import { Worker } from "node:worker_threads";'),
    "a log in the database": route(f"await logRun();\n  {DONE}", "async function logRun() { await client.insert({}); }"),
    "a mail by a method named send": route(f"mailer.send({{}});\n  {DONE}", 'import { mailer } from "@acme/mail";'),
    "a function of a package": {ROUTE: 'export { GET } from "@acme/jobs";\n'},
    "work of another method": {ROUTE: f"{HEAD}export function GET() {{ {DONE} }}\nexport async function POST() {{ await sendReports(); {DONE} }}\n"},
    "a page that works": page("await sendReports();\n  res.status(200).end();"),
    "a class of Python's": function("requests.post('https://e.example')"),
}  # fmt: skip


@pytest.mark.parametrize("name", IDLE)
def test_a_get_that_does_nothing_is_told_once(audited: Callable[..., Plan], name: str) -> None:
    told = [finding for finding in audited(IDLE[name]).findings if finding.code == "CS320"]
    assert [finding.message.endswith("reaches no work: it only answers.") for finding in told] == [True]  # fmt: skip


@pytest.mark.parametrize("name", BUSY)
def test_a_get_that_may_do_something_is_not_told(audited: Callable[..., Plan], name: str) -> None:
    assert "CS320" not in {finding.code for finding in audited(BUSY[name]).findings}


@pytest.mark.parametrize("name", ["warm", "health", "keep-alive", "ping"])
def test_a_path_that_keeps_a_function_loaded_is_not_told(
    audited: Callable[..., Plan], name: str
) -> None:
    files = {f"app/api/{name}/route.ts": f"export function GET() {{ {DONE} }}\n"}
    plan = audited(files, f"/api/{name}")
    assert plan.jobs[0].handler is not None
    assert "CS320" not in {finding.code for finding in plan.findings}

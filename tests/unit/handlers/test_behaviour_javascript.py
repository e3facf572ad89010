"""What handlers in TypeScript do: each rule where it must speak, and where it must not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

SAFE = """  if (!process.env.CRON_SECRET || request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    return new Response("no", { status: 401 });
  }
"""
IMP = 'import { work, other, sendMail, trackEvent } from "@/lib/w";\n'
LIBRARY = """export async function work(x?: unknown) { await fetch("https://e.example"); }
export async function other() { await fetch("https://e.example"); }
export async function sendMail() { await fetch("https://e.example"); }
export async function trackEvent(x: string) { await fetch("https://e.example"); }
"""
AUTH = """export function requireCronAuth(request: Request) {
  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) {
    return new Response("no", { status: 401 });
  }
  return null;
}
"""


def ts(body: str, before: str = "", *, auth: bool = True) -> str:
    checked = SAFE if auth else ""
    return f"{before}export async function GET(request: Request) {{\n{checked}{body}\n}}\n"


NAMED = "".join(
    f"async function {name}() {{ await work(); }}\n"
    for name in ("syncCatalog", "chargeAccounts", "sendReceipt", "syncAuthors")
)
CASES: dict[str, tuple[str, set[str]]] = {
    "awaited all": (
        ts(
            "const r = await Promise.all([1].map(async (x) => work(x)));\nreturn Response.json({r});",
            IMP,
        ),
        set(),
    ),
    "return then": (ts("return work().then((r) => Response.json({ r }));", IMP), set()),
    "await then": (ts("await work().then(() => other());\nreturn Response.json({});", IMP), set()),
    "void track": (
        ts('await work();\nvoid trackEvent("x");\nreturn Response.json({});', IMP),
        {"CS202"},
    ),
    "a chain that a log starts": (
        ts(
            'if (Math.random() > 0.5) logger.error("late");\nreturn Response.json({ n: await countRows() });',
            IMP
            + "function captured(capture: (m: { send(): void }) => void) { const ready = globalThis.ready ? globalThis.ready() : Promise.resolve(); ready.then(() => import('some-monitor')).then(capture).catch(() => {}); }\n"
            + "const logger = { error(text: string) { captured((m) => m.send()); } };\n",
        ),
        {"CS202"},
    ),
    "then chain": (
        ts(
            'work().then(() => console.log("done")).catch(console.error);\nreturn Response.json({ok:true});',
            IMP,
        ),
        {"CS201"},
    ),
    "unawaited local": (
        ts(
            "run();\nreturn Response.json({ok:true});",
            IMP + "async function run() { await work(); }\n",
        ),
        {"CS201"},
    ),
    "iife": (
        ts("(async () => { await work(); })();\nreturn Response.json({ok:true});", IMP),
        {"CS201"},
    ),
    "settimeout": (
        ts("setTimeout(async () => { await work(); }, 0);\nreturn Response.json({ok:true});", IMP),
        {"CS201"},
    ),
    "after": (
        ts(
            "after(async () => { await work(); });\nreturn Response.json({ok:true});",
            IMP + 'import { after } from "next/server";\n',
        ),
        {"CS203"},
    ),
    "after log": (
        ts(
            'await work();\nafter(() => trackEvent("x"));\nreturn Response.json({ok:true});',
            IMP + 'import { after } from "next/server";\n',
        ),
        set(),
    ),
    "rethrow": (
        ts(
            "try { await work(); } catch (e) { console.error(e); throw e; }\nreturn Response.json({});",
            IMP,
        ),
        set(),
    ),
    "500": (
        ts(
            "try { await work(); return Response.json({}); } catch (e) { return Response.json({ error: String(e) }, { status: 500 }); }",
            IMP,
        ),
        set(),
    ),
    "swallow": (
        ts(
            "try { await work(); } catch (e) { console.error(e); }\nreturn Response.json({ok:true});",
            IMP,
        ),
        {"CS204"},
    ),
    "swallow2": (
        ts(
            "try { await work(); return Response.json({}); } catch (e) { return Response.json({ success: false }); }",
            IMP,
        ),
        {"CS205"},
    ),
    "per item try": (
        ts(
            "let n = 0;\nfor (const x of [1,2]) { try { await work(x); } catch (e) { n += 1; } }\nreturn Response.json({ n });",
            IMP,
        ),
        {"CS205"},
    ),
    "helper auth": (
        ts(
            "const denied = requireCronAuth(request);\nif (denied) return denied;\nawait work();\nreturn Response.json({});",
            IMP + 'import { requireCronAuth } from "@/lib/auth";\n',
            auth=False,
        ),
        set(),
    ),
    "wrapper": (
        IMP
        + 'import { withCron } from "@/lib/cron";\nexport const GET = withCron(async (request: Request) => { await work(); return Response.json({}); });\n',
        set(),
    ),
    "undefined bearer": (
        ts(
            'if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) return new Response("no",{status:401});\nawait work();\nreturn Response.json({});',
            IMP,
            auth=False,
        ),
        {"CS208"},
    ),
    "fail open": (
        ts(
            'if (process.env.CRON_SECRET && request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) return new Response("no",{status:401});\nawait work();\nreturn Response.json({});',
            IMP,
            auth=False,
        ),
        {"CS207"},
    ),
    "fail open2": (
        ts(
            'const secret = process.env.CRON_SECRET;\nif (secret) { if (request.headers.get("authorization") !== `Bearer ${secret}`) return new Response("no",{status:401}); }\nawait work();\nreturn Response.json({});',
            IMP,
            auth=False,
        ),
        {"CS207"},
    ),
    "dev bypass": (
        ts(
            'const secret = process.env.CRON_SECRET;\nif (!secret) return new Response("no",{status:500});\nif (request.headers.get("authorization") !== `Bearer ${secret}`) return new Response("no",{status:401});\nawait work();\nreturn Response.json({});',
            IMP,
            auth=False,
        ),
        set(),
    ),
    "timing": (
        ts(
            'const got = Buffer.from(request.headers.get("authorization") ?? ""); const want = Buffer.from(`Bearer ${env.CRON_SECRET}`);\nif (got.length !== want.length || !timingSafeEqual(got, want)) return new Response("no",{status:401});\nawait work();\nreturn Response.json({});',
            IMP + 'import { timingSafeEqual } from "crypto";\nimport { env } from "@/env";\n',
            auth=False,
        ),
        set(),
    ),
    "ua": (
        ts(
            'if (!request.headers.get("user-agent")?.includes("vercel-cron/1.0")) return new Response("no",{status:401});\nawait work();\nreturn Response.json({});',
            IMP,
            auth=False,
        ),
        {"CS209"},
    ),
    "none": (ts("await work();\nreturn Response.json({});", IMP, auth=False), {"CS206"}),
    "post only": (
        IMP
        + "export async function POST(request: Request) { await work(); return Response.json({}); }\n",
        {"CS302"},
    ),
    "stub": (
        IMP
        + 'export async function GET() { return Response.json({ status: "ok" }); }\nexport async function POST(request: Request) { '
        + SAFE
        + " await work(); return Response.json({}); }\n",
        {"CS210"},
    ),
    "delegate": (
        IMP
        + "export async function GET(request: Request) { return POST(request); }\nexport async function POST(request: Request) { "
        + SAFE
        + " await work(); return Response.json({}); }\n",
        set(),
    ),
    "soft": (
        ts(
            "const ok = await work();\nif (!ok) return Response.json({ success: false });\nreturn Response.json({ success: true });",
            IMP,
        ),
        {"CS205"},
    ),
    "errors list": (
        ts(
            "const errors: string[] = [];\nfor (const x of [1]) { try { await work(x); } catch (e) { errors.push(String(e)); } }\nreturn Response.json({ errors });",
            IMP,
        ),
        {"CS205"},
    ),
    "an answer that is looked at in work nobody waits for": (
        ts(
            "push();\nreturn Response.json({});",
            IMP
            + "async function push() { const r = await fetch('https://x.dev', { method: 'POST' }); if (!r.ok) throw new Error('no'); }\n",
        ),
        {"CS201"},
    ),
    "an answer that is looked at behind the answer": (
        ts(
            "after(async () => { const r = await fetch('https://x.dev', { method: 'POST' }); if (!r.ok) throw new Error('no'); });\nreturn Response.json({});",
            'import { after } from "next/server";\n' + IMP,
        ),
        {"CS203"},
    ),
    "static": (
        ts(
            "await work();\nreturn Response.json({});",
            IMP + 'export const dynamic = "force-static";\n',
        ),
        {"CS211"},
    ),
    "dynamic": (
        ts(
            "await work();\nreturn Response.json({});",
            IMP + 'export const dynamic = "force-dynamic";\n',
        ),
        set(),
    ),
    "module effect": (
        ts("await work();\nreturn Response.json({});", IMP + "await work();\n"),
        {"CS213"},
    ),
    "module client": (
        ts(
            "await db.x();\nawait work();\nreturn Response.json({});",
            IMP + "const db = createClient(process.env.URL!);\n",
        ),
        set(),
    ),
    "edge": (
        ts("await work();\nreturn Response.json({});", IMP + 'export const runtime = "edge";\n'),
        {"CS216"},
    ),
    "spawn": (
        ts(
            'spawn("node", ["job.js"]);\nreturn Response.json({});',
            'import { spawn } from "node:child_process";\n',
        ),
        {"CS201"},
    ),
    "regex exec": (
        ts('const m = /a/.exec("b");\nawait work(m);\nreturn Response.json({});', IMP),
        set(),
    ),
    "promise var": (
        ts(
            "const p = work();\nconst q = other();\nawait Promise.all([p, q]);\nreturn Response.json({});",
            IMP,
        ),
        set(),
    ),
    "waituntil": (
        ts(
            "waitUntil(work());\nreturn Response.json({});",
            IMP + 'import { waitUntil } from "@vercel/functions";\n',
        ),
        {"CS203"},
    ),
    "main work named like side work": (
        ts("syncCatalog();\nreturn Response.json({});", IMP + NAMED),
        {"CS201"},
    ),
    "after with main and side work": (
        ts(
            "await work();\nafter(async () => { await other(); console.log(1); });\nreturn Response.json({});",
            IMP,
        ),
        {"CS203"},
    ),
    "loop with a log": (
        ts(
            "await other();\nrows.forEach(async (r) => { await sendMail(r); console.log(r); });\nreturn Response.json({});",
            IMP,
        ),
        {"CS201"},
    ),
    "side work beside work on accounts": (
        ts("await chargeAccounts();\nsendReceipt();\nreturn Response.json({});", IMP + NAMED),
        {"CS202"},
    ),
    "an author is no authorization": (
        ts("await syncAuthors();\nreturn Response.json({});", IMP + NAMED, auth=False),
        {"CS206"},
    ),
}


def codes(root: Path, source: str) -> set[str]:
    files = {
        "vercel.json": json.dumps({"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}]}),
        "package.json": '{"dependencies": {"next": "16.0.0"}}',
        "app/api/cron/x/route.ts": source,
        "lib/w.ts": LIBRARY,
        "lib/auth.ts": AUTH,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {finding.code for finding in make_plan(load_project(root)).findings}


@pytest.mark.parametrize("name", CASES)
def test_exactly_what_is_wrong_is_told(tmp_path: Path, name: str) -> None:
    source, expected = CASES[name]
    assert codes(tmp_path, source) == expected


def test_what_a_handler_reads_and_runs_on_is_told(tmp_path: Path) -> None:
    body = """  const limit = new URL(request.url).searchParams.get("limit");
  await work([limit, request.headers.get("x-vercel-cron-schedule")]);
  return Response.json({});"""
    before = IMP + 'export const runtime = "nodejs";\nexport const maxDuration = 120;\n'
    codes(tmp_path, ts(body, before))
    (job,) = make_plan(load_project(tmp_path)).jobs
    assert job.handler
    assert job.handler.reads == ("query", "schedule")
    assert (job.handler.runtime, job.handler.max_duration) == ("nodejs", 120)


@pytest.mark.parametrize(
    ("name", "auth"),
    [("timing", "cron-secret-constant-time"), ("dev bypass", "cron-secret"), ("ua", "spoofable")],
)
def test_how_the_caller_is_checked_is_told(tmp_path: Path, name: str, auth: str) -> None:
    codes(tmp_path, CASES[name][0])
    (job,) = make_plan(load_project(tmp_path)).jobs
    assert job.handler
    assert job.handler.auth == auth


QUIET = "export async function GET() {\n  await work();\n  return Response.json({});\n}\n"


@pytest.mark.parametrize(
    ("next_version", "source", "kept"),
    [
        ("^14.2.0", IMP + QUIET, True),
        ("13.5.1", IMP + QUIET, True),
        ("15.0.0", IMP + QUIET, False),
        ("latest", IMP + QUIET, False),
        ("14.0.0", IMP + QUIET.replace("GET()", "GET(request: Request)"), True),
        ("14.0.0", IMP + QUIET.replace("GET() {", "GET(request: Request) { request.url;"), False),
        ("14.0.0", IMP + 'export const dynamic = "force-dynamic";\n' + QUIET, False),
        ("14.0.0", IMP + "export const revalidate = 0;\n" + QUIET, False),
        ("14.0.0", IMP + 'export const runtime = "edge";\n' + QUIET, False),
        ("14.0.0", IMP + 'export const runtime = "nodejs";\n' + QUIET, True),
        ("14.0.0", IMP + QUIET + "export async function POST() {}\n", False),
        ("14.0.0", 'import { headers } from "next/headers";\n' + IMP + QUIET, False),
        ("14.0.0", IMP + QUIET.replace("work()", 'fetch("/x", { cache: "no-store" })'), False),
    ],
)
def test_next_up_to_14_keeps_a_get_that_asks_nothing_of_the_request(
    tmp_path: Path, next_version: str, source: str, kept: bool
) -> None:
    codes(tmp_path, source)
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {"next": next_version}}))
    found = {finding.code for finding in make_plan(load_project(tmp_path)).findings}
    assert ("CS211" in found) is kept


def test_a_pages_handler_that_never_answers_is_told(tmp_path: Path) -> None:
    silent = "export default async function handler(req, res) {\n  await work();\n}\n"
    for text, told in ((silent, True), (silent.replace("}\n", "  res.end();\n}\n"), False)):
        page = tmp_path / "pages/api/y.ts"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text)
        crons = {"crons": [{"path": "/api/y", "schedule": "0 3 * * *"}]}
        (tmp_path / "vercel.json").write_text(json.dumps(crons))
        (tmp_path / "package.json").write_text('{"dependencies": {"next": "16.0.0"}}')
        found = {finding.code for finding in make_plan(load_project(tmp_path)).findings}
        assert ("CS215" in found) is told


def test_a_handler_that_streams_and_reads_its_schedule_is_told(tmp_path: Path) -> None:
    body = """  const schedule = request.headers.get("x-vercel-cron-schedule");
  await work(schedule);
  return new Response(new ReadableStream({ start(c) { c.close(); } }));"""
    assert {"CS212", "CS214"} <= codes(tmp_path, ts(body, IMP))

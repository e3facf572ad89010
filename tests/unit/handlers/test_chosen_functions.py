"""Functions that a key chooses, and what the path of the entry tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Plan

CHECK = "if (request.headers.get('authorization') !== `Bearer ${process.env.CRON_SECRET}`) return new Response('no', { status: 401 });"  # fmt: skip
MAP = """const handlers = {
  'cron/other': async (request) => new Response('no', { status: 401 }),
  'cron/x': async (request) => { await store.rows.insertMany([1]); return new Response('ok'); },
};
"""
ROUTES = {
    "by a row, asked of nobody": ("app/api/cron/x/route.ts", f"{MAP}export async function GET(request) {{ const row = await store.next(); return handlers[row.kind](request); }}", set()),
    "by a row, behind a check": ("app/api/cron/x/route.ts", f"{MAP}export async function GET(request) {{ {CHECK} const row = await store.next(); return handlers[row.kind](request); }}", {"CS208"}),
    "by a row, without the request": ("app/api/cron/x/route.ts", "const jobs = { a: async () => { await store.rows.insertMany([1]); }, b: async () => { await store.rows.deleteMany({}); } };\nexport async function GET() { const row = await store.next(); await jobs[row.kind](); return new Response('ok'); }", {"CS206"}),
    "by the rest of the path": ("app/api/[[...slug]]/route.ts", f"{MAP}export async function GET(request, context) {{ const {{ slug = [] }} = await context.params; const run = handlers[slug.join('/')]; if (!run) return new Response('no', {{ status: 404 }}); return run(request); }}", {"CS206"}),
    "by the end of the address": ("app/api/cron/x/route.ts", "const jobs = { other: async () => new Response('no', { status: 401 }), x: async () => { await store.rows.insertMany([1]); return new Response('ok'); } };\nexport async function GET(request) { return jobs[new URL(request.url).pathname.split('/').pop()](request); }", {"CS206"}),
    "a parameter of the app router": ("app/api/cron/[job]/route.ts", f"export async function GET(request, {{ params }}) {{ {CHECK} const {{ job }} = await params; if (job !== 'x') return new Response('no', {{ status: 404 }}); await store.rows.insertMany([1]); return new Response('ok'); }}", {"CS208"}),
    "a parameter of the pages router": ("pages/api/cron/[job].ts", "export default async function handler(req, res) { if (req.headers.authorization !== `Bearer ${process.env.CRON_SECRET}`) return res.status(401).end(); if (req.query.job !== 'x') return res.status(404).end(); await store.rows.insertMany([1]); res.status(200).end(); }", {"CS208"}),
    "headers gone through one by one": ("app/api/cron/x/route.ts", "export async function GET(request) { const all = {}; request.headers.forEach((text, name) => { all[name] = text; }); if (all['authorization'] !== `Bearer ${process.env.CRON_SECRET}`) return new Response('no', { status: 401 }); await store.rows.insertMany([1]); return new Response('ok'); }", {"CS208"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUTES)
def test_who_may_call(audited: Callable[..., Plan], name: str) -> None:
    file, text, codes = ROUTES[name]
    plan = audited({file: f'import {{ store }} from "@acme/store";\n{text}\n'})
    watched = {"CS206", "CS207", "CS208", "CS209", "CS214", "CS217", "CS218", "CS320"}
    assert {finding.code for finding in plan.findings} & watched == codes


BOT = """import { Bot } from 'grammy';
let made;
export function bot() {
  if (made) return made;
  made = new Bot('x');
  made.use(async (context, next) => { await store.seen.insertMany([1]); return next(); });
  made.command('start', async (context) => { try { await store.rows.insertMany([1]); } catch (error) { console.error(error); } });
  return made;
}
"""


def test_a_handler_of_messages_that_is_registered_is_no_work_of_the_call(
    audited: Callable[..., Plan],
) -> None:
    """Neither does it stand in front of the route, in whose file it is."""
    text = f"import {{ store }} from '@acme/store';\n{BOT}export async function GET(request: Request) {{ {CHECK} await bot().api.sendMessage('hello'); return new Response('ok'); }}\n"  # fmt: skip
    codes = {finding.code for finding in audited({"app/api/cron/x/route.ts": text}).findings}
    assert not codes & {"CS201", "CS202", "CS204", "CS205", "CS310", "CS311"}


def test_a_key_in_the_query_of_the_entry_passes_what_stands_in_front(
    audited: Callable[..., Plan],
) -> None:
    hook = "import { redirect } from '@sveltejs/kit';\nexport const handle = async ({ event, resolve }) => { if (event.url.searchParams.get('key') === 'a@b') return resolve(event); throw redirect(303, '/login'); };\n"  # fmt: skip
    files = {
        "package.json": '{"devDependencies": {"@sveltejs/kit": "2.0.0"}}',
        "src/hooks.server.ts": hook,
        "src/routes/warm/+server.ts": "export const GET = async () => new Response('ok');\n",
    }
    stopped = {
        path: "CS310" in {finding.code for finding in audited(files, path).findings}
        for path in ("/warm?key=a%40b", "/warm?key=other", "/warm")
    }
    assert stopped == {"/warm?key=a%40b": False, "/warm?key=other": True, "/warm": True}

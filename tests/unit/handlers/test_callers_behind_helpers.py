"""The word for who may call where helpers stand in between: logs, environments, digests, loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Plan

NO = "return new Response('no', { status: 401 });"
WORK = "await store.rows.insertMany([1]); return new Response('ok');"
STORE = 'import { store } from "@acme/store";\n'
PRESENT = "function present(text) { if (text === null || text === undefined) return false; if (typeof text === 'string') return text.trim().length > 0; return true; }\n"  # fmt: skip
BEARER = f"if (request.headers.get('authorization') !== `Bearer ${{process.env.CRON_SECRET}}`) {NO}"
VERIFIED = """import { timingSafeEqual } from 'node:crypto';
function verified(request) {
  const secret = process.env.CRON_SECRET;
  const bearer = request.headers.get('authorization')?.match(/^Bearer (.+)$/)?.[1];
  if (!secret || !bearer) return false;
  const [one, other] = [Buffer.from(bearer), Buffer.from(secret)];
  return one.length === other.length && timingSafeEqual(one, other);
}
"""
LAST = "const [last] = await db.select().from(posts).where(eq(posts.auto, true)).orderBy(desc(posts.at)).limit(1);"
DRIZZLE = "import { eq, desc } from 'drizzle-orm';\nimport { db } from '@acme/db';\n"
CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    "a loop that goes on, or ends with an error": ({"app/api/cron/x/route.ts": f"{PRESENT}{STORE}export async function GET(request) {{ const entry = await store.next(); for (const name of ['id', 'at']) {{ if (present(entry[name])) continue; throw new Error(name); }} {BEARER} {WORK} }}"}, {"CS208"}),
    "a loop that breaks, or answers": ({"app/api/cron/x/route.ts": f"{STORE}export async function GET(request) {{ for (const name of ['id', 'at']) {{ if (await store.has(name)) break; {NO} }} {WORK} }}"}, {"CS206"}),
    "headers made anew": ({"app/api/cron/x/route.ts": f"{STORE}export async function GET(request) {{ const all = new Headers(request.headers); if (all.get('authorization') !== `Bearer ${{process.env.CRON_SECRET}}`) {NO} {WORK} }}"}, {"CS208"}),
    "an environment that may lack it": ({"app/api/cron/x/route.ts": f"{STORE}import env from '@/lib/env';\nexport async function GET(request) {{ if (env.SECRET && request.headers.get('authorization') !== `Bearer ${{env.SECRET}}`) {NO} {WORK} }}", "lib/env.ts": "import env from 'env-var';\nexport default { SECRET: env.get('CRON_SECRET').required(false).asString() };"}, {"CS207"}),
    "an environment that must have it": ({"app/api/cron/x/route.ts": f"{STORE}import env from '@/lib/env';\nexport async function GET(request) {{ if (request.headers.get('authorization') !== `Bearer ${{env.SECRET}}`) {NO} {WORK} }}", "lib/env.ts": "import env from 'env-var';\nexport default { SECRET: env.get('CRON_SECRET').required().asString() };"}, set()),
    "nothing behind a digest": ({"app/api/cron/x/route.ts": f"{VERIFIED}async function handle(request) {{ if (!verified(request)) {NO} return Response.json({{ cleared: 0 }}); }}\nexport const GET = handle;\nexport const POST = handle;"}, {"CS320"}),
    "work behind a digest": ({"app/api/cron/x/route.ts": f"{STORE}{VERIFIED}async function handle(request) {{ if (!verified(request)) {NO} {WORK} }}\nexport const GET = handle;"}, set()),
    "a GET that reads its last row": ({"app/api/cron/x/route.ts": f"{DRIZZLE}export async function POST(request) {{ {LAST} await db.insert(posts).values({{}}); return new Response('ok'); }}\nexport async function GET(request) {{ {LAST} return Response.json(last); }}"}, {"CS210"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_exactly_these_are_told(audited: Callable[..., Plan], name: str) -> None:
    files, codes = CASES[name]
    watched = {"CS206", "CS207", "CS208", "CS209", "CS210", "CS217", "CS320"}
    assert {finding.code for finding in audited(files).findings} & watched == codes


@pytest.mark.parametrize(
    ("compared", "taken"),
    [
        ("request.headers.get('authorization')?.replace('Bearer ', '') !== process.env.CRON_SECRET", "a call without a credential"),
        ("request.headers.get('authorization') !== `Bearer ${process.env.CRON_SECRET}`", "`Bearer undefined`"),
    ],
)  # fmt: skip
def test_what_passes_where_the_secret_is_not_set(
    audited: Callable[..., Plan], compared: str, taken: str
) -> None:
    text = f"{STORE}export async function GET(request) {{ if ({compared}) {NO} {WORK} }}\n"
    plan = audited({"app/api/cron/x/route.ts": text})
    (unset,) = [finding for finding in plan.findings if finding.code == "CS208"]
    assert f"takes {taken} where the secret is not set" in unset.message


def test_a_long_way_to_the_check_is_no_reason_to_say_that_anybody_may_call(
    audited: Callable[..., Plan],
) -> None:
    """What is written to a log first would be too much to read, and is left out then."""
    steps = " ".join(
        f"if (event.part{number}) store.seen(event.part{number});" for number in range(60)
    )
    shaped = f"export function shape(event) {{ for (const key of ['a', 'b', 'c', 'd']) {{ for (const other of ['a', 'b', 'c', 'd']) {{ {steps} }} }} }}\n"
    log = f"{STORE}{shaped}export function logEvent(event) {{ " + " ".join("shape({ ...event });" for _ in range(20)) + " }\n"  # fmt: skip
    agent = "const agent = request.headers.get('user-agent') ?? ''; if (!agent.startsWith('vercel-cron/')) return new Response('', { status: 405 });"  # fmt: skip
    closed = f"const secret = process.env.CRON_SECRET; if (!secret) {NO} if (request.headers.get('authorization') !== `Bearer ${{secret}}`) {NO}"  # fmt: skip
    route = f"{STORE}import {{ logEvent }} from '@/lib/log';\nexport async function GET(request) {{ {agent} logEvent({{ name: 'begun' }}); {closed} {WORK} }}\n"  # fmt: skip
    plan = audited({"app/api/cron/x/route.ts": route, "lib/log.ts": log})
    (job,) = plan.jobs
    assert job.handler is not None
    assert job.handler.auth == "cron-secret"


def test_a_key_that_the_query_spells_out_is_told_by_its_name(audited: Callable[..., Plan]) -> None:
    route = {
        "app/api/warm/route.ts": "export async function GET() { return new Response('ok'); }\n"
    }
    told = {
        name: "CS123" in {finding.code for finding in audited(route, f"/api/warm?{name}=abcdef123").findings}
        for name in ("keepWarmKey", "cronSecret", "access_key", "sortKey", "page")
    }  # fmt: skip
    assert told == {"keepWarmKey": True, "cronSecret": True, "access_key": True, "sortKey": False, "page": False}  # fmt: skip

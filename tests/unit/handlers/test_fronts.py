"""What stands in front of a handler: it checks the caller for it, or turns Vercel itself away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding, Plan

OPEN = {
    "app/api/cron/x/route.ts": 'import { sendReports } from "@/lib/work";\nexport async function GET() {\n  await sendReports();\n  return Response.json({});\n}\n'
}
NEXT = 'import { NextResponse } from "next/server";\n'
AWAY = 'return NextResponse.redirect(new URL("/login", request.url));'
CASES: dict[str, tuple[str, str, bool]] = {
    "it checks the bearer": (
        f"{NEXT}export function middleware(request) {{\n  if (!process.env.CRON_SECRET || request.headers.get('authorization') !== `Bearer ${{process.env.CRON_SECRET}}`) return new NextResponse('no', {{ status: 401 }});\n}}\n",
        "cron-secret",
        False,
    ),
    "it asks for a cookie": (
        f"{NEXT}export function middleware(request) {{\n  if (!request.cookies.get('session')) {AWAY}\n  return NextResponse.next();\n}}\n",
        "none",
        True,
    ),
    "it lets the path by": (
        f"{NEXT}const open = ['/login', '/api'];\nexport function middleware(request) {{\n  const path = request.nextUrl.pathname;\n  if (open.some((one) => path.startsWith(one))) return NextResponse.next();\n  {AWAY}\n}}\n",
        "none",
        False,
    ),
    "it does not run before the path": (
        f"{NEXT}export function middleware(request) {{ {AWAY} }}\nexport const config = {{ matcher: ['/app/:path*'] }};\n",
        "none",
        False,
    ),
    "its matcher is computed": (
        f"{NEXT}export function middleware(request) {{ {AWAY} }}\nexport const config = {{ matcher: computed() }};\n",
        "",
        False,
    ),
    "Clerk protects all but some": (
        "import { clerkMiddleware, createRouteMatcher } from '@clerk/nextjs/server';\nconst open = createRouteMatcher(['/', '/sign-in(.*)']);\nexport default clerkMiddleware(async (auth, request) => { if (!open(request)) await auth.protect(); });\n",
        "none",
        True,
    ),
    "Clerk protects only some": (
        "import { clerkMiddleware, createRouteMatcher } from '@clerk/nextjs/server';\nconst closed = createRouteMatcher(['/dashboard(.*)']);\nexport default clerkMiddleware(async (auth, request) => { if (closed(request)) await auth.protect(); });\n",
        "none",
        False,
    ),
    "next-auth asks for a token": (
        "export { default } from 'next-auth/middleware';\n",
        "none",
        True,
    ),
    "next-intl moves every path": (
        "import createMiddleware from 'next-intl/middleware';\nexport default createMiddleware({ locales: ['en'] });\n",
        "none",
        True,
    ),
    "it is a package that is not followed": (
        "export { middleware } from '@acme/gate';\n",
        "",
        False,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_middleware_is_followed(audited: Callable[..., Plan], name: str) -> None:
    text, auth, intercepted = CASES[name]
    plan = audited({**OPEN, "middleware.ts": text})
    (job,) = plan.jobs
    codes = {one.code for one in plan.findings}
    assert ("CS310" in codes) is intercepted
    if not intercepted:
        assert job.handler is not None
        assert (job.handler.auth or "") == auth


HOOK = "export const handle = async ({{ event, resolve }}) => {{\n  if ({test}) return new Response(null, {{ status: 303 }});\n  return resolve(event);\n}};\n"


@pytest.mark.parametrize(
    ("test", "turned_away"),
    [
        ("!event.cookies.get('session')", True),
        ("event.url.pathname.startsWith('/app') && !event.cookies.get('session')", False),
    ],
)
def test_a_hook_of_sveltekit_is_followed(
    told: Callable[..., list[Finding]], test: str, turned_away: bool
) -> None:
    found = told(
        {
            "package.json": '{"dependencies": {"@sveltejs/kit": "2"}}',
            "src/hooks.server.ts": HOOK.format(test=test),
            "src/routes/api/cron/x/+server.ts": "export const GET = async () => new Response('ok');\n",
        }
    )
    assert ("CS310" in {one.code for one in found}) is turned_away


@pytest.mark.parametrize(
    ("unset", "codes"), [("return", {"CS311"}), ("raise HTTPException(500)", {"CS310"})]
)
def test_a_stop_only_where_a_secret_is_set_is_not_told_for_sure(
    audited: Callable[..., Plan], unset: str, codes: set[str]
) -> None:
    text = (
        "import os\nimport requests\nfrom fastapi import Depends, FastAPI, Header, HTTPException\n"
        "SECRET = os.environ.get('CRON_SECRET')\n\n\n"
        "def check(x_cron_secret: str = Header(None)):\n"
        f"    if not SECRET:\n        {unset}\n"
        "    if x_cron_secret != SECRET:\n        raise HTTPException(401)\n\n\n"
        "app = FastAPI()\n\n\n@app.get('/api/cron/x', dependencies=[Depends(check)])\n"
        "def run():\n    requests.post('https://e.example').raise_for_status()\n    return {'ok': True}\n"
    )
    crons = '"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}]'
    rewrites = '"rewrites": [{"source": "/(.*)", "destination": "/api/index"}]'
    files = {"api/index.py": text, "vercel.json": f"{{{crons}, {rewrites}}}"}
    plan = audited({**files, "requirements.txt": "fastapi\n"})
    assert {finding.code for finding in plan.findings} & {"CS310", "CS311"} == codes


def test_a_middleware_of_nuxt_is_followed(told: Callable[..., list[Finding]]) -> None:
    check = "if (!process.env.CRON_SECRET || getHeader(event, 'authorization') !== `Bearer ${process.env.CRON_SECRET}`) throw createError({ statusCode: 401 });"
    files = {
        "package.json": '{"dependencies": {"nuxt": "3"}}',
        "server/api/cron/x.ts": "export default defineEventHandler(async () => { await sendReports(); return {}; });\n",
    }
    assert [one.code for one in told(files)] == ["CS206"]
    files["server/middleware/gate.ts"] = f"export default eventHandler((event) => {{ {check} }});\n"
    assert told(files) == []

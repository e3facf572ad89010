"""What stands before a path: each package and each way to write it, with the answer that is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.handlers import Resolver
from cronshift.handlers.flow.standing import Front, LetsBy, Stops, Untold, front_of
from cronshift.handlers.flow.standing import PathCaller as Caller

if TYPE_CHECKING:
    from pathlib import Path

CRON, INNGEST = "/api/cron/mail", "/api/inngest"
NEXT = "import { NextResponse } from 'next/server';\n"
AWAY = "return NextResponse.redirect(new URL('/login', request.url));"
ALL = "\nexport const config = { matcher: ['/((?!_next/static).*)'] };\n"
KINDS = {"by": LetsBy, "stops": Stops, "untold": Untold}


def front(root: Path, files: dict[str, str], path: str, *packages: str) -> Front:
    package = {"dependencies": dict.fromkeys(packages or ("next",), "1")}
    for name, text in {"package.json": json.dumps(package), **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    caller = Caller.INNGEST if path == INNGEST else Caller.VERCEL
    return front_of(Resolver(root, {}), path, caller)


def proxy(body: str, head: str = "") -> str:
    return f"{NEXT}{head}\nexport function middleware(request) {{\n{body}\n}}{ALL}"


LISTED = "const OPEN = ['/login', '/api/cron'];"
SOME = (
    "if (OPEN.some((one) => request.nextUrl.pathname.startsWith(one))) return NextResponse.next();"
)
HELPER = """
export async function updateSession(request) {
  let response = NextResponse.next({ request });
  const supabase = createServerClient('u', 'k', { cookies: { getAll() { return []; } } });
  const { data: { user } } = await supabase.auth.getUser();
  if (!user && !request.nextUrl.pathname.startsWith('/login')) {
    const url = request.nextUrl.clone();
    url.pathname = '/login';
    return NextResponse.redirect(url);
  }
  return response;
}
"""
AUTH_5 = "import NextAuth from 'next-auth';\nexport const { auth, handlers } = NextAuth({ providers: [], callbacks: { %s } });\n"
GUARDS_ALL = "authorized({ auth, request: { nextUrl } }) { if (nextUrl.pathname.startsWith('/api/cron')) return true; return !!auth?.user; }"
CLERK = "import { clerkMiddleware, createRouteMatcher } from '@clerk/nextjs/server';\n"


@pytest.mark.parametrize(
    ("middleware", "cron", "inngest"),
    [
        (proxy(f"if (!request.cookies.has('s')) {AWAY}"), "stops", "stops"),
        (proxy(f"if (!request.cookies.get('s')?.value) {AWAY}\nreturn NextResponse.next();"), "stops", "stops"),
        # a caller without cookies has an empty list of them, and nothing that throws
        (proxy("const hasSession = request.cookies.getAll().some((c) => c.name.startsWith('sb-'));\nif (hasSession) await refresh();\nreturn NextResponse.next();"), "by", "by"),
        (proxy(f"if (!request.cookies.getAll().some((c) => c.name.startsWith('sb-'))) {AWAY}"), "stops", "stops"),
        (proxy(f"if (request.cookies.size === 0) {AWAY}"), "stops", "stops"),
        (proxy("for (const [name] of request.cookies.entries()) console.log(name.length);\nif (request.cookies.toString().includes('x')) console.log('x');"), "by", "by"),
        (proxy("const langs = request.nextUrl.searchParams.getAll('lang').map((l) => l.trim());\nif (langs.length > 1) return NextResponse.json({}, { status: 400 });"), "by", "by"),
        (proxy("return NextResponse.next();"), "by", "by"),
        (proxy("console.log(request.url);"), "by", "by"),
        # a comment, or a line that refuses, holds the path and lets nobody by
        (proxy(f"// not for /api/inngest nor /api/cron/mail\n{AWAY}"), "stops", "stops"),
        (proxy(f"if (request.nextUrl.pathname.startsWith('/api/')) return new NextResponse('no', {{ status: 401 }});\n{AWAY}"), "stops", "stops"),
        # lists
        (proxy(f"{SOME}\n{AWAY}", LISTED), "by", "stops"),
        (proxy(f"for (const one of OPEN) if (request.nextUrl.pathname.startsWith(one)) return NextResponse.next();\n{AWAY}", LISTED), "by", "stops"),
        (proxy(f"if (CLOSED.has(request.nextUrl.pathname)) {AWAY}", "const CLOSED = new Set(['/dashboard']);"), "by", "by"),
        (proxy(f"if (/^\\/api\\/(cron|inngest)(\\/|$)/.test(request.nextUrl.pathname)) return NextResponse.next();\n{AWAY}"), "by", "by"),
        (proxy(f"const path = new URL(request.url).pathname;\nswitch (path) {{ case '/api/inngest': return NextResponse.next(); default: {AWAY} }}"), "stops", "by"),
        # the bearer of Vercel's cron, which Inngest does not send
        (proxy("if (request.headers.get('authorization') !== `Bearer ${process.env.CRON_SECRET}`) return NextResponse.json({}, { status: 401 });"), "by", "stops"),
        (proxy("if (request.method === 'OPTIONS') return new Response(null, { status: 204 });\nreturn NextResponse.next();"), "by", "by"),
        # what cannot be told
        (proxy("if (tooMany(request)) return new NextResponse('slow down', { status: 429 });", "import { tooMany } from 'some-limiter';"), "by", "by"),
        (proxy("return new NextResponse('slow down', { status: 429 });"), "stops", "stops"),
        (proxy("if (blocked(request)) return new NextResponse('no', { status: 403 });", "import { blocked } from 'some-firewall';"), "untold", "untold"),
        ("export { default } from 'somebodys-middleware';" + ALL, "untold", "untold"),
        # packages
        (CLERK + "export default clerkMiddleware();" + ALL, "by", "by"),
        (CLERK + "const closed = createRouteMatcher(['/dashboard(.*)']);\nexport default clerkMiddleware(async (auth, request) => { if (closed(request)) await auth.protect(); });" + ALL, "by", "by"),
        (CLERK + "const open = createRouteMatcher(['/', '/api/cron(.*)']);\nexport default clerkMiddleware(async (auth, request) => { if (!open(request)) await auth.protect(); });" + ALL, "by", "stops"),
        (CLERK + "const open = createRouteMatcher(['/api/inngest']);\nexport default clerkMiddleware((auth, req) => { if (!open(req)) auth().protect(); });" + ALL, "stops", "by"),
        (CLERK + "export default clerkMiddleware(async (auth) => { const { userId, redirectToSignIn } = await auth(); if (!userId) return redirectToSignIn(); });" + ALL, "stops", "stops"),
        ("import { authMiddleware } from '@clerk/nextjs';\nexport default authMiddleware({ publicRoutes: ['/', '/api/cron/(.*)'] });" + ALL, "by", "stops"),
        ("export { default } from 'next-auth/middleware';" + ALL, "stops", "stops"),
        ("import { withAuth } from 'next-auth/middleware';\nexport default withAuth({ callbacks: { authorized: ({ token, req }) => req.nextUrl.pathname.startsWith('/api/inngest') || !!token } });" + ALL, "stops", "by"),
        ("import { withAuth } from 'next-auth/middleware';\nexport default withAuth(function middleware(req) { return; }, { pages: { signIn: '/login' } });" + ALL, "stops", "stops"),
        ("export { auth as middleware } from './auth';" + ALL, "by", "stops"),
        ("import { auth } from './auth';\nexport default auth((req) => { if (!req.auth && !req.nextUrl.pathname.startsWith('/api')) return Response.redirect('/login'); });" + ALL, "by", "by"),
        ("import { updateSession } from './lib/session';\nexport async function middleware(request) { return await updateSession(request); }" + ALL, "stops", "stops"),
        ("import { authkitMiddleware } from '@workos-inc/authkit-nextjs';\nexport default authkitMiddleware();" + ALL, "by", "by"),
        ("import { authkitMiddleware } from '@workos-inc/authkit-nextjs';\nexport default authkitMiddleware({ middlewareAuth: { enabled: true, unauthenticatedPaths: ['/api/inngest'] } });" + ALL, "stops", "by"),
        ("import createMiddleware from 'next-intl/middleware';\nimport { routing } from './routing';\nexport default createMiddleware(routing);" + ALL, "stops", "stops"),
        ("import createMiddleware from 'next-intl/middleware';\nconst intl = createMiddleware({ locales: ['en'] });\nexport default function proxy(request) { if (request.nextUrl.pathname.startsWith('/api')) return; return intl(request); }" + ALL, "by", "by"),
        (proxy(f"const session = getSessionCookie(request);\nif (!session) {AWAY}", "import { getSessionCookie } from 'better-auth/cookies';"), "stops", "stops"),
        ("import { withAuth } from '@kinde-oss/kinde-auth-nextjs/middleware';\nexport default function middleware(req) { return withAuth(req, { publicPaths: ['/api/inngest'] }); }" + ALL, "stops", "by"),
        ("import { auth0 } from './lib/auth0';\nexport async function middleware(request) { return await auth0.middleware(request); }" + ALL, "by", "by"),
        ("import { auth0 } from './lib/auth0';\nexport async function proxy(request) { const session = await auth0.getSession(request); if (!session) return Response.redirect('/auth/login'); return await auth0.middleware(request); }" + ALL, "stops", "stops"),
        ("import { withMiddlewareAuthRequired } from '@auth0/nextjs-auth0/edge';\nexport default withMiddlewareAuthRequired();" + ALL, "stops", "stops"),
    ],
)  # fmt: skip
def test_a_middleware_of_next(tmp_path: Path, middleware: str, cron: str, inngest: str) -> None:
    files = {
        "middleware.ts": middleware,
        "app/api/cron/mail/route.ts": "export function GET() {}",
        "lib/session.ts": "import { createServerClient } from '@supabase/ssr';\n" + NEXT + HELPER,
        "lib/auth0.ts": "import { Auth0Client } from '@auth0/nextjs-auth0/server';\nexport const auth0 = new Auth0Client();\n",
        "auth.ts": AUTH_5 % GUARDS_ALL,
        "routing.ts": "export const routing = { locales: ['en', 'fi'], defaultLocale: 'en' };",
    }
    told = [type(front(tmp_path, files, path).answer) for path in (CRON, INNGEST)]
    assert told == [KINDS[cron], KINDS[inngest]]


def test_a_path_that_the_matcher_leaves_out_is_let_by(tmp_path: Path) -> None:
    text = proxy(AWAY).replace("(?!_next/static)", "(?!api/cron)")
    files = {"proxy.ts": text, "app/api/cron/mail/route.ts": "export function GET() {}"}
    assert isinstance(front(tmp_path, files, CRON).answer, LetsBy)
    stopped = front(tmp_path, files, INNGEST)
    assert isinstance(stopped.answer, Stops)
    assert (str(stopped.answer.place), stopped.line) == ("proxy.ts:4", 6)


def test_a_matcher_that_code_computes_makes_a_stop_untold(tmp_path: Path) -> None:
    text = proxy(AWAY).replace("['/((?!_next/static).*)']", "paths()")
    found = front(tmp_path, {"middleware.ts": text}, INNGEST)
    assert isinstance(found.answer, Untold)


def test_slashes_and_redirects_come_before_any_code(tmp_path: Path) -> None:
    files = {"next.config.js": "module.exports = { trailingSlash: true };"}
    stopped = front(tmp_path, files, CRON).answer
    assert isinstance(stopped, Stops)
    assert stopped.how == "sends callers to /api/cron/mail/ (trailingSlash)"
    assert isinstance(front(tmp_path, files, INNGEST).answer, Untold)  # Inngest may follow it


@pytest.mark.parametrize(
    ("hook", "answer"),
    [
        ("export const handle = async ({ event, resolve }) => resolve(event);", "by"),
        ("import { redirect } from '@sveltejs/kit';\nexport async function handle({ event, resolve }) { if (!event.cookies.get('sid')) redirect(303, '/login'); return resolve(event); }", "stops"),
        ("import { redirect } from '@sveltejs/kit';\nexport async function handle({ event, resolve }) { if (!event.locals.user && !event.url.pathname.startsWith('/api')) throw redirect(303, '/login'); return await resolve(event); }", "by"),
        ("import { sequence } from '@sveltejs/kit/hooks';\nimport { error } from '@sveltejs/kit';\nconst a = ({ event, resolve }) => resolve(event);\nconst b = ({ event, resolve }) => { if (event.url.pathname.startsWith('/api/cron')) error(403); return resolve(event); };\nexport const handle = sequence(a, b);", "stops"),
        ("import { handle as theirs } from './auth';\nimport { sequence } from '@sveltejs/kit/hooks';\nexport const handle = sequence(theirs);", "by"),
        ("export { handle } from './auth';", "by"),
        ("import { SvelteKitAuth } from '@auth/sveltekit';\nexport const handle = SvelteKitAuth({ providers: [] });", "by"),
        ("import { handle as theirs } from './auth';\nimport { redirect } from '@sveltejs/kit';\nimport { sequence } from '@sveltejs/kit/hooks';\nconst guard = async ({ event, resolve }) => { if (!(await event.locals.auth()) && event.url.pathname.startsWith('/admin')) redirect(303, '/login'); return resolve(event); };\nexport const handle = sequence(theirs, guard);", "by"),
        ("import { handle as theirs } from './auth';\nimport { redirect } from '@sveltejs/kit';\nimport { sequence } from '@sveltejs/kit/hooks';\nconst guard = async ({ event, resolve }) => { if (!(await event.locals.auth())) redirect(303, '/login'); return resolve(event); };\nexport const handle = sequence(theirs, guard);", "stops"),
        ("import { svelteKitHandler } from 'better-auth/svelte-kit';\nexport const handle = ({ event, resolve }) => svelteKitHandler({ event, resolve });", "by"),
        ("import { sentryHandle } from '@sentry/sveltekit';\nexport const handle = sentryHandle();", "by"),
        ("import { handle as theirs } from '@acme/hooks';\nexport const handle = theirs;", "untold"),
    ],
)  # fmt: skip
def test_a_hook_of_sveltekit(tmp_path: Path, hook: str, answer: str) -> None:
    files = {
        "src/hooks.server.ts": hook,
        "src/routes/api/cron/mail/+server.ts": "export const GET = () => new Response();",
        "src/auth.ts": "import { SvelteKitAuth } from '@auth/sveltekit';\nexport const { handle } = SvelteKitAuth({});",
    }
    assert isinstance(front(tmp_path, files, CRON, "@sveltejs/kit").answer, KINDS[answer])


HONO = "import { Hono } from 'hono';\nimport { cors } from 'hono/cors';\nimport { bodyLimit } from 'hono/body-limit';\nimport { basicAuth } from 'hono/basic-auth';\nimport { bearerAuth } from 'hono/bearer-auth';\nconst app = new Hono();\n{}\napp.get('/api/cron/mail', (c) => c.text('ok'));\nexport default app;\n"
EXPRESS = "const express = require('express');\nconst app = express();\n{}\napp.get('/api/cron/mail', (req, res) => res.send('ok'));\nmodule.exports = app;\n"


@pytest.mark.parametrize(
    ("use", "answer"),
    [
        ("app.use(cors());", "by"),
        ("app.use('*', bodyLimit({ maxSize: 1024 }));", "by"),
        ("app.use('/admin/*', basicAuth({ username: 'a', password: 'b' }));", "by"),
        ("app.use('/api/*', basicAuth({ username: 'a', password: 'b' }));", "stops"),
        ("app.use('*', async (c, next) => { if (!c.get('user')) return c.json({}, 401); await next(); });", "stops"),
        ("app.use('*', async (c, next) => { if (c.req.path.startsWith('/api/cron')) return next(); return c.redirect('/login'); });", "by"),
        ("app.use(bearerAuth({ token: process.env.CRON_SECRET }));", "by"),
        ("app.use(bearerAuth({ token: process.env.API_TOKEN }));", "untold"),
    ],
)  # fmt: skip
def test_a_use_of_hono(tmp_path: Path, use: str, answer: str) -> None:
    files = {"src/index.ts": HONO.replace("{}", use)}
    assert isinstance(front(tmp_path, files, CRON, "hono").answer, KINDS[answer])


@pytest.mark.parametrize(
    ("use", "answer"),
    [
        ("app.use(express.json());", "by"),
        ("app.use((req, res, next) => { if (!req.session) return res.status(401).end(); next(); });", "stops"),
        ("app.use('/api', (req, res, next) => { if (req.get('authorization') !== `Bearer ${process.env.CRON_SECRET}`) { res.sendStatus(401); return; } next(); });", "by"),
        ("app.use(require('./limits'));", "untold"),
        ("app.use((error, req, res, next) => res.status(500).end());", "by"),
        ("const { rateLimit } = require('express-rate-limit');\nconst limiter = rateLimit({});\napp.use(limiter);", "by"),
        ("const seen = new Map();\napp.use((req, res, next) => { const times = (seen.get(req.ip) ?? 0) + 1; if (times > 9) return res.status(429).end(); next(); });", "by"),
    ],
)  # fmt: skip
def test_a_use_of_express(tmp_path: Path, use: str, answer: str) -> None:
    files = {
        "index.js": EXPRESS.replace("{}", use),
        "limits.js": "module.exports = require('x')();",
    }
    assert isinstance(front(tmp_path, files, CRON, "express").answer, KINDS[answer])


@pytest.mark.parametrize(
    ("uses", "answer"),
    [
        ("app.use('/api/cron', routes);\napp.use(missing);", "by"),
        ("app.use(missing);\napp.use('/api/cron', routes);", "stops"),
    ],
)
def test_what_is_used_behind_a_router_runs_behind_its_routes(
    tmp_path: Path, uses: str, answer: str
) -> None:
    files = {
        "index.js": f"const express = require('express');\nconst routes = require('./routes');\nconst app = express();\nconst missing = (req, res) => res.status(404).end();\n{uses}\nmodule.exports = app;\n",
        "routes.js": "const express = require('express');\nconst router = express.Router();\nrouter.get('/mail', (req, res) => res.send('ok'));\nmodule.exports = router;\n",
    }
    assert isinstance(front(tmp_path, files, CRON, "express").answer, KINDS[answer])


MANY = f"const OPEN = [{', '.join(repr(f'/page-{number}') for number in range(20))}, '/api/cron'];"
LONG = f"const OPEN = [{', '.join(f'`/page-{number}`' for number in range(80))}];"
LOOP = "for (const prefix of OPEN) if (request.nextUrl.pathname.startsWith(prefix)) return NextResponse.next();"


@pytest.mark.parametrize(
    ("head", "body", "kind"),
    [
        (MANY, SOME, "by"),
        (MANY, LOOP, "by"),
        (MANY.replace(", '/api/cron'", ""), SOME, "stops"),
        (MANY.replace(", '/api/cron'", ""), LOOP, "stops"),
        (LONG, SOME, "untold"),
        (LONG, LOOP, "untold"),
    ],
)
def test_a_list_of_paths_is_read_to_its_end_or_not_told(
    tmp_path: Path, head: str, body: str, kind: str
) -> None:
    text = proxy(
        f"{body}\nif (!request.cookies.has('s')) {AWAY}\nreturn NextResponse.next();", head
    )
    assert isinstance(front(tmp_path, {"middleware.ts": text}, CRON).answer, KINDS[kind])

"""What runs before a handler, framework by framework: it lets the call by, stops it, or nobody can tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.handlers import Resolver
from cronshift.handlers.flow.standing import Front, LetsBy, Stops, Untold, code_before

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cronshift.model import Plan

PATH = "/api/cron/mail"
KINDS = {"by": LetsBy, "stops": Stops, "untold": Untold}


def front(root: Path, files: dict[str, str], *packages: str) -> Front:
    package = {"dependencies": dict.fromkeys(packages, "1")}
    for name, text in {"package.json": json.dumps(package), **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return code_before(Resolver(root, {}), PATH)


CLERK = "import { clerkMiddleware, createRouteMatcher } from '@clerk/astro/server';\n"
ASTRO = "import { defineMiddleware, sequence } from 'astro:middleware';\n"
AWAY = "context.redirect('/login')"


@pytest.mark.parametrize(
    ("middleware", "answer"),
    [
        (f"{CLERK}export const onRequest = clerkMiddleware();\n", "by"),
        (f"{CLERK}const closed = createRouteMatcher(['/app(.*)']);\nexport const onRequest = clerkMiddleware((auth, context) => {{ if (closed(context.request) && !auth().userId) return auth().redirectToSignIn(); }});\n", "by"),
        (f"{CLERK}const closed = createRouteMatcher(['/app(.*)']);\nexport const onRequest = clerkMiddleware((auth, context, next) => {{ if (closed(context.request)) return auth().redirectToSignIn(); return next(); }});\n", "by"),
        (f"{CLERK}export const onRequest = clerkMiddleware((auth) => {{ if (!auth().userId) return auth().redirectToSignIn(); }});\n", "stops"),
        (f"{ASTRO}export const onRequest = defineMiddleware((context, next) => next());\n", "by"),
        (f"{ASTRO}export const onRequest = defineMiddleware(async (context, next) => {{ if (!context.locals.user) return {AWAY}; return next(); }});\n", "stops"),
        (f"{ASTRO}const first = (context, next) => next();\nconst second = (context, next) => context.cookies.get('sid') ? next() : {AWAY};\nexport const onRequest = sequence(first, second);\n", "stops"),
        (f"{ASTRO}const first = (context, next) => next();\nconst second = (context, next) => context.url.pathname.startsWith('/api') ? next() : {AWAY};\nexport const onRequest = sequence(first, second);\n", "by"),
        ("import { gate } from '@acme/gate';\nexport const onRequest = gate();\n", "untold"),
    ],
)  # fmt: skip
def test_a_middleware_of_astro(tmp_path: Path, middleware: str, answer: str) -> None:
    files = {
        "src/middleware.ts": middleware,
        "src/pages/api/cron/mail.ts": "export const GET = async () => new Response('ok');\n",
    }
    assert isinstance(front(tmp_path, files, "astro").answer, KINDS[answer])


NEXT = "import { NextResponse } from 'next/server';\n"


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        # a token that nobody sent may be refused with an error
        ("try { await jwtVerify(request.cookies.get('t')?.value ?? '', key); return NextResponse.next(); } catch { return NextResponse.redirect('/login'); }", "untold"),
        ("try { await record(request.nextUrl.pathname); return NextResponse.next(); } catch { return NextResponse.redirect('/down'); }", "by"),
        # which of an app's hosts is called, and from where, the code does not tell
        ("if (request.headers.get('host')?.startsWith('www.')) return NextResponse.redirect('https://app.example');\nreturn NextResponse.next();", "untold"),
        ("if (request.headers.get('x-vercel-ip-country') === 'XX') return new NextResponse('no', { status: 451 });\nreturn NextResponse.next();", "untold"),
        # what only a browser or another service sends is not there
        ("if (request.headers.get('x-api-key') !== process.env.API_KEY) return new NextResponse('no', { status: 401 });", "stops"),
        ("if (request.headers.get('user-agent')?.includes('Googlebot')) return new NextResponse('no', { status: 403 });", "by"),
        ("return NextResponse.rewrite(new URL('/other', request.url));", "untold"),
        ("if (!request.url.includes('/api/cron')) return NextResponse.redirect('/login');", "by"),
    ],
)  # fmt: skip
def test_a_middleware_of_next(tmp_path: Path, body: str, answer: str) -> None:
    head = f"{NEXT}import {{ jwtVerify }} from 'jose';\nimport {{ record }} from 'metrics';\nconst key = 'k';\n"
    files = {
        "middleware.ts": f"{head}export async function middleware(request) {{\n{body}\n}}\n",
        "app/api/cron/mail/route.ts": "export function GET() {}",
    }
    assert isinstance(front(tmp_path, files, "next").answer, KINDS[answer])


def test_a_middleware_sees_the_path_without_the_base_path(tmp_path: Path) -> None:
    body = (
        "if (!request.nextUrl.pathname.startsWith('/cron')) return NextResponse.redirect('/login');"
    )
    files = {
        "next.config.js": "module.exports = { basePath: '/api' };",
        "middleware.ts": f"{NEXT}export function middleware(request) {{ {body} }}\n",
        "app/cron/mail/route.ts": "export function GET() {}",
    }
    assert isinstance(front(tmp_path, files, "next").answer, LetsBy)


EXPRESS = "const express = require('express');\nconst { clerkMiddleware } = require('@clerk/express');\nconst app = express();\n{}\napp.get('/api/cron/mail', (req, res) => res.send('ok'));\nmodule.exports = app;\n"
FASTIFY = "import Fastify from 'fastify';\nconst app = Fastify();\n{}\napp.get('/api/cron/mail', async (request, reply) => ({ ok: true }));\nexport default app;\n"


@pytest.mark.parametrize(
    ("app", "package", "use", "answer"),
    [
        (EXPRESS, "express", "app.use(clerkMiddleware());", "by"),
        (EXPRESS, "express", "app.use('/api/cronjobs', (req, res, next) => res.sendStatus(401));", "by"),
        (EXPRESS, "express", "app.use((req, res, next) => next(new TypeError('no')));", "stops"),
        (FASTIFY, "fastify", "app.addHook('onRequest', async (request, reply) => { request.log.info('x'); });", "by"),
        (FASTIFY, "fastify", "app.addHook('onRequest', async (request, reply) => { if (!request.cookies.sid) { reply.code(401).send({}); } });", "stops"),
        (FASTIFY, "fastify", "app.addHook('onRequest', (request, reply, done) => { done(); });", "by"),
    ],
)  # fmt: skip
def test_what_a_node_app_uses(
    tmp_path: Path, app: str, package: str, use: str, answer: str
) -> None:
    files = {"index.js": app.replace("{}", use)}
    assert isinstance(front(tmp_path, files, package).answer, KINDS[answer])


MAIN = "from fastapi import Depends, FastAPI\nfrom app import admin, jobs\n\napp = FastAPI()\n{}\n"
JOBS = "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n@router.get('/api/cron/mail')\ndef mail():\n    return {}\n"
ADMIN = "from fastapi import APIRouter, HTTPException\n\nrouter = APIRouter()\n\n\ndef nobody():\n    raise HTTPException(403)\n"


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("app.include_router(jobs.router)\napp.include_router(admin.router)", "by"),
        ("app.include_router(jobs.router)\napp.include_router(admin.router, dependencies=[Depends(admin.nobody)])", "by"),
        ("app.include_router(jobs.router, dependencies=[Depends(admin.nobody)])", "stops"),
        ("app.include_router(jobs.router)\n\n\n@app.middleware('http')\nasync def gate(request, call_next):\n    if not request.cookies.get('sid'):\n        return admin.nobody()\n    return await call_next(request)", "stops"),
        ("app.include_router(jobs.router)\n\n\n@app.middleware('http')\nasync def gate(request, call_next):\n    response = await call_next(request)\n    response.headers['x'] = 'y'\n    return response", "by"),
    ],
)  # fmt: skip
def test_what_a_fastapi_app_runs_first(tmp_path: Path, body: str, answer: str) -> None:
    other = "\n\nclosed = APIRouter(dependencies=[Depends(nobody)])\n"
    files = {
        "requirements.txt": "fastapi\n",
        "app/__init__.py": "",
        "app/main.py": MAIN.replace("{}", body),
        "app/jobs.py": JOBS + other,
        "app/admin.py": ADMIN,
    }
    assert isinstance(front(tmp_path, files).answer, KINDS[answer])


AMBIENT = 'import { headers } from "next/headers";\nexport const agent = async () => (await headers()).get("user-agent");\n'


@pytest.mark.parametrize(
    ("helper", "needed"),
    [
        (AMBIENT, True),
        (f"// {AMBIENT}", False),
        ('export const agent = () => "";\n', False),
    ],
)
def test_what_a_module_imports_is_looked_for_beside_that_module(
    audited: Callable[..., Plan], helper: str, needed: bool
) -> None:
    route = 'import { work } from "../../../../lib/jobs/work";\nexport async function GET() {\n  await work();\n  return Response.json({});\n}\n'
    files = {
        "app/api/cron/x/route.ts": route,
        "lib/jobs/work.ts": 'import { agent } from "./agent";\nexport const work = async () => { await agent(); };\n',
        "lib/jobs/agent.ts": helper,
    }
    (job,) = audited(files).jobs
    assert job.handler is not None
    assert bool(job.handler.ambient) is needed

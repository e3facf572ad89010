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


@pytest.mark.parametrize(
    ("file", "route", "answer"),
    [
        ("middleware.ts", "app", "stops"),
        ("src/middleware.ts", "src/app", "stops"),
        ("src/proxy.ts", "src/app", "stops"),
        ("middleware.ts", "src/app", "by"),
        ("src/middleware.ts", "app", "by"),
    ],
)
def test_a_middleware_of_next_stands_beside_the_routers_folder(
    tmp_path: Path, file: str, route: str, answer: str
) -> None:
    name = file.removeprefix("src/").removesuffix(".ts")
    files = {
        file: f"{NEXT}export function {name}(request) {{ return NextResponse.redirect('/login'); }}\n",
        f"{route}/api/cron/mail/route.ts": "export const GET = () => new Response();\n",
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


EXPRESS = "const express = require('express');\nconst { clerkMiddleware } = require('@clerk/express');\nconst helmet = require('helmet');\nconst somebodys = require('somebodys');\nconst app = express();\n{}\napp.get('/api/cron/mail', (req, res) => res.send('ok'));\nmodule.exports = app;\n"
KOA = "import Router from '@koa/router';\nimport Koa from 'koa';\nconst app = new Koa();\nconst router = new Router();\nrouter.get('/api/cron/mail', (ctx) => { ctx.body = {}; });\n{}\napp.listen(3000);\n"
FASTIFY = "import Fastify from 'fastify';\nconst app = Fastify();\n{}\napp.get('/api/cron/mail', async (request, reply) => ({ ok: true }));\nexport default app;\n"


@pytest.mark.parametrize(
    ("app", "package", "use", "answer"),
    [
        (EXPRESS, "express", "app.use(clerkMiddleware());", "by"),
        (EXPRESS, "express", "app.use('/api/cronjobs', (req, res, next) => res.sendStatus(401));", "by"),
        (EXPRESS, "express", "app.use((req, res, next) => next(new TypeError('no')));", "stops"),
        (EXPRESS, "express", "app.use((req, res, next) => helmet({})(req, res, next));", "by"),
        (EXPRESS, "express", "app.use((req, res, next) => somebodys({})(req, res, next));", "untold"),
        (KOA, "koa", "app.use(router.routes()).use(router.allowedMethods());", "by"),
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
        ("app.include_router(jobs.router)\n\n\n@app.middleware('http')\nasync def gate(request, call_next):\n    if enabled() and request.url.path != '/' and not request.url.path.startswith('/api/cron'):\n        return admin.nobody()\n    return await call_next(request)", "by"),
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


SETTINGS = 'ROOT_URLCONF = "site1.urls"\nMIDDLEWARE = [\n    "django.middleware.security.SecurityMiddleware",\n    "django.contrib.auth.middleware.AuthenticationMiddleware",\n    {}\n]\nWSGI_APPLICATION = "site1.wsgi.application"\n'
MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "site1.settings")\n'
WSGI = "from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n"
VIEWS = "import os\nfrom django.http import HttpResponse, JsonResponse\nfrom django.views import View\n\n\nclass Mail(View):\n{}\n"
READS = "    def get(self, request):\n        send_mails()\n        return JsonResponse({})"
CHECK = '        if request.headers.get("Authorization") != "Bearer " + os.environ["CRON_SECRET"]:\n            return HttpResponse(status=401)\n'


def django(middleware: str = "", view: str = READS, **files: str) -> dict[str, str]:
    return {
        "requirements.txt": "django\n",
        "manage.py": MANAGE,
        "site1/__init__.py": "",
        "site1/settings.py": SETTINGS.replace("{}", middleware),
        "site1/wsgi.py": WSGI,
        "site1/urls.py": "from django.urls import path\nfrom jobs.views import Mail\n\nurlpatterns = [path('api/cron/mail', Mail.as_view())]\n",
        "jobs/__init__.py": "",
        "jobs/views.py": VIEWS.replace("{}", view),
        **{name.replace("__", "/") + ".py": text for name, text in files.items()},
    }


GATE = "from django.http import HttpResponse\n\n\nclass Gate:\n    def __init__(self, get_response):\n        self.get_response = get_response\n\n    def __call__(self, request):\n        if {}:\n            return HttpResponse(status=403)\n        return self.get_response(request)\n"
FUNCTION = "from django.http import HttpResponse\n\n\ndef gate(get_response):\n    def middleware(request):\n        if {}:\n            return HttpResponse(status=403)\n        return get_response(request)\n\n    return middleware\n"
ASKED = "from django.http import HttpResponse\n\n\nclass Gate:\n    def __init__(self, get_response):\n        self.get_response = get_response\n\n    def process_view(self, request, view, args, kwargs):\n        if {}:\n            return HttpResponse(status=403)\n\n    def __call__(self, request):\n        return self.get_response(request)\n"
SIGNED_OUT = "not request.user.is_authenticated"
OUTSIDE = "not request.path.startswith('/api/cron')"


@pytest.mark.parametrize(
    ("middleware", "text", "answer"),
    [
        ("", "", "by"),
        ('"jobs.gate.Gate",', GATE.replace("{}", SIGNED_OUT), "stops"),
        ('"jobs.gate.Gate",', GATE.replace("{}", OUTSIDE), "by"),
        ('"jobs.gate.gate",', FUNCTION.replace("{}", SIGNED_OUT), "stops"),
        ('"jobs.gate.gate",', FUNCTION.replace("{}", OUTSIDE), "by"),
        ('"jobs.gate.Gate",', ASKED.replace("{}", SIGNED_OUT), "stops"),
        ('"jobs.gate.Gate",', ASKED.replace("{}", OUTSIDE), "by"),
        ('"django.contrib.auth.middleware.LoginRequiredMiddleware",', "", "stops"),
        ('"whitenoise.middleware.WhiteNoiseMiddleware",', "", "by"),
        ('"acme.middleware.TokenMiddleware",', "", "untold"),
    ],
)  # fmt: skip
def test_a_middleware_of_django(tmp_path: Path, middleware: str, text: str, answer: str) -> None:
    files = django(middleware, jobs__gate=text)
    assert isinstance(front(tmp_path, files).answer, KINDS[answer])


def test_a_view_may_be_open_although_all_others_ask_for_a_login(tmp_path: Path) -> None:
    files = django('"django.contrib.auth.middleware.LoginRequiredMiddleware",')
    files["site1/urls.py"] = files["site1/urls.py"].replace(
        "Mail.as_view())", "login_not_required(Mail.as_view()))"
    )
    assert isinstance(front(tmp_path, files).answer, LetsBy)
    files = django('"django.contrib.auth.middleware.LoginRequiredMiddleware",')
    files["jobs/views.py"] += "\n\nother = login_not_required(Mail.as_view())\n"
    assert isinstance(front(tmp_path, files).answer, Untold)


@pytest.mark.parametrize(
    ("view", "auth"),
    [
        (READS, "none"),
        (READS.replace("        send", CHECK + "        send"), "cron-secret"),
        (f"    def dispatch(self, request, *args, **kwargs):\n{CHECK}        return super().dispatch(request, *args, **kwargs)\n\n{READS}", "cron-secret"),
        (f"    def dispatch(self, request, *args, **kwargs):\n        return super().dispatch(request, *args, **kwargs)\n\n{READS}", "none"),
    ],
)  # fmt: skip
def test_a_class_of_django_is_followed_as_a_view(
    audited: Callable[..., Plan], view: str, auth: str
) -> None:
    (job,) = audited(django(view=view), "/api/cron/mail").jobs
    assert job.handler is not None
    assert job.handler.auth == auth


@pytest.mark.parametrize(
    ("view", "verdict"),
    [
        (READS, "answered"),
        (READS.replace("get(", "post("), "wrong-method"),
        (READS.replace("get(", "post(") + "\n\n    def dispatch(self, request): ...", "answered"),
    ],
)
def test_a_class_of_django_answers_the_methods_that_it_has(
    tmp_path: Path, view: str, verdict: str
) -> None:
    front(tmp_path, django(view=view))
    assert Resolver(tmp_path, {}).resolve(PATH).verdict.value == verdict


NEST = {"@nestjs/core": "11", "@nestjs/common": "11"}
CONTROLLER = 'import { Controller, Get, UseGuards, SetMetadata, applyDecorators } from "@nestjs/common";\nimport { AuthGuard } from "@nestjs/passport";\nimport { ThrottlerGuard } from "@nestjs/throttler";\nimport { Public, Closed, KeyGuard, SessionGuard, JwtGuard, GuestGuard, MemberGuard } from "./guards";\n{}\n@Controller("api/cron")\nexport class MailController {\n  @Post("other")\n  @UseGuards(SessionGuard)\n  async other() {}\n\n  {method}\n  @Get("mail")\n  async mail() { await sendMails(); }\n}\n'
GUARDS = """import { CanActivate, ExecutionContext, Injectable, SetMetadata, UnauthorizedException, UseGuards, applyDecorators } from "@nestjs/common";
import { ConfigService } from "@nestjs/config";
import { Reflector } from "@nestjs/core";
import { AuthGuard } from "@nestjs/passport";
export const PUBLIC = "isPublic";
export const Public = () => SetMetadata(PUBLIC, true);
@Injectable()
export class KeyGuard implements CanActivate {
  constructor(private readonly config: ConfigService) {}
  canActivate(context: ExecutionContext): boolean {
    const secret = this.config.get<string>("CRON_SECRET");
    const header = context.switchToHttp().getRequest().headers["authorization"];
    if (!secret || header !== `Bearer ${secret}`) throw new UnauthorizedException();
    return true;
  }
}
@Injectable()
export class SessionGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest();
    return !!request.cookies.sid;
  }
}
@Injectable()
export class JwtGuard extends AuthGuard("jwt") {
  constructor(private reflector: Reflector) { super(); }
  canActivate(context: ExecutionContext) {
    const isPublic = this.reflector.getAllAndOverride<boolean>(PUBLIC, [context.getHandler(), context.getClass()]);
    if (isPublic) return true;
    return super.canActivate(context);
  }
}
export class GuestGuard extends AuthGuard("jwt") {
  handleRequest(error, user) { return user || null; }
}
export class MemberGuard extends AuthGuard("jwt") {
  handleRequest(error, user) {
    if (error || !user) throw error || new UnauthorizedException();
    return user;
  }
}
export const Closed = () => applyDecorators(SetMetadata("roles", ["admin"]), UseGuards(SessionGuard));
"""
MODULE = 'import { Module } from "@nestjs/common";\nimport { APP_GUARD } from "@nestjs/core";\nimport { JwtGuard } from "./guards";\n@Module({ providers: [{ provide: APP_GUARD, useClass: JwtGuard }] })\nexport class AppModule {}\n'
MAIN_OF_NEST = 'import { NestFactory } from "@nestjs/core";\nimport { SessionGuard } from "./guards";\nasync function start() {\n  const app = await NestFactory.create(AppModule);\n  {}\n  await app.listen(3000);\n}\nstart();\n'


def nest(method: str = "", above: str = "", module: str = "", main: str = "") -> dict[str, str]:
    return {
        "package.json": json.dumps({"dependencies": NEST}),
        "src/main.ts": MAIN_OF_NEST.replace("{}", main),
        "src/mail.controller.ts": CONTROLLER.replace("{}", above).replace("{method}", method),
        "src/guards.ts": GUARDS,
        "src/app.module.ts": module,
    }


@pytest.mark.parametrize(
    ("files", "answer"),
    [
        (nest(), "by"),
        (nest("@UseGuards(KeyGuard)"), "by"),
        (nest("@UseGuards(SessionGuard)"), "stops"),
        (nest("@UseGuards(ThrottlerGuard)"), "by"),
        (nest("@UseGuards(AuthGuard('jwt'))"), "stops"),
        (nest("@UseGuards(GuestGuard)"), "by"),
        (nest("@UseGuards(MemberGuard)"), "stops"),
        (nest("@UseGuards(KeyGuard, SessionGuard)"), "stops"),
        (nest("@Closed()"), "stops"),
        (nest("@SomebodysGuard()"), "untold"),
        (nest(above="@UseGuards(SessionGuard)"), "stops"),
        (nest(module=MODULE), "stops"),
        (nest("@Public()", module=MODULE), "by"),
        (nest(main="app.useGlobalGuards(new SessionGuard());"), "stops"),
    ],
)  # fmt: skip
def test_a_guard_of_nest(tmp_path: Path, files: dict[str, str], answer: str) -> None:
    assert isinstance(front(tmp_path, files).answer, KINDS[answer])


CONSUMER = 'import { Module } from "@nestjs/common";\nimport { Asked } from "./asked";\n@Module({})\nexport class AppModule {\n  configure(consumer) { consumer.apply(Asked).forRoutes({routes}); }\n}\n'


@pytest.mark.parametrize(
    ("routes", "body", "answer"),
    [
        ("'*'", "if (!request.session) return response.status(401).end();\n    next();", "stops"),
        ("'*'", "if (request.headers.authorization !== `Bearer ${process.env.CRON_SECRET}`) return response.status(401).end();\n    next();", "by"),
        ("'*'", "console.log(request.url);\n    next();", "by"),
        ("'users'", "if (!request.session) return response.status(401).end();\n    next();", "by"),
    ],
)  # fmt: skip
def test_a_middleware_of_a_module_of_nest(
    tmp_path: Path, routes: str, body: str, answer: str
) -> None:
    files = nest(module=CONSUMER.replace("{routes}", routes))
    files["src/asked.ts"] = f"export class Asked {{\n  use(request, response, next) {{\n    {body}\n  }}\n}}\n"  # fmt: skip
    assert isinstance(front(tmp_path, files).answer, KINDS[answer])


NO = "throw new UnauthorizedException();"


@pytest.mark.parametrize(
    ("parameters", "check", "auth"),
    [
        ("@Headers('authorization') sent?: string", f"if (!process.env.CRON_SECRET || sent !== `Bearer ${{process.env.CRON_SECRET}}`) {NO}", "cron-secret"),
        ("@Headers('authorization') sent?: string", f"if (process.env.CRON_SECRET && sent !== `Bearer ${{process.env.CRON_SECRET}}`) {NO}", "fail-open"),
        ("@Headers() sent: Record<string, string>", f"if (!process.env.CRON_SECRET || sent.authorization !== `Bearer ${{process.env.CRON_SECRET}}`) {NO}", "cron-secret"),
        ("@Req() request: Request", f"if (!process.env.CRON_SECRET || request.headers.authorization !== `Bearer ${{process.env.CRON_SECRET}}`) {NO}", "cron-secret"),
        ("@Query('key') key?: string", f"if (key !== process.env.JOB_KEY) {NO}", "wrong-credential"),
    ],
)  # fmt: skip
def test_what_nest_gives_a_method_is_what_its_decorators_ask_for(
    audited: Callable[..., Plan], parameters: str, check: str, auth: str
) -> None:
    files = nest()
    files["src/mail.controller.ts"] = f'import {{ Controller, Get, Headers, Query, Req, UnauthorizedException }} from "@nestjs/common";\nimport {{ send }} from "@acme/mail";\n@Controller("api/cron")\nexport class MailController {{\n  @Get("mail")\n  async run({parameters}) {{\n    {check}\n    await send();\n  }}\n}}\n'  # fmt: skip
    (job,) = audited(files, PATH).jobs
    assert job.handler is not None
    assert job.handler.auth == auth


def test_the_prefix_of_nest_may_stand_in_any_file(audited: Callable[..., Plan]) -> None:
    files = nest(main="configure(app);")
    files["src/mail.controller.ts"] = files["src/mail.controller.ts"].replace("api/cron", "cron")
    files["src/configure.ts"] = "export function configure(app) { app.setGlobalPrefix('api'); }\n"
    (job,) = audited(files, PATH).jobs
    assert job.handler is not None
    assert job.handler.route is not None


@pytest.mark.parametrize(
    ("files", "auth"),
    [
        (nest(), "none"),
        (nest("@UseGuards(KeyGuard)"), "cron-secret"),
        (nest("@SomebodysGuard()"), None),
    ],
)
def test_a_guard_of_nest_checks_the_caller(
    audited: Callable[..., Plan], files: dict[str, str], auth: str | None
) -> None:
    (job,) = audited(files, PATH).jobs
    assert job.handler is not None
    assert job.handler.auth == auth


def test_a_text_that_is_one_of_several_is_not_taken_for_the_one_that_is_known(
    tmp_path: Path,
) -> None:
    body = "const mode = lookup('mode') ?? '';\n  if (!mode.trim()) return NextResponse.redirect('/login');"
    files = {
        "middleware.ts": f"{NEXT}import {{ lookup }} from 'flags';\nexport function middleware(request) {{\n  {body}\n}}\n",
        "app/api/cron/mail/route.ts": "export function GET() {}",
    }
    assert isinstance(front(tmp_path, files, "next").answer, Untold)

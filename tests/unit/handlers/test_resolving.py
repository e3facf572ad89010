"""Where a GET to a path ends: every framework family, by its own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cronshift.handlers import Resolver, Verdict
from cronshift.handlers.workspaces import below

if TYPE_CHECKING:
    from pathlib import Path

GET = "export async function GET(request: Request) { return Response.json({}); }\n"
POST = GET.replace("GET", "POST")
LOWER = "export const get = async () => new Response('ok');\n"
DEFAULT = "export default function handler(req, res) { res.status(200).end(); }\n"
NEXT = {"package.json": '{"dependencies": {"next": "16.0.0"}}'}
HANDLER = "from http.server import BaseHTTPRequestHandler\n\nclass handler(BaseHTTPRequestHandler):\n    def do_GET(self): ...\n"


def resolver(root: Path, files: dict[str, str], document: Any = None) -> Resolver:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Resolver(root, document)


def package(name: str, version: str = "5.0.0") -> dict[str, str]:
    return {"package.json": f'{{"dependencies": {{"{name}": "{version}"}}}}'}


CASES: dict[str, tuple[dict[str, str], str, str | None]] = {
    "next group": ({**NEXT, "app/(ee)/api/x/route.ts": GET}, "/api/x", "app/(ee)/api/x/route.ts"),
    "next slot": ({**NEXT, "app/@jobs/api/x/route.ts": GET}, "/api/x", "app/@jobs/api/x/route.ts"),
    "next private": ({**NEXT, "app/_x/route.ts": GET, "app/y/route.ts": GET}, "/_x", None),
    "next src": ({**NEXT, "src/app/api/x/route.ts": GET}, "/api/x", "src/app/api/x/route.ts"),
    "next src beside app": (
        {**NEXT, "app/api/y/route.ts": GET, "src/app/api/x/route.ts": GET}, "/api/x", None,
    ),
    "next dynamic": ({**NEXT, "app/api/[job]/route.ts": GET}, "/api/x", "app/api/[job]/route.ts"),
    "next static first": (
        {**NEXT, "app/api/[job]/route.ts": GET, "app/api/x/route.ts": GET}, "/api/x", "app/api/x/route.ts",
    ),
    "next catch-all": ({**NEXT, "app/api/[...all]/route.ts": GET}, "/api/a/b", "app/api/[...all]/route.ts"),
    "next catch-all needs one": ({**NEXT, "app/api/c/[...all]/route.ts": GET}, "/api/c", None),
    "next optional catch-all": (
        {**NEXT, "app/api/c/[[...all]]/route.ts": GET}, "/api/c", "app/api/c/[[...all]]/route.ts",
    ),
    "next pages": ({**NEXT, "pages/api/x.ts": DEFAULT}, "/api/x", "pages/api/x.ts"),
    "next pages index": ({**NEXT, "pages/api/x/index.ts": DEFAULT}, "/api/x", "pages/api/x/index.ts"),
    "next pages catch-all": (
        {**NEXT, "pages/api/[...all].ts": DEFAULT}, "/api/a/b", "pages/api/[...all].ts",
    ),
    "next pages folder with a dot": (
        {**NEXT, "pages/api/v1.0/x.ts": DEFAULT}, "/api/v1.0/x", "pages/api/v1.0/x.ts",
    ),
    "next pages types": ({**NEXT, "pages/api/x.d.ts": "", "pages/api/y.ts": DEFAULT}, "/api/x.d", None),
    "next extensions": (
        {
            **NEXT,
            "next.config.js": "module.exports = { pageExtensions: ['api.ts'] };",
            "pages/api/x.api.ts": DEFAULT,
        }, "/api/x", "pages/api/x.api.ts",
    ),
    "next base path": (
        {**NEXT, "next.config.mjs": "export default { basePath: '/docs' };", "app/api/x/route.ts": GET},
        "/docs/api/x", "app/api/x/route.ts",
    ),
    "next without base path": (
        {**NEXT, "next.config.mjs": "export default { basePath: '/docs' };", "app/api/x/route.ts": GET},
        "/api/x", None,
    ),
    "query": ({**NEXT, "app/api/x/route.ts": GET}, "/api/x?job=/api/y", "app/api/x/route.ts"),
    "function ts": ({"api/x.ts": DEFAULT}, "/api/x", "api/x.ts"),
    "function with extension": ({"api/x.js": DEFAULT}, "/api/x.js", "api/x.js"),
    "function index": ({"api/x/index.ts": DEFAULT}, "/api/x", "api/x/index.ts"),
    "function dynamic": ({"api/[job].ts": DEFAULT}, "/api/x", "api/[job].ts"),
    "function hidden": ({"api/_x.ts": DEFAULT, "api/y.ts": DEFAULT}, "/api/_x", None),
    "function python": ({"api/x.py": HANDLER}, "/api/x", "api/x.py"),
    "function before a catch-all": (
        {**NEXT, "app/api/[...all]/route.ts": GET, "api/x.py": HANDLER}, "/api/x", "api/x.py",
    ),
    "function behind a route of that very path": (
        {**NEXT, "app/api/x/route.ts": GET, "api/x.py": HANDLER}, "/api/x", "app/api/x/route.ts",
    ),
    "function of a pattern behind a catch-all": (
        {**NEXT, "app/api/[...all]/route.ts": GET, "api/[job].py": HANDLER}, "/api/x", "app/api/[...all]/route.ts",
    ),
    "function go": ({"api/x.go": "package handler\nfunc Run(w, r) {}\n"}, "/api/x", "api/x.go"),
    "function ruby": ({"api/x.rb": "Handler = Proc.new do |req, res|\nend\n"}, "/api/x", "api/x.rb"),
    "function rust": ({"api/x.rs": "fn main() {}\n"}, "/api/x", "api/x.rs"),
    "sveltekit": (
        {**package("@sveltejs/kit"), "src/routes/(a)/api/x/+server.ts": GET}, "/api/x", "src/routes/(a)/api/x/+server.ts",
    ),
    "nuxt": ({**package("nuxt"), "server/api/x.get.ts": "export default defineEventHandler(() => 1)"}, "/api/x", "server/api/x.get.ts"),
    "nitro route": ({**package("nitropack"), "routes/x.ts": "export default defineEventHandler(() => 1)"}, "/x", "routes/x.ts"),
    "astro": ({**package("astro"), "src/pages/api/x.ts": GET}, "/api/x", "src/pages/api/x.ts"),
    "astro 2, in lower case": ({**package("astro", "^2.10.3"), "src/pages/api/x.ts": LOWER}, "/api/x", "src/pages/api/x.ts"),
    "remix": (
        {**package("@remix-run/node"), "app/routes/api.x.ts": "export async function loader() { return null; }"},
        "/api/x", "app/routes/api.x.ts",
    ),
    "remix 2, in a folder that is no route": ({**package("@remix-run/dev", "^2.9.0"), "app/routes/_index.tsx": "export default () => null;", "app/routes/api/x.ts": "export async function loader() { return null; }"}, "/api/x", None),
    "remix 2, a folder's route": ({**package("@remix-run/dev", "^2.9.0"), "app/routes/api.x/route.ts": "export async function loader() { return null; }"}, "/api/x", "app/routes/api.x/route.ts"),
    "remix 1, in a folder": ({**package("@remix-run/dev", "^1.19.0"), "app/routes/api/x.ts": "export async function loader() { return null; }"}, "/api/x", "app/routes/api/x.ts"),
    "remix 2, by a package's folders": (
        {"package.json": '{"dependencies": {"@remix-run/dev": "2.9.0", "remix-flat-routes": "1"}}', "app/routes/api/x.ts": "export async function loader() { return null; }"},
        "/api/x", "app/routes/api/x.ts",
    ),
    "react router config": (
        {
            **package("@react-router/dev"),
            "app/routes.ts": 'import { route } from "@react-router/dev/routes";\nexport default [route("api/x", "jobs/x.ts")];',
            "app/jobs/x.ts": "export async function loader() { return null; }",
        }, "/api/x", "app/jobs/x.ts",
    ),
    "TanStack Start, which is built with Nitro": ({**package("@tanstack/react-start", "nitro"), "src/routes/api/x.ts": "export const Route = createFileRoute('/api/x')({ server: { handlers: { GET: () => new Response() } } });\n"}, "/api/x", "src/routes/api/x.ts"),
    "solidstart": ({**package("@solidjs/start"), "src/routes/api/x.ts": GET}, "/api/x", "src/routes/api/x.ts"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_path_ends_at_its_file(tmp_path: Path, name: str) -> None:
    files, path, expected = CASES[name]
    found = resolver(tmp_path, files).resolve(path)
    assert (found.handler.file if found.handler else None) == expected
    assert found.verdict is (Verdict.ANSWERED if expected else Verdict.DEAD)


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({**NEXT, "app/api/x/route.ts": POST}, "/api/x"),
        ({**package("nuxt"), "server/api/x.post.ts": "export default 1"}, "/api/x"),
        ({**package("@sveltejs/kit"), "src/routes/x/+server.ts": POST}, "/x"),
        ({**package("astro"), "src/pages/x.ts": POST}, "/x"),
        ({**package("astro", "^4.0.0"), "src/pages/x.ts": LOWER}, "/x"),
        ({**package("astro", "^2.0.0"), "src/pages/x.ts": POST.replace("POST", "post")}, "/x"),
        (
            {**package("@remix-run/node"), "app/routes/x.ts": "export async function action() {}"},
            "/x",
        ),
        ({"api/x.ts": POST}, "/api/x"),
    ],
)
def test_a_route_without_get_is_no_answer(tmp_path: Path, files: dict[str, str], path: str) -> None:
    assert resolver(tmp_path, files).resolve(path).verdict is Verdict.WRONG_METHOD


FASTAPI = {
    "requirements.txt": "fastapi\n",
    "main.py": "from fastapi import FastAPI\nfrom jobs.routes import router\napp = FastAPI()\napp.include_router(router, prefix='/api')\n",
    "jobs/__init__.py": "",
    "jobs/routes.py": "from fastapi import APIRouter\nrouter = APIRouter(prefix='/cron')\n\n@router.get('/mail')\ndef mail(): ...\n\n@router.post('/post')\ndef post(): ...\n",
}
FLASK = {
    "requirements.txt": "flask\n",
    "app.py": "from flask import Flask\nfrom jobs import bp\napp = Flask(__name__)\napp.register_blueprint(bp, url_prefix='/api/cron')\n",
    "jobs.py": "from flask import Blueprint\nbp = Blueprint('jobs', __name__)\n\n@bp.route('/mail')\ndef mail(): ...\n\n@bp.route('/post', methods=['POST'])\ndef post(): ...\n",
}
HONO = {
    "package.json": '{"dependencies": {"hono": "4"}}',
    "src/index.ts": "import { Hono } from 'hono';\nimport cron from './cron';\nconst app = new Hono();\napp.route('/api/cron', cron);\nexport default app;\n",
    "src/cron.ts": "import { Hono } from 'hono';\nconst cron = new Hono();\ncron.get('/mail', async (c) => c.json({}));\ncron.post('/post', async (c) => c.json({}));\nexport default cron;\n",
}
EXPRESS = {
    "package.json": '{"dependencies": {"express": "5"}}',
    "src/index.ts": "import express from 'express';\nimport { cron } from './cron';\nconst app = express();\napp.use('/api/cron', cron);\nexport default app;\n",
    "src/cron.ts": "import { Router } from 'express';\nexport const cron = Router();\ncron.get('/mail', async (req, res) => { res.json({}); });\ncron.post('/post', async (req, res) => { res.json({}); });\n",
}
IN_CATCH_ALL = {
    **NEXT,
    "app/api/[[...route]]/route.ts": "import { Hono } from 'hono';\nimport { handle } from 'hono/vercel';\nconst app = new Hono().basePath('/api');\napp.get('/cron/mail', (c) => c.json({}));\napp.post('/cron/post', (c) => c.json({}));\nexport const GET = handle(app);\nexport const POST = handle(app);\n",
}
FASTIFY = {
    "package.json": '{"dependencies": {"fastify": "5"}}',
    "src/index.ts": "import Fastify from 'fastify';\nimport cron from './cron';\nconst app = Fastify();\napp.register(cron, { prefix: '/api/cron' });\nexport default app;\n",
    "src/cron.ts": "export default async function (app) {\n  app.get('/mail', async () => ({}));\n  app.post('/post', async () => ({}));\n}\n",
}
STARLETTE = {
    "requirements.txt": "starlette\n",
    "main.py": "from starlette.applications import Starlette\nfrom starlette.routing import Mount, Route\nfrom jobs import routes\napp = Starlette(routes=[Mount('/api/cron', routes=routes)])\n",
    "jobs.py": "from starlette.routing import Route\nasync def mail(request): ...\nroutes = [\n    Route('/mail', mail),\n    Route('/post', mail, methods=['POST']),\n]\n",
}


def test_djangos_urls_are_followed(tmp_path: Path) -> None:
    known = resolver(
        tmp_path,
        {
            "requirements.txt": "django\n",
            "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_.settings')\n",
            "site_/__init__.py": "",
            "site_/settings.py": "ROOT_URLCONF = 'site_.urls'\nWSGI_APPLICATION = 'site_.wsgi.application'\n",
            "site_/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
            "site_/urls.py": "from django.urls import include, path\nurlpatterns = [path('api/cron/', include('jobs.urls'))]\n",
            "jobs/__init__.py": "",
            "jobs/urls.py": "from django.urls import path\nfrom . import views\nurlpatterns = [path('mail', views.mail)]\n",
            "jobs/views.py": "def mail(request): ...\n",
        },
    )
    found = known.resolve("/api/cron/mail")
    assert found.verdict is Verdict.ANSWERED
    assert found.handler
    assert found.handler.file == "site_/wsgi.py"
    assert known.resolve("/api/cron/mial").verdict is Verdict.DEAD


@pytest.mark.parametrize(
    ("files", "file", "declared"),
    [
        (FASTAPI, "main.py", ("jobs/routes.py", 4)),
        (FLASK, "app.py", ("jobs.py", 4)),
        (HONO, "src/index.ts", ("src/cron.ts", 3)),
        (FASTIFY, "src/index.ts", ("src/cron.ts", 2)),
        (STARLETTE, "main.py", ("jobs.py", 4)),
        (EXPRESS, "src/index.ts", ("src/cron.ts", 3)),
        (IN_CATCH_ALL, "app/api/[[...route]]/route.ts", ("app/api/[[...route]]/route.ts", 4)),
    ],
)
def test_routes_in_code_are_found_through_imports(
    tmp_path: Path, files: dict[str, str], file: str, declared: tuple[str, int]
) -> None:
    known = resolver(tmp_path, files)
    found = known.resolve("/api/cron/mail")
    assert found.verdict is Verdict.ANSWERED
    assert found.handler
    assert found.handler.route
    assert found.handler.file == file
    assert (found.handler.route.file, found.handler.route.line) == declared
    assert known.resolve("/api/cron/post").verdict is Verdict.WRONG_METHOD
    dead = known.resolve("/api/cron/mial")
    assert dead.verdict is Verdict.DEAD
    assert "/api/cron/mail" in dead.nearest


@pytest.mark.parametrize(
    ("document", "path", "verdict", "target"),
    [
        ({"redirects": [{"source": "/api/:x", "destination": "/v2/:x"}]}, "/api/x", "redirected", "/v2/x"),
        ({"trailingSlash": True}, "/api/x", "redirected", "/api/x/"),
        ({"trailingSlash": False}, "/api/x/", "redirected", "/api/x"),
        ({"cleanUrls": True}, "/api/x.ts", "redirected", "/api/x"),
        ({"rewrites": [{"source": "/old", "destination": "/api/x"}]}, "/old", "answered", ""),
        ({"rewrites": [{"source": "/(.*)", "destination": "https://e.example/$1"}]}, "/away", "external", "https://e.example/away"),
        ({"routes": [{"src": "/old/(.*)", "dest": "/api/$1"}]}, "/old/x", "answered", ""),
        ({"routes": [{"src": "/api/x", "methods": ["POST"], "dest": "/api/y"}, {"handle": "filesystem"}]}, "/api/x", "answered", ""),
        ({"routes": [{"src": "/api/x", "status": 404}, {"handle": "filesystem"}]}, "/api/x", "dead", ""),
        ({}, "/_svc/jobs/crons/nightly/cron", "unknown", ""),
        ({"builds": [{"src": "api/y.ts", "use": "@vercel/node"}]}, "/api/x", "dead", ""),
        ({"redirects": [{"source": "/api/x", "has": [{"type": "header", "key": "a"}], "destination": "/"}]}, "/api/x", "answered", ""),
    ],
)  # fmt: skip
def test_vercel_json_comes_before_the_files(
    tmp_path: Path, document: Any, path: str, verdict: str, target: str
) -> None:
    files = {"api/x.ts": DEFAULT, "api/y.ts": DEFAULT}
    found = resolver(tmp_path, files, document).resolve(path)
    assert (found.verdict.value, found.target) == (verdict, target)


def _condition(kind: str, key: str | None = None, value: str | None = None) -> dict[str, str]:
    named = {"type": kind, "key": key, "value": value}
    return {name: text for name, text in named.items() if text is not None}


HELD = [
    ({"has": [_condition("host", value="www.example.com")]}, "no"),
    ({"has": [_condition("host", value="(?<tenant>.*)\\.example\\.com")]}, "no"),
    ({"has": [_condition("host", value=".*\\.vercel\\.app")]}, "yes"),
    ({"has": [_condition("host", value="shop.vercel.app")]}, "maybe"),
    ({"missing": [_condition("host", value="www.example.com")]}, "yes"),
    ({"missing": [_condition("host", value=".*\\.vercel\\.app")]}, "no"),
    ({"has": [_condition("cookie", "sid")]}, "no"),
    ({"missing": [_condition("cookie", "sid")]}, "yes"),
    ({"has": [_condition("header", "x-tenant")]}, "no"),
    ({"missing": [_condition("header", "x-tenant")]}, "yes"),
    ({"has": [_condition("header", "user-agent", "vercel-cron/.*")]}, "yes"),
    ({"has": [_condition("header", "x-forwarded-proto", "http")]}, "no"),
    ({"missing": [_condition("header", "x-forwarded-proto", "https")]}, "no"),
    ({"has": [_condition("header", "x-forwarded-host", "www.example.com")]}, "no"),
    ({"has": [_condition("header", "host", "shop.vercel.app")]}, "maybe"),
    ({"missing": [_condition("header", "authorization")]}, "maybe"),
    ({"has": [_condition("query", "limit", "\\d+")]}, "yes"),
    ({"has": [_condition("query", "limit", "all")]}, "no"),
    ({"has": [_condition("query", "page")]}, "no"),
    ({"has": [_condition("query", "limit"), _condition("cookie", "sid")]}, "no"),
    ({"has": [_condition("query", "limit"), _condition("header", "accept", "x")]}, "maybe"),
]


@pytest.mark.parametrize(("conditions", "held"), HELD)
def test_a_rewrite_holds_where_its_conditions_do(
    tmp_path: Path, conditions: dict[str, Any], held: str
) -> None:
    rule = {"source": "/(.*)", "destination": "https://away.example/$1", **conditions}
    found = resolver(tmp_path, {"api/x.ts": DEFAULT}, {"rewrites": [rule]})
    verdicts = {"yes": "external", "no": "dead", "maybe": "unknown"}
    assert found.resolve("/old?limit=5").verdict.value == verdicts[held]
    assert found.resolve("/api/x?limit=5").verdict.value == "answered"  # files come first


@pytest.mark.parametrize(("conditions", "held"), HELD)
def test_a_redirect_and_a_legacy_route_hold_where_their_conditions_do(
    tmp_path: Path, conditions: dict[str, Any], held: str
) -> None:
    verdicts = {"yes": "redirected", "no": "answered", "maybe": "unknown"}
    redirect = {"source": "/(.*)", "destination": "/away", **conditions}
    files = {"api/x.ts": DEFAULT}
    found = resolver(tmp_path, files, {"redirects": [redirect]}).resolve("/api/x?limit=5")
    assert found.verdict.value == verdicts[held]
    assert (found.handler is None) == (held == "yes")
    route = {"src": "/api/x", "headers": {"Location": "/away"}, **conditions}
    routes = [route, {"handle": "filesystem"}]
    found = resolver(tmp_path, files, {"routes": routes}).resolve("/api/x?limit=5")
    assert found.verdict.value == verdicts[held]


@pytest.mark.parametrize(
    "source",
    [
        "import { withCron } from '@/lib/cron';\nexport const GET = withCron(async () => Response.json({}));\n",
        "async function h() { return Response.json({}); }\nexport { h as GET, h as POST };\n",
        "export { GET } from '@/lib/jobs';\n",
        "export * from '../../../lib/jobs';\n",
    ],
)
def test_exports_of_every_form_answer(tmp_path: Path, source: str) -> None:
    files = {**NEXT, "app/api/x/route.ts": source, "lib/jobs.ts": GET}
    assert resolver(tmp_path, files).resolve("/api/x").verdict is Verdict.ANSWERED


def test_the_work_behind_a_re_export_is_read(tmp_path: Path) -> None:
    from cronshift.handlers.flow.behaving import behaviour_of
    from cronshift.handlers.flow.program import Program
    from cronshift.handlers.flow.reader import HandlerReader

    loose = "export async function GET() {\n  work().then(() => 1);\n  return Response.json({});\n}\nasync function work() { await fetch('/'); }\n"
    known = resolver(
        tmp_path,
        {**NEXT, "app/api/x/route.ts": "export { GET } from '@/lib/jobs';\n", "lib/jobs.ts": loose},
    )
    handler = known.resolve("/api/x").handler
    assert handler
    seen = behaviour_of(HandlerReader(Program(known.tree), handler, "/api/x"))
    assert seen.work
    assert (seen.work.file, seen.work.line) == ("lib/jobs.ts", 1)
    assert [spot.file for _, spot in seen.loose] == ["lib/jobs.ts"]


@pytest.mark.parametrize(
    "route",
    [
        "export * from '@/lib/other';\nexport * from '@/lib/jobs';\n",
        "const { GET: get } = require('../../../lib/jobs');\nmodule.exports.GET = get;\n",
    ],
)
def test_the_second_of_several_re_exports_and_renamed_ones_are_followed(
    tmp_path: Path, route: str
) -> None:
    from cronshift.handlers.javascript import define

    files = {
        **NEXT,
        "app/api/x/route.ts": route,
        "lib/jobs.ts": GET,
        "lib/other.ts": "export const a = 1;",
    }
    found = define(resolver(tmp_path, files).tree, "app/api/x/route.ts", "GET")
    assert found
    assert found.file == "lib/jobs.ts"


def test_a_file_whose_name_is_no_text_is_no_route(tmp_path: Path) -> None:
    import os

    known = resolver(tmp_path, {**NEXT, "app/api/x/route.ts": GET})
    odd = os.fsencode(tmp_path) + b"/app/api/cron/\xff"
    os.makedirs(odd)  # noqa: PTH103 - bytes
    with open(odd + b"/route.ts", "w") as file:  # noqa: PTH123 - bytes
        file.write(GET)
    assert all(name.encode() for name in known.tree.files)
    assert known.resolve("/api/x").verdict is Verdict.ANSWERED


def test_a_dead_path_names_the_nearest_route(tmp_path: Path) -> None:
    files = {**NEXT, "app/api/crons/mail/route.ts": GET, "app/api/users/route.ts": GET}
    found = resolver(tmp_path, files).resolve("/api/cron/mail")
    assert (found.verdict, found.nearest[0]) == (Verdict.DEAD, "/api/crons/mail")


@pytest.mark.parametrize(("more", "answered"), [(1, True), (2, False)])
def test_the_app_that_answers_most_entries_is_meant(
    tmp_path: Path, more: int, answered: bool
) -> None:
    """Another app may answer one of the entries, by a path as common as ``/api/x``."""
    files = {"package.json": '{"workspaces": ["services/*"]}'}
    for app, paths in {"web": ["x", "y"], "site": ["x", "y"][:more]}.items():
        files[f"services/{app}/package.json"] = NEXT["package.json"]
        files |= {f"services/{app}/app/api/{path}/route.ts": GET for path in paths}
    crons = [{"path": f"/api/{path}", "schedule": "0 3 * * *"} for path in ("x", "y")]
    found = resolver(tmp_path, files, {"crons": crons}).resolve("/api/y")
    assert (found.verdict is Verdict.ANSWERED) is answered
    assert answered is (
        found.handler is not None and found.handler.file == "services/web/app/api/y/route.ts"
    )


def test_every_app_of_a_monorepo_that_may_be_meant_is_shown(tmp_path: Path) -> None:
    files = {
        "package.json": '{"workspaces": ["services/*"]}',
        "pnpm-workspace.yaml": "packages:\n  - 'more/*'\n",
        "services/web/package.json": NEXT["package.json"],
        "services/web/app/api/x/route.ts": GET,
        "more/site/package.json": NEXT["package.json"],
        "more/site/app/api/x/route.ts": GET,
        "elsewhere/package.json": NEXT["package.json"],
        "elsewhere/app/api/x/route.ts": GET,
    }
    known = resolver(tmp_path, files)
    assert known.resolve("/api/x").verdict is Verdict.UNKNOWN
    assert set(below(known, "/api/x")) == {
        "services/web/app/api/x/route.ts",
        "more/site/app/api/x/route.ts",
    }

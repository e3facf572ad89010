"""No path is called dead on the strength of what was understood of an app's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers import Resolution, Resolver, Verdict

if TYPE_CHECKING:
    from pathlib import Path

FASTAPI = (
    "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/api/health')\ndef health(): ...\n"
)
ROUTER = (
    "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/tick')\ndef tick(): ...\n"
)
EXPRESS = (
    "import express from 'express';\nconst app = express();\n"
    "app.get('/api/health', (req, res) => res.end());\nexport default app;\n"
)
MINI = "import { Router } from 'express';\nconst router = Router();\nrouter.get('/tick', run);\n"


def resolved(root: Path, entry: str, files: dict[str, str], path: str = "/api/tick") -> Resolution:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    document = {"rewrites": [{"source": "/(.*)", "destination": f"/{entry}"}]}
    return Resolver(root, document).resolve(path)


@pytest.mark.parametrize("path", ["/api/health", "/api/tick"])
@pytest.mark.parametrize("root", ['"/api"', 'os.environ["ROOT"]', '""'])
def test_a_root_path_leaves_open_what_an_app_answers(tmp_path: Path, root: str, path: str) -> None:
    """Starlette takes it off a path from 0.33 on; where it is computed, what is declared may hold."""
    app = f"import os\n{FASTAPI.replace('FastAPI()', f'FastAPI(root_path={root})')}"
    verdict = resolved(tmp_path, "api/index.py", {"api/index.py": app}, path).verdict
    is_declared = path == "/api/health"
    told = Verdict.ANSWERED if is_declared else Verdict.DEAD
    computed = Verdict.ANSWERED if is_declared else Verdict.UNKNOWN
    assert verdict is {'""': told, '"/api"': Verdict.UNKNOWN}.get(root, computed)


@pytest.mark.parametrize(
    "app",
    [
        "from inner import web\nasync def app(scope, receive, send):\n    await web(scope, receive, send)\n",
        "from werkzeug.middleware.dispatcher import DispatcherMiddleware\nfrom inner import web, jobs\napp = DispatcherMiddleware(web, {'/api': jobs})\n",
        "import falcon\napp = falcon.App()\napp.add_route('/api/tick', object())\n",
    ],
)
def test_what_a_python_file_exports_in_a_wrapper_is_not_told(tmp_path: Path, app: str) -> None:
    resolution = resolved(tmp_path, "api/index.py", {"api/index.py": app})
    assert resolution.verdict is Verdict.UNKNOWN
    assert resolution.handler is not None


@pytest.mark.parametrize(
    ("body", "others"),
    [
        (
            "from api.jobs import router as jobs\nfor one in [jobs]:\n    app.include_router(one, prefix='/api')\n",
            {"api/jobs.py": ROUTER},
        ),
        (
            "from api import jobs\nfor one, at in ((jobs.router, '/api'),):\n    app.include_router(one, prefix=at)\n",
            {"api/jobs.py": ROUTER},
        ),
        (
            "from api import jobs\nfor module in (jobs,):\n    app.include_router(module.router, prefix='/api')\n",
            {"api/jobs.py": ROUTER},
        ),
        (
            "from api.jobs import router\nALL = {'/api': router}\nfor at, one in ALL.items():\n    app.include_router(one, prefix=at)\n",
            {"api/jobs.py": ROUTER},
        ),
        (
            "from api.setup import setup\nsetup(app)\n",
            {
                "api/setup.py": "from api.jobs import router\ndef setup(server):\n    server.include_router(router, prefix='/api')\n",
                "api/jobs.py": ROUTER,
            },
        ),
        (
            "from api.config import settings\nfrom api.jobs import router\napp.include_router(router, prefix=settings.API)\n",
            {
                "api/config.py": "class Settings:\n    API: str = '/api'\nsettings = Settings()\n",
                "api/jobs.py": ROUTER,
            },
        ),
        (
            "from api.config import get_settings\nfrom api.jobs import router\nsettings = get_settings()\napp.include_router(router, prefix=settings.API)\n",
            {
                "api/config.py": "class Settings:\n    API: str = '/api'\ndef get_settings():\n    return Settings()\n",
                "api/jobs.py": ROUTER,
            },
        ),
        (
            "from api.jobs import make\napp.include_router(make(), prefix='/api')\n",
            {
                "api/jobs.py": "from fastapi import APIRouter\ndef make():\n    made = APIRouter()\n    @made.get('/tick')\n    def tick(): ...\n    return made\n"
            },
        ),
        ("BASE = '/api'\n@app.get(f'{BASE}/tick')\ndef tick(): ...\n", {}),
        (
            "import api.jobs\n",
            {"api/jobs.py": "from api.index import app\n@app.get('/api/tick')\ndef t(): ...\n"},
        ),
    ],
)
def test_python_registrations_are_followed(
    tmp_path: Path, body: str, others: dict[str, str]
) -> None:
    found = resolved(tmp_path, "api/index.py", {"api/index.py": FASTAPI + body, **others})
    assert found.verdict is Verdict.ANSWERED
    assert found.handler is not None
    assert found.handler.route is not None


@pytest.mark.parametrize(
    "body",
    [
        "import pkgutil\nfor one in pkgutil.iter_modules(['api']):\n    app.include_router(load(one))\n",
        "import os\n@app.get(os.environ['BASE'] + '/tick')\ndef tick(): ...\n",
        "from vendor_jobs import router\napp.include_router(router)\n",
        "from vendor_jobs import register_routes\nregister_routes(app)\n",
        "for method in ('get', 'post'):\n    getattr(app, method)('/api/tick')(print)\n",
        "app.router.routes.append(make_route())\n",
        "from vendor_views import View\nclass Jobs(View):\n    base = '/api'\n    def tick(self): ...\nJobs.register(app)\n",
        "from werkzeug.middleware.dispatcher import DispatcherMiddleware\napp.wsgi_app = DispatcherMiddleware(app.wsgi_app, {'/api': other})\n",
        "from api.newer import router\napp.include_router(router)\n",
    ],
)
def test_a_python_registration_that_is_not_followed_leaves_every_miss_open(
    tmp_path: Path, body: str
) -> None:
    files = {"api/index.py": FASTAPI + body, "api/newer.py": "router = 1\ndef f[T](x: T): (\n"}
    found = resolved(tmp_path, "api/index.py", files)
    assert found.verdict is Verdict.UNKNOWN
    assert found.handler is not None
    assert found.handler.file == "api/index.py"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "from fastapi.staticfiles import StaticFiles\napp.mount('/static', StaticFiles(directory='x'))\n",
        "from mangum import Mangum\nhandler = Mangum(app)\n",
        "from werkzeug.middleware.proxy_fix import ProxyFix\napp.wsgi_app = ProxyFix(app.wsgi_app)\n",
        "import os\nfrom vendor_jobs import router\napp.include_router(router, prefix='/vendor')\n",
        "from api.jobs import router\nfor one in [router]:\n    app.include_router(one, prefix='/other')\n",
    ],
)
def test_a_path_is_dead_where_all_that_could_answer_it_is_understood(
    tmp_path: Path, body: str
) -> None:
    files = {"api/index.py": FASTAPI + body, "api/jobs.py": ROUTER}
    assert resolved(tmp_path, "api/index.py", files).verdict is Verdict.DEAD


FLASK = (
    "from flask import Flask\nfrom api.more import limiter, docs\nfrom api.jobs import jobs\n"
    "def make():\n    app = Flask(__name__)\n    limiter.init_app(app)\n{}    return app\napp = make()\n"
)
BLUEPRINT = "from flask import Blueprint\njobs = Blueprint('jobs', __name__, url_prefix='/own')\n@jobs.get('/tick')\ndef tick(): ...\n"
MORE = "from flask_limiter import Limiter\nfrom flasgger import Swagger\nlimiter = Limiter()\ndocs = Swagger()\n"


@pytest.mark.parametrize(
    ("body", "path", "verdict"),
    [
        ("    app.register_blueprint(jobs, url_prefix='/api')\n", "/api/tick", Verdict.ANSWERED),
        ("    app.register_blueprint(jobs, url_prefix='/api')\n", "/own/tick", Verdict.DEAD),
        ("    app.register_blueprint(jobs)\n", "/own/tick", Verdict.ANSWERED),
        ("    app.register_blueprint(jobs)\n    docs.init_app(app)\n", "/tick", Verdict.UNKNOWN),
    ],
)
def test_a_blueprint_is_where_it_is_registered(
    tmp_path: Path, body: str, path: str, verdict: Verdict
) -> None:
    """Its own prefix holds where the registration names none; extensions add routes where they are made to."""
    files = {"api/index.py": FLASK.format(body), "api/jobs.py": BLUEPRINT, "api/more.py": MORE}
    assert resolved(tmp_path, "api/index.py", files, path).verdict is verdict


@pytest.mark.parametrize(
    ("body", "others"),
    [
        (
            "import { mount } from './setup';\nmount(app);\n",
            {
                "api/setup.ts": "import { router } from './jobs';\nexport function mount(server) { server.use('/api', router); }\n",
                "api/jobs.ts": MINI + "export { router };\n",
            },
        ),
        (
            "import { make } from './jobs';\napp.use('/api', make());\n",
            {
                "api/jobs.ts": "import { Router } from 'express';\nexport function make() {\n  const made = Router();\n  made.get('/tick', run);\n  return made;\n}\n"
            },
        ),
        ("const BASE = '/api';\napp.get(`${BASE}/tick`, run);\n", {}),
        ("app.use('/api/tick', (req, res) => res.end());\n", {}),
        (
            "import router from './jobs';\nconst AT = '/api';\napp.use(AT, router);\n",
            {"api/jobs.ts": MINI + "export default router;\n"},
        ),
    ],
)
def test_node_registrations_are_followed(tmp_path: Path, body: str, others: dict[str, str]) -> None:
    found = resolved(tmp_path, "api/index.ts", {"api/index.ts": EXPRESS + body, **others})
    assert found.verdict is Verdict.ANSWERED
    assert found.handler is not None
    assert found.handler.route is not None


FASTIFY = "import fastify from 'fastify';\nimport { jobs } from './jobs';\nexport function build() {\n  const server = fastify();\n  server.register(jobs, { prefix: '/api' });\n  return server;\n}\n"
PLUGIN = "export async function jobs(app) { app.get('/tick', run); }\n"


@pytest.mark.parametrize(
    "entry",
    [
        "import { build } from './server';\nlet app;\nexport default async function handler(req, res) {\n  if (!app) app = build();\n  await app.ready();\n  app.server.emit('request', req, res);\n}\n",
        "import { build } from './server';\nexport default async function handler(req, res) {\n  const app = await build();\n  return app(req, res);\n}\n",
    ],
)
def test_an_app_that_a_function_hands_its_request_to_is_followed(
    tmp_path: Path, entry: str
) -> None:
    files = {"api/index.ts": entry, "api/server.ts": FASTIFY, "api/jobs.ts": PLUGIN}
    found = resolved(tmp_path, "api/index.ts", files)
    assert found.verdict is Verdict.ANSWERED
    assert found.handler is not None
    assert found.handler.route is not None
    assert found.handler.route.file == "api/jobs.ts"


@pytest.mark.parametrize(
    ("path", "verdict"), [("/tick", Verdict.ANSWERED), ("/tock", Verdict.DEAD)]
)
def test_an_app_that_a_file_exports_again_is_followed(
    tmp_path: Path, path: str, verdict: Verdict
) -> None:
    files = {
        "api/index.ts": "export { default } from '../src/server.js';\n",
        "src/server.ts": EXPRESS + f"app.get('/api{path}', run);\nexport default app;\n",
    }
    assert resolved(tmp_path, "api/index.ts", files).verdict is verdict


@pytest.mark.parametrize(
    "body",
    [
        "for (const one of routes) app.use(one.path, one.router);\n",
        "routes.forEach((one) => app.get(one.path, one.run));\n",
        "Object.values(routers).forEach((router) => app.use(router));\n",
        "app.get(process.env.BASE + '/tick', run);\n",
        "app[method]('/api/tick', run);\n",
        "import { registerRoutes } from 'vendor-jobs';\nregisterRoutes(app);\n",
        "import { jobs } from 'vendor-jobs';\napp.use('/api', jobs());\n",
    ],
)
def test_a_node_registration_that_is_not_followed_leaves_every_miss_open(
    tmp_path: Path, body: str
) -> None:
    found = resolved(tmp_path, "api/index.ts", {"api/index.ts": EXPRESS + body})
    assert found.verdict is Verdict.UNKNOWN
    assert found.handler is not None
    assert found.handler.file == "api/index.ts"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "import cors from 'cors';\napp.use(cors());\napp.use(express.json());\n",
        "import cors from 'cors';\napp.options('*', cors());\n",
        "import { jobs } from 'vendor-jobs';\napp.use('/vendor', jobs());\n",
        "function log(req, res, next) { next(); }\napp.use(log);\napp.use('/api', log);\n",
        "import { createServer } from 'http';\ncreateServer(app).listen(3000);\n",
    ],
)
def test_a_node_path_is_dead_where_all_that_could_answer_it_is_understood(
    tmp_path: Path, body: str
) -> None:
    files = {"api/index.ts": EXPRESS + body}
    assert resolved(tmp_path, "api/index.ts", files).verdict is Verdict.DEAD


@pytest.mark.parametrize(
    ("urls", "verdict"),
    [
        ("urlpatterns = [path('api/', include(router.urls))]", Verdict.UNKNOWN),
        ("urlpatterns = [re_path(r'^api/(?P<name>\\w+)$', run)]", Verdict.UNKNOWN),
        ("urlpatterns = [path(settings.BASE + 'tick', run)]", Verdict.UNKNOWN),
        ("urlpatterns = [path('other/', include(router.urls)), path('x', run)]", Verdict.DEAD),
    ],
)
def test_djangos_computed_urls_leave_open_what_lies_below_them(
    tmp_path: Path, urls: str, verdict: Verdict
) -> None:
    files = {
        "api/index.py": "from django.core.wsgi import get_wsgi_application\napp = get_wsgi_application()\n",
        "site_/settings.py": "ROOT_URLCONF = 'site_.urls'\n",
        "site_/__init__.py": "",
        "site_/urls.py": urls,
    }
    assert resolved(tmp_path, "api/index.py", files).verdict is verdict


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("server/api/tick.ts", "import { eventHandler } from 'h3';\nexport default eventHandler(() => run());\n"),
        ("api/tick.ts", "import type { Request, Response } from 'express';\nexport default (req: Request, res: Response) => res.end();\n"),
        ("api/tick.js", "const { json } = require('express');\nmodule.exports = (req, res) => res.end();\n"),
        ("api/tick.py", "def app(environ, start_response):\n    return run()\n"),
    ],
)  # fmt: skip
def test_a_file_that_answers_its_own_path_is_no_app_for_what_it_imports(
    tmp_path: Path, file: str, text: str
) -> None:
    package = '{"dependencies": {"nuxt": "4"}}' if file.startswith("server") else "{}"
    for name, content in ((file, text), ("package.json", package)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    found = Resolver(tmp_path).resolve("/api/tick")
    assert (found.verdict, found.handler and found.handler.file) == (Verdict.ANSWERED, file)


HONO = (
    "import {{ Hono }} from 'hono';\nimport {{ cors }} from 'hono/cors';\n"
    "import {{ limit }} from './limit';\nconst app = new Hono();\n"
    "{use}\napp.post('/api/tick', (c) => c.json(1));\nexport default app;\n"
)


@pytest.mark.parametrize(
    ("use", "limit", "verdict"),
    [
        ("app.use('*', limit(16));", "(size) => { return async (c, next) => { await next(); }; }", Verdict.WRONG_METHOD),
        ("app.use('*', limit(16));", "(size) => (c, next) => next()", Verdict.WRONG_METHOD),
        ("app.use('*', cors());", "() => 1", Verdict.WRONG_METHOD),
        ("app.use('*', limit(16));", "(size) => { return (c) => c.json(size); }", Verdict.ANSWERED),
        ("app.use('*', limit(16));", "(size) => made(size)", Verdict.UNKNOWN),
    ],
)  # fmt: skip
def test_a_middleware_that_a_function_makes_answers_no_path(
    tmp_path: Path, use: str, limit: str, verdict: Verdict
) -> None:
    files = {
        "src/index.ts": HONO.format(use=use),
        "src/limit.ts": f"export const limit = {limit};\n",
    }
    assert resolved(tmp_path, "src/index.ts", files).verdict is verdict


GO = "package api\n\nfunc Handler(w http.ResponseWriter, r *http.Request) {\n\trouter := chi.NewRouter()\n%s\n\trouter.ServeHTTP(w, r)\n}\n"


@pytest.mark.parametrize(
    ("body", "verdict", "line"),
    [
        ('\trouter.Get("/api/tick", tick)', Verdict.ANSWERED, 5),
        ('\trouter.Handle("GET", "/api/tick", tick)', Verdict.ANSWERED, 5),
        ('\t// router.Get("/api/tick", tick)', Verdict.UNKNOWN, None),
        ('\trouter.Post("/api/tick", tick)', Verdict.UNKNOWN, None),
        ('\trouter.Get("/api/other", tick)', Verdict.UNKNOWN, None),
        ('\trouter.Route("/v1", routes)\n\trouter.Get("/api/tick", tick)', Verdict.UNKNOWN, None),
    ],
)
def test_a_go_file_that_routes_answers_what_it_spells_and_is_not_told_otherwise(
    tmp_path: Path, body: str, verdict: Verdict, line: int | None
) -> None:
    resolution = resolved(tmp_path, "api/index.go", {"api/index.go": GO % body})
    assert resolution.verdict is verdict
    if line is None:
        assert "api/index.go:4" in resolution.why
    else:
        assert resolution.handler is not None
        assert resolution.handler.line == line


def test_a_go_file_without_routes_answers_whatever_leads_to_it(tmp_path: Path) -> None:
    text = "package api\n\nfunc Handler(w http.ResponseWriter, r *http.Request) { work() }\n"
    resolution = resolved(tmp_path, "api/index.go", {"api/index.go": text})
    assert resolution.verdict is Verdict.ANSWERED


@pytest.mark.parametrize(
    ("file", "verdict"), [("api/index.rb", Verdict.UNKNOWN), ("api/tick.rb", Verdict.ANSWERED)]
)
def test_an_entry_of_a_language_that_is_not_read_is_not_told(
    tmp_path: Path, file: str, verdict: Verdict
) -> None:
    resolution = resolved(tmp_path, file, {file: "Handler = proc { |request, response| work }\n"})
    assert resolution.verdict is verdict


@pytest.mark.parametrize(
    ("made", "verdict", "entry"),
    [
        ("routes", Verdict.ANSWERED, "api/index.js"),
        ("routes.default || routes", Verdict.ANSWERED, "api/index.js"),
        ("routes.default ?? routes", Verdict.ANSWERED, "app.js"),
        ("routes.default", Verdict.ANSWERED, "app.js"),
        ("chosen(routes)", Verdict.UNKNOWN, "app.js"),
    ],
)
def test_a_router_that_is_required_is_followed_or_not_told(
    tmp_path: Path, made: str, verdict: Verdict, entry: str
) -> None:
    app = (
        "const express = require('express');\nconst routes = require('./routes');\n"
        f"const router = {made};\nconst app = express();\napp.use('/api', router);\nmodule.exports = app;\n"
    )
    mini = "const { Router } = require('express');\nconst router = Router();\nrouter.get('/tick', run);\n"
    files = {
        "api/index.js": "module.exports = require('../app');\n",
        "app.js": app,
        "routes.js": f"{mini}module.exports = router;\n",
    }
    assert resolved(tmp_path, entry, files).verdict is verdict

"""Forms in which routers are mounted and routes are declared, each with the path it answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.handlers import Resolver, Verdict

if TYPE_CHECKING:
    from pathlib import Path

ROUTER = "import { Router } from 'express';\nexport const router = Router();\nrouter.get('/tick', run);\n"
EXPRESS = (
    "import express from 'express';\nimport { router } from './jobs';\nconst app = express();\n"
    "const auth = (req, res, next) => next();\nconst off = (req, res, next) => next();\n"
    "app.get('/api/health', (req, res) => res.end());\n"
)
HONO = "import { Hono } from 'hono';\nconst app = new Hono();\napp.get('/api/health', run);\n"
KOA = (
    "import Koa from 'koa';\nimport Router from '@koa/router';\nconst app = new Koa();\n"
    "const r = new Router();\nr.get('/api/health', run);\n"
)
ELYSIA = "import { Elysia } from 'elysia';\n"
STARLETTE = (
    "from starlette.applications import Starlette\n"
    "from starlette.routing import BaseRoute, Host, Mount, Route, Router, WebSocketRoute\n"
    "from fastapi.routing import APIRoute\n"
    "async def tick(request): ...\n"
)
HEALTH = "Route('/api/health', tick)"


def verdict(root: Path, entry: str, text: str, path: str = "/api/tick") -> Verdict:
    files = {entry: text, "api/jobs.ts": ROUTER}
    for name, written in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(written)
    packages = ("express", "hono", "koa", "elysia")
    (root / "package.json").write_text(json.dumps({"dependencies": dict.fromkeys(packages, "1")}))
    document = {"rewrites": [{"source": "/(.*)", "destination": f"/{entry}"}]}
    return Resolver(root, document).resolve(path).verdict


@pytest.mark.parametrize(
    "text",
    [
        EXPRESS + "app.use('/api', [auth, router]);\nexport default app;\n",
        EXPRESS + "app.use(['/v2', '/api'], router);\nexport default app;\n",
        EXPRESS + "app.use('/api', ...[auth, router]);\nexport default app;\n",
        EXPRESS + "app.use('/api', on ? router : off);\nexport default app;\n",
        EXPRESS + "app.use('/api', on && router);\nexport default app;\n",
        EXPRESS + "app.get(['/v2/tick', '/api/tick'], run);\nexport default app;\n",
        HONO + "const api = app.basePath('/api');\napi.get('/tick', run);\nexport default app;\n",
        HONO
        + "const tick = createRoute({ method: 'get', path: '/api/tick', responses: {} });\n"
        + "app.openapi(tick, run);\nexport default app;\n",
        HONO
        + "app.openapi(createRoute({ method: 'get', path: '/api/tick' }), run);\nexport default app;\n",
        KOA + "r.get('tick', '/api/tick', run);\napp.use(r.routes());\nexport default app;\n",
        KOA
        + "const s = new Router();\ns.prefix('/api');\ns.get('/tick', run);\n"
        + "app.use(r.routes());\napp.use(s.routes());\nexport default app;\n",
        ELYSIA
        + "const jobs = () => new Elysia().get('/api/tick', run);\n"
        + "const app = new Elysia().use(jobs()).get('/api/health', run);\nexport default app;\n",
        ELYSIA
        + "function jobs() {\n  return new Elysia({ prefix: '/api' }).get('/tick', run);\n}\n"
        + "const app = new Elysia().use(jobs()).get('/api/health', run);\nexport default app;\n",
        ELYSIA
        + "const jobs = new Elysia({ prefix: '/api' }).get('/tick', run);\n"
        + "const app = new Elysia().use(jobs).get('/api/health', run);\nexport default app;\n",
    ],
)
def test_the_forms_of_node_frameworks_are_followed(tmp_path: Path, text: str) -> None:
    assert verdict(tmp_path, "api/index.ts", text) is Verdict.ANSWERED
    other = "/api/other"
    assert verdict(tmp_path, "api/index.ts", text, other) is Verdict.DEAD


@pytest.mark.parametrize(
    "text",
    [
        EXPRESS + "app.use('/api', ...routers);\nexport default app;\n",
        EXPRESS + "app.use('/api', routers[0]);\nexport default app;\n",
        EXPRESS + "app.use(vhost('jobs.example.com', router));\nexport default app;\n",
        HONO + "app.openapi(routes.tick, run);\nexport default app;\n",
        HONO + "start(app.basePath('/api'));\nexport default app;\n",
        KOA + "r.prefix(base());\napp.use(r.routes());\nexport default app;\n",
        ELYSIA
        + "const jobs = new Elysia({ prefix: base() }).get('/tick', run);\n"
        + "const app = new Elysia().use(jobs).get('/api/health', run);\nexport default app;\n",
    ],
)
def test_forms_of_node_that_are_not_followed_call_no_path_dead(tmp_path: Path, text: str) -> None:
    assert verdict(tmp_path, "api/index.ts", text) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        f"app = Starlette(routes=[{HEALTH}, Route('/api/tick', endpoint=tick)])\n",
        f"app = Starlette(routes=[{HEALTH}, APIRoute('/api/tick', tick)])\n",
        f"app = Starlette(routes=[{HEALTH}, Route(path='/api/tick', endpoint=tick)])\n",
        f"more = [Route('/api/tick', tick)]\napp = Starlette(routes=[{HEALTH}, *more])\n",
        f"more = [Route('/api/tick', tick)]\napp = Starlette(routes=[{HEALTH}] + more)\n",
        f"one = Route('/api/tick', tick)\napp = Starlette(routes=[{HEALTH}, one])\n",
        (
            "jobs = Starlette(routes=[Route('/tick', tick)])\n"
            f"app = Starlette(routes=[{HEALTH}, Mount('/api', jobs)])\n"
        ),
        (
            "jobs = Starlette(routes=[Route('/tick', tick)])\n"
            f"app = Starlette(routes=[{HEALTH}, Mount('/api', app=jobs), WebSocketRoute('/ws', tick)])\n"
        ),
        (
            "from sanic import Sanic, Blueprint\nbp = Blueprint('jobs', url_prefix='/api')\n"
            "@bp.get('/tick')\nasync def run(request): ...\napp = Sanic('x')\n"
            "@app.get('/api/health')\nasync def health(request): ...\napp.blueprint(bp)\n"
        ),
    ],
)
def test_the_forms_of_python_frameworks_are_followed(tmp_path: Path, text: str) -> None:
    assert verdict(tmp_path, "api/index.py", STARLETTE + text) is Verdict.ANSWERED
    assert verdict(tmp_path, "api/index.py", STARLETTE + text, "/api/other") is Verdict.DEAD


@pytest.mark.parametrize(
    "text",
    [
        f"app = Starlette(routes=[{HEALTH}, Host('x.example.com', jobs)])\n",
        f"app = Starlette(routes=[{HEALTH}, made()])\n",
        f"app = Starlette(routes=[{HEALTH}, *made()])\n",
        f"app = Starlette(routes=[{HEALTH}] + made())\n",
        f"from jobs import more\napp = Starlette(routes=[{HEALTH}, more])\n",
        f"app = Starlette(routes=[{HEALTH}, Route(PREFIX + name, tick)])\n",
        f"app = Starlette(routes=[{HEALTH}, *[Route(at, tick) for at in PATHS]])\n",
    ],
)
def test_forms_of_python_that_are_not_followed_call_no_path_dead(tmp_path: Path, text: str) -> None:
    assert verdict(tmp_path, "api/index.py", STARLETTE + text) is Verdict.UNKNOWN

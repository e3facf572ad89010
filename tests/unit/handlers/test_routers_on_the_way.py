"""What runs before a route of a Node app: the middleware of every router that a request goes through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding, Plan

CHECK = "if (!process.env.CRON_SECRET || req.header('authorization') !== `Bearer ${process.env.CRON_SECRET}`) return res.sendStatus(401);\n  next();"
OPEN = "if (!process.env.CRON_SECRET) return next();\n  if (req.header('authorization') === `Bearer ${process.env.CRON_SECRET}`) return next();\n  res.sendStatus(401);"
WORK = "async (req, res) => { await sendReports(); res.json({}); }"
ROUTES = f"import {{ Router }} from 'express';\nimport {{ sendReports }} from '../lib/work';\nexport const routes = Router();\nroutes.get('/x', {WORK});\n"
ALL_TO_ONE = {
    "crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}],
    "rewrites": [{"source": "/(.*)", "destination": "/api"}],
}


def codes(told: Callable[..., list[Finding]], files: dict[str, str], package: str) -> list[str]:
    whole = {
        "package.json": json.dumps({"dependencies": {package: "4"}}),
        "vercel.json": json.dumps(ALL_TO_ONE),
        "api/index.ts": "import { app } from '../src/app';\nexport default app;\n",
        **files,
    }
    return [finding.code for finding in told(whole)]


def express(check: str, *uses: str) -> dict[str, str]:
    """Return an app between the entry and the file of its routes, with what it uses in this order."""
    body = "\n".join(uses)
    return {
        "src/check.ts": f"export function check(req, res, next) {{\n  {check}\n}}\n",
        "src/app.ts": f"import express from 'express';\nimport {{ check }} from './check';\nimport {{ routes }} from './routes';\nexport const app = express();\n{body}\n",
        "src/routes.ts": ROUTES,
    }


@pytest.mark.parametrize(
    ("check", "uses", "expected"),
    [
        (CHECK, ("app.use('/api/cron', check, routes);",), []),
        (CHECK, ("app.use(check);", "app.use('/api/cron', routes);"), []),
        (CHECK, ("app.use('/api/cron', check);", "app.use('/api/cron', routes);"), []),
        (OPEN, ("app.use('/api/cron', check, routes);",), ["CS207"]),
        # what is used behind the routes, or before other paths, does not run
        (CHECK, ("app.use('/api/cron', routes);", "app.use(check);"), ["CS206"]),
        (CHECK, ("app.use('/api/users', check);", "app.use('/api/cron', routes);"), ["CS206"]),
    ],
)
def test_an_app_between_the_entry_and_the_routes(
    told: Callable[..., list[Finding]], check: str, uses: tuple[str, ...], expected: list[str]
) -> None:
    assert codes(told, express(check, *uses), "express") == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("const built = require('./bundle.cjs');\nmodule.exports.fetch = async (request) => (built.default ?? built)(request);\n", []),
        ("const { serve } = require('acme-jobs');\nmodule.exports.fetch = async (request) => { await serve(); return Response.json({}); };\n", ["CS206"]),
    ],
)  # fmt: skip
def test_a_file_that_only_a_build_makes_may_check(
    told: Callable[..., list[Finding]], entry: str, expected: list[str]
) -> None:
    document = {"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}]}
    files = {"package.json": "{}", "vercel.json": json.dumps(document), "api/cron/x.js": entry}
    assert [finding.code for finding in told(files)] == expected


HONO_CHECK = "import { createMiddleware } from 'hono/factory';\nexport const check = createMiddleware(async (c, next) => {\n  const secret = process.env.CRON_SECRET;\n  if (!secret || c.req.header('Authorization') !== `Bearer ${secret}`) return c.json({}, 401);\n  await next();\n});\n"


@pytest.mark.parametrize(
    ("pattern", "expected"), [("/cron/*", []), ("*", []), ("/api/cron/*", ["CS206"])]
)
def test_a_router_sees_what_is_behind_its_prefix(
    told: Callable[..., list[Finding]], pattern: str, expected: list[str]
) -> None:
    files = {
        "src/check.ts": HONO_CHECK,
        "src/app.ts": "import { Hono } from 'hono';\nimport { cron } from './cron';\nexport const app = new Hono();\napp.route('/api', cron);\n",
        "src/cron.ts": f"import {{ Hono }} from 'hono';\nimport {{ check }} from './check';\nimport {{ sendReports }} from '../lib/work';\nexport const cron = new Hono();\ncron.use('{pattern}', check);\ncron.get('/cron/x', async (c) => {{ await sendReports(); return c.json({{}}); }});\n",
    }
    assert codes(told, files, "hono") == expected


ERRORS = "export class AppError extends Error {\n  constructor(message, status = 500) { super(message); this.statusCode = status; }\n}\nexport class Unauthorized extends AppError {\n  constructor() { super('no', 401); }\n}\n"


@pytest.mark.parametrize(
    ("handed_on", "expected"),
    [("new Unauthorized()", []), ("new AppError('no', 401)", []), ("'route'", ["CS206"])],
)
def test_an_error_that_is_handed_on_turns_the_caller_away(
    told: Callable[..., list[Finding]], handed_on: str, expected: list[str]
) -> None:
    check = f"const secret = process.env.CRON_SECRET;\n  if (!secret || req.header('authorization') !== `Bearer ${{secret}}`) return next({handed_on});\n  next();"
    files = express(check, "app.use('/api/cron', check, routes);")
    files["src/check.ts"] = f"import {{ AppError, Unauthorized }} from './errors';\n{files['src/check.ts']}"  # fmt: skip
    files["src/errors.ts"] = ERRORS
    assert codes(told, files, "express") == expected


@pytest.mark.parametrize(
    "settings",
    [
        "export const env = {\n  get cronSecret() { return process.env.CRON_SECRET || ''; },\n  set cronSecret(value) { throw new Error('no'); },\n};\n",
        "class Settings {\n  get cronSecret() { return this.read('CRON_SECRET'); }\n  read(name) { return process.env[name] ?? ''; }\n}\nexport const env = new Settings();\n",
    ],
)
def test_a_getter_is_what_it_returns(told: Callable[..., list[Finding]], settings: str) -> None:
    check = "if (!env.cronSecret) return next();\n  if (req.header('authorization') === `Bearer ${env.cronSecret}`) return next();\n  res.sendStatus(401);"
    files = express(check, "app.use('/api/cron', check, routes);")
    files["src/check.ts"] = f"import {{ env }} from './env';\n{files['src/check.ts']}"
    files["src/env.ts"] = settings
    assert codes(told, files, "express") == ["CS207"]


@pytest.mark.parametrize("decorator", ["property", "cached_property"])
def test_a_property_of_python_is_what_it_returns(
    told: Callable[..., list[Finding]], decorator: str
) -> None:
    files = {
        "api/cron/x.py": "from http.server import BaseHTTPRequestHandler\nimport requests\nfrom settings import settings\n\nclass handler(BaseHTTPRequestHandler):\n    def do_GET(self):\n        if settings.secret and self.headers.get('Authorization') != f'Bearer {settings.secret}':\n            self.send_response(401)\n            self.end_headers()\n            return\n        requests.post('https://e.example').raise_for_status()\n        self.send_response(200)\n        self.end_headers()\n",
        "settings.py": f"import os\nfrom functools import cached_property\n\nclass Settings:\n    @{decorator}\n    def secret(self):\n        return os.environ.get('CRON_SECRET', '')\n\nsettings = Settings()\n",
    }
    assert [finding.code for finding in told(files)] == ["CS207"]


NEST_ENTRY = """import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import express from 'express';
import { AppModule } from '../src/app.module';
let cached;
async function createApp() {
  if (cached) return cached;
  const server = express();
  const app = await NestFactory.create(AppModule, new ExpressAdapter(server));
  app.setGlobalPrefix('api');
  await app.init();
  cached = server;
  return server;
}
export default async function handler(req, res) {
  const app = await createApp();
  return app(req, res);
}
"""


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [("Get", "/api/cron/x", None), ("Post", "/api/cron/x", "CS302"), ("Get", "/api/cron/y", "CS301")],
)  # fmt: skip
def test_an_app_of_nest_that_a_function_makes_has_the_routes_of_its_controllers(
    audited: Callable[..., Plan], method: str, path: str, code: str | None
) -> None:
    document = {**ALL_TO_ONE, "crons": [{"path": path, "schedule": "0 3 * * *"}]}
    controller = f"import {{ Controller, {method} }} from '@nestjs/common';\n@Controller('cron')\nexport class CronController {{\n  @{method}('x')\n  async run() {{ return {{}}; }}\n}}\n"
    files = {
        "package.json": json.dumps({"dependencies": {"@nestjs/core": "11", "express": "5"}}),
        "vercel.json": json.dumps(document),
        "api/index.ts": NEST_ENTRY,
        "src/cron.controller.ts": controller,
    }
    routing = {finding.code for finding in audited(files, path).findings if finding.code in {"CS301", "CS302", "CS305"}}  # fmt: skip
    assert routing == ({code} if code else set())

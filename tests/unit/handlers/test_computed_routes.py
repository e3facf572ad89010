"""What a configuration computes, and what lies elsewhere: a path that it may answer is not called dead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers import Resolver
from cronshift.handlers.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

PATH = "/api/cron/mail"
VERDICTS = {
    "dead": Verdict.DEAD,
    "untold": Verdict.UNKNOWN,
    "answered": Verdict.ANSWERED,
    "redirected": Verdict.REDIRECTED,
    "external": Verdict.EXTERNAL,
}
GET = "export async function GET() { return new Response('ok'); }\n"
LOADER = "export async function loader() { return new Response('ok'); }\n"


def package(*names: str) -> str:
    return '{"dependencies": {' + ", ".join(f'"{name}": "15.0.0"' for name in names) + "}}"


def resolution(root: Path, files: dict[str, str], path: str = PATH) -> tuple[Verdict, str]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    resolved = Resolver(root, {}).resolve(path)
    return resolved.verdict, resolved.handler.file if resolved.handler is not None else ""


AWAY = "destination: 'https://b.example/:path*'"
DEVELOPING = "process.env.NODE_ENV === 'development'"


@pytest.mark.parametrize(
    ("rewrites", "verdict"),
    [
        ("const tail = '(0x[a-f]{40})';\nCONFIG({ async rewrites() { return [{ source: '/shops/:id' + tail + process.env.END, destination: '/s/:id' }]; } })", "dead"),
        ("CONFIG({ async rewrites() { return [{ source: `/shops/${process.env.SHOP}`, destination: '/s' }]; } })", "dead"),
        ("CONFIG({ async rewrites() { return shops.map((shop) => ({ source: `/shops/${shop}`, destination: '/s' })); } })", "dead"),
        ("CONFIG({ async rewrites() { return langs.map((lang) => ({ source: `/${lang}/x`, destination: '/s' })); } })", "untold"),
        ("CONFIG({ async rewrites() { return langs.map(ruleOf); } })", "untold"),
        ("CONFIG({ async rewrites() { return [{ source: process.env.FROM, destination: '/s' }]; } })", "untold"),
        ("CONFIG({ async rewrites() { return [{ source: '/api/:path*', destination: `${process.env.BACKEND}/:path*` }]; } })", "untold"),
        ("CONFIG({ async rewrites() { return [{ source: '/docs/:path*', destination: `${process.env.DOCS}/:path*` }]; } })", "dead"),
        ("CONFIG({ rewrites: require('./rewrites') })", "untold"),
        # in production
        (f"CONFIG({{ async rewrites() {{ if ({DEVELOPING}) {{ return [{{ source: '/api/:path*', {AWAY} }}]; }} return []; }} }})", "dead"),
        (f"CONFIG({{ async rewrites() {{ if (!({DEVELOPING})) return []; return [{{ source: '/api/:path*', {AWAY} }}]; }} }})", "dead"),
        (f"const developing = {DEVELOPING};\nCONFIG({{ async rewrites() {{ return [{{ source: '/api/:path*', destination: developing ? 'http://127.0.0.1:8000/:path*' : 'https://b.example/:path*' }}]; }} }})", "external"),
        (f"CONFIG({{ async rewrites() {{ return [...({DEVELOPING} ? [{{ source: '/api/:path*', {AWAY} }}] : [])]; }} }})", "dead"),
        (f"CONFIG({{ async rewrites() {{ if (!process.env.BACKEND) return []; return [{{ source: '/api/:path*', {AWAY} }}]; }} }})", "untold"),
        (f"CONFIG({{ async rewrites() {{ return [...(process.env.BACKEND ? [{{ source: '/blog/:path*', {AWAY} }}] : [])]; }} }})", "dead"),
        # what every path begins with
        ("CONFIG({ basePath: process.env.BASE })", "untold"),
        ("CONFIG({ basePath: process.env.NODE_ENV === 'production' ? '/shop' : '' })", "dead"),
        # a redirect is one wherever it leads to
        (f"CONFIG({{ async redirects() {{ return [{{ source: '{PATH}', destination: process.env.THERE, permanent: false }}]; }} }})", "redirected"),
    ],
)  # fmt: skip
def test_a_next_config_that_computes(tmp_path: Path, rewrites: str, verdict: str) -> None:
    config = rewrites.replace("CONFIG(", "module.exports = (")
    files = {"package.json": package("next"), "next.config.js": config, "app/api/other/route.ts": GET}  # fmt: skip
    assert resolution(tmp_path, files)[0] is VERDICTS[verdict]


ROUTING = "import { route, index, layout, prefix } from '@react-router/dev/routes';\nimport { flatRoutes } from '@react-router/fs-routes';\n"  # fmt: skip


@pytest.mark.parametrize(
    ("routes", "verdict", "file"),
    [
        ("export default [index('home.tsx'), ...prefix('api', [route('cron/mail', 'mail.ts')])];", "answered", "app/mail.ts"),
        ("export default [layout('shell.tsx', [route('api', 'api.tsx', [route('cron/:job', 'mail.ts')])])];", "answered", "app/mail.ts"),
        ("import { jobs } from './jobs';\nexport default [...prefix('api/cron', jobs)];", "answered", "app/mail.ts"),
        ("export default [{ path: 'api/cron/mail', file: 'mail.ts' }];", "answered", "app/mail.ts"),
        ("export default flatRoutes();", "answered", "app/routes/api.cron.mail.ts"),
        ("export default [index('home.tsx'), ...(await flatRoutes())] satisfies RouteConfig;", "answered", "app/routes/api.cron.mail.ts"),
        ("export default [index('home.tsx')];", "dead", ""),
        ("import { more } from '@acme/routes';\nexport default [index('home.tsx'), ...more];", "untold", ""),
        ("export default [index('home.tsx'), ...names.map((name) => route(name, 'mail.ts'))];", "untold", ""),
    ],
)  # fmt: skip
def test_the_list_of_routes_of_react_router(
    tmp_path: Path, routes: str, verdict: str, file: str
) -> None:
    files = {
        "package.json": package("@react-router/node"),
        "app/routes.ts": ROUTING + routes,
        "app/jobs.ts": ROUTING + "export const jobs = [route('mail', 'mail.ts')];",
        "app/mail.ts": LOADER,
        "app/routes/api.cron.mail.ts": LOADER,
    }
    assert resolution(tmp_path, files) == (VERDICTS[verdict], file)


@pytest.mark.parametrize(
    ("config", "file", "verdict"),
    [
        ("{ extends: ['./base'] }", "base/server/api/cron/mail.ts", "answered"),
        ("{}", "layers/jobs/server/api/cron/mail.ts", "answered"),
        ("{ srcDir: 'src/' }", "src/server/api/cron/mail.ts", "answered"),
        ("{ extends: 'github:acme/base' }", "server/api/other.ts", "untold"),
        ("{ extends: ['./base'] }", "server/api/other.ts", "dead"),
        ("{ app: { baseURL: process.env.BASE } }", "server/api/other.ts", "untold"),
    ],
)
def test_the_layers_of_nuxt(tmp_path: Path, config: str, file: str, verdict: str) -> None:
    files = {
        "package.json": package("nuxt"),
        "nuxt.config.ts": f"export default defineNuxtConfig({config});\n",
        file: "export default defineEventHandler(() => 'ok');\n",
    }
    assert resolution(tmp_path, files)[0] is VERDICTS[verdict]


@pytest.mark.parametrize(
    ("config", "verdict"),
    [
        ("export default { kit: { paths: { base: process.env.BASE } } };", "untold"),
        ("export default wrap({ kit: { paths: { base } } });", "untold"),
        ("export default { kit: { alias: { $x: 'src/x' } } };", "dead"),
    ],
)
def test_the_base_of_sveltekit(tmp_path: Path, config: str, verdict: str) -> None:
    files = {
        "package.json": package("@sveltejs/kit"),
        "svelte.config.js": config,
        "src/routes/other/+server.ts": GET,
    }
    assert resolution(tmp_path, files)[0] is VERDICTS[verdict]


def test_a_page_of_sveltekit_answers_where_no_endpoint_stands_beside_it(tmp_path: Path) -> None:
    files = {
        "package.json": package("@sveltejs/kit"),
        "src/routes/(app)/warm/+page.svelte": "<p/>",
        "src/routes/both/+page.svelte": "<p/>",
        "src/routes/both/+server.ts": GET,
    }
    assert resolution(tmp_path, files, "/warm")[1] == "src/routes/(app)/warm/+page.svelte"
    assert resolution(tmp_path, files, "/both")[1] == "src/routes/both/+server.ts"


def test_a_function_of_the_very_path_comes_before_a_pattern_of_next(tmp_path: Path) -> None:
    function = "from http.server import BaseHTTPRequestHandler\nclass handler(BaseHTTPRequestHandler):\n    pass\n"  # fmt: skip
    files = {
        "package.json": package("next"),
        "app/api/[...path]/route.ts": GET,
        "api/cron/mail.py": function,
        "app/api/cron/seed/route.ts": GET,
        "api/cron/[job].ts": "export default () => {};\n",
    }
    assert resolution(tmp_path, files)[1] == "api/cron/mail.py"
    assert resolution(tmp_path, files, "/api/cron/seed")[1] == "app/api/cron/seed/route.ts"


WORK = "async (c) => c.json({ ok: await store.rows.insertMany([1]) })"


@pytest.mark.parametrize(
    ("routes", "verdict"),
    [
        (f"const app = new Hono().basePath('/api');\napp.get('/cron/mail', {WORK});", "answered"),
        (f"import {{ BASE }} from './base';\nconst app = new Hono().basePath(BASE);\napp.get('/cron/mail', {WORK});", "answered"),
        (f"const app = new Hono();\nconst api = app.basePath('/api');\napi.get('/cron/mail', {WORK});", "answered"),
        (f"const app = new Hono().basePath('/api');\nconst jobs = app.basePath('/cron');\njobs.get('/mail', {WORK});", "answered"),
        (f"const app = new Hono();\nconst routes = app.basePath('/api').get('/cron/mail', {WORK});", "answered"),
        (f"const app = new Hono().basePath(process.env.BASE);\napp.get('/cron/mail', {WORK});", "untold"),
        (f"const app = new Hono().basePath('/v1');\napp.get('/cron/mail', {WORK});", "dead"),
    ],
)  # fmt: skip
def test_what_the_paths_of_hono_begin_with(tmp_path: Path, routes: str, verdict: str) -> None:
    head = "import { Hono } from 'hono';\nimport { handle } from 'hono/vercel';\n"
    folder = "app/api/[[...route]]"
    files = {
        "package.json": package("next", "hono"),
        f"{folder}/route.ts": f"{head}{routes}\nexport const GET = handle(app);\n",
        f"{folder}/base.ts": "export const BASE = '/api';\n",
    }
    assert resolution(tmp_path, files)[0] is VERDICTS[verdict]

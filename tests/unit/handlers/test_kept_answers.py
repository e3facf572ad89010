"""A GET that a build or a cache answers is told, and no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

WORK = "await fetch('https://upstream.example.com/sync', { method: 'POST' });\n"
ASTRO = f"export async function GET() {{ {WORK} return new Response('done'); }}\n"
NITRO = f"export default defineEventHandler(async () => {{ {WORK} return {{}}; }});\n"
REMIX = f"export async function loader() {{ {WORK} return Response.json({{}}); }}\n"
NEXT = "app/api/job/route.ts"
NEXT_ASKS = f"export async function GET(request: Request) {{ request.headers.get('x'); {WORK} return new Response(); }}\n"
NEXT_UNUSED = NEXT_ASKS.replace("request.headers.get('x');", "")
SVELTE = "import adapter from '@sveltejs/adapter-{}';\nexport default {{ kit: {{ adapter: adapter() }} }};\n"


def nuxt(rules: str) -> str:
    return f"export default defineNuxtConfig({{ {rules} }})\n"


CASES = {
    "an export of Next": ({NEXT: NEXT_ASKS, "next.config.mjs": "export default { output: 'export' }"}, "CS554"),
    "an export of Next, named before": (
        {NEXT: NEXT_ASKS, "next.config.js": "const config = { output: 'export' };\nmodule.exports = withMDX(config);"},
        "CS554",
    ),
    "an export on a condition": (
        {NEXT: NEXT_ASKS, "next.config.mjs": "export default { output: process.env.APP ? 'export' : undefined }"},
        None,
    ),
    "an export in a branch": (
        {NEXT: NEXT_ASKS, "next.config.mjs": "export default { ...(isApp && { output: 'export' }) }"},
        None,
    ),
    "an export in a comment": (
        {NEXT: NEXT_ASKS, "next.config.mjs": "export default {\n  // output: 'export',\n}"},
        None,
    ),
    "another output": ({NEXT: NEXT_ASKS, "next.config.mjs": "export default { output: 'standalone' }"}, None),
    "an export of Next's pages": ({"pages/api/job.ts": "export default async (req, res) => { await work(); res.end(); }", "next.config.mjs": "export default { output: 'export' }"}, "CS554"),
    "static by force": ({NEXT: "export const dynamic = 'force-static';\n" + NEXT_ASKS}, "CS211"),
    "static by force beside a POST": (
        {NEXT: "export const dynamic = 'force-static';\n" + NEXT_ASKS + "export async function POST() {}\n"},
        None,
    ),
    "revalidated": ({NEXT: "export const revalidate = 60;\n" + NEXT_UNUSED}, "CS211"),
    "kept for ever": ({NEXT: "export const revalidate = false;\n" + NEXT_UNUSED}, "CS211"),
    "revalidated, but it asks the request": ({NEXT: "export const revalidate = 60;\n" + NEXT_ASKS}, None),
    "revalidated, but it takes the request apart": (
        {NEXT: "export const revalidate = 60;\n" + NEXT_ASKS.replace("request: Request", "{ headers }: Request").replace("request.headers", "headers")},
        None,
    ),
    "an endpoint of Astro": ({"src/pages/api/job.ts": ASTRO}, "CS554"),
    "an endpoint of Astro, built by its configuration": (
        {"src/pages/api/job.ts": ASTRO, "astro.config.mjs": "export default defineConfig({ output: 'static', adapter: vercel() })"},
        "CS211",
    ),
    "an endpoint of Astro whose adapter is set later": (
        {"src/pages/api/job.ts": "export const prerender = false;\n" + ASTRO, "astro.config.mjs": "const config = { site: 'https://a.example' };\nconfig.adapter = vercel();\nexport default config;"},
        None,
    ),
    "an endpoint of Astro whose adapter is merged in": (
        {"src/pages/api/job.ts": "export const prerender = false;\n" + ASTRO, "astro.config.mjs": "export default merge({ site: 'https://a.example' }, { adapter: vercel() });"},
        None,
    ),
    "an endpoint of Astro on a server": (
        {"src/pages/api/job.ts": ASTRO, "astro.config.mjs": "export default defineConfig({ output: 'server', adapter: vercel() })"},
        None,
    ),
    "an endpoint of Astro that says no, without an adapter": ({"src/pages/api/job.ts": "export const prerender = false;\n" + ASTRO}, "CS554"),
    "an endpoint of Astro that says no": (
        {"src/pages/api/job.ts": "export const prerender = false;\n" + ASTRO, "astro.config.mjs": "export default defineConfig({ adapter: vercel() })"},
        None,
    ),
    "an endpoint of Astro that says yes, on a server": (
        {"src/pages/api/job.ts": "export const prerender = true;\n" + ASTRO, "astro.config.mjs": "export default defineConfig({ output: 'server', adapter: vercel() })"},
        "CS211",
    ),
    "an endpoint of Astro whose configuration is computed": (
        {"src/pages/api/job.ts": ASTRO, "astro.config.mjs": "export default defineConfig({ ...shared })"},
        None,
    ),
    "a static adapter of SvelteKit": (
        {"src/routes/api/job/+server.ts": ASTRO, "svelte.config.js": SVELTE.format("static")},
        "CS554",
    ),
    "another adapter of SvelteKit": (
        {"src/routes/api/job/+server.ts": ASTRO, "svelte.config.js": SVELTE.format("vercel")},
        None,
    ),
    "an app of React Router without a server": (
        {"app/routes/api.job.ts": REMIX, "react-router.config.ts": "export default { ssr: false } satisfies Config;"},
        "CS554",
    ),
    "an app of React Router with one": (
        {"app/routes/api.job.ts": REMIX, "react-router.config.ts": "export default { ssr: true } satisfies Config;"},
        None,
    ),
    "a route rule of Nuxt": (
        {"server/api/job.get.ts": NITRO, "nuxt.config.ts": nuxt("routeRules: { '/api/**': { swr: 3600 } }")},
        "CS211",
    ),
    "a route rule of Nuxt's server": (
        {"server/api/job.get.ts": NITRO, "nuxt.config.ts": nuxt("nitro: { routeRules: { '/api/*': { isr: true } } }")},
        "CS211",
    ),
    "a nearer rule that keeps nothing": (
        {"server/api/job.get.ts": NITRO, "nuxt.config.ts": nuxt("routeRules: { '/**': { isr: 60 }, '/api/**': { isr: false } }")},
        None,
    ),
    "a rule that would take for ever": (
        {"server/api/job.get.ts": NITRO, "nuxt.config.ts": nuxt(f"routeRules: {{ '{'/**' * 30}x': {{ isr: 60 }} }}")},
        None,
    ),
    "a rule of other paths": (
        {"server/api/job.get.ts": NITRO, "nuxt.config.ts": nuxt("routeRules: { '/blog/**': { isr: 60 }, '/api/**': { cors: true } }")},
        None,
    ),
    "a static preset": (
        {"server/api/job.get.ts": NITRO, "nuxt.config.ts": nuxt("nitro: { preset: 'vercel-static' }")},
        "CS554",
    ),
    "a cached handler of Nuxt": (
        {"server/api/job.get.ts": NITRO.replace("defineEventHandler", "defineCachedEventHandler")},
        "CS211",
    ),
    "a handler of Nuxt": ({"server/api/job.get.ts": NITRO, "nuxt.config.ts": nuxt("ssr: false")}, None),
}  # fmt: skip
PACKAGES = {
    "app/api": "next", "pages/api": "next", "src/pages": "astro", "src/routes": "@sveltejs/kit", "app/routes": "@react-router/dev",
    "server/api": "nuxt",
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_answer_that_is_kept_is_told_and_no_other(tmp_path: Path, case: str) -> None:
    files, code = CASES[case]
    package = next(
        name for folder, name in PACKAGES.items() if any(file.startswith(folder) for file in files)
    )
    crons = {"crons": [{"path": "/api/job", "schedule": "0 3 * * *"}]}
    files = files | {
        "vercel.json": json.dumps(crons),
        "package.json": json.dumps({"dependencies": {package: "16.0.0"}}),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    codes = {finding.code for finding in make_plan(load_project(tmp_path)).findings}
    assert not codes & {"CS301", "CS305"}
    assert codes & {"CS211", "CS554"} == ({code} if code else set())


COMPUTED = {
    "rules that are spread": ({"server/api/job.ts": NITRO, "nuxt.config.ts": nuxt("nitro: { routeRules: { ...rules } }")}, "nuxt", True),
    "rules of a name": ({"server/api/job.ts": NITRO, "nuxt.config.ts": "import { routeRules } from './rules';\n" + nuxt("routeRules")}, "nuxt", True),
    "rules of a function": ({"server/api/job.ts": NITRO, "nuxt.config.ts": nuxt("routeRules: rules()")}, "nuxt", True),
    "a rule that hangs on a variable": ({"server/api/job.ts": NITRO, "nuxt.config.ts": nuxt("routeRules: { '/api/**': { isr: Number(process.env.KEPT) } }")}, "nuxt", True),
    "rules that are written out": ({"server/api/job.ts": NITRO, "nuxt.config.ts": nuxt("routeRules: { '/about': { isr: true } }")}, "nuxt", False),
    "no rules": ({"server/api/job.ts": NITRO, "nuxt.config.ts": nuxt("modules: [...shared]")}, "nuxt", False),
    "an export of Next on a condition": ({NEXT: NEXT_ASKS, "next.config.mjs": "export default { output: process.env.APP ? 'export' : undefined };"}, "next", True),
    "a server of Next on a condition": ({NEXT: NEXT_ASKS, "next.config.mjs": "export default { output: process.env.DOCKER ? 'standalone' : undefined };"}, "next", False),
    "an export of Next, which the route goes against": ({NEXT: f"export const dynamic = 'force-dynamic';\n{NEXT_ASKS}", "next.config.mjs": "export default { output: process.env.APP ? 'export' : undefined };"}, "next", False),
    "an output of Astro": ({"src/pages/api/job.ts": ASTRO, "astro.config.mjs": "export default defineConfig({ output: process.env.OUTPUT, adapter: vercel() });"}, "astro", True),
    "an output of Astro, which the route goes against": ({"src/pages/api/job.ts": f"export const prerender = false;\n{ASTRO}", "astro.config.mjs": "export default defineConfig({ output: process.env.OUTPUT });"}, "astro", False),
    "a server of Astro": ({"src/pages/api/job.ts": ASTRO, "astro.config.mjs": "export default defineConfig({ output: 'server' });"}, "astro", False),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPUTED)
def test_a_setting_that_code_computes_may_keep_the_answer(tmp_path: Path, name: str) -> None:
    files, package, is_untold = COMPUTED[name]
    whole = {
        "vercel.json": json.dumps({"crons": [{"path": "/api/job", "schedule": "0 3 * * *"}]}),
        "package.json": json.dumps({"dependencies": {package: "15.0.0"}}),
        **files,
    }
    for file, text in whole.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    codes = {finding.code for finding in make_plan(load_project(tmp_path)).findings}
    assert ("CS549" in codes) is is_untold
    assert "CS211" not in codes

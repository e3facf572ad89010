"""Handlers that take a framework's event: what becomes a function, and what stays, with the line and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Conversion, Converted, Entry, Kept
from cronshift.targets.direct.javascript.converting import convert
from cronshift.targets.typescript.frameworks.astro import ASTRO
from cronshift.targets.typescript.frameworks.functions import FUNCTIONS
from cronshift.targets.typescript.frameworks.remix import REMIX
from cronshift.targets.typescript.frameworks.sveltekit import SVELTEKIT

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.targets.typescript.frameworks.web import WebFramework as AppFramework

ENTRY = Entry("/api/cron/x?day=monday", "0 6 * * *")
KIT = """import { NAMES } from "@sveltejs/kit";
import { env } from "$env/dynamic/private";
import { work } from "$lib/work";
"""
CHECK = "if (request.headers.get('authorization') !== `Bearer ${env.CRON_SECRET}`)"


def converted(root: Path, framework: AppFramework, export: str, text: str) -> Conversion:
    (root / "route.ts").write_text(text)
    return convert(SourceTree(root), "route.ts", export, ENTRY, event=framework.event)


@pytest.mark.parametrize(
    ("framework", "export", "source", "function"),
    [
        pytest.param(
            SVELTEKIT,
            "GET",
            f"{KIT.replace('NAMES', 'error, json')}export const GET = async ({{ request, url, fetch }}) => {{\n"
            f"  {CHECK} throw error(401, 'no');\n"
            "  const rates = await fetch('https://rates.test/today');\n"
            "  if (!rates.ok) error(502, 'no rates');\n"
            "  return json({ done: await work(url.searchParams.get('day'), rates) });\n};\n",
            "const doWork = async () => {\n"
            "  const rates = await fetch('https://rates.test/today');\n"
            "  if (!rates.ok) throw new Error('no rates');\n"
            "  return { done: await work(query.get('day'), rates) };\n};\n",
            id="a SvelteKit event that is taken apart",
        ),
        pytest.param(
            SVELTEKIT,
            "GET",
            f"{KIT.replace('NAMES', 'json, text')}export async function GET(event) {{\n"
            f"  {CHECK.replace('request', 'event.request')} return text('no', {{ status: 401 }});\n"
            "  return json({ done: await work(event.url.searchParams.get('day')) });\n}\n",
            "async function doWork() {\n  return { done: await work(query.get('day')) };\n}\n",
            id="a SvelteKit event that has a name",
        ),
        pytest.param(
            ASTRO,
            "GET",
            "export const prerender = false;\n"
            "export const GET = async ({ request, url, params }) => {\n"
            f"  {CHECK.replace('env.', 'import.meta.env.')} return new Response('no', {{ status: 401 }});\n"
            "  return new Response(JSON.stringify({ day: url.searchParams.get('day') }));\n};\n",
            'const work = async () => {\n  return JSON.stringify({ day: "monday" });\n};\n',
            id="an Astro context",
        ),
        pytest.param(
            REMIX,
            "loader",
            "export async function loader({ request }: { request: Request }) {\n"
            f"  {CHECK.replace('env.', 'process.env.')} throw new Response('no', {{ status: 401 }});\n"
            "  const url = new URL(request.url);\n"
            "  return { day: url.searchParams.get('day') };\n}\n",
            'async function work() {\n  return { day: "monday" };\n}\n',
            id="the arguments of a loader",
        ),
        pytest.param(
            FUNCTIONS,
            "default",
            'import type { VercelRequest, VercelResponse } from "@vercel/node";\n'
            "export default async function handler(req: VercelRequest, res: VercelResponse) {\n"
            "  if (req.headers.authorization !== `Bearer ${process.env.CRON_SECRET}`) {\n"
            "    return res.status(401).end();\n  }\n"
            "  return res.status(200).json({ day: req.query.day });\n}\n",
            'async function work() {\n  return { day: "monday" };\n}\n',
            id="a request and a response of Node's",
        ),
    ],
)
def test_the_work_is_left_where_only_the_call_is_looked_at(
    tmp_path: Path, framework: AppFramework, export: str, source: str, function: str
) -> None:
    conversion = converted(tmp_path, framework, export, source)
    assert isinstance(conversion, Converted), conversion
    assert conversion.text.endswith(function), conversion.text
    assert "@sveltejs/kit" not in conversion.text
    assert "request" not in conversion.text


@pytest.mark.parametrize(
    ("framework", "export", "body", "line", "why"),
    [
        (SVELTEKIT, "GET", "async ({ locals }) => {\n  return json(await locals.all());\n}", 5, "needs locals, which only SvelteKit gives"),
        (SVELTEKIT, "GET", "async (event) => {\n  return json(event.cookies.get('x'));\n}", 5, "needs cookies, which only SvelteKit gives"),
        (SVELTEKIT, "GET", "async (event) => {\n  return json(await work(event));\n}", 5, "hands its event on"),
        (SVELTEKIT, "GET", "async ({ url }) => {\n  return json(await work({ url }));\n}", 5, "hands its url on"),
        (SVELTEKIT, "GET", "async ({ fetch }) => {\n  return json(await fetch('/api/x'));\n}", 5, "needs fetch, which only SvelteKit gives"),
        (SVELTEKIT, "GET", "async ({ ...rest }) => {\n  return json(rest);\n}", 4, "takes its event in a way that is not read"),
        (SVELTEKIT, "GET", "async ({ url }) => {\n  return json(all.map((url) => url.href));\n}", 5, "declares url once more"),
        (SVELTEKIT, "GET", "async () => {\n  try {\n    error(500, 'no');\n  } catch {\n    await work();\n  }\n  return json({});\n}", 6, "throws an answer that other code may catch"),
        (SVELTEKIT, "GET", "async () => {\n  all.forEach(() => {\n    error(500, 'no');\n  });\n  return json({});\n}", 6, "throws an answer that other code may catch"),
        (ASTRO, "GET", "async ({ redirect }) => {\n  return redirect('/x');\n}", 5, "needs redirect, which only Astro gives"),
        (REMIX, "loader", "async ({ context }) => {\n  return { of: context.db };\n}", 5, "needs context, which only Remix gives"),
        (REMIX, "loader", "async ({ params }) => {\n  return { of: params.day };\n}", 5, "needs params, which only Remix gives"),
    ],
)  # fmt: skip
def test_a_handler_that_needs_more_stays_with_the_line_and_the_reason(
    tmp_path: Path, framework: AppFramework, export: str, body: str, line: int, why: str
) -> None:
    source = f"{KIT.replace('NAMES', 'error, json')}export const {export} = {body};\n"
    conversion = converted(tmp_path, framework, export, source)
    assert isinstance(conversion, Kept), conversion
    assert (conversion.place.line, conversion.why) == (line, why)

"""Handlers in a framework's own words: what becomes a function, and what stays, with the line and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Conversion, Converted, Entry, Kept
from cronshift.targets.direct.javascript.converting import convert
from cronshift.targets.typescript.frameworks.nitro import NITRO
from cronshift.targets.typescript.frameworks.tanstack import TANSTACK

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = Entry("/api/cron/x?day=monday", "0 6 * * *")
UTILS = """
export const isCron = (event) => getHeader(event, "authorization") === `Bearer ${process.env.CRON_SECRET}`;
export async function runJob(day) {
  return { day };
}
"""


def of_nitro(root: Path, body: str) -> Conversion:
    for file, text in {"api/x.ts": body, "utils/cron.ts": UTILS}.items():
        there = root / "server" / file
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(text)
    return convert(SourceTree(root), "server/api/x.ts", "default", ENTRY, event=NITRO.event)


def of_tanstack(root: Path, made: str) -> Conversion:
    (root / "x.ts").write_text(
        'import { createFileRoute } from "@tanstack/react-router";\n'
        'import { work } from "../work";\n\n'
        f'export const Route = createFileRoute("/api/cron/x")({made});\n'
    )
    return convert(SourceTree(root), "x.ts", "GET", ENTRY, event=TANSTACK.event)


def text_of(conversion: Conversion) -> str:
    assert isinstance(conversion, Converted), conversion
    return conversion.text


def kept(conversion: Conversion) -> tuple[int, str]:
    assert isinstance(conversion, Kept), conversion
    return conversion.place.line, conversion.why


@pytest.mark.parametrize(
    ("source", "function"),
    [
        pytest.param(
            "export default defineEventHandler(async (event) => {\n"
            "  if (!isCron(event)) throw createError({ statusCode: 401, statusMessage: 'no' });\n"
            "  const { day } = getQuery(event);\n"
            "  return { done: await runJob(day) };\n});\n",
            'import { runJob } from "../utils/cron";\n\n'
            "const work = async () => {\n"
            '  const { day } = ({ "day": "monday" } as Record<string, string | string[] | undefined>);\n'
            "  return { done: await runJob(day) };\n};\n",
            id="functions that Nitro finds unasked",
        ),
        pytest.param(
            'import { eventHandler, getRequestURL, setResponseStatus } from "h3";\n'
            'import { work } from "../work";\n\n'
            "export default eventHandler(async (event) => {\n"
            "  const { secret } = useRuntimeConfig(event);\n"
            "  if (event.headers.get('authorization') !== `Bearer ${secret}`) {\n"
            "    setResponseStatus(event, 401);\n    return 'no';\n  }\n"
            "  const day = getRequestURL(event).searchParams.get('day');\n"
            "  const found = { of: day, all: await work(day) };\n"
            "  if (!found.all) {\n    setResponseStatus(event, 503);\n    return { error: 'busy' };\n  }\n"
            "  setResponseHeader(event, 'x-of', 'here');\n"
            "  return found;\n});\n",
            'import { work } from "../work";\n\n'
            "const doWork = async () => {\n"
            '  const day: string = "monday";\n'
            "  const found = { of: day, all: await work(day) };\n"
            "  if (!found.all) {\n    throw new Error('busy');\n  }\n"
            "  return found;\n};\n",
            id="a status that is said before the answer, and a check against the configuration",
        ),
        pytest.param(
            "export default defineEventHandler(async (event) => {\n"
            "  if (event.node.req.headers.authorization !== `Bearer ${process.env.CRON_SECRET}`) {\n"
            "    throw createError('no');\n  }\n"
            "  try {\n    await runJob();\n  } catch (error) {\n"
            "    throw createError({ statusCode: 404, statusMessage: 'nothing to do' });\n  }\n});\n",
            'import { NonRetriableError } from "inngest";\n'
            'import { runJob } from "../utils/cron";\n\n'
            "const work = async () => {\n"
            "  try {\n    await runJob();\n  } catch (error) {\n"
            "    throw new NonRetriableError('nothing to do');\n  }\n"
            "  return null;\n};\n",
            id="an end without an answer, and an error of a catch",
        ),
    ],
)
def test_the_work_of_an_event_handler_is_left(tmp_path: Path, source: str, function: str) -> None:
    assert text_of(of_nitro(tmp_path, source)) == function


@pytest.mark.parametrize(
    ("body", "line", "why"),
    [
        ("async (event) => {\n  return { all: await readBody(event) };\n}", 2, "needs readBody, which only Nitro gives"),
        ("async (event) => {\n  return { db: event.context.db };\n}", 2, "needs context, which only Nitro gives"),
        ("async (event) => {\n  return { of: getRouterParam(event, 'x') };\n}", 2, "needs getRouterParam, which only Nitro gives"),
        ("async (event) => {\n  return sendRedirect(event, '/login');\n}", 2, "needs sendRedirect, which only Nitro gives"),
        ("async (event) => {\n  event.waitUntil(runJob());\n  return {};\n}", 2, "needs waitUntil, which only Nitro gives"),
        ("async (event) => {\n  const { req } = event;\n  return {};\n}", 2, "hands its event on"),
        ("async (event) => {\n  const q = getQuery<{ day: string }>(event);\n  return q;\n}", 2, "hands its event on"),
        ("async ({ context }) => {\n  return {};\n}", 1, "takes its request apart where it is declared"),
        ("async () => {\n  return { of: await $fetch('https://rates.test') };\n}", 2, "answers with the status that $fetch fails with"),
        ("async () => {\n  return of(await runJob());\n}", 2, "returns `of(await runJob())`, which is not spelled out"),
        ("async (event) => {\n  setResponseHeader(event, 'Retry-After', 7);\n  return {};\n}", 2, "says when to try again"),
        ("async (event) => {\n  setResponseStatus(event, 503);\n  await runJob();\n  return {};\n}", 2, "needs setResponseStatus, which only Nitro gives"),
        ("async () => {\n  try {\n    throw createError('no');\n  } catch {\n    await runJob();\n  }\n}", 3, "throws an answer that other code may catch"),
    ],
)  # fmt: skip
def test_an_event_handler_that_needs_more_stays(
    tmp_path: Path, body: str, line: int, why: str
) -> None:
    assert kept(of_nitro(tmp_path, f"export default defineEventHandler({body});\n")) == (line, why)


def test_a_handler_that_is_kept_in_a_cache_stays(tmp_path: Path) -> None:
    source = "export default defineCachedEventHandler(async () => {\n  return {};\n});\n"
    assert kept(of_nitro(tmp_path, source)) == (1, "is made by a call that is not read")


CHECK = "if (request.headers.get('authorization') !== `Bearer ${process.env.CRON_SECRET}`)"
REFUSAL = "return new Response('no', { status: 401 });"


@pytest.mark.parametrize(
    "made",
    [
        (
            "{\n  server: {\n    handlers: {\n      GET: async ({ request }) => {\n"
            f"        {CHECK} {REFUSAL}\n"
            "        const url = new URL(request.url);\n"
            "        return Response.json({ done: await work(`a\n        b`), of: url.searchParams.get('day') });\n"
            "      },\n    },\n  },\n}"
        ),
        (
            "{\n  server: {\n    handlers: ({ createHandlers }) =>\n      createHandlers({\n"
            "        async GET({ request }) {\n"
            f"          {CHECK} {REFUSAL}\n"
            "          return Response.json({ done: await work(`a\n        b`), of: new URL(request.url).searchParams.get('day') });\n"
            "        },\n      }),\n  },\n}"
        ),
        f"{{\n  server: {{ handlers: {{ ANY: async (all) => {{\n  {CHECK.replace('request', 'all.request')} {REFUSAL}\n"
        "  return Response.json({ done: await work(`a\n        b`), of: all.request.nextUrl?.searchParams.get('day') });\n"
        "} } },\n}".replace("all.request.nextUrl?", "new URL(all.request.url)"),
    ],
    ids=["an arrow function", "a method of createHandlers", "any method"],
)
def test_the_work_of_a_route_object_is_left(tmp_path: Path, made: str) -> None:
    written = text_of(of_tanstack(tmp_path, made))
    assert "createFileRoute" not in written
    assert written.startswith('import { work } from "../work";\n\n')
    assert '  return { done: await work(`a\n        b`), of: "monday" };\n}' in written


@pytest.mark.parametrize(
    ("made", "line", "why"),
    [
        ("{\n  component: Page,\n  server: { handlers: { GET: () => Response.json({}) } },\n}", 5, "shows a page too"),
        ("{\n  server: {\n    middleware: [named],\n    handlers: { GET: () => Response.json({}) },\n  },\n}", 6, "needs its middleware, which only TanStack Start runs"),
        ("{\n  server: { handlers: {\n    GET: { middleware: [named], handler: () => Response.json({}) },\n  } },\n}", 6, "needs its middleware, which only TanStack Start runs"),
        ("{\n  server: { handlers: {\n    GET: () => Response.json({}),\n    POST: () => Response.json({}),\n  } },\n}", 7, "answers POST too, with other work"),
        ("{\n  server: { handlers: {\n    GET: ({ params }) => Response.json({ of: params.x }),\n  } },\n}", 6, "needs params, which only TanStack Start gives"),
        ("options", 1, "is made by a call that is not read"),
    ],
)  # fmt: skip
def test_a_route_object_with_more_stays(tmp_path: Path, made: str, line: int, why: str) -> None:
    assert kept(of_tanstack(tmp_path, made)) == (line, why)

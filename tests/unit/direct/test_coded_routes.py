"""Routes that are declared in code: what becomes a function, what its module keeps, and what stays, with why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.model import Handler, HandlerKind, Location
from cronshift.targets.direct import Conversion, Converted, Entry, Kept
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.coded_routes import without_routes
from cronshift.targets.direct.javascript.converting import convert
from cronshift.targets.typescript.frameworks.express import EXPRESS
from cronshift.targets.typescript.frameworks.fastify import FASTIFY
from cronshift.targets.typescript.frameworks.hono import HONO
from cronshift.targets.typescript.frameworks.koa import KOA
from cronshift.targets.typescript.frameworks.nestjs import NESTJS, NESTJS_ON_FASTIFY

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.targets.typescript.frameworks.coded import CodedFramework

ENTRY = Entry("/api/cron/x?day=monday", "0 6 * * *")
MAKING = {
    "hono": 'import { Hono } from "hono"\nimport { work } from "./work";\nconst app = new Hono();\n',
    "koa": 'import Router from "@koa/router";\nimport { work } from "./work";\nconst app = new Router();\n',
    "express": 'import { Router } from "express";\nimport { work } from "./work";\nconst app = Router();\n',
    "fastify": 'import Fastify from "fastify";\nimport { work } from "./work";\nconst app = Fastify();\n',
}
FIRST = 4  # the line behind them
SECRET = "`Bearer ${process.env.CRON_SECRET}`"


def at(line: int) -> Handler:
    place = Location("app.ts", line)
    return Handler("app.ts", HandlerKind.NODE_APP, "default", "typescript", route=place)


def converted(root: Path, framework: CodedFramework, text: str, line: int) -> Conversion:
    (root / "app.ts").write_text(MAKING[framework.name] + text)
    shape = framework.shape_of(at(line))
    return convert(SourceTree(root), "app.ts", "default", ENTRY, event=shape)


@pytest.mark.parametrize(
    ("framework", "route", "function"),
    [
        pytest.param(
            HONO,
            'app.get("/api/cron/x", async (c) => {\n'
            f"  if (c.req.header('authorization') !== {SECRET}) return c.json({{ error: 'no' }}, 401);\n"
            "  const day = c.req.query('day') ?? 'sunday';\n"
            "  const done = await work(day, c.req.query('of'));\n"
            "  if (!done) return c.text('busy', 503);\n"
            "  return c.json({ done });\n});\n",
            "const doWork = async () => {\n"
            '  const day: string = "monday";\n'
            "  const done = await work(day, (undefined));\n"
            "  if (!done) throw new Error('busy');\n"
            "  return { done };\n};\n",
            id="a context of Hono",
        ),
        pytest.param(
            KOA,
            'app.get("/api/cron/x", async (ctx) => {\n'
            f"  if (ctx.get('authorization') !== {SECRET}) ctx.throw(401, 'no');\n"
            "  const day = ctx.query.day;\n  const done = await work(day);\n"
            "  if (!done) {\n    ctx.status = 503;\n    ctx.body = { error: 'busy' };\n    return;\n  }\n"
            "  ctx.set('x-of', 'here');\n"
            "  ctx.body = { done, of: ctx.query.day };\n"
            "  ctx.status = 200;\n});\n",
            "const doWork = async () => {\n"
            '  const day: string = "monday";\n  const done = await work(day);\n'
            "  if (!done) {\n    throw new Error('busy');\n  }\n"
            '  return { done, of: "monday" };\n};\n',
            id="a context of Koa",
        ),
        pytest.param(
            EXPRESS,
            'app.get("/api/cron/x", async (req, res, next) => {\n'
            f"  if (req.get('authorization') !== {SECRET}) {{\n    res.sendStatus(401);\n    return;\n  }}\n"
            "  res.set('x-of', 'here');\n"
            "  const day = req.query.day;\n  const done = await work(day);\n"
            "  if (!done) return res.status(503).json({ error: 'busy' });\n"
            "  res.json({ done });\n});\n",
            "const doWork = async () => {\n"
            '  const day: string = "monday";\n  const done = await work(day);\n'
            "  if (!done) throw new Error('busy');\n"
            "  return { done };\n};\n",
            id="a request and a response of Express",
        ),
        pytest.param(
            FASTIFY,
            'app.get("/api/cron/x", async (request, reply) => {\n'
            f"  if (request.headers.authorization !== {SECRET}) return reply.code(401).send({{ error: 'no' }});\n"
            "  reply.header('x-of', 'here');\n"
            "  const day = request.query.day;\n  const done = await work(day);\n"
            "  if (!done) {\n    reply.code(503).send({ error: 'busy' });\n    return;\n  }\n"
            "  return { done };\n});\n",
            "const doWork = async () => {\n"
            '  const day: string = "monday";\n  const done = await work(day);\n'
            "  if (!done) {\n    throw new Error('busy');\n  }\n"
            "  return { done };\n};\n",
            id="a request and a reply of Fastify",
        ),
        pytest.param(
            HONO,
            'app.get("/api/cron/x", (c) => c.json({ error: "nothing here" }, 404));\n',
            '\nconst doWork = () => {\n  throw new NonRetriableError("nothing here");\n};\n',
            id="nothing but an error",
        ),
    ],
)
def test_the_work_of_a_route_is_left(
    tmp_path: Path, framework: CodedFramework, route: str, function: str
) -> None:
    conversion = converted(tmp_path, framework, route, FIRST)
    assert isinstance(conversion, Converted), conversion
    assert framework.name not in conversion.text
    assert conversion.text.endswith(function.replace("doWork", conversion.function))


@pytest.mark.parametrize(
    ("framework", "handler", "line", "why"),
    [
        (HONO, "(c) => {\n  return c.json(c.get('user'));\n}", 5, "needs get, which only Hono gives"),
        (HONO, "(c) => {\n  c.executionCtx.waitUntil(work());\n  return c.json({});\n}", 5, "needs executionCtx.waitUntil, which only Hono gives"),
        (HONO, "async (c) => {\n  return c.json(await work(c));\n}", 5, "hands its c on"),
        (HONO, "async (c) => {\n  return c.json(await c.req.json());\n}", 5, "needs req.json, which only Hono gives"),
        (HONO, "(c) => {\n  return c.text('busy', 503, { 'retry-after': '7' });\n}", 5, "says when to try again"),
        (KOA, "async (ctx) => {\n  await work();\n}", 4, "may end without an answer"),
        (KOA, "async (ctx) => {\n  ctx.body = {};\n  await work();\n}", 5, "goes on after its answer"),
        (KOA, "async (ctx) => {\n  ctx.body = await work();\n}", 5, "answers with `await work()`, which is not spelled out"),
        (KOA, "async (ctx) => {\n  await axios.get('https://rates.test');\n  ctx.body = {};\n}", 5, "answers with the status that axios fails with"),
        (EXPRESS, "async (req, res) => {\n  await axios('https://rates.test');\n  res.json({});\n}", 5, "answers with the status that axios fails with"),
        (KOA, "async (ctx) => {\n  return {};\n}", 5, "returns `{}`, which is not spelled out"),
        (KOA, "async (ctx) => {\n  if (!work()) return;\n  ctx.body = {};\n}", 5, "returns without an answer"),
        (HONO, "async (c) => {\n  return {};\n}", 5, "returns `{}`, which is not spelled out"),
        (KOA, "async (ctx) => {\n  ctx.body = { of: ctx.state.user };\n}", 5, "needs state.user, which only Koa gives"),
        (EXPRESS, "async (req, res, next) => {\n  try {\n    res.json(await work());\n  } catch (error) {\n    next(error);\n  }\n}", 8, "needs next, which only Express gives"),
        (EXPRESS, "async (req, res) => {\n  res.setHeader('Retry-After', 7);\n  res.sendStatus(503);\n}", 5, "says when to try again"),
        (EXPRESS, "async (req, res) => {\n  res.json({ of: req.body });\n}", 5, "needs its request (`req.body`)"),
        (FASTIFY, "async (request, reply) => {\n  return { of: request.body };\n}", 5, "needs body, which only Fastify gives"),
        (FASTIFY, "async (request, reply) => {\n  reply.send({});\n  await work();\n}", 5, "goes on after its answer"),
    ],
)  # fmt: skip
def test_a_handler_that_needs_more_stays(
    tmp_path: Path, framework: CodedFramework, handler: str, line: int, why: str
) -> None:
    conversion = converted(tmp_path, framework, f'app.get("/api/cron/x", {handler});\n', FIRST)
    assert isinstance(conversion, Kept), conversion
    assert (conversion.place.line, conversion.why) == (line, why)


def test_an_exception_with_a_status_stays(tmp_path: Path) -> None:
    text = (
        'import { HTTPException } from "hono/http-exception";\n'
        'app.get("/api/cron/x", (c) => {\n'
        "  if (!work()) throw new HTTPException(404);\n  return c.json({});\n});\n"
    )
    conversion = converted(tmp_path, HONO, text, FIRST + 1)
    assert isinstance(conversion, Kept), conversion
    assert conversion.place.line == FIRST + 2
    assert "HTTPException" in conversion.why


PLAIN = 'app.get("/api/cron/x", (c) => c.json({ of: work() }));\n'


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (PLAIN.replace("/x", "/:x"), 4, "answers other paths too"),
        (PLAIN.replace("app.get", "app.use(work).get"), 4, "is declared in a chain of calls"),
        (f"export function routes() {{\n{PLAIN}}}\n", 5, "is declared inside of another function"),
        (PLAIN.replace('x",', 'x", async (c, next) => { await work(); await next(); },'), 4, "stands behind middleware that calls work"),
        (f"app.use(work);\n{PLAIN}", 5, "stands behind work, which is not read (app.ts:4)"),
        (f"app.use('*', async (c, next) => {{\n  await work();\n  await next();\n}});\n{PLAIN}", 8, "stands behind middleware that calls work (app.ts:4)"),
    ],
    ids=["a parameter", "a chain", "a plugin", "its own middleware", "all routes'", "of a path"],
)  # fmt: skip
def test_a_route_that_does_not_stand_by_itself_stays(
    tmp_path: Path, text: str, line: int, why: str
) -> None:
    conversion = converted(tmp_path, HONO, text, line)
    assert isinstance(conversion, Kept), conversion
    assert conversion.why == why


def test_middleware_that_only_looks_at_a_call_is_no_reason(tmp_path: Path) -> None:
    before = (
        'import { logger } from "hono/logger"; import cors from "cors";\n'
        "const open = cors({ origin: '*' }); app.use(logger(), open);\n"
        f"const allowed = (c) => c.req.header('authorization') === {SECRET};\n"
        "app.use('/api/cron/*', async (c, next) => {\n"
        "  if (!allowed(c)) return c.text('no', 401);\n"
        "  c.set('since', new Date().toISOString());\n  await next();\n});\n"
    )
    conversion = converted(tmp_path, HONO, before + PLAIN, FIRST + 8)
    assert isinstance(conversion, Converted), conversion
    assert "next" not in conversion.text
    assert "allowed" not in conversion.text


LOOKING = """import {{ randomUUID }} from "node:crypto";
const isId = (text) => /^[0-9a-f-]+$/i.test(text);
function idOf(c) {{
  const given = c.req.header("x-id")?.trim();
  {looked}
  return given && isId(given) ? given : randomUUID();
}}
app.use("*", async (c, next) => {{
  const id = idOf(c);
  logger.info("a call", Object.fromEntries([["id", id]]));
  await next();
}});
"""


@pytest.mark.parametrize(
    ("looked", "is_taken"),
    [
        ("const parts = (given ?? '').split('-');\n  parts.map(Number);", True),
        ("seen.add(given);", False),
        ("const seen = c.get('seen');\n  seen.add(given);", False),
    ],
)
def test_middleware_is_followed_into_the_functions_that_it_calls(
    tmp_path: Path, looked: str, is_taken: bool
) -> None:
    before = LOOKING.format(looked=looked)
    conversion = converted(tmp_path, HONO, before + PLAIN, FIRST + before.count("\n"))
    assert isinstance(conversion, Converted) is is_taken, conversion
    if isinstance(conversion, Kept):
        assert conversion.why.startswith("stands behind middleware that calls seen.add (app.ts:")


PASSING = {
    "a promise": "const run = (work) => (req, res, next) => Promise.resolve(work(req, res, next)).catch(next);",
    "a try": "const run = (work) => async (req, res, next) => {\n  try {\n    await work(req, res, next);\n  } catch (error) {\n    next(error);\n  }\n};",
    "more": "const run = (work) => async (req, res, next) => {\n  await told();\n  await work(req, res, next);\n};",
    "a choice": "const run = (work) => async (req, res, next) => {\n  if (req.late) next();\n  await work(req, res, next);\n};",
}


@pytest.mark.parametrize("what", PASSING)
def test_a_handler_whose_errors_are_only_passed_on_is_taken(tmp_path: Path, what: str) -> None:
    route = 'app.get("/api/cron/x", run(async (_req, res) => {\n  res.json(await work());\n}));\n'
    line = FIRST + 1 + PASSING[what].count("\n")
    conversion = converted(tmp_path, EXPRESS, f"{PASSING[what]}\n{route}", line)
    assert isinstance(conversion, Converted) is (what in {"a promise", "a try"}), conversion
    if isinstance(conversion, Converted):
        assert "async () => {\n  return await work();\n}" in conversion.text
        assert "run" not in conversion.text


STATE = (
    "let calls = 0;\n"
    "const LIMIT = 3;\n\n"
    "/** Counts. */\n"
    'app.get("/api/cron/x", (c) => {\n  calls += LIMIT;\n  return c.json({ calls: work(calls) });\n});\n'
    'app.get("/other", (c) => c.json({}));\n'
)


def test_what_only_a_route_uses_goes_with_it(tmp_path: Path) -> None:
    conversion = converted(tmp_path, HONO, STATE, FIRST + 4)
    assert isinstance(conversion, Converted), conversion
    assert "let calls = 0;\nconst LIMIT = 3;\n" in conversion.text
    rest = without_routes(SourceTree(tmp_path), "app.ts", [FIRST + 4], [conversion.text])
    assert rest == (
        'import { Hono } from "hono"\nconst app = new Hono();\napp.get("/other", (c) => c.json({}));\n'
    )


def test_what_others_use_too_keeps_a_route_where_it_is(tmp_path: Path) -> None:
    conversion = converted(tmp_path, HONO, STATE.replace("({})", "({ calls })"), FIRST + 4)
    assert isinstance(conversion, Converted)
    with pytest.raises(NotCertainError) as caught:
        without_routes(SourceTree(tmp_path), "app.ts", [FIRST + 4], [conversion.text])
    assert (caught.value.line, caught.value.why) == (FIRST, "shares calls with the rest of app.ts")


def test_what_stands_on_injection_has_no_shape() -> None:
    assert NESTJS.shape_of(at(1)) is None
    assert NESTJS_ON_FASTIFY.shape_of(at(1)) is None

"""Who may call: each way in which a caller is checked, or is not, with its neighbours that are fine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding, Plan

ROUTE = "app/api/cron/x/route.ts"
WORK = 'import { sendReports } from "@/lib/work";\n'
REFUSE = 'return new Response("no", { status: 401 });'


def route(before: str, head: str = "", request: str = "request: Request") -> str:
    return (
        f"{WORK}{head}\nexport async function GET({request}) {{\n  {before}\n"
        "  await sendReports();\n  return Response.json({ ok: true });\n}\n"
    )


SET = "const secret = process.env.CRON_SECRET;\n  "
COMPARED = f'if (request.headers.get("authorization") !== `Bearer ${{secret}}`) {REFUSE}'
CASES: dict[str, tuple[dict[str, str], str]] = {
    "nobody is checked": ({ROUTE: route("")}, "none"),
    "a secret that is only sent out": (
        {ROUTE: route('await fetch("https://e.example", { headers: { authorization: `Bearer ${process.env.MAIL_TOKEN}` } });')},
        "none",
    ),
    "the host of the request": (
        {ROUTE: route('if (!request.url.includes("localhost")) console.log("remote");')},
        "none",
    ),
    "the host of the request, where another host is led away": (
        {ROUTE: route('if (request.headers.get("host")?.includes("old.example")) return Response.redirect("https://new.example", 302);')},
        "",
    ),
    "an old host that is led away, and a check": (
        {ROUTE: route(f'if (request.headers.get("host") === "old.example") return Response.redirect("https://new.example", 302);\n  {SET}if (!secret) {REFUSE}\n  {COMPARED}')},
        "cron-secret",
    ),
    "a list of addresses": (
        {ROUTE: route(f'if (request.headers.get("x-forwarded-for") !== "203.0.113.7") {REFUSE}')},
        "",
    ),
    "the address of the caller, to log it": (
        {ROUTE: route('const ip = (request.headers.get("x-forwarded-for") ?? "").split(",")[0]; console.log(ip);')},
        "none",
    ),
    "a column named session": (
        {ROUTE: route("const session = await db.findSession(); if (!session) return Response.json({ ok: true });")},
        "none",
    ),
    "checked": ({ROUTE: route(f"{SET}if (!secret) {REFUSE}\n  {COMPARED}")}, "cron-secret"),
    "a secret that the code says": (
        {ROUTE: route(f'const secret = process.env.CRON_SECRET || "let-me-in";\n  {COMPARED}')},
        "written-secret",
    ),
    "a secret of the module that the code says": (
        {ROUTE: 'const SECRET = process.env.CRON_SECRET ?? "let-me-in";\n' + route(f'if (`Bearer ${{SECRET}}` !== request.headers.get("authorization")) {REFUSE}')},
        "written-secret",
    ),
    "a secret that the code leaves empty": (
        {ROUTE: route(f'const secret = process.env.CRON_SECRET ?? "";\n  if (!secret) {REFUSE}\n  {COMPARED}')},
        "cron-secret",
    ),
    "a text for another matter": (
        {ROUTE: route(f'const region = process.env.REGION || "eu";\n  {SET}if (!secret || request.headers.get("x-region") === region) {REFUSE}\n  {COMPARED}')},
        "cron-secret",
    ),
    "checked by concatenation": (
        {ROUTE: route(f'{SET}if (!secret || request.headers.get("authorization") !== "Bearer " + secret) {REFUSE}')},
        "cron-secret",
    ),
    "checked by taking the scheme off": (
        {ROUTE: route(f'{SET}const [scheme, token] = (request.headers.get("authorization") ?? "").split(" ");\n  if (!secret || scheme !== "Bearer" || token !== secret) {REFUSE}')},
        "cron-secret",
    ),
    "checked by a pattern": (
        {ROUTE: route(f'{SET}const found = request.headers.get("authorization")?.match(/^Bearer\\s+(.+)$/i);\n  if (!secret || found?.[1] !== secret) {REFUSE}')},
        "cron-secret",
    ),
    "checked by hashes of both": (
        {
            ROUTE: route(
                f"if (!same(request.headers.get('authorization') ?? '', `Bearer ${{process.env.CRON_SECRET}}`) || !process.env.CRON_SECRET) {REFUSE}",
                'import { createHash, timingSafeEqual } from "node:crypto";\n'
                'const hash = (text: string) => createHash("sha256").update(text).digest();\n'
                "const same = (a: string, b: string) => timingSafeEqual(hash(a), hash(b));",
            )
        },
        "cron-secret-constant-time",
    ),
    "checked by one of several": (
        {ROUTE: route(f'const secrets = [process.env.CRON_SECRET, process.env.OLD_SECRET].filter(Boolean);\n  const given = request.headers.get("authorization")?.replace("Bearer ", "");\n  if (!given || !secrets.some((one) => one === given)) {REFUSE}')},
        "cron-secret",
    ),
    "checked two calls away": (
        {
            ROUTE: route(
                "const denied = guard(request);\n  if (denied) return denied;",
                'import { guard } from "@/lib/guard";',
            ),
            "lib/guard.ts": 'import { wanted } from "./wanted";\nexport function guard(request: Request) {\n'
            "  return matches(request.headers) ? null : new Response('no', { status: 401 });\n}\n"
            "function matches(headers: Headers) { const key = wanted(); return !!key && headers.get('authorization') === `Bearer ${key}`; }\n",
            "lib/wanted.ts": "export const wanted = () => process.env.CRON_SECRET;\n",
        },
        "cron-secret",
    ),
    "checked by an error": (
        {
            ROUTE: route(
                "try { verify(request); } catch { return Response.json({}, { status: 401 }); }",
                "function verify(request: Request) {\n  const secret = process.env.CRON_SECRET;\n"
                "  if (!secret) throw new Error('unset');\n"
                "  if (request.headers.get('authorization') !== `Bearer ${secret}`) throw new Error('no');\n}",
            )
        },
        "cron-secret",
    ),
    "checked by a schema that needs the secret": (
        {
            ROUTE: route(
                f'if (request.headers.get("authorization") !== `Bearer ${{env.CRON_SECRET}}`) {REFUSE}',
                'import { env } from "@/env";',
            ),
            "env.ts": 'import { createEnv } from "@t3-oss/env-nextjs";\nimport { z } from "zod";\n'
            "export const env = createEnv({ server: { CRON_SECRET: z.string().min(1) }, runtimeEnv: { CRON_SECRET: process.env.CRON_SECRET } });\n",
        },
        "cron-secret",
    ),
    "a schema that does not need the secret": (
        {
            ROUTE: route(
                f'if (request.headers.get("authorization") !== `Bearer ${{env.CRON_SECRET}}`) {REFUSE}',
                'import { env } from "@/env";',
            ),
            "env.ts": 'import { z } from "zod";\n'
            "export const env = z.object({ CRON_SECRET: z.string().optional() }).parse(process.env);\n",
        },
        "bearer-undefined",
    ),
    "a schema that has another text for the secret": (
        {
            ROUTE: route(
                f'if (request.headers.get("authorization") !== `Bearer ${{env.CRON_SECRET}}`) {REFUSE}',
                'import { env } from "@/env";',
            ),
            "env.ts": 'import { z } from "zod";\n'
            'export const env = z.object({ CRON_SECRET: z.string().min(8).default("change-me") }).parse(process.env);\n',
        },
        "written-secret",
    ),
    "envalid with another text for the secret": (
        {
            ROUTE: route(
                f'if (request.headers.get("authorization") !== `Bearer ${{env.CRON_SECRET}}`) {REFUSE}',
                'import { env } from "@/env";',
            ),
            "env.ts": 'import { cleanEnv, str } from "envalid";\n'
            'export const env = cleanEnv(process.env, { CRON_SECRET: str({ default: "change-me" }) });\n',
        },
        "written-secret",
    ),
    "checked in production alone, and only that counts": (
        {ROUTE: route(f'{SET}if (process.env.NODE_ENV === "production" && (!secret || request.headers.get("authorization") !== `Bearer ${{secret}}`)) {REFUSE}')},
        "cron-secret",
    ),
    "open while the secret is unset": (
        {ROUTE: route(f"{SET}if (secret) {{ {COMPARED} }}")},
        "fail-open",
    ),
    "open by a helper that says so": (
        {
            ROUTE: route(
                f"if (!allowed(request)) {REFUSE}",
                "function allowed(request: Request) {\n  const secret = process.env.CRON_SECRET;\n  if (!secret) { console.warn('open'); return true; }\n  return request.headers.get('authorization') === `Bearer ${secret}`;\n}",
            )
        },
        "fail-open",
    ),
    "the text of nothing": ({ROUTE: route(f"{SET}{COMPARED}")}, "bearer-undefined"),
    "nothing is nothing": (
        {ROUTE: route(f'if (request.headers.get("x-key")! !== process.env.CRON_SECRET && request.headers.get("authorization")?.slice(7) !== process.env.CRON_SECRET) {REFUSE}')},
        "bearer-undefined",
    ),
    "a header of Vercel's": (
        {ROUTE: route(f'if (request.headers.get("x-vercel-cron") !== "1") {REFUSE}')},
        "spoofable",
    ),
    "any bearer": (
        {ROUTE: route(f'if (!request.headers.get("authorization")?.startsWith("Bearer ")) {REFUSE}')},
        "spoofable",
    ),
    "another header": (
        {ROUTE: route(f'{SET}if (!secret || request.headers.get("x-cron-key") !== secret) {REFUSE}')},
        "wrong-credential",
    ),
    "a session that no schedule has": (
        {
            ROUTE: route(
                f"const session = await getServerSession(options);\n  if (!session) {REFUSE}",
                'import { getServerSession } from "next-auth";',
            )
        },
        "wrong-credential",
    ),
    "a package that is not followed": (
        {
            ROUTE: route("await requireCaller(request);", 'import { requireCaller } from "@acme/guard";')
        },
        "",
    ),
    "a wrapper that is not followed": (
        {ROUTE: f'import {{ protect }} from "@acme/guard";\n{WORK}export const GET = protect(async () => {{ await sendReports(); return Response.json({{}}); }});\n'},
        "",
    ),
    "a wrapper that only watches": (
        {ROUTE: f'import {{ withSentry }} from "@acme/watch";\n{WORK}export const GET = withSentry(async () => {{ await sendReports(); return Response.json({{}}); }});\n'},
        "none",
    ),
    "a wrapper of the project's": (
        {
            ROUTE: f'{WORK}import {{ withCron }} from "@/lib/cron";\nexport const GET = withCron("reports", async () => {{ await sendReports(); }});\n',
            "lib/cron.ts": "export function withCron(name: string, work: () => Promise<void>) {\n  return async (request: Request) => {\n"
            "    if (!process.env.CRON_SECRET || request.headers.get('authorization') !== `Bearer ${process.env.CRON_SECRET}`) return new Response('no', { status: 401 });\n"
            "    await work();\n    return Response.json({ name });\n  };\n}\n",
        },
        "cron-secret",
    ),
    "GET hands on to POST": (
        {
            ROUTE: f"{WORK}export async function POST(request: Request) {{\n  {SET}if (!secret) {REFUSE}\n  {COMPARED}\n  await sendReports();\n  return Response.json({{}});\n}}\nexport const GET = POST;\n"
        },
        "cron-secret",
    ),
    "the secret is in a class": (
        {
            ROUTE: route(
                f"if (!new Guard().allows(request)) {REFUSE}",
                "class Guard {\n  private secret = process.env.CRON_SECRET;\n  allows(request: Request) { return !!this.secret && request.headers.get('authorization') === `Bearer ${this.secret}`; }\n}",
            )
        },
        "cron-secret",
    ),
    "the headers come from Next": (
        {
            ROUTE: route(
                f'{SET}const given = (await headers()).get("authorization");\n  if (!secret || given !== `Bearer ${{secret}}`) {REFUSE}',
                'import { headers } from "next/headers";',
                request="",
            )
        },
        "cron-secret",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_who_may_call_is_told(audited: Callable[..., Plan], name: str) -> None:
    files, auth = CASES[name]
    (job,) = audited(files).jobs
    assert job.handler is not None
    assert (job.handler.auth or "") == auth


HANDED = "const { serve } = require('../dist/server');\nmodule.exports = async (req, res) => { await serve(req{}); };\n"


@pytest.mark.parametrize(("passed", "codes"), [(", res", set()), ("", {"CS215"})])
def test_what_is_handed_a_request_and_its_answer_may_check_and_answer(
    told: Callable[..., list[Finding]], passed: str, codes: set[str]
) -> None:
    files = {"package.json": "{}", "api/cron/x.js": HANDED.replace("{}", passed)}
    assert {finding.code for finding in told(files)} == codes


def test_the_finding_stands_at_the_comparison(told: Callable[..., list[Finding]]) -> None:
    (finding,) = told({ROUTE: route(f"{SET}{COMPARED}")})
    assert finding.code == "CS208"
    assert finding.location is not None
    assert (finding.location.line, finding.location.column) == (5, 7)


def test_a_literal_secret_in_the_query_is_not_judged(audited: Callable[..., Plan]) -> None:
    """Whether `?key=s3cr3t` is what the variable holds only the deployment knows."""
    text = route(
        f'{SET}if (!secret || new URL(request.url).searchParams.get("key") !== secret) {REFUSE}'
    )
    (job,) = audited({ROUTE: text}, "/api/cron/x?key=s3cr3t").jobs
    assert job.handler is not None
    assert job.handler.auth is None
    (job,) = audited({ROUTE: text}, "/api/cron/x?key=${CRON_SECRET}").jobs
    assert job.handler is not None
    assert job.handler.auth == "wrong-credential"


def test_a_controller_of_nest_is_not_judged(audited: Callable[..., Plan]) -> None:
    """Its guards are decorators of the method, the class or the app, which are not followed."""
    (job,) = audited(
        {
            "package.json": '{"dependencies": {"@nestjs/core": "11", "@nestjs/common": "11"}}',
            "src/main.ts": 'import { NestFactory } from "@nestjs/core";\nNestFactory.create(AppModule);\n',
            "src/x.controller.ts": 'import { Controller, Get } from "@nestjs/common";\n@Controller("api/cron")\nexport class XController {\n  @CronKey()\n  @Get("x")\n  async run() { await sendReports(); }\n}\n',
        }
    ).jobs
    assert job.handler is not None
    assert job.handler.auth is None

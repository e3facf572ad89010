"""Headers that decide about a call beside the bearer: where they are read, and what hangs on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding

ROUTE = "app/api/cron/x/route.ts"
SECRET = 'const secret = process.env.CRON_SECRET;\nconst bearer = (r: Request) => r.headers.get("authorization") === `Bearer ${secret}`;\n'
WORK = "await sendReports();\n  return Response.json({ ok: true });\n}\n"
NO = 'return new Response("no", { status: 401 });'


def route(before: str, body: str) -> dict[str, str]:
    head = 'import { sendReports } from "@/lib/work";\n'
    return {ROUTE: f"{head}{SECRET}{before}export async function GET(request: Request) {{\n  {body}\n  {WORK}"}  # fmt: skip


AGENT = 'function isVercel(r: Request) {\n  const agent = r.headers.get("user-agent") ?? "";\n  return agent.includes("vercel-cron");\n}\n'
STAMP = 'function isFresh(r: Request) {\n  const id = r.headers.get("x-request-id");\n  const stamp = r.headers.get("x-cron-timestamp");\n  return Boolean(stamp) && id !== "0";\n}\n'
MARK = 'request.headers.get("x-vercel-cron")'


@pytest.mark.parametrize(
    ("files", "code", "line"),
    [
        (route(AGENT, f"if (!isVercel(request) && !(secret && bearer(request))) {NO}"), "CS209", 5),
        (
            route(
                "",
                f'const ours = secret && bearer(request);\n  if (!ours && {MARK} !== "1") {{ {NO} }}',
            ),
            "CS209",
            6,
        ),
        (
            route(
                "",
                f'const url = new URL(request.url);\n  if (url.searchParams.get("by") !== "cron" && !(secret && bearer(request))) {NO}',
            ),
            "CS209",
            6,
        ),
        (route(STAMP, f"if (!secret || !bearer(request) || !isFresh(request)) {NO}"), "CS217", 6),
    ],
    ids=["the agent", "Vercel's mark", "a parameter", "a header beside the bearer"],
)
def test_a_check_is_told_where_the_header_is_read(
    told: Callable[..., list[Finding]], files: dict[str, str], code: str, line: int
) -> None:
    found = [(one.code, one.location.line) for one in told(files) if one.location]
    assert found == [(code, line)]


@pytest.mark.parametrize(
    ("body", "is_told"),
    [
        (f"if (!secret || !bearer(request)) {NO}\n  if ({MARK} !== '1') return Response.json({{}});", True),
        (f"if (!secret || !bearer(request) || !{MARK}) {NO}", True),
        (f"if (!secret || !bearer(request)) {NO}\n  console.log({MARK});", False),
        (f"if (!secret || !bearer(request)) {NO}\n  const by = {MARK} ? 'cron' : 'hand';\n  console.log(by);", False),
        (f"if (!secret || (!bearer(request) && !{MARK})) {NO}", False),
        (f"if ({MARK} !== '1') {NO}", True),
    ],
    ids=["shows without it", "refuses without it", "logs it", "names the caller", "is enough", "asks nothing else"],
)  # fmt: skip
def test_work_that_hangs_on_vercels_mark_is_told(
    told: Callable[..., list[Finding]], body: str, *, is_told: bool
) -> None:
    assert ("CS541" in {one.code for one in told(route("", body))}) is is_told


@pytest.mark.parametrize(
    ("where", "codes"),
    [
        ('typeof window === "undefined" ? process.env.CRON_SECRET : undefined', set()),
        ('typeof document !== "undefined" ? undefined : process.env.CRON_SECRET', set()),
        ('typeof process !== "undefined" ? process.env.CRON_SECRET : undefined', set()),
        ('typeof fetch === "object" ? undefined : process.env.CRON_SECRET', set()),
        ('typeof read === "function" ? read() : undefined', set()),
        ('typeof read === "object" ? read() : ""', {"CS217"}),
    ],
)
def test_a_setting_that_only_the_server_reads_is_read(
    told: Callable[..., list[Finding]], where: str, codes: set[str]
) -> None:
    settings = (
        f"const read = () => process.env.CRON_SECRET;\nexport const env = {{ secret: {where} }};\n"
    )
    body = f"if (!env.secret || request.headers.get('authorization') !== `Bearer ${{env.secret}}`) {NO}"
    files = {
        ROUTE: f'import {{ env }} from "@/lib/env";\nimport {{ sendReports }} from "@/lib/work";\nexport async function GET(request: Request) {{\n  {body}\n  {WORK}',
        "lib/env.ts": settings,
    }
    assert {one.code for one in told(files)} == codes

"""Checks of the caller in functions of the project: gone where they only ask who calls, else the route stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry, Kept
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "app/api/cron/x/route.ts"
ENTRY = Entry("/api/cron/x", "0 6 * * *")
WORK = "async function work() {\n  return {};\n}\n"
DENIED = """  const denied = deny(request);
  if (denied) return denied;
"""
ALLOWED = """  if (!(await allowed(request))) return new Response("no", { status: 401 });
"""

ASKING = {
    "any of several secrets": (
        """export function allowed(request: Request) {
  const auth = request.headers.get("authorization") ?? "";
  const ours = [process.env.CRON_SECRET, process.env.OTHER].filter((each): each is string => Boolean(each));
  return ours.some((secret) => auth === `Bearer ${secret}`);
}""",
        ALLOWED,
    ),
    "a loop over secrets": (
        """export async function allowed(request: Request) {
  let auth = request.headers.get("authorization");
  if (auth?.startsWith("Bearer ")) auth = auth.slice(7);
  for (const secret of [process.env.CRON_SECRET, process.env.OTHER]) {
    if (secret && auth === secret) return true;
  }
  return false;
}""",
        ALLOWED,
    ),
    "settings that a schema parses": (
        """const parsed = typeof window === "undefined" ? schema.parse(process.env) : {};
const settings = { cron: { secret: parsed.CRON_SECRET } };
export function allowed(request: Request) {
  const secret = settings.cron.secret?.trim() ?? "";
  return request.headers.get("authorization") === `Bearer ${secret}`;
}""",
        ALLOWED,
    ),
    "a setting that is asked for late": (
        """const settings = { secret: () => process.env.CRON_SECRET };
const secretOf = (read: () => string | undefined) => read()?.trim();
export function allowed(request: Request) {
  return request.headers.get("authorization") === `Bearer ${secretOf(settings.secret)}`;
}""",
        ALLOWED,
    ),
    "words about the caller": (
        """function addressOf(request: Request | undefined) {
  if (!request) return "unknown";
  const there = request as Request & { ip?: string };
  if (there.ip) return there.ip;
  return request.headers.get("x-real-ip") ?? "unknown";
}
function failed(message: string, status: number) {
  return Response.json(described(message), { status });
}
export function deny(request: Request) {
  const address = addressOf(request);
  if (request.headers.get("authorization") === `Bearer ${process.env.CRON_SECRET}`) return null;
  console.warn(`a stranger called from ${address}`);
  return failed("no", 401);
}""",
        DENIED,
    ),
}
DOING = {
    "a count in a callback": """let calls = 0;
export function allowed(request: Request) {
  const auth = request.headers.get("authorization");
  return [process.env.CRON_SECRET].some((secret) => { calls += 1; return auth === secret; });
}""",
    "a call in a callback's default": """export function allowed(request: Request) {
  const auth = request.headers.get("authorization");
  return [process.env.CRON_SECRET].some((secret, _at = note()) => auth === secret);
}""",
    "a record of each caller": """const callers = new Map();
export function allowed(request: Request) {
  const auth = request.headers.get("authorization");
  callers.set(auth, true);
  return auth === process.env.CRON_SECRET;
}""",
    "a name outside that is set": """let last: string | null = null;
export function allowed(request: Request) {
  last = request.headers.get("authorization");
  return last === process.env.CRON_SECRET;
}""",
    "a store that knows": """export async function allowed(request: Request) {
  return Boolean(await users.find(request.headers.get("authorization")));
}""",
    "a function that is made elsewhere": """const verify = verifier(process.env.CRON_SECRET);
export function allowed(request: Request) {
  return verify(request.headers.get("authorization"));
}""",
    "work in a loop": """export async function allowed(request: Request) {
  const auth = request.headers.get("authorization");
  for (const secret of [process.env.CRON_SECRET]) await told(secret);
  return auth === process.env.CRON_SECRET;
}""",
}
FOLLOWED = {
    "a session beside it, which nobody asks for": (
        """import { verifySession } from "@/lib/session";
function bearerOf(request: Request): string {
  const found = String(request.headers.get("authorization") ?? "").trim().match(/^Bearer\\s+(.+)$/i);
  return found?.[1]?.trim() || "";
}
function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && crypto.timingSafeEqual(a, b);
}
export function allowed(request: Request, options?: { sessions?: boolean }): boolean {
  const sessions = options?.sessions ?? false;
  if (sessions && verifySession(request)) return true;
  const expected = String(process.env.CRON_SECRET || "").trim();
  if (!expected) return process.env.NODE_ENV !== "production";
  return isSame(bearerOf(request), expected);
}""",
        ALLOWED,
    ),
    "an answer of its own": (
        """export class Refusal { constructor(readonly why: string) {} }
function ask(request: Request) {
  const expected = process.env.CRON_SECRET;
  if (!expected) return new Refusal("no secret");
  switch (request.headers.get("authorization")) {
    case `Bearer ${expected}`:
      return null;
    default:
      return new Refusal("no bearer");
  }
}
export function deny(request: Request) {
  const refusal = ask(request);
  return refusal ? Response.json({ error: refusal.why }, { status: 401 }) : null;
}""",
        DENIED,
    ),
}
KNOWN = 'request.headers.get("authorization") === `Bearer ${process.env.CRON_SECRET}`'
KEEPING = {
    "a switch": f"export const allowed = (request: Request) => {{ switch (process.env.JOBS) {{ case 'off': return false; }} return {KNOWN}; }};",
    "a call to another service": f"export async function allowed(request: Request) {{ do {{ await audited(request); }} while (false); return {KNOWN}; }}",
    "a count of the calls": f"let calls = 0;\nexport function allowed(request: Request) {{ do {{ calls += 1; }} while (false); return {KNOWN}; }}",
    "a list of the callers": f"const seen = new Set();\nexport function allowed(request: Request) {{ do {{ seen.add(request.headers.get('x-real-ip')); }} while (false); return {KNOWN}; }}",
    "a day of the week": f"export function allowed(request: Request) {{ switch (new Date().getDay()) {{ case 0: return false; }} return {KNOWN}; }}",
    "everybody": f"export function allowed(request: Request) {{ switch ({KNOWN}) {{ default: return true; }} }}",
    "the query": f"export function allowed(request: Request) {{ switch (new URL(request.url).searchParams.get('mode')) {{ case 'off': return false; }} return {KNOWN}; }}",
}  # fmt: skip


def judged(root: Path, module: str, body: str) -> Converted | Kept:
    (root / "lib").mkdir()
    (root / "lib/caller.ts").write_text(f"{module}\n")
    name = "deny" if "deny" in body else "allowed"
    route = root / ROUTE
    route.parent.mkdir(parents=True)
    route.write_text(
        f'import {{ {name} }} from "@/lib/caller";\n'
        f"export async function GET(request: Request) {{\n{body}  return Response.json({{}});\n}}\n"
    )
    return convert(SourceTree(root), ROUTE, "GET", ENTRY)


@pytest.mark.parametrize("what", [*ASKING, *FOLLOWED])
def test_a_function_that_only_asks_who_calls_goes(tmp_path: Path, what: str) -> None:
    conversion = judged(tmp_path, *{**ASKING, **FOLLOWED}[what])
    assert isinstance(conversion, Converted), str(conversion)
    assert conversion.text == WORK


@pytest.mark.parametrize("what", [*DOING, *KEEPING])
def test_a_function_that_does_more_keeps_a_route(tmp_path: Path, what: str) -> None:
    kept = judged(tmp_path, {**DOING, **KEEPING}[what], ALLOWED)
    assert isinstance(kept, Kept), kept.text
    assert kept.why == "needs its request (`request`)"


def test_lines_of_the_log_about_the_caller_go_with_the_check(tmp_path: Path) -> None:
    told = """  const auth = request.headers.get("authorization");
  console.log("Called with a bearer:", auth ? "yes" : "no");
  if (auth !== `Bearer ${process.env.CRON_SECRET}`) return new Response("no", { status: 401 });
"""
    conversion = judged(tmp_path, "export const allowed = 1;", told)
    assert isinstance(conversion, Converted), conversion
    assert conversion.text.endswith(WORK)


def test_a_line_of_the_log_that_does_more_keeps_a_route(tmp_path: Path) -> None:
    told = '  console.log(await rows(), request.headers.get("authorization"));\n'
    assert isinstance(judged(tmp_path, "export const allowed = 1;", told), Kept)

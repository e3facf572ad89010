"""Whose failure it is: the catch that takes it, what is never thrown, what is done instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding, Plan

CHECK = """  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) return new Response("no", { status: 401 });
"""
FILE = "app/api/cron/x/route.ts"


def route(head: str, body: str) -> dict[str, str]:
    return {FILE: f"{head}\nexport async function GET(request: Request) {{\n{CHECK}{body}\n}}\n"}


SUPABASE = 'import { createClient } from "@supabase/supabase-js";\nconst supabase = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_KEY);\n'
CASES: dict[str, tuple[dict[str, str], set[tuple[str, str]]]] = {
    "a catch for a letter that is sent because of the failure": (
        route(
            'import { disk, mail } from "@acme/things";\nasync function tell(text) { if (!text.length) throw new Error("nothing to say"); await mail.deliver(text); throw new Error("late"); }',
            "  const failed = [];\n  for (const row of await disk.findMany()) {\n    try { await disk.upload(row); } catch (error) { failed.push(row); /* here */ }\n  }\n  if (failed.length) { tell(failed).catch((error) => console.warn(error)); }\n  return Response.json({ failed });",
        ),
        {("CS205", "/* here */")},
    ),
    "a catch around one that throws on": (
        route(
            'import { disk } from "@acme/things";\nasync function store(row) { try { await disk.upload(row); } catch (error) { throw new Error("no room"); } }',
            "  let failed = 0;\n  for (const row of await disk.findMany()) {\n    try { await store(row); } catch (error) { failed++; /* here */ }\n  }\n  return Response.json({ failed });",
        ),
        {("CS205", "/* here */")},
    ),
    "a transaction of promises": (
        route(
            'import { PrismaClient } from "@prisma/client";\nconst prisma = new PrismaClient();\nasync function wipe(id) { await prisma.$transaction([prisma.user.update({ where: { id } }), prisma.log.deleteMany()]); }',
            "  for (const row of await prisma.user.findMany()) {\n    try { await wipe(row.id); } catch (error) { console.error(error); /* here */ }\n  }\n  try { await prisma.team.count(); } catch (error) { console.error(error); }\n  return Response.json({ ok: true });",
        ),
        {("CS204", "/* here */")},
    ),
    "what throws nothing, in a catch of its own": (
        route(
            'import { S3Client, DeleteObjectCommand } from "@aws-sdk/client-s3";\nconst s3 = new S3Client({});\nasync function drop(key) { try { await s3.send(new DeleteObjectCommand({ Key: key })); } catch (error) { console.warn(error); /* here */ } }',
            '  for (const key of ["a", "b"]) await drop(key);\n  for (const key of ["c", "d"]) { try { await drop(key); } catch (error) { console.error(error); } }\n  return Response.json({ ok: true });',
        ),
        {("CS204", "/* here */")},
    ),
    "what throws in its end, in catches of the caller": (
        route(
            'import { mail } from "@acme/things";\nasync function send(to) { let last; for (let n = 0; n < 3; n++) { try { return await mail.deliver(to); } catch (error) { last = error; } } throw last; }',
            "  try { await send(1); } catch (error) { console.error(error); /* here */ }\n  return Response.json({ ok: true });",
        ),
        {("CS204", "/* here */")},
    ),
    "an object that is looked for with a command": (
        route(
            'import { S3Client, HeadObjectCommand } from "@aws-sdk/client-s3";\nimport { db } from "@acme/things";\nconst s3 = new S3Client({});\nasync function size(key) { try { return (await s3.send(new HeadObjectCommand({ Key: key }))).ContentLength; } catch { return null; } }',
            '  const bytes = await size("a");\n  await db.rows.update({ bytes });\n  return Response.json({ ok: true });',
        ),
        set(),
    ),
    "a receipt that does not verify": (
        route(
            'import { compactVerify } from "jose";\nimport { db } from "@acme/things";',
            '  let receipt = null;\n  try { receipt = await compactVerify("a", "b"); } catch { console.warn("no receipt"); }\n  await db.rows.update({ receipt });\n  return Response.json({ ok: true });',
        ),
        set(),
    ),
    "a lock that a closure lets go in the end": (
        route(
            'import { redis, db } from "@acme/things";\nasync function hold() { await redis.set("lock", "1"); return async () => { try { await redis.del("lock"); } catch (error) { console.warn(error); } }; }',
            "  const releaseLock = await hold();\n  try { await db.rows.updateMany(); } finally { await releaseLock(); }\n  return Response.json({ ok: true });",
        ),
        set(),
    ),
    "a row that is found where it could not be made": (
        route(
            'import { PrismaClient } from "@prisma/client";\nconst prisma = new PrismaClient();',
            "  for (const name of await prisma.user.findMany()) {\n    let id;\n    try { id = (await prisma.team.create({ data: { name } })).id; } catch { id = (await prisma.team.findFirst({ where: { name } }))?.id; }\n    await prisma.user.update({ where: { name }, data: { id } });\n  }\n  return Response.json({ ok: true });",
        ),
        set(),
    ),
    "a row of another table that is found": (
        route(
            'import { PrismaClient } from "@prisma/client";\nconst prisma = new PrismaClient();',
            "  for (const name of await prisma.user.findMany()) {\n    try { await prisma.team.create({ data: { name } }); } catch { console.warn(await prisma.role.findFirst()); /* here */ }\n  }\n  return Response.json({ ok: true });",
        ),
        {("CS204", "/* here */")},
    ),
    "a token of somebody else, where one's own is refused": (
        route(
            'import { db } from "@acme/things";\nasync function own(id) { const answer = await fetch("https://t.example", { method: "POST" }); if (!answer.ok) { console.error(answer.status); return null; } return { token: (await answer.json()).token }; }\nasync function other() { const answer = await fetch("https://o.example", { method: "POST" }); if (!answer.ok) throw new Error("no"); return (await answer.json()).token; }',
            "  for (const row of await db.rows.findMany()) {\n    const mine = row.user ? await own(row.user) : null;\n    await db.rows.update({ token: mine?.token || (await other()) });\n  }\n  return Response.json({ ok: true });",
        ),
        set(),
    ),
    "nothing, where one's own is refused": (
        route(
            'import { db } from "@acme/things";\nasync function own(id) { const answer = await fetch("https://t.example", { method: "POST" }); if (!answer.ok) { /* here */ console.error(answer.status); return null; } return { token: (await answer.json()).token }; }',
            "  for (const row of await db.rows.findMany()) {\n    const mine = row.user ? await own(row.user) : null;\n    await db.rows.update({ token: mine?.token || 0 });\n  }\n  return Response.json({ ok: true });",
        ),
        {("CS204", "/* here */")},
    ),
    "another source, where the first gives nothing": (
        route(
            'import { signIn, getReviews, placeOf, db } from "@acme/things";\nasync function stars(id) { try { const token = await signIn.refreshAccessToken(id); const all = await getReviews(token); if (all) return { stars: all.stars }; } catch (error) { console.error(error); }\n  const place = await placeOf.lookup(id); return { stars: place.stars }; }',
            "  for (const row of await db.rows.findMany()) await db.rows.update(await stars(row.id));\n  return Response.json({ ok: true });",
        ),
        set(),
    ),
    "a remark in Turkish": (
        route(
            'import { mail } from "@acme/things";',
            "  try { await mail.sendAll(); } catch { /* hata cron'u kritik değil */ }\n  return Response.json({ ok: true });",
        ),
        set(),
    ),
    "a side on which nothing failed": (
        route(
            SUPABASE
            + 'async function pass(row) { if (!row.a) return { success: false, error: "a" }; if (!row.b) return { success: false, error: "b" };\n  try { const answer = await fetch("https://p.example", { method: "POST" }); return { success: true, id: (await answer.json()).id }; } catch (error) { return { success: false, error: error.message }; } }',
            '  for (const row of (await supabase.from("rows").select()).data) {\n    const passed = await pass(row);\n    if (passed.success) { const { error } = await supabase.from("rows").update({ status: "sent" }).eq("id", row.id); if (error) throw error; }\n    else { const { error } = await supabase.from("rows").update({ status: "failed", last: passed.error }).eq("id", row.id); if (error) throw error; }\n  }\n  return Response.json({ ok: true });',
        ),
        set(),
    ),
    "a write behind one of many ways": (
        route(
            SUPABASE
            + "async function pass(row) {\n"
            + "".join(f'  if (row.n === {n}) return {{ code: "C{n}" }};\n' for n in range(9))
            + '  return { code: "LAST" };\n}',
            '  for (const row of (await supabase.from("rows").select()).data) {\n    const passed = await pass(row);\n    if (passed.code === "LAST") { await supabase.from("rows").update({ a: 1 }).eq("id", row.id); /* here */ }\n  }\n  return Response.json({ ok: true });',
        ),
        {("CS555", "/* here */")},
    ),
    "lists of one way or another, all of which are waited for": (
        route(
            'import { db } from "@acme/things";\nfunction rows(all) { if (all.length > 9) return all.slice(0, 3).concat(all); if (all.length > 5) return [1, 2, 3]; return [4]; }',
            "  const done = await Promise.all(rows(await db.rows.findMany()).map(async (row) => { await db.rows.update(row); return row; }));\n  return Response.json({ done });",
        ),
        set(),
    ),
    "a remark in the catch around a request": (
        route(
            'import { db } from "@acme/things";',
            '  await db.rows.updateMany();\n  try {\n    await fetch("https://push.example", { method: "POST" });\n  } catch (error) {\n    console.error(error);\n    // Non-critical, go on\n  }\n  return Response.json({ ok: true });',
        ),
        set(),
    ),
    "no remark in the catch around a request": (
        route(
            'import { db } from "@acme/things";',
            '  await db.rows.updateMany();\n  try {\n    await fetch("https://push.example", { method: "POST" }); /* here */\n  } catch (error) {\n    throw error;\n  }\n  return Response.json({ ok: true });',
        ),
        {("CS556", "/* here */")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_failure_is_told_at_its_place(audited: Callable[..., Plan], name: str) -> None:
    files, expected = CASES[name]
    lines = files[FILE].splitlines()
    told = {
        (finding.code, lines[finding.location.line - 1] if finding.location else "")
        for finding in audited(files).findings
        if finding.code.startswith("CS2") or finding.code in {"CS555", "CS556"}
    }
    assert {code for code, _ in told} == {code for code, _ in expected}
    assert all(any(code == at and mark in line for code, line in told) for at, mark in expected)
    assert len(told) == len(expected)


MIDDLEWARE = """import { NextResponse } from "next/server";
import { limit, users } from "@acme/things";
export async function middleware(request) {
  const limited = await limit(request.headers.get("x-forwarded-for"));
  if (!limited.success) return new Response("slow", { status: 429 });
  if (await users.isBanned(request.headers.get("user-agent"))) return new Response("no", { status: 403 });
  if (!request.cookies.get("session")) return NextResponse.json({}, { status: 401 }); // here
  return NextResponse.next();
}
"""


def test_neither_a_limit_nor_a_ban_is_where_a_call_without_a_session_stops(
    told: Callable[..., list[Finding]],
) -> None:
    files = route('import { db } from "@acme/things";', "  await db.rows.updateMany();\n  return Response.json({ ok: true });")  # fmt: skip
    (stop,) = (one for one in told({**files, "middleware.ts": MIDDLEWARE}) if one.code == "CS310")
    assert stop.location is not None
    assert "// here" in MIDDLEWARE.splitlines()[stop.location.line - 1]
    assert "401" in stop.message

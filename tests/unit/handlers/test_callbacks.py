"""Calls that call back with their error: waited for, answered, thrown, forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Plan

CHECK = """  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) return new Response("no", { status: 401 });
"""
HEAD = 'import { sendReports, db } from "@/lib/work";\n'
SQL = 'import { db } from "@acme/sql";\n'
MAIL = 'import nodemailer from "nodemailer";\nconst transporter = nodemailer.createTransport({});\n'
OK = "return Response.json({ ok: true });"


def route(body: str, head: str = HEAD) -> dict[str, str]:
    return {"app/api/cron/x/route.ts": f"{head}\nexport async function GET(request: Request) {{\n{CHECK}  {body}\n}}\n"}  # fmt: skip


def pages(body: str, head: str = SQL) -> dict[str, str]:
    check = "  if (!process.env.CRON_SECRET || request.headers.authorization !== `Bearer ${process.env.CRON_SECRET}`) return response.status(401).end();\n"  # fmt: skip
    return {"pages/api/cron/x.ts": f"{head}\nexport default async function handler(request, response) {{\n{check}  {body}\n}}\n"}  # fmt: skip


CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    # nobody waits for the call
    "a statement whose error is only logged": (route(f"db.run('delete from rows', (err) => {{ if (err) console.error(err); }});\n  {OK}", SQL), {"CS201"}),
    "a mail behind the answer": (route(f"transporter.sendMail({{}}, (error, info) => {{ if (error) console.error(error); }});\n  {OK}", MAIL), {"CS201"}),
    "a file beside the work": (route(f"await sendReports();\n  fs.unlink('/tmp/x', (err) => {{ if (err) console.error(err); }});\n  {OK}", HEAD + 'import fs from "fs";\n'), {"CS202"}),
    # somebody waits, and the error ends well or does not
    "answered in the callback": (pages("db.run('delete from rows', (err) => { if (err) return response.status(500).end(); response.status(200).json({}); });"), set()),
    "thrown in the callback": (pages("db.run('delete from rows', (err) => { if (err) throw err; response.json({}); });"), set()),
    "answered with 200, whatever became of it": (pages("db.run('delete from rows', (err) => { if (err) console.error(err); response.status(200).json({}); });"), {"CS204"}),
    "answered with ok: false": (pages("db.run('delete from rows', (err) => { if (err) return response.json({ ok: false }); response.json({ ok: true }); });"), {"CS205"}),
    "a call in the callback of another": (pages("db.query('select', (error, rows) => { if (error) return response.status(500).end(); db.run('delete from rows', (err) => { if (err) console.error(err); response.json({}); }); });"), {"CS204"}),
    "a promise that is rejected": (route(f"await new Promise((resolve, reject) => db.run('delete from rows', (err) => err ? reject(err) : resolve()));\n  {OK}", SQL), set()),
    "a promise that is resolved all the same": (route(f"await new Promise((resolve) => db.run('delete from rows', (err) => {{ if (err) console.error(err); resolve(); }}));\n  {OK}", SQL), {"CS204"}),
    "a second function of then that logs": (route(f"await sendReports().then(() => console.log('sent'), (error) => console.error(error));\n  {OK}"), {"CS204"}),
    "a second function of then that throws": (route(f"await sendReports().then(() => console.log('sent'), (error) => {{ throw error; }});\n  {OK}"), set()),
    "work that races with a clock which rejects": (route(f"await Promise.race([sendReports(), new Promise((resolve, reject) => setTimeout(() => reject(new Error('late')), 5000))]);\n  {OK}"), set()),
    # what calls back with an error that is not its own
    "a token that is read at once": (route(f"jwt.verify(token, key, (err, user) => {{ if (err) console.error(err); }});\n  await sendReports();\n  {OK}", HEAD + 'import jwt from "jsonwebtoken";\n'), set()),
    "a pool that breaks": (route(f"db.on('error', (err) => {{ console.error(err); }});\n  await sendReports();\n  {OK}", HEAD.replace(", db", "") + SQL), set()),
    # Prisma's own client, whatever the project calls it
    "a write of Prisma that nobody waits for": (route(f"store.row.update({{ where: {{ id: 1 }}, data: {{}} }});\n  {OK}", 'import { PrismaClient } from "@prisma/client";\nconst store = new PrismaClient();'), {"CS201"}),
    "a write of Prisma that is waited for": (route(f"await store.row.update({{ where: {{ id: 1 }}, data: {{}} }});\n  {OK}", 'import { PrismaClient } from "@prisma/client";\nconst store = new PrismaClient();'), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_exactly_these_are_told(audited: Callable[..., Plan], name: str) -> None:
    files, codes = CASES[name]
    watched = {"CS201", "CS202", "CS204", "CS205", "CS310", "CS555"}
    assert {finding.code for finding in audited(files).findings} & watched == codes


def test_what_a_callback_is_handed_is_spoken_of_as_it_is_named_there(
    audited: Callable[..., Plan],
) -> None:
    body = "await store.$transaction(async (tx) => { await tx.rows.updateMany({ a: 1 }); });"
    text = (
        'import { store } from "@acme/store";\nexport async function GET(request: Request) {\n'
        "  if (!process.env.CRON_SECRET || request.headers.get('authorization') !== `Bearer ${process.env.CRON_SECRET}`) return new Response('', { status: 401 });\n"
        f"  try {{ {body} }} catch (error) {{ console.error(error); }}\n  return Response.json({{ ok: true }});\n}}\n"
    )
    [finding] = [
        one
        for one in audited({"app/api/cron/x/route.ts": text}).findings
        if one.code in {"CS204", "CS205"}
    ]
    assert "`tx.rows.updateMany`" in finding.message or "`store.$transaction`" in finding.message
    assert "given" not in finding.message

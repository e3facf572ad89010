"""An Inngest function of the app's own that does an entry's work, while the entry still stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = """import { sendMails } from "@/lib/mails";
export async function GET() { await sendMails(); return Response.json({}); }
"""
OTHER = """import { prune } from "@/lib/prune";
import { db } from "@/lib/db";
export async function GET() { await prune(db); return Response.json({}); }
"""
CLIENT = 'import { Inngest } from "inngest";\nexport const inngest = new Inngest({ id: "shop" });\n'
SERVE = """import { serve } from "inngest/next";
import { inngest } from "@/inngest/client";
import { mail } from "@/inngest/mail";
export const { GET, POST, PUT } = serve({ client: inngest, functions: [mail] });
"""


def function(
    work: str = "await sendMails();", cron: str = "0 3 * * *", name: str = "nightly"
) -> str:
    return (
        'import { inngest } from "./client";\nimport { sendMails } from "@/lib/mails";\n'
        f'export const mail = inngest.createFunction({{ id: "{name}", triggers: [{{ cron: "{cron}" }}] }},'
        f" async () => {{ {work} }});\n"
    )


def doubled(root: Path, made: str, serve: str = SERVE) -> list[str | None]:
    files = {
        "vercel.json": json.dumps(
            {
                "crons": [
                    {"path": "/api/cron/mail", "schedule": "0 3 * * *"},
                    {"path": "/api/cron/prune", "schedule": "0 3 * * *"},
                ]
            }
        ),
        "package.json": json.dumps({"dependencies": {"next": "16.0.0", "inngest": "4.0.0"}}),
        "tsconfig.json": json.dumps({"compilerOptions": {"paths": {"@/*": ["./*"]}}}),
        "app/api/cron/mail/route.ts": ROUTE,
        "app/api/cron/prune/route.ts": OTHER,
        "lib/mails.ts": "export async function sendMails() {}\n",
        "lib/prune.ts": "export async function prune(db: unknown) {}\n",
        "lib/db.ts": "export const db = {};\n",
        "inngest/client.ts": CLIENT,
        "inngest/mail.ts": made,
        "app/api/inngest/route.ts": serve,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    plan = make_plan(load_project(root))
    return [finding.job for finding in plan.findings if finding.code == "CS560"]


@pytest.mark.parametrize(
    "made",
    [
        function(),
        function(work="await ping();", name="cron-mail"),
        function(work='await fetch(process.env.APP + "/api/cron/mail");', cron="*/5 * * * *"),
    ],
    ids=["the same work at the same ticks", "the same name and ticks", "it calls the route"],
)
def test_work_that_both_schedulers_start_is_told(tmp_path: Path, made: str) -> None:
    assert doubled(tmp_path, made) == ["mail"]


@pytest.mark.parametrize(
    ("made", "serve"),
    [
        (function(cron="0 4 * * *"), SERVE),
        (function(work="await ping();"), SERVE),
        (function(work="await db.vacuum();"), SERVE),
        (function(), SERVE.replace('import { mail } from "@/inngest/mail";\n', "").replace("[mail]", "[]")),
        (function().replace("triggers: [{ cron:", "triggers: [{ event:"), SERVE),
    ],
    ids=["other ticks", "other work", "a module of many", "not served", "an event starts it"],
)  # fmt: skip
def test_other_functions_are_not(tmp_path: Path, made: str, serve: str) -> None:
    assert doubled(tmp_path, made, serve) == []


def test_a_python_function_beside_its_entry_is_told(tmp_path: Path) -> None:
    files = {
        "vercel.json": json.dumps({"crons": [{"path": "/api/mail", "schedule": "0 3 * * *"}]}),
        "requirements.txt": "fastapi\ninngest\n",
        "api/index.py": "from fastapi import FastAPI\nimport inngest.fast_api\n"
        "from jobs import client, mail\nfrom mails import send_mails\napp = FastAPI()\n"
        "inngest.fast_api.serve(app, client, [mail])\n\n\n"
        '@app.get("/api/mail")\ndef mail_now():\n    send_mails()\n    return {}\n',
        "mails.py": "def send_mails():\n    pass\n",
        "jobs.py": "import inngest\nfrom mails import send_mails\n"
        'client = inngest.Inngest(app_id="shop")\n\n\n'
        '@client.create_function(fn_id="nightly", trigger=inngest.TriggerCron(cron="0 3 * * *"))\n'
        "async def mail(ctx):\n    send_mails()\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    plan = make_plan(load_project(tmp_path))
    assert [finding.job for finding in plan.findings if finding.code == "CS560"] == ["mail"]

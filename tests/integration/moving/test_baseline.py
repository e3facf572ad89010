"""Jobs that were moved by hand are taken over: found in the source, matched in git's past."""

from __future__ import annotations

import json
import subprocess
import tomllib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift.engine.validation.project import validate_package
from cronshift.errors import RefusedError
from cronshift.moving.baseline import Baseline, prepare_baseline
from cronshift.moving.cutover import Handover, prepare_cutover
from cronshift.moving.migration import prepare_migration
from cronshift.moving.pause import prepare_pause
from cronshift.moving.rollback import prepare_rollback
from cronshift.moving.status import read_status
from cronshift.operations import apply
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.ownership_file import read_ownership

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOVED_AT = datetime(2026, 10, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 27, 15, tzinfo=UTC)
ROUTE = """import {{ {work} }} from "@/lib/{work}";
import {{ db }} from "@/lib/db";

export async function GET() {{
  await {work}(db);
  return Response.json({{ ok: true }});
}}
"""
LIB = "export async function {0}(db: unknown) {{}}\n"
CRONS = [
    {"path": "/api/cron/digest", "schedule": "0 3 * * *"},
    {"path": "/api/cron/prune?all=1", "schedule": "30 4 * * 0"},
    {"path": "/api/cron/sync-users", "schedule": "*/10 * * * *"},
    {"path": "/api/cron/orphan", "schedule": "0 9 * * *"},
]
BEFORE = {
    "package.json": '{ "name": "shop", "dependencies": { "next": "15.0.0" } }\n',
    "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }\n',
    "vercel.json": json.dumps({"crons": CRONS, "regions": ["iad1"]}, indent=2) + "\n",
    "lib/db.ts": "export const db = {};\n",
    **{
        f"lib/{work}.ts": LIB.format(work)
        for work in ("sendDigest", "prune", "syncUsers", "orphan")
    },
    **{
        f"app/api/cron/{name}/route.ts": ROUTE.format(work=work)
        for name, work in (
            ("digest", "sendDigest"),
            ("prune", "prune"),
            ("sync-users", "syncUsers"),
            ("orphan", "orphan"),
        )
    },
}
FUNCTIONS = """import {{ inngest }} from "./client";
import {{ sendDigest }} from "@/lib/sendDigest";
import {{ db }} from "@/lib/db";

const WEEKLY = "TZ=UTC 30 4 * * 0";

export const daily = inngest.createFunction({daily} async ({{ step }}) => {{
  await step.run("send", () => sendDigest(db));
}});
export const prune = inngest.createFunction({prune} async () => {{
  await fetch(`${{process.env.APP_URL}}/api/cron/prune?all=1`);
}});
export const sync = inngest.createFunction({sync} async () => {{
  await import("../elsewhere");
}});
export const report = inngest.createFunction({report} async () => {{}});
"""
THREE = {
    "daily": '{ id: "dailyDigest" }, { cron: "TZ=UTC 0 3 * * *" },',
    "prune": '{ id: "prune-weekly" }, { cron: WEEKLY },',
    "sync": '{ id: "sync-users" }, { cron: "*/10 * * * *" },',
    "report": '{ id: "report" }, { cron: "0 9 * * *" },',
}
FOUR = {
    "daily": '{ id: "dailyDigest", triggers: [{ cron: "TZ=UTC 0 3 * * *" }] },',
    "prune": '{ id: "prune-weekly", triggers: { cron: WEEKLY } },',
    "sync": '{ id: "sync-users", triggers: [cron("*/10 * * * *")] },',
    "report": '{ id: "report", triggers: [{ cron: "0 9 * * *" }] },',
}
SERVE = (
    'import { serve } from "inngest/next";\nimport { inngest } from "@/inngest/client";\n'
    'import { daily, prune, report, sync } from "@/inngest/functions";\n'
    "export const { GET, POST, PUT } = serve({ client: inngest, functions: [daily, prune, sync, report] });\n"
)
CLIENT = 'import { Inngest } from "inngest";\nexport const inngest = new Inngest({ id: "shop" });\n'
AFTER = {
    "package.json": '{ "name": "shop", "dependencies": { "next": "15.0.0", "inngest": "4.24.0" } }\n',
    "vercel.json": json.dumps({"regions": ["iad1"]}, indent=2) + "\n",
    "inngest/client.ts": CLIENT,
    "app/api/inngest/route.ts": SERVE,
    **{f"app/api/cron/{name}/route.ts": None for name in ("digest", "prune", "orphan")},
}


def commit(root: Path, files: Mapping[str, str | None], when: datetime) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink() if text is None else path.write_text(text)
    stamp = {"GIT_AUTHOR_DATE": when.isoformat(), "GIT_COMMITTER_DATE": when.isoformat()}
    names = {
        f"GIT_{who}_{what}": "a@b.c"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run(
            ["git", *words], cwd=root, check=True, env={"PATH": "/usr/bin:/bin", **stamp, **names}
        )


@pytest.fixture(params=[THREE, FOUR], ids=["version 3", "version 4"])
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Lay out an app whose jobs somebody moved by hand."""
    commit(tmp_path, BEFORE, datetime(2026, 9, 1, tzinfo=UTC))
    functions = FUNCTIONS.format(**request.param)
    commit(tmp_path, {**AFTER, "inngest/functions.ts": functions}, MOVED_AT)
    return tmp_path


def take_over(root: Path) -> Baseline:
    prepared = prepare_baseline(load_project(root), NOW)
    if prepared.operation.changes:
        apply(root, prepared.operation)
    return prepared


def test_what_is_certain_is_matched_and_the_rest_is_not_known(shop: Path) -> None:
    prepared = take_over(shop)
    evidence = {job: match.evidence for job, match in prepared.matches.items()}
    assert evidence == {
        "daily-digest": "it uses sendDigest of lib/sendDigest.ts, as the route did",
        "prune-weekly": "it names /api/cron/prune",
        "sync-users": "its name and its ticks are the entry's",
    }
    unknown = {each.name: each.reason for each in prepared.unknown}
    assert unknown.keys() == {"report", "/api/cron/orphan (0 9 * * *)"}
    assert "fires as /api/cron/orphan did, and nothing tells" in unknown["report"]
    settings = tomllib.loads((shop / "cronshift.toml").read_text())["jobs"]
    assert settings["daily-digest"]["function"] == {
        "id": "dailyDigest",
        "file": "inngest/functions.ts",
    }
    assert settings["prune-weekly"]["moved"]["path"] == "/api/cron/prune?all=1"
    assert len(settings["prune-weekly"]["moved"]["commit"]) == 40
    epochs = read_ownership(shop).jobs
    assert {
        job: (epoch.percent, epoch.effective_at) for job, [epoch] in epochs.items()
    } == dict.fromkeys(evidence, (100, MOVED_AT))


def test_a_job_that_was_taken_over_is_known_everywhere(shop: Path) -> None:
    take_over(shop)
    plan = make_plan(load_project(shop))
    sources = {job.id: str(job.handler and job.handler.file) for job in plan.jobs}
    assert sources == dict.fromkeys(sources, "inngest/functions.ts")
    assert {job.mode for job in plan.jobs} == {"direct"}
    registration, findings = validate_package(shop, plan, compiles=False)
    assert len(registration.functions or ()) == 4
    assert {finding.code for finding in findings if finding.job} <= {"CS404"}
    assert [f.message for f in findings if "belongs to no cron entry" in f.message] == [
        "shop-report belongs to no cron entry."
    ]
    status = read_status(load_project(shop), NOW)
    assert [(row.percent, row.moved, row.generated) for row in status.jobs] == [
        (100, True, True)
    ] * 3
    assert (status.drift, status.facts) == ((), ())
    assert take_over(shop).operation.changes == ()
    assert prepare_migration(load_project(shop), (), NOW).changes == ()


def test_validate_tells_when_a_function_no_longer_fires_as_its_entry_did(shop: Path) -> None:
    take_over(shop)
    file = shop / "inngest" / "functions.ts"
    file.write_text(file.read_text().replace("TZ=UTC 0 3 * * *", "TZ=UTC 0 5 * * *"))
    _, findings = validate_package(shop, make_plan(load_project(shop)), compiles=False)
    assert [f.job for f in findings if "the plan says" in f.message] == ["daily-digest"]


def test_a_rollback_brings_the_entries_back_to_the_byte(shop: Path) -> None:
    prepared = take_over(shop)
    back = prepare_rollback(load_project(shop), ("daily-digest", "prune-weekly", "sync-users"), NOW)
    apply(shop, back.operation)
    entries = [entry for entry in CRONS if entry["path"] != "/api/cron/orphan"]
    assert json.loads((shop / "vercel.json").read_text())["crons"] == entries
    assert {epochs[-1].percent for epochs in read_ownership(shop).jobs.values()} == {0}
    brought = [
        advice for advice in back.advice if "bring its route back first: git checkout" in advice
    ]
    assert [advice.rpartition(" ")[2] for advice in brought] == [
        "app/api/cron/digest/route.ts",
        "app/api/cron/prune/route.ts",
    ]
    assert sum("is the app's own and asks nobody" in advice for advice in back.advice) == 3
    plan = make_plan(load_project(shop))
    twice = [finding.job for finding in plan.findings if finding.code == "CS560"]
    assert sorted(twice, key=str) == sorted(prepared.matches)


def test_a_function_that_asks_nobody_has_no_share_and_no_pause(shop: Path) -> None:
    take_over(shop)
    with pytest.raises(RefusedError) as caught:
        prepare_pause(load_project(shop), ["daily-digest"], NOW)
    assert caught.value.reason == "own-function"
    apply(shop, prepare_rollback(load_project(shop), ["daily-digest"], NOW).operation)
    later = NOW.replace(hour=18)
    with pytest.raises(RefusedError) as caught:
        prepare_cutover(load_project(shop), ["daily-digest"], later, percent=10)
    assert caught.value.reason == "own-function"
    again = prepare_cutover(
        load_project(shop), ["daily-digest"], later, handover=Handover.DEPLOY
    ).operation
    apply(shop, again)
    assert "digest" not in (shop / "vercel.json").read_text()


PYTHON_BEFORE = {
    "requirements.txt": "fastapi\n",
    "vercel.json": json.dumps(
        {"crons": [{"path": "/api/cron/digest", "schedule": "0 3 * * *"}, CRONS[2]]}
    ),
    "app/work.py": "def send():\n    ...\n\n\ndef sync():\n    ...\n",
    "api/index.py": (
        "from fastapi import FastAPI\n\nfrom app.work import send, sync\n\napp = FastAPI()\n\n\n"
        '@app.get("/api/cron/digest")\ndef digest():\n    send()\n\n\n'
        '@app.get("/api/cron/sync-users")\ndef sync_users():\n    sync()\n'
    ),
}
PYTHON_AFTER = {
    "requirements.txt": "fastapi\ninngest\n",
    "vercel.json": "{}",
    "api/index.py": (
        "import inngest\nimport inngest.fast_api\nfrom fastapi import FastAPI\n\nfrom app.work import send, sync\n\n"
        'app = FastAPI()\nclient = inngest.Inngest(app_id="shop")\nEVERY = "*/5 * * * *"\n\n\n'
        '@client.create_function(fn_id="mails", trigger=inngest.TriggerCron(cron="0 3 * * *"))\n'
        "async def mails(ctx: inngest.Context) -> None:\n    send()\n\n\n"
        '@client.create_function(fn_id="users", trigger=[inngest.TriggerCron(cron=EVERY)])\n'
        "def users(ctx: inngest.Context) -> None:\n    sync()\n\n\n"
        "inngest.fast_api.serve(app, client, [mails, users])\n"
    ),
}


def test_python_functions_are_matched_by_the_work_they_do(tmp_path: Path) -> None:
    commit(tmp_path, dict(PYTHON_BEFORE), datetime(2026, 9, 1, tzinfo=UTC))
    commit(tmp_path, dict(PYTHON_AFTER), MOVED_AT)
    prepared = take_over(tmp_path)
    found = {
        job: (match.past.entry.path, match.has_the_ticks) for job, match in prepared.matches.items()
    }
    assert found == {"mails": ("/api/cron/digest", True), "users": ("/api/cron/sync-users", False)}
    assert prepared.unknown == ()
    plan = make_plan(load_project(tmp_path))
    assert plan.app_id == "shop"
    triggers = {job.id: job.schedule.trigger for job in plan.jobs if job.schedule}
    assert triggers == {"mails": "TZ=UTC 0 3 * * *", "users": "TZ=UTC */5 * * * *"}
    registration, findings = validate_package(tmp_path, plan)
    assert [function.id for function in registration.functions or ()] == ["mails", "users"]
    assert [finding.message for finding in findings] == [
        "Only running the code would tell which of the app's own functions are served, and with which options."
    ]


def test_without_a_repository_nothing_is_known(tmp_path: Path) -> None:
    for name, text in PYTHON_AFTER.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    prepared = take_over(tmp_path)
    assert (prepared.matches, prepared.operation.changes) == ({}, ())
    assert [each.name for each in prepared.unknown] == ["mails", "users"]


def test_a_route_that_stays_tells_by_what_it_shares_with_the_function_since(tmp_path: Path) -> None:
    entry = {"path": "/api/mail/weekly", "schedule": "0 14 * * 5"}
    route = "export async function GET() {\n  return Response.json(await WORK());\n}\n"
    before = 'import { compile } from "@/lib/compile";\n' + route.replace("WORK", "compile")
    after = 'import { sendAll } from "@/lib/core";\n' + route.replace("WORK", "sendAll")
    function = (
        'import { inngest } from "./client";\nimport { sendAll } from "@/lib/core";\n'
        'export const mail = inngest.createFunction({ id: "letters", triggers: [{ cron: "0 14 * * 5" }] },'
        " async () => sendAll());\n"
    )
    old = {"vercel.json": json.dumps({"crons": [entry]}), "app/api/mail/weekly/route.ts": before}
    files = {name: BEFORE[name] for name in ("package.json", "tsconfig.json")}
    lib = {"lib/compile.ts": LIB.format("compile"), "lib/core.ts": LIB.format("sendAll")}
    commit(tmp_path, {**files, **lib, **old}, datetime(2026, 9, 1, tzinfo=UTC))
    moved = {"vercel.json": "{}", "app/api/mail/weekly/route.ts": after}
    new = {"inngest/functions.ts": function, "inngest/client.ts": CLIENT}
    commit(tmp_path, {**moved, **new}, MOVED_AT)
    prepared = take_over(tmp_path)
    evidence = {job: match.evidence for job, match in prepared.matches.items()}
    assert evidence == {"letters": "it uses sendAll of lib/core.ts, as the route did"}


def test_functions_that_a_table_makes_are_taken_over_and_given_back(tmp_path: Path) -> None:
    names = ("digest", "sync-users")
    kept = [cron for cron in CRONS if cron["path"].rpartition("/")[2] in names]
    before = {**BEFORE, "vercel.json": json.dumps({"crons": kept}, indent=2) + "\n"}
    commit(tmp_path, before, datetime(2026, 9, 1, tzinfo=UTC))
    rows = "".join(
        f'  {{ id: "cron-{name}", cron: "{cron["schedule"]}", path: "{cron["path"]}" }},\n'
        for name, cron in zip(names, kept, strict=True)
    )
    functions = (
        f'import {{ inngest }} from "./client";\nconst JOBS = [\n{rows}];\n'
        "export const functions = JOBS.map((job) =>\n"
        "  inngest.createFunction({ id: job.id, triggers: [{ cron: `TZ=UTC ${job.cron}` }] },\n"
        "    async () => fetch(`${process.env.APP_URL}${job.path}`)));\n"
    )
    serve = SERVE.replace("daily, prune, report, sync", "functions")
    serve = serve.replace("[daily, prune, sync, report]", "functions")
    after = {**AFTER, "inngest/functions.ts": functions, "app/api/inngest/route.ts": serve}
    stay = {f"app/api/cron/{name}/route.ts" for name in ("digest", "prune", "orphan")}
    commit(tmp_path, {name: text for name, text in after.items() if name not in stay}, MOVED_AT)
    assert {*take_over(tmp_path).matches} == {"cron-digest", "cron-sync-users"}
    plan = make_plan(load_project(tmp_path))
    registration, _ = validate_package(tmp_path, plan, compiles=False)
    (unread,) = registration.unread  # which functions are served, only running it tells
    assert unread.what.startswith("what `JOBS.map(")
    status = read_status(load_project(tmp_path), NOW)
    assert [(row.percent, row.moved) for row in status.jobs] == [(100, True)] * 2
    apply(tmp_path, prepare_rollback(load_project(tmp_path), (), NOW).operation)
    assert json.loads((tmp_path / "vercel.json").read_text())["crons"] == kept

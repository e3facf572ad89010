"""What comes next follows from where the project stands."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cronshift.errors import RefusedError
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.finalize import prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.moving.next_steps import in_one_line, next_steps, steps_behind
from cronshift.moving.pause import prepare_pause
from cronshift.moving.rollout import prepare_rollout
from cronshift.operations import apply
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.rollouts_file import Rollout, Rollouts, dump_rollouts

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
EVERY_TEN = '{"crons": [{"path": "/api/cron/mail", "schedule": "*/10 * * * *"}]}'
MONTHLY = '{"crons": [{"path": "/api/cron/mail", "schedule": "*/10 * * * *"}, {"path": "/api/cron/bill", "schedule": "0 0 1 * *"}]}'
FASTAPI = """from fastapi import FastAPI

app = FastAPI()


@app.get("/api/cron/mail")
def mail():
    return {"sent": 1}


@app.get("/api/cron/bill")
def bill():
    return {"billed": 1}
"""


def test_an_entry_that_came_since_is_told_beside_the_validation(root: Path) -> None:
    apply(root, prepare_migration(load_project(root), (), NOW, fix=True).operation)
    (root / "vercel.json").write_text(MONTHLY)
    steps = {step.command: step.why for step in next_steps(load_project(root), NOW)}
    assert steps["cronshift validate"].endswith("none is there for bill: cronshift migrate")


@pytest.mark.parametrize(
    ("ignored", "command", "why"),
    [
        (
            "lib/inngest",
            "git add --force lib/inngest",
            "Or take `lib/inngest` out of what git ignores.",
        ),
        (None, 'Write "node": ">=20" in the `engines` of package.json', "for '18.x'."),
    ],
)
def test_a_remedy_that_is_a_command_stands_alone_and_the_rest_is_its_reason(
    tmp_path: Path, ignored: str | None, command: str, why: str
) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    package = {"name": "shop", "dependencies": {"next": "16.0.0"}}
    files = {
        "vercel.json": EVERY_TEN,
        "package.json": json.dumps(package if ignored else package | {"engines": {"node": "18.x"}}),
        "tsconfig.json": "{}",
        "app/api/cron/mail/route.ts": "export async function GET() {\n"
        "  await fetch('https://mail.example');\n  return new Response();\n}\n",
        ".gitignore": f"{ignored or 'nothing'}\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    apply(tmp_path, prepare_migration(load_project(tmp_path), (), NOW).operation)
    steps = {step.command: step.why for step in next_steps(load_project(tmp_path), NOW)}
    assert steps[command].endswith(why)


def test_a_package_json_behind_a_link_is_written_by_its_manager(tmp_path: Path) -> None:
    app = tmp_path / "app"
    (app / "api").mkdir(parents=True)
    (tmp_path / "shared.json").write_text('{"name": "mails"}')
    (app / "package.json").symlink_to(tmp_path / "shared.json")
    (app / "vercel.json").write_text('{"crons": [{"path": "/api/mail", "schedule": "0 5 * * *"}]}')
    (app / "api/mail.js").write_text(
        "export default async function handler(request, response) {\n"
        "  await fetch('https://mail.example');\n  response.end();\n}\n"
    )
    apply(app, prepare_migration(load_project(app), (), NOW).operation)
    (first, *_) = next_steps(load_project(app), NOW)
    assert first.command == "npm install inngest@^4.24.0"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "CRONSHIFT_CLAIMS_URL",
        "CRONSHIFT_LEDGER_URL",
        "CRONSHIFT_BASE_URL",
        "CRON_SECRET",
    ):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "vercel.json").write_text(EVERY_TEN)
    (tmp_path / "requirements.txt").write_text("fastapi\n")
    (tmp_path / "api").mkdir()
    (tmp_path / "api/index.py").write_text(FASTAPI)
    return tmp_path


def commands(root: Path, now: datetime = NOW) -> list[str]:
    return [step.command for step in next_steps(load_project(root), now)]


def test_a_job_goes_all_the_way_by_what_is_next(root: Path) -> None:
    assert commands(root) == ["cronshift run mail", "cronshift migrate --fix"]
    apply(root, prepare_migration(load_project(root), (), NOW, fix=True).operation)
    assert commands(root) == [
        "cronshift validate",
        "cronshift run mail",
        "cronshift cutover mail --percent 10",
    ]
    now = NOW
    for percent in (10, 50, 100):
        cutover = prepare_cutover(load_project(root), ["mail"], now, percent=percent)
        apply(root, cutover.operation)
        assert commands(root, now)[0] == "cronshift status"
        now = cutover.epochs["mail"].effective_at + timedelta(hours=1)
        following = {10: "cutover mail --percent 50", 50: "cutover mail --percent 100"}
        expected = following.get(percent, "finalize mail --ticks-ran")
        assert commands(root, now)[-1] == f"cronshift {expected}"
    ended = prepare_finalization(load_project(root), ["mail"], now, lambda *_: True)
    apply(root, ended.operation)
    assert commands(root, now) == []


def test_a_job_of_few_ticks_leads_on_to_the_whole(root: Path) -> None:
    entries = root / "vercel.json"
    entries.write_text(re.sub(r'("schedule": )"[^"]+"', r'\1"0 5 * * *"', entries.read_text()))
    apply(root, prepare_migration(load_project(root), (), NOW, fix=True).operation)
    cutover = prepare_cutover(load_project(root), ["mail"], NOW, percent=10)
    apply(root, cutover.operation)
    assert commands(root)[-1] == "cronshift cutover mail"
    later = cutover.epochs["mail"].effective_at + timedelta(hours=1)
    assert commands(root, later)[-1] == "cronshift cutover mail"


def test_with_a_ledger_a_rollout_leads_on_by_its_evidence(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(root, prepare_migration(load_project(root), (), NOW, fix=True).operation)
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", "sqlite:///ledger.db")
    assert commands(root)[-1] == "cronshift cutover mail --stages 10,50,100"
    rollout = prepare_rollout(load_project(root), ["mail"], NOW, stages=(10, 50, 100), auto=100)
    apply(root, rollout.operation)
    assert commands(root)[-1] == "cronshift advance"
    cutover = prepare_cutover(load_project(root), ["mail"], NOW, percent=10)
    apply(root, cutover.operation)
    assert commands(root) == ["cronshift status", "cronshift advance"]
    later = cutover.epochs["mail"].effective_at + timedelta(hours=1)
    assert commands(root, later) == [
        "cronshift status",
        "cronshift ticks list mail",
        "cronshift compare mail",
        "cronshift advance",
    ]


def test_without_a_guard_the_next_command_brings_one(root: Path) -> None:
    apply(root, prepare_migration(load_project(root), (), NOW).operation)
    assert "cronshift migrate --fix" in commands(root)


def test_what_was_carried_out_just_now_is_not_told_again(root: Path) -> None:
    steps = next_steps(load_project(root), NOW)
    assert in_one_line(steps_behind(steps, "run")) == "Next: cronshift migrate --fix"
    assert in_one_line(steps_behind(steps, "audit")).startswith("Next: cronshift run mail")
    assert in_one_line(()) == ""


def test_what_must_be_installed_is_told_until_it_is(root: Path) -> None:
    next_app(root, {"next": "15.0.0", "typescript": "5.9.3"})
    steps = next_steps(load_project(root), NOW)
    for verb in ("migrate", "validate", "status"):
        installing = "Next: pnpm install, then cronshift validate"
        assert in_one_line(steps_behind(steps, verb)) == installing


def test_a_package_that_the_sdk_quarrels_with_is_raised_first(root: Path) -> None:
    next_app(root, {"next": "15.0.0", "typescript": "5.0.4"})
    steps = next_steps(load_project(root), NOW)
    for verb in ("migrate", "validate", "status"):
        raising = "Next: pnpm add typescript@^5.8.0, then cronshift validate"
        assert in_one_line(steps_behind(steps, verb)) == raising


def test_what_a_cutover_is_refused_for_is_mended_first(root: Path) -> None:
    apply(root, prepare_migration(load_project(root), (), NOW, fix=True).operation)
    settings = root / "cronshift.toml"
    settings.write_text(re.sub(r'app_id = ".*"', 'app_id = "another"', settings.read_text()))
    steps = next_steps(load_project(root), NOW)
    for verb in ("migrate", "status"):
        assert in_one_line(steps_behind(steps, verb), 1).startswith("Next: Set app_id = ")


def next_app(root: Path, dependencies: dict[str, str]) -> None:
    """Make a migrated Next.js app of the folder, with nothing installed."""
    shutil.rmtree(root / "api")
    (root / "requirements.txt").unlink()
    (root / "package.json").write_text(json.dumps({"name": "shop", "dependencies": dependencies}))
    locked = "".join(
        f"      {name}:\n        specifier: {version}\n        version: {version}\n"
        for name, version in dependencies.items()
    )
    lock = f"lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n{locked}"
    (root / "pnpm-lock.yaml").write_text(lock)
    (root / "tsconfig.json").write_text("{}")
    route = root / "app/api/cron/mail/route.ts"
    route.parent.mkdir(parents=True)
    route.write_text("export async function GET() {\n  return Response.json({});\n}\n")
    apply(root, prepare_migration(load_project(root), (), NOW).operation)


def test_the_secret_that_a_route_asks_for_is_set_for_the_trial(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRON_SECRET", raising=False)
    (root / "api/index.py").write_text(
        "import hmac, os\nfrom fastapi import FastAPI, Header, HTTPException\n\napp = FastAPI()\n\n\n"
        '@app.get("/api/cron/mail")\ndef mail(authorization: str = Header("")):\n'
        "    if authorization != f\"Bearer {os.environ['CRON_SECRET']}\":\n"
        "        raise HTTPException(401)\n    return {}\n"
    )
    assert commands(root)[0] == "CRON_SECRET=only-here cronshift run mail"
    (root / ".env.local").write_text("CRON_SECRET=x\n")
    assert commands(root)[0] == "cronshift run mail"


def test_a_bridged_job_is_tried_where_its_app_runs(root: Path) -> None:
    (root / "requirements.txt").unlink()
    (root / "api/index.py").unlink()
    (root / "package.json").write_text(
        '{"name": "shop", "scripts": {"dev": "vite dev"}, "devDependencies": {"@sveltejs/kit": "2"}}'
    )
    route = root / "src/routes/api/cron/mail/+server.ts"
    route.parent.mkdir(parents=True)
    route.write_text("export function GET() {\n  return new Response('ok');\n}\n")
    assert commands(root) == ["cronshift migrate"]
    apply(root, prepare_migration(load_project(root), (), NOW).operation)
    assert commands(root) == [
        "cronshift validate",
        "npm run dev",
        "cronshift run mail --base-url http://localhost:5173",
        "cronshift cutover mail --no-guard",
    ]


def test_a_job_of_an_app_without_a_developers_server_is_tried_where_the_app_is_started(
    root: Path,
) -> None:
    (root / "requirements.txt").unlink()
    (root / "api/index.py").unlink()
    (root / "package.json").write_text(
        '{"name": "shop", "type": "module", "scripts": {"dev": "tsx watch src/index.ts --port 4000"},'
        ' "dependencies": {"hono": "4.9.0"}}'
    )
    (root / "tsconfig.json").write_text("{}")
    (root / "src").mkdir()
    (root / "src/index.ts").write_text(
        'import { Hono } from "hono";\nconst app = new Hono();\n'
        'app.get("/api/cron/mail", (c) => c.json({ sent: 1 }));\nexport default app;\n'
    )
    apply(root, prepare_migration(load_project(root), (), NOW).operation)
    assert make_plan(load_project(root)).target == "typescript"
    tried = [command for command in commands(root) if "dev" in command or " run " in command]
    assert tried == [
        "INNGEST_DEV=1 npm run dev",
        "cronshift run mail --endpoint http://localhost:4000/api/inngest",
    ]


def test_functions_without_a_developers_server_are_tried_in_vercels_own(root: Path) -> None:
    (root / "requirements.txt").unlink()
    (root / "api/index.py").unlink()
    (root / "package.json").write_text('{"name": "shop"}')
    (root / "api/cron").mkdir()
    (root / "api/cron/mail.js").write_text(
        "export default async function handler(request, response) {\n"
        "  await fetch('https://mail.example');\n  response.end();\n}\n"
    )
    apply(root, prepare_migration(load_project(root), (), NOW).operation)
    tried = [command for command in commands(root) if "dev" in command or " run " in command]
    assert tried == [
        "INNGEST_DEV=1 npx vercel dev",
        "cronshift run mail --endpoint http://localhost:3000/api/inngest",
    ]


def test_a_second_stage_names_the_job_whose_epoch_is_still_to_come(root: Path) -> None:
    (root / "vercel.json").write_text(MONTHLY)
    apply(root, prepare_migration(load_project(root), (), NOW, fix=True).operation)
    first = prepare_cutover(load_project(root), (), NOW, percent=50)
    apply(root, first.operation)
    now = first.epochs["mail"].effective_at + timedelta(minutes=30)
    assert first.epochs["bill"].effective_at > now
    with pytest.raises(RefusedError) as caught:
        prepare_cutover(load_project(root), (), now, percent=100)
    assert "bill" in caught.value.message
    assert "mail" not in caught.value.message
    assert "cronshift cutover mail --percent 100" in (caught.value.hint or "")


def test_finalize_names_its_own_remedy(root: Path) -> None:
    apply(root, prepare_migration(load_project(root), (), NOW, fix=True).operation)
    cutover = prepare_cutover(load_project(root), ["mail"], NOW)
    apply(root, cutover.operation)
    now = cutover.epochs["mail"].effective_at + timedelta(hours=1)
    with pytest.raises(RefusedError) as caught:
        prepare_finalization(load_project(root), ["mail"], now, lambda *_: False)
    assert "cronshift finalize mail --ticks-ran" in (caught.value.hint or "")
    with pytest.raises(RefusedError) as caught:
        prepare_finalization(load_project(root), ["mail"], NOW, lambda *_: False)
    assert "Nothing but time" in (caught.value.hint or "")


def test_a_job_that_is_left_out_is_told_before_validate_misses_it(root: Path) -> None:
    (root / "vercel.json").write_text(MONTHLY)
    swallowing = "try:\n        bill_all()\n    except Exception:\n        pass\n    return {}"
    source = FASTAPI.replace('return {"billed": 1}', swallowing)
    (root / "api/index.py").write_text(f"from billing import bill_all\n{source}")
    (root / "billing.py").write_text("def bill_all() -> None:\n    raise ValueError\n")
    apply(root, prepare_migration(load_project(root), (), NOW, fix=True).operation)
    steps = next_steps(load_project(root), NOW)
    assert steps[0].command == "cronshift explain CS204"
    assert steps[0].why.startswith("bill is left out")
    assert steps[1].command == "cronshift validate"


def test_before_the_first_share_both_sides_are_looked_at(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(root, prepare_migration(load_project(root), (), NOW, fix=True).operation)
    assert not [command for command in commands(root) if "observe" in command]
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", "sqlite:///ledger.db")
    assert commands(root)[-2:] == [
        "cronshift observe mail",
        "cronshift cutover mail --stages 10,50,100",
    ]


def test_a_pause_that_ends_by_itself_says_when(root: Path) -> None:
    apply(root, prepare_migration(load_project(root), (), NOW, fix=True).operation)
    until = NOW + timedelta(hours=8)
    prepared = prepare_pause(load_project(root), ["mail"], NOW, until=until)
    apply(root, prepared.operation)
    (step,) = next_steps(load_project(root), prepared.start)
    assert step.command == "cronshift resume-job mail"
    assert step.why == "nobody runs its ticks until 2026-11-23T08:30:00Z: it is paused"


def test_a_flow_that_rolls_out_is_told_behind_the_jobs(root: Path) -> None:
    plan = Rollouts(flows={"predictions": Rollout((10, 100), NOW, "01")})
    (root / "cronshift.rollouts.json").write_bytes(dump_rollouts(plan) or b"")
    assert commands(root)[-1] == "cronshift advance --flow predictions"

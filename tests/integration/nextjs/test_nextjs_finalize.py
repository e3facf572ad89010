"""The end of Vercel cron in a Next.js app, and the way back: bytes, builds and runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.errors import RefusedError
from cronshift.model import Mode
from cronshift.moving.cutover import Handover, prepare_cutover
from cronshift.moving.finalize import Finalization, prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.moving.rollback import prepare_rollback
from cronshift.moving.status import guarded_path, read_status
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

from .conftest import EXAMPLE, LONG_AGO, build, example_app, started, upstream_server
from .test_nextjs_built import JOBS, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LATER = LONG_AGO + timedelta(days=30)
MUCH_LATER = LATER + timedelta(days=30)
LEFT_OUT = {"send-digest", "rebuild-index"}


def tree(root: Path) -> dict[str, bytes]:
    skipped = {".cronshift", ".next", "node_modules"}
    return {
        str(file.relative_to(root)): file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file() and not skipped & set(file.relative_to(root).parts)
    }


def folders(root: Path) -> set[str]:
    return {
        str(folder.relative_to(root))
        for folder in root.rglob("*")
        if folder.is_dir() and ".cronshift" not in folder.parts
    }


def migrated(root: Path, *, percent: int = 100) -> None:
    operations.apply(root, prepare_migration(load_project(root), (), LONG_AGO).operation)
    if percent:
        cutover = prepare_cutover(load_project(root), (), LONG_AGO, percent=percent)
        operations.apply(root, cutover.operation)


def finalized(root: Path, *jobs: str) -> Finalization:
    names = jobs or tuple(JOBS)
    done = prepare_finalization(load_project(root), names, LATER, lambda *_: True)
    operations.apply(root, done.operation)
    return done


def rolled_back(root: Path, now: datetime, *jobs: str) -> list[operations.Operation]:
    """Give ticks back, and once all are Vercel's have the app's own routes called."""
    done = []
    for hours in (0, 2):
        back = prepare_rollback(load_project(root), jobs, now + timedelta(hours=hours))
        done.append(operations.apply(root, back.operation))
    return done


def type_check(root: Path, packages: Path) -> str:
    tsc = packages / "node_modules/typescript/bin/tsc"
    done = subprocess.run(
        ["node", str(tsc), "-p", ".", "--noUnusedLocals", "--noUnusedParameters"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.fixture
def app(node_packages: Path) -> Iterator[Path]:
    with example_app(node_packages) as root:
        yield root


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """The example with the six jobs that can move, and nothing else."""
    root = tmp_path / "app"
    shutil.copytree(EXAMPLE, root)
    for name in LEFT_OUT:
        shutil.rmtree(root / f"app/api/cron/{name}")
    document = json.loads((root / "vercel.json").read_text())
    document["crons"] = [
        one for one in document["crons"] if one["path"].rpartition("/")[2] not in LEFT_OUT
    ]
    (root / "vercel.json").write_text(json.dumps(document, indent=2) + "\n")
    return root


def test_nothing_of_vercel_cron_is_left(plain: Path) -> None:
    migrated(plain)
    done = finalized(plain)
    assert done.stays == ()
    assert done.entries_left == 0
    assert "crons" not in json.loads((plain / "vercel.json").read_text())
    files = tree(plain)
    assert not [file for file in files if "api/cron" in file]
    assert "app/api/cron" not in folders(plain)
    assert "app/(jobs)" not in folders(plain)
    assert "lib/inngest/cronshift/guard.ts" not in files
    assert "lib/inngest/cronshift/dispatch.ts" not in files
    assert {file for file in files if file.startswith("lib/inngest/jobs/")} == {
        f"lib/inngest/jobs/{job}.ts" for job in JOBS
    }
    assert not done.leftovers or all("CRON_SECRET" in line.text for line in done.leftovers)


def test_migrate_finalize_rollback_leaves_the_tree_as_it_was(plain: Path) -> None:
    before = tree(plain)
    migrated(plain, percent=0)
    generated, made = tree(plain), folders(plain)
    cutover = prepare_cutover(load_project(plain), (), LONG_AGO)
    operations.apply(plain, cutover.operation)
    done = finalized(plain)
    assert tree(plain) != generated
    back = rolled_back(plain, MUCH_LATER)
    ownership = "cronshift.ownership.json"
    after = tree(plain)
    assert {**after, ownership: b""} == {**generated, ownership: b""}
    assert folders(plain) == made
    assert {file for file, data in before.items() if after[file] != data} == {".env.example"}
    assert [job.mode for job in make_plan(load_project(plain)).jobs] == [Mode.DIRECT] * 6
    # And taken back one operation after the other, nothing at all is left.
    for operation in (*back[::-1], done.operation, cutover.operation):
        operations.revert(plain, operations.read_operation(plain, operation.id))
    migration = next(one for one in operations.history(plain) if one.command.startswith("migrate"))
    operations.revert(plain, migration)
    assert tree(plain) == before


def test_one_job_goes_back_and_the_others_stay(plain: Path) -> None:
    migrated(plain)
    finalized(plain)
    after = tree(plain)
    rolled_back(plain, MUCH_LATER, "prediction-check")
    now = tree(plain)
    route = "app/(jobs)/api/cron/prediction-check/route.ts"
    assert now[route] == (EXAMPLE / route).read_bytes()
    assert "lib/inngest/jobs/prediction-check.ts" not in now
    assert "lib/inngest/cronshift/guard.ts" in now
    dispatchers = [file for file in now if "api/cronshift" in file]
    assert dispatchers == ["app/api/cronshift/api/cron/prediction-check/route.ts"]
    assert {file for file in after if "/jobs/" in file} - set(now) == {
        "lib/inngest/jobs/prediction-check.ts"
    }
    crons = json.loads((plain / "vercel.json").read_text())["crons"]
    assert crons == [{"path": "/api/cron/prediction-check", "schedule": "0 */4 * * *"}]


def test_a_module_that_was_changed_since_goes_back_with_its_change(plain: Path) -> None:
    migrated(plain)
    finalized(plain)
    moved = plain / "lib/inngest/jobs/prediction-check.ts"
    moved.write_text(moved.read_text() + "// mended\n")
    rolled_back(plain, MUCH_LATER, "prediction-check")
    route = "app/(jobs)/api/cron/prediction-check/route.ts"
    assert (plain / route).read_text() == (EXAMPLE / route).read_text() + "// mended\n"


def test_what_is_left_is_strict_builds_and_runs(app: Path, node_packages: Path) -> None:
    migrated(app)
    assert type_check(app, node_packages) == ""
    done = finalized(app)
    assert done.entries_left == 2
    assert type_check(app, node_packages) == ""
    endpoint = (app / "app/api/inngest/route.ts").read_text()
    assert "export const maxDuration = 800;" in endpoint
    build(app, node_packages)
    with upstream_server() as upstream, started(app, node_packages, upstream) as running:
        for job, asked in JOBS.items():
            run_of_it = run(running, job)
            assert run_of_it.status == "completed", run_of_it.error
            assert any(path.startswith(f"/{asked}") for path in upstream.asked)


CALLERS = {
    "by a script": ("scripts/refresh.sh", "curl $URL/api/cron/prediction-check\n", "refresh.sh:1"),
    "by code": ("lib/admin.ts", "\nfetch('/api/cron/prediction-check');\n", "lib/admin.ts:2"),
    "by a rewrite": (
        "next.config.mjs",
        'export default { rewrites: [{ source: "/x", destination: "/api/cron/prediction-check" }] };',
        "next.config.mjs:1",
    ),
    "by an import": (
        "lib/again.ts",
        'import { GET } from "../app/(jobs)/api/cron/prediction-check/route";\nvoid GET;\n',
        "imported by lib/again.ts:1",
    ),
}


@pytest.mark.parametrize("how", CALLERS)
def test_a_route_that_something_else_calls_stays_and_says_what(plain: Path, how: str) -> None:
    file, text, told = CALLERS[how]
    migrated(plain)
    (plain / file).parent.mkdir(exist_ok=True)
    (plain / file).write_text(text)
    route = "app/(jobs)/api/cron/prediction-check/route.ts"
    before = (plain / route).read_bytes()
    done = finalized(plain)
    assert [told in line and line.startswith(f"{route} stays") for line in done.stays] == [True]
    assert (plain / route).read_bytes() == before
    assert done.entries_left == 0
    assert (
        "../../../app/(jobs)" in (plain / "lib/inngest/functions/prediction-check.ts").read_text()
    )


def test_names_that_only_look_like_a_call_keep_no_route(plain: Path) -> None:
    migrated(plain)
    (plain / "README.md").write_text("See /api/cron/prediction-check.\n")
    (plain / "lib/near.ts").write_text(
        "// once /api/cron/prediction-check\nexport const other = '/api/cron/prediction-check-2';\n"
    )
    done = finalized(plain)
    assert done.stays == ()
    assert ("README.md", 1) in {(line.file, line.line) for line in done.leftovers}


def test_a_route_with_another_method_stays(plain: Path) -> None:
    route = plain / "app/api/cron/daily-update-polymarket-data/route.ts"
    route.write_text(route.read_text() + "\nexport const POST = GET;\n")
    migrated(plain)
    done = finalized(plain)
    assert done.stays == (
        "app/api/cron/daily-update-polymarket-data/route.ts stays: it answers POST too.",
    )


def test_a_function_changed_by_hand_keeps_the_route_it_imports(plain: Path) -> None:
    migrated(plain)
    module = plain / "lib/inngest/functions/prediction-check.ts"
    module.write_text(module.read_text() + "// mine\n")
    (line,) = finalized(plain).stays
    assert "functions/prediction-check.ts, which imports it, was changed by hand" in line


def test_twins_move_together_or_not_at_all(plain: Path) -> None:
    document = json.loads((plain / "vercel.json").read_text())
    twin = {"path": "/api/cron/prediction-check?deep=1", "schedule": "30 2 * * *"}
    document["crons"].append(twin)
    (plain / "vercel.json").write_text(json.dumps(document))
    migrated(plain)
    first, second = [
        job.id for job in make_plan(load_project(plain)).jobs if "prediction-check" in job.id
    ]
    alone = prepare_finalization(load_project(plain), [first], LATER, lambda *_: True)
    assert alone.stays == (
        f"app/(jobs)/api/cron/prediction-check/route.ts stays: {second} still calls it.",
    )
    finalized(plain, first, second)
    assert (plain / f"lib/inngest/jobs/{first}.ts").is_file()
    assert not (plain / "app/(jobs)").exists()
    back = prepare_rollback(load_project(plain), [second], MUCH_LATER)
    operations.apply(plain, back.operation)
    assert (plain / "app/(jobs)/api/cron/prediction-check/route.ts").is_file()
    assert (plain / f"lib/inngest/jobs/{first}.ts").is_file()
    plan = make_plan(load_project(plain))
    assert {job.mode for job in plan.jobs} == {Mode.DIRECT}


def test_a_duration_that_only_vercel_json_tells_is_kept(plain: Path) -> None:
    document = json.loads((plain / "vercel.json").read_text())
    document["functions"] = {"app/(jobs)/api/cron/*/route.ts": {"maxDuration": 790}}
    (plain / "vercel.json").write_text(json.dumps(document))
    shutil.rmtree(plain / "app/api/cron/daily-generate-batch-predictions")
    document["crons"].pop(0)
    (plain / "vercel.json").write_text(json.dumps(document))
    (plain / "cronshift.toml").write_text('[project]\napp_id = "polls"\ntarget = "nextjs"\n')
    migrated(plain)
    endpoint = plain / "app/api/inngest/route.ts"
    assert "maxDuration = 790" in endpoint.read_text()
    finalized(plain, "prediction-check")
    assert "maxDuration = 790" in endpoint.read_text()
    assert "max_duration = 790" in (plain / "cronshift.toml").read_text()


MIDDLEWARE = """import { type NextRequest, NextResponse } from "next/server";

export function proxy(request: NextRequest) {
  if (!request.cookies.has("session")) return NextResponse.redirect(new URL("/login", request.url));
  return NextResponse.next();
}

export const config = { matcher: ["/((?!api/inngest|api/cron/|_next).*)"] };
"""


def test_no_job_is_handed_over_behind_a_middleware_that_turns_its_guard_away(plain: Path) -> None:
    (plain / "proxy.ts").write_text(MIDDLEWARE)
    migrated(plain, percent=0)
    with pytest.raises(RefusedError) as caught:
        prepare_cutover(load_project(plain), (), LONG_AGO)
    assert caught.value.reason == "guard-intercepted"
    mended = prepare_migration(load_project(plain), (), LONG_AGO, fix=True)
    operations.apply(plain, mended.operation)
    matcher = '"/((?!api/cronshift(?:/|$)|api/inngest|api/cron/|_next).*)"'
    assert (plain / "proxy.ts").read_text() == MIDDLEWARE.replace(
        '"/((?!api/inngest|api/cron/|_next).*)"', matcher
    )
    assert prepare_cutover(load_project(plain), (), LONG_AGO).operation.changes


def test_the_guard_is_asked_before_any_entry_points_to_it(plain: Path) -> None:
    def asked() -> str:
        return guarded_path(plain, make_plan(load_project(plain)))

    path = "/api/cron/daily-generate-batch-predictions"
    assert asked() == path
    migrated(plain, percent=0)
    assert asked() == f"/api/cronshift{path}"
    cutover = prepare_cutover(load_project(plain), ["prediction-check"], LONG_AGO)
    operations.apply(plain, cutover.operation)
    assert asked() == "/api/cronshift/api/cron/prediction-check"


def test_the_status_tells_what_would_run_twice_or_not_at_all(plain: Path) -> None:
    migrated(plain)
    assert read_status(load_project(plain), LATER).drift == ()
    config = plain / "vercel.json"
    pointed = config.read_text()
    config.write_text(pointed.replace("/api/cronshift/api/cron/prediction", "/api/cron/prediction"))
    (told,) = read_status(load_project(plain), LATER).drift
    assert "both sides run those ticks" in told
    assert told.startswith("prediction-check is Inngest's at 100 %")
    config.write_text(pointed)
    (plain / "app/api/cronshift/api/cron/prediction-check/route.ts").unlink()
    (told,) = read_status(load_project(plain), LATER).drift
    assert "called for prediction-check, and nothing answers there" in told


def test_a_job_whose_entry_is_taken_out_leaves_no_dispatcher_behind(plain: Path) -> None:
    migrated(plain, percent=0)
    before = tree(plain)
    now = LATER.replace(hour=1, minute=15)
    moved = prepare_cutover(
        load_project(plain),
        ["daily-update-polymarket-data"],
        now,
        handover=Handover.DEPLOY,
        deploy=timedelta(minutes=5),
    )
    operations.apply(plain, moved.operation)
    route = "app/api/cronshift/api/cron/daily-update-polymarket-data/route.ts"
    assert not (plain / route).exists()
    rolled_back(plain, LATER + timedelta(hours=3))
    ownership = "cronshift.ownership.json"
    assert {**tree(plain), ownership: b""} == {**before, ownership: b""}

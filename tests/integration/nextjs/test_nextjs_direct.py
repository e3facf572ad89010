"""Jobs of a Next.js app that become the app's own: nothing of cronshift's is left, and every byte comes back."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.engine.executor.job_run import Request, run_job
from cronshift.errors import RefusedError
from cronshift.handlers.middleware import leave_out
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.finalize import Directness, Finalization, prepare_finalization
from cronshift.moving.rollback import prepare_rollback
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets import CallerFate, target_named

from .conftest import LONG_AGO, build, example_app, started, upstream_server
from .test_nextjs_built import JOBS, PING
from .test_nextjs_finalize import LATER, MUCH_LATER, finalized, migrated, plain, tree, type_check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["plain"]  # a fixture


@pytest.fixture
def app(node_packages: Path) -> Iterator[Path]:
    with example_app(node_packages) as root:
        (root / "app/(jobs)/api/cron/prediction-check/route.ts").write_text(STEPS)
        with_rows(root)
        yield root


def made_direct(root: Path, *jobs: str, how: Directness = Directness.WHOLE) -> Finalization:
    project = load_project(root)
    done = prepare_finalization(project, jobs, LATER, lambda *_: True, direct=how)
    operations.apply(root, done.operation)
    return done


def taken_back(root: Path, *jobs: str) -> operations.Operation:
    back = prepare_rollback(load_project(root), jobs, MUCH_LATER)
    return operations.apply(root, back.operation)


def speaking(root: Path) -> list[str]:
    return [
        file
        for file, data in tree(root).items()
        if b"cronshift" in data.lower() or "cronshift" in file
    ]


def test_nothing_of_cronshifts_is_left_and_every_byte_comes_back(plain: Path) -> None:
    before = tree(plain)
    migrated(plain, percent=0)
    for weeks, percent in enumerate((10, 50, 100)):
        now = LONG_AGO + timedelta(days=7 * weeks)
        cutover = prepare_cutover(load_project(plain), (), now, percent=percent)
        operations.apply(plain, cutover.operation)
    finalized(plain)
    moved = tree(plain)
    direct = made_direct(plain)
    assert set(direct.direct) == set(JOBS)
    assert direct.kept == {}
    assert speaking(plain) == []
    files = tree(plain)
    assert not [file for file in files if "api/cron" in file]
    assert "lib/cron.ts" not in files  # nothing but the checks used it
    assert {file for file in files if file.startswith("lib/inngest/")} == {
        "lib/inngest/client.ts",
        "lib/inngest/jobs/index.ts",
        "lib/inngest/monitor.ts",
        *(f"lib/inngest/jobs/{job}.ts" for job in JOBS),
    }
    assert (
        direct.stays[0]
        == "Nothing reads CRON_SECRET any more: it can go where the app and its functions run."
    )
    taken_back(plain)
    assert tree(plain) == moved
    for hours in (0, 2):
        back = prepare_rollback(load_project(plain), (), MUCH_LATER + timedelta(hours=hours))
        operations.apply(plain, back.operation)
    after = tree(plain)
    assert {file for file, data in before.items() if after[file] != data} == {".env.example"}


def test_a_middleware_leaves_out_no_path_of_the_guards_any_more(plain: Path) -> None:
    text = "export function middleware() {}\nexport const config = { matcher: ['/api/:path*'] };\n"
    both, left = (
        leave_out(text, "middleware.ts", paths).text
        for paths in (("/api/inngest", "/api/cronshift"), ("/api/inngest",))
    )
    (plain / "middleware.ts").write_text(both)
    migrated(plain)
    made_direct(plain)
    assert (plain / "middleware.ts").read_text() == left


def test_who_waits_for_a_job_hears_of_its_runs_as_before(plain: Path) -> None:
    migrated(plain)
    made_direct(plain)
    text = (plain / "lib/inngest/jobs/daily-generate-batch-predictions.ts").read_text()
    told = [line.strip() for line in text.splitlines() if "tellMonitor(" in line]
    assert [line.rstrip(",") for line in told] == [
        'tellMonitor("PREDICTIONS_PING_URL", "fail", event.data.run_id)',
        'tellMonitor("PREDICTIONS_PING_URL", "start", runId)',
        'tellMonitor("PREDICTIONS_PING_URL", "success", runId)',
    ]
    assert text.index("fail") < text.index("start") < text.index("VALUES.map") < text.index("suc")


def test_a_monitor_of_the_apps_own_is_not_written_over(plain: Path) -> None:
    migrated(plain)
    (plain / "lib/inngest/monitor.ts").write_text("export const mine = 1;\n")
    direct = made_direct(plain)
    watched = "daily-generate-batch-predictions"
    assert direct.kept[watched].endswith(": lib/inngest/monitor.ts is in its way.")
    assert (plain / "lib/inngest/monitor.ts").read_text() == "export const mine = 1;\n"


def test_the_end_and_the_work_itself_may_come_at_once(plain: Path) -> None:
    migrated(plain)
    handed_over = tree(plain)
    direct = made_direct(plain)
    assert set(direct.direct) == set(JOBS)
    assert direct.entries_left == 0
    assert speaking(plain) == []
    taken_back(plain)
    assert tree(plain) == handed_over


STREAMING = """import { upstream } from "../../../../../lib/upstream";

export async function GET() {
  const stream = await upstream("stream");
  return new Response(stream as ReadableStream);
}
"""


def test_what_is_not_certain_stays_and_goes_on_beside_the_others(plain: Path) -> None:
    route = plain / "app/(jobs)/api/cron/prediction-check/route.ts"
    route.write_text(STREAMING)
    migrated(plain)
    finalized(plain)
    moved = tree(plain)
    direct = made_direct(plain)
    assert set(direct.direct) == set(JOBS) - {"prediction-check"}
    assert direct.kept == {
        "prediction-check": "prediction-check stays as it is. lib/inngest/jobs/prediction-check.ts:5:"
        " answers with `stream as ReadableStream`, which may be a stream."
    }
    plan = make_plan(load_project(plain))
    assert [job.id for job in plan.jobs] == ["prediction-check"]
    endpoint = (plain / "app/api/inngest/route.ts").read_text()
    assert "functions: [...jobs, ...cronshiftFunctions]" in endpoint
    registration, findings = target_named("nextjs").validate(plain, plan, compiles=False)
    assert [finding for finding in findings if finding.severity == "error"] == []
    assert "polls-prediction-check" in {function.id for function in registration.functions or ()}
    route = plain / "lib/inngest/jobs/prediction-check.ts"
    changed = route.read_text()
    route.write_text(
        changed.replace("new Response(stream as ReadableStream)", "Response.json(stream)")
    )
    assert made_direct(plain).direct == ("prediction-check",)
    assert speaking(plain) == []
    taken_back(plain)
    route.write_text(changed)
    taken_back(plain)
    assert tree(plain) == moved


def test_a_file_that_was_changed_since_is_not_overwritten(plain: Path) -> None:
    migrated(plain)
    made_direct(plain)
    module = plain / "lib/inngest/jobs/prediction-check.ts"
    module.write_text(module.read_text() + "// mine\n")
    with pytest.raises(RefusedError, match=r"prediction-check\.ts was changed since"):
        prepare_rollback(load_project(plain), (), MUCH_LATER)


TWINS = """import { isAllowed } from "../../../../lib/cron";
import { upstream } from "../../../../lib/upstream";

export async function GET(request: Request) {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  const deep = new URL(request.url).searchParams.get("deep");
  return Response.json({ checked: await upstream(`checks-${deep}`) });
}
"""


TWIN = "daily-update-polymarket-data"


def with_twins(root: Path, *queries: str) -> None:
    """Have entries of their own call one route, each with a query."""
    document = json.loads((root / "vercel.json").read_text())
    others = [cron for cron in document["crons"] if TWIN not in cron["path"]]
    path = "/api/cron/daily-update-polymarket-data"
    twins = [
        {"path": f"{path}?{query}", "schedule": f"{minute} 2 * * *"}
        for minute, query in enumerate(queries)
    ]
    (root / "vercel.json").write_text(json.dumps({**document, "crons": [*others, *twins]}))


def twins_of(root: Path) -> list[str]:
    return [job.id for job in make_plan(load_project(root)).jobs if TWIN in job.id]


def test_jobs_that_share_a_route_share_a_module(plain: Path) -> None:
    (plain / "app/api/cron/daily-update-polymarket-data/route.ts").write_text(TWINS)
    with_twins(plain, "deep=1", "deep=2")
    migrated(plain)
    moved, twins = tree(plain), twins_of(plain)
    direct = made_direct(plain)
    assert {*twins} <= {*direct.direct}
    assert speaking(plain) == []
    (module,) = {file for file in tree(plain) if f"jobs/{TWIN}" in file}
    text = (plain / module).read_text()
    assert text.count("async function work(deep: string) {") == 1
    assert text.count("inngest.createFunction(") == len(twins)
    assert 'step.run("work", () => work("1"))' in text
    assert 'step.run("work", () => work("2"))' in text
    index = (plain / "lib/inngest/jobs/index.ts").read_text()
    (line,) = [line for line in index.splitlines() if "olymarket" in line and "import" in line]
    assert line.count("dailyUpdatePolymarketData") == len(twins)
    taken_back(plain)
    assert tree(plain) == moved


KEPT_TWINS = {
    "more than one value": (("deep=1&wide=1", "deep=2&wide=2"), "differ by more than one value"),
    "a value that some lack": (("deep=1", "quick=1"), "differ by more than one value"),
    "a value twice": (("deep=1&deep=3", "deep=2"), "differ by more than one value"),
}


@pytest.mark.parametrize("what", KEPT_TWINS)
def test_jobs_whose_queries_have_no_one_meaning_stay(plain: Path, what: str) -> None:
    queries, why = KEPT_TWINS[what]
    (plain / "app/api/cron/daily-update-polymarket-data/route.ts").write_text(TWINS)
    with_twins(plain, *queries)
    migrated(plain)
    direct = made_direct(plain)
    twins = [job for job in direct.kept if TWIN in job]
    assert len(twins) == len(queries)
    assert all(direct.kept[job].endswith(f"{why}.") for job in twins)


def test_one_of_two_that_share_a_route_stays_with_the_other(plain: Path) -> None:
    with_twins(plain, "deep=1", "deep=2")
    migrated(plain)
    first, second = twins_of(plain)
    project = load_project(plain)
    refused = prepare_finalization(
        project, [first], LATER, lambda *_: True, direct=Directness.WHOLE
    )
    assert refused.kept[first].endswith("and become so together.")
    both = made_direct(plain, first, second)
    assert set(both.direct) == {first, second}
    module = next(file for file in tree(plain) if f"jobs/{TWIN}" in file)
    assert "const work = async () =>" in (plain / module).read_text()  # it reads no query


ROWS = """
[jobs.daily-update-polymarket-data]
fan_out = { param = "deep", items = "lib/rows:dueRows", key = "id" }
"""


def with_rows(root: Path) -> None:
    """Have a job done once for every row that a function of the app gives."""
    (root / "app/api/cron/daily-update-polymarket-data/route.ts").write_text(TWINS)
    rows = "export async function dueRows() {\n  return [{ id: 7 }, { id: 8 }, { id: 7 }];\n}\n"
    (root / "lib/rows.ts").write_text(rows)
    settings = root / "cronshift.toml"
    settings.write_text(settings.read_text() + ROWS)


def test_a_fan_out_over_rows_of_the_app_becomes_its_own(plain: Path) -> None:
    with_rows(plain)
    migrated(plain)
    moved = tree(plain)
    assert set(made_direct(plain).direct) == set(JOBS)
    assert speaking(plain) == []
    text = (plain / "lib/inngest/jobs/daily-update-polymarket-data.ts").read_text()
    assert 'import { dueRows } from "../../rows";' in text
    assert "const rows = await dueRows();" in text
    assert "step.run(`deep=${value}`, () => work(value))" in " ".join(text.split())
    assert "for (const value of values) {" in text
    taken_back(plain)
    assert tree(plain) == moved


def test_rows_with_runs_of_their_own_stay(plain: Path) -> None:
    with_rows(plain)
    settings = plain / "cronshift.toml"
    settings.write_text(settings.read_text().replace('key = "id"', 'key = "id", mode = "runs"'))
    migrated(plain)
    kept = made_direct(plain).kept["daily-update-polymarket-data"]
    assert kept.endswith(": its values have runs of their own.")


def test_an_offer_changes_nothing_but_says_for_which_jobs_it_holds(plain: Path) -> None:
    migrated(plain)
    offered = prepare_finalization(
        load_project(plain), (), LATER, lambda *_: True, direct=Directness.OFFERED
    )
    plainly = prepare_finalization(load_project(plain), (), LATER, lambda *_: True)
    assert set(offered.direct) == set(JOBS)
    assert offered.operation.changes == plainly.operation.changes


ALIASED = """
// Some schedulers only send POST.
export const POST = GET;
"""


def test_a_method_that_is_an_alias_holds_nothing_back(plain: Path) -> None:
    route = plain / "app/api/cron/daily-update-polymarket-data/route.ts"
    route.write_text(route.read_text() + ALIASED)
    migrated(plain)
    finalized(plain)
    assert route.is_file()
    moved = tree(plain)
    assert set(made_direct(plain).direct) == set(JOBS)
    assert not route.exists()
    assert "POST" not in (plain / "lib/inngest/jobs/daily-update-polymarket-data.ts").read_text()
    assert speaking(plain) == []
    taken_back(plain)
    assert tree(plain) == moved


def test_a_route_that_others_call_stays_unless_it_may_send_an_event(plain: Path) -> None:
    (plain / "scripts").mkdir()
    (plain / "scripts/check.sh").write_text("curl $URL/api/cron/prediction-check\n")
    migrated(plain)
    finalized(plain)
    route = plain / "app/(jobs)/api/cron/prediction-check/route.ts"
    refused = prepare_finalization(
        load_project(plain), (), LATER, lambda *_: True, direct=Directness.WHOLE
    )
    assert "called by scripts/check.sh:1; with --callers event" in refused.kept["prediction-check"]
    moved = tree(plain)
    done = prepare_finalization(
        load_project(plain),
        (),
        LATER,
        lambda *_: True,
        direct=Directness.WHOLE,
        callers=CallerFate.EVENT,
    )
    operations.apply(plain, done.operation)
    assert set(done.direct) == set(JOBS)
    assert route.read_text() == SENDING
    module = (plain / "lib/inngest/jobs/prediction-check.ts").read_text()
    assert '{ event: "polls/prediction-check" }' in module
    assert "lib/cron.ts" in tree(plain)  # the route still checks who calls
    assert done.stays[0] == "CRON_SECRET stays: lib/cron.ts reads it."
    taken_back(plain)
    assert tree(plain) == moved
    done = prepare_finalization(
        load_project(plain),
        (),
        LATER,
        lambda *_: True,
        direct=Directness.WHOLE,
        callers=CallerFate.TELL,
    )
    operations.apply(plain, done.operation)
    assert not route.exists()
    assert any(
        "it is called by scripts/check.sh:1: send polls/prediction-check" in note
        for note in done.stays
    )
    module = (plain / "lib/inngest/jobs/prediction-check.ts").read_text()
    assert '{ event: "polls/prediction-check" }' in module


SENDING = """import { isAllowed } from "../../../../../lib/cron";
import { inngest } from "../../../../../lib/inngest/client";

export async function GET(request: Request) {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  await inngest.send({ name: "polls/prediction-check" });
  return Response.json({ queued: true }, { status: 202 });
}
"""

STEPS = """import { upstream } from "../../../../../lib/upstream";

export async function GET() {
  await upstream("checks");
  const checked = await upstream("markets");
  return Response.json({ checked });
}
"""


def test_work_may_become_the_steps_that_its_code_shows(plain: Path) -> None:
    (plain / "app/(jobs)/api/cron/prediction-check/route.ts").write_text(STEPS)
    migrated(plain)
    done = made_direct(plain, how=Directness.STEPS)
    module = (plain / "lib/inngest/jobs/prediction-check.ts").read_text()
    assert 'await step.run("upstream checks", () => upstream("checks"));' in module
    assert "return work(step);" in module
    assert any(note.startswith("session-recovery is one step: it ") for note in done.stays)


def test_an_app_of_javascript_gets_javascript(plain: Path) -> None:
    shutil.rmtree(plain / "pages")
    shutil.rmtree(plain / "app")
    shutil.rmtree(plain / "lib")
    (plain / "tsconfig.json").unlink()
    (plain / "next.config.ts").rename(plain / "next.config.mjs")
    (plain / "next.config.mjs").write_text("export default {};\n")
    (plain / "cronshift.toml").write_text('[project]\ntarget = "nextjs"\n')
    package = json.loads((plain / "package.json").read_text())
    del package["devDependencies"]
    (plain / "package.json").write_text(json.dumps(package))
    route = plain / "app/api/cron/clean/route.js"
    route.parent.mkdir(parents=True)
    route.write_text(
        "export async function GET() {\n  return Response.json({ cleaned: true });\n}\n"
    )
    (plain / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/clean", "schedule": "0 1 * * *"}]}\n'
    )
    migrated(plain)
    done = made_direct(plain)
    assert done.direct == ("clean",), done.kept
    module = (plain / "lib/inngest/jobs/clean.js").read_text()
    assert "async function work() {\n  return { cleaned: true };\n}" in module
    assert ": string" not in module
    assert speaking(plain) == []


def test_the_apps_own_functions_are_strict_build_and_run(app: Path, node_packages: Path) -> None:
    migrated(app)
    finalized(app)
    made_direct(app, *JOBS, how=Directness.STEPS)
    plan = make_plan(load_project(app))
    assert not {job.id for job in plan.jobs} & {*JOBS}  # known by what the endpoint lists
    assert type_check(app, node_packages) == ""
    assert "export const maxDuration = 800;" in (app / "app/api/inngest/route.ts").read_text()
    build(app, node_packages)
    with upstream_server() as upstream, started(app, node_packages, upstream) as running:
        for job, asked in {**JOBS, TWIN: "checks-7"}.items():
            asked_for = Request(job, endpoint=f"{running.url}/api/inngest")
            done = asyncio.run(run_job(app, plan, asked_for)).run
            assert done.status == "completed", done.error
            assert any(path.startswith(f"/{asked}") for path in upstream.asked)
        assert PING in upstream.asked
        assert [path for path in upstream.asked if "checks-" in path] == ["/checks-7", "/checks-8"]

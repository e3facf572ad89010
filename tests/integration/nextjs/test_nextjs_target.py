"""The app's own TypeScript: generated, checked by its own compiler, served, and run for real."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cronshift import operations
from cronshift.cutover import Handover, prepare_cutover
from cronshift.errors import ConfigError, CronshiftError, RefusedError
from cronshift.executor.events import tick_event
from cronshift.migration import Migration, prepare_migration
from cronshift.model import Mode
from cronshift.planning import make_plan
from cronshift.project import load_project
from cronshift.rollback import prepare_rollback
from cronshift.running import Request, run_job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.executor.runs import Run

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
VECTORS = Path(__file__).parents[2] / "data" / "ownership-vectors.json"
CHECKED = """  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return new Response("no", { status: 401 });
  }
"""
ROUTES = {
    "app/api/cron/echo/route.ts": """import { NextResponse, type NextRequest } from "next/server";

export const maxDuration = 800;

export async function GET(request: NextRequest) {
"""
    + CHECKED
    + """  const { search, searchParams } = request.nextUrl;
  await Promise.resolve();
  return NextResponse.json({
    search,
    all: searchParams.getAll("x"),
    schedule: request.headers.get("x-vercel-cron-schedule"),
    tick: request.headers.get("x-cronshift-tick"),
    agent: request.headers.get("user-agent"),
  });
}
""",
    "app/(jobs)/api/cron/flaky/route.ts": """let calls = 0;
export const GET = async (request: Request) => {
"""
    + CHECKED
    + """  calls += 1;
  if (calls === 1) return new Response("busy", { status: 503, headers: { "retry-after": "7" } });
  return Response.json({ calls });
};
""",
    "app/api/cron/gone/route.ts": """const guarded = (work: (request: Request) => Promise<Response>) => async (request: Request) => {
"""
    + CHECKED
    + """  return work(request);
};
export const GET = guarded(async () => new Response("nothing here", { status: 404 }));
""",
    "app/api/cron/cookie/route.ts": """import { cookies } from "next/headers";

export async function GET(request: Request) {
"""
    + CHECKED
    + """  return Response.json({ name: (await cookies()).get("name")?.value ?? null });
}
""",
    "app/api/cron/away/route.ts": """import { redirect } from "next/navigation";

export async function GET(request: Request) {
"""
    + CHECKED
    + """  redirect("/login");
}
""",
    "app/api/jobs/[job]/route.ts": """import type { NextRequest } from "next/server";

type Context = { params: Promise<{ job: string }> };

export async function GET(request: NextRequest, { params }: Context) {
"""
    + CHECKED
    + """  return Response.json({ job: (await params).job });
}
""",
    "pages/api/old/[...rest].ts": """import type { NextApiRequest, NextApiResponse } from "next";

export default function handler(request: NextApiRequest, response: NextApiResponse) {
  if (request.headers.authorization !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    response.statusCode = 401;
    return response.end();
  }
  response.writeHead(201, { "content-type": "text/plain" });
  response.write(Buffer.from("rest "));
  setTimeout(() => response.end(JSON.stringify(request.query)), 10);
}
""",
    "pages/api/old.ts": """import type { NextApiRequest, NextApiResponse } from "next";

export default function handler(request: NextApiRequest, response: NextApiResponse) {
  if (request.headers.authorization !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return response.status(401).end();
  }
  response.status(200).json({ old: true });
}
""",
}
CRONS = {
    "/api/cron/echo?x=%2F&x=a+b": "30 3 * * *",
    "/api/cron/flaky": "*/10 * * * *",
    "/api/cron/gone": "0 5 * * 7",
    "/api/cron/cookie": "0 6 * * *",
    "/api/old": "0 7 * * *",
    "/api/cron/away": "0 8 * * *",
    "/api/jobs/nightly": "0 9 * * *",
    "/api/old/a/b?x=1&x=2&y=%20": "0 10 * * *",
}
SETTINGS = """
[project]
app_id = "shop"
target = "nextjs"

[jobs.flaky]
heartbeat = "PING_URL"
throttle = { limit = 10, period = "1m" }
fan_out = { param = "model", values = ["a", "b/c&d"] }

[jobs.gone]
retries = 1
stale_after = "9m"
"""
TSCONFIG: dict[str, Any] = {
    "compilerOptions": {
        "target": "ES2017",
        "lib": ["dom", "dom.iterable", "esnext"],
        "strict": True,
        "noUnusedLocals": True,
        "noUnusedParameters": True,
        "noEmit": True,
        "esModuleInterop": True,
        "module": "esnext",
        "moduleResolution": "bundler",
        "resolveJsonModule": True,
        "isolatedModules": True,
        "jsx": "preserve",
        "skipLibCheck": True,
    },
    "include": ["**/*.ts"],
    "exclude": ["node_modules"],
}
SERVER = """import { createServer } from "node:http";
import { serve } from "inngest/node";
import { inngest } from "./lib/inngest/client";
import { functions } from "./lib/inngest/functions";

const server = createServer(serve({ client: inngest, functions }));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" && address ? address.port : 0);
});
process.stdin.on("end", () => process.exit(0)).resume();
"""


def project(root: Path, packages: Path, *, major: int = 4, settings: str = SETTINGS) -> Path:
    crons = [{"path": path, "schedule": schedule} for path, schedule in CRONS.items()]
    version = {4: "4.24.0", 3: "3.54.2"}[major]
    files = {
        **ROUTES,
        "vercel.json": json.dumps({"crons": crons}, indent=2),
        "package.json": json.dumps({"dependencies": {"next": "16.0.0", "inngest": version}}),
        "cronshift.toml": settings,
        "tsconfig.json": json.dumps(TSCONFIG),
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    link_packages(root, packages, major)
    return root


def link_packages(root: Path, packages: Path, major: int = 4) -> None:
    """Give an app the packages of the tests, and a major version of the SDK."""
    modules = root / "node_modules"
    modules.mkdir()
    for package in (packages / "node_modules").iterdir():
        if package.name not in {"inngest", "inngest-v3", ".bin"}:
            (modules / package.name).symlink_to(package)
    sdk = "inngest" if major == 4 else "inngest-v3"
    (modules / "inngest").symlink_to(packages / "node_modules" / sdk)


def migrated(root: Path) -> Migration:
    migration = prepare_migration(load_project(root), (), NOW)
    operations.apply(root, migration.operation)
    return migration


OTHER_OPTIONS: dict[str, dict[str, Any]] = {
    "strictest": {
        "exactOptionalPropertyTypes": True,
        "noFallthroughCasesInSwitch": True,
        "noImplicitOverride": True,
        "noPropertyAccessFromIndexSignature": True,
        "noUncheckedIndexedAccess": True,
        "verbatimModuleSyntax": True,
    },
    "as Next 13 and 14 make it": {"target": "ES5"},
    "loose": {"strict": False, "moduleResolution": "node"},
}


@pytest.mark.parametrize("major", [4, 3])
@pytest.mark.parametrize("options", OTHER_OPTIONS)
def test_what_is_generated_compiles_as_the_app_does(
    tmp_path: Path, node_packages: Path, major: int, options: str
) -> None:
    root = project(tmp_path, node_packages, major=major)
    migrated(root)
    compiled = {**TSCONFIG["compilerOptions"], **OTHER_OPTIONS[options]}
    (root / "tsconfig.json").write_text(json.dumps({**TSCONFIG, "compilerOptions": compiled}))
    tsc = node_packages / "node_modules/typescript/bin/tsc"
    command = ["node", str(tsc), "-p", ".", "--pretty", "false"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    own = [line for line in done.stdout.splitlines() if not line.startswith(tuple(ROUTES))]
    assert own == []


@pytest.mark.parametrize("major", [4, 3])
def test_what_is_generated_is_strict_typescript(
    tmp_path: Path, node_packages: Path, major: int
) -> None:
    root = project(tmp_path, node_packages, major=major)
    migrated(root)
    tsc = node_packages / "node_modules/typescript/bin/tsc"
    done = subprocess.run(
        ["node", str(tsc), "-p", "."], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0
    echo = (root / "lib/inngest/functions/echo.ts").read_text()
    in_options = 'triggers: [{ cron: "TZ=UTC 30 3 * * *" }]'
    assert (in_options in echo) is (major == 4)
    assert 'cron: "TZ=UTC 30 3 * * *"' in echo


def test_what_is_generated_is_as_prettier_writes_it(tmp_path: Path, node_packages: Path) -> None:
    root = project(tmp_path, node_packages)
    written = migrated(root).operation.images
    files = [image.path for image in written if image.path.endswith(".ts")]
    assert len(files) > 20
    prettier = node_packages / "node_modules/prettier/bin/prettier.cjs"
    command = ["node", str(prettier), "--no-config", "--list-different", *files]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


def test_every_job_is_called_as_it_can_be_and_listed(tmp_path: Path, node_packages: Path) -> None:
    migration = migrated(project(tmp_path, node_packages))
    assert {job.id: job.mode for job in migration.plan.jobs} == {
        "echo": Mode.DIRECT,
        "flaky": Mode.DIRECT,
        "gone": Mode.DIRECT,
        "cookie": Mode.BRIDGE,  # next/headers would see Inngest's request
        "old": Mode.DIRECT,
        "away": Mode.DIRECT,
        "nightly": Mode.DIRECT,
        "old-a-b": Mode.DIRECT,
    }
    index = (tmp_path / "lib/inngest/functions/index.ts").read_text()
    listed = index.rpartition("export const functions = [")[2].rpartition("]")[0]
    names = {name.strip() for name in listed.split(",")}
    assert names >= {"echo", "flaky", "gone", "cookie", "old", "nightly", "oldAB"}
    endpoint = (tmp_path / "app/api/inngest/route.ts").read_text()
    assert "export const maxDuration = 800;" in endpoint
    assert (tmp_path / "cronshift.ownership.json").is_file()
    again = prepare_migration(load_project(tmp_path), (), NOW)
    assert not again.operation.changes


def test_a_migration_can_be_taken_back_byte_for_byte(tmp_path: Path, node_packages: Path) -> None:
    root = project(tmp_path, node_packages)

    def tree() -> dict[str, bytes]:
        return {
            str(file.relative_to(root)): file.read_bytes()
            for file in root.rglob("*")
            if file.is_file()
            and "node_modules" not in file.parts
            and ".cronshift" not in file.parts
        }

    before = tree()
    operation = migrated(root).operation
    assert tree() != before
    operations.revert(root, operations.read_operation(root, operation.id))
    assert tree() == before


@pytest.mark.parametrize(
    ("version", "reason", "told"),
    [
        ("3.40.0", "refused-sdk", "inngest 3.40.0 is refused .* from 3.22.0 to 3.53.1 \\(CVE-"),
        ("^2.7.0", "unknown-sdk", "version 2 of inngest; .* for v3 and v4"),
        ("5.0.0", "unknown-sdk", "version 5 of inngest"),
    ],
)
def test_a_refused_sdk_is_not_generated_for(
    tmp_path: Path, node_packages: Path, version: str, reason: str, told: str
) -> None:
    root = project(tmp_path, node_packages)
    (root / "node_modules/inngest").unlink()
    (root / "package.json").write_text(f'{{"dependencies": {{"next": "16", "inngest": "{version}"}}}}')  # fmt: skip
    with pytest.raises(CronshiftError, match=told) as caught:
        prepare_migration(load_project(root), (), NOW)
    assert caught.value.reason == reason


def test_a_route_that_cannot_be_called_directly_is_not(tmp_path: Path, node_packages: Path) -> None:
    settings = SETTINGS + '\n[jobs.cookie]\nmode = "direct"\n'
    root = project(tmp_path, node_packages, settings=settings)
    with pytest.raises(ConfigError, match="cookie"):
        prepare_migration(load_project(root), (), NOW)


@contextmanager
def served(root: Path, packages: Path, program: str = SERVER, **variables: str) -> Iterator[str]:
    """Serve the generated functions on the loopback."""
    (root / "server.ts").write_text(program)
    loader = (packages / "node_modules/tsx/dist/loader.mjs").as_uri()
    process = subprocess.Popen(
        ["node", "--import", loader, "server.ts"],
        cwd=root,
        env={**os.environ, "INNGEST_DEV": "1", **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        port = int(process.stdout.readline())
        yield f"http://127.0.0.1:{port}/api/inngest"
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


@pytest.fixture(scope="module")
def app(
    tmp_path_factory: pytest.TempPathFactory, node_packages: Path
) -> Iterator[tuple[Path, str]]:
    root = project(tmp_path_factory.mktemp("app"), node_packages)
    migrated(root)
    with served(root, node_packages, CRON_SECRET="s3cret") as url:
        yield root, url


def run(app: tuple[Path, str], job: str) -> Run:
    root, url = app
    plan = make_plan(load_project(root))
    at = datetime(2026, 11, 25, 3, 30, tzinfo=UTC) if job == "echo" else None
    return asyncio.run(run_job(root, plan, Request(job, at=at, endpoint=url))).run


def test_a_handler_gets_the_request_that_vercel_makes(app: tuple[Path, str]) -> None:
    done = run(app, "echo")
    assert done.status == "completed", done.error
    output: Any = done.output
    assert output["status"] == 200
    assert output["body"] == {
        "search": "?x=%2F&x=a+b",
        "all": ["/", "a b"],
        "schedule": "30 3 * * *",
        "tick": "2026-11-25T03:30:00Z",
        "agent": "vercel-cron/1.0",
    }


def test_a_busy_route_is_tried_again_when_it_says_so_and_each_value_alone(
    app: tuple[Path, str],
) -> None:
    done = run(app, "flaky")
    assert done.status == "completed", done.error
    assert done.output == {"succeeded": 2}
    attempts = {step.id: step.attempts for step in done.steps}
    assert attempts["call model=a"] == 2
    assert attempts["call model=b/c&d"] == 1


@pytest.mark.parametrize(("job", "step"), [("echo", "call"), ("flaky", "due")])
@pytest.mark.parametrize("attempt", [0, 1])
def test_whose_a_tick_is_is_asked_at_every_attempt(
    app: tuple[Path, str], job: str, step: str, attempt: int
) -> None:
    """A first attempt may have died before it came to ask: the second one must not run Vercel's tick."""
    event = tick_event("TZ=UTC 30 3 * * *", NOW, NOW)
    del event["data"]["cronshift"]
    around = {
        "ctx": {"attempt": attempt, "run_id": "01RUN", "stack": {"stack": [], "current": 0}},
        "event": event,
        "events": [event],
        "steps": {},
    }
    asked = {"fnId": f"shop-{job}", "stepId": "step"}
    (done,) = httpx.post(app[1], params=asked, json=around).json()
    assert done["displayName"] == step
    assert "owner vercel" in json.dumps(done["data"])


def test_an_answer_that_says_no_is_not_tried_again(app: tuple[Path, str]) -> None:
    done = run(app, "gone")
    assert done.status == "failed"
    assert "GET /api/cron/gone answered 404: nothing here" in str(done.error)
    assert [step.attempts for step in done.steps if step.id == "call"] == [1]


def test_a_redirect_that_is_thrown_is_an_answer_like_any_other(app: tuple[Path, str]) -> None:
    done = run(app, "away")
    assert done.status == "failed"
    assert "GET /api/cron/away answered 307, a redirect to /login" in str(done.error)
    assert [step.attempts for step in done.steps if step.id == "call"] == [1]


def test_a_dynamic_route_is_told_its_parameters(app: tuple[Path, str]) -> None:
    output: Any = run(app, "nightly").output
    assert output["body"] == {"job": "nightly"}


def test_a_handler_of_the_pages_router_may_write_and_end_later(app: tuple[Path, str]) -> None:
    output: Any = run(app, "old-a-b").output
    name, _, query = output["body"].partition(" ")
    assert (output["status"], name) == (201, "rest")
    assert json.loads(query) == {"x": ["1", "2"], "y": " ", "rest": ["a", "b"]}


def test_a_bridged_job_without_an_address_says_which_variable_it_needs(
    app: tuple[Path, str],
) -> None:
    done = run(app, "cookie")
    assert done.status == "failed"
    assert "CRONSHIFT_BASE_URL is not set" in str(done.error)


def test_both_languages_give_every_tick_the_same_owner(
    app: tuple[Path, str], node_packages: Path
) -> None:
    root, _ = app
    (root / "vectors.ts").write_text(
        'import { readFileSync } from "node:fs";\n'
        'import { bucket, owner } from "./lib/inngest/ownership";\n'
        "type Vector = { unit: string; key: string; bucket: number };\n"
        'const vectors: Vector[] = JSON.parse(readFileSync(process.argv[2]!, "utf8"));\n'
        "const epochs = [10, 0, 100].map((percent, day) => ({\n"
        "  effective_at: `2026-11-2${day + 4}T12:00:00Z`, percent, operation: '' }));\n"
        "const held = { jobs: { job: epochs }, flows: {} };\n"
        "const ticks = Array.from({ length: 500 }, (_, n) =>\n"
        "  new Date(Date.UTC(2026, 10, 24, 0, n * 10)));\n"
        "void (async () => {\n"
        "  const buckets = await Promise.all(vectors.map((one) => bucket(one.unit, one.key)));\n"
        "  const owners = await Promise.all(ticks.map((tick) => owner('job', tick, held)));\n"
        "  console.log(JSON.stringify([buckets, owners]));\n"
        "})();\n"
    )
    loader = (node_packages / "node_modules/tsx/dist/loader.mjs").as_uri()
    done = subprocess.run(
        ["node", "--import", loader, "vectors.ts", str(VECTORS)],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    from cronshift.ownership import Epoch, Ownership

    buckets, owners = json.loads(done.stdout)
    vectors = json.loads(VECTORS.read_text())
    assert buckets == [one["bucket"] for one in vectors]
    epochs = tuple(
        Epoch(datetime(2026, 11, 24 + day, 12, tzinfo=UTC), percent, "")
        for day, percent in enumerate((10, 0, 100))
    )
    ownership = Ownership(jobs={"job": epochs})
    ticks = [datetime(2026, 11, 24, tzinfo=UTC) + timedelta(minutes=10 * n) for n in range(500)]
    assert owners == [ownership.owner("job", tick).value for tick in ticks]


def test_what_no_guard_can_watch_hands_over_by_its_entry_only(
    tmp_path: Path, node_packages: Path
) -> None:
    root = project(tmp_path, node_packages)
    migrated(root)
    (root / "app/api/cronshift/api/cron/echo/route.ts").unlink()
    with pytest.raises(RefusedError) as caught:
        prepare_cutover(load_project(root), ["echo"], NOW)
    assert caught.value.reason == "no-guard"
    moved = prepare_cutover(load_project(root), ["echo"], NOW, handover=Handover.DEPLOY)
    operations.apply(root, moved.operation)
    assert "/api/cron/echo" not in (root / "vercel.json").read_text()
    ownership = json.loads((root / "cronshift.ownership.json").read_text())
    assert ownership["jobs"]["echo"][0]["percent"] == 100


def test_a_job_on_its_way_is_called_through_the_guard_and_comes_back_byte_for_byte(
    tmp_path: Path, node_packages: Path
) -> None:
    root = project(tmp_path, node_packages)
    migrated(root)
    before = (root / "vercel.json").read_bytes()
    moved = prepare_cutover(load_project(root), ["echo", "old"], NOW, percent=10)
    operations.apply(root, moved.operation)
    crons = json.loads((root / "vercel.json").read_text())["crons"]
    paths = [one["path"] for one in crons]
    assert paths[0] == "/api/cronshift/api/cron/echo?x=%2F&x=a+b"
    assert "/api/cronshift/api/old" in paths
    assert "/api/cron/flaky" in paths
    plan = make_plan(load_project(root))
    assert len(plan.jobs) == len(CRONS)
    assert not prepare_migration(load_project(root), (), NOW).operation.changes
    more = prepare_cutover(load_project(root), ["echo"], NOW + timedelta(days=2), percent=50)
    operations.apply(root, more.operation)
    later = NOW + timedelta(days=4)
    back = prepare_rollback(load_project(root), (), later)
    operations.apply(root, back.operation)
    assert (root / "vercel.json").read_bytes() == before
    assert not make_plan(load_project(root)).job("echo").entry.called  # type: ignore[union-attr]


def test_without_an_endpoint_a_run_says_how_to_get_one(tmp_path: Path, node_packages: Path) -> None:
    root = project(tmp_path, node_packages)
    with pytest.raises(CronshiftError) as caught:
        asyncio.run(run_job(root, make_plan(load_project(root)), Request("echo")))
    assert caught.value.reason == "needs-endpoint"

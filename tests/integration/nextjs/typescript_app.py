"""A Next.js app with routes of many kinds, for tests: written, migrated, served."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cronshift import operations
from cronshift.moving.migration import Migration, prepare_migration
from cronshift.project import load_project

if TYPE_CHECKING:
    from collections.abc import Iterator


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

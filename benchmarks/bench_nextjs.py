"""Planning and generating a Next.js app of 1,000 jobs, beside 250 of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cronshift.targets.typescript.library import PACKAGE
from table import Row

NODE = Path(__file__).parents[1] / "tests" / "node"
LEDGER_MILLISECONDS = 0.2
MANY, FEW = 1_000, 250
SECONDS = 10
ROUTE = """export async function GET(request: Request) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return new Response("no", { status: 401 });
  }
  return Response.json(await (await fetch("https://example.com")).json());
}
"""
WORK = """
import json, sys, time
from pathlib import Path
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets import generate
start = time.perf_counter()
plan = make_plan(load_project(Path(sys.argv[1])))
planned = time.perf_counter()
files = generate(plan)
end = time.perf_counter()
assert len(files) > 2 * len(plan.jobs) == 2 * int(sys.argv[2])
print(json.dumps([planned - start, end - planned]))
"""


def rows() -> list[Row]:
    few, many = _measure(FEW), _measure(MANY)
    expected, taken = sum(few) * MANY / FEW, sum(many)
    return [
        Row(
            "Next.js: 1,000 jobs planned and generated",
            f"{taken:.2f} s ({many[1]:.2f} s to generate)",
            f"4 times 250 jobs {expected:.2f} s",
            taken / expected,
            f"< {SECONDS} s, linear (≤ 1.5)",
            taken < SECONDS and taken <= 1.5 * expected,
        ),
        *_ledger(),
    ]


def _ledger() -> list[Row]:
    """Return what the ledger adds to a guard's decision in TypeScript; nothing without Node's packages."""
    packages = NODE / "node_modules"
    if not (packages / "tsx").is_dir():
        return []
    root = NODE / "apps" / "bench"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(PACKAGE / "src", root / "cronshift")
    shutil.copy(Path(__file__).with_name("guard_decisions.ts"), root)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Taking)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = subprocess.run(
            ["node", "--import", (packages / "tsx/dist/loader.mjs").as_uri(), "guard_decisions.ts"],
            cwd=root,
            env=os.environ
            | {"CRON_SECRET": "s3cret", "TO": f"http://127.0.0.1:{server.server_port}/"},
            check=True,
            capture_output=True,
            text=True,
        )
    finally:
        server.shutdown()
        server.server_close()
        shutil.rmtree(root)
    without, with_ledger = json.loads(done.stdout)
    more = with_ledger - without
    return [
        Row(
            "TypeScript: the ledger, more for each decision",
            f"{more * 1000:.0f} µs",
            f"without {without * 1000:.0f} µs",
            with_ledger / without,
            "< 200 µs",
            more < LEDGER_MILLISECONDS,
        )
    ]


class _Taking(BaseHTTPRequestHandler):
    """Takes what it is sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _measure(count: int) -> tuple[float, float]:
    """Return the seconds of planning and of generating, of a process."""
    crons = [
        {"path": f"/api/cron/job-{number}?shard={number}", "schedule": f"{number % 60} */4 * * *"}
        for number in range(count)
    ]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "vercel.json").write_text(json.dumps({"crons": crons}, indent=2))
        (root / "package.json").write_text('{"dependencies": {"next": "16.0.0"}}')
        (root / "cronshift.toml").write_text('[project]\ntarget = "nextjs"\n')
        for number in range(count):
            route = root / f"app/api/cron/job-{number}/route.ts"
            route.parent.mkdir(parents=True)
            route.write_text(ROUTE)
        command = [sys.executable, "-c", WORK, folder, str(count)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    planned, generated = json.loads(done.stdout)
    return planned, generated

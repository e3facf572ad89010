"""Planning and generating a Next.js app of 1,000 jobs, beside 250 of them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from table import Row

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
        )
    ]


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

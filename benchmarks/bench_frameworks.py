"""Planning and generating apps of other frameworks than Next.js: 100, 300 and 1,000 jobs."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from table import Row

COUNTS = (100, 300, 1_000)
SECONDS = 10
LINEAR = 1.5
CHECKED = 'request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET ?? "?"}`'
ROUTES = {
    "sveltekit": (
        {"@sveltejs/kit": "2.0.0"},
        "src/routes/api/cron/{name}/+server.ts",
        (
            "export const GET = async ({ request }) => {\n"
            f"  if ({CHECKED}) return new Response('no', {{ status: 401 }});\n"
            "  return Response.json({ done: true });\n};\n"
        ),
    ),
    "functions": (
        {"inngest": "4.24.0"},
        "api/cron/{name}.ts",
        (
            "export async function GET(request: Request) {\n"
            f"  if ({CHECKED}) return new Response('no', {{ status: 401 }});\n"
            "  return Response.json({ done: true });\n}\n"
        ),
    ),
    "hono": (
        {"hono": "4.9.0"},
        "src/index.ts",
        'app.get("/api/cron/{name}", (context) => context.json({{ done: true }}));\n',
    ),
}
HEAD = 'import { Hono } from "hono";\n\nconst app = new Hono();\n'
WORK = """
import json, sys, time
from pathlib import Path
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets import generate
start = time.process_time()
plan = make_plan(load_project(Path(sys.argv[1])))
files = generate(plan)
assert plan.target == "typescript"
assert len(files) > 2 * len(plan.jobs) == 2 * int(sys.argv[2])
print(json.dumps(time.process_time() - start))
"""


def rows() -> list[Row]:
    return [row for framework in ROUTES for row in [_row(framework)]]


def _row(framework: str) -> Row:
    taken = {count: _measure(framework, count) for count in COUNTS}
    few, many = COUNTS[1], COUNTS[-1]
    expected = taken[few] * many / few
    return Row(
        f"{framework}: 1,000 jobs planned and generated",
        f"{taken[many]:.2f} s",
        ", ".join(f"{count} jobs {taken[count]:.2f} s" for count in COUNTS[:-1]),
        taken[many] / expected,
        f"< {SECONDS} s, linear (≤ {LINEAR})",
        taken[many] < SECONDS and taken[many] <= LINEAR * expected,
    )


def write(root: Path, framework: str, count: int) -> None:
    """Write an app of a framework with so many jobs, each with a route of its own."""
    packages, file, route = ROUTES[framework]
    names = [f"job-{number}" for number in range(count)]
    crons = [
        {"path": f"/api/cron/{name}", "schedule": f"{number % 60} */4 * * *"}
        for number, name in enumerate(names)
    ]
    texts = {
        "vercel.json": json.dumps({"crons": crons}, indent=2),
        "package.json": json.dumps({"type": "module", "dependencies": packages}),
        "tsconfig.json": "{}",
    }
    if "{name}" in file:
        texts |= {file.format(name=name): route for name in names}
    else:
        texts[file] = (
            f"{HEAD}{''.join(route.format(name=name) for name in names)}export default app;\n"
        )
    for path, text in texts.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def _measure(framework: str, count: int) -> float:
    """Return the processor's seconds of planning and generating, of a process."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), framework, count)
        command = [sys.executable, "-c", WORK, folder, str(count)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds: float = json.loads(done.stdout)
    return seconds

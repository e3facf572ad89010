"""Planning and generating take as many calls more for each job, however many there are: counted, not timed."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets import generate

if TYPE_CHECKING:
    from pathlib import Path

FEW = 12
MOST = 2.2  # times the calls of as many jobs less; the square of them would be three times
ROUTE = """export const GET = async () => {
  return Response.json({ done: true });
};
"""
DECLARED = 'app.get("/api/cron/NAME", (context) => context.json({ done: true }));\n'
APPS = {
    "nextjs": ('"next": "16.0.0"', "app/api/cron/NAME/route.ts"),
    "sveltekit": ('"@sveltejs/kit": "2.0.0"', "src/routes/api/cron/NAME/+server.ts"),
    "remix": ('"@remix-run/node": "2.0.0"', "app/routes/api.cron.NAME.ts"),
    "functions": ('"inngest": "4.24.0"', "api/cron/NAME.ts"),
    "hono": ('"hono": "4.9.0"', "src/index.ts"),
}


def written(root: Path, framework: str, count: int) -> Path:
    packages, file = APPS[framework]
    names = [f"job-{number}" for number in range(count)]
    crons = [{"path": f"/api/cron/{name}", "schedule": "0 6 * * *"} for name in names]
    declared = "".join(DECLARED.replace("NAME", name) for name in names)
    texts = {
        "vercel.json": json.dumps({"crons": crons}),
        "package.json": f'{{"type": "module", "dependencies": {{{packages}}}}}',
        "tsconfig.json": "{}",
        "src/index.ts": f'import {{ Hono }} from "hono";\nconst app = new Hono();\n{declared}export default app;\n',
    }
    if framework != "hono":
        del texts["src/index.ts"]
        route = ROUTE.replace("GET", "loader") if framework == "remix" else ROUTE
        texts |= {file.replace("NAME", name): route for name in names}
    for path, text in texts.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return root


def calls(root: Path) -> int:
    """Return the calls that planning and generating an app take, of Python and of C."""
    count = 0

    def heard(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(heard)
    try:
        plan = make_plan(load_project(root))
        files = generate(plan)
    finally:
        sys.setprofile(None)
    assert plan.target in {"typescript", "nextjs"}
    assert len(files) > 2 * len(plan.jobs)
    return count


@pytest.mark.parametrize("framework", APPS)
def test_twice_the_jobs_take_twice_the_calls(tmp_path: Path, framework: str) -> None:
    calls(written(tmp_path / "first", framework, 2))  # what is only looked up once
    few, more, most = (
        calls(written(tmp_path / f"{count}", framework, count)) for count in (FEW, 2 * FEW, 4 * FEW)
    )
    assert most - more <= MOST * (more - few)

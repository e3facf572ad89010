"""An app of the pages router only, below a base path: built, run, asked, and its guard too."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cronshift import operations
from cronshift.engine.executor.job_run import Request, run_job
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.live import ask_both
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

from .conftest import LONG_AGO, SECRET, App, build, example_app, started, upstream_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = {
    "next.config.ts": 'export default { basePath: "/shop" };\n',
    "pages/index.tsx": "export default function Page() {\n  return null;\n}\n",
    "pages/api/cron/report.ts": """import type { NextApiRequest, NextApiResponse } from "next";
import { upstream } from "../../../lib/upstream";

export const config = { maxDuration: 400 };

export default async function handler(request: NextApiRequest, response: NextApiResponse) {
  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.authorization !== `Bearer ${secret}`) {
    return response.status(401).end();
  }
  await upstream("report");
  return response.status(200).json({ query: request.query, url: request.url });
}
""",
    "pages/api/cron/edge.ts": """import type { NextFetchEvent, NextRequest } from "next/server";
import { isAllowed } from "../../../lib/cron";
import { upstream } from "../../../lib/upstream";

export const config = { runtime: "edge" };

export default async function handler(request: NextRequest, event: NextFetchEvent) {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  event.waitUntil(upstream("edge"));
  return Response.json({ edge: "EdgeRuntime" in globalThis, path: request.nextUrl.pathname });
}
""",
    "pages/api/cron/plain.js": """export default function handler(request, response) {
  if (request.headers.authorization !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return response.status(401).end();
  }
  return response.status(200).json({ url: request.url });
}
""",
    "vercel.json": json.dumps(
        {
            "crons": [
                {"path": "/shop/api/cron/report?x=%2F&x=y", "schedule": "0 3 * * *"},
                {"path": "/shop/api/cron/edge", "schedule": "0 4 * * *"},
                {"path": "/shop/api/cron/plain?y", "schedule": "0 5 * * *"},
            ]
        },
        indent=2,
    ),
    "cronshift.toml": """[project]
app_id = "shop"
target = "nextjs"

[jobs.report]
path = "/shop/api/cron/report?x=%2F&x=y"

[jobs.edge]
path = "/shop/api/cron/edge"

[jobs.plain]
path = "/shop/api/cron/plain?y"
""",
}


@pytest.fixture(scope="module")
def app(node_packages: Path) -> Iterator[App]:
    with example_app(node_packages) as root:
        for folder in ("app", "pages"):
            shutil.rmtree(root / folder)
        for name, text in FILES.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        operations.apply(root, prepare_migration(load_project(root), (), LONG_AGO).operation)
        moved = prepare_cutover(load_project(root), ["edge"], LONG_AGO)
        operations.apply(root, moved.operation)
        build(root, node_packages)
        with upstream_server() as upstream, started(root, node_packages, upstream) as running:
            yield running


def run(app: App, job: str) -> Any:
    plan = make_plan(load_project(app.root))
    asked = Request(job, endpoint=f"{app.url}/shop/api/inngest")
    done = asyncio.run(run_job(app.root, plan, asked)).run
    assert done.status == "completed", done.error
    output: Any = done.output
    return output["body"]


def call(app: App, path: str, schedule: str) -> httpx.Response:
    headers = {
        "user-agent": "vercel-cron/1.0",
        "x-vercel-cron-schedule": schedule,
        "authorization": f"Bearer {SECRET}",
    }
    return httpx.get(app.url + path, headers=headers)


def test_the_endpoint_is_a_page_of_the_api(app: App) -> None:
    endpoint = (app.root / "pages/api/inngest.ts").read_text()
    assert "export const config = { maxDuration: 400 };" in endpoint
    assert not (app.root / "app").exists()


def test_jobs_run_with_their_own_requests(app: App) -> None:
    told = run(app, "report")
    assert told["query"] == {"x": ["/", "y"]}
    assert told == call(app, "/shop/api/cron/report?x=%2F&x=y", "0 3 * * *").json()
    told = run(app, "edge")
    assert app.upstream.asked[-1] == "/edge"  # the work that it left behind is waited for
    assert told["path"] == call(app, "/shop/api/cron/edge", "0 4 * * *").json()["path"]


def test_the_guard_stands_below_the_base_path(app: App) -> None:
    crons = json.loads((app.root / "vercel.json").read_text())["crons"]
    assert [one["path"] for one in crons] == [
        "/shop/api/cron/report?x=%2F&x=y",
        "/shop/api/cronshift/api/cron/edge",
        "/shop/api/cron/plain?y",
    ]
    skipped = call(app, "/shop/api/cronshift/api/cron/edge", "0 4 * * *")
    assert skipped.json() == {"skipped": "owner inngest"}
    passed = call(app, "/shop/api/cronshift/api/cron/report?x=%2F&x=y", "0 3 * * *")
    assert passed.json() == call(app, "/shop/api/cron/report?x=%2F&x=y", "0 3 * * *").json()
    assert call(app, "/shop/api/cronshift/api/cron/report", "0 3 * * *").status_code == 200


def test_a_handler_in_javascript_gets_the_request_that_next_makes(app: App) -> None:
    told = call(app, "/shop/api/cron/plain?y", "0 5 * * *").json()
    assert told["url"] == "/api/cron/plain?y="  # as Next spells it anew
    as_the_entry_says = {"url": "/api/cron/plain?y"}
    assert run(app, "plain") == as_the_entry_says
    dispatched = call(app, "/shop/api/cronshift/api/cron/plain?y", "0 5 * * *").json()
    assert dispatched == as_the_entry_says
    unknown = "1 1 * * *"  # of no job's, so that nobody's tick is asked for
    other = call(app, "/shop/api/cronshift/api/cron/plain?z", unknown).json()
    assert other == call(app, "/shop/api/cron/plain?z", unknown).json()


def test_pages_tell_which_file_they_hold(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRON_SECRET", SECRET)
    for name in ("report", "edge"):
        asking = ask_both(
            app.root,
            app_url=app.url,
            path=f"/shop/api/cronshift/api/cron/{name}",
            endpoint=f"{app.url}/shop/api/inngest",
            secret_env="CRON_SECRET",
        )
        assert [side.current for side in asyncio.run(asking)] == [True, True]

"""What handlers of real apps do with their requests and responses, on the SDK of the app."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.engine.executor.job_run import Request, run_job
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

from .typescript_app import TSCONFIG, link_packages, migrated, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cronshift.engine.executor.runs import Run

SECRET = "s3cret"
HOST = "shop.example"
ROUTE = """import { NextRequest } from "next/server";
import { permanentRedirect } from "next/navigation";

export async function GET(request: NextRequest) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return new Response("no", { status: 401 });
  }
  %s
}
"""
PAGE = """import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import type { NextApiRequest, NextApiResponse } from "next";

export default async function handler(request: NextApiRequest, response: NextApiResponse) {
  if (request.headers.authorization !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return response.status(401).end();
  }
  %s
}
"""
ROUTES = {
    "where": """const told = (name: string) => request.headers.get(name);
  return Response.json({
    url: request.url,
    host: told("host"),
    forwarded: [told("x-forwarded-host"), told("x-forwarded-proto")],
  });""",
}
PAGES = {
    "page-where": "return response.json({ host: request.headers.host });",
    "page-body": """const { date = "none" } = request.body;
  return response.json({ date });""",
    "page-pipeline": 'await pipeline(Readable.from(["o", "k"]), response);',
    "page-read": """const read = [];
  for await (const chunk of request) read.push(chunk);
  return response.send(read.length ? "more" : "ok");""",
    "page-stream": 'return response.status(200).send(Readable.from(["o", "k"]));',
    "page-head": """response.writeHead(200, { "content-type": "text/plain" });
  response.write("o");
  response.end(response.headersSent ? "k" : "?");""",
    "page-finished": """response.status(200).send("ok");
  await finished(response);""",
    "page-close": """const closed = new Promise((resolve) => response.on("close", resolve));
  response.status(200).send("ok");
  await closed;""",
    "page-twice": """response.status(200).send("ok");
  return response.status(500).json({ late: true });""",
    "page-closed": "response.destroy();",
    "page-broken": """const body = new Readable({ read() { this.destroy(new Error("torn")); } });
  body.on("error", (error) => response.destroy(error));
  body.pipe(response);""",
}

BROKEN = {
    "page-broken": "torn",
    "page-closed": "GET /api/page-closed was closed without an answer",
}


@pytest.fixture(scope="module")
def app(
    tmp_path_factory: pytest.TempPathFactory, node_packages: Path
) -> Iterator[tuple[Path, str]]:
    root = tmp_path_factory.mktemp("requests")
    names = [*ROUTES, *PAGES]
    crons = [{"path": f"/api/{name}", "schedule": "0 3 * * *"} for name in names]
    files = {
        **{f"app/api/{name}/route.ts": ROUTE % body for name, body in ROUTES.items()},
        **{f"pages/api/{name}.ts": PAGE % body for name, body in PAGES.items()},
        "vercel.json": json.dumps({"crons": crons}),
        "package.json": json.dumps({"dependencies": {"next": "16.0.0", "inngest": "4.24.0"}}),
        "cronshift.toml": '[project]\napp_id = "shop"\ntarget = "nextjs"\n',
        "tsconfig.json": json.dumps(TSCONFIG),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    link_packages(root, node_packages)
    migrated(root)
    own = {"CRON_SECRET": SECRET, "VERCEL_PROJECT_PRODUCTION_URL": HOST}
    with served(root, node_packages, **own) as url:
        yield root, url


def run(app: tuple[Path, str], job: str) -> Run:
    root, url = app
    asked = Request(job, endpoint=url, attempts=1)
    done = run_job(root, make_plan(load_project(root)), asked)
    return asyncio.run(asyncio.wait_for(done, 20)).run


def body(app: tuple[Path, str], job: str) -> Any:
    done = run(app, job)
    assert done.status == "completed", done.error
    output: Any = done.output
    assert output["status"] == 200
    return output["body"]


def test_a_route_is_told_where_it_is_called(app: tuple[Path, str]) -> None:
    """Routes build addresses of their own from it."""
    assert body(app, "where") == {
        "url": f"https://{HOST}/api/where",
        "host": HOST,
        "forwarded": [HOST, "https"],
    }
    assert body(app, "page-where") == {"host": HOST}


def test_a_page_without_a_body_has_an_empty_one(app: tuple[Path, str]) -> None:
    """As Next's: `request.body` can be taken apart."""
    assert body(app, "page-body") == {"date": "none"}


@pytest.mark.parametrize("job", sorted(PAGES.keys() - {"page-where", "page-body", *BROKEN}))
def test_a_response_of_a_page_is_one_of_nodes(app: tuple[Path, str], job: str) -> None:
    assert body(app, job) == "ok"


@pytest.mark.parametrize(("job", "why"), BROKEN.items())
def test_a_response_that_breaks_off_fails_at_once(
    app: tuple[Path, str], job: str, why: str
) -> None:
    done = run(app, job)
    assert done.status == "failed"
    assert why in str(done.error)

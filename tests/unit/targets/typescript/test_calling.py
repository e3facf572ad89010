"""Which handlers a function calls in process, with what, and where files stand for Next to route them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.model import Mode, Plan
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets import generate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Planned = Callable[..., Plan]

PAGE = """import type { NextApiRequest, NextApiResponse } from "next";
export default async function handler(request: NextApiRequest, response: NextApiResponse) {
  if (request.headers.authorization !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return response.status(401).end();
  }
  %s
  return response.json({ done: true });
}
"""
ROUTE = """export async function GET(request: Request) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return new Response("no", { status: 401 });
  }
  return Response.json({ done: true });
}
"""
EDGE = """import type { NextRequest } from "next/server";
export const config = { runtime: "edge" };
export default async function handler(request: NextRequest) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return new Response("no", { status: 401 });
  }
  return Response.json({ id: request.nextUrl.searchParams.get("id") });
}
"""


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    """Return a function from paths and files to their plan."""

    def plan(*paths: str, **files: str) -> Plan:
        crons = [{"path": path, "schedule": "0 6 * * *"} for path in paths]
        (tmp_path / "vercel.json").write_text(json.dumps({"crons": crons}, indent=1))
        (tmp_path / "package.json").write_text('{"dependencies": {"next": "16", "inngest": "4"}}')
        (tmp_path / "cronshift.toml").write_text('[project]\napp_id = "a"\ntarget = "nextjs"\n')
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return make_plan(load_project(tmp_path))

    return plan


def written(plan: Plan) -> dict[str, str]:
    return {file.path: file.text for file in generate(plan)}


@pytest.mark.parametrize(
    "work",
    ['await response.revalidate("/");', "response.setDraftMode({ enable: true });"],
)
def test_a_page_that_needs_more_of_next_than_a_response_is_called_over_http(
    planned: Planned, work: str
) -> None:
    files = {"pages/api/a.ts": PAGE % work, "pages/api/b.ts": PAGE % ""}
    plan = planned("/api/a", "/api/b", **files)
    assert [job.mode for job in plan.jobs] == [Mode.BRIDGE, Mode.DIRECT]


def test_an_edge_page_whose_parameters_stand_in_its_address_is_called_over_http(
    planned: Planned,
) -> None:
    files = {"pages/api/[id]/a.ts": EDGE, "pages/api/b.ts": EDGE}
    plan = planned("/api/x/a", "/api/b", **files)
    assert [job.mode for job in plan.jobs] == [Mode.BRIDGE, Mode.DIRECT]


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/api/rest", "direct(paged(handler), call)"),
        ("/api/rest/a", 'direct(paged(handler, { all: ["a"] }), call)'),
    ],
)
def test_an_optional_parameter_that_has_no_part_of_the_path_is_not_there(
    planned: Planned, path: str, call: str
) -> None:
    plan = planned(path, **{"pages/api/rest/[[...all]].ts": PAGE % ""})
    assert call in written(plan)[plan.jobs[0].module or ""]


@pytest.mark.parametrize(
    ("extensions", "suffix"),
    [
        ("['page.tsx', 'page.ts', 'page.js']", "page.ts"),
        ("['tsx', 'ts', 'mdx']", "ts"),
        ("['page.tsx']", "page.tsx"),
    ],
)
@pytest.mark.parametrize("folder", ["app", "pages"])
def test_what_next_is_to_route_ends_as_the_app_says(
    planned: Planned, folder: str, extensions: str, suffix: str
) -> None:
    name = {"app": f"{{}}/route.{suffix}", "pages": f"{{}}.{suffix}"}[folder]
    text = {"app": ROUTE, "pages": PAGE % ""}[folder]
    files = {
        "next.config.js": f"module.exports = {{ pageExtensions: {extensions} }};",
        name.format(f"{folder}/api/x"): text,
    }
    plan = planned("/api/x", **files)
    assert [job.mode for job in plan.jobs] == [Mode.DIRECT]
    assert written(plan).keys() >= {
        name.format(f"{folder}/api/inngest"),
        name.format(f"{folder}/api/cronshift/api/x"),
    }


def test_a_page_that_is_named_route_is_one_of_the_pages_router(planned: Planned) -> None:
    plan = planned("/api/route", **{"pages/api/route.ts": PAGE % ""})
    assert "page(guarded(JOB, paged(route)))" in written(plan)["pages/api/cronshift/api/route.ts"]


def test_entries_that_differ_in_a_slash_share_their_dispatcher(planned: Planned) -> None:
    files = {
        "next.config.js": "module.exports = { skipTrailingSlashRedirect: true };",
        "pages/api/x.ts": PAGE % "",
    }
    plan = planned("/api/x", "/api/x/", **files)
    text = written(plan)["pages/api/cronshift/api/x.ts"]
    assert text.count("path:") == 2

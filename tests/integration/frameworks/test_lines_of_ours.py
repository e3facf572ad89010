"""The lines that an app of one job is given, in each framework: comments and blank ones too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets import generate

from .apps import KITS, Kit, copied

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """import type { NextApiRequest, NextApiResponse } from "next";

export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.headers.authorization !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return res.status(401).end();
  }
  res.status(200).json({ done: true });
}
"""
ROUTE = """export async function GET(request: Request) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return new Response("no", { status: 401 });
  }
  return Response.json({ done: true });
}
"""
FILES = {
    "app-router": {"app/api/cron/report/route.ts": ROUTE},
    "pages-router": {"pages/api/cron/report.ts": PAGE},
}
MOST = {
    "app-router": 298,
    "astro": 326,
    "express": 436,
    "express-commonjs": 430,
    "fastify": 395,
    "functions": 421,
    "hono": 371,
    "koa": 436,
    "nestjs": 436,
    "nestjs-fastify": 395,
    "nitro": 321,
    "nuxt": 321,
    "pages-router": 415,
    "react-router": 342,
    "remix": 342,
    "solidstart": 341,
    "sveltekit": 341,
    "tanstack": 322,
}


def lines_of(root: Path) -> int:
    texts = [file.text for file in generate(make_plan(load_project(root)))]
    assert texts
    return sum(len(text.splitlines()) for text in texts)


@pytest.mark.parametrize("kit", KITS, ids=lambda kit: kit.name)
def test_an_app_of_one_job_has_no_more_lines_of_ours(tmp_path: Path, kit: Kit) -> None:
    root = copied(kit, tmp_path / kit.name)
    document = json.loads((root / "vercel.json").read_text())
    document["crons"] = [each for each in document["crons"] if "echo" in each["path"]][:1]
    (root / "vercel.json").write_text(json.dumps(document))
    assert lines_of(root) <= MOST[kit.name]


@pytest.mark.parametrize("router", FILES)
def test_nor_has_one_of_next(tmp_path: Path, router: str) -> None:
    files = {
        **FILES[router],
        "vercel.json": json.dumps(
            {"crons": [{"path": "/api/cron/report", "schedule": "0 3 * * *"}]}
        ),
        "tsconfig.json": "{}",
        "package.json": json.dumps({"dependencies": {"inngest": "4.24.0", "next": "16.0.0"}}),
        "cronshift.toml": '[project]\napp_id = "shop"\ntarget = "nextjs"\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert lines_of(tmp_path) <= MOST[router]

"""The session flow in the frameworks' apps: written, its work filled in, and asked for by the app itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.integration.nextjs.session_app import FLOW, WORK
from tests.integration.sessions.conftest import TOML

from cronshift import operations
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets.scaffold import prepare_scaffold
from cronshift.targets.typescript.app import app_of

from .apps import LONG_AGO

if TYPE_CHECKING:
    from pathlib import Path

SERVED = frozenset(
    {
        "sveltekit",
        "astro",
        "nuxt",
        "react-router",
        "tanstack",
        "nestjs",
        "hono",
        "express",
        "express-commonjs",
        "fastify",
        "koa",
        "functions",
    }
)
"""The apps that run the flow: one of every way in which Node loads what is generated."""

PACKAGES = ("pg", "@types/pg")
ASKED = """requestSession({
  userId: USER ?? "",
  cost: 2,
  values: { selected_models: ["a", "gone"] },
  legacy: async () => undefined,
})"""


@dataclass(frozen=True)
class Route:
    """The route by which an app asks for sessions.

    Attributes:
        file: its source.
        text: of that; ``BEFORE`` is what was there, ``ASKED`` the call.
        user: the expression that tells the user.
    """

    file: str
    text: str
    user: str


ROUTES = {
    "sveltekit": Route(
        "src/routes/sessions/+server.ts",
        """import { requestSession } from "$lib/inngest/sessions";
export const POST = async ({ request }: { request: Request }) =>
  Response.json(await ASKED);
""",
        'request.headers.get("x-user")',
    ),
    "functions": Route(
        "api/sessions.ts",
        """import { requestSession } from "../lib/inngest/sessions/index.js";
export const POST = async (request: Request) => Response.json(await ASKED);
""",
        'request.headers.get("x-user")',
    ),
    "hono": Route(
        "src/index.ts",
        """import { requestSession } from "./inngest/sessions/index.js";
BEFORE
app.post("/sessions", async (context) => context.json(await ASKED));
""",
        'context.req.header("x-user")',
    ),
    "express": Route(
        "src/app.ts",
        """import { requestSession } from "./inngest/sessions";
BEFORE
app.post("/sessions", (request: Request, response: Response, next: NextFunction) => {
  ASKED.then((made) => response.json(made), next);
});
""",
        'request.header("x-user")',
    ),
    "express-commonjs": Route(
        "src/app.js",
        """const { requestSession } = require("./inngest/sessions");
BEFORE
app.post("/sessions", (request, response, next) => {
  ASKED.then((made) => response.json(made), next);
});
""",
        'request.header("x-user")',
    ),
}


def with_sessions(root: Path, name: str, packages: Path) -> None:
    """Write the flow into an app that has moved, all users on its side."""
    for package in PACKAGES:
        link = root / "node_modules" / package
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(packages / "node_modules" / package)
    settings = root / "cronshift.toml"
    settings.write_text(f"{settings.read_text()}\n{TOML}")
    operations.apply(root, prepare_scaffold(root, LONG_AGO, flow=FLOW))
    (work,) = (
        file for file in root.rglob("sessions/work.[jt]s") if "node_modules" not in file.parts
    )
    session = '"./session.js"' if '"./session.js"' in work.read_text() else '"./session"'
    written = WORK.replace('"./session"', session).replace("{ Pool }", "pg")
    written = written.replace("new Pool(", "new pg.Pool(")
    spoken = app_of(make_plan(load_project(root))).routers.in_language
    work.write_text(spoken(written))
    ownership = root / "cronshift.ownership.json"
    share = {"effective_at": "2026-01-01T00:00:00Z", "percent": 100, "operation": "01"}
    document = json.loads(ownership.read_text())
    ownership.write_text(json.dumps({**document, "flows": {FLOW: [share]}}, indent=2))
    if name in ROUTES:
        route = ROUTES[name]
        file = root / route.file
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text() if file.is_file() else ""
        asked = ASKED.replace("USER", route.user)
        file.write_text(route.text.replace("BEFORE", before).replace("ASKED", asked))

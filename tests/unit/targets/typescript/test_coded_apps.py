"""The apps whose routes are declared in code: which of them functions live in, and how they are asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift.errors import ConfigError
from cronshift.model import Mode, Plan
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 27, tzinfo=UTC)
EVERYTHING = [{"source": "/(.*)", "destination": "/api"}]
ENTRY = 'import { handle } from "hono/vercel";\nimport app from "../src/web";\nexport default handle(app);\n'
APP = (
    'import { Hono } from "hono";\nimport { send } from "./send";\nconst app = new Hono();\n'
    'app.get("/cron/mail", async (c) => {\n  await send();\n  return c.json({ ok: true });\n});\n'
    "export default app;\n"
)
EXPRESS = (
    'import express from "express";\nimport { send } from "./send";\nconst app = express();\n'
    'app.get("/cron/mail", async (request, response) => {\n  await send();\n  response.json({});\n});\n'
    "export default app;\n"
)
SEND = "export async function send() {\n  await fetch('https://mail.example');\n}\n"


def plan_of(
    root: Path, files: dict[str, str], packages: list[str], rewrites: object = None
) -> Plan:
    document: dict[str, object] = {"crons": [{"path": "/cron/mail", "schedule": "0 3 * * *"}]}
    if rewrites is not None:
        document["rewrites"] = rewrites
    texts = {
        "vercel.json": json.dumps(document),
        "package.json": json.dumps({"dependencies": dict.fromkeys(packages, "1.0.0")}),
        "tsconfig.json": "{}",
        "src/send.ts": SEND,
        **files,
    }
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return make_plan(load_project(root))


def test_an_app_behind_a_function_of_vercels_is_taken(tmp_path: Path) -> None:
    files = {"api/index.ts": ENTRY, "src/web.ts": APP}
    plan = plan_of(tmp_path, files, ["hono"], EVERYTHING)
    assert plan.target == "typescript"
    assert [job.mode for job in plan.jobs] == [Mode.DIRECT]


def test_an_app_that_vercel_starts_itself_is_taken(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, {"src/index.ts": APP}, ["hono"])
    assert (plan.target, plan.jobs[0].mode) == ("typescript", Mode.DIRECT)


@pytest.mark.parametrize(
    ("methods", "target"), [(("GET", "POST", "PUT"), "typescript"), (("GET", "POST"), "python")]
)
def test_an_app_is_taken_where_it_exports_what_inngest_calls(
    tmp_path: Path, methods: tuple[str, ...], target: str
) -> None:
    named = "".join(f"export const {method} = handle(app);\n" for method in methods)
    handing = 'import { handle } from "hono/vercel";\n'
    text = handing + APP.replace("export default app;\n", named)
    assert plan_of(tmp_path, {"src/index.ts": text}, ["hono"]).target == target


def test_a_route_of_express_is_asked_in_process(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, {"src/index.ts": EXPRESS}, ["express"])
    assert (plan.target, plan.jobs[0].mode) == ("typescript", Mode.DIRECT)
    assert plan.jobs[0].bridged_because is None


@pytest.mark.parametrize(
    ("files", "packages", "rewrites"),
    [
        pytest.param(
            {"api/index.ts": ENTRY, "src/web.ts": APP},
            ["hono"],
            [{"source": "/cron/(.*)", "destination": "/api"}],
            id="Inngest's calls would not reach it",
        ),
        pytest.param({"src/index.ts": APP}, [], None, id="no package says so"),
        pytest.param({"src/index.mjs": APP}, ["hono"], None, id="named as a module"),
        pytest.param(
            {"src/index.ts": APP.replace("new Hono();", "new Hono().use(cors());")},
            ["hono"],
            None,
            id="where it is made is not certain",
        ),
    ],
)
def test_another_app_is_asked_over_http_from_python(
    tmp_path: Path, files: dict[str, str], packages: list[str], rewrites: object
) -> None:
    plan = plan_of(tmp_path, files, packages, rewrites)
    assert (plan.target, plan.jobs[0].mode) == ("python", Mode.BRIDGE)


CHAINED = APP.replace("new Hono();", "new Hono().use(cors());")
ASKED = '[project]\ntarget = "typescript"\n'


def test_an_app_asked_for_by_name_gets_the_lines_to_write(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        plan_of(tmp_path, {"src/index.ts": CHAINED, "cronshift.toml": ASKED}, ["hono"])
    assert caught.value.reason == "target-does-not-fit"
    assert "`mountInngest(app);`" in caught.value.message
    assert 'import { mountInngest } from "./inngest/routes/endpoint"' in caught.value.message


def test_lines_that_somebody_wrote_are_enough(tmp_path: Path) -> None:
    line = 'import { mountInngest } from "./inngest/routes/endpoint";\n'
    written = line + CHAINED.replace("app.get(", "mountInngest(app);\napp.get(", 1)
    plan = plan_of(tmp_path, {"src/index.ts": written, "cronshift.toml": ASKED}, ["hono"])
    assert (plan.target, plan.jobs[0].mode) == ("typescript", Mode.DIRECT)
    prepared = prepare_migration(load_project(tmp_path), (), NOW)
    made = {change.path for change in prepared.changes}
    assert "src/inngest/routes/endpoint.ts" in made
    assert "src/index.ts" not in made

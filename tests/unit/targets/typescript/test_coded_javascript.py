"""Apps in JavaScript whose routes are declared in code: functions are of the kind that their own modules are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.errors import CronshiftError
from cronshift.handlers import Resolver
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets import generate
from cronshift.targets.typescript.framework import Additions
from cronshift.targets.typescript.frameworks.express import EXPRESS
from cronshift.targets.typescript.mounting import MountSite, with_mount
from cronshift.targets.typescript.serve_route import extend_route

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = """
const app = express();
app.get("/api/cron/tides", async (request, response) => response.json({ done: await work() }));
"""
MODULE = f'import express from "express";{ROUTE}export default app;\n'
COMMONJS = f'const express = require("express");{ROUTE}module.exports = app;\n'
SERVING = """const express = require("express");
const { serve } = require("inngest/express");
const app = express();
app.use("/api/inngest", serve({ client, functions: [hello] }));
"""


def written(root: Path, file: str, text: str, kind: str) -> tuple[str, dict[str, str]]:
    """Give the target of an app, and what is generated for it."""
    entry = {"path": "/api/cron/tides", "schedule": "0 3 * * *"}
    (root / "vercel.json").write_text(json.dumps({"crons": [entry]}))
    package = {"type": kind, "dependencies": {"express": "5.0.0", "inngest": "4.24.0"}}
    (root / "package.json").write_text(json.dumps(package))
    (root / file).write_text(text)
    plan = make_plan(load_project(root))
    return plan.target, {each.path: each.text for each in generate(plan)}


@pytest.mark.parametrize(
    ("text", "kind", "importing", "exporting"),
    [
        (MODULE, "module", 'from "../client.js";', "export const tides ="),
        (COMMONJS, "commonjs", '= require("../client");', "module.exports = { tides };"),
    ],
)
def test_functions_are_of_the_apps_own_kind(
    tmp_path: Path, text: str, kind: str, importing: str, exporting: str
) -> None:
    target, files = written(tmp_path, "server.js", text, kind)
    assert target == "typescript"
    assert {file.rpartition(".")[2] for file in files} == {"js"}
    function = files["inngest/functions/tides.js"]
    assert importing in function
    assert exporting in function


@pytest.mark.parametrize(("file", "text"), [("server.mjs", MODULE), ("server.cjs", COMMONJS)])
def test_a_module_that_names_its_kind_has_none_beside_it(
    tmp_path: Path, file: str, text: str
) -> None:
    assert written(tmp_path, file, text, "commonjs")[0] == "python"


def test_an_apps_own_call_of_serve_in_commonjs_is_given_the_functions_too() -> None:
    extended = extend_route(SERVING, "server.js", ["./inngest/functions"], Additions())
    assert "functions: [hello, ...cronshiftFunctions]" in extended
    line = 'const { functions: cronshiftFunctions } = require("./inngest/functions");\n'
    assert f'require("inngest/express");\n{line}const app' in extended


def test_exports_of_commonjs_are_not_written_into_a_route() -> None:
    more = Additions(
        telling="export const OPTIONS = tell;", imports=('import { tell } from "./x";',)
    )
    with pytest.raises(CronshiftError, match="cannot be extended safely"):
        extend_route(SERVING, "api/inngest.js", ["./inngest/functions"], more)


def test_what_is_required_is_there_before_it_is_called() -> None:
    late = 'const routes = require("./routes");\n'
    text = f'const express = require("express");\nconst app = express();\n{late}'
    place = MountSite("server.js", "server.js", "app", is_commonjs=True)
    written = with_mount(text, place, "./inngest/routes/endpoint")
    assert written.index("{ mountInngest } = require") < written.index("mountInngest(app);")
    extended = extend_route(SERVING + late, "server.js", ["./inngest/functions"], Additions())
    assert extended.index("cronshiftFunctions } = require") < extended.index(
        "...cronshiftFunctions"
    )


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ('import express from "express";\n', "import { mountInngest } from"),
        ('const express = require("express");\n', "const { mountInngest } = require("),
    ],
)
def test_the_lines_to_write_by_hand_are_of_the_modules_kind(
    tmp_path: Path, head: str, line: str
) -> None:
    text = f'{head}const apps = [express(), express()];\napps[0].get("/api/cron/tides", run);\n'
    (tmp_path / "package.json").write_text('{"dependencies": {"express": "5.0.0"}}')
    (tmp_path / "server.js").write_text(text)
    why = EXPRESS.uncertain(
        Resolver(tmp_path, {"rewrites": [{"source": "/(.*)", "destination": "/server.js"}]})
    )
    assert why is not None
    assert line in why

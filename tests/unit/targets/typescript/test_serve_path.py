"""The generated endpoint tells the SDK the path that the network finds it at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets import generate

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "export const GET = () => Response.json({});\n"
PAGE = "export default function handler(req, res) { res.end(); }\n"


@pytest.mark.parametrize(
    ("config", "base", "expected"),
    [
        ("{}", "", None),
        ('{ basePath: "/shop" }', "/shop", "/shop/api/inngest"),
        ("{ trailingSlash: true }", "", "/api/inngest/"),
        ('{ basePath: "/shop", trailingSlash: true }', "/shop", "/shop/api/inngest/"),
        ("{ trailingSlash: true, skipTrailingSlashRedirect: true }", "", None),
    ],
)
@pytest.mark.parametrize(
    ("route", "text", "endpoint"),
    [
        ("app/api/cron/mail/route.ts", ROUTE, "app/api/inngest/route.ts"),
        ("pages/api/cron/mail.ts", PAGE, "pages/api/inngest.ts"),
    ],
)
def test_the_serve_path_is_generated(
    tmp_path: Path,
    config: str,
    base: str,
    expected: str | None,
    route: str,
    text: str,
    endpoint: str,
) -> None:
    path = f"{base}/api/cron/mail{'/' if expected and expected.endswith('/') else ''}"
    files = {
        "vercel.json": json.dumps({"crons": [{"path": path, "schedule": "0 3 * * *"}]}),
        "package.json": '{"name": "shop", "dependencies": {"next": "16.0.0"}}',
        "tsconfig.json": "{}",
        "cronshift.toml": '[project]\ntarget = "nextjs"\n',
        "next.config.js": f"module.exports = {config};\n",
        route: text,
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    written = {file.path: file.text for file in generate(make_plan(load_project(tmp_path)))}
    line = f'  servePath: "{expected}",\n'
    assert (line in written[endpoint]) if expected else ("servePath" not in written[endpoint])

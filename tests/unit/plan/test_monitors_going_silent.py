"""Sentry's monitors of Vercel's crons: found where they exist, in the forms that apps write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

PAGES = """export default async function handler(request, response) {
  await work(request.headers.authorization);
  response.status(200).json({});
}
"""
ROUTE = """export async function GET(request: Request) {
  await work(request.headers.get("authorization"));
  return Response.json({});
}
"""


def place(root: Path, config: str, *, pages: bool = True) -> list[int]:
    """Return the lines of next.config at which the finding stands."""
    handler = {"pages/api/mail.ts": PAGES} if pages else {"app/api/mail/route.ts": ROUTE}
    files = {
        **handler,
        "next.config.js": config,
        "package.json": json.dumps({"dependencies": {"next": "16.0.0"}}),
        "vercel.json": json.dumps({"crons": [{"path": "/api/mail", "schedule": "0 3 * * *"}]}),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    findings = make_plan(load_project(root)).findings
    return [
        finding.location.line
        for finding in findings
        if finding.code == "CS535" and finding.location is not None
    ]


@pytest.mark.parametrize(
    "config",
    [
        "module.exports = withSentryConfig(config, {\n  automaticVercelMonitors: true,\n});",
        "const options = {\n  'automaticVercelMonitors': process.env.CI === 'true' };\nexport default options;",
        "export default withSentryConfig(config, { webpack: {\n  automaticVercelMonitors: true } });",
    ],
    ids=["on top", "an expression", "below webpack"],
)
def test_the_option_is_found_in_the_forms_that_apps_write(tmp_path: Path, config: str) -> None:
    assert place(tmp_path, config) == [2]


@pytest.mark.parametrize(
    "config",
    [
        "module.exports = withSentryConfig(config, { automaticVercelMonitors: false });",
        "module.exports = withSentryConfig(config, {\n  // automaticVercelMonitors: true,\n});",
        "module.exports = {};",
    ],
)
def test_where_it_is_off_nothing_is_said(tmp_path: Path, config: str) -> None:
    assert place(tmp_path, config) == []


def test_of_route_handlers_there_are_no_such_monitors(tmp_path: Path) -> None:
    config = "module.exports = withSentryConfig(config, { automaticVercelMonitors: true });"
    assert place(tmp_path, config, pages=False) == []


def test_the_option_is_found_in_a_file_that_the_configuration_imports(tmp_path: Path) -> None:
    (tmp_path / "sentry.options.js").write_text(
        "export default {\n\n  automaticVercelMonitors: true };"
    )
    config = (
        'import options from "./sentry.options";\nexport default withSentryConfig({}, options);'
    )
    assert place(tmp_path, config) == [3]


def test_a_job_that_has_a_monitor_does_not_go_silent(tmp_path: Path) -> None:
    (tmp_path / "cronshift.toml").write_text('[jobs.mail]\nheartbeat = "HEARTBEAT_MAIL"\n')
    config = "module.exports = withSentryConfig(config, { automaticVercelMonitors: true });"
    assert place(tmp_path, config) == []

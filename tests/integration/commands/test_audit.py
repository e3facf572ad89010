"""``cronshift audit`` through its real entry point, in every format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.commands.conftest import Cronshift

ROUTE = """export async function GET(request: Request) {
  if (!process.env.CRON_SECRET || request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    return new Response("no", { status: 401 });
  }
  await send();
  return Response.json({});
}
"""


@pytest.fixture
def app(project: Path) -> Path:
    """Return a Next app with a good job, a dead one, and one that nobody may suppress silently."""
    for file in project.iterdir():
        if file.is_file():
            file.unlink()
    crons = [
        {"path": "/api/cron/good", "schedule": "0 3 * * *"},
        {"path": "/api/cron/mial", "schedule": "0 4 * * *"},
        {"path": "/api/cron/open", "schedule": "0 5 * * *"},
    ]
    (project / "vercel.json").write_text(json.dumps({"crons": crons}, indent=2))
    (project / "package.json").write_text('{"dependencies": {"next": "16.0.0"}}')
    for name, text in {
        "good": ROUTE,
        "mail": ROUTE,
        "open": "export async function GET() {\n  await send();\n  return Response.json({});\n}\n",
    }.items():
        route = project / "app/api/cron" / name / "route.ts"
        route.parent.mkdir(parents=True)
        route.write_text(text)
    return project


def test_jobs_stand_as_in_the_file_the_worst_is_found_first_and_80_columns_do(
    cronshift: Cronshift, app: Path
) -> None:
    said = cronshift("audit", "--no-color", env={"COLUMNS": "80"})
    assert said.code == 1
    lines = said.out.splitlines()
    assert max(map(len, lines)) <= 80
    table = lines[1 : lines.index("")]
    jobs = [line.split()[0] for line in table if not line.startswith(" ")]
    assert jobs == ["good", "mial", "open"]  # as in the file
    assert said.out.index("error CS301 dead-path") < said.out.index("warning CS206 no-auth")
    assert "Did you mean /api/cron/mail" in " ".join(said.out.split())


def test_strict_counts_warnings(cronshift: Cronshift, app: Path) -> None:
    (app / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/open", "schedule": "0 5 * * *"}]}'
    )
    assert cronshift("audit").code == 0
    assert cronshift("audit", "--strict").code == 1
    (app / "cronshift.toml").write_text('[[suppress]]\ncode = "CS206"\nreason = "internal"\n')
    assert cronshift("audit", "--strict").code == 0


def test_a_configuration_that_is_a_script_is_shown_and_asked_about(
    cronshift: Cronshift, app: Path
) -> None:
    ran = app / "ran"
    (app / "vercel.json").unlink()
    (app / "vercel.mjs").write_text(
        'import { writeFileSync } from "node:fs";\n'
        f"writeFileSync({json.dumps(str(ran))}, '');\n"
        'const paths = ["good"];\n'
        'export default { crons: paths.map((one) => ({ path: `/api/cron/${one}`, schedule: "0 3 * * *" })) };\n'
    )
    asked = cronshift("audit", "--run-config")
    assert (asked.code != 0, ran.exists()) == (True, False)
    assert "paths.map" in asked.err
    assert "There is no terminal to ask on" in asked.err
    audited = cronshift("audit", "--run-config", "--yes")
    assert ran.exists()
    assert "/api/cron/good" in audited.out


def test_json_has_handlers_and_the_forecast(cronshift: Cronshift, app: Path) -> None:
    document = cronshift("--json", "audit").document
    good = next(job for job in document["jobs"] if job["id"] == "good")
    assert good["handler"] == {
        "file": "app/api/cron/good/route.ts",
        "kind": "next-route",
        "export": "GET",
        "language": "typescript",
        "max_duration": None,
        "auth": "cron-secret",
        "runtime": None,
        "reads": [],
    }
    outlook = document["forecast"]
    assert outlook["executions_per_30_days"] == sum(outlook["by_job"].values()) == 270
    assert outlook["jobs"]["good"] == {
        "runs": 30,
        "steps_per_run": 2,
        "executions": 90,
        "retries": 1,
    }
    assert outlook["plans"][0] == {
        "name": "Free",
        "executions": 50_000,
        "functions": 100,
        "fits": True,
    }
    assert (outlook["peak"], sum(outlook["by_hour"])) == (1, 60)  # of the two that can move


def test_sarif_and_github_name_the_same_places(cronshift: Cronshift, app: Path) -> None:
    log = cronshift("audit", "--format", "sarif").document
    told = {
        (
            one["ruleId"],
            one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            one["locations"][0]["physicalLocation"]["region"]["startLine"],
        )
        for one in log["runs"][0]["results"]
        if "locations" in one
    }
    assert ("CS206", "app/api/cron/open/route.ts", 1) in told
    lines = cronshift("audit", "--format", "github").out.splitlines()
    assert {line[:2] for line in lines} == {"::"}
    assert len(lines) == len(log["runs"][0]["results"])
    assert any(
        line.startswith(
            "::warning file=app/api/cron/open/route.ts,line=1,title=CS206 no-auth::open"
        )
        for line in lines
    )


def test_the_forecast_is_shown_on_request(cronshift: Cronshift, app: Path) -> None:
    said = cronshift("audit", "--forecast", env={"COLUMNS": "80"})
    for word in ("Executions", "Retries", "Plans", "Busiest", "At once", "By hour"):
        assert word in said.out
    assert "90  good  30 x (1 + 2); about 1 retry" in said.out
    assert "▁" in said.out or "█" in said.out
    assert "Executions" not in cronshift("audit").out


def test_explain_shows_the_examples(cronshift: Cronshift) -> None:
    said = cronshift("explain", "CS201")
    assert "users.forEach(async (user) => {" in said.out
    assert "await Promise.all(users.map(" in said.out
    example = cronshift("--json", "explain", "not-awaited").document["example"]
    assert {"bad", "good"} == set(example)
    assert cronshift("--json", "explain", "CS401").document["example"] is None

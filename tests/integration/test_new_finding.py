"""A finding about a handler is one module and its example; everything else follows from it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cronshift

RULE = '''
"""A finding of this test."""

from cronshift.handlers.javascript import line_of
from cronshift.model import Location, Severity
from cronshift.plan.findings.rule import Evidence, Rule


def _sleeps(job):
    tree = job.resolver.tree
    for call in tree.parsed(job.handler.file).find_all(pattern="setTimeout($$$)"):
        yield Evidence("It sleeps.", Location(job.handler.file, line_of(call)))


SLEEPS = Rule(
    "CS299",
    "sleeps",
    Severity.WARNING,
    "The handler sleeps.",
    "Let Inngest wait: `step.sleep`.",
    of_job=_sleeps,
    asked_first=True,
)
'''
EXAMPLE = """=== bad
--- app/api/nap/route.ts
await new Promise((done) => setTimeout(done, 1000));
=== good
--- app/api/nap/route.ts
await nap();
"""


def test_a_new_rule_is_said_explained_and_asked_about_from_one_module_and_its_example(
    tmp_path: Path,
) -> None:
    findings = tmp_path / "src/cronshift/plan/findings"
    shutil.copytree(Path(cronshift.__file__).parent, findings.parents[1])
    (findings / "sleeping.py").write_text(RULE)
    (findings / "examples/CS299.txt").write_text(EXAMPLE)
    app = tmp_path / "app"
    route = app / "app/api/nap/route.ts"
    route.parent.mkdir(parents=True)
    route.write_text(
        "export async function GET(request: Request) {\n"
        "  await new Promise((done) => setTimeout(done, 1000));\n"
        "  return Response.json({});\n}\n"
    )
    (app / "package.json").write_text('{"dependencies": {"next": "16.0.0"}}')
    (app / "vercel.json").write_text('{"crons": [{"path": "/api/nap", "schedule": "0 5 * * *"}]}')

    def run(*words: str) -> Any:
        command = [sys.executable, "-m", "cronshift", "-C", str(app), "--json", *words]
        environment = {"PYTHONPATH": str(tmp_path / "src"), "PATH": ""}
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        return json.loads(done.stdout)

    (finding,) = [one for one in run("audit")["findings"] if one["code"] == "CS299"]
    assert (finding["job"], finding["file"], finding["line"]) == ("nap", "app/api/nap/route.ts", 2)
    assert run("explain", "sleeps")["example"]["bad"][0]["text"] == EXAMPLE.splitlines(True)[2]
    migration = run("migrate", "--target", "nextjs", "--fix", "--dry-run")
    assert migration["left_out"] == ["nap"]
    assert [finding["code"] for finding in migration["not_repaired"]] == ["CS299"]

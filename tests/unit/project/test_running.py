"""A configuration that is a script is run where its user lets it, and nowhere else."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from cronshift.errors import ConfigError
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.running import computed_script, run_script

if TYPE_CHECKING:
    from pathlib import Path

COMPUTED = """const paths = ["a", "b"];
console.log("noise");
export default { crons: paths.map((path) => ({ path: `/api/${path}`, schedule: "0 1 * * *" })) };
"""
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")


@pytest.mark.parametrize(
    ("name", "text", "computes"),
    [
        ("vercel.mjs", COMPUTED, True),
        ("vercel.ts", "export default makeConfig();\n", True),
        (
            "vercel.ts",
            'export default { crons: [{ path: "/a", schedule: "0 1 * * *" }] };\n',
            False,
        ),
        ("vercel.json", "{}", False),
    ],
)
def test_only_what_is_computed_is_worth_running(
    tmp_path: Path, name: str, text: str, computes: bool
) -> None:
    (tmp_path / name).write_text(text)
    assert (computed_script(tmp_path, None) is not None) is computes


@needs_node
@pytest.mark.parametrize(
    "text",
    [
        COMPUTED,
        COMPUTED.replace("export default", "const made =") + "export default async () => made;\n",
        COMPUTED.replace("export default", "export const config ="),
    ],
)
def test_what_a_script_makes_is_audited(tmp_path: Path, text: str) -> None:
    script = tmp_path / "vercel.mjs"
    script.write_text(text)
    (tmp_path / "package.json").write_text('{"dependencies": {"next": "16.0.0"}}')
    made = run_script(tmp_path, script)
    assert [entry["path"] for entry in json.loads(made)["crons"]] == ["/api/a", "/api/b"]
    plan = make_plan(load_project(tmp_path, made=made))
    assert [job.entry.path for job in plan.jobs] == ["/api/a", "/api/b"]
    assert {finding.code for finding in plan.findings} >= {"CS122"}
    assert not {finding.code for finding in plan.findings} & {"CS111", "CS121"}


@needs_node
@pytest.mark.parametrize("text", ["throw new Error('no');\n", "export default 3;\n"])
def test_a_script_that_fails_is_told_in_a_sentence(tmp_path: Path, text: str) -> None:
    script = tmp_path / "vercel.mjs"
    script.write_text(text)
    with pytest.raises(ConfigError, match=r"vercel\.mjs was run, and gave no configuration"):
        run_script(tmp_path, script)


def test_without_node_one_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError) as raised:
        run_script(tmp_path, tmp_path / "vercel.ts")
    assert (str(raised.value), str(raised.value.reason)) == (
        "vercel.ts cannot be run: Node.js is not installed.",
        "no-node",
    )

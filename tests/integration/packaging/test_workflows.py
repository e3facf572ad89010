"""Where people meet the command: an action, workflows, a hook, an image; every line of them is one that works."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cronshift.cli import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
ACTION = ROOT / "action.yml"
WORKFLOWS = [*(ROOT / "examples/github").glob("*.yml"), *(ROOT / ".github/workflows").glob("*.yml")]
FILES = [ACTION, *WORKFLOWS]


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


def steps(file: Path) -> Iterator[dict[str, Any]]:
    document = read(file)
    jobs = document.get("jobs") or {"": document["runs"]}
    for job in jobs.values():
        yield from job["steps"]


def command_lines() -> Iterator[tuple[str, ...]]:
    """Yield every line of ours that a workflow, the hook or the image runs."""
    yield tuple(shlex.split(read(ACTION)["inputs"]["command"]["default"]))
    for file in WORKFLOWS:
        for step in steps(file):
            if "cronshift@" in step.get("uses", ""):
                yield tuple(shlex.split(step["with"]["command"]))
            for line in step.get("run", "").splitlines():
                if line.startswith("cronshift "):
                    yield tuple(shlex.split(line)[1:])
    (hook,) = read(ROOT / ".pre-commit-hooks.yaml")
    yield tuple(shlex.split(hook["entry"])[1:])
    text = (ROOT / "examples/docker/Dockerfile").read_text()
    yield tuple(json.loads(re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)[-1])[1:])


@pytest.mark.parametrize("words", sorted(set(command_lines())))
def test_every_command_line_is_one_that_the_command_takes(words: tuple[str, ...]) -> None:
    assert words[0] in COMMANDS
    done = subprocess.run(
        [BIN / "cronshift", words[0], "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "200", "TERM": "dumb"},
    )
    for option in (word for word in words if word.startswith("--")):
        assert option in done.stdout, option


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_text_from_outside_becomes_a_script(file: Path) -> None:
    for step in steps(file):
        assert "${{" not in step.get("run", ""), "take it through env"


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_says_what_it_may_do(file: Path) -> None:
    document = read(file)
    assert document["permissions"]["contents"] in {"read", "write"}
    assert all("uses" in step or "run" in step for step in steps(file))


def run_action(folder: Path, tmp_path: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the last step of the action as a runner does, with the command that is installed here."""
    step = list(steps(ACTION))[-1]
    given = {name: spec["default"] for name, spec in read(ACTION)["inputs"].items()} | inputs
    environment = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: given[match[1]], text)
        for name, text in step["env"].items()
    }
    script = tmp_path / "step.sh"
    script.write_text(step["run"])
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
        cwd=folder,
        env={**os.environ, **environment, "PATH": f"{BIN}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_action_runs_a_command_and_its_code_is_the_steps(tmp_path: Path) -> None:
    done = run_action(tmp_path, tmp_path, directory=str(ROOT / "examples"))
    assert (done.returncode, "prediction-check" in done.stdout) == (0, True)
    done = run_action(
        tmp_path, tmp_path, directory=str(ROOT / "examples"), command="audit --strict"
    )
    assert done.returncode == 1
    hostile = run_action(
        tmp_path,
        tmp_path,
        directory=str(ROOT / "examples"),
        command="audit; touch stolen $(touch stolen) *",
    )
    assert hostile.returncode == 2
    assert not (tmp_path / "stolen").exists()


def test_the_action_writes_sarif_where_it_is_asked_to(tmp_path: Path) -> None:
    inputs = {"directory": str(ROOT / "examples"), "output": "a b.sarif"}
    run_action(tmp_path, tmp_path, command="audit --format sarif", **inputs)
    assert json.loads((tmp_path / "a b.sarif").read_text())["version"] == "2.1.0"


def test_the_hook_looks_at_what_decides_about_entries() -> None:
    (hook,) = read(ROOT / ".pre-commit-hooks.yaml")
    pattern = re.compile(hook["files"])
    for name in ("vercel.json", "apps/web/vercel.ts", "cronshift.toml", "app/api/cron/a/route.ts"):
        assert pattern.search(name), name
    for name in ("README.md", "vercel.json.bak", "logo.png"):
        assert not pattern.search(name), name


def test_the_image_holds_no_secret_and_is_nobodys_root() -> None:
    text = (ROOT / "examples/docker/Dockerfile").read_text()
    assert re.search(r"^USER (?!root)\w+$", text, re.MULTILINE)
    assert ".env*" in (ROOT / "examples/docker/.dockerignore").read_text().split()


def test_a_release_is_published_without_a_token_and_only_when_switched_on() -> None:
    document = read(ROOT / ".github/workflows/release.yml")
    publish = document["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["if"] == "vars.PUBLISH == 'true'"
    assert publish["environment"] == "pypi"
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text()


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not here")
def test_actionlint_finds_nothing() -> None:
    subprocess.run(["actionlint", "-no-color", *WORKFLOWS], cwd=ROOT, check=True)

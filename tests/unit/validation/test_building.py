"""The app's own build, really run: it builds, it does not, or nobody can tell."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cronshift.engine.validation.building import check_build

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = timedelta(seconds=30)


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app whose package manager is a program of ours: it does what the script says, in Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("npm", "pnpm"):
        program = folder / name
        program.write_text(
            f"#!{sys.executable}\nimport json, sys\nassert sys.argv[1:] == ['run', 'build']\n"
            "exec(json.load(open('package.json'))['scripts']['build'])\n"
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    root = tmp_path / "app"
    root.mkdir()
    return root


def built(root: Path, script: str | None, timeout: timedelta = PATIENCE) -> tuple[list[str], str]:
    """Build an app with that script; the codes found, and all that was told."""
    scripts = {} if script is None else {"build": script}
    (root / "package.json").write_text(json.dumps({"scripts": scripts}))
    told: list[str] = []
    findings = list(check_build(root, timeout, told.append))
    return [finding.code for finding in findings], "\n".join(
        [*told, *(finding.message for finding in findings)]
    )


def test_a_build_that_ends_well_is_shown_and_finds_nothing(app: Path) -> None:
    codes, text = built(app, "open('built', 'w')")
    assert codes == []
    assert text == "Running npm run build (at most 30s) …"
    assert (app / "built").exists()


def test_a_build_that_fails_is_told_with_its_last_lines(app: Path) -> None:
    codes, text = built(app, "print('\\x1b[31mType error: no\\x1b[0m'); sys.exit(3)")
    assert codes == ["CS510"]
    assert text.endswith("npm run build ends with exit code 3.\n  Type error: no")


def test_the_lock_says_who_builds(app: Path) -> None:
    (app / "pnpm-lock.yaml").write_text("")
    assert "pnpm run build" in built(app, "pass")[1]


def test_a_build_that_takes_too_long_is_stopped_and_not_known(app: Path) -> None:
    codes, text = built(app, "import time; time.sleep(60)", timedelta(seconds=1))
    assert codes == ["CS511"]
    assert "longer than 1s" in text


def test_without_a_script_or_a_program_it_is_not_known(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert built(app, None)[0] == ["CS511"]
    monkeypatch.setenv("PATH", "")
    codes, text = built(app, "pass")
    assert (codes, text) == (["CS511"], "npm, which builds the app, was not found.")

"""Generated packages, as the tools of a careful engineer see them, and as Python imports them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GENERATED = ROOT / "tests" / "data" / "generated"
CASES = sorted(folder.name for folder in GENERATED.iterdir())
RULES = "E,W,F,I,N,D,UP,ANN,B,C4,PIE,RET,SIM,RUF,A,ASYNC,PT,TRY,PERF"
NOT_BOTH = "D203,D213"  # each contradicts another rule of its family


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a tool of this environment and return all that it says."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_ruff_has_nothing_to_format() -> None:
    assert "already formatted" in run("ruff", "format", "--isolated", "--check", GENERATED)


def test_ruff_has_nothing_to_complain_of(tmp_path: Path) -> None:
    elsewhere = shutil.copytree(GENERATED, tmp_path / "app")  # here cronshift is our own package
    command = ("ruff", "check", "--isolated", "--select", RULES, "--ignore", NOT_BOTH, ".")
    said = run(*command, cwd=elsewhere)
    assert "All checks passed" in said


@pytest.mark.parametrize("case", CASES)
def test_mypy_has_nothing_to_complain_of(case: str) -> None:
    settings = ("--config-file", ROOT / "pyproject.toml", "--exclude", "^$")
    assert "Success" in run("mypy", *settings, ".", cwd=GENERATED / case)

"""``cronshift sessions scaffold`` asks a person what the schema does not tell, and nobody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
from tests.integration.sessions.house_apps import PRISMA_APP, PRISMA_SCHEMA, write

PROGRAM = str(Path(sys.executable).with_name("cronshift"))
UNCLEAR = {
    **PRISMA_APP,
    "prisma/schema.prisma": PRISMA_SCHEMA.replace(
        "creditsUsed Int          @default(1) @map", "size Int @map"
    ).replace("credits_used", "size"),
}


def test_a_person_is_asked_until_all_is_said(tmp_path: Path) -> None:
    write(tmp_path, UNCLEAR)
    terminal = pexpect.spawn(
        PROGRAM,
        ["scaffold", "sessions"],
        cwd=str(tmp_path),
        env={**os.environ, "COLUMNS": "200"},
        encoding="utf-8",
        timeout=60,
    )
    terminal.expect("What does a row of renders cost")
    terminal.sendline("3")
    terminal.expect("Write these files")
    terminal.sendline("y")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    settings = (tmp_path / "cronshift.toml").read_text()
    assert "cost = { constant = 3 }               # your answer" in settings


def test_without_a_terminal_the_error_names_the_option(tmp_path: Path) -> None:
    write(tmp_path, UNCLEAR)

    def cronshift(*words: str) -> Any:
        return subprocess.run(
            [PROGRAM, "scaffold", "sessions", "--yes", "--json", *words],
            cwd=tmp_path,
            input="",
            capture_output=True,
            text=True,
            check=False,
        )

    refused = cronshift()
    error = json.loads(refused.stdout)["error"]
    assert (refused.returncode, error["reason"]) == (2, "unclear-mapping")
    assert error["hint"].endswith("cronshift sessions scaffold --map cost=CREDITS")
    assert not (tmp_path / "cronshift.toml").exists()
    assert cronshift("--map", "cost=3").returncode == 0
    assert json.loads(cronshift("--map", "nonsense=3").stdout)["error"]["reason"] == "invalid-name"
    assert json.loads(cronshift("--map", "cost").stdout)["error"]["reason"] == "usage"

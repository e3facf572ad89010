"""On a terminal, what somebody else began is carried out once its id is typed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.commands.conftest import Cronshift

PROGRAM = str(Path(sys.executable).with_name("cronshift"))


@pytest.mark.parametrize("types_it", [True, False])
def test_a_foreign_operation_is_finished_once_its_id_is_typed(
    cronshift: Cronshift,
    project: Path,
    environment: Mapping[str, str],
    tmp_path: Path,
    types_it: bool,
) -> None:
    assert cronshift("migrate", "--yes").code == 0
    (journal,) = (project / ".cronshift/operations").glob("*.json")
    journal.write_text(journal.read_text().replace('"state": "applied"', '"state": "applying"'))
    somebody_else = {**environment, "XDG_STATE_HOME": str(tmp_path / "other")}
    assert cronshift("resume", "--yes", env=somebody_else).code == 3
    program = pexpect.spawn(
        PROGRAM, ["resume"], cwd=str(project), env=somebody_else, encoding="utf-8", timeout=60
    )
    program.expect("type its id: ")
    program.sendline(journal.stem if types_it else "y")
    program.expect(pexpect.EOF)
    program.close()
    assert program.exitstatus == (0 if types_it else 1)
    state = "applied" if types_it else "applying"
    assert f'"state": "{state}"' in journal.read_text()

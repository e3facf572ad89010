"""``migrate --check``: for CI, whether anything would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.commands.conftest import Cronshift


def test_it_exits_1_as_long_as_something_would_change(cronshift: Cronshift, project: Path) -> None:
    before = {file: file.read_bytes() for file in project.rglob("*") if file.is_file()}
    assert cronshift("migrate", "--check").code == 1
    assert {file: file.read_bytes() for file in project.rglob("*") if file.is_file()} == before
    assert cronshift("migrate", "--yes").code == 0
    assert cronshift("migrate", "--check").code == 0
    module = project / "inngest_app/jobs/prediction_check.py"
    module.write_text(module.read_text() + "\n# mine\n")
    assert cronshift("migrate", "--check").code == 1

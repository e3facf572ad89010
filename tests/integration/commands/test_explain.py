"""``cronshift explain``: findings, reasons, facts, and the pages that the package carries."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cronshift.errors import Reason
from cronshift.plan.findings import BY_NAME

if TYPE_CHECKING:
    from tests.integration.commands.conftest import Cronshift

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("locked", "Another operation is running."),
        ("R302", "Every variable is set where it is read"),
        ("endpoint-not-redirected", "The endpoint sends nobody elsewhere."),
        ("configuration", "## `[project]`"),
        ("rollback", "# Go back at 3 a.m."),
    ],
)
def test_explain_shows_reasons_facts_and_pages(cronshift: Cronshift, name: str, words: str) -> None:
    said = cronshift("explain", name)
    assert (said.code, words in said.out) == (0, True)
    assert words in cronshift("--json", "explain", name.upper()).document["text"]


def test_no_address_is_printed_that_is_not_in_the_package() -> None:
    for file in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.keyword) and node.arg in {"hint", "remedy"}:
                assert "docs/" not in ast.unparse(node), file.name
    pages = {page.stem for page in (ROOT / "docs").rglob("*.md")}
    for file in (ROOT / "src").rglob("*.py"):
        for name in re.findall(r"cronshift explain ([a-z][a-z-]+)", file.read_text()):
            assert name in pages | set(Reason) | set(BY_NAME), f"{file.name}: {name}"

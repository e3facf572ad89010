"""Each promise of SECURITY.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
TEXT = (TESTS.parent / "SECURITY.md").read_text()
NAMED = re.compile(r"`((?:unit|integration)/[\w/]+\.py|…)(?:::(\w+))?`")


def test_every_test_that_is_named_is_there() -> None:
    file, named = Path(), 0
    for match in NAMED.finditer(TEXT):
        file = file if match[1] == "…" else TESTS / match[1]
        assert file.is_file(), match[0]
        if match[2]:
            assert f"def {match[2]}(" in file.read_text(), match[0]
        named += 1
    assert named > 20


def test_every_test_that_is_named_without_its_file_is_somewhere() -> None:
    defined = {
        name
        for file in TESTS.rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)\(", file.read_text(), re.MULTILINE)
    }
    named = set(re.findall(r"(?:`|::)(test_\w+)`", TEXT))
    assert named - defined == set()
    assert len(named) > 60

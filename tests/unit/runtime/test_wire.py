"""Both languages take their shared words from one table, and from nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cronshift
from cronshift.runtime import wire

SOURCE = Path(cronshift.__file__).parent
TEMPLATES = sorted((SOURCE / "targets").rglob("*.ts.j2"))
RUNTIME = sorted(file for file in (SOURCE / "runtime").rglob("*.py") if file.name != "wire.py")
WORDS = [
    value
    for name, value in vars(wire).items()
    if name.isupper() and isinstance(value, str) and len(value) > len("ownership")
]


def code(file: Path) -> str:
    """Return a file without its comments and docstrings."""
    text = file.read_text()
    if file.suffix == ".py":
        return re.sub(r'""".*?"""|#[^\n]*', "", text, flags=re.DOTALL)
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("file", [*TEMPLATES, *RUNTIME], ids=lambda file: file.name)
def test_no_shared_word_is_written_a_second_time(file: Path) -> None:
    text = code(file)
    assert [word for word in WORDS if f'"{word}"' in text or f"'{word}'" in text] == []


def test_there_are_words_and_templates() -> None:
    assert len(WORDS) > 10
    assert len(TEMPLATES) > 20

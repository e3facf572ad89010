"""The example's project on its way: laid out, and with its functions and guard."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cronshift.moving.migration import prepare_migration
from cronshift.operations import apply
from cronshift.project import load_project

EXAMPLES = Path(__file__).parents[3] / "examples"
MONDAY = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
_LEFT = ("demo.py", "sessions", "nextjs", "sveltekit", "__pycache__", "inngest_app")


def example(folder: Path) -> Path:
    """Lay the example out in a folder; it has no functions yet."""
    ignored = shutil.ignore_patterns(*_LEFT)
    return Path(shutil.copytree(EXAMPLES, folder / "predictions", ignore=ignored))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = example(tmp_path)
    apply(root, prepare_migration(load_project(root), (), MONDAY, fix=True).operation)
    return root

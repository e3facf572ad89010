"""drizzle-kit's journal as a repository may hold it: followed, or refused in a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.errors import RefusedError
from cronshift.project import load_project
from cronshift.targets.scaffold.migrations.drizzle import Drizzle

if TYPE_CHECKING:
    from pathlib import Path

LINE = {"idx": 0, "version": "7", "when": 1, "tag": "0000_first", "breakpoints": True}


def drizzle(root: Path, journal: str) -> Drizzle:
    (root / "vercel.json").write_text('{"crons": []}')
    (root / "drizzle" / "meta").mkdir(parents=True)
    (root / "drizzle" / "meta" / "_journal.json").write_text(journal)
    return Drizzle(root, load_project(root).resolver().tree, "drizzle", None, "db", None)


def test_what_is_written_is_known_again(tmp_path: Path) -> None:
    journal = {"version": "7", "dialect": "postgresql", "entries": [LINE]}
    assert drizzle(tmp_path, json.dumps(journal)).has("first")


@pytest.mark.parametrize(
    "entries",
    [1, {}, [1], [{}], [LINE | {"idx": "0"}], [LINE | {"idx": -1}], [LINE | {"tag": None}]],
)
def test_what_is_no_journal_is_refused_in_words(tmp_path: Path, entries: Any) -> None:
    home = drizzle(tmp_path, json.dumps({"entries": entries}))
    for ask in (lambda: home.has("first"), lambda: home.edits([], None)):  # type: ignore[arg-type] # refused before
        with pytest.raises(RefusedError, match="is no journal") as caught:
            ask()
        assert caught.value.hint

"""Batches of SQL as part of an operation, on real databases: done once, undone once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, text

from cronshift.errors import RefusedError
from cronshift.operations import (
    AddToNumber,
    Edit,
    Intent,
    Operation,
    RunSql,
    State,
    apply,
    build_operation,
    finish,
    history,
    revert,
    unfinished,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'app.db'}"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgresql_url"))
    monkeypatch.setenv("DATABASE_URL", url)
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def table(engine: Engine) -> str:
    name = f"users_{uuid4().hex[:8]}"
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {name} (id INTEGER, credits INTEGER)"))
        connection.execute(text(f"INSERT INTO {name} VALUES (1, 10)"))
    return name


def balance(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT credits FROM {table}")).scalar_one())


def an_operation(root: Path, table: str, *, wrong: bool = False) -> Operation:
    tables = (table, "nowhere") if wrong else (table,)
    refund = tuple(AddToNumber(name, "id", 1, "credits", 5) for name in tables)
    batch = RunSql("DATABASE_URL", refund, "refund")
    edits = [Edit("note.txt", b"refunded\n")]
    return build_operation(root, "refund", edits, NOW, intent=Intent.ROLLBACK, batches=[batch])


def test_files_and_rows_change_together_and_back(
    tmp_path: Path, engine: Engine, table: str
) -> None:
    done = apply(tmp_path, an_operation(tmp_path, table))
    assert (balance(engine, table), (tmp_path / "note.txt").read_text()) == (15, "refunded\n")
    back = revert(tmp_path, done)
    assert (balance(engine, table), (tmp_path / "note.txt").exists()) == (10, False)
    assert back.state is State.REVERTED


@pytest.mark.parametrize("way", ["finish", "revert"])
def test_done_again_it_is_still_done_once(
    tmp_path: Path, engine: Engine, table: str, way: str
) -> None:
    done = apply(tmp_path, an_operation(tmp_path, table))
    step = finish if way == "finish" else revert
    for _ in range(3):
        done = step(tmp_path, done)
    assert balance(engine, table) == (15 if way == "finish" else 10)


def test_a_batch_that_fails_leaves_no_row_changed_and_an_operation_to_resume(
    tmp_path: Path, engine: Engine, table: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        apply(tmp_path, an_operation(tmp_path, table, wrong=True))
    assert caught.value.reason == "database-refuses"
    assert balance(engine, table) == 10
    interrupted = unfinished(tmp_path)
    assert interrupted is not None
    revert(tmp_path, interrupted)
    assert (balance(engine, table), (tmp_path / "note.txt").exists()) == (10, False)


def test_a_database_that_is_away_changes_nothing_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://u:s3cret@127.0.0.1:9/d")
    with pytest.raises(RefusedError) as caught:
        apply(tmp_path, an_operation(tmp_path, "t"))
    assert caught.value.reason == "database-unreachable"
    assert "s3cret" not in caught.value.message
    assert not (tmp_path / "note.txt").exists()
    assert history(tmp_path) == []
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(RefusedError, match="holds no address"):
        apply(tmp_path, an_operation(tmp_path, "t"))


def test_the_journal_keeps_statements_and_no_address(
    tmp_path: Path, engine: Engine, table: str
) -> None:
    done = apply(tmp_path, an_operation(tmp_path, table))
    journal = (tmp_path / f".cronshift/operations/{done.id}.json").read_text()
    assert "DATABASE_URL" in journal
    assert str(engine.url.database) not in journal or engine.dialect.name == "postgresql"
    assert history(tmp_path) == [done]

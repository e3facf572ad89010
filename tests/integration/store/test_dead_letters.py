"""Dead letters in SQLite and in PostgreSQL: each run once, with its attempts, until it is old."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

from cronshift.runtime.dead_letters import DeadLetter
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.store.dead_letters import DeadLetters
from cronshift.runtime.store.ledger import TickLedger
from cronshift.runtime.store.tables import DEAD_LETTERS, METADATA, TICKS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LETTER = DeadLetter(
    run_id="01RUN",
    job="job",
    status=TickStatus.FAILED,
    tick=NOW - timedelta(minutes=10),
    event="inngest/scheduled.timer",
    event_id="01EVENT",
    error="ValueError: no such table",
    died=NOW,
)
EVENT = replace(LETTER, run_id="02RUN", tick=None, event="shop/paid", died=NOW + timedelta(1))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    url = str(request.getfixturevalue("postgresql_url"))
    engine = create_engine(url)
    METADATA.drop_all(engine, tables=[DEAD_LETTERS, TICKS])  # another test's
    engine.dispose()
    yield url


@pytest.fixture
def letters(url: str) -> Iterator[DeadLetters]:
    letters = DeadLetters.open(url)
    yield letters
    letters.close()


def test_where_none_was_kept_there_is_none_and_nothing_is_made(letters: DeadLetters) -> None:
    assert letters.read() == []
    assert letters.drop(["01RUN"]) == 0


def test_a_letter_is_read_as_it_was_kept_once_and_the_newest_first(letters: DeadLetters) -> None:
    letters.keep(LETTER, NOW)
    letters.keep(EVENT, NOW)
    letters.keep(replace(LETTER, error="told again"), NOW)
    assert letters.read() == [EVENT, LETTER]
    assert letters.of_job("another") == []
    assert letters.named(["01RUN", "none"]) == [LETTER]


def test_the_ledger_beside_them_tells_the_attempts(letters: DeadLetters, url: str) -> None:
    ledger = TickLedger.open(url)
    ledger.write(
        [
            TickRecord(
                job="job",
                tick=NOW,
                side=Side.INNGEST,
                owner="inngest",
                role=Role.ACTED,
                arrived=NOW,
                status=TickStatus.FAILED,
                attempts=4,
                run_id="01RUN",
            )
        ]
    )
    ledger.close()
    letters.keep(LETTER, NOW)
    letters.keep(EVENT, NOW)
    assert [letter.attempts for letter in letters.read()] == [None, 4]


def test_a_replay_is_recorded_and_a_dropped_letter_is_gone(letters: DeadLetters) -> None:
    letters.keep(LETTER, NOW)
    letters.replayed("01RUN", "03RUN", NOW)
    (letter,) = letters.read()
    assert (letter.replayed, letter.replay) == (NOW, "03RUN")
    assert letters.drop(["01RUN", "none"]) == 1
    assert letters.read() == []


@pytest.mark.parametrize(("days", "left"), [(None, 90), ("7", 7), ("none", 90)])
def test_letters_older_than_the_retention_go(
    letters: DeadLetters, monkeypatch: pytest.MonkeyPatch, days: str | None, left: int
) -> None:
    if days:
        monkeypatch.setenv("CRONSHIFT_DEAD_LETTER_DAYS", days)
    letters.keep(LETTER, NOW)
    letters.keep(EVENT, NOW + timedelta(days=left))
    assert len(letters.read()) == 2
    third = replace(EVENT, run_id="03RUN")
    letters.keep(third, NOW + timedelta(days=left, seconds=1))
    assert {letter.run_id for letter in letters.read()} == {"02RUN", "03RUN"}

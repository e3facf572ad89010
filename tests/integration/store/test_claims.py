"""Claims on real databases: one holder a tick, whoever asks, however often, at the same time."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine
from tests.programs import HERE as PROGRAMS

from cronshift.errors import ConfigError
from cronshift.runtime import claiming
from cronshift.runtime.store.claims import LEASE, Claims
from cronshift.runtime.store.opening import make_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TICK = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'claims.db'}"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def claims(url: str) -> Iterator[Claims]:
    claims = Claims.open(url)
    yield claims
    claims.close()


@pytest.fixture
def job() -> str:
    return f"job-{uuid4()}"


def test_the_first_who_asks_has_the_tick(claims: Claims, job: str) -> None:
    assert claims.take(job, TICK, "a")
    assert not claims.take(job, TICK, "b")
    assert claims.take(job, TICK, "a")  # its own retry
    assert claims.take(job, TICK + timedelta(hours=4), "b")


def test_a_tick_that_has_run_is_taken_over_by_nobody(claims: Claims, job: str) -> None:
    claims.take(job, TICK, "a")
    assert not claims.has_run(job, TICK)
    claims.finish(job, TICK, "a")
    assert claims.has_run(job, TICK)
    assert not claims.take(job, TICK, "b")
    assert not claims.take(job, TICK, "a")
    claims.release(job, TICK, "a")
    assert claims.has_run(job, TICK)


def test_a_tick_that_failed_is_given_back(claims: Claims, job: str) -> None:
    claims.take(job, TICK, "a")
    claims.release(job, TICK, "b")  # not theirs
    assert not claims.take(job, TICK, "b")
    claims.release(job, TICK, "a")
    assert claims.take(job, TICK, "b")


def test_the_claim_of_a_crashed_holder_ends_with_its_lease(url: str, job: str) -> None:
    now = [TICK]
    opened = Claims.open(url)
    claims = Claims(opened._engine, clock=lambda: now[0])
    assert claims.take(job, TICK, "crashed")
    now[0] += LEASE
    assert not claims.take(job, TICK, "b")
    now[0] += timedelta(milliseconds=1)
    assert claims.take(job, TICK, "b")
    claims.finish(job, TICK, "crashed")  # it wakes up late
    assert not claims.has_run(job, TICK)
    opened.close()


def test_of_many_at_once_one_has_it(claims: Claims, job: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda n: claims.take(job, TICK, f"holder-{n}"), range(64)))
    assert sum(won) == 1


def test_of_several_processes_one_has_each(url: str, job: str) -> None:
    command = [sys.executable, str(PROGRAMS / "take_claims.py"), url, job]
    processes = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE) for name in ("a", "b", "c")
    ]
    won = [int(process.communicate()[0]) for process in processes]
    assert sum(won) == 50


@pytest.mark.parametrize("url", ["mysql://u:s3cret@h/d", "nonsense", "sqlite+nothing://", ""])
def test_another_database_is_refused_and_its_address_not_told(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Claims.open(url)
    assert "s3cret" not in str(caught.value)


def test_without_a_database_everybody_may_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(claiming.VARIABLE, raising=False)
    assert claiming.take("x", TICK, "a")
    assert claiming.take("x", TICK, "b")


def test_a_database_that_is_down_silences_nothing_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "postgresql+psycopg://u:s3cret@127.0.0.1:9/d?connect_timeout=1"
    monkeypatch.setenv(claiming.VARIABLE, secret)
    assert claiming.take("x", TICK, "a")
    assert "no claim was made" in caplog.text
    assert "s3cret" not in caplog.text


def test_one_machine_needs_no_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, job: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(claiming.VARIABLE, "sqlite")
    claiming.opened.cache_clear()
    assert claiming.take(job, TICK, "a")
    assert not claiming.take(job, TICK, "b")
    assert (tmp_path / ".cronshift/claims.db").is_file()
    claiming.opened("sqlite").close()
    claiming.opened.cache_clear()


def test_a_table_that_is_there_is_used_as_it_is(url: str, job: str) -> None:
    first, second = Claims.open(url), Claims(create_engine(url))
    assert first.take(job, TICK, "a")
    assert not second.take(job, TICK, "b")
    first.close()
    second.close()


def test_a_missed_tick_is_not_made_up_for_where_its_claim_cannot_be_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = "postgresql+psycopg://u:hush@127.0.0.1:9/d?connect_timeout=1"
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", url)
    tick = datetime(2026, 11, 27, 12, tzinfo=UTC)
    assert claiming.take("mail", tick, "01RUN")  # a tick of the schedule runs all the same
    with pytest.raises(ConnectionError) as caught:
        claiming.take_surely("mail", tick, "01RUN")
    assert "hush" not in str(caught.value)


def test_many_who_open_a_database_at_once_all_open_it(postgresql_url: str) -> None:
    """PostgreSQL turns some of those away who make a table at one instant."""
    engine = create_engine(postgresql_url)
    for round_number in range(6):
        table = Table(f"made_at_once_{round_number}", MetaData(), Column("id", Integer))
        all_here = Barrier(8)

        def make(table: Table = table, barrier: Barrier = all_here) -> None:
            barrier.wait()
            make_table(engine, table)

        with ThreadPoolExecutor(8) as threads:
            for done in [threads.submit(make) for _ in range(8)]:
                done.result()
        table.drop(engine)
    engine.dispose()

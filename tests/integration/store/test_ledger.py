"""The ledger in real databases: what is written is read again, and one run is one row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from time import sleep
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.schema import CreateSchema, CreateTable

from cronshift.errors import ConfigError
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.store.claims import Claims
from cronshift.runtime.store.ledger import TickLedger, read_ledger
from cronshift.runtime.store.tables import CLAIMS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TICK = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ACTED = TickRecord(
    job="hourly",
    tick=TICK,
    side=Side.INNGEST,
    owner="inngest",
    role=Role.ACTED,
    arrived=TICK + timedelta(milliseconds=1200),
    started=TICK + timedelta(milliseconds=1300),
    ended=TICK + timedelta(seconds=4),
    status=TickStatus.COMPLETED,
    attempts=1,
    http_status=200,
    size=17,
    digest="0123456789abcdef",
    numbers={"checked": 31.0, "users.active": 0.5},
    run_id="01JRUN",
    deployment="dpl_1",
    ownership_digest="fedcba9876543210",
)
STOOD_BY = TickRecord(
    job="hourly",
    tick=TICK,
    side=Side.VERCEL,
    owner="inngest",
    role=Role.STOOD_BY,
    arrived=TICK + timedelta(seconds=38),
    status=TickStatus.SKIPPED,
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'claims.db'}"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def ledger(url: str) -> Iterator[TickLedger]:
    ledger = TickLedger.open(url)
    yield ledger
    ledger.close()


@pytest.fixture
def job() -> str:
    return f"job-{uuid4()}"


def read(ledger: TickLedger, job: str) -> list[TickRecord]:
    return ledger.read(TICK, TICK + MINUTE, job)


def test_what_is_written_is_read_again_as_it_was(ledger: TickLedger, url: str, job: str) -> None:
    records = [replace(ACTED, job=job), replace(STOOD_BY, job=job)]
    ledger.write(records)
    assert read(ledger, job) == records
    assert read_ledger(url, TICK, TICK + MINUTE, job) == records


def test_a_span_begins_with_its_first_instant_and_ends_before_its_last(
    ledger: TickLedger, job: str
) -> None:
    ledger.write([replace(STOOD_BY, job=job, tick=TICK + MINUTE * n) for n in range(-1, 3)])
    spanned = ledger.read(TICK, TICK + MINUTE * 2, job)
    assert [record.tick for record in spanned] == [TICK, TICK + MINUTE]


def test_without_a_job_all_are_read(ledger: TickLedger, job: str) -> None:
    ledger.write([replace(STOOD_BY, job=f"{job}-{n}") for n in range(2)])
    jobs = {record.job for record in ledger.read(TICK, TICK + MINUTE)}
    assert jobs >= {f"{job}-0", f"{job}-1"}


@pytest.mark.parametrize("in_order", [True, False], ids=["in order", "the other way round"])
def test_of_one_run_the_newest_attempt_counts_whatever_arrives_first(
    ledger: TickLedger, job: str, in_order: bool
) -> None:
    last = replace(ACTED, job=job, attempts=2)
    first = replace(
        last,
        attempts=1,
        arrived=TICK,
        started=TICK + timedelta(seconds=1),
        status=TickStatus.FAILED,
        error_class="HandlerError",
        http_status=503,
    )
    for record in (first, last) if in_order else (last, first):
        ledger.write([record])
    assert read(ledger, job) == [replace(last, arrived=TICK, started=first.started)]


def test_that_a_run_goes_on_never_takes_back_its_end(ledger: TickLedger, job: str) -> None:
    ended = replace(ACTED, job=job)
    ledger.write([ended, replace(ended, status=TickStatus.RUNNING, ended=None)])
    assert read(ledger, job) == [ended]


def test_a_cancelled_run_is_cancelled_whatever_its_attempts(ledger: TickLedger, job: str) -> None:
    running = replace(ACTED, job=job, attempts=2, status=TickStatus.RUNNING, ended=None)
    ledger.write([running, replace(running, attempts=0, status=TickStatus.CANCELLED)])
    assert [record.status for record in read(ledger, job)] == [TickStatus.CANCELLED]


def test_a_second_delivery_is_a_record_of_its_own(ledger: TickLedger, job: str) -> None:
    ledger.write([replace(ACTED, job=job, run_id=run) for run in ("01A", "01B")])
    assert [record.run_id for record in read(ledger, job)] == ["01A", "01B"]


def test_those_that_open_a_new_database_at_once_all_keep_their_records(
    url: str, tmp_path: Path
) -> None:
    records = [replace(ACTED, run_id=f"01JRUN{number}") for number in range(4)]
    for number in range(20):
        new_url = new_database(url, tmp_path / f"{number}.db")
        gate = Barrier(len(records))

        def write(record: TickRecord, url: str = new_url, gate: Barrier = gate) -> None:
            gate.wait()
            ledger = TickLedger.open(url)
            ledger.write([record])
            ledger.close()

        with ThreadPoolExecutor(len(records)) as pool:
            list(pool.map(write, records))
        assert read_ledger(new_url, TICK, TICK + MINUTE) == records


def test_a_table_that_others_make_without_the_lock_is_taken(
    postgresql_url: str, tmp_path: Path
) -> None:
    """TypeScript's claims make it so; who asks meanwhile waits for them, and fails at their end."""
    url = new_database(postgresql_url, tmp_path)
    other = create_engine(url)
    watching = create_engine(url, isolation_level="AUTOCOMMIT")
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")

    def take() -> bool:
        claims = Claims.open(url)
        is_mine = claims.take("hourly", TICK, "holder")
        claims.close()
        return is_mine

    with ThreadPoolExecutor(1) as pool, other.connect() as making, watching.connect() as watch:
        making.execute(CreateTable(CLAIMS))
        taken = pool.submit(take)
        while not taken.done() and not watch.execute(waiting).scalar():
            sleep(0.01)
        making.commit()
        assert taken.result()
    other.dispose()
    watching.dispose()


def new_database(url: str, file: Path) -> str:
    """Return the address of an empty database: another file, or another schema."""
    if url.startswith("sqlite"):
        return f"sqlite:///{file}"
    schema = f"s{uuid4().hex}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(CreateSchema(schema))
    engine.dispose()
    return f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{schema}"


def test_another_database_is_refused_and_its_address_not_told() -> None:
    with pytest.raises(ConfigError, match="The ledger needs SQLite or PostgreSQL") as caught:
        TickLedger.open("mysql://u:s3cret@h/d")
    assert "s3cret" not in str(caught.value)

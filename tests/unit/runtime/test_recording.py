"""Records are kept behind the job's back: bounded, counted, and never in its way."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.programs import HERE as PROGRAMS

from cronshift.runtime import recording
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.recording import Recorder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

TICK = datetime(2026, 11, 27, 12, tzinfo=UTC)


def record(number: int = 0) -> TickRecord:
    return TickRecord(
        job="x",
        tick=TICK,
        side=Side.VERCEL,
        owner="vercel",
        role=Role.ACTED,
        arrived=TICK,
        status=TickStatus.COMPLETED,
        run_id=str(number),
    )


def test_records_are_kept_in_the_order_in_which_they_came() -> None:
    kept: list[TickRecord] = []
    recorder = Recorder(kept.extend)
    for number in range(500):
        recorder.add(lambda number=number: record(number))  # type: ignore[misc]
    assert recorder.flush(10)
    assert [one.run_id for one in kept] == [str(number) for number in range(500)]


def test_what_the_queue_cannot_take_is_dropped_and_counted_and_nobody_waits() -> None:
    gate, begun = threading.Event(), threading.Event()
    kept: list[TickRecord] = []

    def keep(records: Sequence[TickRecord]) -> None:
        begun.set()
        gate.wait(10)
        kept.extend(records)

    recorder = Recorder(keep, most=3)
    recorder.add(record)
    assert begun.wait(10)
    for _ in range(10):
        recorder.add(record)
    assert recorder.dropped == 7
    assert not recorder.flush(0.01)
    gate.set()
    assert recorder.flush(10)
    assert len(kept) == 4


def test_what_cannot_be_kept_is_counted_and_the_next_is_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept: list[TickRecord] = []
    faults = [OSError("postgresql://u:s3cret@h/d is down")]

    def keep(records: Sequence[TickRecord]) -> None:
        if faults:
            raise faults.pop()
        kept.extend(records)

    recorder = Recorder(keep)
    with caplog.at_level(logging.WARNING):
        recorder.add(record)
        assert recorder.flush(10)
    assert recorder.dropped == 1
    assert "OSError" in caplog.text
    assert "s3cret" not in caplog.text
    recorder.add(record)
    assert recorder.flush(10)
    assert kept == [replace(record(), seen={"dropped": "1"})]
    recorder.add(record)
    assert recorder.flush(10)
    assert kept[1:] == [record()]  # told once


def test_a_record_that_cannot_be_made_costs_no_other() -> None:
    kept: list[TickRecord] = []

    def broken() -> TickRecord:
        raise ValueError("no record")

    recorder = Recorder(kept.extend)
    gate = threading.Event()

    def slow() -> TickRecord:
        gate.wait(10)
        return record()

    recorder.add(slow)
    for make in (record, broken, record):
        recorder.add(make)
    gate.set()
    assert recorder.flush(10)
    assert recorder.dropped == 1
    assert [replace(each, seen={}) for each in kept] == [record()] * 3
    assert [dict(each.seen) for each in kept if each.seen] == [{"dropped": "1"}]


def test_without_the_variable_there_is_no_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRONSHIFT_LEDGER_URL", raising=False)
    assert recording.recorder("CRON_SECRET") is None


def test_behind_a_fork_the_child_has_a_thread_of_its_own() -> None:
    kept: list[TickRecord] = []
    recorder = Recorder(kept.extend)
    recorder.add(record)
    assert recorder.flush(10)
    child = os.fork()
    if child == 0:
        recorder.add(record)
        os._exit(0 if recorder.flush(10) and len(kept) == 2 else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_process_that_ends_keeps_what_it_saw(tmp_path: Path) -> None:
    from cronshift.runtime.store.ledger import read_ledger

    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    environment = {**os.environ, "CRONSHIFT_LEDGER_URL": url}
    subprocess.run(
        [sys.executable, PROGRAMS / "tell_the_ledger.py"], env=environment, check=True, timeout=60
    )
    (kept,) = read_ledger(url, TICK, datetime(2026, 11, 28, tzinfo=UTC))
    assert kept.status is TickStatus.RUNNING

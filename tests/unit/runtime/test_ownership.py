from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.errors import ConfigError, RefusedError
from cronshift.runtime.ownership import (
    BUCKETS,
    Epoch,
    Owner,
    Ownership,
    bucket,
    digest,
    dump_ownership,
    parse_ownership,
    tick_text,
)

VECTORS = json.loads((Path(__file__).parents[2] / "data/ownership-vectors.json").read_text())
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

instants = st.integers(0, 4_000_000).map(lambda minutes: NOON + timedelta(minutes=minutes))
percents = st.integers(0, 100)


@st.composite
def epochs(draw: st.DrawFn) -> tuple[Epoch, ...]:
    times = sorted(set(draw(st.lists(instants, max_size=6))))
    return tuple(Epoch(time, draw(percents), "01J") for time in times)


def test_buckets_agree_with_the_vectors_both_languages_share() -> None:
    for vector in VECTORS["buckets"]:
        assert bucket(vector["unit"], vector["key"]) == vector["bucket"], vector


@pytest.mark.parametrize("vector", VECTORS["documents"], ids=lambda vector: vector["case"][:60])
def test_a_document_is_read_or_refused_as_the_shared_vectors_say(vector: dict[str, Any]) -> None:
    if vector["reads"] is None:
        with pytest.raises(ConfigError) as caught:
            parse_ownership(vector["text"])
        assert caught.value.reason == "broken-ownership"
        return
    ownership = parse_ownership(vector["text"])
    reads = {
        key: {
            name: [
                [
                    tick_text(epoch.effective_at),
                    epoch.percent,
                    epoch.operation,
                    *([epoch.owner] if epoch.owner else []),
                ]
                for epoch in of
            ]
            for name, of in units.items()
        }
        for key, units in (("jobs", ownership.jobs), ("flows", ownership.flows))
    }
    assert reads == vector["reads"]
    assert digest(ownership) == vector["digest"]
    assert parse_ownership(dump_ownership(ownership)) == ownership


def test_a_tick_has_the_owner_that_the_shared_vectors_say() -> None:
    """From the first second that a date can name to the last."""
    ownership = parse_ownership(VECTORS["file"])
    for vector in VECTORS["owners"]:
        owner = ownership.owner(vector["job"], datetime.fromisoformat(vector["tick"]))
        assert owner == vector["owner"], vector


def test_a_job_without_epochs_belongs_to_vercel() -> None:
    assert Ownership().owner("prediction-check", NOON) is Owner.VERCEL


def test_an_epoch_decides_from_its_own_instant_on() -> None:
    ownership = Ownership({"a": (Epoch(NOON, 100, "01J"),)})
    assert ownership.owner("a", NOON - timedelta(minutes=1)) is Owner.VERCEL
    assert ownership.owner("a", NOON) is Owner.INNGEST


@given(epochs(), instants)
def test_the_last_epoch_not_after_the_tick_decides(some: tuple[Epoch, ...], tick: datetime) -> None:
    in_force = [epoch.percent for epoch in some if epoch.effective_at <= tick]
    percent = in_force[-1] if in_force else 0
    expected = Owner.INNGEST if bucket("a", tick_text(tick)) < percent * 100 else Owner.VERCEL
    assert Ownership({"a": some}).owner("a", tick) is expected


@given(st.text(), st.text(), percents, percents, instants)
def test_a_growing_percentage_never_moves_anyone_back(
    unit: str, key: str, one: int, other: int, at: datetime
) -> None:
    less, more = (
        Ownership(flows={unit: (Epoch(NOON, percent, "01J"),)}) for percent in sorted((one, other))
    )
    if less.flow_owner(unit, key, at) is Owner.INNGEST:
        assert more.flow_owner(unit, key, at) is Owner.INNGEST


def test_a_percentage_takes_about_that_share_of_ticks() -> None:
    ticks = [NOON + timedelta(minutes=minute) for minute in range(20_000)]
    ownership = Ownership({"a": (Epoch(NOON, 10, "01J"),)})
    share = sum(ownership.owner("a", tick) is Owner.INNGEST for tick in ticks) / len(ticks)
    assert 0.09 < share < 0.11


@given(st.text(), st.text())
def test_a_bucket_is_one_of_ten_thousand(unit: str, key: str) -> None:
    assert 0 <= bucket(unit, key) < BUCKETS


@given(
    st.dictionaries(st.text(), epochs(), max_size=4),
    st.dictionaries(st.text(), epochs(), max_size=4),
)
def test_what_is_written_is_read_back(
    jobs: dict[str, tuple[Epoch, ...]], flows: dict[str, tuple[Epoch, ...]]
) -> None:
    ownership = Ownership(jobs, flows)
    assert parse_ownership(dump_ownership(ownership)) == ownership


def test_an_epoch_that_is_not_the_latest_is_refused() -> None:
    ownership = Ownership({"a": (Epoch(NOON, 10, "01J"),)})
    with pytest.raises(RefusedError, match="does not come after") as caught:
        ownership.with_epoch("a", Epoch(NOON, 50, "01K"), NOON + timedelta(days=1))
    assert caught.value.reason == "epoch-order"


def test_a_second_epoch_in_the_future_is_refused() -> None:
    ownership = Ownership({"a": (Epoch(NOON, 10, "01J"),)})
    with pytest.raises(RefusedError, match="still to come"):
        ownership.with_epoch(
            "a", Epoch(NOON + timedelta(hours=1), 50, "01K"), NOON - timedelta(minutes=1)
        )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 2}',
        '{"version": 1, "jobs": []}',
        '{"version": 1, "jobs": {"a": {}}}',
        '{"version": 1, "jobs": {"a": [1]}}',
        '{"version": 1, "jobs": {"a": [{"effective_at": "2026-11-24", "percent": 1, "operation": "x"}]}}',
        '{"version": 1, "jobs": {"a": [{"effective_at": "2026-11-24T12:00:00Z", "percent": 101, "operation": "x"}]}}',
        '{"version": 1, "jobs": {"a": [{"effective_at": "2026-11-24T12:00:00Z", "percent": true, "operation": "x"}]}}',
        (
            '{"version": 1, "jobs": {"a": ['
            '{"effective_at": "2026-11-24T12:00:00Z", "percent": 1, "operation": "x"},'
            '{"effective_at": "2026-11-24T12:00:00Z", "percent": 2, "operation": "y"}]}}'
        ),
    ],
)
def test_a_broken_file_is_one_error(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_ownership(text)
    assert caught.value.reason == "broken-ownership"


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_ownership(text)
    except ConfigError as error:
        assert error.hint

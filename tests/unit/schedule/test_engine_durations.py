from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.runtime.schedule.durations import format_duration
from cronshift.runtime.schedule.engine_durations import read_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0", timedelta()),
        ("-0", timedelta()),
        ("0s", timedelta()),
        ("90s", timedelta(seconds=90)),
        ("1h30m", timedelta(minutes=90)),
        ("30m1h", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        ("1.h", timedelta(hours=1)),
        (".5h", timedelta(minutes=30)),
        ("+1s", timedelta(seconds=1)),
        ("-1h30m", timedelta(minutes=-90)),
        ("1d", timedelta(days=1)),
        ("2w1d", timedelta(days=15)),
        ("300ms", timedelta(milliseconds=300)),
        ("7us", timedelta(microseconds=7)),
        ("7\u00b5s", timedelta(microseconds=7)),
        ("7\u03bcs", timedelta(microseconds=7)),
        ("1s1500ns", timedelta(seconds=1, microseconds=1)),
    ],
)
def test_a_duration_is_read_as_go_reads_it(text: str, duration: timedelta) -> None:
    assert read_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "1",
        "s",
        ".s",
        "1 h",
        "1h ",
        "1H",
        "1y",
        "1h-30m",
        "--1s",
        "1.2.3s",
        "\u0661s",
        "1e3s",
        "00",
    ],
)
def test_what_go_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_duration(text)


def test_a_time_longer_than_292_years_is_refused() -> None:
    assert read_duration("106751d") == timedelta(days=106_751)
    with pytest.raises(ValueError, match="too long"):
        read_duration("106752d")


@pytest.mark.parametrize("text", ["1d", "1w", "1h1d"])
def test_days_and_weeks_can_be_left_out(text: str) -> None:
    with pytest.raises(ValueError, match="unknown unit"):
        read_duration(text, days=False)


@given(st.integers(1, 10**9))
def test_what_cronshift_writes_is_read_as_meant(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert read_duration(format_duration(duration)) == duration

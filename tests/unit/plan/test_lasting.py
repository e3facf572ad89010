"""How long a run may last, and the options that follow from it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cronshift.model import FanOut, FanOutMode, Handler, HandlerKind, JobOptions, Overlap, RowSource
from cronshift.plan.lasting import fitted, longest


def handler(seconds: int | None) -> Handler:
    return Handler("api/x.py", HandlerKind.ASGI, "app", "python", max_duration=seconds)


VALUES = FanOut("m", ("a", "b", "c"))
ROWS = FanOut("m", RowSource("lib/models:active", expected=20))
BESIDE = FanOut("m", ("a", "b", "c"), FanOutMode.PARALLEL)


@pytest.mark.parametrize(
    ("options", "seconds", "needed"),
    [
        (JobOptions(retries=0), 60, 60),
        (JobOptions(retries=3), 300, 4 * 300 + 15 + 30 + 60 + 3 * 30),
        (JobOptions(retries=3), None, 4 * 300 + 15 + 30 + 60 + 3 * 30),
        (JobOptions(retries=0, fan_out=VALUES), 800, 3 * 800),
        (JobOptions(retries=0, fan_out=BESIDE, concurrency=None), 800, 800),
        (JobOptions(retries=0, fan_out=BESIDE, concurrency=2), 800, 2 * 800),
        (JobOptions(retries=0, fan_out=ROWS), 800, 20 * 800),
        (JobOptions(retries=0, fan_out=replace(ROWS, mode=FanOutMode.RUNS)), 800, 800),
    ],
)
def test_a_run_lasts_as_long_as_all_its_attempts(
    options: JobOptions, seconds: int | None, needed: int
) -> None:
    assert longest(options, handler(seconds)) == timedelta(seconds=needed)


@given(
    st.integers(0, 20),
    st.one_of(st.none(), st.integers(1, 800)),
    st.sampled_from([None, VALUES, BESIDE]),
    st.sampled_from(list(Overlap)),
)
def test_what_is_left_out_always_fits(
    retries: int, seconds: int | None, fan_out: FanOut | None, overlap: Overlap
) -> None:
    options = JobOptions(retries=retries, fan_out=fan_out, overlap=overlap)
    made = fitted(options, handler(seconds), ())
    assert made.finish_timeout is not None
    assert made.finish_timeout >= longest(made, handler(seconds))


def test_what_the_user_gives_stays() -> None:
    options = JobOptions(finish_timeout=timedelta(minutes=1), concurrency=7)
    assert fitted(options, handler(800), {"finish_timeout", "concurrency"}) == options


@pytest.mark.parametrize(
    ("overlap", "fan_out", "places"),
    [
        (Overlap.QUEUE, None, 1),
        (Overlap.QUEUE, VALUES, 1),
        (Overlap.QUEUE, BESIDE, 3),  # a concurrency of 1 would run them one by one
        (Overlap.QUEUE, ROWS, 1),
        (Overlap.QUEUE, replace(ROWS, mode=FanOutMode.PARALLEL), 20),
        (Overlap.QUEUE, replace(ROWS, mode=FanOutMode.RUNS), 20),
        (Overlap.SKIP, None, None),
        (Overlap.ALLOW, BESIDE, None),
    ],
)
def test_concurrency_follows_from_overlap(
    overlap: Overlap, fan_out: FanOut | None, places: int | None
) -> None:
    options = JobOptions(overlap=overlap, fan_out=fan_out)
    assert fitted(options, handler(60), ()).concurrency == places

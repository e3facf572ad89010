"""The law of a pause: before it one side acts on a tick, in it none, behind it one again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cronshift.moving.epochs import Lead, is_paused, paused, shared_anew, summary
from cronshift.moving.live import TickOutcome, outcome
from cronshift.runtime.ownership import Epoch, Owner, Ownership, dump_ownership, parse_ownership

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
JOB = "x"
BEGUN = NOON - timedelta(days=1)

percents = st.integers(0, 100)
deploys = st.sampled_from([timedelta(0), MINUTE, 15 * MINUTE])


def acting(vercel: Ownership, inngest: Ownership, tick: datetime) -> int:
    return vercel.acts(Owner.VERCEL, JOB, tick) + inngest.acts(Owner.INNGEST, JOB, tick)


@given(percents, deploys, st.none() | st.integers(1, 90), st.data())
def test_whenever_each_side_takes_a_pause_up_in_time_every_tick_of_it_is_nobodys(
    percent: int, deploy: timedelta, minutes: int | None, data: st.DataObject
) -> None:
    start = Lead(NOON, deploy).ready
    until = start + minutes * MINUTE if minutes else None
    before = (Epoch(BEGUN, percent, "01"),)
    old = Ownership({JOB: before})
    new = Ownership({JOB: (*before, *paused(percent, start, until, "02"))})
    assert parse_ownership(dump_ownership(new)) == new
    took_up = {
        side: NOON + data.draw(st.floats(0, 1)) * (start - NOON)
        for side in (Owner.VERCEL, Owner.INNGEST)
    }
    for tick in (NOON + number * MINUTE for number in range(120)):
        vercel, inngest = (
            new if took_up[side] <= tick else old for side in (Owner.VERCEL, Owner.INNGEST)
        )
        in_pause = start <= tick and (until is None or tick < until)
        assert acting(vercel, inngest, tick) == (not in_pause)
        assert outcome(JOB, tick, vercel, inngest) is (
            TickOutcome.PAUSED if in_pause else TickOutcome.ALONE
        )


@given(percents, deploys, st.none() | st.integers(1, 600), st.integers(0, 120))
def test_a_pause_ends_with_the_share_that_was_before_it(
    percent: int, deploy: timedelta, minutes: int | None, later: int
) -> None:
    start = Lead(NOON, deploy).ready
    until = start + minutes * MINUTE if minutes else None
    before = (Epoch(BEGUN, percent, "01"),)
    epochs = (*before, *paused(percent, start, until, "02"))
    now = NOON + later * MINUTE
    if not is_paused(epochs, now):
        assert until is not None
        assert until <= now
        return
    lead = Lead(now, deploy)
    ownership = Ownership({JOB: shared_anew(epochs, percent, lead.ready, "03", lead)})
    plain = Ownership({JOB: before})
    for tick in (lead.ready + number * MINUTE for number in range(60)):
        assert ownership.owner(JOB, tick) is plain.owner(JOB, tick)
    assert not is_paused(ownership.jobs[JOB], lead.ready + MINUTE)


def test_a_side_that_goes_on_by_an_older_file_loses_the_ticks_that_it_leaves_to_the_other() -> None:
    old = Ownership({JOB: (Epoch(BEGUN, 100, "01"),)})
    new = Ownership({JOB: (*old.jobs[JOB], *paused(100, NOON, None, "02"))})
    assert outcome(JOB, NOON, old, new) is TickOutcome.LOST
    assert outcome(JOB, NOON, new, old) is TickOutcome.ALONE
    assert outcome(JOB, NOON, None, new) is TickOutcome.ALONE


def test_the_words_of_a_pause() -> None:
    open_ended = paused(10, NOON, None, "02")
    assert summary(JOB, open_ended) == "x: paused from 2026-11-24T12:00:00Z"
    assert summary(JOB, paused(10, NOON, NOON + MINUTE, "02")) == (
        "x: paused from 2026-11-24T12:00:00Z until 2026-11-24T12:01:00Z, then 10 %"
    )

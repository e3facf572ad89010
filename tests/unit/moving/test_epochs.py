"""The law of a change of owner: whenever each side takes the file up in time, one side acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cronshift.model import CronEntry, Job, Location, Mode
from cronshift.moving.epochs import EARLY, KEPT, Lead, costs, shared_anew, summary, vercels_from
from cronshift.moving.flags import late_changes
from cronshift.moving.late import late_mishaps
from cronshift.moving.live import Holding
from cronshift.runtime.held import LIFE
from cronshift.runtime.ledger import Side
from cronshift.runtime.ownership import Epoch, Owner, Ownership, digest, percent_at
from cronshift.runtime.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SPAN = 240  # minutes that a history takes
JOB = "x"
HELD = timedelta(seconds=LIFE + 2)  # an older file, and two seconds for reading the new one
EARLIEST = timedelta(milliseconds=-17)  # measured: the engine's first call, before its tick

A_JOB = Job(
    id=JOB,
    entry=CronEntry("/api/x", "*/5 * * * *", Location("vercel.json", 1), "/crons/0"),
    schedule=Schedule.from_vercel("*/5 * * * *"),
    mode=Mode.BRIDGE,
)

seconds = st.integers(0, 20 * 60).map(lambda count: timedelta(seconds=count))
pushes = st.integers(0, 3 * 60).map(lambda count: timedelta(seconds=count))
minutes = st.integers(0, 300)
percents = st.sampled_from([0, 1, 10, 50, 99, 100])


@dataclass(frozen=True)
class Version:
    """A file, when it was written, when each side took it up, and whether Vercel asks it at all."""

    written: datetime
    ownership: Ownership
    taken_up: dict[Owner, datetime]
    guarded: bool = True


@st.composite
def histories(
    draw: st.DrawFn,
    *,
    at_once: bool = False,
    pushed: bool = False,
    late: timedelta = timedelta(hours=1),
) -> list[Version]:
    """Changes forth and back, each planned, answered and written, and taken up in time.

    What is pushed to an address is not planned again: its push says whether it comes in time.
    The entry is pointed to the app's own route, which asks nobody, as soon as a way back may.
    """
    ownership = Ownership()
    here = {Owner.VERCEL: NOON, Owner.INNGEST: NOON}
    versions = [Version(NOON, ownership, here, guarded=False)]
    now = NOON
    for number in range(draw(st.integers(1, 5))):
        now += draw(seconds) + draw(st.sampled_from([0, 0, 1])) * late
        deploys = [timedelta(0)] if pushed else [timedelta(0), MINUTE, 15 * MINUTE]
        lead = Lead(now, draw(st.sampled_from(deploys)), at_once=at_once)
        percent = draw(percents)
        start = lead.ready + draw(st.integers(0, 30)) * MINUTE
        written = now + draw(pushes if pushed else seconds)  # plan, prompt, write
        if not pushed and written > lead.write_by(
            start
        ):  # as the commands do: the whole is planned again
            lead = Lead(written, lead.deploy, at_once=at_once)
            start = lead.ready
        epochs = shared_anew(ownership.jobs.get(JOB, ()), percent, start, str(number), lead)
        ownership = Ownership({JOB: epochs})
        if pushed:
            assume(not late_changes(ownership, written))
        taken_up = {
            side: written + draw(st.sampled_from([0, 0.5, 1])) * max(lead.deploy, HELD)
            for side in (Owner.VERCEL, Owner.INNGEST)
        }
        is_shared = percent > 0 or is_awaited(epochs, lead.now, late)
        versions.append(Version(written, ownership, taken_up, guarded=is_shared))
        now = written
    return versions


def is_awaited(epochs: Sequence[Epoch], now: datetime, late: timedelta) -> bool:
    """Return whether Vercel may still call for a tick that is not its own, as a way back sees it."""
    start = vercels_from(epochs)
    return start is not None and now < start + late


def held(versions: list[Version], side: Owner, instant: datetime) -> Version:
    """Return what a side goes by: the newest file that it has taken up."""
    return [version for version in versions if version.taken_up[side] <= instant][-1]


def who_acts(
    versions: list[Version], tick: datetime, called: timedelta, attempt: timedelta
) -> list[Owner]:
    """Return who acts on a tick that Vercel calls so late, and whose run begins so late."""
    at_vercel = held(versions, Owner.VERCEL, tick + called)
    at_inngest = held(versions, Owner.INNGEST, tick + attempt).ownership
    acting = {
        Owner.VERCEL: not at_vercel.guarded or at_vercel.ownership.acts(Owner.VERCEL, JOB, tick),
        Owner.INNGEST: at_inngest.acts(Owner.INNGEST, JOB, tick),
    }
    return [side for side, acts in acting.items() if acts]


@given(histories(), st.data())
def test_whenever_both_sides_take_each_file_up_in_time_every_tick_has_one_owner(
    versions: list[Version], data: st.DataObject
) -> None:
    for minute in range(1, SPAN):
        tick = NOON + minute * MINUTE
        called = data.draw(st.sampled_from([timedelta(0), 30 * MINUTE, timedelta(hours=1)]))
        attempt = data.draw(st.sampled_from([EARLIEST, 40 * timedelta(seconds=1), 20 * MINUTE]))
        assert len(who_acts(versions, tick, called, attempt)) == 1, tick


@given(histories(at_once=True), st.data())
def test_at_once_a_tick_may_run_on_both_sides_and_never_on_none(
    versions: list[Version], data: st.DataObject
) -> None:
    for minute in range(1, SPAN):
        tick = NOON + minute * MINUTE
        attempt = data.draw(st.sampled_from([EARLIEST, 20 * MINUTE]))
        assert who_acts(versions, tick, timedelta(0), attempt), tick


@pytest.mark.parametrize("at_once", [False, True])
def test_what_a_push_does_not_warn_of_is_held_by_both_sides_in_time(at_once: bool) -> None:
    @settings(suppress_health_check=[HealthCheck.filter_too_much])
    @given(histories(at_once=at_once, pushed=True))
    def law(versions: list[Version]) -> None:
        for minute in range(1, SPAN):
            tick = NOON + minute * MINUTE
            owners = who_acts(versions, tick, timedelta(0), EARLIEST)
            assert owners if at_once else len(owners) == 1, tick

    law()


def test_a_push_that_comes_too_late_is_told() -> None:
    lead = Lead(NOON, timedelta(0), at_once=True)
    begun = [Epoch(NOON - timedelta(days=9), 100, "a")]
    ownership = Ownership({JOB: shared_anew(begun, 0, lead.ready, "b", lead)})
    assert late_changes(ownership, lead.ready - KEPT - EARLY) == []
    assert late_changes(ownership, lead.ready - KEPT) == [JOB]
    assert late_changes(ownership, lead.ready + timedelta(hours=1)) == [JOB]
    assert late_changes(ownership, lead.ready + timedelta(days=2)) == []


@given(histories(), histories(at_once=True))
def test_epochs_are_strictly_increasing_and_end_where_they_shall(
    waiting: list[Version], hurried: list[Version]
) -> None:
    for version in (*waiting, *hurried):
        starts = [epoch.effective_at for epoch in version.ownership.jobs.get(JOB, ())]
        assert starts == sorted(set(starts))


@given(st.timedeltas(timedelta(0), timedelta(days=1)), seconds)
def test_no_epoch_begins_sooner_after_the_write_than_a_side_may_keep_an_older_file(
    deploy: timedelta, answer: timedelta
) -> None:
    lead = Lead(NOON + answer, deploy)
    assert lead.ready - lead.now >= timedelta(seconds=LIFE)
    assert lead.write_by(lead.ready) + max(deploy, KEPT) + EARLY == lead.ready
    assert lead.write_by(lead.ready) >= lead.now + lead.answer
    assert (lead.ready.second, lead.ready.microsecond) == (0, 0)


def test_an_epoch_that_both_sides_may_hold_already_is_not_dropped_but_ended() -> None:
    soon, far = NOON + 5 * MINUTE, NOON + 60 * MINUTE
    lead = Lead(NOON)
    kept = shared_anew([Epoch(soon, 100, "a")], 0, lead.ready, "b", lead)
    assert kept == (Epoch(soon, 100, "a"), Epoch(NOON + 16 * MINUTE, 0, "b"))
    assert shared_anew([Epoch(far, 100, "a")], 0, lead.ready, "b", lead) == ()


def test_what_a_change_at_once_costs_is_told_tick_by_tick() -> None:
    lead = Lead(NOON + MINUTE, at_once=True)
    epochs = shared_anew([Epoch(NOON - MINUTE, 100, "a")], 0, lead.ready, "b", lead)
    ownership = Ownership({JOB: epochs})
    assert list(costs([A_JOB], ownership, lead.now)) == [
        "x: both sides may run 3 of its ticks: 12:05, 12:10, 12:15 UTC."
    ]
    assert summary(JOB, epochs) == "x: 0 % from 2026-11-24T12:17:00Z, both sides until then"
    assert percent_at(epochs, lead.ready) == 0
    waiting = shared_anew([Epoch(NOON - MINUTE, 100, "a")], 0, lead.ready, "b", Lead(NOON))
    assert list(costs([A_JOB], Ownership({JOB: waiting}), NOON)) == []


def test_an_entry_goes_to_its_own_route_once_no_call_can_be_for_a_tick_of_inngests() -> None:
    begun = [Epoch(NOON - MINUTE, 100, "a")]
    lead = Lead(NOON)
    back = shared_anew(begun, 0, lead.ready, "b", lead)
    assert vercels_from(()) is None
    assert vercels_from(back) == lead.ready
    assert vercels_from([*back, Epoch(lead.ready + MINUTE, 0, "c")]) == lead.ready
    at_once = shared_anew(begun, 0, lead.ready, "b", Lead(NOON, at_once=True))
    assert vercels_from(at_once) == lead.ready
    with pytest.raises(ValueError, match="shared"):
        vercels_from(begun)


def test_what_comes_back_without_a_guard_costs_the_ticks_that_inngest_goes_on_to_run() -> None:
    lead = Lead(NOON + MINUTE)
    epochs = shared_anew([Epoch(NOON - 60 * MINUTE, 100, "a")], 0, lead.ready, "b", lead)
    assert list(costs([A_JOB], Ownership({JOB: epochs}), lead.now, {JOB})) == [
        (
            "x: no guard is known to stand before it, so both sides may run 4 of its ticks: 12:00, 12:05,"
            " 12:10, 12:15 UTC."
        )
    ]


# What is told afterwards, where a side took the file up late


@given(
    percents=st.lists(percents, min_size=2, max_size=2),
    delays=st.tuples(minutes, minutes),
    lives=st.tuples(st.booleans(), st.booleans()),
    data=st.data(),
)
def test_every_tick_that_a_late_side_lost_or_doubled_is_told_afterwards(
    percents: list[int],
    delays: tuple[int, int],
    lives: tuple[bool, bool],
    data: st.DataObject,
) -> None:
    """Whether the process that is asked has held the older file too, or began with the newer one."""
    first, second = percents
    old = Ownership({JOB: (Epoch(NOON - MINUTE, first, "a"),)})
    start = NOON + 16 * MINUTE
    new = Ownership({JOB: (*old.jobs[JOB], Epoch(start, second, "b"))})
    taken_up = {
        side: NOON + delay * MINUTE
        for side, delay in zip((Owner.VERCEL, Owner.INNGEST), delays, strict=True)
    }
    versions = [
        Version(NOON, old, dict.fromkeys(taken_up, NOON - timedelta(days=1))),
        Version(NOON, new, taken_up),
    ]
    asked = NOON + 301 * MINUTE
    files = {digest(file): file for file in (old, new)}
    sides = [
        Holding(
            Side(str(side)),
            digest(new),
            current=True,
            ownership=new,
            held_for=asked - taken_up[side],
            before=digest(old) if lived else None,
        )
        for side, lived in zip(taken_up, lives, strict=True)
    ]
    told = list(late_mishaps([A_JOB], sides[0], sides[1], files, since=start - MINUTE, now=asked))
    ticks = {mishap.tick for mishap in told}
    certain = {mishap.tick for mishap in told if mishap.certain}
    for minute in range(17, 300, 5):
        tick = NOON + minute * MINUTE - 2 * MINUTE
        attempt = data.draw(st.sampled_from([timedelta(0), 10 * MINUTE]))
        owners = who_acts(versions, tick, timedelta(0), attempt)
        if tick >= start and len(owners) != 1:
            assert tick in ticks
        if len(owners) == 1:
            assert tick not in certain
    if max(delays) <= 16:
        assert not certain

"""The start of a new epoch: one rule for every change of owner, forth, back and at once. Pure.

An epoch never begins before both sides can hold the file that says so, counted from the instant at
which the file is written. So both sides answer alike for every tick, whenever within that time
each of them takes the file up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.moving.windows import merged_ticks
from cronshift.runtime.ownership import Epoch, Owner, Ownership, epoch_at, percent_at, tick_text
from cronshift.runtime.ticks import MINUTE, lateness

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cronshift.model import Job

DEPLOY = timedelta(minutes=15)
KEPT = timedelta(seconds=15)
"""How long a side may go on with what it read: ten seconds, two for reading, and some room."""

EARLY = timedelta(seconds=1)
"""How long before its tick a side may be asked: the engine calls up to 17 ms sooner (measured)."""

_SECOND = timedelta(seconds=1)
_A_CHANGE = 2  # epochs: while it is made, and after
_MOST_TOLD = 5  # ticks


class Lead(Struct, frozen=True):
    """The time between writing an epoch and its start.

    Attributes:
        now: when the change is worked out.
        deploy: how long it takes until both sides hold what is written; nothing where they read it
            from an address.
        answer: how long the write may wait for an answer; after that all is worked out anew.
        at_once: change owners before both sides hold the file, with both of them acting meanwhile.
    """

    now: datetime
    deploy: timedelta = DEPLOY
    answer: timedelta = MINUTE - EARLY
    at_once: bool = False

    @property
    def notice(self) -> timedelta:
        """The shortest time from the write to the start."""
        return max(self.deploy, KEPT) + EARLY

    @property
    def ready(self) -> datetime:
        """The first whole minute at which both sides hold a file that is written by then."""
        instant = self.now + self.answer + self.notice
        minute = instant.replace(second=0, microsecond=0)
        return minute if minute == instant else minute + MINUTE

    def write_by(self, start: datetime) -> datetime:
        """Return the last instant at which an epoch that begins at ``start`` may be written."""
        return start - self.notice


def shared_anew(
    epochs: Sequence[Epoch], percent: int, start: datetime, operation: str, lead: Lead
) -> tuple[Epoch, ...]:
    """Return a job's epochs with ``percent`` from ``start`` on; those that nobody holds yet go.

    At once, both sides act until ``start`` on every tick that is Inngest's before or after: a side
    that has the file already and one that has not never leave a tick to each other.
    """
    begun = [epoch for epoch in epochs if epoch.effective_at <= lead.now]
    coming = [epoch for epoch in epochs if lead.now < epoch.effective_at < start]
    if lead.at_once:
        at = lead.now.replace(microsecond=0) + _SECOND
        most = max(percent, *(epoch.percent for epoch in (*begun[-1:], *coming)), 0)
        return (*begun, Epoch(at, most, operation, Owner.BOTH), Epoch(start, percent, operation))
    kept = (*begun, *coming)
    last = epoch_at(kept, start)
    is_so = last is None or last.owner is None
    if is_so and percent_at(kept, start) == percent:
        return kept
    return (*kept, Epoch(start, percent, operation))


def paused(
    percent: int, start: datetime, until: datetime | None, operation: str
) -> tuple[Epoch, ...]:
    """Return the epochs of a pause, which keeps the percentage for the time after it."""
    ending = (Epoch(until, percent, operation),) if until else ()
    return (Epoch(start, percent, operation, Owner.NOBODY), *ending)


def is_paused(epochs: Sequence[Epoch], now: datetime) -> bool:
    """Return whether nobody runs the ticks at ``now``, or will once an epoch to come begins."""
    coming = [epoch for epoch in epochs if epoch.effective_at > now]
    return any(epoch and epoch.owner is Owner.NOBODY for epoch in (epoch_at(epochs, now), *coming))


def summary(job: str, epochs: Sequence[Epoch]) -> str:
    """Return the last of a job's epochs in words."""
    if not epochs:
        return f"{job}: 0 %"
    if epochs[-1].owner is Owner.NOBODY:
        return f"{job}: paused from {tick_text(epochs[-1].effective_at)}"
    if len(epochs) >= _A_CHANGE and epochs[-2].owner is Owner.NOBODY:
        begun = tick_text(epochs[-2].effective_at)
        return (
            f"{job}: paused from {begun} until {tick_text(epochs[-1].effective_at)}, then"
            f" {epochs[-1].percent} %"
        )
    text = f"{job}: {epochs[-1].percent} % from {tick_text(epochs[-1].effective_at)}"
    return f"{text}, both sides until then" if _is_at_once(epochs) else text


def vercels_from(epochs: Sequence[Epoch]) -> datetime | None:
    """Return the instant from which on every tick is Vercel's; ``None`` where all are.

    Raises:
        ValueError: if the last of the epochs makes a tick another's.
    """
    if not any(_is_shared(epoch) for epoch in epochs):
        return None
    if _is_shared(epochs[-1]):
        raise ValueError("ticks go on to be shared")
    behind = next(at for at in range(len(epochs), 0, -1) if _is_shared(epochs[at - 1]))
    return epochs[behind].effective_at


def costs(
    jobs: Sequence[Job], ownership: Ownership, now: datetime, unguarded: Collection[str] = ()
) -> Iterator[str]:
    """Yield, job by job, which ticks both sides may run while a change is made.

    Those are the ticks of both, and where Vercel calls a job that asks no guard, Inngest's too.

    Args:
        jobs: whose owner changes.
        ownership: as it will be.
        now: the present instant.
        unguarded: ids of jobs that Vercel calls whoever a tick belongs to.
    """
    for job in jobs:
        epochs = ownership.jobs.get(job.id, ())
        is_unguarded = job.id in unguarded
        if job.schedule is None or not (is_unguarded or _is_at_once(epochs)):
            continue
        start = now - lateness(job.schedule) if is_unguarded else epochs[-2].effective_at
        ticks = merged_ticks([job.schedule], start - _SECOND, epochs[-1].effective_at - _SECOND)
        owners = {Owner.BOTH, Owner.INNGEST} if is_unguarded else {Owner.BOTH}
        both = [tick for tick in ticks if ownership.owner(job.id, tick) in owners]
        if both:
            first = ", ".join(f"{tick:%H:%M}" for tick in both[:_MOST_TOLD])
            more = f" and {len(both) - _MOST_TOLD} more" if len(both) > _MOST_TOLD else ""
            cause = "no guard is known to stand before it, so " if is_unguarded else ""
            yield (
                f"{job.id}: {cause}both sides may run {len(both)} of its ticks: {first}{more} UTC."
            )


def _is_shared(epoch: Epoch) -> bool:
    return epoch.percent > 0 or epoch.owner is not None


def _is_at_once(epochs: Sequence[Epoch]) -> bool:
    return len(epochs) >= _A_CHANGE and epochs[-2].owner is Owner.BOTH

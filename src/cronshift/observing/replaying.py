"""Making up for ticks that nobody ran: in order, throttled, through Inngest, each once.

A run is started with the tick's own key, and the function takes the tick's claim: a server was seen to
start two runs for one invocation, and another for a key that it had refused.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.model import Missed
from cronshift.observing.fates import Fate
from cronshift.runtime import claiming, wire
from cronshift.runtime.ownership import tick_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from datetime import timedelta

    from cronshift.observing.fates import TickFate
    from cronshift.operations.services.inngest_history import InngestHistory


class Replayed(Struct, frozen=True):
    """A missed tick that was made up for.

    Attributes:
        run_id: of the run that was started; ``None`` for a tick that has run, or been asked for, before.
    """

    tick: TickFate
    run_id: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the tick's part of the document."""
        return {
            "job": self.tick.job,
            "tick": tick_text(self.tick.tick),
            "run_id": self.run_id,
        }


def to_replay(fates: Iterable[TickFate], policies: Mapping[str, Missed]) -> list[TickFate]:
    """Return the missed ticks that are to be made up for, in the order of their instants.

    What is not known is not missed.

    Args:
        fates: of ticks, job by job, each in order.
        policies: by job.
    """
    missed: dict[str, list[TickFate]] = {}
    for fate in fates:
        if fate.fate is Fate.MISSED:
            missed.setdefault(fate.job, []).append(fate)
    kept = {Missed.ALL: slice(None), Missed.LATEST: slice(-1, None), Missed.NONE: slice(0)}
    wanted = [fate for job, ticks in missed.items() for fate in ticks[kept[policies[job]]]]
    return sorted(wanted, key=lambda fate: (fate.tick, fate.job))


async def replay(
    api: InngestHistory, app: str, ticks: Sequence[TickFate], pause: timedelta
) -> AsyncIterator[Replayed]:
    """Start a run for each tick, one behind the other, and yield it.

    Args:
        api: of the environment whose functions are to run.
        app: the id of Inngest's app.
        ticks: in order.
        pause: between two runs.

    Raises:
        CronshiftError: ``inngest-api`` where one is not taken; those before it have been.
    """
    is_first = True
    for fate in ticks:
        if await asyncio.to_thread(claiming.has_run, fate.job, fate.tick):
            yield Replayed(fate, None)
            continue
        if not is_first:
            await asyncio.sleep(pause.total_seconds())
        is_first = False
        tick = tick_text(fate.tick)
        data = {"cronshift": wire.REPLAY, "scheduledAt": tick, "missed": True}
        yield Replayed(fate, await api.invoke(app, fate.job, data, f"{fate.job} {tick}"))

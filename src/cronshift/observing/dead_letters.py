"""Dead letters, read where they are kept, and run again through Inngest, each once."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.observing.ledger_database import database_url, told_by_database
from cronshift.operations.services.inngest_history import InngestHistory
from cronshift.runtime import claiming, wire
from cronshift.runtime.ownership import tick_text
from cronshift.runtime.store.dead_letters import DeadLetters, retention

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence
    from datetime import datetime

    from cronshift.runtime.dead_letters import DeadLetter

_A_MINUTE = timedelta(minutes=1)


class ReplayedLetter(Struct, frozen=True):
    """A dead letter that was run again.

    Attributes:
        run_id: of the run that was started, or of the session that waits again; ``None`` where the tick has
            run, or the session was taken up or settled, meanwhile.
    """

    letter: DeadLetter
    run_id: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the letter's part of the document."""
        return {"run_id": self.letter.run_id, "job": self.letter.job, "replay": self.run_id}


def letter_json(letter: DeadLetter) -> dict[str, Any]:
    """Return a letter's part of a document."""
    return {
        "run_id": letter.run_id,
        "job": letter.job,
        "status": letter.status.value,
        "tick": tick_text(letter.tick) if letter.tick else None,
        "event": letter.event,
        "event_id": letter.event_id,
        "error": letter.error,
        "attempts": letter.attempts,
        "died": letter.died.isoformat(timespec="milliseconds"),
        "replayed": letter.replayed and letter.replayed.isoformat(timespec="milliseconds"),
        "replay": letter.replay,
    }


def read_letters(environ: Mapping[str, str], now: datetime) -> list[DeadLetter]:
    """Return the letters that are kept where the ledger is, the newest first.

    Raises:
        CronshiftError: ``no-ledger`` or ``inngest-api`` where none can be read.
    """
    if environ.get(wire.LEDGER_VARIABLE) == wire.LEDGER_EVENTS:
        return asyncio.run(_sent(environ, now))
    with told_by_database(), closing(DeadLetters.open(database_url(environ))) as letters:
        return letters.read()


def drop_letters(environ: Mapping[str, str], run_ids: Collection[str]) -> int:
    """Forget letters, and return how many there were.

    Raises:
        CronshiftError: ``no-ledger`` where they are in no database.
    """
    with told_by_database(), closing(DeadLetters.open(database_url(environ))) as letters:
        return letters.drop(run_ids)


async def replay_letters(
    environ: Mapping[str, str], app: str, letters: Sequence[DeadLetter], now: datetime
) -> AsyncIterator[ReplayedLetter]:
    """Start a run for the tick of each letter, and yield it.

    A letter is the key of its run, so that Inngest starts one of two askers' runs; one that dies again
    leaves a letter of its own. Where claims are on, a tick that has run meanwhile is left out.

    Raises:
        CronshiftError: ``inngest-api`` where one is not taken; those before it have been.
    """
    async with InngestHistory.of(environ) as api:
        for letter in letters:
            if letter.tick is None:
                continue
            run_id = None
            if not await asyncio.to_thread(claiming.has_run, letter.job, letter.tick):
                data = {"cronshift": wire.REPLAY, "scheduledAt": tick_text(letter.tick)}
                key = f"dead letter {letter.run_id}"
                run_id = await api.invoke(app, letter.job, data, key)
            replayed = ReplayedLetter(letter, run_id)
            await asyncio.to_thread(mark_replayed, environ, [replayed], now)
            yield replayed


def mark_replayed(
    environ: Mapping[str, str], replayed: Sequence[ReplayedLetter], now: datetime
) -> None:
    """Record what was started in the place of letters, where they are in a database."""
    if environ.get(wire.LEDGER_VARIABLE) == wire.LEDGER_EVENTS:
        return
    with told_by_database(), closing(DeadLetters.open(database_url(environ))) as letters:
        for each in replayed:
            letters.replayed(each.letter.run_id, each.run_id or "", now)


async def _sent(environ: Mapping[str, str], now: datetime) -> list[DeadLetter]:
    async with InngestHistory.of(environ) as api:
        sent = api.dead_letters(now - retention(), now + _A_MINUTE)
        by_run = {letter.run_id: letter async for letter in sent}
    return sorted(by_run.values(), key=lambda letter: letter.died, reverse=True)

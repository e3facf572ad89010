"""Keeping dead letters where the ledger's records go (``CRONSHIFT_LEDGER_URL``).

Nothing here can fail or delay a job: the function that keeps one is not the job's own, and gives up
after ten seconds.
"""

from __future__ import annotations

import asyncio
import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cronshift.runtime import wire
from cronshift.runtime.dead_letters import DeadLetter, error_text
from cronshift.runtime.jobs import TICK_EVENT
from cronshift.runtime.keeping import keep_letter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cronshift.runtime.ledger import TickStatus

KEPT = "kept"
_ID_CHARACTERS = 200  # as many as a letter from another process may have
_PATIENCE = 10.0  # seconds
_logger = logging.getLogger("cronshift")


def letter_of(
    job: str, ended: Mapping[str, Any], status: TickStatus, error: str
) -> DeadLetter | None:
    """Return the letter of a run; ``None`` for one that a person began, or another environment.

    Args:
        job: its id.
        ended: the data of the event that tells its end.
        status: how it ended.
        error: why.
    """
    from cronshift.runtime.calls import (  # they need the SDK, a guard has none
        other_environment,
        tick_of,
    )

    event = ended.get("event")
    event = event if isinstance(event, dict) else {}
    data = event.get("data")
    data = data if isinstance(data, dict) else {}
    if data.get("cronshift") == wire.BY_HAND or other_environment():
        return None
    is_tick = event.get("name") == TICK_EVENT or data.get("cronshift") == wire.REPLAY
    return DeadLetter(
        run_id=str(ended.get("run_id")),
        job=job,
        status=status,
        tick=tick_of(data, int(event.get("ts") or 0)) if is_tick else None,
        event=str(event.get("name") or "")[:_ID_CHARACTERS],
        event_id=str(event.get("id") or "")[:_ID_CHARACTERS],
        error=error_text(error),
        died=datetime.now(UTC),
    )


async def bury(
    job: str, ended: Mapping[str, Any], status: TickStatus, error: str, secret_env: str
) -> str:
    """Keep the letter of a run, if it leaves one, and return how that went; nothing is raised."""
    letter = letter_of(job, ended, status, error)
    return "it leaves none" if letter is None else await keep(letter, secret_env)


async def keep(letter: DeadLetter, secret_env: str) -> str:
    """Keep a letter where the ledger is, and return how that went; nothing is raised."""
    url = os.environ.get(wire.LEDGER_VARIABLE)
    if not url:
        return "no ledger is set"
    try:
        keeping = asyncio.to_thread(keep_letter, url, secret_env, letter)
        await asyncio.wait_for(keeping, _PATIENCE)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told and goes no further
        # Its text may hold the address.
        _logger.warning("%s: no dead letter was kept: %s", letter.job, type(error).__name__)
        return f"not kept: {type(error).__name__}"
    return KEPT

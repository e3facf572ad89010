"""The engine's time: real while something works, and jumped over where nothing does."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class Clock:
    """Time as a run sees it.

    Args:
        real: wait for what is due instead of jumping to it.
    """

    def __init__(self, *, real: bool = False) -> None:
        self.real = real
        self._jumped = timedelta(0)

    def jumped(self) -> timedelta:
        """Return the time that was jumped over until now."""
        return self._jumped

    def now(self) -> datetime:
        """Return the current instant of the run, UTC."""
        return datetime.now(UTC) + self._jumped

    async def reach(self, due: datetime, sooner: asyncio.Event | None = None) -> None:
        """Come to ``due``: by waiting, or at once. In real time ``sooner`` ends the wait."""
        rest = due - self.now()
        if rest <= timedelta(0):
            return
        if not self.real:
            self._jumped += rest
        elif sooner is None:
            await asyncio.sleep(rest.total_seconds())
        else:
            try:
                async with asyncio.timeout(rest.total_seconds()):
                    await sooner.wait()
            except TimeoutError:
                return

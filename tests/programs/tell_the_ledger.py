"""Tell the ledger of one tick, and end at once."""

from __future__ import annotations

from datetime import UTC, datetime

import cronshift.runtime.store.ledger  # noqa: F401 - loaded, so that the end is not spent on that
from cronshift.runtime import recording
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus

TICK = datetime(2026, 11, 27, 12, tzinfo=UTC)
recorder = recording.recorder("CRON_SECRET")
assert recorder is not None
recorder.add(
    lambda: TickRecord(
        job="x",
        tick=TICK,
        side=Side.VERCEL,
        owner="",
        role=Role.ACTED,
        arrived=TICK,
        status=TickStatus.RUNNING,
    )
)

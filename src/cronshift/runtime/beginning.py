"""The first step of every run: whether the run is to do its work at all, settled once.

A run that has begun keeps its tick: what this step said stands in the run's state, and no later
attempt asks again, whatever the ownership file says by then.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cronshift.runtime import claiming, pinging, wire
from cronshift.runtime.answers import Answer, skipped
from cronshift.runtime.calls import USUAL_SECRET, claimed_by_another, witness_of
from cronshift.runtime.held import SOURCE
from cronshift.runtime.looking import look
from cronshift.runtime.rehearsing import rehearse_beside_vercel

if TYPE_CHECKING:
    from inngest import Context

    from cronshift.runtime.calls import Call, CallHandler

PAUSE = timedelta(seconds=20)
"""Between two looks at whether the run of an earlier tick still goes on."""

_STEP = "due"
_LATER = "later"


async def due(ctx: Context, call: Call, handler: CallHandler | None = None) -> Answer | None:
    """Settle in a step whether the run does its work; return the whole answer where it does not.

    A tick is skipped that is not Inngest's, that is too old, or that another run has claimed. Where
    claims are on, a job that queues lets the runs of its earlier ticks end first: the engine's
    concurrency counts steps, so it would let this run in between two of theirs. Where there is a
    ledger, it is told what this side saw.

    Args:
        ctx: the run.
        call: what the run is for.
        handler: what would answer it.
    """
    queued = datetime.now(UTC).timestamp() - ctx.event.ts / 1000 if ctx.event.ts else 0.0
    reason = await ctx.step.run(_STEP, _settle, call, handler, queued)
    while reason == _LATER:
        await ctx.step.sleep("wait", PAUSE)
        reason = await ctx.step.run(_STEP, _settle, call, handler, queued)
    if not reason:
        return None
    await rehearse_beside_vercel(ctx, call, handler, reason)
    return skipped(reason)


async def _settle(call: Call, handler: CallHandler | None, queued: float) -> str | None:
    """Return the reason why the run does not begin, if it does not, once the ledger is told."""
    secret_env = handler.secret_env if handler else USUAL_SECRET
    witness = witness_of(call, secret_env)
    reason = await _reason_to_wait(call, secret_env)
    if reason is None and call.scheduled:
        await pinging.begin(call.job, call.run_id)
    if witness is None or reason == _LATER:
        return reason
    if reason is None:
        witness.began(0)
        return None
    seen = await look(call, handler) if reason.startswith(wire.OWNER_PREFIX) else {}
    witness.stood_by({"reason": reason, **seen}, {"queued": round(max(queued, 0.0), 3)})
    return reason


async def _reason_to_wait(call: Call, secret_env: str) -> str | None:
    """Return the reason why the run does not begin, if it does not: for good, or for now."""
    await SOURCE.refresh()
    fresh = replace(call, attempt=0)  # earlier attempts of this step have begun nothing
    reason = fresh.reason_to_skip() or await claimed_by_another(call, secret_env)
    if reason or not (call.scheduled and call.job.queues and claiming.is_configured()):
        return reason
    goes_on = await asyncio.to_thread(claiming.goes_on_before, call.job.id, call.tick, secret_env)
    return _LATER if goes_on else None

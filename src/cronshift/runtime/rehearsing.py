"""Rehearsals of a function: the job's dry run, whose errors are told to the ledger and to nobody else.

The side that stands by rehearses what the other one does; so does the side that acts, beside its work:
what differs between its own two answers says nothing of a side.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cronshift.runtime.calls import witness_of
from cronshift.runtime.dry_runs import FLOOR, goes_first, is_others
from cronshift.runtime.ledger import Role
from cronshift.runtime.looking import look
from cronshift.runtime.ownership import Owner
from cronshift.runtime.witness import attempted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inngest import Context

    from cronshift.runtime.calls import Call, CallHandler

_BEHIND = timedelta(minutes=2)
"""Vercel has called by then, where its plan does so within the minute."""

_STEP = "rehearse"
_logger = logging.getLogger("cronshift")


async def rehearse_beside_vercel(
    ctx: Context, call: Call, handler: CallHandler | None, reason: str
) -> None:
    """Rehearse a tick that Vercel runs, where the job declares a dry run and a ledger takes it.

    Args:
        ctx: the run.
        call: what it is for.
        handler: what answers.
        reason: why the run does not do its work.
    """
    if call.job.rehearsal is None or handler is None or not is_others(reason, Owner.VERCEL):
        return
    if not goes_first(call.job.id, call.tick):
        await ctx.step.sleep("let Vercel go first", _BEHIND)
    sent = datetime.fromtimestamp(ctx.event.ts / 1000, UTC)
    seen = {"reason": reason, "sent": sent.isoformat(timespec="milliseconds")}
    await ctx.step.run(_STEP, _rehearse, call, handler, seen)


async def rehearse(ctx: Context, call: Call, handler: CallHandler) -> None:
    """Rehearse a tick that this run has done the work of."""
    if call.job.rehearsal is not None and call.scheduled:
        await ctx.step.run(_STEP, _rehearse, call, handler, None)


async def _rehearse(call: Call, handler: CallHandler, seen: Mapping[str, str] | None) -> str:
    """Make the dry run, and return how that went; nothing is raised."""
    witness = witness_of(
        call, handler.secret_env, Role.REHEARSED, run_id=call.run_id + ("" if seen else FLOOR)
    )
    if witness is None:
        return "no ledger is set"
    try:
        witness.saw({**seen, **await look(call, handler)} if seen else {})
        with attempted(witness, 1):
            answer = await handler.send(call.rehearsed)
    except Exception as error:  # noqa: BLE001 - whatever it is, the tick is another's
        _logger.info("%s: the rehearsal failed: %s", call.job.id, type(error).__name__)
        return f"failed: {type(error).__name__}"
    return f"answered {answer['status']}"

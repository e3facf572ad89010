"""Reports of a job's outcome to the outside: a ping that never fails the job.

A run that fails for good is told by its own failure handler. One that Inngest cancels, most often
because it took longer than its ``finish`` timeout, has none: one function of the app tells those.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from inngest import TriggerEvent

from cronshift.runtime import claiming, pinging, recording
from cronshift.runtime.calls import USUAL_SECRET, tick_of
from cronshift.runtime.held import SOURCE
from cronshift.runtime.jobs import CANCELLED_EVENT, TICK_EVENT
from cronshift.runtime.ledger import Side, TickStatus
from cronshift.runtime.letter_keeping import bury
from cronshift.runtime.pinging import Signal
from cronshift.runtime.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inngest import Context, Inngest

    from cronshift.runtime.calls import Call
    from cronshift.runtime.jobs import JobSpec

_logger = logging.getLogger("cronshift")


_BY_HAND = "not told: no run of the schedule"


async def report_success(job: JobSpec, call: Call | None = None) -> str:
    """Tell the job's monitor that a run has succeeded, and return how that went; nothing is raised.

    Args:
        job: what has run.
        call: what the run was for; modules that were generated before do not give it.
    """
    if call is not None and not call.scheduled:
        return _BY_HAND
    if call is None:
        return await pinging.end(job, Signal.SUCCESS, "")
    return await pinging.end(job, Signal.SUCCESS, call.run_id, call.tick)


async def report_failure(job: JobSpec, ctx: Context) -> None:
    """Log why the job failed for good, and tell its monitor."""
    await ctx.step.run("report", _report, job, failure_message(ctx.event.data), ctx.event.data)


async def report_row_failure(job: JobSpec, ctx: Context, param: str) -> None:
    """Tell the same of the run that one row has, with its value."""
    event = ctx.event.data.get("event")
    data = event.get("data") if isinstance(event, dict) else None
    value = data.get("value") if isinstance(data, dict) else None
    named = replace(job, id=f"{job.id} {param}={value}")
    await ctx.step.run("report", _report, named, failure_message(ctx.event.data), ctx.event.data)


def cancelled_runs(client: Inngest, jobs: Sequence[JobSpec]) -> TriggerEvent:
    """Return the trigger of every run of the jobs that Inngest cancels; of no other app's."""
    ids = json.dumps([f"{client.app_id}-{job.id}" for job in jobs])
    return TriggerEvent(event=CANCELLED_EVENT, expression=f"event.data.function_id in {ids}")


async def report_cancelled(client: Inngest, jobs: Sequence[JobSpec], ctx: Context) -> str:
    """Tell like a failure that Inngest cancelled a run, and return how that went.

    The work of its last request may have been done all the same: Inngest does not wait for it.
    """
    function = ctx.event.data.get("function_id")
    job = next((job for job in jobs if function == f"{client.app_id}-{job.id}"), None)
    if job is None:
        return f"{function} is no job of this app"
    message = cancelled_message(ctx.event.data)
    return await ctx.step.run("report", _report_cancelled, job, message, ctx.event.data)


async def _report_cancelled(job: JobSpec, message: str, ended: Mapping[str, Any]) -> str:
    event = ended.get("event")
    recorder = recording.recorder(USUAL_SECRET)
    if recorder is not None and isinstance(event, dict) and event.get("name") == TICK_EVENT:
        tick = tick_of(event.get("data") or {}, int(event.get("ts") or 0))
        run_id = str(ended.get("run_id"))
        witness = Witness(recorder, Side.INNGEST, job, tick, run_id, SOURCE.current())
        witness.ended(TickStatus.CANCELLED, None)
    return await _report(job, message, ended, TickStatus.CANCELLED)


async def _report(
    job: JobSpec, message: str, ended: Mapping[str, Any], status: TickStatus = TickStatus.FAILED
) -> str:
    """Tell it, and give back the tick of the run that ended, so that none waits for it."""
    event = ended.get("event")
    if claiming.is_configured() and isinstance(event, dict):
        tick = tick_of(event.get("data") or {}, int(event.get("ts") or 0))
        await asyncio.to_thread(claiming.release, job.id, tick, str(ended.get("run_id")))
    _logger.error("%s failed: %s", job.id, message)
    await bury(job.id, ended, status, message, USUAL_SECRET)
    if not pinging.is_watched(event):
        return _BY_HAND
    return await pinging.end(job, Signal.FAILURE, str(ended.get("run_id")))


def failure_message(ended: Mapping[str, Any]) -> str:
    """Return the error that the engine tells in the data of ``inngest/function.failed``."""
    error = ended.get("error")
    fields = error if isinstance(error, dict) else {}
    parts = [fields.get(name) for name in ("name", "message")]
    return ": ".join(part for part in parts if isinstance(part, str) and part) or "no reason given"


def cancelled_message(ended: Mapping[str, Any]) -> str:
    """Return the reason why a run ended, from the data of ``inngest/function.cancelled``."""
    return (
        f"Inngest cancelled the run {ended.get('run_id')}, most often because it took"
        " longer than its finish timeout"
    )

"""The session flow's functions: process a session, settle failed and cancelled ones, recover.

The app brings the one thing that nobody else knows: how an item is processed.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import inngest

from cronshift.inngest_fns.relay import relay, send_own
from cronshift.runtime.calls import USUAL_SECRET
from cronshift.runtime.ledger import TickStatus
from cronshift.runtime.letter_keeping import bury
from cronshift.runtime.ownership import Owner
from cronshift.runtime.reporting import cancelled_message, failure_message
from cronshift.sessions.events import InvalidEventError, check_event
from cronshift.sessions.flow import EVENT, Enqueued, SessionClaim, SessionFlow
from cronshift.sessions.sweeping import exact

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from decimal import Decimal

__all__ = [
    "FlowOptions",
    "Item",
    "enqueue_session",
    "relay",
    "session_functions",
]

_logger = logging.getLogger("cronshift")


@dataclass(frozen=True, slots=True)
class Item:
    """One unit of a session's work: a model of a batch.

    Attributes:
        key: the same for every attempt; a processor that keeps it makes its work once.
    """

    session_id: str
    user_id: str
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a session's run; ``delivered`` is the number of items, where that is known."""

    session: str
    run_id: str
    well: bool
    reason: str
    delivered: int | None = None


@dataclass(frozen=True, slots=True)
class FlowOptions:
    """The options of the flow's functions; the names are the SDK's own.

    Attributes:
        items: the column with a session's items; without one the session is its one item.
    """

    items: str | None = "selected_models"
    retries: int = 3
    parallel: bool = False
    finish: timedelta = timedelta(minutes=15)
    throttle: inngest.Throttle | None = None
    recovery: str = "TZ=UTC */10 * * * *"
    concurrency: list[inngest.Concurrency] = field(default_factory=list)


def session_functions(
    client: inngest.Inngest,
    flow: SessionFlow,
    process: Callable[[Item], Awaitable[Any]],
    options: FlowOptions | None = None,
) -> list[inngest.Function[Any]]:
    """Return the functions of a flow, to be served with the app's others.

    Args:
        client: the app's.
        flow: the tables they work on.
        process: processes one item, keeps what it delivers, and raises where it cannot.
        options: retries, limits, times.
    """
    chosen = options or FlowOptions()
    names = (flow.name, f"{flow.name}-recovery")
    cancellable = {f"{client.app_id}-{name}": name for name in names}

    async def settle_failed(ctx: inngest.Context) -> dict[str, Any]:
        await _bury_failed(ctx, flow.name)
        return await ctx.step.run("settle", _settle_run, flow, *_run_of(ctx), "failed")

    async def recovery_failed(ctx: inngest.Context) -> None:
        await _bury_failed(ctx, f"{flow.name}-recovery")

    @client.create_function(
        fn_id=f"{flow.name}",
        trigger=inngest.TriggerEvent(event=EVENT),
        retries=chosen.retries,
        timeouts=inngest.Timeouts(finish=chosen.finish),
        throttle=chosen.throttle,
        concurrency=chosen.concurrency or None,
        on_failure=settle_failed,
    )
    async def process_session(ctx: inngest.Context) -> dict[str, Any]:
        data = _checked(ctx.event.data)
        session, user = data["session_id"], data["user_id"]
        claim = await ctx.step.run("claim", _claim, flow, session, user, ctx.run_id)
        if claim == SessionClaim.FOREIGN:
            _logger.warning("%s: an event names another user than its session", flow.name)
            raise inngest.NonRetriableError("the session is not this user's")
        if claim == SessionClaim.GONE:
            return {"skipped": "not queued"}
        items = await ctx.step.run("items", _items, flow, session, chosen.items)
        branches = tuple(
            _branch(ctx, process, Item(session, user, name, f"{session}:{name}")) for name in items
        )
        if chosen.parallel and branches:
            done = await ctx.group.parallel(branches)
        else:
            done = tuple([await branch() for branch in branches])
        failed = [name for name, well in zip(items, done, strict=True) if not well]
        well = not items or len(failed) < len(items)
        reason = "" if not failed else f"not delivered: {', '.join(failed)}"
        ended = Ended(session, ctx.run_id, well, reason, len(items) - len(failed))
        await ctx.step.run("finish", _finish, flow, ended)
        return {"delivered": ended.delivered, "failed": failed}

    @client.create_function(
        fn_id=f"{flow.name}-cancelled",
        trigger=inngest.TriggerEvent(
            event="inngest/function.cancelled",
            expression=f"event.data.function_id in {json.dumps(list(cancellable))}",
        ),
        retries=chosen.retries,
    )
    async def settle_cancelled(ctx: inngest.Context) -> dict[str, Any]:
        ended = ctx.event.data
        name = cancellable.get(str(ended.get("function_id")), flow.name)
        why = cancelled_message(ended)
        await ctx.step.run("dead letter", _bury, name, ended, TickStatus.CANCELLED, why)
        return await ctx.step.run("settle", _settle_run, flow, *_run_of(ctx), "took too long")

    @client.create_function(
        fn_id=f"{flow.name}-recovery",
        trigger=inngest.TriggerCron(cron=chosen.recovery),
        retries=chosen.retries,
        on_failure=recovery_failed,
        concurrency=[inngest.Concurrency(limit=1)],
    )
    async def recover(ctx: inngest.Context) -> dict[str, int]:
        figures = await ctx.step.run("recover", _recover, flow)
        figures["sent"] = await ctx.step.run("relay", _relay, flow, client)
        return figures

    return [process_session, settle_cancelled, recover]


async def enqueue_session(  # noqa: PLR0913 - two that serve, four that are asked for
    flow: SessionFlow,
    client: inngest.Inngest,
    *,
    user_id: Any,
    cost: int | Decimal,
    values: Mapping[str, Any],
    legacy: Callable[[str], Awaitable[Any]],
) -> Enqueued:
    """Ask for a session on behalf of a user, by the path that the ownership file gives them.

    On the new path the session is QUEUED and its own event sent, and no other; where that fails the
    event waits in the outbox, and whoever relays sends it. On the old path ``legacy`` is awaited with the session's id.

    Args:
        flow: the tables.
        client: sends the event.
        user_id: the authenticated caller, who owns the session and pays for it.
        cost: in credits.
        values: the session's other columns.
        legacy: does the work as before.

    Raises:
        NotEnoughCreditsError: if the balance does not allow it; nothing was written.
    """
    made = await asyncio.to_thread(flow.enqueue, user_id, cost, values, sends=True)
    if made.owner is Owner.VERCEL:
        await legacy(made.session_id)
    elif made.leased is not None:
        await send_own(flow, client, made.leased)
    return made


async def _bury_failed(ctx: inngest.Context, name: str) -> None:
    """Keep the letter first: a database that is away keeps the session from being settled."""
    ended = ctx.event.data
    await ctx.step.run("dead letter", _bury, name, ended, TickStatus.FAILED, failure_message(ended))


async def _bury(name: str, ended: Mapping[str, Any], status: TickStatus, error: str) -> str:
    return await bury(name, ended, status, error, USUAL_SECRET)


def _checked(data: Any) -> dict[str, Any]:
    try:
        return check_event(EVENT, data)
    except InvalidEventError as error:
        _logger.warning("%s", error)
        raise inngest.NonRetriableError(str(error)) from error


def _run_of(ctx: inngest.Context) -> tuple[str, str]:
    """Return the run that failed or was cancelled, and its session; ``""`` where none is told."""
    event = ctx.event.data.get("event")
    data = event.get("data") if isinstance(event, dict) else None
    session = data.get("session_id") if isinstance(data, dict) else None
    run = ctx.event.data.get("run_id")
    return run if isinstance(run, str) else "", session if isinstance(session, str) else ""


def _branch(
    ctx: inngest.Context, process: Callable[[Item], Awaitable[Any]], item: Item
) -> Callable[[], Awaitable[bool]]:
    """Return a function that runs one item's step and says whether it was delivered."""

    async def branch() -> bool:
        try:
            return await ctx.step.run(f"process {item.name}", _process, process, item)
        except inngest.StepError:
            return False

    return branch


async def _process(process: Callable[[Item], Awaitable[Any]], item: Item) -> bool:
    try:
        await process(item)
    except inngest.NonRetriableError as error:
        _logger.warning("%s: %s", item.key, error)
        return False
    return True


async def _claim(flow: SessionFlow, session: str, user: str, run_id: str) -> str:
    return str(await asyncio.to_thread(flow.claim, session, user, run_id))


async def _items(flow: SessionFlow, session: str, column: str | None) -> list[str]:
    return await asyncio.to_thread(flow.items, session, column)


async def _finish(flow: SessionFlow, ended: Ended) -> dict[str, Any]:
    report = await asyncio.to_thread(
        flow.settle,
        ended.session,
        well=ended.well,
        reason=ended.reason,
        run_id=ended.run_id,
        delivered=ended.delivered,
    )
    for each in report.exceptions:
        _logger.error("%s: a session cannot be settled: %s", flow.name, each.reason)
    aside = {"aside": [each.reason for each in report.exceptions]} if report.exceptions else {}
    return {"settled": report.settled, "refunded": exact(report.credits)} | aside


async def _settle_run(flow: SessionFlow, run_id: str, session: str, reason: str) -> dict[str, Any]:
    if not run_id or not session:
        return {"settled": 0, "refunded": 0}
    return await _finish(flow, Ended(session, run_id, False, reason))


async def _recover(flow: SessionFlow) -> dict[str, int]:
    queued, report = await asyncio.to_thread(flow.recover)
    for each in report.exceptions:
        _logger.error("%s: a session cannot be settled: %s", flow.name, each.reason)
    aside = {"aside": report.aside.total} if report.aside.total else {}
    return {"queued_again": queued, "settled": report.settled} | aside


async def _relay(flow: SessionFlow, client: inngest.Inngest) -> int:
    return await relay(flow, client)

"""Calls to Vercel and Inngest, each of which can be made again without harm.

Tokens and values are read from variables when a call is made, and are nowhere else.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError, NotWellError
from cronshift.operations.changes import KeptAt, MakeMonitor, RemoteAction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.operations.changes import Call, CallService
    from cronshift.operations.services.vercel import VercelService

_PATIENCE = timedelta(seconds=60)
_SIGNING_KEY = "INNGEST_SIGNING_KEY"


def check(calls: Iterable[Call]) -> None:
    """Make sure that the variables which calls need are set, before anything is changed.

    Raises:
        CronshiftError: naming the first that is not.
    """
    for call in calls:
        for names in _names(call):
            if not any(os.environ.get(name, "").strip() for name in names):
                raise _not_set(" or ".join(names))


def _names(call: Call) -> Iterator[tuple[str, ...]]:
    """Yield the variables that a call needs, of each tuple one."""
    from cronshift.operations.services.inngest import API_KEY
    from cronshift.operations.services.monitors import VARIABLES
    from cronshift.operations.services.vercel import TOKEN

    if isinstance(call, MakeMonitor):
        yield from ((name,) for name in VARIABLES[call.service])
        if call.kept_at is not None:
            yield (TOKEN,)
        return
    yield (API_KEY, _SIGNING_KEY) if call.action is RemoteAction.SYNC else (TOKEN,)
    if call.action is RemoteAction.SET_VARIABLE:
        yield (call.name,)


def make(calls: Iterable[Call]) -> None:
    """Make calls one after the other.

    Raises:
        CronshiftError: for the first that fails; those before it are made.
    """
    import asyncio  # a fifteenth of a start

    for call in calls:
        asyncio.run(_make(call))


async def _make(call: Call) -> None:
    if isinstance(call, MakeMonitor):
        await _watch(call)
    elif call.action is RemoteAction.SYNC:
        await _sync(call)
    else:
        await _at_vercel(call)


async def _watch(call: MakeMonitor) -> None:
    """Make a monitor, and keep its address where the functions read it."""
    from cronshift.operations.services.monitors import put

    remote = await put(call.service, call.monitor, os.environ, _PATIENCE)
    if call.kept_at is None:
        return
    if not remote.address.startswith(("https://", "http://")):
        raise CronshiftError(
            f"{call.service} tells no address of {call.monitor.slug}.",
            reason="api-refuses",
            hint="A key that may only read is told none: use one that may write.",
        )
    kept = call.kept_at
    async with _vercel(kept.project, kept.team) as vercel:
        await _set(vercel, kept, remote.address)


def _vercel(project: str, team: str) -> VercelService:
    from cronshift.operations.services.vercel import TOKEN, VercelService, vercel_server

    base = vercel_server(os.environ)
    return VercelService(os.environ[TOKEN], project, team or None, base=base, timeout=_PATIENCE)


async def _at_vercel(call: CallService) -> None:
    async with _vercel(call.project, call.team) as vercel:
        if call.action is RemoteAction.SET_VARIABLE:
            kept = KeptAt(call.name, call.project, call.team, call.target)
            await _set(vercel, kept, os.environ[call.name].strip())
        elif not (await vercel.project()).has_bypass:
            await vercel.make_bypass()


async def _set(vercel: VercelService, kept: KeptAt, value: str) -> None:
    """Set a variable at Vercel, unless it is set there."""
    there = {
        (variable.key, target)
        for variable in await vercel.variables()
        for target in variable.targets
        if not variable.git_branch
    }
    if (kept.name, kept.target) not in there:
        await vercel.set_variable(kept.name, value, kept.target)


async def _sync(call: CallService) -> None:
    from cronshift.operations.services.api_address import second_api
    from cronshift.operations.services.inngest import API_KEY, InngestService

    token = os.environ.get(API_KEY, "").strip() or os.environ.get(_SIGNING_KEY)
    base, environment = second_api(os.environ), call.environment or None
    async with InngestService(base, token, environment, timeout=_PATIENCE) as inngest:
        result = await inngest.sync(call.app, call.url)
    if not result.is_taken:
        why = result.error.message if result.error is not None else f"it is {result.status}"
        raise NotWellError(
            f"Inngest did not take the functions of {call.app} at {call.url}: {why}",
            reason="sync-failed",
            hint="cronshift doctor tells what keeps it from that.",
        )


def _not_set(name: str) -> CronshiftError:
    return CronshiftError(
        f"{name} is not set, and what is to be done needs it.",
        reason="missing-secret",
        hint=f"Set {name}, and try again. Nothing was changed.",
        where=name,
    )

"""Calls to Vercel and Inngest, each of which can be made again without harm.

Tokens and values are read from variables when a call is made, and are nowhere else.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError, NotWellError
from cronshift.operations.changes import RemoteAction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cronshift.operations.changes import CallService
    from cronshift.operations.services.vercel import VercelService

_PATIENCE = timedelta(seconds=60)
_SIGNING_KEY = "INNGEST_SIGNING_KEY"


def check(calls: Iterable[CallService]) -> None:
    """Make sure that the variables which calls need are set, before anything is changed.

    Raises:
        CronshiftError: naming the first that is not.
    """
    from cronshift.operations.services.inngest import API_KEY
    from cronshift.operations.services.vercel import TOKEN

    for call in calls:
        names = (API_KEY, _SIGNING_KEY) if call.action is RemoteAction.SYNC else (TOKEN,)
        if not any(os.environ.get(name, "").strip() for name in names):
            raise _not_set(" or ".join(names))
        if call.action is RemoteAction.SET_VARIABLE and not os.environ.get(call.name, "").strip():
            raise _not_set(call.name)


def make(calls: Iterable[CallService]) -> None:
    """Make calls one after the other.

    Raises:
        CronshiftError: for the first that fails; those before it are made.
    """
    import asyncio  # a fifteenth of a start

    for call in calls:
        asyncio.run(_sync(call) if call.action is RemoteAction.SYNC else _at_vercel(call))


async def _at_vercel(call: CallService) -> None:
    from cronshift.operations.services.vercel import TOKEN, VercelService, vercel_server

    token, base = os.environ[TOKEN], vercel_server(os.environ)
    team = call.team or None
    async with VercelService(token, call.project, team, base=base, timeout=_PATIENCE) as vercel:
        if call.action is RemoteAction.SET_VARIABLE:
            await _set(vercel, call)
        elif not (await vercel.project()).has_bypass:
            await vercel.make_bypass()


async def _set(vercel: VercelService, call: CallService) -> None:
    there = {
        (variable.key, target)
        for variable in await vercel.variables()
        for target in variable.targets
        if not variable.git_branch
    }
    if (call.name, call.target) not in there:
        await vercel.set_variable(call.name, os.environ[call.name].strip(), call.target)


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

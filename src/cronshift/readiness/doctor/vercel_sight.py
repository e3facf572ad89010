"""A look at a Vercel project: its entries, the names of its variables, its bypass."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.operations.services.api import ApiError, ApiProblem
from cronshift.operations.services.vercel import Variable, VercelProject, VercelService
from cronshift.readiness.doctor.asking import PATIENCE

if TYPE_CHECKING:
    from cronshift.readiness.doctor.asking import Asking


class VercelSight(Struct, frozen=True):
    """Vercel's answers.

    Attributes:
        variables: by name and target; why not, where it did not say.
        skew: seconds that its clock is ahead, where it tells.
    """

    project: VercelProject
    variables: tuple[Variable, ...] | ApiError
    skew: float | None = None


async def look_at_vercel(asking: Asking, deadline: float) -> VercelSight | ApiError | None:
    """Ask Vercel about the environment's project; nothing where no token or no project is known."""
    token, project = asking.vercel_token, asking.vercel_project
    if token is None or project is None:
        return None
    team, base = asking.vercel_team, asking.vercel_server
    try:
        async with (
            asyncio.timeout_at(deadline),
            VercelService(token, project, team, base=base, timeout=PATIENCE) as api,
        ):
            there, variables = await asyncio.gather(
                api.project(), api.variables(), return_exceptions=True
            )
            skew = (api.told_at - datetime.now(UTC)).total_seconds() if api.told_at else None
    except TimeoutError:
        return ApiError("Vercel", ApiProblem.UNREACHABLE, "Vercel did not answer in time.")
    if isinstance(there, ApiError):
        return there
    for answer in (there, variables):
        if isinstance(answer, BaseException) and not isinstance(answer, ApiError):
            raise answer
    return VercelSight(there, variables, skew)  # type: ignore[arg-type] # what else it is was raised

"""A look at an Inngest environment: its keys, and the app's functions."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import httpx
from msgspec import Struct

from cronshift.operations.services.api import ApiError, ApiProblem
from cronshift.operations.services.inngest import (
    OWN_SERVERS_ENVIRONMENT,
    ApiKey,
    InngestEnvironment,
    InngestService,
    RemoteFunction,
)
from cronshift.readiness.doctor.asking import PATIENCE
from cronshift.runtime import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from cronshift.readiness.doctor.asking import Asking

T = TypeVar("T")

_AT_ONCE = 20


class InngestSight(Struct, frozen=True):
    """Inngest's answers, or the errors in their place.

    Attributes:
        functions: by the job's id.
        skew: seconds that its clock is ahead, where it tells.
        version: of a dev server, which alone tells it.
    """

    environments: tuple[InngestEnvironment, ...] | ApiError
    signing_keys: tuple[ApiKey, ...] | ApiError
    event_keys: tuple[ApiKey, ...] | ApiError
    functions: Mapping[str, RemoteFunction | ApiError]
    skew: float | None = None
    version: str | None = None

    @property
    def syncs_by_api(self) -> bool:
        """True where the API itself syncs an app; a server of one's own answers 501 (measured)."""
        if isinstance(self.environments, ApiError):
            return False
        return all(item.id != OWN_SERVERS_ENVIRONMENT for item in self.environments)

    @property
    def answers(self) -> tuple[object, ...]:
        """All answers."""
        return (
            self.environments,
            self.signing_keys,
            self.event_keys,
            *self.functions.values(),
        )


async def look_at_inngest(
    asking: Asking, deadline: float, keys: asyncio.Future[tuple[str, ...]]
) -> InngestSight:
    """Ask Inngest about the environment, all at once.

    Args:
        asking: about what.
        deadline: by the loop's clock.
        keys: is given the environment's signing keys as soon as they are there.
    """
    environment, at_once = asking.environment.inngest_env, asyncio.Semaphore(_AT_ONCE)
    api = InngestService(asking.second_api, asking.inngest_token, environment, timeout=PATIENCE)

    async def function(job: str) -> RemoteFunction | ApiError:
        async with at_once:
            return await _answer(api.function(asking.plan.app_id, job), deadline)

    async def signing_keys() -> tuple[ApiKey, ...] | ApiError:
        answer = await _answer(api.signing_keys(), deadline)
        listed = () if isinstance(answer, ApiError) else answer
        keys.set_result(tuple(item.key for item in listed if item.key))
        return answer

    async with api:
        jobs = [job.id for job in asking.jobs]
        (environments, signing, events, version), functions = await asyncio.gather(
            asyncio.gather(
                _answer(api.environments(), deadline),
                signing_keys(),
                _answer(api.event_keys(), deadline),
                _version(asking, deadline),
            ),
            asyncio.gather(*(function(job) for job in jobs)),
        )
    skew = (api.told_at - datetime.now(UTC)).total_seconds() if api.told_at else None
    by_job = dict(zip(jobs, functions, strict=True))
    return InngestSight(environments, signing, events, by_job, skew, version)


async def _answer(question: Awaitable[T], deadline: float) -> T | ApiError:
    try:
        async with asyncio.timeout_at(deadline):
            return await question
    except TimeoutError:
        text = "Inngest did not answer in time."
        return ApiError("Inngest", ApiProblem.UNREACHABLE, text)
    except ApiError as error:
        return error


async def _version(asking: Asking, deadline: float) -> str | None:
    """Return the version that a dev server tells; no other does."""
    if asking.is_cloud:
        return None
    try:
        async with asyncio.timeout_at(deadline), web.client(asking.server) as http:
            version = (await http.get(f"{asking.server}/dev")).json().get("version")
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError):
        return None
    return version if isinstance(version, str) else None

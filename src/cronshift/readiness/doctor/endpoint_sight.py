"""A look at an endpoint: unsigned, forged and signed; nothing of it runs."""

from __future__ import annotations

import asyncio
import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
from msgspec import Struct
from msgspec.structs import replace

from cronshift.engine.server.endpoint import DISCOVERY, Endpoint
from cronshift.engine.server.refusing import SDK_HEADER, refusal
from cronshift.engine.server.signing import signature
from cronshift.engine.validation import check, inspect_endpoint
from cronshift.errors import CronshiftError
from cronshift.operations.services.api import instant_told
from cronshift.runtime import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from cronshift.engine.validation import Registration
    from cronshift.model import Finding, Plan

_SDKS_OWN = {"message": "Unauthorized"}
_NO_FUNCTION = "cronshift-no-such-function"
_REFUSALS = frozenset({401, 403})
_MOST_KEYS = 3


class GateSight(Struct, frozen=True):
    """The answer to a request that nobody signed.

    Attributes:
        problem: why it was not the SDK.
        introspection: what the SDK told of itself; nothing of one that tells only who signs.
        sdk: its name and version.
        skew: seconds that its clock is ahead, where it tells.
        takes_unsigned: whether a call without a signature got past it; ``None`` where it was not tried.
        takes_forged: the same, with a signature of another key.
    """

    problem: CronshiftError | None = None
    introspection: Mapping[str, Any] = {}
    sdk: str | None = None
    skew: float | None = None
    takes_unsigned: bool | None = None
    takes_forged: bool | None = None


class Inside(Struct, frozen=True):
    """The endpoint, as it shows itself to who has its key.

    Attributes:
        key: the one that it took; ``None`` where none of those that were tried is its own.
        tried: how many keys there were to try.
        introspection: what it told then.
        registration: what it would register.
        findings: that beside the plan.
        problem: why it did not tell.
        is_late: whether it had not told all in time.
    """

    key: str | None = None
    tried: int = 0
    introspection: Mapping[str, Any] = {}
    registration: Registration | None = None
    findings: tuple[Finding, ...] = ()
    problem: CronshiftError | None = None
    is_late: bool = False


class EndpointQuestion(Struct, frozen=True):
    """An endpoint that is asked, for a plan, with headers that pass its protection."""

    plan: Plan
    url: str
    bypass: Mapping[str, str] = {}


async def look_at_gate(url: str, deadline: float, bypass: Mapping[str, str]) -> GateSight:
    """Ask an endpoint without a signature, and with a forged one.

    Args:
        url: the endpoint's.
        deadline: by the loop's clock.
        bypass: what passes the protection before it, where it is to be sent.
    """
    try:
        async with asyncio.timeout_at(deadline), _client(url, bypass) as http:
            gate = await _ask(http, url)
            if gate.problem is not None:
                return gate
            unsigned, forged = await asyncio.gather(
                _is_taken(http, url, None), _is_taken(http, url, secrets.token_hex(32))
            )
            return GateSight(None, gate.introspection, gate.sdk, gate.skew, unsigned, forged)
    except TimeoutError:
        return GateSight(_unreachable(url, "no answer in time"))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        why = web.unreachable(error) if isinstance(error, httpx.HTTPError) else "it is no address"
        return GateSight(_unreachable(url, why))


async def look_inside(
    question: EndpointQuestion, deadline: float, key: str | None, listed: Awaitable[tuple[str, ...]]
) -> Inside:
    """Ask an endpoint with each of some keys until it takes one, and for its functions then.

    Args:
        question: what is asked.
        deadline: by the loop's clock.
        key: the one that is set here.
        listed: those of the Inngest environment, asked for where that is not the endpoint's.
    """
    tried: list[str] = [key] if key else []
    try:
        async with asyncio.timeout_at(deadline):
            inside = await _with_key(question, key) if key else None
            for other in (await listed)[:_MOST_KEYS] if inside is None else ():
                if other not in tried and inside is None:
                    tried.append(other)
                    inside = await _with_key(question, other)
            if inside is None and not tried:
                inside = await _with_key(question, None)
    except TimeoutError:
        return Inside(tried=len(tried), is_late=True)
    except CronshiftError as error:
        return Inside(tried=len(tried), problem=error)
    except httpx.HTTPError as error:
        return Inside(tried=len(tried), problem=_unreachable(question.url, web.unreachable(error)))
    return replace(inside or Inside(), tried=len(tried))


async def _with_key(question: EndpointQuestion, key: str | None) -> Inside | None:
    """Return the endpoint's answers to who has a key; nothing where it is not the endpoint's.

    Raises:
        CronshiftError: if something else is wrong with the endpoint.
    """
    try:
        plan = question.plan
        async with Endpoint.http(question.url, key, bypass=question.bypass) as endpoint:
            introspection = await endpoint.introspect()
            is_dev = introspection.get("mode") == "dev"
            if not is_dev and introspection.get("authentication_succeeded") is not True:
                return None
            ids = [f"{plan.app_id}-{job.id}" for job in plan.runnable]
            registration = await inspect_endpoint(endpoint, ids)
            findings = check(plan, registration)
            return Inside(None if is_dev else key, 1, introspection, registration, findings)
    except CronshiftError as error:
        if error.reason in {"unauthorized", "invalid-keys"}:
            return None
        raise


async def _ask(http: httpx.AsyncClient, url: str) -> GateSight:
    response = await http.get(url)
    content = _content(response)
    date = instant_told(response) if "age" not in response.headers else None
    skew = (date - datetime.now(UTC)).total_seconds() if date else None
    sdk = response.headers.get(SDK_HEADER)
    if content == _SDKS_OWN and response.status_code in _REFUSALS:
        return GateSight(None, {"mode": "cloud"}, sdk, skew)
    try:
        refusal(url, response, content, has_key=False)
    except CronshiftError as error:
        return GateSight(error, sdk=sdk, skew=skew)
    if isinstance(content, dict) and "mode" in content:
        return GateSight(None, content, sdk, skew)
    problem = CronshiftError(
        f"{url} does not tell what it serves: it answered {response.status_code}.",
        reason="endpoint-refuses",
        hint="Its log tells why.",
    )
    return GateSight(problem, sdk=sdk, skew=skew)


async def _is_taken(http: httpx.AsyncClient, url: str, key: str | None) -> bool | None:
    """Return whether a call for no function at all got past the SDK; ``None`` where it did not answer."""
    context = {"run_id": "cronshift", "attempt": 0, "disable_immediate_execution": True}
    context |= {"stack": {"stack": [], "current": 0}}
    event = {"name": "cronshift/asked", "data": {}}
    body = {"ctx": context, "event": event, "events": [event], "steps": {}, "use_api": False}
    content = json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    if key is not None:
        headers["x-inngest-signature"] = signature(content, key, datetime.now(UTC))
    query = {"fnId": _NO_FUNCTION, "stepId": DISCOVERY}
    response = await http.post(url, content=content, headers=headers, params=query)
    if response.status_code in _REFUSALS:
        return False
    return True if SDK_HEADER in response.headers else None


def _client(url: str, bypass: Mapping[str, str]) -> httpx.AsyncClient:
    return web.client(url, headers={"user-agent": "cronshift", **bypass})


def _content(response: httpx.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return response.text


def _unreachable(url: str, why: str) -> CronshiftError:
    return CronshiftError(
        f"{url} cannot be reached: {why}.",
        reason="endpoint-unreachable",
        hint="Is it deployed, and is this its address?",
    )

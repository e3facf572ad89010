"""A running Inngest endpoint, in any language: what it tells of what it would register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.validation.registration import FunctionConfig, Registration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cronshift.server.endpoint import Endpoint


async def inspect_endpoint(endpoint: Endpoint) -> Registration:
    """Ask an endpoint what it is, and what it would register where it tells that.

    An endpoint in dev mode tells only how many functions it has: asked to sync, it would go and
    register with its dev server. In cloud mode it answers who has its signing key.

    Raises:
        CronshiftError: if it cannot be reached, is none, or refuses the caller.
        NotWellError: if its registration is not of the shape that SDKs send.
    """
    told = await endpoint.introspect()
    if told.get("mode") != "cloud":
        why = "The endpoint is in dev mode and tells how many functions it has, not which."
        return _registration(told, endpoint.sdk, None, why)
    if told.get("authentication_succeeded") is not True:
        why = "The endpoint was not asked with its signing key, so it does not list its functions."
        return _registration(told, endpoint.sdk, None, why)
    synced = await endpoint.sync_in_band()
    functions = tuple(FunctionConfig.from_wire(wire) for wire in synced["functions"])
    return _registration({**told, **synced}, endpoint.sdk, functions, None)


def _registration(
    told: Mapping[str, Any],
    sdk: str | None,
    functions: tuple[FunctionConfig, ...] | None,
    unlisted: str | None,
) -> Registration:
    count = told.get("function_count")
    return Registration(
        app_id=told.get("app_id"),
        sdk=sdk,
        functions=functions,
        count=count if isinstance(count, int) else None,
        mode=told.get("mode"),
        has_signing_key=told.get("has_signing_key"),
        has_event_key=told.get("has_event_key"),
        unlisted=unlisted,
    )

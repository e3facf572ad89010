"""A running Inngest endpoint, in any language: the registration that it tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cronshift.engine.validation.registration import FunctionConfig, Registration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cronshift.engine.server.endpoint import Endpoint

_VERSION = re.compile(r"(?:inngest-)?(js|py):v?(\d+)\.(\d+)\.(\d+)")
_LISTS_IN_DEV_MODE = (3, 54, 0)
"""From this version on the TypeScript SDK answers an in-band sync in dev mode too."""
_ASKABLE = ((0, 5, 19), (0, 6, 0))
"""Between these versions the Python SDK tells an unknown function before it runs one."""


async def inspect_endpoint(endpoint: Endpoint, ids: Sequence[str] = ()) -> Registration:
    """Ask an endpoint for its mode, and for its registration where it tells that.

    A Python endpoint in dev mode lists nothing: it is asked for each function by its id, and when they
    run is not told. In cloud mode every endpoint answers who has its signing key.

    Args:
        endpoint: what is asked.
        ids: of the functions that it should have, with the app's id in front.

    Raises:
        CronshiftError: if it cannot be reached, is none, or refuses the caller.
        NotWellError: if its registration is not of the shape that SDKs send, or it would refuse every
            call of a function.
    """
    introspected = await endpoint.introspect()
    is_dev = introspected.get("mode") != "cloud"
    if not is_dev and introspected.get("authentication_succeeded") is not True:
        why = "The endpoint was not asked with its signing key, so it does not list its functions."
        return _registration(introspected, endpoint.sdk, why)
    await endpoint.ask_for_nothing()
    language, version = _sdk(endpoint.sdk)
    if is_dev and language == "py" and _ASKABLE[0] <= version < _ASKABLE[1]:
        why = "The endpoint is in dev mode and does not tell when its functions run."
        answers = {name: await endpoint.has_function(name) for name in ids}
        answering = frozenset(name for name, is_there in answers.items() if is_there)
        is_told = None not in answers.values()
        return _registration(introspected, endpoint.sdk, why, answering if is_told else None)
    if is_dev and not (language == "js" and version >= _LISTS_IN_DEV_MODE):
        why = "The endpoint is in dev mode and tells how many functions it has, not which."
        return _registration(introspected, endpoint.sdk, why)
    synced = await endpoint.sync_in_band()
    functions = tuple(FunctionConfig.from_wire(wire) for wire in synced["functions"])
    return _registration({**introspected, **synced}, endpoint.sdk, functions)


def _sdk(name: str | None) -> tuple[str, tuple[int, ...]]:
    """Return the language and the version of an endpoint's SDK, as far as it tells them."""
    match = _VERSION.fullmatch(name or "")
    return (match[1], tuple(map(int, match.groups()[1:]))) if match else ("", ())


def _registration(
    introspected: Mapping[str, Any],
    sdk: str | None,
    listed: tuple[FunctionConfig, ...] | str,
    answering: frozenset[str] | None = None,
) -> Registration:
    """Return the registration; ``listed`` is the functions, or why they are not known."""
    count = introspected.get("function_count")
    return Registration(
        app_id=introspected.get("app_id"),
        sdk=sdk,
        functions=None if isinstance(listed, str) else listed,
        count=count if isinstance(count, int) else None,
        mode=introspected.get("mode"),
        has_signing_key=introspected.get("has_signing_key"),
        has_event_key=introspected.get("has_event_key"),
        unlisted=listed if isinstance(listed, str) else None,
        answering=answering,
    )

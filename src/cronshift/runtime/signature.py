"""The age of a signature: the one check that the Python SDK leaves out.

The SDK proves who signed a request, not when: a recorded request would be good for ever. This
middleware refuses what is older than the TypeScript SDK allows; the signature itself, which covers
the timestamp, stays the SDK's business.
"""

from __future__ import annotations

import logging
import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

MAX_AGE = timedelta(minutes=5)
"""How far a signature may be from now, either way (TypeScript SDK, ``net/signature``)."""

_MAX_SECONDS = MAX_AGE.total_seconds()
_MOST_DIGITS = 12  # of a time in seconds: the year 33658
SIGNATURE_HEADER = "x-inngest-signature"
_HEADER = SIGNATURE_HEADER.encode()
REFUSED = b'{"message": "Unauthorized"}'
"""As the SDK answers (its ``CommResponse.unauthorized``)."""
_logger = logging.getLogger(__name__)


def is_dev(environ: Mapping[str, str]) -> bool:
    """Return whether the SDK runs in dev mode, where nothing is signed (its ``env_lib.is_truthy``).

    ``INNGEST_DEV`` holds a yes or a URL; without it the SDK is in cloud mode.
    """
    return environ.get("INNGEST_DEV", "").strip().lower() not in {"", "0", "false"}


class SignatureAge:
    """ASGI middleware that answers 401 to a signature not made within :data:`MAX_AGE` of now.

    Unsigned requests pass: the SDK refuses those that need a signature. In dev mode all pass.

    Args:
        app: the app that holds the Inngest endpoint.
        is_production: as the client's argument of that name; the environment decides when absent.
        clock: the seconds since the epoch.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        is_production: bool | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._checks = not is_dev(os.environ) if is_production is None else is_production
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless its signature is too old."""
        if self._checks and scope["type"] == "http":
            signatures = [value for name, value in scope["headers"] if name == _HEADER]
            if signatures and (fault := fault_of(signatures, self._clock())):
                _logger.warning("unauthorized: %s", fault)
                await _refuse(send)
                return
        await self._app(scope, receive, send)


def fault_of(signatures: Sequence[bytes], now: float) -> str | None:
    """Return the fault in the signature headers of a request, if there is one.

    What the SDK would settle by taking one of several is refused, and so is what it would
    decode first: the time that it checks and the time checked here must be the same.
    """
    if len(signatures) > 1:
        return "several signature headers"
    fields = [field.partition(b"=") for field in signatures[0].split(b"&")]
    times = [value for name, _, value in fields if name == b"t"]
    hashes = [value for name, _, value in fields if name == b"s"]
    one_of_each = len(times) == len(hashes) == 1 and b"%" not in signatures[0]
    if not (one_of_each and times[0].isdigit() and len(times[0]) <= _MOST_DIGITS):
        return "malformed signature header"
    age = now - int(times[0])
    return None if abs(age) <= _MAX_SECONDS else f"the signature is {age:.0f} seconds old"


async def _refuse(send: Send) -> None:
    """Answer as the SDK does."""
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(REFUSED)),
        (b"x-inngest-sdk-handled", b"true"),
    ]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": REFUSED})

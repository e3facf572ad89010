"""The registration of an endpoint with its Inngest server, and the meaning of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cronshift.errors import NotWellError

if TYPE_CHECKING:
    from cronshift.engine.server.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Synced:
    """A registration that Inngest has taken.

    Attributes:
        sdk: of the endpoint, as it tells it.
        modified: whether anything was new to Inngest; ``None`` where it does not say.
    """

    sdk: str | None
    modified: bool | None


async def sync(endpoint: Endpoint) -> Synced:
    """Have the endpoint register its functions.

    Raises:
        NotWellError: ``sync-failed``, with the cause in one sentence.
        CronshiftError: if the endpoint cannot be reached, is none, or refuses the caller.
    """
    status, document = await endpoint.sync()
    why = cause(status, document)
    if why is not None:
        raise NotWellError(why.sentence, reason="sync-failed", hint=why.hint, where=endpoint.url)
    modified = document.get("modified") if isinstance(document, dict) else None
    return Synced(endpoint.sdk, modified if isinstance(modified, bool) else None)


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause of a failed registration, and the remedy."""

    sentence: str
    hint: str


_KEY = Cause(
    "Inngest does not take the endpoint's signing key.",
    "Set INNGEST_SIGNING_KEY where the functions run to the key of that server or environment.",
)


def cause(status: int, document: Any) -> Cause | None:
    """Return the cause of a failed registration, by the SDK's answer; ``None`` for a success.

    The shapes were measured: a wrong key gives 500 ``registration_failed`` with "response is not valid
    JSON", since the server refuses in plain text; a server that is down gives 500 ``unknown``.
    """
    fields = document if isinstance(document, dict) else {}
    message = str(fields.get("message") or fields.get("error") or "").strip()
    code = fields.get("code")
    if status < 400 and "error" not in fields:  # noqa: PLR2004 - the first that is no success
        return None
    if code == "registration_failed" and "not valid JSON" in message:
        return _KEY
    if "nauthorized" in message or "nvalid signing key" in message:
        return _KEY
    if "Failed request to" in message or "fetch failed" in message or "ECONNREFUSED" in message:
        return Cause(
            f"The endpoint cannot reach its Inngest server: {message}",
            "Is INNGEST_BASE_URL (or INNGEST_DEV) the server's address there, and is it running?",
        )
    return Cause(
        f"Inngest refuses the functions: {message or f'the endpoint answered {status}'}",
        "cronshift validate checks them against what the engine takes.",
    )

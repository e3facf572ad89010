"""The check that Inngest can call the endpoint: it has its keys, and Inngest has its app."""

from __future__ import annotations

import os
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
from msgspec import Struct

from cronshift.engine.server.endpoint import Endpoint
from cronshift.engine.server.keys import SIGNING_KEY
from cronshift.errors import CronshiftError
from cronshift.operations.services.api_address import CLOUD_API, api_server
from cronshift.project.counting import counted
from cronshift.runtime import web

if TYPE_CHECKING:
    from collections.abc import Mapping


class CallState(StrEnum):
    """The state of the endpoint; only the first is well."""

    SYNCED = "synced"
    UNREACHABLE = "unreachable"
    NOT_AN_ENDPOINT = "not-an-endpoint"
    NO_KEYS = "no-keys"
    DEV_MODE = "dev-mode"
    NEVER_SYNCED = "never-synced"
    NOT_KNOWN = "not-known"


class CallableEndpoint(Struct, frozen=True):
    """The state of the endpoint, in a sentence, and the remedy for it."""

    state: CallState
    sentence: str
    remedy: str = ""

    @property
    def is_well(self) -> bool:
        """True when Inngest can call the endpoint."""
        return self.state is CallState.SYNCED

    def to_json(self) -> dict[str, str | None]:
        """Return the endpoint's part of ``status --live --json``."""
        return {
            "state": self.state.value,
            "message": self.sentence,
            "remedy": self.remedy or None,
        }


async def ask_endpoint(
    url: str,
    app_id: str,
    environ: Mapping[str, str] = os.environ,
    *,
    bypass: Mapping[str, str] | None = None,
) -> CallableEndpoint:
    """Ask the endpoint for its keys, and Inngest for its app.

    Args:
        url: where the functions are served.
        app_id: of the Inngest app.
        environ: holds the signing key, and the address of an Inngest that is not the cloud's.
        bypass: what passes the protection before it; what the environment holds, by default.
    """
    try:
        async with Endpoint.http(url, environ.get(SIGNING_KEY), bypass=bypass) as endpoint:
            description = await endpoint.introspect()
    except CronshiftError as error:
        if error.reason == "endpoint-unreachable":
            return CallableEndpoint(CallState.UNREACHABLE, f"Did not answer: {error.message}", "")
        return CallableEndpoint(CallState.NOT_AN_ENDPOINT, error.message, error.hint or "")
    if description.get("mode") != "dev" and description.get("has_signing_key") is False:
        return CallableEndpoint(
            CallState.NO_KEYS,
            f"{url} has no signing key, so it refuses what Inngest sends: no function runs.",
            f"Set {SIGNING_KEY} where the functions run, deploy, and cronshift sync --endpoint {url}",
        )
    if description.get("mode") == "dev" and api_server(environ) == CLOUD_API:
        return CallableEndpoint(
            CallState.DEV_MODE,
            f"{url} is in dev mode, where it answers to a dev server and not to Inngest's cloud.",
            "Take INNGEST_DEV away where the functions run, and set their keys.",
        )
    return await _synced(url, app_id, environ)


async def _synced(url: str, app_id: str, environ: Mapping[str, str]) -> CallableEndpoint:
    """Return whether Inngest has functions of the app."""
    server, key = api_server(environ), environ.get(SIGNING_KEY, "").strip()
    if server == CLOUD_API and not key:
        return CallableEndpoint(
            CallState.NOT_KNOWN,
            f"Whether Inngest has the app {app_id} cannot be asked: {SIGNING_KEY} is not set here.",
            f"Set {SIGNING_KEY} here to the deployment's value, and ask again.",
        )
    address = f"{server}/v1/apps/{quote(app_id, safe='')}/functions"
    headers = {"authorization": f"Bearer {key}"} if key else {}
    try:
        async with web.client(server) as http:
            response = await http.get(address, headers=headers)
        functions = _functions(response.json()) if response.is_success else []
    except (httpx.HTTPError, ValueError, httpx.InvalidURL) as error:
        why = web.unreachable(error) if isinstance(error, httpx.HTTPError) else "no JSON"
        return CallableEndpoint(
            CallState.NOT_KNOWN,
            f"Whether Inngest has the app {app_id} is not known: {server} did not answer ({why}).",
            "Is it running, and is its address the one that the functions' variables name?",
        )
    if response.is_success and functions:
        text = f"Inngest has {counted(len(functions), 'function')} of {app_id}."
        return CallableEndpoint(CallState.SYNCED, text)
    if response.is_success or response.status_code == HTTPStatus.NOT_FOUND:
        return CallableEndpoint(
            CallState.NEVER_SYNCED,
            f"Inngest has no function of {app_id}: it was never synced, so nothing runs there.",
            f"cronshift sync --endpoint {url}",
        )
    return CallableEndpoint(
        CallState.NOT_KNOWN,
        f"Whether Inngest has the app {app_id} is not known: {server} answered"
        f" {response.status_code}.",
        f"Is {SIGNING_KEY} the key of that environment?",
    )


def _functions(document: Any) -> list[Any]:
    """Return the functions of an answer, which is a list or has one in ``data``."""
    listed = document.get("data") if isinstance(document, dict) else document
    return listed if isinstance(listed, list) else []

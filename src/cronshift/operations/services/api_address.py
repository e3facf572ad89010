"""The address of Inngest's API, as the SDK would choose it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.runtime.signature import is_dev

if TYPE_CHECKING:
    from collections.abc import Mapping

CLOUD_API = "https://api.inngest.com"
_DEV_SERVER = "http://127.0.0.1:8288"


def api_server(environ: Mapping[str, str]) -> str:
    """Return the address of the server whose API an environment means, without a slash behind it."""
    named = environ.get("INNGEST_API_BASE_URL") or environ.get("INNGEST_BASE_URL")
    if not named and is_dev(environ):
        dev = environ.get("INNGEST_DEV", "")
        named = dev if dev.startswith("http") else _DEV_SERVER
    return (named or CLOUD_API).rstrip("/")


def second_api(environ: Mapping[str, str]) -> str:
    """Return the address of version 2 of the API: the cloud has it at its root, a server below ``/api``."""
    server = api_server(environ)
    return f"{server}/v2" if server == CLOUD_API else f"{server}/api/v2"

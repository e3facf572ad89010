"""The one place where HTTP clients are made, so that the library behind them can be swapped."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOCAL_DOMAINS = {"internal", "lan", "local", "localhost", "test"}  # never in the public DNS

CONNECT_TIMEOUT = timedelta(seconds=10)


def client(
    base_url: str,
    *,
    timeout: timedelta | None = None,
    headers: Mapping[str, str] | None = None,
    follow_redirects: bool = False,
) -> httpx.AsyncClient:
    """Return a client for one origin; proxies named in the environment never see the loopback.

    Args:
        base_url: the origin, with or without a path.
        timeout: how long the server may be silent; for ever when absent.
        headers: sent with every request, in place of httpx's own.
        follow_redirects: off, because for a job or an endpoint a redirect is an answer.
    """
    seconds = timeout.total_seconds() if timeout else None
    return httpx.AsyncClient(
        base_url=base_url,
        headers=headers,
        timeout=httpx.Timeout(seconds, connect=CONNECT_TIMEOUT.total_seconds()),
        follow_redirects=follow_redirects,
        trust_env=not is_loopback(base_url),
    )


def is_loopback(url: str) -> bool:
    """Return whether ``url`` names this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(url: str) -> bool:
    """Return whether ``url`` names a host that the whole internet can look up, as far as it tells."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_global
    except ValueError:
        *rest, last = host.split(".")
        return bool(rest) and last not in _LOCAL_DOMAINS


def unreachable(error: httpx.HTTPError) -> str:
    """Return the reason why a request had no answer, in a few words."""
    if isinstance(error, httpx.ConnectTimeout):
        return f"no connection within {CONNECT_TIMEOUT.total_seconds():g} seconds"
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.RemoteProtocolError):
        return "the connection ended before the answer did"
    return str(error) or type(error).__name__

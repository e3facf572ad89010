"""Vercel's deployment protection, which turns away whoever does not bring the project's secret.

Vercel gives ``VERCEL_AUTOMATION_BYPASS_SECRET`` to a project's functions once "Protection Bypass for
Automation" is on (vercel.com/docs, Deployment Protection). It goes to the app alone: never to an
address that is somebody else's.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cronshift.runtime import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADER_VALUE = re.compile(r"[\x21-\x7e]+")


def bypass_headers(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the header that passes the app's protection; none without a secret a header can carry."""
    secret = environ.get(wire.BYPASS_VARIABLE, "").strip()
    return {wire.BYPASS_HEADER: secret} if _HEADER_VALUE.fullmatch(secret) else {}


def is_the_app(url: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether an address is one of the app's own, by the variables that name them."""
    hosts = {_host(environ.get(name, "")) for name in wire.APP_ADDRESS_VARIABLES}
    return _host(url) in hosts - {""}


def is_address(url: str) -> bool:
    """Return whether a URL is one that things can be posted to."""
    return url.startswith(("https://", "http://"))


def _host(address: str) -> str:
    """Return the host and port of an address; Vercel's variables hold it without the scheme."""
    try:
        return urlsplit(address if "://" in address else f"https://{address}").netloc.lower()
    except ValueError:
        return ""

"""The proof of a caller: the bearer of Vercel's cron proves it, and nothing else does."""

from __future__ import annotations

import hmac
import os
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Standing(Enum):
    """The standing of a caller by the bearer that it sends."""

    PROVEN = auto()
    UNPROVEN = auto()
    UNPROVABLE = auto()  # no secret is set


def standing(headers: Mapping[str, str], secret_env: str) -> Standing:
    """Return the standing of a caller, by the bearer that it sends or does not.

    Args:
        headers: with lower-case names.
        secret_env: the variable that holds the secret.
    """
    secret = os.environ.get(secret_env)
    if not secret:
        return Standing.UNPROVABLE
    sent = headers.get("authorization")
    if sent is None or not hmac.compare_digest(sent.encode(), f"Bearer {secret}".encode()):
        return Standing.UNPROVEN
    return Standing.PROVEN


def has_bearer(headers: Mapping[str, str], secret_env: str) -> bool:
    """Return whether the caller knows the secret; never, when none is set."""
    return standing(headers, secret_env) is Standing.PROVEN

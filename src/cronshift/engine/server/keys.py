"""The mode and the keys: the SDK's reading of the environment, told before it acts on it."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cronshift.errors import ConfigError
from cronshift.runtime.signature import is_dev

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNING_KEY = "INNGEST_SIGNING_KEY"
FALLBACK_KEY = "INNGEST_SIGNING_KEY_FALLBACK"
EVENT_KEY = "INNGEST_EVENT_KEY"

_SIGNING_KEY_SHAPE = re.compile(r"(signkey-\w+-)?([0-9a-fA-F]{2})+")


class ServerMode(StrEnum):
    """The mode of the functions' Inngest server; the words of the SDK's own introspection."""

    DEV = "dev"
    CLOUD = "cloud"


def server_mode(environ: Mapping[str, str]) -> ServerMode:
    """Return the mode of a client that does not choose its own."""
    return ServerMode.DEV if is_dev(environ) else ServerMode.CLOUD


def missing_keys(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables that cloud mode reads and that are not set or blank."""
    return tuple(name for name in (SIGNING_KEY, EVENT_KEY) if not environ.get(name, "").strip())


def require_keys(environ: Mapping[str, str], mode: ServerMode) -> None:
    """Make sure that the keys which the mode needs are there. Values are never told.

    Cloud mode needs the signing key; the event key only matters to functions that send events.

    Raises:
        ConfigError: ``missing-keys``, or ``invalid-keys`` for a signing key of the wrong shape,
            with which the SDK would refuse every request.
    """
    if mode is ServerMode.DEV:
        return
    missing = missing_keys(environ)
    if SIGNING_KEY in missing:
        raise no_keys(missing)
    for name in (SIGNING_KEY, FALLBACK_KEY):
        if name in environ and not _SIGNING_KEY_SHAPE.fullmatch(environ[name]):
            raise ConfigError(
                f"{name} is not a signing key: signkey-<environment>-<hexadecimal digits>.",
                reason="invalid-keys",
                hint="Copy it from Inngest's dashboard, without quotes or line ends.",
                where=name,
            )


def no_keys(missing: tuple[str, ...]) -> ConfigError:
    """Return the error for keys that are not set."""
    names = " and ".join(missing)
    return ConfigError(
        f"{names} {'is' if len(missing) == 1 else 'are'} not set, and cloud mode needs the"
        " signing key.",
        reason="missing-keys",
        hint=f"Set {names}, or add --dev (INNGEST_DEV=1) for local work.",
        where=missing[0],
    )


def next_steps(mode: ServerMode, url: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the next steps once the endpoint answers at ``url``, line by line.

    In cloud mode Inngest calls the address at which it was asked to sync, so that must be the
    public one.
    """
    if mode is ServerMode.DEV and "://" in environ.get("INNGEST_DEV", ""):
        return ("Next, once that server runs:", f"  cronshift sync --endpoint {url}")
    if mode is ServerMode.DEV:
        return ("Next, in another terminal:", f"  npx inngest-cli@latest dev -u {url}")
    public = environ.get("INNGEST_SERVE_ORIGIN", "https://YOUR-HOST").rstrip("/")
    return (
        "Next, once Inngest can reach this server, register the functions:",
        f"  cronshift sync --endpoint {public}{urlsplit(url).path}",
    )

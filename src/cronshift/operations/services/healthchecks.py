"""Healthchecks over its management API, version 3: healthchecks.io, or a server of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.operations.services.api import JsonApi
from cronshift.operations.services.monitoring import (
    DueByCron,
    DueByInterval,
    Monitor,
    RemoteMonitor,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import timedelta

CLOUD = "https://healthchecks.io/api/v3"
ADDRESS = "CRONSHIFT_HEALTHCHECKS_API"
"""The variable of another address of the API: that of a server of one's own."""
TOKEN = "HEALTHCHECKS_API_KEY"  # noqa: S105 - the variable's name


class _Check(Struct, frozen=True):
    """A check; a key that may only read is shown neither its id nor its address."""

    slug: str = ""
    uuid: str = ""
    ping_url: str = ""
    grace: int = 0
    timeout: int | None = None
    schedule: str = ""
    tz: str = ""


class _Checks(Struct, frozen=True):
    checks: tuple[_Check, ...] = ()


class Healthchecks(JsonApi):
    """Healthchecks, asked about the checks of one project.

    Args:
        base: the API's address.
        key: an API key of the project that may write.
        timeout: how long the server may be silent.
    """

    def __init__(self, base: str, key: str, *, timeout: timedelta) -> None:
        super().__init__("healthchecks", base, key, token_header="x-api-key", timeout=timeout)  # noqa: S106 - a header's name

    async def find(self, slugs: Collection[str]) -> dict[str, RemoteMonitor]:
        """Return those checks that there are, by their slugs."""
        checks = (await self.ask("GET", "/checks/", _Checks)).checks
        return {check.slug: _remote(check) for check in checks if check.slug in slugs}

    async def make(self, monitor: Monitor) -> RemoteMonitor:
        """Make a check that tells all channels of the project; one of that slug is changed instead."""
        more = {"name": monitor.slug, "slug": monitor.slug, "unique": ["slug"], "channels": "*"}
        body = more | _settings(monitor)
        return _remote(await self.ask("POST", "/checks/", _Check, body=body))

    async def change(self, remote: RemoteMonitor, monitor: Monitor) -> RemoteMonitor:
        """Change the schedule and the grace of a check; all else of it stays."""
        path = f"/checks/{self.segment(remote.id)}"
        return _remote(await self.ask("POST", path, _Check, body=_settings(monitor)))


def _settings(monitor: Monitor) -> dict[str, Any]:
    match monitor.due:
        case DueByCron(expression, zone):
            return {"schedule": expression, "tz": zone, "grace": monitor.grace}
        case DueByInterval(seconds):
            return {"timeout": seconds, "grace": monitor.grace}


def _remote(check: _Check) -> RemoteMonitor:
    due = DueByCron(check.schedule, check.tz) if check.schedule else None
    monitor = Monitor(check.slug, due or DueByInterval(check.timeout or 0), check.grace)
    return RemoteMonitor(check.uuid, monitor, check.ping_url)

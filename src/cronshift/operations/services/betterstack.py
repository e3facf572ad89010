"""Better Stack's heartbeats over its API, version 2: periods in seconds, and no schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

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
    from typing import Any

CLOUD = "https://uptime.betterstack.com/api/v2"
ADDRESS = "CRONSHIFT_BETTERSTACK_API"
"""The variable of another address of the API."""
TOKEN = "BETTERSTACK_API_TOKEN"  # noqa: S105 - the variable's name
_MOST_PAGES = 100


class _Attributes(Struct, frozen=True):
    name: str = ""
    url: str = ""
    period: int = 0
    grace: int = 0


class _Heartbeat(Struct, frozen=True):
    id: str = ""
    attributes: _Attributes = field(default_factory=_Attributes)


class _Pagination(Struct, frozen=True):
    next: str | None = None


class _HeartbeatPage(Struct, frozen=True):
    data: tuple[_Heartbeat, ...] = ()
    pagination: _Pagination = field(default_factory=_Pagination)


class _Whole(Struct, frozen=True):
    data: _Heartbeat


class BetterStack(JsonApi):
    """Better Stack, asked about the heartbeats of one team.

    Args:
        base: the API's address.
        token: of the team.
        timeout: how long the server may be silent.
    """

    def __init__(self, base: str, token: str, *, timeout: timedelta) -> None:
        super().__init__("Better Stack", base, token, timeout=timeout)

    async def find(self, slugs: Collection[str]) -> dict[str, RemoteMonitor]:
        """Return those heartbeats that there are, by their names; the first of each."""
        remote: dict[str, RemoteMonitor] = {}
        for page in range(1, _MOST_PAGES + 1):
            answer = await self.ask(
                "GET", "/heartbeats", _HeartbeatPage, parameters={"page": str(page)}
            )
            named = [each for each in map(_remote, answer.data) if each.monitor.slug in slugs]
            remote = {each.monitor.slug: each for each in reversed(named)} | remote
            if not answer.pagination.next:
                break
        return remote

    async def make(self, monitor: Monitor) -> RemoteMonitor:
        """Make a heartbeat; it waits for its first ping."""
        return _remote((await self.ask("POST", "/heartbeats", _Whole, body=_body(monitor))).data)

    async def change(self, remote: RemoteMonitor, monitor: Monitor) -> RemoteMonitor:
        """Change a heartbeat, whose address stays."""
        path = f"/heartbeats/{self.segment(remote.id)}"
        return _remote((await self.ask("PATCH", path, _Whole, body=_body(monitor))).data)


def _body(monitor: Monitor) -> dict[str, Any]:
    if isinstance(monitor.due, DueByCron):
        raise TypeError("Better Stack takes no schedule")
    return {"name": monitor.slug, "period": monitor.due.seconds, "grace": monitor.grace}


def _remote(heartbeat: _Heartbeat) -> RemoteMonitor:
    attributes = heartbeat.attributes
    monitor = Monitor(attributes.name, DueByInterval(attributes.period), attributes.grace)
    return RemoteMonitor(heartbeat.id, monitor, attributes.url)

"""Inngest's REST API, version 2, as its published OpenAPI document has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct, field

from cronshift.operations.services.api import JsonApi

if TYPE_CHECKING:
    from datetime import timedelta

API_KEY = "INNGEST_API_KEY"
"""The variable of an API key, ``sk-inn-api-…``; without one the signing key is what is sent."""

OWN_SERVERS_ENVIRONMENT = "00000000-0000-4000-b000-000000000000"
"""The id of the only environment of a server that is not the cloud's (measured)."""

_SYNC_FAILED = 422
_PAGES = 10


class InngestEnvironment(Struct, frozen=True, rename="camel"):
    """An environment of an account."""

    id: str = ""
    name: str = ""
    type: str = ""
    is_archived: bool = False


class ApiKey(Struct, frozen=True):
    """A key of an environment; compared and never shown."""

    key: str = ""
    environment: str = ""


class FunctionTrigger(Struct, frozen=True):
    """A trigger of a function: ``type`` is ``CRON`` or ``EVENT``."""

    type: str = ""
    value: str = ""


class RemoteFunction(Struct, frozen=True, rename="camel"):
    """A function as Inngest has it."""

    id: str = ""
    slug: str = ""
    is_paused: bool = False
    is_archived: bool = False
    triggers: tuple[FunctionTrigger, ...] = ()


class SyncError(Struct, frozen=True):
    """The cause of a failed sync."""

    code: str = ""
    message: str = ""


class SyncResult(Struct, frozen=True):
    """The outcome of a sync: ``status`` is pending, success, error or duplicate."""

    id: str = ""
    status: str = ""
    error: SyncError | None = None

    @property
    def is_taken(self) -> bool:
        """True where Inngest has the functions, or goes on to take them; nothing new counts as that."""
        is_error = self.error is not None and bool(self.error.code)
        return self.status in {"success", "duplicate", "pending"} and not is_error


class _Page(Struct, frozen=True, rename="camel"):
    cursor: str | None = None
    has_more: bool = False


class _Environments(Struct, frozen=True):
    data: tuple[InngestEnvironment, ...] = ()
    page: _Page = field(default_factory=_Page)


class _Keys(Struct, frozen=True):
    data: tuple[ApiKey, ...] = ()
    page: _Page = field(default_factory=_Page)


class _Function(Struct, frozen=True):
    data: RemoteFunction


class _Sync(Struct, frozen=True):
    data: SyncResult


class InngestService(JsonApi):
    """Inngest, asked about one environment.

    Args:
        base: the address of version 2 of the API.
        token: an API key, or the environment's signing key.
        environment: the environment's name; ``None`` for that of the key.
        timeout: how long the server may be silent.
    """

    def __init__(
        self, base: str, token: str | None, environment: str | None, *, timeout: timedelta
    ) -> None:
        headers = {"x-inngest-env": quote(environment, safe=" ")} if environment else {}
        super().__init__("Inngest", base, token, headers=headers, timeout=timeout)
        self.environment = environment

    async def environments(self) -> tuple[InngestEnvironment, ...]:
        """Return the account's environments; these must be asked for with an API key at the cloud."""
        return await self._all("/envs", _Environments, limit="250")

    async def signing_keys(self) -> tuple[ApiKey, ...]:
        """Return the environment's signing keys."""
        return await self._all("/keys/signing", _Keys, limit="100")

    async def event_keys(self) -> tuple[ApiKey, ...]:
        """Return the environment's event keys."""
        return await self._all("/keys/events", _Keys, limit="100")

    async def function(self, app: str, function: str) -> RemoteFunction:
        """Return a function of an app, by their ids."""
        path = f"/apps/{_segment(app)}/functions/{_segment(function)}"
        return (await self.ask("GET", path, _Function)).data

    async def sync(self, app: str, url: str) -> SyncResult:
        """Have Inngest register the functions that are served at an address."""
        path = f"/apps/{_segment(app)}/syncs"
        failed = frozenset({_SYNC_FAILED})
        return (await self.ask("POST", path, _Sync, body={"url": url}, refusals=failed)).data

    async def _all(self, path: str, kind: type[Any], limit: str) -> tuple[Any, ...]:
        """Return the items of all pages of a list."""
        items: list[Any] = []
        parameters = {"limit": limit}
        for _ in range(_PAGES):
            page = await self.ask("GET", path, kind, parameters=parameters)
            items += page.data
            if not (page.page.has_more and page.page.cursor):
                break
            parameters["cursor"] = page.page.cursor
        return tuple(items)


def _segment(text: str) -> str:
    return quote(text, safe="")

"""The worlds that a handler is followed in: the caller, and the environment."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from msgspec import Struct, field

from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cronshift.handlers.flow.code import CodePlace

ANY = "\ue002"
"""The text of a header that says whatever is wanted of it, a secret's value excepted."""
_OPEN, _CLOSE = "\ue000", "\ue001"
_LENGTH = 48  # a secret is longer than any limit that is asked of it
_SECRET = lazy_pattern(f"{_OPEN}(.*?)=*{_CLOSE}")
_KNOWN = {
    "NODE_ENV": "production",
    "VERCEL_ENV": "production",
    "VERCEL": "1",
    "VERCEL_TARGET_ENV": "production",
    "CI": None,
    "PROD": True,
    "DEV": False,
    "MODE": "production",
}
CRON_SECRET = "CRON_SECRET"  # noqa: S105 - the variable's name


def secret(name: str) -> str:
    """Return the text that stands for the value of a variable."""
    return f"{_OPEN}{name.ljust(_LENGTH, '=')}{_CLOSE}"


def secrets_in(text: str) -> tuple[str, ...]:
    """Return the variables whose values a text holds."""
    return tuple(name.rstrip("=") for name in _SECRET.findall(text))


def around_secrets(text: str, change: Callable[[str], str]) -> str:
    """Return a text with all changed that is no variable's value."""
    values = [match[0] for match in _SECRET.finditer(text)]
    parts = [change(part) for part in _SECRET.sub("\0", text).split("\0")]
    return "".join(part for pair in zip_longest(parts, values, fillvalue="") for part in pair)


class SecretLength(int):
    """The length of a text that holds a variable's value: longer than any limit, equal to no number."""


class World(Struct, frozen=True):
    """One request in one environment.

    Attributes:
        headers: of the request, in lower case.
        query: of the request; ``None`` where it is not known.
        unset: the variables that are not set; all others are.
        fail_at: the call that fails.
        refused: whether it tells so in what it gives, instead of throwing.
        emptied: whether what it gives then holds no data either, as Supabase's does.
        sessionless: whether a session is nothing, by whatever name it is asked for.
        path: of the request, without its query.
        parameters: what the path gives the names of its route.
        merged: whether its query has them too, as ``req.query`` of a page or a function.
        bodied: whether a GET may have a body, as a stranger's may.
        anyone: whether every credential is taken for right.
        forged: whether every header says whatever is wanted of it.
        guessed: whether every parameter of the query says whatever is wanted of it.
        deepest: how many calls inside calls are followed.
        turns: how many elements of a list are gone through; zero for as many as usual.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    query: str | None = ""
    method: str = "GET"
    unset: frozenset[str] = frozenset()
    fail_at: CodePlace | None = None
    refused: bool = False
    emptied: bool = False
    sessionless: bool = False
    path: str = "/"
    parameters: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    merged: bool = False
    bodied: bool = True
    anyone: bool = False
    forged: bool = False
    guessed: bool = False
    deepest: int = 14
    turns: int = 0

    def variable(self, name: str) -> str | bool | None:
        """Return the value of a variable; ``None`` where it is not set."""
        if name in _KNOWN:
            return _KNOWN[name]
        return None if name in self.unset else secret(name)


def vercel(path: str, method: str = "GET") -> World:
    """Return the world in which Vercel calls, with the secret set."""
    bare, _, query = path.partition("?")
    headers = {
        "authorization": f"Bearer {secret(CRON_SECRET)}",
        "user-agent": "vercel-cron/1.0",
        "x-vercel-cron": ANY,
        "x-vercel-cron-schedule": ANY,
        "x-vercel-id": ANY,
        "host": ANY,
        "x-forwarded-for": ANY,
        "x-forwarded-host": ANY,
        "x-forwarded-proto": "https",
        "x-real-ip": ANY,
    }
    return World(headers, query, method, path=bare, bodied=False)


def called_by_inngest(path: str) -> World:
    """Return the world in which Inngest calls the endpoint: with its signature, without a session."""
    headers = dict.fromkeys(("host", "x-inngest-signature", "x-inngest-sdk", "user-agent"), ANY)
    return World(headers, "", "POST", path=path)


_OF_ANYBODY = {
    "host",
    "x-vercel-id",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-real-ip",
}


def anybody(world: World, *, unset: frozenset[str] = frozenset()) -> World:
    """Return the same call by a stranger who knows nothing."""
    return _by_stranger(world, _common(world), unset=unset)


def forged(world: World) -> World:
    """Return the same call by a stranger who writes whatever is wanted into its headers."""
    return _by_stranger(world, {}, forged=True)


def pretending(world: World, header: str) -> World:
    """Return the same call by a stranger who writes one header as Vercel does."""
    return _by_stranger(world, {**_common(world), header: world.headers.get(header, ANY)})


def guessed(world: World) -> World:
    """Return the same call by a stranger who writes whatever is wanted into the query."""
    return _by_stranger(world, _common(world), guessed=True)


def undefined_bearer(world: World, text: str, unset: frozenset[str]) -> World:
    """Return the same call by a stranger whose credential is the text of an unset variable."""
    headers = {**_common(world), "authorization": f"Bearer {text}"}
    return _by_stranger(world, headers, unset=unset)


def _common(world: World) -> dict[str, str]:
    """Return the headers of a call that everybody sends."""
    return {name: text for name, text in world.headers.items() if name in _OF_ANYBODY}


def _by_stranger(
    world: World,
    headers: Mapping[str, str],
    *,
    unset: frozenset[str] = frozenset(),
    forged: bool = False,
    guessed: bool = False,
) -> World:
    return World(
        headers,
        world.query,
        world.method,
        unset,
        path=world.path,
        parameters=world.parameters,
        merged=world.merged,
        forged=forged,
        guessed=guessed,
        deepest=world.deepest,
        turns=world.turns,
    )

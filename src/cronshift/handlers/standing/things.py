"""The things that code before a path handles, as far as they are known without running it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

from cronshift.handlers import patterns
from cronshift.handlers.literals import UNKNOWN
from cronshift.handlers.standing.answers import Answer, LetsBy, Stops, Untold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ast_grep_py import SgNode

    from cronshift.model import Location

SECRET = "CRON_SECRET"  # noqa: S105 - the variable's name
_ORIGIN = "https://app.example"


class Caller(StrEnum):
    """Who calls, without a cookie."""

    VERCEL = "vercel"
    """Vercel's cron, or the bridge: GET, with the bearer."""
    INNGEST = "inngest"
    """POST and PUT, with a signature that only the SDK reads."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a path."""

    path: str
    caller: Caller = Caller.VERCEL

    @property
    def url(self) -> str:
        """The whole address, on some host."""
        return _ORIGIN + self.path

    @property
    def method(self) -> Any:
        """The method, or those that Inngest and the SDK use."""
        return "GET" if self.caller is Caller.VERCEL else Several(("GET", "POST", "PUT"))

    def header(self, name: Any) -> Any:
        """Return a header's value, as far as the caller tells."""
        if not isinstance(name, str):
            return UNKNOWN
        if name.lower() == "authorization":
            return f"Bearer {SECRET}" if self.caller is Caller.VERCEL else None
        if name.lower() == "user-agent" and self.caller is Caller.VERCEL:
            return "vercel-cron/1.0"
        return None if name.lower() in {"cookie", "origin", "referer"} else UNKNOWN


class Thing(Enum):
    """An object of the platform's, whose members are known."""

    REQUEST = "request"
    URL = "url"
    COOKIES = "cookies"
    HEADERS = "headers"
    VARIABLES = "variables"
    PROCESS = "process"
    EVENT = "event"
    CONTEXT = "context"
    RESPONSE = "response"
    NEXT = "next"
    ROUTER = "router"
    NOBODY = "nobody"
    """What a call without a session has for one: nothing, in whatever shape it is asked for."""
    CLERK = "clerk"


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function of the project's, with the names around it."""

    file: str
    node: SgNode
    names: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Packaged:
    """Something that a package exports; ``made`` once it has been called."""

    source: str
    name: str
    place: Location
    made: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Native:
    """A function whose answer is known without its source."""

    answer: Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False)
class Several:
    """One of several values."""

    values: tuple[Any, ...]


_MEMBERS: Mapping[tuple[Thing, str], Thing] = {
    (Thing.REQUEST, "nextUrl"): Thing.URL,
    (Thing.REQUEST, "cookies"): Thing.COOKIES,
    (Thing.REQUEST, "headers"): Thing.HEADERS,
    (Thing.EVENT, "url"): Thing.URL,
    (Thing.EVENT, "cookies"): Thing.COOKIES,
    (Thing.EVENT, "request"): Thing.REQUEST,
    (Thing.EVENT, "req"): Thing.REQUEST,
    (Thing.EVENT, "locals"): Thing.NOBODY,
    (Thing.EVENT, "context"): Thing.NOBODY,
    (Thing.CONTEXT, "req"): Thing.REQUEST,
    (Thing.CONTEXT, "url"): Thing.URL,
    (Thing.CONTEXT, "request"): Thing.REQUEST,
    (Thing.CONTEXT, "cookies"): Thing.COOKIES,
    (Thing.CONTEXT, "locals"): Thing.NOBODY,
    (Thing.CONTEXT, "env"): Thing.VARIABLES,
    (Thing.PROCESS, "env"): Thing.VARIABLES,
}
_REFUSING = {"protect", "redirectToSignIn", "redirectToSignUp"}
_ASKS = "asks for a session"
_SESSIONS = {"auth", "nextauth", "session", "user", "token", "kindeAuth"}
_PATHS = {
    (Thing.URL, "pathname"),
    (Thing.REQUEST, "path"),
    (Thing.REQUEST, "originalUrl"),
    (Thing.REQUEST, "baseUrl"),
    (Thing.EVENT, "path"),
}
_READING = {
    (Thing.HEADERS, "get"),
    (Thing.HEADERS, "has"),
    (Thing.REQUEST, "header"),
    (Thing.REQUEST, "get"),
}
_CHAINED = {"status", "type", "set", "header", "cookie", "clearCookie", "setHeader", "code"}
_ANSWERING = {
    "json",
    "send",
    "end",
    "redirect",
    "sendStatus",
    "render",
    "text",
    "html",
    "body",
    "notFound",
    "newResponse",
}


def member(thing: Any, name: str, call: Call) -> Any:
    """Return a member of what is known; ``UNKNOWN`` for what only running the code would tell."""
    if name == SECRET and (thing is UNKNOWN or isinstance(thing, Packaged)):
        return SECRET  # of an object that holds the checked variables
    if thing is None:
        return None
    if isinstance(thing, Packaged) and not thing.made and thing.name in {"default", "*"}:
        return Packaged(thing.source, name, thing.place)
    if isinstance(thing, dict):
        return thing.get(name, UNKNOWN if "..." in thing else None)
    if isinstance(thing, str | list):
        return len(thing) if name == "length" else UNKNOWN
    return _of_thing(thing, name, call) if isinstance(thing, Thing) else UNKNOWN


def _of_thing(thing: Thing, name: str, call: Call) -> Any:
    if thing is Thing.NOBODY:
        if name in _REFUSING:
            return Native(_refuse)
        return UNKNOWN if name == "error" else Thing.NOBODY
    if thing is Thing.VARIABLES:
        return SECRET if name == SECRET else UNKNOWN
    if thing is Thing.REQUEST and name in _SESSIONS:
        return Thing.NOBODY
    told = {
        **dict.fromkeys(_PATHS, call.path),
        (Thing.REQUEST, "method"): call.method,
        (Thing.REQUEST, "url"): call.url,
        (Thing.URL, "href"): call.url,
        **_MEMBERS,
    }
    return told.get((thing, name), UNKNOWN)


def truth(value: Any) -> Any:
    """Return whether a value counts as true; ``UNKNOWN`` where that is not known."""
    if value is Thing.NOBODY or value is None:
        return False
    if isinstance(value, bool | int | str):
        return bool(value)
    if isinstance(value, Several):
        told = {truth(one) for one in value.values}
        return told.pop() if len(told) == 1 else UNKNOWN
    return UNKNOWN if value is UNKNOWN or isinstance(value, Packaged | Untold) else True


def equal(left: Any, right: Any) -> Any:
    """Return whether two values are the same; ``UNKNOWN`` where that is not known."""
    if isinstance(left, Several):
        told = {equal(one, right) for one in left.values}
        return told.pop() if len(told) == 1 else UNKNOWN
    plain = (str, bool, int, float, type(None))
    left, right = (None if value is Thing.NOBODY else value for value in (left, right))
    if isinstance(left, Thing) or isinstance(right, Thing):
        return left is right if None not in {left, right} else False
    if isinstance(left, plain) and isinstance(right, plain):
        return left == right
    answers = (LetsBy, Stops, Closure, list, dict)
    if (left is None and isinstance(right, answers)) or (
        right is None and isinstance(left, answers)
    ):
        return False
    return UNKNOWN


def matching(sources: Any, path: str) -> Any:
    """Return whether one of path-to-regexp's patterns, or of JavaScript's, takes in a path."""
    if not isinstance(sources, list):
        return UNKNOWN
    told: list[Any] = []
    for source in sources:
        if isinstance(source, re.Pattern):
            told.append(source.search(path) is not None)
            continue
        pattern = patterns.from_source(source) if isinstance(source, str) else None
        if pattern is None:
            told.append(UNKNOWN)
            continue
        told.append(any(pattern.match(one) is not None for one in {path, path.removesuffix("/")}))
    return any_of(told)


def any_of(told: Iterable[Any]) -> Any:
    """Return whether one of several is true; ``UNKNOWN`` where that hangs on one that is not known."""
    listed = list(told)
    return True if True in listed else UNKNOWN if UNKNOWN in listed else False


def texted(value: str, name: str, given: list[Any]) -> Any:
    """Return what a method of a text gives."""
    first = given[0] if given else None
    if name in {"startsWith", "endsWith", "includes"}:
        if not isinstance(first, str):
            return UNKNOWN
        way = {"startsWith": value.startswith, "endsWith": value.endswith}
        return way[name](first) if name in way else first in value
    if name in {"match", "search"} and isinstance(first, re.Pattern):
        return (first.search(value) is not None) or None
    if name == "split" and isinstance(first, str) and first:
        return value.split(first)
    plain = {"toLowerCase": value.lower, "toUpperCase": value.upper, "trim": value.strip}
    return plain[name]() if name in plain else value if name == "toString" else UNKNOWN


def asked(thing: Thing, name: str, given: list[Any], call: Call, place: Location) -> Any:
    """Return what a method of a known object gives.

    Raises:
        EndedError: where that answers the call.
    """
    if thing in {Thing.NOBODY, Thing.CLERK}:
        return _refuse(None, given, place, 0) if name in _REFUSING else Thing.NOBODY
    if (thing, name) in _READING:
        return call.header(given[0] if given else None)
    if thing in {Thing.RESPONSE, Thing.CONTEXT} and name in _ANSWERING:
        answered = Stops(place, _how(name, given))
        if thing is Thing.CONTEXT:
            return answered
        raise EndedError(answered)
    if thing is Thing.RESPONSE and name in _CHAINED:
        return thing
    told: dict[tuple[Thing, str], Any] = {
        (Thing.COOKIES, "has"): False,
        (Thing.COOKIES, "get"): None,
        (Thing.COOKIES, "getAll"): [],
        (Thing.URL, "clone"): Thing.URL,
        (Thing.URL, "toString"): call.url,
        (Thing.REQUEST, "clone"): thing,
        (Thing.CONTEXT, "get"): Thing.NOBODY,
        (Thing.CONTEXT, "set"): None,
    }
    return told.get((thing, name), UNKNOWN)


def _how(name: str, given: list[Any]) -> str:
    if name == "redirect":
        return "sends callers away"
    status = next((one for one in given[1:] if isinstance(one, int)), None)
    return f"answers {status} itself" if status else "answers itself"


class EndedError(Exception):
    """The call is answered here, whatever the code around it does."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers = answers


def _refuse(_walker: object, _given: list[Any], place: Location, _depth: int) -> Any:
    raise EndedError(Stops(place, _ASKS))

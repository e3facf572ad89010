"""Authentication packages, and their treatment of a call that has no session.

Rules: each package's own documentation of its middleware; what is not known here is not followed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers import patterns
from cronshift.handlers.flow.nobody import AWAY, SENT_AWAY, protect
from cronshift.handlers.flow.requests import EVENT, REQUEST
from cronshift.handlers.flow.values import (
    NOBODY,
    Arguments,
    Closure,
    ListValue,
    Native,
    NativeObject,
    ObjectValue,
    PlainValue,
    Response,
    Taint,
    Unknown,
    Value,
    is_nothing,
    items_of,
    text_of,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.machine import Machine

    Meaning = Callable[[Machine, Arguments], Value]

_CREDENTIAL = frozenset({Taint.CREDENTIAL})
_NULL = PlainValue(None, _CREDENTIAL)


def nobody(_machine: Machine | None = None, _arguments: Arguments | None = None) -> ObjectValue:
    """Return Clerk's ``auth()`` of a call that is not signed in."""
    names = ("userId", "sessionId", "orgId", "sessionClaims", "user")
    cell: dict[str, Value] = dict.fromkeys(names, _NULL)
    cell["isAuthenticated"] = PlainValue(value=False, taints=_CREDENTIAL)
    cell |= dict.fromkeys(("protect", "redirectToSignIn", "redirectToSignUp"), Native("protect", protect))  # fmt: skip
    return ObjectValue(cell, open=True)


def _auth_member(machine: Machine, name: str) -> Value | None:
    content = nobody().cell.get(name)
    return content if content is not None else machine.builtins.get(name)


AUTH = NativeObject("auth", _auth_member, call=nobody)


def going_on(machine: Machine, arguments: Arguments) -> Value:
    """Let a request by, as the framework that calls the middleware wants it."""
    first = arguments.at(0)
    following: Value | None = next((value for value in reversed(arguments.values) if isinstance(value, Native)), None)  # fmt: skip
    if following is None and isinstance(first, ObjectValue):  # a hook of SvelteKit's
        following = first.cell.get("resolve")
    if isinstance(following, Native):
        return machine.call(following, Arguments((), {}, arguments.place, "next"))
    return Response(None, None, arguments.place, goes_on=True)


def sent_away(place: CodePlace) -> Response:
    """Return the answer to a call that has no session."""
    return Response(AWAY, None, place, how=SENT_AWAY)


def _doubted(machine: Machine, arguments: Arguments, doubt: str) -> Value:
    """Let a request by that may be turned away."""
    machine.path.doubts |= {doubt}
    return going_on(machine, arguments)


def _field(value: Value, name: str) -> Value | None:
    return value.cell.get(name) if isinstance(value, ObjectValue) else None


def _is_request(value: Value) -> bool:
    return value is REQUEST or value is EVENT


# Clerk


def clerk(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``clerkMiddleware(async (auth, request) => …)``: it protects the paths it is told to."""
    called = arguments.at(0)
    if isinstance(called, ObjectValue) or is_nothing(called):
        return Native("clerkMiddleware", going_on)

    def run(machine: Machine, passed: Arguments) -> Value:
        if not isinstance(called, Closure | Native):
            return _doubted(machine, passed, "hands on to what is not followed")
        values = (AUTH, *passed.values)
        inner = Arguments(values, {}, passed.place, "clerkMiddleware")
        answer = machine.awaited(machine.call(called, inner))
        return going_on(machine, passed) if is_nothing(answer) else answer

    return Native("clerkMiddleware", run)


def old_clerk(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``authMiddleware({ publicRoutes: […], afterAuth })``: all else is protected."""
    options = arguments.at(0)
    after = _field(options, "afterAuth")

    def run(machine: Machine, passed: Arguments) -> Value:
        for name in ("ignoredRoutes", "publicRoutes"):
            is_open = matches(_field(options, name) or items_of(), machine.world.path)
            if is_open is None:
                return _doubted(machine, passed, f"lets by what its {name} say")
            if is_open and (name == "ignoredRoutes" or after is None):
                return going_on(machine, passed)
        if after is None:
            return sent_away(passed.place)
        public = matches(_field(options, "publicRoutes") or items_of(), machine.world.path)
        auth = nobody()
        auth.cell["isPublicRoute"] = PlainValue(value=bool(public))
        auth.cell["isApiRoute"] = PlainValue(machine.world.path.startswith("/api"))
        inner = Arguments((auth, *passed.values), {}, passed.place, "afterAuth")
        answer = machine.awaited(machine.call(after, inner))
        return going_on(machine, passed) if is_nothing(answer) else answer

    return Native("authMiddleware", run)


def route_matcher(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``createRouteMatcher([…])``."""
    listed = arguments.at(0)

    def test(machine: Machine, _passed: Arguments) -> Value:
        answer = matches(listed, machine.world.path)
        return Unknown() if answer is None else PlainValue(answer)

    return Native("isRoute", test)


def matches(listed: Value, path: str) -> bool | None:
    """Return whether a list of patterns takes in a path; ``None`` where code computes it."""
    values = listed.elements.values if isinstance(listed, ListValue) else (listed,)
    is_open = isinstance(listed, ListValue) and listed.elements.open
    for value in values:
        answer = _matches(value, path)
        if answer is None:
            is_open = True
        elif answer:
            return True
    return None if is_open else False


def _matches(value: Value, path: str) -> bool | None:
    if isinstance(value, NativeObject) and isinstance(value.data, re.Pattern):
        return value.data.search(path) is not None
    source = text_of(value)
    pattern = patterns.from_source(source) if source is not None else None
    if pattern is None:
        return None
    return any(pattern.match(written) is not None for written in {path, path.rstrip("/")})


# Auth.js and next-auth


def with_auth(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``withAuth(middleware, { callbacks: { authorized } })`` of next-auth 4."""
    first = arguments.at(0)
    called = first if isinstance(first, Closure) else None
    options = next((value for value in reversed(arguments.values) if isinstance(value, ObjectValue)), NOBODY)  # fmt: skip
    authorized = _field(_field(options, "callbacks") or NOBODY, "authorized")

    def run(machine: Machine, passed: Arguments) -> Value:
        if authorized is None:
            return sent_away(passed.place)
        asked = ObjectValue({"req": REQUEST, "token": _NULL}, open=True)
        answer = machine.call(authorized, Arguments((asked,), {}, passed.place, "authorized"))
        decided = truth(machine.awaited(answer))
        if decided is False:
            return sent_away(passed.place)
        if decided is None:
            machine.path.doubts |= {"lets by what its `authorized` says"}
        return machine.call(called, passed) if called is not None else going_on(machine, passed)

    return run(_machine, arguments) if _is_request(first) else Native("withAuth", run)


def auth_js(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``NextAuth(config)`` of Auth.js, whose ``auth`` is a session and a middleware."""
    config = arguments.at(0)

    def auth(machine: Machine, passed: Arguments) -> Value:
        first = passed.at(0)
        if isinstance(first, Closure):
            return Native("auth", lambda m, a: m.call(first, a))
        return _authorized(machine, config, passed) if _is_request(first) else _NULL

    return ObjectValue({"auth": Native("auth", auth)}, open=True)


def _authorized(machine: Machine, config: Value, arguments: Arguments) -> Value:
    """Return the answer of Auth.js to a call: without ``authorized`` it keeps sessions alive only."""
    doubt = "lets by what its `authorized` says"
    callbacks = _field(config, "callbacks")
    authorized = _field(callbacks or NOBODY, "authorized")
    if authorized is None:
        is_read = isinstance(config, ObjectValue) and not config.open
        is_whole = not isinstance(callbacks, ObjectValue) or not callbacks.open
        if is_nothing(config) or (is_read and is_whole):
            return going_on(machine, arguments)
        return _doubted(machine, arguments, doubt)
    asked = ObjectValue({"auth": _NULL, "request": REQUEST})
    passed = Arguments((asked,), {}, arguments.place, "authorized")
    answer = machine.awaited(machine.call(authorized, passed))
    parts = answer.alternatives if isinstance(answer, Unknown) and answer.alternatives else (answer,)  # fmt: skip
    if any(truth(part) is None for part in parts):
        return _doubted(machine, arguments, doubt)
    answers = tuple(_on_authorized(machine, part, arguments) for part in parts)
    return answers[0] if len(answers) == 1 else Unknown(_CREDENTIAL, answers)


def _on_authorized(machine: Machine, answer: Value, arguments: Arguments) -> Value:
    if isinstance(answer, Response):
        return answer
    return going_on(machine, arguments) if truth(answer) else sent_away(arguments.place)


# WorkOS, Kinde, Auth0


def authkit(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``authkitMiddleware({ middlewareAuth: { enabled, unauthenticatedPaths } })``."""
    asked = _field(arguments.at(0), "middlewareAuth")

    def run(machine: Machine, passed: Arguments) -> Value:
        if asked is None:
            return going_on(machine, passed)
        enabled = truth(_field(asked, "enabled") or NOBODY)
        listed = _field(asked, "unauthenticatedPaths") or items_of()
        is_open = matches(listed, machine.world.path)
        if isinstance(asked, ObjectValue) and (enabled is False or is_open is True):
            return going_on(machine, passed)
        if enabled is None or is_open is None or not isinstance(asked, ObjectValue):
            return _doubted(machine, passed, "lets by what its `unauthenticatedPaths` say")
        return sent_away(passed.place)

    return Native("authkitMiddleware", run)


def kinde(machine: Machine, arguments: Arguments) -> Value:
    """Read Kinde's ``withAuth(request, { publicPaths })``, and ``withAuth({ publicPaths })``."""
    options = next((value for value in arguments.values if isinstance(value, ObjectValue)), NOBODY)

    def run(machine: Machine, passed: Arguments) -> Value:
        listed = _field(options, "publicPaths") or items_of()
        if not isinstance(listed, ListValue) or listed.elements.open:
            return _doubted(machine, passed, "lets by what its `publicPaths` say")
        for value in listed.elements.values:
            prefix = text_of(value)
            is_open = _matches(value, machine.world.path) if prefix is None else machine.world.path.startswith(prefix)  # fmt: skip
            if is_open is None:
                return _doubted(machine, passed, "lets by what its `publicPaths` say")
            if is_open:
                return going_on(machine, passed)
        return sent_away(passed.place)

    return run(machine, arguments) if _is_request(arguments.at(0)) else Native("withAuth", run)


def auth0_client(_machine: Machine, _arguments: Arguments) -> Value:
    """Read ``new Auth0Client()``: its middleware answers its own paths only."""
    session = Native("getSession", lambda _m, _a: NOBODY)
    return ObjectValue({"middleware": Native("middleware", going_on), "getSession": session}, open=True)  # fmt: skip


def refusing(_machine: Machine, arguments: Arguments) -> Value:
    """Read a middleware that sends away every call without a session."""
    return sent_away(arguments.place)


def made(meaning: Meaning) -> Meaning:
    """Return a reader of a function that makes a middleware."""
    return lambda _machine, _arguments: Native("middleware", meaning)


def _each(names: Sequence[str], meaning: Meaning) -> dict[str, Meaning]:
    return dict.fromkeys(names, meaning)


_KINDE = "@kinde-oss/kinde-auth-nextjs"
_AUTH0 = "@auth0/nextjs-auth0"
MEANINGS: dict[str, Meaning] = {
    "clerkMiddleware": clerk,
    "withClerkHandler": made(going_on),
    "authMiddleware": old_clerk,
    "createRouteMatcher": route_matcher,
    "authkitMiddleware": authkit,
    "authkitProxy": authkit,
    "next-auth:default": auth_js,
    **_each(("next-auth/middleware:withAuth", "next-auth/middleware.withAuth"), with_auth),
    **_each(("next-auth/middleware:default", "next-auth/middleware:middleware"), refusing),
    **_each([f"{_KINDE}{part}:withAuth" for part in ("", "/middleware", "/server")], kinde),
    **_each(
        [f"{_KINDE}{part}:authMiddleware" for part in ("", "/middleware", "/server")], refusing
    ),
    "Auth0Client": auth0_client,
    **_each(
        [f"{_AUTH0}{part}:withMiddlewareAuthRequired" for part in ("", "/edge", "/client")],
        made(refusing),
    ),
}

"""What packages for signing in do with a scheduled call, which is signed in to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers import patterns
from cronshift.handlers.flow.paths import Thrown
from cronshift.handlers.flow.requests import REQUEST
from cronshift.handlers.flow.values import (
    Answer,
    Arguments,
    Closure,
    Fields,
    Items,
    Native,
    Plain,
    Taint,
    Thing,
    Unknown,
    Value,
    items_of,
    text_of,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.flow.machine import Machine

_CREDENTIAL = frozenset({Taint.CREDENTIAL})
_AWAY = 307


def nobody(_machine: Machine | None = None, _arguments: Arguments | None = None) -> Fields:
    """Return Clerk's ``auth()`` of a call that is not signed in."""
    nothing = Plain(None, _CREDENTIAL)
    names = ("userId", "sessionId", "orgId", "sessionClaims", "user")
    cell: dict[str, Value] = dict.fromkeys(names, nothing)
    cell["isAuthenticated"] = Plain(value=False, taints=_CREDENTIAL)
    cell["protect"] = cell["redirectToSignIn"] = Native("protect", _protected)
    return Fields(cell, open=True)


def _protected(_machine: Machine, _arguments: Arguments) -> Value:
    raise Thrown(Fields({"status": Plain(_AWAY, _CREDENTIAL)}, open=True))


def _auth_member(machine: Machine, name: str) -> Value | None:
    held = nobody().cell.get(name)
    return held if held is not None else machine.builtins.get(name)


AUTH = Thing("auth", _auth_member, call=nobody)


def _going_on(machine: Machine, arguments: Arguments) -> Value:
    following = arguments.at(1)  # Astro's `next`
    if isinstance(following, Native):
        return machine.call(following, Arguments((), {}, arguments.place, "next"))
    return Answer(None, None, arguments.place, goes_on=True)


def clerk(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``clerkMiddleware(async (auth, request) => …)``: it protects what it is told to."""
    called = arguments.at(0)
    if not isinstance(called, Closure):
        return Native("clerkMiddleware", _going_on)

    def run(machine: Machine, given: Arguments) -> Value:
        values = (AUTH, given.at(0), given.at(1))
        inner = Arguments(values, {}, given.place, "clerkMiddleware")
        return machine.awaited(machine.call(called, inner))

    return Native("clerkMiddleware", run)


def old_clerk(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``authMiddleware({ publicRoutes: […] })``: all else is protected."""
    given = arguments.at(0)
    open_routes = given.cell.get("publicRoutes") if isinstance(given, Fields) else None
    ignored = given.cell.get("ignoredRoutes") if isinstance(given, Fields) else None

    def run(machine: Machine, called: Arguments) -> Value:
        listed = [one for one in (open_routes, ignored) if one is not None]
        return _by_list(machine, listed, called)

    return Native("authMiddleware", run) if isinstance(given, Fields) else Unknown()


def _by_list(machine: Machine, listed: list[Value], arguments: Arguments) -> Value:
    """Let by what a list of routes takes in, and turn away all else."""
    told = [matches(one, machine.world.path) for one in listed]
    if True in told:
        return _going_on(machine, arguments)
    if None in told:
        return Unknown(_CREDENTIAL, (Answer(None, goes_on=True), Answer(_AWAY)))
    return Answer(_AWAY, None, arguments.place)


def matches(listed: Value, path: str) -> bool | None:
    """Return whether a list of patterns takes in a path; ``None`` where code computes it."""
    values = listed.held.values if isinstance(listed, Items) else (listed,)
    is_open = isinstance(listed, Items) and listed.held.open
    for one in values:
        source = text_of(one)
        pattern = patterns.from_source(source) if source is not None else None
        if source is None or pattern is None:
            is_open = True
        elif pattern.match(path) is not None or pattern.match(path.rstrip("/")) is not None:
            return True
    return None if is_open else False


def route_matcher(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``createRouteMatcher([…])``."""
    listed = arguments.at(0)

    def test(machine: Machine, _given: Arguments) -> Value:
        known = matches(listed, machine.world.path)
        return Unknown() if known is None else Plain(known)

    return Native("isRoute", test)


def authkit(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``authkitMiddleware({ middlewareAuth: { enabled, unauthenticatedPaths } })``."""
    given = arguments.at(0)
    told = given.cell.get("middlewareAuth") if isinstance(given, Fields) else None
    if not isinstance(told, Fields) or truth(told.cell.get("enabled", Plain(None))) is not True:
        return Native("authkitMiddleware", _going_on)
    listed = told.cell.get("unauthenticatedPaths", items_of())
    return Native("authkitMiddleware", lambda m, a: _by_list(m, [listed], a))


def intl(_machine: Machine, _arguments: Arguments) -> Value:
    """Read next-intl's ``createMiddleware(routing)``: it sends a path on to one with a language."""
    return Native("intlMiddleware", lambda _m, a: Answer(_AWAY, None, a.place))


def next_auth(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``withAuth(middleware, { callbacks: { authorized } })`` of next-auth 4."""
    called = arguments.at(0)
    options = arguments.at(1) if isinstance(called, Closure) else called
    callbacks = options.cell.get("callbacks") if isinstance(options, Fields) else None
    authorized = callbacks.cell.get("authorized") if isinstance(callbacks, Fields) else None

    def run(machine: Machine, given: Arguments) -> Value:
        allowed: Value = Plain(value=False)
        if authorized is not None:
            asked = Fields({"req": REQUEST, "token": Plain(None, _CREDENTIAL)}, open=True)
            allowed = machine.call(authorized, Arguments((asked,), {}, given.place, "authorized"))
        known = truth(allowed)
        if known is False:
            return Answer(_AWAY, None, given.place)
        if known is None:
            machine.path.doubts |= {"withAuth is not followed"}
        return (
            machine.call(called, given)
            if isinstance(called, Closure)
            else _going_on(machine, given)
        )

    return Native("withAuth", run)


def sequence(_machine: Machine, arguments: Arguments) -> Value:
    """Read SvelteKit's ``sequence(first, second)``: hooks, one inside the other."""

    def run(machine: Machine, given: Arguments) -> Value:
        return _hook(machine, list(arguments.values), given)

    return Native("sequence", run)


def _hook(machine: Machine, hooks: list[Value], given: Arguments) -> Value:
    first, *rest = hooks
    told = given.at(0)
    if rest and isinstance(told, Fields):
        resolve = Native("resolve", lambda m, _a: _hook(m, rest, given))
        inner = Fields({**told.cell, "resolve": resolve}, open=True)
        return machine.awaited(machine.call(first, Arguments((inner,), {}, given.place)))
    return machine.awaited(machine.call(first, given))


MEANINGS: dict[str, Callable[[Machine, Arguments], Value]] = {
    "clerkMiddleware": clerk,
    "authMiddleware": old_clerk,
    "createRouteMatcher": route_matcher,
    "authkitMiddleware": authkit,
    "next-intl/middleware:default": intl,
    "next-auth/middleware:withAuth": next_auth,
    "next-auth/middleware:default": lambda _m, a: Answer(_AWAY, None, a.place),
    "@sveltejs/kit/hooks:sequence": sequence,
}

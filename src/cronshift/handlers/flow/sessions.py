"""What packages for signing in do with a scheduled call, which is signed in to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers import patterns
from cronshift.handlers.flow.paths import Thrown
from cronshift.handlers.flow.requests import REQUEST
from cronshift.handlers.flow.values import (
    Arguments,
    Closure,
    ListValue,
    Native,
    NativeObject,
    ObjectValue,
    Plain,
    Response,
    Taint,
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


def nobody(_machine: Machine | None = None, _arguments: Arguments | None = None) -> ObjectValue:
    """Return Clerk's ``auth()`` of a call that is not signed in."""
    nothing = Plain(None, _CREDENTIAL)
    names = ("userId", "sessionId", "orgId", "sessionClaims", "user")
    cell: dict[str, Value] = dict.fromkeys(names, nothing)
    cell["isAuthenticated"] = Plain(value=False, taints=_CREDENTIAL)
    cell["protect"] = cell["redirectToSignIn"] = Native("protect", _protected)
    return ObjectValue(cell, open=True)


def _protected(_machine: Machine, _arguments: Arguments) -> Value:
    raise Thrown(ObjectValue({"status": Plain(_AWAY, _CREDENTIAL)}, open=True))


def _auth_member(machine: Machine, name: str) -> Value | None:
    content = nobody().cell.get(name)
    return content if content is not None else machine.builtins.get(name)


AUTH = NativeObject("auth", _auth_member, call=nobody)


def _going_on(machine: Machine, arguments: Arguments) -> Value:
    following = arguments.at(1)  # Astro's `next`
    if isinstance(following, Native):
        return machine.call(following, Arguments((), {}, arguments.place, "next"))
    return Response(None, None, arguments.place, goes_on=True)


def clerk(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``clerkMiddleware(async (auth, request) => …)``: it protects what it is told to."""
    called = arguments.at(0)
    if not isinstance(called, Closure):
        return Native("clerkMiddleware", _going_on)

    def run(machine: Machine, called_with: Arguments) -> Value:
        values = (AUTH, called_with.at(0), called_with.at(1))
        inner = Arguments(values, {}, called_with.place, "clerkMiddleware")
        return machine.awaited(machine.call(called, inner))

    return Native("clerkMiddleware", run)


def old_clerk(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``authMiddleware({ publicRoutes: […] })``: all else is protected."""
    options = arguments.at(0)
    open_routes = options.cell.get("publicRoutes") if isinstance(options, ObjectValue) else None
    ignored = options.cell.get("ignoredRoutes") if isinstance(options, ObjectValue) else None

    def run(machine: Machine, called: Arguments) -> Value:
        listed = [routes for routes in (open_routes, ignored) if routes is not None]
        return _by_list(machine, listed, called)

    return Native("authMiddleware", run) if isinstance(options, ObjectValue) else Unknown()


def _by_list(machine: Machine, listed: list[Value], arguments: Arguments) -> Value:
    """Let by what a list of routes takes in, and turn away all else."""
    answers = [matches(routes, machine.world.path) for routes in listed]
    if True in answers:
        return _going_on(machine, arguments)
    if None in answers:
        return Unknown(_CREDENTIAL, (Response(None, goes_on=True), Response(_AWAY)))
    return Response(_AWAY, None, arguments.place)


def matches(listed: Value, path: str) -> bool | None:
    """Return whether a list of patterns takes in a path; ``None`` where code computes it."""
    values = listed.elements.values if isinstance(listed, ListValue) else (listed,)
    is_open = isinstance(listed, ListValue) and listed.elements.open
    for value in values:
        source = text_of(value)
        pattern = patterns.from_source(source) if source is not None else None
        if source is None or pattern is None:
            is_open = True
        elif pattern.match(path) is not None or pattern.match(path.rstrip("/")) is not None:
            return True
    return None if is_open else False


def route_matcher(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``createRouteMatcher([…])``."""
    listed = arguments.at(0)

    def test(machine: Machine, _called_with: Arguments) -> Value:
        answer = matches(listed, machine.world.path)
        return Unknown() if answer is None else Plain(answer)

    return Native("isRoute", test)


def authkit(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``authkitMiddleware({ middlewareAuth: { enabled, unauthenticatedPaths } })``."""
    options = arguments.at(0)
    guarding = options.cell.get("middlewareAuth") if isinstance(options, ObjectValue) else None
    if (
        not isinstance(guarding, ObjectValue)
        or truth(guarding.cell.get("enabled", Plain(None))) is not True
    ):
        return Native("authkitMiddleware", _going_on)
    listed = guarding.cell.get("unauthenticatedPaths", items_of())
    return Native("authkitMiddleware", lambda m, a: _by_list(m, [listed], a))


def intl(_machine: Machine, _arguments: Arguments) -> Value:
    """Read next-intl's ``createMiddleware(routing)``: it sends a path on to one with a language."""
    return Native("intlMiddleware", lambda _m, a: Response(_AWAY, None, a.place))


def next_auth(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``withAuth(middleware, { callbacks: { authorized } })`` of next-auth 4."""
    called = arguments.at(0)
    options = arguments.at(1) if isinstance(called, Closure) else called
    callbacks = options.cell.get("callbacks") if isinstance(options, ObjectValue) else None
    authorized = callbacks.cell.get("authorized") if isinstance(callbacks, ObjectValue) else None

    def run(machine: Machine, called_with: Arguments) -> Value:
        allowed: Value = Plain(value=False)
        if authorized is not None:
            asked = ObjectValue({"req": REQUEST, "token": Plain(None, _CREDENTIAL)}, open=True)
            allowed = machine.call(
                authorized, Arguments((asked,), {}, called_with.place, "authorized")
            )
        answer = truth(allowed)
        if answer is False:
            return Response(_AWAY, None, called_with.place)
        if answer is None:
            machine.path.doubts |= {"withAuth is not followed"}
        return (
            machine.call(called, called_with)
            if isinstance(called, Closure)
            else _going_on(machine, called_with)
        )

    return Native("withAuth", run)


def sequence(_machine: Machine, arguments: Arguments) -> Value:
    """Read SvelteKit's ``sequence(first, second)``: hooks, one inside the other."""

    def run(machine: Machine, called_with: Arguments) -> Value:
        return _hook(machine, list(arguments.values), called_with)

    return Native("sequence", run)


def _hook(machine: Machine, hooks: list[Value], called_with: Arguments) -> Value:
    first, *rest = hooks
    first_argument = called_with.at(0)
    if rest and isinstance(first_argument, ObjectValue):
        resolve = Native("resolve", lambda m, _a: _hook(m, rest, called_with))
        inner = ObjectValue({**first_argument.cell, "resolve": resolve}, open=True)
        return machine.awaited(machine.call(first, Arguments((inner,), {}, called_with.place)))
    return machine.awaited(machine.call(first, called_with))


MEANINGS: dict[str, Callable[[Machine, Arguments], Value]] = {
    "clerkMiddleware": clerk,
    "authMiddleware": old_clerk,
    "createRouteMatcher": route_matcher,
    "authkitMiddleware": authkit,
    "next-intl/middleware:default": intl,
    "next-auth/middleware:withAuth": next_auth,
    "next-auth/middleware:default": lambda _m, a: Response(_AWAY, None, a.place),
    "@sveltejs/kit/hooks:sequence": sequence,
}

"""Middleware that is made of others, or that leads paths elsewhere: sequences, languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.nobody import AWAY
from cronshift.handlers.flow.sessions import going_on, made
from cronshift.handlers.flow.values import (
    Arguments,
    Native,
    ObjectValue,
    Response,
    Unknown,
    Value,
    is_nothing,
)
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.flow.machine import Machine

_OF_SESSIONS = lazy_pattern(r"/(?:api/)?auth/")
_LOCALE = "sends callers to the path of a language"


def first(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``defineMiddleware(fn)`` and its like: the function itself."""
    return arguments.at(0)


def svelte_sequence(_machine: Machine, arguments: Arguments) -> Value:
    """Read SvelteKit's ``sequence(first, second)``: hooks, one inside the other."""

    def run(machine: Machine, passed: Arguments) -> Value:
        return _hook(machine, list(arguments.values), passed)

    return Native("sequence", run)


def _hook(machine: Machine, hooks: list[Value], passed: Arguments) -> Value:
    outer, *rest = hooks
    request = passed.at(0)
    if rest and isinstance(request, ObjectValue):
        resolve = Native("resolve", lambda m, _a: _hook(m, rest, passed))
        inner = ObjectValue({**request.cell, "resolve": resolve}, open=True)
        return machine.awaited(machine.call(outer, Arguments((inner,), {}, passed.place)))
    return machine.awaited(machine.call(outer, passed))


def astro_sequence(_machine: Machine, arguments: Arguments) -> Value:
    """Read Astro's ``sequence(first, second)``: each goes on with its ``next``."""

    def run(machine: Machine, passed: Arguments) -> Value:
        return _astro_hook(machine, list(arguments.values), passed)

    return Native("sequence", run)


def _astro_hook(machine: Machine, hooks: list[Value], passed: Arguments) -> Value:
    if not hooks:
        return going_on(machine, passed)
    outer, *rest = hooks
    context = passed.values[:1]
    following = Native("next", lambda m, _a: _astro_hook(m, rest, passed))
    inner = Arguments((*context, following), {}, passed.place, passed.name)
    answer = machine.awaited(machine.call(outer, inner))
    return going_on(machine, inner) if is_nothing(answer) else answer


def session_handle(machine: Machine, arguments: Arguments) -> Value:
    """Read the ``handle`` of Auth.js and its like: it answers its own paths, and lets all others by."""
    if _OF_SESSIONS.match(machine.world.path):
        return Unknown(name="handle", package="@auth/sveltekit")
    return going_on(machine, arguments)


def svelte_auth(_machine: Machine, _arguments: Arguments) -> Value:
    """Read ``SvelteKitAuth(config)``: a ``handle``, or what has one."""
    return Native("SvelteKitAuth", session_handle)


def paraglide(machine: Machine, arguments: Arguments) -> Value:
    """Read ``paraglideMiddleware(request, ({ request, locale }) => …)``: only documents are redirected."""
    inner = ObjectValue({"request": arguments.at(0), "locale": Unknown()}, open=True)
    passed = Arguments((inner,), {}, arguments.place, "paraglideMiddleware")
    return machine.awaited(machine.call(arguments.at(1), passed))


def language(_machine: Machine, arguments: Arguments) -> Value:
    """Read a middleware that sends a path on to one with a language, as next-intl's does."""
    return Response(AWAY, None, arguments.place, how=_LOCALE)


MEANINGS: dict[str, Callable[[Machine, Arguments], Value]] = {
    "next-intl/middleware:default": made(language),
    "createI18nMiddleware": made(language),
    "i18nRouter": language,
    "paraglideMiddleware": paraglide,
    "next-i18n-router:default": language,
    "@sveltejs/kit/hooks:sequence": svelte_sequence,
    "@auth/sveltekit:SvelteKitAuth": svelte_auth,
    "SvelteKitAuth.handle": session_handle,
    "better-auth/svelte-kit:svelteKitHandler": session_handle,
    "@sentry/sveltekit:sentryHandle": made(going_on),
    "astro:middleware:sequence": astro_sequence,
    "astro/middleware:sequence": astro_sequence,
    "defineMiddleware": first,
    "hono/factory:createMiddleware": first,
}

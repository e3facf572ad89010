"""What packages that people put before their paths do with a call that has no session.

Rules: each package's own documentation of its middleware; what is not known here stays unknown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cronshift.handlers.literals import UNKNOWN
from cronshift.handlers.standing.answers import LetsBy, Stops, Untold
from cronshift.handlers.standing.things import (
    EndedError,
    Native,
    Packaged,
    Several,
    Thing,
    equal,
    matching,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.standing.expressions import Expressions
    from cronshift.model import Location

    Rule = Callable[[Expressions, list[Any], Location, int], Any]

SESSION = re.compile(
    r"(unstable_)?(get|current|validate|verify|check|read|safeGet|require)?"
    r"(Server|Current|Auth|Iron|Kinde|App)*"
    r"(Session(Cookie|Token|FromRequest)?|User|Token|Auth|Claims|CookieCache|Cookie)"
    r"|auth|authkit|authenticate|isAuthenticated|isLoggedIn|isSignedIn|decrypt|validateRequest"
    r"|betterFetch"
)
"""What a function is called that gives the session of a call."""

_HARMLESS = re.compile(
    r"cors|logger|pinoLogger|morgan|helmet|compress(ion)?|secureHeaders|prettyJSON|etag|timing"
    r"|requestId|cookieParser|bodyParser|json|urlencoded|raw|text|static|serveStatic|poweredBy"
    r"|contextStorage|trimTrailingSlash|session|initialize|clerkMiddleware|responseTime|favicon"
)
_GUARDING = {"basicAuth", "jwt", "jwk", "expressjwt", "requireAuth", "ClerkExpressRequireAuth", "ClerkExpressWithAuth", "auth"}  # fmt: skip
_SENT_AWAY = "sends callers without a session away"
_LOCALE = "sends callers to the path of a language"


def call(
    walker: Expressions, packaged: Packaged, given: list[Any], place: Location, depth: int
) -> Any:
    """Return what calling a package's export gives."""
    rule = _rule(packaged)
    if rule is not None:
        return rule(walker, given, place, depth)
    if packaged.made:
        return Packaged(packaged.source, packaged.name, place, made=True)
    if SESSION.fullmatch(packaged.name):
        return Thing.NOBODY
    return Packaged(packaged.source, packaged.name, place, made=True)


def method(owner: Any, name: str, place: Location) -> Any:
    """Return what a method of something that is not known gives: a session, by its name."""
    if SESSION.fullmatch(name):
        return Thing.NOBODY
    if isinstance(owner, Packaged):
        return Packaged(owner.source, name, place, made=True)
    return UNKNOWN


def loose(walker: Expressions, name: str, given: list[Any], place: Location) -> Any:
    """Return what a function that a framework brings without an import gives."""
    if name in {"defineEventHandler", "eventHandler", "defineMiddleware"}:
        return given[0] if given else UNKNOWN
    if name in {"sendRedirect", "navigateTo"}:
        return Stops(place, _SENT_AWAY)
    if name in {"getCookie", "parseCookies"}:
        return None
    if name in {"getHeader", "getRequestHeader"} and len(given) > 1:
        return walker.call.header(given[1])
    if name in {"getRequestURL", "getRequestPath"}:
        return Thing.URL if name == "getRequestURL" else walker.call.path
    return Thing.NOBODY if SESSION.fullmatch(name) else UNKNOWN


def passes(packaged: Packaged, place: Location) -> LetsBy | Stops | Untold:
    """Return what a middleware of Express's or Hono's that a package makes does."""
    if _HARMLESS.fullmatch(packaged.name) or packaged.source in {"cors", "helmet", "morgan", "compression", "cookie-parser", "body-parser", "express-session"}:  # fmt: skip
        return LetsBy()
    if packaged.name in _GUARDING:
        return Stops(place, _SENT_AWAY)
    return Untold(place, f"stands in front with {packaged.source}")


def _rule(packaged: Packaged) -> Rule | None:
    if packaged.made:
        return None
    for source, rules in _RULES.items():
        if packaged.source == source or packaged.source.startswith(f"{source}/"):
            found = rules.get(packaged.name)
            if found is not None:
                return found
    return None


def _gate(answer: Rule) -> Rule:
    """Return the rule of a function that makes a middleware."""

    def made(_walker: Expressions, given: list[Any], place: Location, _depth: int) -> Native:
        return Native(lambda walker, _now, _at, depth: answer(walker, given, place, depth))

    return made


def _clerk(walker: Expressions, given: list[Any], place: Location, depth: int) -> Any:
    handler = given[0] if given else None
    if handler is None or isinstance(handler, dict):
        return LetsBy()
    return walker.called(handler, [Thing.CLERK, Thing.REQUEST, Thing.EVENT], place, depth)


def _old_clerk(walker: Expressions, given: list[Any], place: Location, depth: int) -> Any:
    options = given[0] if given and isinstance(given[0], dict) else {}
    path = walker.call.path
    for name in ("ignoredRoutes", "publicRoutes"):
        told = matching(options.get(name, []), path)
        if told is UNKNOWN:
            return Untold(place, f"lets by what its {name} say")
        if told and (name == "ignoredRoutes" or "afterAuth" not in options):
            return LetsBy()
    if "afterAuth" in options:
        public = matching(options.get("publicRoutes", []), path)
        auth = {"userId": None, "sessionId": None, "orgId": None, "isPublicRoute": public,
                "isApiRoute": path.startswith("/api")}  # fmt: skip
        return walker.called(options["afterAuth"], [auth, Thing.REQUEST, Thing.EVENT], place, depth)
    return Stops(place, _SENT_AWAY)


def _matcher(_walker: Expressions, given: list[Any], _place: Location, _depth: int) -> Any:
    sources = given[0] if given else UNKNOWN
    return Native(lambda walker, _now, _at, _deep: matching(sources, walker.call.path))


def _with_auth(walker: Expressions, given: list[Any], place: Location, depth: int) -> Any:
    options = next((one for one in reversed(given) if isinstance(one, dict)), {})
    handler = next((one for one in given if not isinstance(one, dict | Thing)), None)

    def answer(walker: Expressions, _now: list[Any], place: Location, depth: int) -> Any:
        callbacks = options.get("callbacks")
        authorized = callbacks.get("authorized") if isinstance(callbacks, dict) else None
        if authorized is None:
            return Stops(place, _SENT_AWAY)
        asked = [{"token": None, "req": Thing.REQUEST}]
        told = truth(walker.called(authorized, asked, place, depth))
        if told is UNKNOWN:
            return Untold(place, "lets by what its `authorized` says")
        if not told:
            return Stops(place, _SENT_AWAY)
        return walker.called(handler, [Thing.REQUEST, Thing.EVENT], place, depth) if handler else LetsBy()  # fmt: skip

    if given and given[0] is Thing.REQUEST:
        return answer(walker, [], place, depth)
    return Native(answer)


def _stops(_walker: Expressions, _given: list[Any], place: Location, _depth: int) -> Any:
    return Stops(place, _SENT_AWAY)


def _next_auth(_walker: Expressions, given: list[Any], _place: Location, _depth: int) -> Any:
    config = given[0] if given else {}

    def auth(walker: Expressions, now: list[Any], place: Location, depth: int) -> Any:
        if not now:
            return Thing.NOBODY
        if now[0] is not Thing.REQUEST:
            handler = now[0]
            return Native(lambda walker, _now, place, depth: walker.called(
                handler, [Thing.REQUEST, Thing.EVENT], place, depth
            ))  # fmt: skip
        return _authorized(walker, config, place, depth)

    return {"auth": Native(auth), "...": UNKNOWN}


def _authorized(walker: Expressions, config: Any, place: Location, depth: int) -> Any:
    """Return what Auth.js does with a call: without ``authorized`` it keeps sessions alive only."""
    if not isinstance(config, dict):
        return Untold(place, "lets by what its `authorized` says")
    callbacks = config.get("callbacks", {})
    authorized = callbacks.get("authorized") if isinstance(callbacks, dict) else UNKNOWN
    if authorized is None:
        return LetsBy()
    got = walker.called(authorized, [{"auth": None, "request": Thing.REQUEST}], place, depth)
    answers = []
    for one in got.values if isinstance(got, Several) else (got,):
        told = truth(one)
        if isinstance(one, LetsBy | Stops | Untold):
            answers.append(one)
        elif told is UNKNOWN:
            answers.append(Untold(place, "lets by what its `authorized` says"))
        else:
            answers.append(LetsBy() if told else Stops(place, _SENT_AWAY))
    return answers[0] if len(answers) == 1 else Several(tuple(answers))


def _authkit(walker: Expressions, given: list[Any], place: Location, _depth: int) -> Any:
    options = given[0] if given and isinstance(given[0], dict) else {}
    asked = options.get("middlewareAuth")
    if asked is None:
        return LetsBy()
    enabled = truth(asked.get("enabled")) if isinstance(asked, dict) else UNKNOWN
    open_to_all = asked.get("unauthenticatedPaths", []) if isinstance(asked, dict) else UNKNOWN
    told = matching(open_to_all or [], walker.call.path)
    if enabled is False or told is True:
        return LetsBy()
    if UNKNOWN in {enabled, told}:
        return Untold(place, "lets by what its `unauthenticatedPaths` say")
    return Stops(place, _SENT_AWAY)


def _kinde(walker: Expressions, given: list[Any], place: Location, depth: int) -> Any:
    options = next((one for one in given if isinstance(one, dict)), {})

    def answer(walker: Expressions, _now: list[Any], place: Location, _depth: int) -> Any:
        listed = options.get("publicPaths", [])
        if not isinstance(listed, list) or UNKNOWN in listed:
            return Untold(place, "lets by what its `publicPaths` say")
        path = walker.call.path
        for one in listed:
            if one.search(path) if isinstance(one, re.Pattern) else path.startswith(str(one)):
                return LetsBy()
        return Stops(place, _SENT_AWAY)

    if given and given[0] is Thing.REQUEST:
        return answer(walker, [], place, depth)
    return Native(answer)


def _language(_walker: Expressions, _given: list[Any], place: Location, _depth: int) -> Any:
    return Stops(place, _LOCALE)


def _lets_by(_walker: Expressions, _given: list[Any], _place: Location, _depth: int) -> Any:
    return LetsBy()


def _redirect(_walker: Expressions, _given: list[Any], place: Location, _depth: int) -> Any:
    raise EndedError(Stops(place, "sends callers away"))


def _error(_walker: Expressions, given: list[Any], place: Location, _depth: int) -> Any:
    status = given[0] if given and isinstance(given[0], int) else None
    raise EndedError(Stops(place, f"answers {status}" if status else "answers with an error"))


def _answers(_walker: Expressions, _given: list[Any], place: Location, _depth: int) -> Any:
    return Stops(place, "answers itself")


def _first(_walker: Expressions, given: list[Any], _place: Location, _depth: int) -> Any:
    return given[0] if given else UNKNOWN


def _sequence(_walker: Expressions, given: list[Any], _place: Location, _depth: int) -> Any:
    def answer(walker: Expressions, now: list[Any], place: Location, depth: int) -> Any:
        for one in given:
            got = walker.called(one, now, place, depth)
            if not isinstance(got, LetsBy):
                return got
        return LetsBy()

    return Native(answer)


def _bearer(_walker: Expressions, given: list[Any], _place: Location, _depth: int) -> Any:
    token = given[0].get("token", UNKNOWN) if given and isinstance(given[0], dict) else UNKNOWN

    def answer(walker: Expressions, _now: list[Any], place: Location, _deep: int) -> Any:
        header = walker.call.header("authorization")
        same = UNKNOWN if token is UNKNOWN else equal(header, f"Bearer {token}")
        if same is UNKNOWN and header is not None:
            return Untold(place, "asks for a token")
        raise EndedError(LetsBy() if same is True else Stops(place, "asks for a token"))

    return Native(answer)


_NEXT_AUTH: dict[str, Rule] = {"withAuth": _with_auth, "default": _stops, "middleware": _stops}
_I18N: dict[str, Rule] = {"createI18nMiddleware": _gate(_language), "i18nRouter": _language}
_RULES: dict[str, dict[str, Rule]] = {
    "@clerk": {
        "clerkMiddleware": _gate(_clerk),
        "authMiddleware": _gate(_old_clerk),
        "createRouteMatcher": _matcher,
        "withClerkHandler": _gate(_lets_by),
    },
    "next-auth/middleware": _NEXT_AUTH,
    "next-auth": {"default": _next_auth},
    "@workos-inc/authkit-nextjs": {
        "authkitMiddleware": _gate(_authkit),
        "authkitProxy": _gate(_authkit),
    },
    "next-intl/middleware": {"default": _gate(_language)},
    "next-international": _I18N,
    "next-i18n-router": {**_I18N, "default": _language},
    "@kinde-oss/kinde-auth-nextjs": {"withAuth": _kinde, "authMiddleware": _stops},
    "@auth0/nextjs-auth0": {"withMiddlewareAuthRequired": _gate(_stops)},
    "next/navigation": {"redirect": _redirect, "permanentRedirect": _redirect},
    "@sveltejs/kit/hooks": {"sequence": _sequence},
    "@sveltejs/kit": {
        "redirect": _redirect,
        "error": _error,
        "json": _answers,
        "text": _answers,
    },
    "astro:middleware": {"defineMiddleware": _first, "sequence": _sequence},
    "h3": {"defineEventHandler": _first, "eventHandler": _first, "sendRedirect": _answers},
    "hono/bearer-auth": {"bearerAuth": _bearer},
    "hono/factory": {"createMiddleware": _first},
}

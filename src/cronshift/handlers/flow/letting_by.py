"""Middleware of packages that lets everybody by, by its name and its package."""

from __future__ import annotations

from cronshift.handlers.flow.values import Native, Outside, Unknown, Value
from cronshift.runtime.lazy_pattern import lazy_pattern

_NAMES = lazy_pattern(
    r"cors|logger|pinoLogger|morgan|helmet|compress(ion)?|secureHeaders|prettyJSON|etag|timing"
    r"|requestId|cookieParser|bodyParser|json|urlencoded|raw|text|static|serveStatic|poweredBy"
    r"|contextStorage|trimTrailingSlash|session|initialize|responseTime|favicon|bodyLimit|timeout"
    r"|allowedMethods|\w*[lL]ogg(?:er|ing)|pinoHttp|languageDetector|userAgent|useragent|hpp|mongoSanitize|methodOverride|requestIp|fileUpload"
)
_PACKAGES = {
    "cors", "helmet", "morgan", "compression", "cookie-parser", "body-parser", "express-session",
}  # fmt: skip
_LIMITING = lazy_pattern(r"rate.?limit|limiter\b|slow.?down|throttl")
"""What lets everybody by who does not call too often."""


def last_name(value: Value) -> str:
    """Return the last name of what is not followed; nothing for another value."""
    return value.name.rpartition(".")[2] if isinstance(value, Outside | Unknown) else ""


def lets_everybody_by(called: Value, name: str = "", text: str = "") -> bool:
    """Return whether a middleware turns nobody away.

    Args:
        called: the middleware, as far as it is known.
        name: of the function that made it.
        text: its own words.
    """
    package = called.package if isinstance(called, Outside | Unknown) else ""
    names = {name, last_name(called)} - {""}
    is_named = any(map(_NAMES.fullmatch, names)) or package in _PACKAGES
    return is_named or _LIMITING.search(f"{text} {package}".lower()) is not None


def passed_on(called: Value, passed: tuple[Value, ...]) -> Native | None:
    """Return the ``next`` that is handed to such a middleware, ``helmet()(req, res, next)``."""
    going_on = passed[-1] if passed else None
    if isinstance(going_on, Native) and going_on.name == "next" and lets_everybody_by(called):
        return going_on
    return None

"""The empty session of a call without one, by the names that packages ask for it by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.paths import Thrown
from cronshift.handlers.flow.values import (
    NOBODY,
    Arguments,
    Native,
    ObjectValue,
    PlainValue,
    Taint,
    Unknown,
    Value,
)
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from cronshift.handlers.flow.machine import Machine

AWAY = 307
SENT_AWAY = "sends callers without a session away"
ASKS = "asks for a session"
_REFUSING = {"protect", "redirectToSignIn", "redirectToSignUp"}
_CREDENTIAL = frozenset({Taint.CREDENTIAL})
_SESSION = lazy_pattern(
    r"(unstable_)?(get|current|validate|verify|check|read|safeGet|require)?"
    r"(Server|Current|Auth|Iron|Kinde|App)*"
    r"(Session(Cookie|Token|FromRequest)?|User|Token|Auth|Claims|CookieCache|Cookie)"
    r"|auth|authkit|authenticate|isAuthenticated|isLoggedIn|isSignedIn|decrypt|validateRequest"
    r"|betterFetch"
)


def gives_session(name: str) -> bool:
    """Return whether a function's name says that it gives the session of a call."""
    return _SESSION.fullmatch(name.rpartition(".")[2]) is not None


def member_of_nobody(name: str) -> Value:
    """Return a member of the session that a call without one has."""
    if name in _REFUSING:
        return Native(name, protect)
    return Unknown(_CREDENTIAL, name=name) if name == "error" else NOBODY


def protect(_machine: Machine, arguments: Arguments) -> Value:
    """Read Clerk's ``auth.protect()``: it sends away who is not signed in."""
    refusal = {"status": PlainValue(AWAY, _CREDENTIAL), "how": PlainValue(ASKS)}
    raise Thrown(ObjectValue({**refusal}, open=True), arguments.place)

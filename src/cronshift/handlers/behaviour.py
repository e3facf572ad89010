"""The behaviour of a handler, as plain data: the spots that matter, whatever the language."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from cronshift.model import Location

LONGEST_DURATION = 800  # seconds: what "max" comes to on the plans that have most (vercel.com/docs/functions/limitations)

_WORD = r"(?:(?<![A-Za-z])|(?-i:(?<=[a-z0-9])(?=[A-Z])))"  # where a word of a name begins

SIDE_WORK = lazy_pattern(
    _WORD
    + r"(?:log(?!in|ic|out)|track|analytic|metric|capture|sentry|posthog|mixpanel|telemetr|ping|"
    r"heartbeat|console|revalidat|prefetch|slack|discord)",
    re.IGNORECASE,
)
"""Names of work that a handler does beside its own."""

READING = lazy_pattern(
    _WORD
    + r"(?:auth(?!or(?!iz))|verif|session|header|cookie|param|json|text|formData|find|select|query|"
    r"get|count|list|read|load|fetch(?-i:(?=[A-Z]))|connect|check|valid|secret|lock)",
    re.IGNORECASE,
)
"""Names of calls that only look: what is awaited there is not the work."""

PROTECTED = lazy_pattern(
    r"auth(?!or(?!iz))|secret|token(?!iz)|session|api_?key|cron_?key|verif|signature|protect|guard|permission|\b401\b|\b403\b|"
    r"credential|hmac|jwt|clerk|isadmin|requireAdmin|assertCron",
    re.IGNORECASE,
)
"""Words of which a handler that checks its caller has at least one."""


EDGE_RUNTIMES = frozenset({"edge", "experimental-edge"})
"""Next's names for a runtime with no Node modules, whose routes are never built."""


class Loose(StrEnum):
    """The ways in which work goes on behind the response."""

    MAIN = "main"
    """Nobody waits for the work: the run succeeds before it begins, and the platform may kill it."""
    SIDE = "side"
    AFTER = "after"
    """``after`` or ``waitUntil``: it is finished, but no failure of it is seen."""


class UnreadResult(StrEnum):
    """The ways in which a write tells of a failure that nobody looks at."""

    ERROR = "error"
    """In ``{ error }``, whatever went wrong: nothing is ever thrown."""
    STATUS = "status"
    """In the status of an answer; what does not arrive is thrown."""
    EXIT = "exit"
    """In the exit status of a program, in Python."""


class Auth(StrEnum):
    """The ways in which a handler authenticates its caller."""

    SECRET = "cron-secret"  # noqa: S105 - a style, not a secret
    CONSTANT_TIME = "cron-secret-constant-time"
    """The same, by a comparison that takes equally long for every wrong secret."""
    FAIL_OPEN = "fail-open"
    """Not at all where the variable is not set."""
    UNDEFINED = "bearer-undefined"
    """``Bearer undefined`` passes where the variable is not set."""
    WRITTEN = "written-secret"
    """By a text that the code itself says where the variable is not set."""
    SPOOFABLE = "spoofable"
    """By a header that anybody can send."""
    WRONG = "wrong-credential"
    """By a credential that Vercel does not send."""
    OTHER = "other"
    NONE = "none"
    UNKNOWN = "unknown"


class SourceSpot(Struct, frozen=True):
    """A line of source that matters, with a few words of it."""

    file: str
    line: int
    what: str
    column: int = 1


class Behaviour(Struct, frozen=True):
    """The behaviour that a handler's source shows; fields are empty where it shows none.

    Attributes:
        work: the file and line where the work is, behind re-exports and wrappers.
        stub: GET does nothing and another method does; ``what`` names that one.
        idle: GET does nothing, and nothing else of the handler is known to.
        loose: work that nobody waits for.
        swallowed: errors that are caught and answered with success.
        soft: answers that say failure with status 200.
        unread: writes of whose results nothing is read.
        refuses_get: the code answers GET with 405.
        takes_nothing: where the secret is not set, a call without any credential matches it.
        max_duration: seconds, as the file or the framework's configuration says.
        untold_duration: where the file says it in a way that only running it would tell.
        cached: a setting that makes a framework answer from its build or its cache.
        perhaps_cached: one that code computes, so that it may.
        files_only: a setting by which a framework builds files alone, and no code of the app's runs.
        silent: the handler ends without ever answering.
        flagged: the work hangs on a query that the entry does not carry.
        bodiless: the work hangs on a body, and a GET has none.
        marked: the work hangs on a header of Vercel's that no bridged call carries.
        too_long: there is more code than is followed, even less deep: of its failures nothing is told.
        reached: the files whose code the entry's request runs where nothing fails; ``None`` where not all
            of it is followed.
    """

    work: SourceSpot | None = None
    stub: SourceSpot | None = None
    idle: SourceSpot | None = None
    loose: tuple[tuple[Loose, SourceSpot], ...] = ()
    swallowed: tuple[SourceSpot, ...] = ()
    soft: tuple[SourceSpot, ...] = ()
    unread: tuple[tuple[UnreadResult, SourceSpot], ...] = ()
    refuses_get: SourceSpot | None = None
    flagged: SourceSpot | None = None
    bodiless: SourceSpot | None = None
    marked: SourceSpot | None = None
    auth: Auth = Auth.UNKNOWN
    auth_spot: SourceSpot | None = None
    takes_nothing: bool = False
    max_duration: int | None = None
    untold_duration: Location | None = None
    runtime: str | None = None
    cached: SourceSpot | None = None
    perhaps_cached: SourceSpot | None = None
    files_only: SourceSpot | None = None
    streams: SourceSpot | None = None
    silent: SourceSpot | None = None
    reads_schedule: SourceSpot | None = None
    reads_query: bool = False
    too_long: SourceSpot | None = None
    reached: frozenset[str] | None = None
    side_effects: tuple[SourceSpot, ...] = field(default=())
